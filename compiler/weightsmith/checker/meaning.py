"""The meaning of a script: every value a family of polynomials, every loop a map of its letters.

A value with the TOKEN axis has one polynomial for each group.  Assignments bind polynomials.  A
variable that a loop's body assigns, and that had a value before, is *carried*: inside the loop its
letter ``X#0`` is the value at the start of the pass, after the loop the final value.  Any other
variable that the body assigns has no value after the loop (it may run no pass at all).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from weightsmith.checker.rational import Field
from weightsmith.checker.refusal import RefusedError, require
from weightsmith.checker.words import Letter, Polynomial
from weightsmith.dsl import core
from weightsmith.dsl.scalars import Scalar

Part = tuple[str, str]  # the row group and the column group; "" where the axis is not TOKEN


@dataclass(frozen=True, slots=True)
class Value:
    """A matrix of the script: its axes (TOKEN among them) and one polynomial for each part."""

    rows: str
    columns: str
    parts: Mapping[Part, Polynomial]

    def transpose(self) -> Value:
        turned = {(c, r): polynomial.transpose() for (r, c), polynomial in self.parts.items()}
        return Value(self.columns, self.rows, turned)


Environment = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop of the script.

    ``letters`` are the carried letters by name; ``entering`` gives each its value before the loop,
    ``leaving`` its value after a pass; ``outside`` are the letters an invariant may also use.
    """

    index: int
    count: Scalar
    letters: Mapping[str, Letter]
    entering: Mapping[str, Polynomial]
    leaving: Mapping[str, Polynomial]
    outside: Mapping[str, Letter]
    children: tuple[Loop, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the script says: its loops, in order, and its variables at the end."""

    field: Field
    inputs: Environment
    loops: tuple[Loop, ...]
    final: Environment

    def all_loops(self) -> Iterator[Loop]:
        return _walk(self.loops)


def _walk(loops: tuple[Loop, ...]) -> Iterator[Loop]:
    for loop in loops:
        yield loop
        yield from _walk(loop.children)


def read_meaning(
    program: core.Program, field: Field, symmetric: Mapping[int, Collection[str]]
) -> Meaning:
    """Evaluate a script; ``symmetric`` lists, by loop, the carried letters taken as symmetric."""
    taken = {*core.GROUPS, core.TOKEN}
    for name in program.dimensions:
        require(name not in taken, f"The dimension '{name}' has the name of a token group.")
    inputs: Environment = {}
    for declared in program.inputs:
        require(declared.name not in inputs, f"The input '{declared.name}' is declared twice.")
        inputs[declared.name] = _input_value(declared, field)
    reader = _Reader(field, symmetric)
    outside = {letter.name: letter for letter in _letters(inputs)}
    final, loops = reader.statements(program.body, dict(inputs), outside)
    return Meaning(field, inputs, loops, final)


def _input_value(declared: core.Input, field: Field) -> Value:
    shape = declared.shape
    require(shape.rows != core.TOKEN, f"The rows of the input '{declared.name}' are tokens.")
    square = shape.rows == shape.columns
    require(square or not declared.symmetric, f"'{declared.name}' is symmetric but not square.")
    return _fresh(
        declared.name, shape.rows, shape.columns, _parts(shape), declared.symmetric, field
    )


def _fresh(
    name: str, rows: str, columns: str, parts: Collection[Part], symmetric: bool, field: Field
) -> Value:
    """A value of new letters, one for each part (of their transposes if its rows are tokens)."""
    if rows == core.TOKEN != columns:
        turned = _fresh(name, columns, rows, [part[::-1] for part in parts], symmetric, field)
        return turned.transpose()
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


def _parts(shape: core.Shape) -> tuple[Part, ...]:
    """The group pairs on which a value of this shape is defined."""
    rows = shape.row_groups if shape.rows == core.TOKEN else ("",)
    columns = shape.column_groups if shape.columns == core.TOKEN else ("",)
    return tuple((row, column) for row in rows for column in columns)


class _Reader:
    """Runs statements; counts the loops as they begin."""

    def __init__(self, field: Field, symmetric: Mapping[int, Collection[str]]) -> None:
        self._field = field
        self._symmetric = symmetric
        self._loops = 0

    def statements(
        self,
        body: tuple[core.Statement, ...],
        environment: Environment,
        outside: Mapping[str, Letter],
    ) -> tuple[Environment, tuple[Loop, ...]]:
        loops: list[Loop] = []
        visible = dict(outside)
        for statement in body:
            if isinstance(statement, core.Assign):
                values = [evaluate(node, environment, self._field) for node in statement.values]
                require(len(values) == len(statement.names), "An assignment has too few values.")
                environment = environment | dict(zip(statement.names, values, strict=True))
            else:
                environment, loop = self._repeat(statement, environment, visible)
                loops.append(loop)
                visible |= loop.letters
        return environment, tuple(loops)

    def _repeat(
        self, statement: core.Repeat, before: Environment, outside: Mapping[str, Letter]
    ) -> tuple[Environment, Loop]:
        index, self._loops = self._loops, self._loops + 1
        assigned = _assigned(statement.body)
        carried = sorted(name for name in assigned if name in before)
        symmetric = self._symmetric.get(index, ())
        inside = {}
        for name in carried:
            parts = _surviving(tuple(before[name].parts), name, statement.body)
            inside[name] = self._carry(f"{name}#{index}", before[name], parts, symmetric)
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
        loop = Loop(index, statement.count, letters, entering, leaving, outside, children)
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
            parts = _parts(value.shape) if assigned == name else parts
    return parts


def _assigned(body: tuple[core.Statement, ...]) -> frozenset[str]:
    names: set[str] = set()
    for statement in body:
        if isinstance(statement, core.Assign):
            names |= set(statement.names)
        else:
            names |= _assigned(statement.body)
    return frozenset(names)


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


def evaluate(node: core.Node, environment: Mapping[str, Value], field: Field) -> Value:
    """The value of an expression, checked against the shape that the front end gave it."""
    value = _evaluate(node, environment, field)
    return restrict(value, node.shape)


def restrict(value: Value, shape: core.Shape) -> Value:
    same = (value.rows, value.columns) == (shape.rows, shape.columns)
    require(
        same,
        f"A value of the script is {value.rows} by {value.columns} where its shape says "
        f"{shape.rows} by {shape.columns}.",
    )
    for part in _parts(shape):
        require(part in value.parts, "A value of the script is not defined on all its tokens.")
    return Value(value.rows, value.columns, {part: value.parts[part] for part in _parts(shape)})


def _identities(shape: core.Shape, field: Field) -> dict[Part, Polynomial]:
    """The identity; on the token axis that of each group, and zero between two groups."""
    family = {}
    for row, column in _parts(shape):
        spaces = (row or shape.rows, column or shape.columns)
        same = row == column
        family[row, column] = (
            Polynomial.identity(field, spaces[0]) if same else Polynomial.zero(field, *spaces)
        )
    return family


def _evaluate(node: core.Node, environment: Mapping[str, Value], field: Field) -> Value:
    shape = node.shape
    match node:
        case core.Name(name=name):
            require(name in environment, f"The name '{name}' has no value here.")
            return environment[name]
        case core.Identity():
            require(shape.rows == shape.columns, "An identity of the script is not square.")
            return Value(shape.rows, shape.columns, _identities(shape, field))
        case core.Zero():
            return _zero(shape, field)
        case core.Transpose(of=of):
            return evaluate(of, environment, field).transpose()
        case core.Combination(terms=terms):
            return _combination(terms, shape, environment, field)
        case core.Product(factors=factors, over=over):
            values = [evaluate(factor, environment, field) for factor in factors]
            result = values[0]
            for value in values[1:]:
                result = multiply(result, value, over)
            return result
        case core.Function(function=function):
            raise RefusedError(f"The function '{function}' stands outside a target.")


def _zero(shape: core.Shape, field: Field) -> Value:
    parts = {
        (row, column): Polynomial.zero(field, row or shape.rows, column or shape.columns)
        for row, column in _parts(shape)
    }
    return Value(shape.rows, shape.columns, parts)


def _combination(
    terms: tuple[tuple[Scalar, core.Node], ...],
    shape: core.Shape,
    environment: Mapping[str, Value],
    field: Field,
) -> Value:
    total = _zero(shape, field)
    for scalar, node in terms:
        value = restrict(evaluate(node, environment, field), shape)
        coefficient = field.read(scalar)
        parts = {
            part: polynomial + value.parts[part].scaled(coefficient)
            for part, polynomial in total.parts.items()
        }
        total = Value(total.rows, total.columns, parts)
    return total


def multiply(left: Value, right: Value, over: tuple[str, ...]) -> Value:
    """left · right; a contraction of the TOKEN axis sums the groups in ``over``."""
    require(
        left.columns == right.rows,
        f"A product of the script joins the axes {left.columns} and {right.rows}.",
    )
    contracted = left.columns == core.TOKEN
    require(bool(over) or not contracted, "A product over tokens does not say over which.")
    require(len(set(over)) == len(over), "A product names a group of tokens twice.")
    parts: dict[Part, Polynomial] = {}
    for row in sorted({row for row, _ in left.parts}):
        for column in sorted({column for _, column in right.parts}):
            for group in over if contracted else ("",):
                known = (row, group) in left.parts and (group, column) in right.parts
                require(known, f"A product sums over '{group}', where a factor is not defined.")
                term = left.parts[row, group] @ right.parts[group, column]
                parts[row, column] = parts[row, column] + term if (row, column) in parts else term
    return Value(left.rows, right.columns, parts)
