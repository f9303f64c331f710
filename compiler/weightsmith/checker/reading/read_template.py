"""Strict reading of ``template.json``: every key, type, name and row count, before any meaning."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from weightsmith.checker.heads import ALL
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
    read_mask,
    read_normalisation,
)
from weightsmith.checker.reading.template import (
    FixedMatrix,
    Head,
    Hidden,
    Item,
    Layer,
    Mlp,
    Outputs,
    ReadOut,
    Repeat,
    Scores,
    Source,
    Template,
    Terms,
    View,
    meets,
    view_rows,
)

FORMAT = "weightsmith-template"
VERSION = 2
MAX_NESTING = 40
MAX_GROUPS = 100
KEYS = (
    *("algorithm", "bindings", "blocks", "body", "format"),
    *("groups", "read_in", "read_out", "sources", "version"),
)
OPTIONAL = ("matrices", "views", "sizes")  # left out where they are empty
KINDS = ("input", "transposed", "identity", "ones")
HEAD_KEYS = ("keys", "queries", "values", "outputs", "key_groups", "query_groups")
HIDDEN_KEYS = ("rows", "terms", "bias", "gate", "gate_bias")
ENTERING = ("terms", "gate")


def read_template(document: object) -> Template:
    """Read and check the form of a template; its meaning is ``network.py``'s affair."""
    parts = as_object(document, "The template", KEYS, OPTIONAL)
    require(parts["format"] == FORMAT, f"The template's format is {quoted(parts['format'])}.")
    version = as_integer(parts["version"], "The template's version")
    require(version == VERSION, f"The template's version is {version}, not {VERSION}.")
    groups = distinct(as_texts(parts["groups"], "The template's groups"), "groups")
    require(len(groups) <= MAX_GROUPS, f"The template has more than {MAX_GROUPS} groups.")
    sources = as_items(parts["sources"], "The template's sources", _source)
    distinct(tuple(source.name for source in sources), "sources")
    for source in sources:
        ordered = tuple(group for group in groups if group in source.groups)
        require(source.groups == ordered, f"The groups of '{source.name}' are not in order.")
    pairs = as_items(parts["blocks"], "The template's blocks", _block)
    distinct(tuple(name for name, _ in pairs), "blocks")
    blocks = dict(pairs)
    read_in = _named_terms(parts["read_in"], {source.name: source.rows for source in sources})
    for name, terms in read_in.items():
        require(name in blocks, f"The read-in fills {quoted(name)}, which is not a block.")
        rows = common_rows(terms, {source.name: source.rows for source in sources})
        require(rows in (None, blocks[name]), f"The read-in of '{name}' has {rows} rows.")
    matrices, views = _read_views(parts, blocks)
    readable = {**blocks, **{one.name: view_rows(one, matrices) for one in views}}
    reader = BodyReader(blocks, readable, groups)
    outputs = as_items(parts["read_out"], "The read-out", reader.read_out)
    distinct(tuple(output.name for output in outputs), "outputs")
    return Template(
        algorithm=as_text(parts["algorithm"], "The template's algorithm"),
        groups=groups,
        sources=sources,
        blocks=blocks,
        read_in=read_in,
        body=reader.items(parts["body"], "The template's body", 0),
        read_out=outputs,
        bindings=_bindings(parts["bindings"]),
        matrices=matrices,
        views=views,
        sizes=_sizes(parts.get("sizes", {}), groups),
    )


def distinct(names: tuple[str, ...], what: str) -> tuple[str, ...]:
    require(len(set(names)) == len(names), f"Two of the template's {what} have the same name.")
    return names


def _source(value: object, what: str) -> Source:
    parts = as_object(value, what, ("name", "kind", "of", "rows", "groups"))
    texts = {key: as_text(parts[key], f"{what}, {key}") for key in ("name", "kind", "of", "rows")}
    require(texts["kind"] in KINDS, f"{what} has the unknown kind {quoted(texts['kind'])}.")
    groups = distinct(as_texts(parts["groups"], f"{what}, groups"), "groups of a source")
    return Source(texts["name"], texts["kind"], texts["of"], texts["rows"], groups)


