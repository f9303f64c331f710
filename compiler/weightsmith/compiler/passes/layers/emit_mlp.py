"""One layer's MLP: a linear map of the stream, and piecewise-linear functions that are added.

A linear change s of a block is relu(s) − relu(−s).  A function is constant + slope·t +
Σ change·relu(t − place): one hidden block a breakpoint, and for the slope at most one more, since
    slope·t = slope·relu(t − place) − slope·relu(place − t) + slope·place
joins the first of them to a breakpoint (and both vanish at a breakpoint with change = −slope).  A
function in numbers is anchored at the breakpoint where its hinges cancel least (``ir/anchor``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from weightsmith.compiler.ir.anchor import anchored
from weightsmith.compiler.ir.coefficients import Coefficient, CoefficientField
from weightsmith.compiler.ir.piecewise import is_numeric
from weightsmith.compiler.ir.schedule import Affine, ScheduledApplication, ScheduledLayer, Value
from weightsmith.compiler.ir.template import Hidden, Mlp, Terms
from weightsmith.dsl.program.core import PiecewiseLinear

Row = dict[int, Coefficient]


@dataclass(frozen=True)
class Unit:
    """coefficient · relu(sign·(t − place))."""

    coefficient: Coefficient
    sign: int
    place: Coefficient


@dataclass
class MlpEmitter:
    """Collects hidden blocks and what they add to; ``blocks``: the rows of each block."""

    scalars: CoefficientField
    block: dict[Value, int]
    rows: list[str]
    names: list[str]
    hidden: list[Hidden] = field(default_factory=list)
    outputs: list[tuple[str, int, str]] = field(default_factory=list)
    bias: Row = field(default_factory=dict)

    def emit(self, layer: ScheduledLayer, clears: set[int]) -> Mlp | None:
        for applied in layer.applied:
            self._apply(applied)
        for target, constant in layer.biases.items():
            self._add_bias(target, constant)
        self._linear(layer, clears)
        bias = self._terms(self.bias)
        if not self.hidden and not bias:
            return None
        return Mlp(tuple(self.hidden), tuple(self.outputs), bias)

    def _terms(self, row: Row) -> Terms:
        return tuple((self.names[b], str(row[b])) for b in sorted(row) if row[b] != 0)

    def _row(self, combination: Affine) -> Row:
        row: Row = {}
        for value, coefficient in combination.terms.items():
            block = self.block[value]
            row[block] = row.get(block, self.scalars.zero) + coefficient
        return row

    def _add_bias(self, target: Value, constant: Coefficient) -> None:
        block = self.block[target]
        self.bias[block] = self.bias.get(block, self.scalars.zero) + constant

    def _linear(self, layer: ScheduledLayer, clears: set[int]) -> None:
        rows: dict[int, Row] = {block: {} for block in clears}
        for target, moved in layer.moves.items():
            rows[self.block[target]] = self._row(Affine(moved, self.scalars.zero))
        for block in sorted(rows):
            change = dict(rows[block])
            change[block] = change.get(block, self.scalars.zero) - self.scalars.one
            if not any(change.values()):
                continue
            for sign in (self.scalars.one, -self.scalars.one):
                terms = self._terms({b: sign * c for b, c in change.items()})
                self.outputs.append((self.names[block], len(self.hidden), str(sign)))
                self.hidden.append(Hidden(self.rows[block], terms))

    def _apply(self, applied: ScheduledApplication) -> None:
        if applied.function is None:
            self._multiply(applied)
            return
        (argument,) = applied.arguments
        constant, units = units_of(applied.function, self.scalars)
        row = self._row(argument)
        entering = {
            sign: self._terms({b: c if sign > 0 else -c for b, c in row.items()})
            for sign in (1, -1)
        }
        for unit in units:
            terms, bias = entering[unit.sign], argument.bias - unit.place
            bias = bias if unit.sign > 0 else -bias
            if terms or bias != 0:  # relu(0) is nothing
                self._add(applied, Hidden(applied.rows, terms, str(bias)), unit.coefficient)
        for target, factor in applied.outputs.items():
            self._add_bias(target, factor * constant)

    def _multiply(self, applied: ScheduledApplication) -> None:
        left, right = applied.arguments
        if any(not self._terms(self._row(one)) and one.bias == 0 for one in (left, right)):
            return
        hidden = Hidden(
            applied.rows,
            self._terms(self._row(left)),
            str(left.bias),
            self._terms(self._row(right)),
            str(right.bias),
        )
        self._add(applied, hidden, self.scalars.one)

    def _add(self, applied: ScheduledApplication, hidden: Hidden, factor: Coefficient) -> None:
        for target, coefficient in applied.outputs.items():
            name = self.names[self.block[target]]
            self.outputs.append((name, len(self.hidden), str(coefficient * factor)))
        self.hidden.append(hidden)


def units_of(
    function: PiecewiseLinear, scalars: CoefficientField
) -> tuple[Coefficient, tuple[Unit, ...]]:
    """Write a piecewise-linear function as a constant and hidden units."""
    if function.breakpoints and is_numeric(function):
        value, hinges = anchored(function)
        number = scalars.number
        found = (Unit(number(one.coefficient), one.sign, number(one.place)) for one in hinges)
        return number(value), tuple(found)
    constant, slope = scalars.of(function.constant), scalars.of(function.slope)
    breakpoints = [
        (scalars.of(place), scalars.of(change)) for place, change in function.breakpoints
    ]
    if not slope:
        return constant, tuple(Unit(change, 1, place) for place, change in breakpoints if change)
    at = next((i for i, (_, change) in enumerate(breakpoints) if change == -slope), 0)
    if not breakpoints:
        breakpoints = [(scalars.zero, scalars.zero)]
    place = breakpoints[at][0]
    units = list(_with_slope(breakpoints, at, slope))
    return constant + slope * place, tuple(unit for unit in units if unit.coefficient)


def _with_slope(
    breakpoints: list[tuple[Coefficient, Coefficient]], at: int, slope: Coefficient
) -> Iterator[Unit]:
    for i, (place, change) in enumerate(breakpoints):
        yield Unit(change + slope if i == at else change, 1, place)
        if i == at:
            yield Unit(-slope, -1, place)
