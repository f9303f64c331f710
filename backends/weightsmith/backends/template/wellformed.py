"""Is a template whole: every name known, every index in range, every product of one shape?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from weightsmith.backends.errors import TemplateError, listed, suggestion
from weightsmith.backends.template.coefficients import parse_coefficient, parse_rational
from weightsmith.compiler.ir.template import (
    Head,
    Hidden,
    Item,
    Layer,
    Mlp,
    Output,
    Repeat,
    Schedule,
    Source,
    Template,
    Terms,
)
from weightsmith.dsl.elementary import NAMES
from weightsmith.dsl.heads import ALL, MASKS
from weightsmith.dsl.text.characters import unsafe_character
from weightsmith.dsl.text.shown import shown

TOKEN_GROUPS = ("context", "query")
DATA = ("input", "transposed")  # kinds of sources that a user's array fills
KINDS = (*DATA, "identity", "ones")
AXIS = re.compile(r"[^\W\d]\w*|[1-9][0-9]{0,8}")
MAX_NESTING = 64
MAX_GROUPS = 100
MAX_NAME = 10_000  # characters; a block may be named after the polynomial that it holds


def check_template(template: Template) -> None:
    """Raise TemplateError, naming the place, unless the template is whole."""
    blocks = {block.name: block.rows for block in template.blocks}
    _check_views(template, blocks)
    _Check(template, blocks, template.readable).run()


def fail(place: str, message: str) -> TemplateError:
    return TemplateError(shown(f"template.json, at {place}: {message}"))


def is_axis(text: str) -> bool:
    """A dimension's name, or a positive whole number, which is its own size."""
    return AXIS.fullmatch(text) is not None


def join(rows: str, other: str) -> bool:
    """Whether an mlp may map blocks of these rows to one another: equal rows, or one row.

    The map is a coefficient times the identity, or times a row or a column of ones.
    """
    return rows == other or "1" in (rows, other)


