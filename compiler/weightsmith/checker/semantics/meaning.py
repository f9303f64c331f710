"""The meaning of a script: every value a family of polynomials, every loop a map of its letters.

A value with the TOKEN axis has one polynomial for each group.  Assignments bind polynomials.  A
variable that a loop's body assigns, and that had a value before, is *carried*: inside the loop its
letter ``X#0`` is the value at the start of the pass, after the loop the final value.  Any other
variable that the body assigns has no value after the loop (it may run no pass at all).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.semantics.expressions import Environment, Part, Value, evaluate, parts_of
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.letters import of_loop
from weightsmith.dsl.program.parts import applies_functions, assigned_names

if TYPE_CHECKING:
    from weightsmith.checker.semantics.sites import Sites
    from weightsmith.checker.semantics.tables import Table


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop of the script.

    ``letters`` are the carried letters by name; ``entering`` gives each its value before the loop,
    ``leaving`` its value after a pass; ``outside`` are the letters an invariant may also use.
    ``schedule`` has, by name, the numbers of each pass, symbols in ``leaving``.
    """

    index: int
    count: Scalar
    letters: Mapping[str, Letter]
    entering: Mapping[str, Polynomial]
    leaving: Mapping[str, Polynomial]
    outside: Mapping[str, Letter]
    children: tuple[Loop, ...]
    schedule: Mapping[str, tuple[Scalar, ...]]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the script says: its loops, in order, its variables at the end, what it returns.

    ``sites`` are the values of functions of entries, by name, for each group of tokens.
    """

    field: Field
    inputs: Environment
    loops: tuple[Loop, ...]
    final: Environment
    returned: Environment
    sites: Mapping[str, Polynomial]

    def all_loops(self) -> Iterator[Loop]:
        return _walk(self.loops)


def _walk(loops: tuple[Loop, ...]) -> Iterator[Loop]:
    for loop in loops:
        yield loop
        yield from _walk(loop.children)


def read_inputs(program: core.Program, field: Field) -> Environment:
    """The letters of the inputs, as values."""
    inputs: Environment = {}
    for declared in program.inputs:
        require(declared.name not in inputs, f"The input '{declared.name}' is declared twice.")
        inputs[declared.name] = _input_value(declared, field)
    return inputs


def read_meaning(
    program: core.Program,
    field: Field,
    symmetric: Mapping[int, Collection[str]],
    tables: Mapping[str, Table] | None = None,
    sites: Sites | None = None,
) -> Meaning:
    """Evaluate a script; ``symmetric`` lists, by loop, the carried letters taken as symmetric.

    ``tables`` are those of the approximated sites, by site; ``sites``, if given, apply functions
    in another way.
    """
    taken = {*core.GROUPS, core.TOKEN}
    for name in program.dimensions:
        require(name not in taken, f"The dimension '{name}' has the name of a token group.")
    inputs = read_inputs(program, field)
    sites = _sites(program, tables or {}, field) if sites is None else sites
    reader = _Reader(field, symmetric, sites)
    outside = {letter.name: letter for letter in _letters(inputs)}
    final, loops = reader.statements(program.body, dict(inputs), outside)
    returned = {one.name: evaluate(one.value, final, field, sites) for one in program.returns}
    return Meaning(field, inputs, loops, final, returned, {} if sites is None else sites.values)


def _sites(program: core.Program, tables: Mapping[str, Table], field: Field) -> Sites | None:
    """What applies the program's functions of entries, if there are any."""
    if not applies_functions(program):
        return None
    from weightsmith.checker.semantics.sites import Sites  # loaded where there are any

    return Sites(tables, field)


def _input_value(declared: core.Input, field: Field) -> Value:
    shape = declared.shape
    require(shape.rows != core.TOKEN, f"The rows of the input '{declared.name}' are tokens.")
    square = shape.rows == shape.columns
    require(square or not declared.symmetric, f"'{declared.name}' is symmetric but not square.")
    return _fresh(
        declared.name, shape.rows, shape.columns, parts_of(shape), declared.symmetric, field
    )


def _fresh(
    name: str, rows: str, columns: str, parts: Collection[Part], symmetric: bool, field: Field
) -> Value:
    """A value of new letters, one for each part (of their transposes if its rows are tokens)."""
    if rows == core.TOKEN != columns:
        transposed = _fresh(name, columns, rows, [part[::-1] for part in parts], symmetric, field)
        return transposed.transpose()
    family = {}
    for row, column in parts:
        text = name + "".join(f"@{group}" for group in (row, column) if group)
        letter = Letter(text, row or rows, column or columns, symmetric)
        family[row, column] = Polynomial.letter(field, letter)
    return Value(rows, columns, family)