def _block(value: object, what: str) -> tuple[str, str]:
    parts = as_object(value, what, ("name", "rows"))
    return as_text(parts["name"], f"{what}, name"), as_text(parts["rows"], f"{what}, rows")


def _read_views(
    parts: Mapping[str, object], blocks: Mapping[str, str]
) -> tuple[dict[str, FixedMatrix], tuple[View, ...]]:
    """The fixed matrices, and the products of them with blocks."""
    pairs = as_items(parts.get("matrices", []), "The template's matrices", _matrix)
    distinct(tuple(name for name, _ in pairs), "matrices")
    matrices = dict(pairs)
    views = as_items(parts.get("views", []), "The template's views", _view)
    distinct((*blocks, *(one.name for one in views)), "blocks and views")
    for view in views:
        require(view.matrix in matrices, f"The view '{view.name}' has an unknown matrix.")
        require(view.block in blocks, f"The view '{view.name}' is not of a block.")
        matrix = matrices[view.matrix]
        meets_at = matrix.rows if view.transposed else matrix.columns
        same = meets_at == blocks[view.block]
        require(same, f"The view '{view.name}' multiplies a block of other rows.")
    return matrices, views


def _matrix(value: object, what: str) -> tuple[str, FixedMatrix]:
    parts = as_object(value, what, ("name", "rows", "columns"), ("entries",))
    name, rows, columns = (as_text(parts[key], what) for key in ("name", "rows", "columns"))
    entries = None
    if "entries" in parts:
        entries = as_items(parts["entries"], f"{what}, entries", _entries)
        require(len({len(row) for row in entries}) <= 1, f"{what} has rows of several lengths.")
    return name, FixedMatrix(rows, columns, entries)


def _entries(value: object, what: str) -> tuple[Fraction, ...]:
    return as_items(value, what, as_number)


def _view(value: object, what: str) -> View:
    parts = as_object(value, what, ("name", "matrix", "transposed", "block"))
    name, matrix, block = (as_text(parts[key], what) for key in ("name", "matrix", "block"))
    return View(name, matrix, as_boolean(parts["transposed"], f"{what}, transposed"), block)


def _named_terms(value: object, rows: Mapping[str, str]) -> dict[str, Terms]:
    if not isinstance(value, dict):
        raise RefusedError("The read-in is not an object.")
    return {
        name: read_terms(terms, f"The read-in of '{name}'", rows) for name, terms in value.items()
    }


def read_terms(value: object, what: str, rows: Mapping[str, str]) -> Terms:
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


def common_rows(terms: Terms, rows: Mapping[str, str]) -> str | None:
    """The common number of rows of a combination; None if it is empty."""
    found = {rows[name] for name, _ in terms}
    require(len(found) <= 1, f"A combination mixes blocks of {' and '.join(sorted(found))} rows.")
    return next(iter(found), None)


def _sizes(value: object, groups: tuple[str, ...]) -> dict[str, str]:
    """Symbols that are the number of tokens of a group."""
    if not isinstance(value, dict):
        raise RefusedError("The template's sizes are not an object.")
    sizes = {name: as_text(group, f"The size of '{name}'") for name, group in value.items()}
    for name, group in sizes.items():
        require(group in groups, f"'{name}' is the size of {quoted(group)}, not a group.")
    return sizes


def _bindings(value: object) -> dict[str, Fraction]:
    if not isinstance(value, dict):
        raise RefusedError("The template's bindings are not an object.")
    return {name: as_number(text, f"The binding of '{name}'") for name, text in value.items()}