@dataclass(slots=True)
class _Check:
    template: Template
    rows: Mapping[str, str]  # of each block
    readable: Mapping[str, str]  # of each block and view

    def run(self) -> None:
        template = self.template
        _name(template.algorithm, "algorithm")
        self._groups()
        self._unique([source.name for source in template.sources], "sources")
        self._unique([block.name for block in template.blocks], "blocks")
        self._unique([output.name for output in template.read_out], "read_out")
        for index, source in enumerate(template.sources):
            self._source(source, f"sources[{index}]")
        for index, block in enumerate(template.blocks):
            _axis(block.rows, f"blocks[{index}].rows")
        self._read_in()
        self._items(template.body, "body", 0)
        for index, output in enumerate(template.read_out):
            self._output(output, f"read_out[{index}]")
        self._bindings()

    def _groups(self) -> None:
        if len(self.template.groups) > MAX_GROUPS:
            raise fail("groups", f"expected at most {MAX_GROUPS} groups.")
        self._unique(self.template.groups, "groups")
        for index, group in enumerate(self.template.groups):
            _axis(group, f"groups[{index}]")

    def _unique(self, names: Iterable[str], place: str) -> None:
        seen: set[str] = set()
        for name in names:
            _name(name, place)
            if name in seen:
                raise fail(place, f"the name '{name}' stands twice; every name must be its own.")
            seen.add(name)

    def _subset(self, groups: tuple[str, ...], place: str) -> None:
        known = self.template.groups
        for group in groups:
            if group not in known:
                raise fail(
                    place,
                    f"there is no group '{group}'; the groups are {listed(known)}."
                    + suggestion(group, known),
                )
        if not groups:
            raise fail(place, "expected at least one group, got none.")
        if list(groups) != [group for group in known if group in groups]:
            raise fail(place, f"expected each group once, in the order {listed(known)}.")

    def _source(self, source: Source, place: str) -> None:
        _axis(source.rows, f"{place}.rows")
        self._subset(source.groups, f"{place}.groups")
        if source.kind not in KINDS:
            raise fail(f"{place}.kind", f"expected one of {listed(KINDS)}, got '{source.kind}'.")
        if source.kind == "ones":
            if source.of:
                raise fail(f"{place}.of", f"ones are of nothing: expected '', got '{source.of}'.")
            return
        _name(source.of, f"{place}.of")
        per_token = all(group in TOKEN_GROUPS for group in source.groups)
        if len(source.groups) > 1 and not per_token:
            raise fail(
                f"{place}.groups",
                f"expected one axis, or groups out of {listed(TOKEN_GROUPS)}, "
                f"got {listed(source.groups)}.",
            )
        if source.kind == "transposed" and per_token:
            raise fail(f"{place}.groups", "only a matrix can be transposed, not a per-token input.")
        if source.kind == "identity" and not source.of == source.rows == source.groups[0]:
            raise fail(
                place,
                f"the identity of axis '{source.of}' has that axis for its rows and its group, "
                f"got rows '{source.rows}' and groups {listed(source.groups)}.",
            )

    def _read_in(self) -> None:
        sources = {source.name: source.rows for source in self.template.sources}
        self._unique([block for block, _ in self.template.read_in], "read_in")
        for block, terms in self.template.read_in:
            place = f"read_in['{block}']"
            self._known(block, place)
            self._terms(terms, place, sources, "source", self.rows[block])

    def _known(self, block: str, place: str, rows: Mapping[str, str] | None = None) -> None:
        known = self.rows if rows is None else rows
        if block not in known:
            raise fail(
                place,
                f"there is no block '{block}'; the blocks are {listed(known)}."
                + suggestion(block, known),
            )

    def _terms(
        self, terms: Terms, place: str, known: Mapping[str, str], noun: str, rows: str | None
    ) -> str | None:
        """Check a combination; return the rows its terms have (None where it has no term)."""
        for index, (name, coefficient) in enumerate(terms):
            here = f"{place}[{index}]"
            if name not in known:
                raise fail(
                    here,
                    f"there is no {noun} '{name}'; the {noun}s are {listed(known)}."
                    + suggestion(name, known),
                )
            rows = known[name] if rows is None else rows
            if known[name] != rows:
                raise fail(
                    here,
                    f"expected '{rows}' rows, got the {noun} '{name}' of '{known[name]}' rows.",
                )
            _coefficient(coefficient, here)
        return rows

    def _combination(self, terms: Terms, place: str, rows: str | None = None) -> str:
        found = self._terms(terms, place, self.readable, "block", rows)
        if not terms or found is None:
            raise fail(place, "expected at least one [block, coefficient], got none.")
        return found

    def _items(self, items: tuple[Item, ...], place: str, depth: int) -> None:
        if depth > MAX_NESTING:
            raise fail(place, f"loops are nested deeper than {MAX_NESTING}.")
        for index, item in enumerate(items):
            here = f"{place}[{index}]"
            match item:
                case Repeat(count, body, schedule):
                    _coefficient(count, f"{here}.repeat")
                    _schedule(count, schedule, f"{here}.with")
                    self._items(body, f"{here}.body", depth + 1)
                case Layer(heads, mlp):
                    for number, head in enumerate(heads):
                        self._head(head, f"{here}.heads[{number}]")
                    if mlp is not None:
                        self._mlp(mlp, f"{here}.mlp")

    def _head(self, head: Head, place: str) -> None:
        if not head.keys or len(head.keys) != len(head.queries):
            raise fail(
                f"{place}.keys",
                f"expected as many keys as queries, at least one, "
                f"got {len(head.keys)} and {len(head.queries)}.",
            )
        for index, (one, other) in enumerate(zip(head.keys, head.queries, strict=True)):
            keys = self._combination(one, f"{place}.keys[{index}]")
            self._combination(other, f"{place}.queries[{index}]", keys)
        check_scores(head, f"{place}.scores")
        values = [
            self._combination(terms, f"{place}.values[{index}]")
            for index, terms in enumerate(head.values)
        ]
        if not values:
            raise fail(f"{place}.values", "expected at least one value, got none.")
        self._outputs(head.outputs, f"{place}.outputs", values, "value")
        self._subset(head.key_groups, f"{place}.key_groups")
        self._subset(head.query_groups, f"{place}.query_groups")

    def _mlp(self, mlp: Mlp, place: str) -> None:
        if not mlp.hidden and not mlp.bias:
            raise fail(f"{place}.hidden", "expected a hidden block, or a bias, got neither.")
        for index, hidden in enumerate(mlp.hidden):
            self._hidden(hidden, f"{place}.hidden[{index}]")
        rows = [hidden.rows for hidden in mlp.hidden]
        self._outputs(mlp.outputs, f"{place}.outputs", rows, "hidden")
        for index, (block, coefficient) in enumerate(mlp.bias):
            self._known(block, f"{place}.bias[{index}]")
            _coefficient(coefficient, f"{place}.bias[{index}]")

    def _hidden(self, hidden: Hidden, place: str) -> None:
        _axis(hidden.rows, f"{place}.rows")
        _coefficient(hidden.bias, f"{place}.bias")
        _coefficient(hidden.gate_bias, f"{place}.gate_bias")
        if not hidden.terms and hidden.bias == "0":
            raise fail(f"{place}.terms", "expected a [block, coefficient], or a bias, got neither.")
        self._hidden_terms(hidden.terms, f"{place}.terms", hidden.rows)
        self._hidden_terms(hidden.gate, f"{place}.gate", hidden.rows)

    def _hidden_terms(self, terms: Terms, place: str, rows: str) -> None:
        """Check a combination in a hidden block: of its rows, or one of the two of one row."""
        for index, (block, coefficient) in enumerate(terms):
            here = f"{place}[{index}]"
            self._known(block, here, self.readable)
            if not join(self.readable[block], rows):
                raise fail(
                    here,
                    f"expected '{rows}' rows or one row, "
                    f"got the block '{block}' of '{self.readable[block]}' rows.",
                )
            _coefficient(coefficient, here)

    def _outputs(
        self, outputs: tuple[tuple[str, int, str], ...], place: str, rows: list[str], noun: str
    ) -> None:
        spread = noun == "hidden"
        for index, (block, source, coefficient) in enumerate(outputs):
            here = f"{place}[{index}]"
            self._known(block, here)
            if not 0 <= source < len(rows):
                last = f"the last is {len(rows) - 1}" if rows else "there is none"
                raise fail(here, f"there is no {noun} {source}; {last}.")
            there, found = self.rows[block], rows[source]
            if not (join(there, found) if spread else there == found):
                raise fail(
                    here,
                    f"expected '{there}' rows{' or one row' * spread} for the block '{block}', "
                    f"got {noun} {source} of '{found}' rows.",
                )
            _coefficient(coefficient, here)

    def _output(self, output: Output, place: str) -> None:
        _axis(output.rows, f"{place}.rows")
        self._subset(output.groups, f"{place}.groups")
        self._terms(output.terms, f"{place}.terms", self.readable, "block", output.rows)

    def _bindings(self) -> None:
        names = [name for name, _ in self.template.bindings]
        self._unique(names, "bindings")
        for name, value in self.template.bindings:
            _number(value, f"bindings['{name}']")