def _letters(environment: Environment) -> Iterator[Letter]:
    for value in environment.values():
        for polynomial in value.parts.values():
            yield from polynomial.letters()


class _Reader:
    """Runs statements; counts the loops as they begin."""

    def __init__(
        self, field: Field, symmetric: Mapping[int, Collection[str]], sites: Sites | None
    ) -> None:
        self._field = field
        self._symmetric = symmetric
        self._sites = sites
        self._loops = 0

    def statements(
        self,
        body: tuple[core.Statement, ...],
        environment: Environment,
        outside: Mapping[str, Letter],
    ) -> tuple[Environment, tuple[Loop, ...]]:
        loops: list[Loop] = []
        visible = dict(outside)
        environment = dict(environment)  # of this body's own: a script may have many statements
        for statement in body:
            if isinstance(statement, core.Assign):
                values = [
                    evaluate(node, environment, self._field, self._sites)
                    for node in statement.values
                ]
                require(len(values) == len(statement.names), "An assignment has too few values.")
                environment.update(zip(statement.names, values, strict=True))
            else:
                environment, loop = self._repeat(statement, environment, visible)
                loops.append(loop)
                visible |= loop.letters
        return environment, tuple(loops)

    def _repeat(
        self, statement: core.Repeat, before: Environment, outside: Mapping[str, Letter]
    ) -> tuple[Environment, Loop]:
        index, self._loops = self._loops, self._loops + 1
        assigned = assigned_names(statement.body)
        carried = sorted(name for name in assigned if name in before)
        symmetric = self._symmetric.get(index, ())
        inside = {}
        for name in carried:
            parts = _surviving(tuple(before[name].parts), name, statement.body)
            inside[name] = self._carry(of_loop(name, index), before[name], parts, symmetric)
        letters = {letter.name: letter for letter in _letters(inside)}
        for name in symmetric:
            require(name in letters, f"'{name}' is not a letter that loop {index} carries.")
        after, children = self.statements(statement.body, before | inside, {**outside, **letters})
        entering: dict[str, Polynomial] = {}
        leaving: dict[str, Polynomial] = {}
        for name in carried:
            entering |= _by_letter(inside[name], before[name], name)
            leaving |= _by_letter(inside[name], after[name], name)
        kept = {name: value for name, value in before.items() if name not in assigned}
        schedule = {one.name: one.values for one in statement.schedule}
        count = statement.count
        loop = Loop(index, count, letters, entering, leaving, outside, children, schedule)
        return kept | inside, loop

    def _carry(
        self, name: str, before: Value, parts: tuple[Part, ...], symmetric: Collection[str]
    ) -> Value:
        wanted = name in symmetric
        if wanted:
            square = before.rows == before.columns != core.TOKEN
            require(square, f"'{name}' is called symmetric but is not square.")
        return _fresh(name, before.rows, before.columns, parts, wanted, self._field)


def _surviving(
    parts: tuple[Part, ...], name: str, body: tuple[core.Statement, ...]
) -> tuple[Part, ...]:
    """The token groups that the variable has before the loop and after every pass."""
    kept = parts
    while True:
        after = _parts_after(kept, name, body)
        smaller = tuple(part for part in kept if part in after)
        if smaller == kept:
            return kept
        kept = smaller


def _parts_after(
    parts: tuple[Part, ...], name: str, body: tuple[core.Statement, ...]
) -> tuple[Part, ...]:
    for statement in body:
        if isinstance(statement, core.Repeat):
            parts = _surviving(parts, name, statement.body)
            continue
        for assigned, value in zip(statement.names, statement.values, strict=True):
            parts = parts_of(value.shape) if assigned == name else parts
    return parts


def _by_letter(letters: Value, value: Value, name: str) -> dict[str, Polynomial]:
    """Pair each letter of a carried variable with its polynomial in ``value``."""
    same = (letters.rows, letters.columns) == (value.rows, value.columns)
    require(same, f"The variable '{name}' changes its shape in a loop.")
    result = {}
    for part, letter in letters.parts.items():
        require(part in value.parts, f"The variable '{name}' loses a group of tokens in a loop.")
        (((only,), _),) = letter.terms.items()
        polynomial = value.parts[part]
        result[only.name] = polynomial.transpose() if only.transposed else polynomial
    return result
