"""The reference semantics: runs a core program directly in NumPy, statement by statement.

It shares no code with the compiler; it and what it imports for numbers alone need NumPy.
A value is a dictionary of blocks: one array for each pair of a row group and a column group,
where an axis that is not indexed by tokens has the single group ``""``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.formula_values import evaluate_formula
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN, Axis, Group, Node
from weightsmith.dsl.running.matrix_functions import FUNCTIONS, fractional_power, of_eigenvalues
from weightsmith.dsl.running.root_solver import solve
from weightsmith.dsl.text.codes import Code

Array = NDArray[Any]
GivenInput = Array | Sequence[Sequence[object]] | Mapping[str, Array]
Blocks = dict[tuple[Group, Group], Array]
Result = Array | dict[Group, Array]
WHOLE: tuple[Group, ...] = ("",)
LONGEST = 40  # characters of a number in a message


class InputError(ValueError):
    """The inputs do not fit the declarations; the message is a full sentence."""

    code: Code = "data-given"


def run(
    program: core.Program,
    inputs: Mapping[str, GivenInput],
    bindings: Mapping[str, Fraction],
    *,
    exact: bool = False,
) -> dict[str, Result]:
    """Return what the program returns: an array, or one array for each group of tokens.

    An input per token is given as ``{"context": d×n, "query": d×m}``.  ``exact`` computes with
    Fractions in arrays of objects; otherwise the inputs' own floating-point type is kept.
    """
    values, sizes, dtype = _prepared(program, inputs, exact)
    machine = _Machine(_with_sizes(program, bindings, sizes), values, sizes, dtype, exact)
    machine.statements(program.body)
    return {one.name: _result(machine.node(one.value), one) for one in program.returns}


def target(
    program: core.Program,
    inputs: Mapping[str, GivenInput],
    bindings: Mapping[str, Fraction],
    dtype: type[np.floating[Any]] = np.float64,
) -> dict[str, Result]:
    """Return the value of every ``approximates``, computed with NumPy's decompositions."""
    values, sizes, _ = _prepared(program, inputs, False)
    typed = {
        name: {key: block.astype(dtype) for key, block in blocks.items()}
        for name, blocks in values.items()
    }
    known = _with_sizes(program, bindings, sizes)
    machine = _Machine(known, typed, sizes, np.dtype(dtype), False)
    results: dict[str, Result] = {}
    for one in program.returns:
        if one.target is not None:
            results[one.name] = _result(machine.node(one.target), one)
    return results


# -- inputs and results -------------------------------------------------------------------------


def _prepared(
    program: core.Program, inputs: Mapping[str, GivenInput], exact: bool
) -> tuple[dict[str, Blocks], dict[tuple[Axis, Group], int], np.dtype[Any]]:
    """Return the blocks of the inputs, the size of every axis, and the type to compute in."""
    unknown = sorted(set(inputs) - {one.name for one in program.inputs})
    if unknown:
        raise InputError(f"'{program.name}' has no input '{unknown[0]}'.")
    values: dict[str, Blocks] = {}
    sizes: dict[tuple[Axis, Group], int] = {}
    for one in program.inputs:
        if one.name not in inputs:
            raise InputError(f"Input '{one.name}' is missing.")
        blocks = _input_blocks(one, inputs[one.name], exact)
        for (_, column), block in blocks.items():
            _measure(one, one.shape.rows, "", block.shape[0], sizes)
            _measure(one, one.shape.columns, column, block.shape[1], sizes)
        values[one.name] = blocks
    kinds = [block.dtype for blocks in values.values() for block in blocks.values()]
    dtype = np.dtype(object) if exact else np.result_type(*kinds) if kinds else np.dtype(float)
    if not exact:
        values = {
            name: {key: block.astype(dtype) for key, block in blocks.items()}
            for name, blocks in values.items()
        }
    return values, sizes, dtype


def _with_sizes(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    sizes: Mapping[tuple[Axis, Group], int],
) -> dict[str, Fraction]:
    """The bindings, and the parameters that are numbers of tokens.  Raises InputError."""
    found = dict(bindings)
    for name, group in program.sizes:
        number = Fraction(sizes[TOKEN, group])
        if found.setdefault(name, number) != number:
            raise InputError(f"There are {number} {group} tokens, but '{name}' is {found[name]}.")
    return found