class BodyReader:
    """Reads layers against the known blocks and groups."""

    def __init__(
        self, blocks: Mapping[str, str], readable: Mapping[str, str], groups: tuple[str, ...]
    ) -> None:
        """``readable``: the rows of what combinations may name, ``blocks`` among them."""
        self._blocks = blocks
        self._readable = readable
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
        parts = as_object(value, what, HEAD_KEYS, ("scores",))
        keys, queries, values = (
            as_items(parts[key], f"{what}, {key}", self._combination)
            for key in ("keys", "queries", "values")
        )
        head = Head(
            keys,
            queries,
            values,
            outputs=self._outputs(parts["outputs"], f"{what}, outputs"),
            key_groups=self._known_groups(parts["key_groups"], f"{what}, key_groups"),
            query_groups=self._known_groups(parts["query_groups"], f"{what}, query_groups"),
            scores=_scores(parts["scores"], f"{what}, scores") if "scores" in parts else Scores(),
        )
        require(bool(keys), f"{what} has no keys.")
        require(len(keys) == len(queries), f"{what} has {len(keys)} keys, {len(queries)} queries.")
        for one, other in zip(keys, queries, strict=True):
            key_rows = self._row_count(one, f"{what}, keys")
            query_rows = self._row_count(other, f"{what}, queries")
            same = key_rows == query_rows
            require(same, f"{what}: keys of {key_rows} rows, queries of {query_rows}.")
        if head.scores.mask != ALL:
            one_group = len(head.key_groups) == 1 and head.key_groups == head.query_groups
            require(one_group, f"{what}: a masked head is of one group of tokens.")
        rows = [self._row_count(value, f"{what}, a value") for value in head.values]
        self._check_outputs(head.outputs, rows, what)
        return head

    def _combination(self, value: object, what: str) -> Terms:
        return read_terms(value, what, self._readable)

    def _mlp(self, value: object, what: str) -> Mlp:
        parts = as_object(value, what, ("hidden", "outputs", "bias"))
        hidden = as_items(parts["hidden"], f"{what}, hidden", self._hidden)
        outputs = self._outputs(parts["outputs"], f"{what}, outputs")
        self._check_outputs(outputs, [unit.rows for unit in hidden], what, spread=True)
        bias = read_terms(parts["bias"], f"{what}, bias", self._blocks)
        require(bool(hidden or bias), f"{what} has neither a hidden block nor a bias.")
        return Mlp(hidden, outputs, bias)

    def _hidden(self, value: object, what: str) -> Hidden:
        parts = as_object(value, what, HIDDEN_KEYS)
        rows = as_text(parts["rows"], f"{what}, rows")
        terms, gate = (self._entering(parts[key], rows, f"{what}, {key}") for key in ENTERING)
        bias, gate_bias = (
            scalar_text.read_scalar(parts[key], f"{what}, {key}") for key in ("bias", "gate_bias")
        )
        require(bool(terms) or parts["bias"] != "0", f"{what} has neither terms nor a bias.")
        gated = bool(gate) or parts["gate_bias"] != "0"
        return Hidden(rows, terms, bias, gated, gate, gate_bias)

    def _entering(self, value: object, rows: str, what: str) -> Terms:
        """A combination of blocks of these rows, or of one row if either has only one."""
        terms = self._combination(value, what)
        for name, _ in terms:
            if not meets(self._readable[name], rows):
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
        rows = common_rows(terms, self._readable)
        if rows is None:
            raise RefusedError(f"{what}: the combination is empty, so that its rows are unknown.")
        return rows

    def _known_groups(self, value: object, what: str) -> tuple[str, ...]:
        groups = distinct(as_texts(value, what), "groups of a head")
        for group in groups:
            require(group in self._groups, f"{what} names {quoted(group)}, not a group.")
        return groups

    def read_out(self, value: object, what: str) -> ReadOut:
        parts = as_object(value, what, ("name", "terms", "rows", "groups", "transposed"))
        terms = self._combination(parts["terms"], what)
        rows = as_text(parts["rows"], f"{what}, rows")
        require(
            common_rows(terms, self._readable) in (None, rows), f"{what} does not have {rows} rows."
        )
        return ReadOut(
            name=as_text(parts["name"], f"{what}, name"),
            terms=terms,
            rows=rows,
            groups=self._known_groups(parts["groups"], f"{what}, groups"),
            transposed=as_boolean(parts["transposed"], f"{what}, transposed"),
        )


def _scores(value: object, what: str) -> Scores:
    parts = as_object(value, what, (), ("function", "mask", "normalised"))
    require(bool(parts), f"{what}: leave out what says nothing.")
    function = as_text(parts["function"], f"{what}, function") if "function" in parts else ""
    mask = read_mask(parts.get("mask", ALL), what)
    return Scores(
        function, mask, read_normalisation(parts.get("normalised", False), f"{what}, normalised")
    )
