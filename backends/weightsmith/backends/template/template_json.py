"""JSON as the files of a network have it, and a template written in it (docs/template.md)."""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import cast

from weightsmith.backends.template.wellformed import check_template
from weightsmith.compiler.ir.template import (
    SCHEMA,
    VERSION,
    Head,
    Hidden,
    Item,
    Layer,
    Matrix,
    Mlp,
    Output,
    Repeat,
    Source,
    Template,
    Terms,
    View,
)
from weightsmith.dsl.heads import ALL, to_json
from weightsmith.dsl.text.documents import read_document

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def canonical_json(value: Json) -> str:
    """Keys sorted, two spaces of indentation, one newline at the end."""
    return f"{_written(value, '')}\n"


def _written(value: Json, margin: str) -> str:
    """As ``json.dumps`` with these options writes it, which takes three times as long."""
    inner = f"{margin}  "
    match value:
        case str():
            return encode_basestring(value)
        case dict() if value:
            parts = [
                f"{inner}{encode_basestring(key)}: {_written(item, inner)}"
                for key, item in sorted(value.items())
            ]
            return "{\n" + ",\n".join(parts) + f"\n{margin}}}"
        case list() if value:
            parts = [f"{inner}{_written(item, inner)}" for item in value]
            return "[\n" + ",\n".join(parts) + f"\n{margin}]"
        case _:
            return json.dumps(value, allow_nan=False)


def parse_json(text: str | bytes, *, lines: bool = False) -> Json:
    """Read JSON strictly (``weightsmith.dsl.text.documents`` says how).  Raises ValueError."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return cast("Json", read_document(data, lines=lines))


def template_to_json(template: Template) -> str:
    """Return the canonical text.  Raises TemplateError where the template is not whole."""
    check_template(template)
    extra: dict[str, Json] = {
        "matrices": [_matrix_json(matrix) for matrix in template.matrices],
        "views": [_view_json(view) for view in template.views],
        "sizes": dict(template.sizes),
    }
    return canonical_json(
        {
            **{key: value for key, value in extra.items() if value},
            "format": SCHEMA,
            "version": VERSION,
            "algorithm": template.algorithm,
            "groups": list(template.groups),
            "sources": [_source_json(source) for source in template.sources],
            "blocks": [{"name": block.name, "rows": block.rows} for block in template.blocks],
            "read_in": {block: _terms_json(terms) for block, terms in template.read_in},
            "body": [_item_json(item) for item in template.body],
            "read_out": [_output_json(output) for output in template.read_out],
            "bindings": dict(template.bindings),
        }
    )


def _matrix_json(matrix: Matrix) -> Json:
    parts: dict[str, Json] = {"name": matrix.name, "rows": matrix.rows, "columns": matrix.columns}
    if matrix.entries is not None:
        parts["entries"] = [list(row) for row in matrix.entries]
    return parts


def _view_json(view: View) -> Json:
    return {
        "name": view.name,
        "matrix": view.matrix,
        "transposed": view.transposed,
        "block": view.block,
    }


def _source_json(source: Source) -> Json:
    return {
        "name": source.name,
        "kind": source.kind,
        "of": source.of,
        "rows": source.rows,
        "groups": list(source.groups),
    }


def _terms_json(terms: Terms) -> Json:
    return [[name, coefficient] for name, coefficient in terms]


def _outputs_json(outputs: tuple[tuple[str, int, str], ...]) -> Json:
    return [[block, index, coefficient] for block, index, coefficient in outputs]


def _item_json(item: Item) -> Json:
    match item:
        case Repeat(count, body, schedule):
            inside = [_item_json(inner) for inner in body]
            if not schedule:
                return {"repeat": count, "body": inside}
            numbers: Json = {name: list(values) for name, values in schedule}
            return {"repeat": count, "with": numbers, "body": inside}
        case Layer(heads, mlp):
            return {
                "heads": [_head_json(head) for head in heads],
                "mlp": None if mlp is None else _mlp_json(mlp),
            }


def _head_json(head: Head) -> Json:
    scores: dict[str, Json] = {
        key: value
        for key, value in (
            ("function", head.scores.function),
            ("mask", head.scores.mask),
            ("normalised", to_json(head.scores.normalised)),
        )
        if value and value != ALL
    }
    return {
        **({"scores": scores} if scores else {}),
        "keys": [_terms_json(terms) for terms in head.keys],
        "queries": [_terms_json(terms) for terms in head.queries],
        "values": [_terms_json(terms) for terms in head.values],
        "outputs": _outputs_json(head.outputs),
        "key_groups": list(head.key_groups),
        "query_groups": list(head.query_groups),
    }


def _mlp_json(mlp: Mlp) -> Json:
    return {
        "hidden": [_hidden_json(hidden) for hidden in mlp.hidden],
        "outputs": _outputs_json(mlp.outputs),
        "bias": _terms_json(mlp.bias),
    }


def _hidden_json(hidden: Hidden) -> Json:
    return {
        "rows": hidden.rows,
        "terms": _terms_json(hidden.terms),
        "bias": hidden.bias,
        "gate": _terms_json(hidden.gate),
        "gate_bias": hidden.gate_bias,
    }


def _output_json(output: Output) -> Json:
    return {
        "name": output.name,
        "terms": _terms_json(output.terms),
        "rows": output.rows,
        "groups": list(output.groups),
        "transposed": output.transposed,
    }
