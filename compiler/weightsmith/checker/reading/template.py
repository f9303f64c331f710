"""Strict reading of ``template.json``: every key, type, name and row count, before any meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from weightsmith.checker.reading import scalar_text
from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.checker.reading.strict_json import (
    as_boolean,
    as_integer,
    as_items,
    as_list,
    as_number,
    as_object,
    as_text,
    as_texts,
)
from weightsmith.dsl.numbers.scalars import Scalar

FORMAT = "weightsmith-template"
VERSION = 1
MAX_NESTING = 40
MAX_GROUPS = 100
KEYS = (
    *("algorithm", "bindings", "blocks", "body", "format"),
    *("groups", "read_in", "read_out", "sources", "version"),
)
HEAD_KEYS = ("keys", "queries", "values", "outputs", "key_groups", "query_groups")
HIDDEN_KEYS = ("rows", "terms", "bias", "gate", "gate_bias")
KINDS = ("input", "transposed", "identity", "ones")

_ENTERING = ("terms", "gate")

Terms = tuple[tuple[str, Scalar], ...]
Outputs = tuple[tuple[str, int, Scalar], ...]


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    kind: str
    of: str
    rows: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Head:
    keys: Terms
    queries: Terms
    values: tuple[Terms, ...]
    outputs: Outputs
    key_groups: tuple[str, ...]
    query_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hidden:
    """relu(terms + bias), or if gated (terms + bias) ⊙ (gate + gate_bias), entry by entry."""

    rows: str
    terms: Terms
    bias: Scalar
    gated: bool
    gate: Terms
    gate_bias: Scalar


@dataclass(frozen=True, slots=True)
class Mlp:
    """A block also gets ``bias`` in every entry, at every token."""

    hidden: tuple[Hidden, ...]
    outputs: Outputs
    bias: Terms


@dataclass(frozen=True, slots=True)
class Layer:
    heads: tuple[Head, ...]
    mlp: Mlp | None


@dataclass(frozen=True, slots=True)
class Repeat:
    """The body, ``count`` times; ``schedule`` has, by name, the numbers of each pass."""

    count: Scalar
    body: tuple[Item, ...]
    schedule: Mapping[str, tuple[Scalar, ...]]


Item: TypeAlias = Layer | Repeat


@dataclass(frozen=True, slots=True)
class ReadOut:
    name: str
    terms: Terms
    rows: str
    groups: tuple[str, ...]
    transposed: bool


@dataclass(frozen=True, slots=True)
class Template:
    """The network; ``blocks`` and ``sources`` keep their order, which the weights follow."""

    algorithm: str
    groups: tuple[str, ...]
    sources: tuple[Source, ...]
    blocks: Mapping[str, str]  # name -> rows
    read_in: Mapping[str, Terms]
    body: tuple[Item, ...]
    read_out: tuple[ReadOut, ...]
    bindings: Mapping[str, Fraction]


def read_template(document: object) -> Template:
    """Read and check the form of a template; its meaning is ``network.py``'s affair."""
    parts = as_object(document, "The template", KEYS)
    require(parts["format"] == FORMAT, f"The template's format is {quoted(parts['format'])}.")
    version = as_integer(parts["version"], "The template's version")
    require(version == VERSION, f"The template's version is {version}, not {VERSION}.")
    groups = _distinct(as_texts(parts["groups"], "The template's groups"), "groups")
    require(len(groups) <= MAX_GROUPS, f"The template has more than {MAX_GROUPS} groups.")
    sources = as_items(parts["sources"], "The template's sources", _source)
    _distinct(tuple(source.name for source in sources), "sources")
    for source in sources:
        ordered = tuple(group for group in groups if group in source.groups)
        require(source.groups == ordered, f"The groups of '{source.name}' are not in order.")
    pairs = as_items(parts["blocks"], "The template's blocks", _block)
    _distinct(tuple(name for name, _ in pairs), "blocks")
    blocks = dict(pairs)
    read_in = _named_terms(parts["read_in"], {source.name: source.rows for source in sources})
    for name, terms in read_in.items():
        require(name in blocks, f"The read-in fills {quoted(name)}, which is not a block.")
        rows = _rows(terms, {source.name: source.rows for source in sources})
        require(rows in (None, blocks[name]), f"The read-in of '{name}' has {rows} rows.")
    reader = _BodyReader(blocks, groups)
    outputs = as_items(parts["read_out"], "The read-out", reader.read_out)
    _distinct(tuple(output.name for output in outputs), "outputs")
    return Template(
        algorithm=as_text(parts["algorithm"], "The template's algorithm"),
        groups=groups,
        sources=sources,
        blocks=blocks,
        read_in=read_in,
        body=reader.items(parts["body"], "The template's body", 0),
        read_out=outputs,
        bindings=_bindings(parts["bindings"]),
    )


def layer_count(items: tuple[Item, ...], bindings: Mapping[str, Fraction]) -> int:
    """The number of layers as run, repeats unrolled; nothing is unrolled to count them."""
    total = 0
    for item in items:
        if isinstance(item, Layer):
            total += 1
        else:
            total += scalar_text.count_at(item.count, bindings) * layer_count(item.body, bindings)
    return total


