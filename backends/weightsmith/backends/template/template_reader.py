"""Reads the text of a template, strictly: what docs/template.md does not allow is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from weightsmith.backends.errors import TemplateError, listed, suggestion
from weightsmith.backends.template.template_json import Json, parse_json
from weightsmith.backends.template.wellformed import MAX_NESTING, check_template, fail
from weightsmith.compiler.ir.template import (
    SCHEMA,
    VERSION,
    Block,
    Head,
    Hidden,
    Item,
    Layer,
    Matrix,
    Mlp,
    Output,
    Repeat,
    Scores,
    Source,
    Template,
    Terms,
    View,
)
from weightsmith.dsl.heads import ALL, JSON_VALUES, from_json
from weightsmith.dsl.text.diagnostics import one_of

OPTIONAL = ("matrices", "views", "sizes")  # left out where they are empty
T = TypeVar("T")


def template_from_json(text: str | bytes) -> Template:
    """Read a template; ``read_in`` comes in the order of the blocks.

    Raises TemplateError, naming the place, on anything docs/template.md does not allow.
    """
    try:
        value = parse_json(text)
    except ValueError as error:
        raise TemplateError(f"template.json is not JSON text: {error}.") from error
    template = _template(value)
    check_template(template)
    return template


def _template(value: Json) -> Template:
    keys = ("format", "version", "algorithm", "groups", "sources", "blocks", "read_in", "body")
    if not isinstance(value, dict):
        raise _expected("the top", "an object", value)
    if value.get("format") != SCHEMA:
        raise fail("format", f"expected '{SCHEMA}', got {value.get('format')!r}.")
    if type(value.get("version")) is not int or value["version"] != VERSION:
        raise fail(
            "version", f"this program reads version {VERSION}, got {value.get('version')!r}."
        )
    fields = _fields(value, "the top", (*keys, "read_out", "bindings"), OPTIONAL)
    blocks = _list(fields["blocks"], "blocks", _block)
    return Template(
        algorithm=_text(fields["algorithm"], "algorithm"),
        sources=_list(fields["sources"], "sources", _source),
        blocks=blocks,
        groups=_texts(fields["groups"], "groups"),
        read_in=_read_in(fields["read_in"], blocks),
        body=_items(fields["body"], "body", 0),
        read_out=_list(fields["read_out"], "read_out", _output),
        bindings=_bindings(fields["bindings"]),
        matrices=_list(fields.get("matrices", []), "matrices", _matrix),
        views=_list(fields.get("views", []), "views", _view),
        sizes=_sizes(fields.get("sizes", {})),
    )


def _matrix(value: Json, place: str) -> Matrix:
    fields = _fields(value, place, ("name", "rows", "columns"), ("entries",))
    name, rows, columns = (
        _text(fields[key], f"{place}.{key}") for key in ("name", "rows", "columns")
    )
    if "entries" not in fields:
        return Matrix(name, rows, columns)
    return Matrix(name, rows, columns, _list(fields["entries"], f"{place}.entries", _texts))


def _view(value: Json, place: str) -> View:
    fields = _fields(value, place, ("name", "matrix", "transposed", "block"))
    name, matrix, block = (
        _text(fields[key], f"{place}.{key}") for key in ("name", "matrix", "block")
    )
    return View(name, matrix, _flag(fields["transposed"], f"{place}.transposed"), block)


def _sizes(value: Json) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise _expected("sizes", "an object", value)
    return tuple((name, _text(value[name], f"sizes['{name}']")) for name in sorted(value))


def _flag(value: Json, place: str) -> bool:
    if not isinstance(value, bool):
        raise _expected(place, "true or false", value)
    return value


def _expected(place: str, what: str, value: Json) -> TemplateError:
    got = json.dumps(value)
    return fail(place, f"expected {what}, got {got if len(got) <= 60 else got[:57] + '...'}.")


def _fields(
    value: Json, place: str, keys: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise _expected(place, "an object", value)
    for key in keys:
        if key not in value:
            raise fail(place, f"the key '{key}' is missing.")
    known = (*keys, *optional)
    for key in value:
        if key not in known:
            raise fail(
                place,
                f"the key '{key}' is not known; the keys are {listed(known)}."
                + suggestion(key, known),
            )
    return value


def _list(value: Json, place: str, read: Callable[[Json, str], T]) -> tuple[T, ...]:
    if not isinstance(value, list):
        raise _expected(place, "a list", value)
    return tuple(read(item, f"{place}[{index}]") for index, item in enumerate(value))


def _text(value: Json, place: str) -> str:
    if not isinstance(value, str):
        raise _expected(place, "text", value)
    return value


def _texts(value: Json, place: str) -> tuple[str, ...]:
    return _list(value, place, _text)


def _terms(value: Json, place: str) -> Terms:
    return _list(value, place, _term)


def _term(value: Json, place: str) -> tuple[str, str]:
    match value:
        case [str(name), str(coefficient)]:
            return name, coefficient
    raise _expected(place, "[name, coefficient], both text", value)


def _outputs(value: Json, place: str) -> tuple[tuple[str, int, str], ...]:
    return _list(value, place, _output_term)


def _output_term(value: Json, place: str) -> tuple[str, int, str]:
    match value:
        case [str(block), int(index), str(coefficient)] if not isinstance(index, bool):
            return block, index, coefficient
    raise _expected(place, "[block, whole number, coefficient]", value)


def _source(value: Json, place: str) -> Source:
    fields = _fields(value, place, ("name", "kind", "of", "rows", "groups"))
    texts = {key: _text(fields[key], f"{place}.{key}") for key in ("name", "kind", "of", "rows")}
    return Source(**texts, groups=_texts(fields["groups"], f"{place}.groups"))


def _block(value: Json, place: str) -> Block:
    fields = _fields(value, place, ("name", "rows"))
    return Block(_text(fields["name"], f"{place}.name"), _text(fields["rows"], f"{place}.rows"))


def _read_in(value: Json, blocks: tuple[Block, ...]) -> tuple[tuple[str, Terms], ...]:
    if not isinstance(value, dict):
        raise _expected("read_in", "an object", value)
    order = {block.name: index for index, block in enumerate(blocks)}
    names = sorted(value, key=lambda name: (order.get(name, len(order)), name))
    return tuple((name, _terms(value[name], f"read_in['{name}']")) for name in names)


def _items(value: Json, place: str, depth: int) -> tuple[Item, ...]:
    if depth > MAX_NESTING:
        raise fail(place, f"loops are nested deeper than {MAX_NESTING}.")
    return _list(value, place, lambda item, here: _item(item, here, depth))


def _item(value: Json, place: str, depth: int) -> Item:
    if isinstance(value, dict) and "repeat" in value:
        keys = ("repeat", "with", "body") if "with" in value else ("repeat", "body")
        fields = _fields(value, place, keys)
        count = _text(fields["repeat"], f"{place}.repeat")
        schedule = _schedule(fields["with"], f"{place}.with") if "with" in value else ()
        return Repeat(count, _items(fields["body"], f"{place}.body", depth + 1), schedule)
    fields = _fields(value, place, ("heads", "mlp"))
    mlp = fields["mlp"]
    return Layer(
        _list(fields["heads"], f"{place}.heads", _head),
        None if mlp is None else _mlp(mlp, f"{place}.mlp"),
    )


def _schedule(value: Json, place: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict) or not value:
        raise _expected(place, "an object of names with their numbers", value)
    return tuple(
        (name, _list(numbers, f"{place}.{name}", _text)) for name, numbers in value.items()
    )


def _head(value: Json, place: str) -> Head:
    keys = ("keys", "queries", "values", "outputs", "key_groups", "query_groups")
    fields = _fields(value, place, keys, ("scores",))
    return Head(
        keys=_list(fields["keys"], f"{place}.keys", _terms),
        queries=_list(fields["queries"], f"{place}.queries", _terms),
        values=_list(fields["values"], f"{place}.values", _terms),
        outputs=_outputs(fields["outputs"], f"{place}.outputs"),
        key_groups=_texts(fields["key_groups"], f"{place}.key_groups"),
        query_groups=_texts(fields["query_groups"], f"{place}.query_groups"),
        scores=_scores(fields["scores"], f"{place}.scores") if "scores" in fields else Scores(),
    )


def _scores(value: Json, place: str) -> Scores:
    fields = _fields(value, place, (), ("function", "mask", "normalised"))
    if not fields:
        raise fail(place, "expected a function, a mask or 'normalised', got none: leave it out.")
    return Scores(
        function=_text(fields.get("function", ""), f"{place}.function"),
        mask=_text(fields.get("mask", ALL), f"{place}.mask"),
        normalised=_normalised(fields.get("normalised", False), f"{place}.normalised"),
    )


def _normalised(value: Json, place: str) -> str:
    found = from_json(value)
    if found is None:
        raise _expected(place, one_of(JSON_VALUES), value)
    return found


def _mlp(value: Json, place: str) -> Mlp:
    fields = _fields(value, place, ("hidden", "outputs", "bias"))
    return Mlp(
        hidden=_list(fields["hidden"], f"{place}.hidden", _hidden),
        outputs=_outputs(fields["outputs"], f"{place}.outputs"),
        bias=_terms(fields["bias"], f"{place}.bias"),
    )


def _hidden(value: Json, place: str) -> Hidden:
    fields = _fields(value, place, ("rows", "terms", "bias", "gate", "gate_bias"))
    return Hidden(
        rows=_text(fields["rows"], f"{place}.rows"),
        terms=_terms(fields["terms"], f"{place}.terms"),
        bias=_text(fields["bias"], f"{place}.bias"),
        gate=_terms(fields["gate"], f"{place}.gate"),
        gate_bias=_text(fields["gate_bias"], f"{place}.gate_bias"),
    )


def _output(value: Json, place: str) -> Output:
    fields = _fields(value, place, ("name", "terms", "rows", "groups", "transposed"))
    return Output(
        name=_text(fields["name"], f"{place}.name"),
        terms=_terms(fields["terms"], f"{place}.terms"),
        rows=_text(fields["rows"], f"{place}.rows"),
        groups=_texts(fields["groups"], f"{place}.groups"),
        transposed=_flag(fields["transposed"], f"{place}.transposed"),
    )


def _bindings(value: Json) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise _expected("bindings", "an object", value)
    return tuple((name, _text(value[name], f"bindings['{name}']")) for name in sorted(value))