def check_scores(head: Head, place: str) -> None:
    """Raise TemplateError unless the function and the mask of a head are known."""
    scores = head.scores
    functions = ("relu", *NAMES)
    if scores.function and scores.function not in functions:
        raise fail(
            f"{place}.function",
            f"expected one of {listed(functions)}, got '{scores.function}'."
            + suggestion(scores.function, functions),
        )
    masks = (ALL, *MASKS)
    if scores.mask not in masks:
        raise fail(
            f"{place}.mask",
            f"expected one of {listed(masks)}, got '{scores.mask}'."
            + suggestion(scores.mask, masks),
        )
    alone = len(head.key_groups) == 1 and head.key_groups == head.query_groups
    if scores.mask != ALL and not alone:
        raise fail(f"{place}.mask", "a masked head has one group, for its keys and its queries.")


def _check_views(template: Template, blocks: Mapping[str, str]) -> None:
    matrices = {one.name: one for one in template.matrices}
    for index, matrix in enumerate(template.matrices):
        place = f"matrices[{index}]"
        _name(matrix.name, place)
        _axis(matrix.rows, f"{place}.rows")
        _axis(matrix.columns, f"{place}.columns")
        if len({len(row) for row in matrix.entries or ()}) > 1:
            raise fail(f"{place}.entries", "expected rows of one length.")
        for row in matrix.entries or ():
            for value in row:
                _number(value, f"{place}.entries")
    names = [*matrices, *(one.name for one in template.views)]
    if len(matrices) < len(template.matrices) or len(set(names)) < len(names):
        raise fail("views", "every matrix and every view must have a name of its own.")
    for index, view in enumerate(template.views):
        place = f"views[{index}]"
        _name(view.name, place)
        if view.name in blocks or view.matrix not in matrices or view.block not in blocks:
            raise fail(place, "expected a new name for a known matrix and a known block.")
        matrix = matrices[view.matrix]
        meets = matrix.rows if view.transposed else matrix.columns
        if meets != blocks[view.block]:
            raise fail(
                place, f"a block of '{blocks[view.block]}' rows meets a matrix of '{meets}'."
            )
    for symbol, group in template.sizes:
        if group not in template.groups:
            raise fail(f"sizes['{symbol}']", f"expected a group, got '{group}'.")


def _axis(text: str, place: str) -> None:
    if not is_axis(text):
        raise fail(place, f"expected the name of a dimension or a positive number, got '{text}'.")


def _name(text: str, place: str) -> None:
    if not text or unsafe_character(text, lines=False) is not None:
        raise fail(place, f"expected a printable name, got {text!r}.")
    if len(text) > MAX_NAME:
        raise fail(place, f"expected a name of at most {MAX_NAME} characters, got '{text}'.")


def _number(value: str, place: str) -> None:
    try:
        parse_rational(value)
    except ValueError:
        message = f"expected a number p/q in lowest terms, got '{value}'."
        raise fail(place, message) from None


def _schedule(count: str, schedule: Schedule, place: str) -> None:
    for name, values in schedule:
        if str(len(values)) != count:
            raise fail(f"{place}.{name}", f"expected {count} numbers, got {len(values)}.")
        for index, value in enumerate(values):
            _coefficient(value, f"{place}.{name}[{index}]")


def _coefficient(text: str, place: str) -> None:
    try:
        parse_coefficient(text)
    except TemplateError as error:
        raise fail(place, str(error)) from error