def meets(rows: str, other: str) -> bool:
    """True if an MLP may map one to the other: equal rows, or one of them a single row."""
    return rows == other or "1" in (rows, other)


def scalars_in(layer: Layer) -> Iterator[Scalar]:
    """All coefficients and biases of a layer."""
    for head in layer.heads:
        for terms in (head.keys, head.queries, *head.values):
            yield from (scalar for _, scalar in terms)
        yield from (scalar for _, _, scalar in head.outputs)
    if layer.mlp is not None:
        for hidden in layer.mlp.hidden:
            yield from (hidden.bias, hidden.gate_bias)
            yield from (scalar for _, scalar in (*hidden.terms, *hidden.gate))
        yield from (scalar for _, _, scalar in layer.mlp.outputs)
        yield from (scalar for _, scalar in layer.mlp.bias)


def repeats_in(items: tuple[Item, ...]) -> Iterator[Repeat]:
    """The loops, each before those within it."""
    for item in items:
        if isinstance(item, Repeat):
            yield item
            yield from repeats_in(item.body)


def unrolled(items: tuple[Item, ...], bindings: Mapping[str, Fraction]) -> Iterator[Layer]:
    """The layers as run, in order, of items that have no schedules any more."""
    for item in items:
        if isinstance(item, Layer):
            yield item
        elif layer_count(item.body, bindings):
            for _ in range(scalar_text.count_at(item.count, bindings)):
                yield from unrolled(item.body, bindings)


def _distinct(names: tuple[str, ...], what: str) -> tuple[str, ...]:
    require(len(set(names)) == len(names), f"Two of the template's {what} have the same name.")
    return names


def _source(value: object, what: str) -> Source:
    parts = as_object(value, what, ("name", "kind", "of", "rows", "groups"))
    texts = {key: as_text(parts[key], f"{what}, {key}") for key in ("name", "kind", "of", "rows")}
    require(texts["kind"] in KINDS, f"{what} has the unknown kind {quoted(texts['kind'])}.")
    groups = _distinct(as_texts(parts["groups"], f"{what}, groups"), "groups of a source")
    return Source(texts["name"], texts["kind"], texts["of"], texts["rows"], groups)


def _block(value: object, what: str) -> tuple[str, str]:
    parts = as_object(value, what, ("name", "rows"))
    return as_text(parts["name"], f"{what}, name"), as_text(parts["rows"], f"{what}, rows")


def _named_terms(value: object, rows: Mapping[str, str]) -> dict[str, Terms]:
    if not isinstance(value, dict):
        raise RefusedError("The read-in is not an object.")
    return {name: _terms(terms, f"The read-in of '{name}'", rows) for name, terms in value.items()}


def _terms(value: object, what: str, rows: Mapping[str, str]) -> Terms:
    """A combination [[name, coefficient], …]: known names, none twice."""
    terms = []
    for item in as_list(value, what):
        pair = as_list(item, what)
        require(len(pair) == 2, f"{what}: expected [name, coefficient].")
        name = as_text(pair[0], what)
        if name not in rows:
            raise RefusedError(f"{what} reads {quoted(name)}, which does not exist.")
        terms.append((name, scalar_text.read_scalar(pair[1], f"{what}, coefficient of '{name}'")))
    require(len(dict(terms)) == len(terms), f"{what} names a block twice.")
    return tuple(terms)


def _rows(terms: Terms, rows: Mapping[str, str]) -> str | None:
    """The common number of rows of a combination; None if it is empty."""
    found = {rows[name] for name, _ in terms}
    require(len(found) <= 1, f"A combination mixes blocks of {' and '.join(sorted(found))} rows.")
    return next(iter(found), None)


def _bindings(value: object) -> dict[str, Fraction]:
    if not isinstance(value, dict):
        raise RefusedError("The template's bindings are not an object.")
    return {name: as_number(text, f"The binding of '{name}'") for name, text in value.items()}


