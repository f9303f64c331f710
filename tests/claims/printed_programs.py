"""What a script says, its functions exact, in 150 digits: statements run in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import printed_numbers as n
from flint import arb, arb_mat
from printed_values import Data, Grid, Side, scalar_function

from weightsmith.dsl.numbers import formulas
from weightsmith.dsl.numbers.scalars import Scalar, evaluate
from weightsmith.dsl.program import core


class UnsolvedError(Exception):
    """Newton's iteration found no root."""


@dataclass
class Machine:
    """The present values of all names."""

    numbers: Mapping[str, Fraction]
    sizes: Mapping[str, int]
    values: dict[str, Grid]

    def run(self, body: Iterable[core.Statement]) -> None:
        for statement in body:
            if isinstance(statement, core.Assign):
                found = [self.node(value) for value in statement.values]
                self.values.update(zip(statement.names, found, strict=True))
                continue
            for step in range(int(evaluate(statement.count, self.numbers))):
                own = {
                    one.name: evaluate(one.values[step], self.numbers) for one in statement.schedule
                }
                self.numbers = {**self.numbers, **own}
                self.run(statement.body)

    def number(self, value: Scalar) -> arb:
        return n.exactly(evaluate(value, self.numbers))

    def size(self, axis: str, group: str) -> int:
        if axis == core.TOKEN:
            return self.sizes[group]
        return int(axis) if axis.isdigit() else self.sizes[axis]

    def node(self, node: core.Node) -> Grid:
        found = self._node(node).parts
        return Grid({key: found[key].mid() for key in _keys(node)})

    def _node(self, node: core.Node) -> Grid:
        match node:
            case core.Name(name=name):
                return self.values[name]
            case core.Identity() | core.Zero() | core.Ones():
                return Grid({key: self._constant(node, key) for key in _keys(node)})
            case core.Transpose(of=of):
                parts = self.node(of).parts
                return Grid({(c, r): part.transpose() for (r, c), part in parts.items()})
            case core.Combination(terms=terms):
                return self._combination(node, terms)
            case core.Product():
                return self._product(node)
            case core.Entrywise(of=of, function=function):
                return _each(self.node(of), lambda t: self.entry(function, t))
            case core.Hadamard(left=left, right=right):
                one, two = self.node(left).parts, self.node(right).parts
                return Grid({key: _entrywise(one[key], two[key]) for key in _keys(node)})
        raise TypeError(f"no value of a statement: {node}")

    def _constant(self, node: core.Identity | core.Zero | core.Ones, key: Side) -> arb_mat:
        rows = self.size(node.shape.rows, key[0])
        columns = self.size(node.shape.columns, key[1])
        if isinstance(node, core.Identity):
            same = key[0] == key[1]
            return n.identity(rows) if same and rows else arb_mat(rows, columns)
        value = n.ONE if isinstance(node, core.Ones) else n.ZERO
        return arb_mat(rows, columns, [value] * (rows * columns))

    def _combination(self, node: core.Node, terms: Iterable[tuple[Scalar, core.Node]]) -> Grid:
        parts: dict[Side, arb_mat] = {}
        for scale, term in terms:
            found, factor = self.node(term).parts, self.number(scale)
            for key in _keys(node):
                one = found[key] * factor
                parts[key] = parts[key] + one if key in parts else one
        return Grid(parts)

    def _product(self, node: core.Product) -> Grid:
        total, axis = self.node(node.factors[0]).parts, node.factors[0].shape.columns
        for factor in node.factors[1:]:
            right = self.node(factor).parts
            summed = node.over if axis == core.TOKEN else ("",)
            parts: dict[Side, arb_mat] = {}
            for (row, inner), one in total.items():
                for (other, column), two in right.items():
                    if inner == other and inner in summed:
                        now = one * two
                        key = (row, column)
                        parts[key] = parts[key] + now if key in parts else now
            total, axis = parts, factor.shape.columns
        return Grid(total)

    def entry(self, function: core.PiecewiseLinear | core.Approximated, t: arb) -> arb:
        if isinstance(function, core.Approximated):
            return self.formula(function.formula, t)
        found = self.number(function.constant) + self.number(function.slope) * t
        for place, change in function.breakpoints:
            found += self.number(change) * max(t - self.number(place), n.ZERO)
        return found

    def formula(self, of: formulas.Formula, t: arb) -> arb:
        match of:
            case formulas.Variable():
                return t
            case formulas.Constant(value):
                return self.number(value)
            case formulas.Sum(terms):
                return sum((self.formula(term, t) for term in terms), n.ZERO)
            case formulas.Times(factors):
                found = n.ONE
                for factor in factors:
                    found *= self.formula(factor, t)
                return found
            case formulas.IntegerPower(base, exponent):
                return self.formula(base, t) ** exponent
            case formulas.Apply(name, inner):
                return scalar_function(name, self.formula(inner, t).mid())

    def root(self, node: core.Root) -> Grid:
        """Newton's iteration from the present value of the unknown, with numeric derivatives."""
        start = self.values[node.name]
        (key,) = start.parts
        shape = n.shape(start.parts[key])
        point = list(start.parts[key].entries())

        def residual(at: list[arb]) -> arb_mat:
            self.values[node.name] = Grid({key: arb_mat(*shape, at)})
            return arb_mat(len(at), 1, self.node(node.equation).parts[key].entries())

        step = arb(10) ** -120
        for _ in range(60):
            now = residual(point)
            if n.frobenius(now) < arb(10) ** -75:
                return Grid({key: arb_mat(*shape, point)})
            moved = [
                [x + step if i == j else x for j, x in enumerate(point)] for i in range(len(point))
            ]
            slopes = n.beside(((residual(one) - now) / step).mid() for one in moved)
            change = slopes.solve(now).mid()
            point = [(x - y).mid() for x, y in zip(point, change.entries(), strict=True)]
        raise UnsolvedError


def what_it_says(
    program: core.Program, data: Data, numbers: Mapping[str, Fraction], sizes: Mapping[str, int]
) -> dict[str, Grid]:
    """The values that a script returns."""
    machine = Machine(numbers, sizes, dict(data))
    machine.run(program.body)
    found = {}
    for one in program.returns:
        parts = machine.node(one.value).parts
        groups = one.groups or ("",)
        found[one.name] = Grid({key: part for key, part in parts.items() if key[1] in groups})
    return found


def _keys(node: core.Node) -> list[Side]:
    rows = node.shape.row_groups if node.shape.rows == core.TOKEN else ("",)
    columns = node.shape.column_groups if node.shape.columns == core.TOKEN else ("",)
    return [(row, column) for row in rows for column in columns]


def _each(grid: Grid, f: object) -> Grid:
    return Grid(
        {
            key: arb_mat(*n.shape(part), [f(x.mid()) for x in part.entries()])  # type: ignore[operator]
            for key, part in grid.parts.items()
        }
    )


def _entrywise(left: arb_mat, right: arb_mat) -> arb_mat:
    products = [x * y for x, y in zip(left.entries(), right.entries(), strict=True)]
    return arb_mat(*n.shape(left), products)