def _input_blocks(one: core.Input, given: GivenInput, exact: bool) -> Blocks:
    if one.shape.columns != TOKEN:
        if isinstance(given, Mapping):
            raise InputError(f"Input '{one.name}' is one matrix, got one for each group of tokens.")
        return {("", ""): _matrix(one, given, exact)}
    groups = one.shape.column_groups
    if not isinstance(given, Mapping):
        if len(groups) > 1:
            raise InputError(f"Input '{one.name}' needs a matrix for each of {', '.join(groups)}.")
        given = {groups[0]: np.asarray(given)}
    if set(given) != set(groups):
        raise InputError(
            f"Input '{one.name}' needs a matrix for each of {', '.join(groups)}, "
            f"got {', '.join(sorted(given)) or 'none'}."
        )
    return {("", group): _matrix(one, given[group], exact) for group in groups}


def _matrix(one: core.Input, given: object, exact: bool) -> Array:
    array = np.asarray(given)
    if array.ndim != 2:
        raise InputError(f"Input '{one.name}' must be a matrix, got {array.ndim} axes.")
    if exact:
        return _fractions(array)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _fractions(array: Array) -> Array:
    result = np.empty(array.shape, dtype=object)
    for index, entry in np.ndenumerate(array):
        number = entry.item() if isinstance(entry, np.generic) else entry
        result[index] = Fraction(number)
    return result


def _measure(
    one: core.Input, axis: Axis, group: Group, size: int, sizes: dict[tuple[Axis, Group], int]
) -> None:
    known = int(axis) if axis.isdigit() else sizes.setdefault((axis, group), size)
    if known != size:
        what = f"{axis} of {group}" if group else axis
        raise InputError(f"Input '{one.name}' has {size} along {what}, expected {known}.")


def _result(blocks: Blocks, one: core.Return) -> Result:
    if one.value.shape.columns != TOKEN:
        return blocks["", ""]
    return {group: blocks["", group] for group in one.groups}


# -- evaluation ---------------------------------------------------------------------------------