class _BodyReader:
    """Reads layers against the known blocks and groups."""

    def __init__(self, blocks: Mapping[str, str], groups: tuple[str, ...]) -> None:
        self._blocks = blocks
        self._groups = groups

    def items(self, value: object, what: str, depth: int) -> tuple[Item, ...]:
        require(depth <= MAX_NESTING, "The template's repeats are nested too deeply.")
        return as_items(value, what, lambda item, place: self._item(item, place, depth))

    def _item(self, value: object, what: str, depth: int) -> Item:
        if isinstance(value, dict) and "repeat" in value:
            parts = as_object(value, what, ("repeat", "body"), ("with",))
            count = scalar_text.read_scalar(parts["repeat"], f"{what}, repeat")
            body = self.items(parts["body"], f"{what}, body", depth + 1)
            schedule = {}
            if "with" in parts:
                schedule = scalar_text.read_schedule(parts["with"], f"{what}, with", count)
            return Repeat(count, body, schedule)
        parts = as_object(value, what, ("heads", "mlp"))
        heads = as_items(parts["heads"], f"{what}, heads", self._head)
        mlp = None if parts["mlp"] is None else self._mlp(parts["mlp"], f"{what}, mlp")
        return Layer(heads, mlp)

    def _head(self, value: object, what: str) -> Head:
        parts = as_object(value, what, HEAD_KEYS)
        head = Head(
            keys=_terms(parts["keys"], f"{what}, keys", self._blocks),
            queries=_terms(parts["queries"], f"{what}, queries", self._blocks),
            values=as_items(
                parts["values"], f"{what}, values", lambda v, w: _terms(v, w, self._blocks)
            ),
            outputs=self._outputs(parts["outputs"], f"{what}, outputs"),
            key_groups=self._known_groups(parts["key_groups"], f"{what}, key_groups"),
            query_groups=self._known_groups(parts["query_groups"], f"{what}, query_groups"),
        )
        keys_rows = self._row_count(head.keys, f"{what}, keys")
        query_rows = self._row_count(head.queries, f"{what}, queries")
        require(
            keys_rows == query_rows, f"{what}: keys of {keys_rows} rows, queries of {query_rows}."
        )
        rows = [self._row_count(value, f"{what}, a value") for value in head.values]
        self._check_outputs(head.outputs, rows, what)
        return head

    def _mlp(self, value: object, what: str) -> Mlp:
        parts = as_object(value, what, ("hidden", "outputs", "bias"))
        hidden = as_items(parts["hidden"], f"{what}, hidden", self._hidden)
        outputs = self._outputs(parts["outputs"], f"{what}, outputs")
        self._check_outputs(outputs, [unit.rows for unit in hidden], what, spread=True)
        bias = _terms(parts["bias"], f"{what}, bias", self._blocks)
        require(bool(hidden or bias), f"{what} has neither a hidden block nor a bias.")
        return Mlp(hidden, outputs, bias)

    def _hidden(self, value: object, what: str) -> Hidden:
        parts = as_object(value, what, HIDDEN_KEYS)
        rows = as_text(parts["rows"], f"{what}, rows")
        terms, gate = (self._entering(parts[key], rows, f"{what}, {key}") for key in _ENTERING)
        bias, gate_bias = (
            scalar_text.read_scalar(parts[key], f"{what}, {key}") for key in ("bias", "gate_bias")
        )
        require(bool(terms) or parts["bias"] != "0", f"{what} has neither terms nor a bias.")
        gated = bool(gate) or parts["gate_bias"] != "0"
        return Hidden(rows, terms, bias, gated, gate, gate_bias)

    def _entering(self, value: object, rows: str, what: str) -> Terms:
        """A combination of blocks of these rows, or of one row if either has only one."""
        terms = _terms(value, what, self._blocks)
        for name, _ in terms:
            if not meets(self._blocks[name], rows):
                raise RefusedError(f"{what}: block '{name}' does not have {quoted(rows)} rows.")
        return terms

    def _outputs(self, value: object, what: str) -> Outputs:
        outputs = []
        for item in as_list(value, what):
            parts = as_list(item, what)
            require(len(parts) == 3, f"{what}: expected [block, index, coefficient].")
            block = as_text(parts[0], what)
            if block not in self._blocks:
                raise RefusedError(f"{what} writes {quoted(block)}, not a block.")
            index = as_integer(parts[1], f"{what}, index")
            outputs.append((block, index, scalar_text.read_scalar(parts[2], what)))
        places = [(block, index) for block, index, _ in outputs]
        require(len(set(places)) == len(places), f"{what} names an entry twice.")
        return tuple(outputs)

    def _check_outputs(
        self, outputs: Outputs, rows: list[str], what: str, *, spread: bool = False
    ) -> None:
        for block, index, _ in outputs:
            if not 0 <= index < len(rows):
                raise RefusedError(f"{what}: the index {index} does not exist.")
            own, read = self._blocks[block], rows[index]
            good = meets(own, read) if spread else own == read
            require(good, f"{what}: block '{block}' has {own} rows, not {read}.")

    def _row_count(self, terms: Terms, what: str) -> str:
        rows = _rows(terms, self._blocks)
        if rows is None:
            raise RefusedError(f"{what}: the combination is empty, so that its rows are unknown.")
        return rows

    def _known_groups(self, value: object, what: str) -> tuple[str, ...]:
        groups = _distinct(as_texts(value, what), "groups of a head")
        for group in groups:
            require(group in self._groups, f"{what} names {quoted(group)}, not a group.")
        return groups

    def read_out(self, value: object, what: str) -> ReadOut:
        parts = as_object(value, what, ("name", "terms", "rows", "groups", "transposed"))
        terms = _terms(parts["terms"], what, self._blocks)
        rows = as_text(parts["rows"], f"{what}, rows")
        require(_rows(terms, self._blocks) in (None, rows), f"{what} does not have {rows} rows.")
        return ReadOut(
            name=as_text(parts["name"], f"{what}, name"),
            terms=terms,
            rows=rows,
            groups=self._known_groups(parts["groups"], f"{what}, groups"),
            transposed=as_boolean(parts["transposed"], f"{what}, transposed"),
        )