@dataclass
class _Machine:
    """The present values of all names."""

    bindings: Mapping[str, Fraction]
    values: dict[str, Blocks]
    sizes: dict[tuple[Axis, Group], int]
    dtype: np.dtype[Any]
    exact: bool
    _numbers: dict[q.Scalar, Any] = field(default_factory=dict)

    def statements(self, body: Iterable[core.Statement]) -> None:
        for statement in body:
            if isinstance(statement, core.Assign):
                results = [self.node(value) for value in statement.values]
                self.values.update(zip(statement.names, results, strict=True))
                continue
            count = q.evaluate(statement.count, self.bindings)
            if count.denominator != 1 or count < 0:
                raise InputError(f"'repeat' takes a whole number of steps, got {count}.")
            for number in range(int(count)):
                self._enter_pass(statement.schedule, number)
                self.statements(statement.body)

    def _enter_pass(self, schedule: tuple[core.Schedule, ...], number: int) -> None:
        """Bind the numbers of a ``for`` loop to their values in this pass."""
        if schedule:
            values = {one.name: q.evaluate(one.values[number], self.bindings) for one in schedule}
            self.bindings = {**self.bindings, **values}
            self._numbers.clear()

    def node(self, node: Node) -> Blocks:
        match node:
            case core.Name(name=name):
                return {key: self.values[name][key] for key in _keys(node)}
            case core.Identity() | core.Zero() | core.Ones():
                return {key: self._constant(node, key) for key in _keys(node)}
            case core.Transpose(of=of):
                inner = self.node(of)
                return {(row, column): inner[column, row].T for row, column in _keys(node)}
            case core.Combination():
                return self._combination(node)
            case core.Product():
                return self._product(node)
            case core.Function(of=of):
                return {("", ""): self._function(node, self.node(of)["", ""])}
            case core.Entrywise(of=of):
                blocks = self.node(of)
                return {key: self._entries(node, blocks[key]) for key in _keys(node)}
            case core.Hadamard(left=left, right=right):
                blocks, others = self.node(left), self.node(right)
                return {key: blocks[key] * others[key] for key in _keys(node)}
            case core.Attention():
                return self._attention(node)
            case core.Root():
                return self._root(node)

    def _number(self, scalar: q.Scalar) -> Any:
        if scalar not in self._numbers:
            value = q.evaluate(scalar, self.bindings)
            self._numbers[scalar] = value if self.exact else self._rounded(scalar, value)
        return self._numbers[scalar]

    def _rounded(self, scalar: q.Scalar, value: Fraction) -> Any:
        try:
            return self.dtype.type(float(value))
        except OverflowError:
            text = q.to_text(scalar)
            text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
            raise InputError(f"The script's number {text} is too large for a float.") from None

    def _constant(
        self, node: core.Identity | core.Zero | core.Ones, key: tuple[Group, Group]
    ) -> Array:
        rows = self._size(node.shape.rows, key[0])
        columns = self._size(node.shape.columns, key[1])
        constant: Array
        if isinstance(node, core.Identity) and key[0] == key[1]:
            constant = np.eye(rows, dtype=int)
        else:
            constant = np.full((rows, columns), int(isinstance(node, core.Ones)))
        return _fractions(constant) if self.exact else constant.astype(self.dtype)

    def _entries(self, node: core.Entrywise, entries: Array) -> Array:
        """Apply the function: exactly if it is piecewise linear, else in floating point."""
        function = node.function
        if isinstance(function, core.Approximated):
            if self.exact:
                raise InputError(
                    f"'{node.label}' has no exact values: run in floating point, or run the "
                    "lowered script, in which it is a table."
                )
            return evaluate_formula(function.formula, entries, self.bindings)
        total: Array = self._number(function.slope) * entries + self._number(function.constant)
        for place, change in function.breakpoints:
            beyond = entries - self._number(place)
            total = total + self._number(change) * np.maximum(beyond, 0 * beyond)
        return total

    def _function(self, node: core.Function, matrix: Array) -> Array:
        if self.exact:
            raise InputError(f"'{node.function}' has no exact values: run in floating point.")
        exponent, formula = node.exponent, node.formula
        if exponent is not None:
            return of_eigenvalues(matrix, lambda values: fractional_power(values, exponent))
        if formula is not None:
            return of_eigenvalues(
                matrix, lambda values: evaluate_formula(formula, values, self.bindings)
            )
        return FUNCTIONS[node.function](matrix)

    def _root(self, node: core.Root) -> Blocks:
        """Solve for the value that makes the equation zero."""
        shapes = {
            (row, column): (
                self._size(node.shape.rows, row),
                self._size(node.shape.columns, column),
            )
            for row, column in _keys(node)
        }
        hidden = self.values.pop(node.name, None)

        def blocks_of(point: Array) -> Blocks:
            blocks, start = {}, 0
            for key, (rows, columns) in shapes.items():
                part = point[start : start + rows * columns]
                blocks[key] = part.reshape(rows, columns).astype(self.dtype)
                start += rows * columns
            return blocks

        def residual(point: Array) -> Array:
            self.values[node.name] = blocks_of(point)
            found = self.node(node.equation)
            return np.concatenate([found[key].ravel() for key in shapes]).astype(np.float64)

        root = blocks_of(solve(residual, sum(rows * columns for rows, columns in shapes.values())))
        if hidden is None:
            del self.values[node.name]
        else:
            self.values[node.name] = hidden
        return root

    def _size(self, axis: Axis, group: Group) -> int:
        return int(axis) if axis.isdigit() else self.sizes[axis, group]

    def _combination(self, node: core.Combination) -> Blocks:
        total: Blocks = {}
        for scale, part in node.terms:
            number, blocks = self._number(scale), self.node(part)
            for key in _keys(node):
                scaled = number * blocks[key]
                total[key] = total[key] + scaled if key in total else scaled
        return total

    def _product(self, node: core.Product) -> Blocks:
        """Multiply from the left; a contraction over tokens sums the groups of ``over``."""
        total, axis = self.node(node.factors[0]), node.factors[0].shape.columns
        for factor in node.factors[1:]:
            right = self.node(factor)
            summed = node.over if axis == TOKEN else WHOLE
            rows = dict.fromkeys(row for row, _ in total)
            columns = dict.fromkeys(column for _, column in right)
            total = {
                (row, column): _sum(total[row, group] @ right[group, column] for group in summed)
                for row in rows
                for column in columns
            }
            axis = factor.shape.columns
        return {key: total[key] for key in _keys(node)}

    def _attention(self, node: core.Attention) -> Blocks:
        """Σ over the groups of keys of value · scores; scores as ``attention_scores`` says."""
        from weightsmith.dsl.running.attention_scores import attention_scores

        values, products = self.node(node.value), self.node(node.scores)
        found: Blocks = {}
        for row, column in _keys(node):
            seen = {group: products[group, column] for group in node.over}
            if self.exact and node.function not in ("", "relu", "abs"):
                what = f"'{node.function}' of scores has no exact values"
                raise InputError(f"{what}: run in floating point.")
            try:
                scores = attention_scores(node, seen)
            except ZeroDivisionError:
                raise InputError(f"A column of {node.normalised} scores is divided by 0.") from None
            found[row, column] = _sum(values[row, group] @ scores[group] for group in node.over)
        return found


def _sum(parts: Iterable[Array]) -> Array:
    total: Array | None = None
    for part in parts:
        total = part if total is None else total + part
    if total is None:
        raise InputError("A sum over no tokens has no value.")
    return total


def _keys(node: Node) -> list[tuple[Group, Group]]:
    rows = node.shape.row_groups if node.shape.rows == TOKEN else WHOLE
    columns = node.shape.column_groups if node.shape.columns == TOKEN else WHOLE
    return [(row, column) for row in rows for column in columns]
