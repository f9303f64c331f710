"""The root of an equation that ``monotone`` recognises, near a value that was computed.

Newton's method in floats, started at the value, finds a point whose residual, evaluated with the
rules of the other files, is small; nothing is assumed of the method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from weightsmith.backends.enclose.equations.monotone import Convex, Monotone, Reader
from weightsmith.backends.enclose.matrices.near import (
    Array,
    Near,
    NoBoundError,
    near,
    norm,
    require,
)
from weightsmith.backends.enclose.matrices.sums import collapsed, rounded, two_sum
from weightsmith.backends.enclose.values.contraction import keys_of
from weightsmith.backends.enclose.values.evaluate import Evaluator
from weightsmith.backends.enclose.values.remembered import remembered
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.formula_values import evaluate_formula
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Node
from weightsmith.dsl.program.scope import Definition

ROUNDS = 8
ENOUGH = 1e-4  # what the residual may add to the bound: only tightness depends on it
STEP = 1e-6  # of differences
Slopes = dict[tuple[str, str], tuple[Array, Array]]


def root(evaluator: Evaluator, node: core.Root, value: Array) -> Near:
    """The root as value + lo, up to a radius; raises NoBoundError."""
    require(keys_of(node) == [("", "")], "a root that has columns by token has no test")
    evaluator.require_symmetric_inputs(node.equation)
    known = _read(node, evaluator)
    strength = rounded(known.equation.strength) * (1 - 2.0**-50)
    newton = _Newton(evaluator, known.reader, node, known.equation)
    try:
        return _nearest(newton, near(value), strength)
    finally:
        evaluator.values.pop(node.name, None)


@dataclass(frozen=True, slots=True)
class _Reading:
    names: Mapping[str, Definition]
    bindings: Mapping[str, Fraction]
    reader: Reader
    equation: Monotone


def _read(node: core.Root, evaluator: Evaluator) -> _Reading:
    """As it was read before, of the same equation with the same numbers."""
    names, bindings = evaluator.definitions, evaluator.bindings
    readings = _readings(node)
    for known in readings:
        if known.names is names and known.bindings == bindings:
            return known
    reader = Reader(node, names, bindings)
    found = _Reading(names, dict(bindings), reader, reader.read())
    readings[:] = [found]
    return found


@remembered
def _readings(node: core.Root) -> list[_Reading]:
    return []


def _nearest(newton: _Newton, point: Near, strength: float) -> Near:
    """The best of a few points; raises NoBoundError if there is nothing to be said of the first."""
    found = newton.residual(point)
    best = near(point.hi, None, found.whole / strength)
    apart = 0.0
    for _ in range(ROUNDS):
        if best.radius <= ENOUGH * apart or found.size <= found.radius:
            break  # near enough, or what is left is less than what is known of it
        step = newton.step()
        if step is None:
            break
        try:
            following = near(*two_sum(best.hi, step if best.lo is None else best.lo + step))
            found = newton.residual(following)
            radius = found.whole / strength
        except NoBoundError:
            break
        if not radius < best.radius:
            break
        best = near(following.hi, following.lo, radius)
        apart = norm(best.hi - point.hi)
    return best


class _Newton:
    """Residuals and steps; a point is the value of the unknown until the next one."""

    def __init__(
        self, evaluator: Evaluator, reader: Reader, node: core.Root, equation: Monotone
    ) -> None:
        self._evaluator, self._reader = evaluator, reader
        self._node, self._equation = node, equation
        self._residual: Array | None = None
        self._rough = evaluator

    def residual(self, point: Near) -> Near:
        self._evaluator.values[self._node.name] = {("", ""): point}
        found = collapsed(self._evaluator.blocks(self._node.equation)["", ""])
        self._residual = found.hi
        return found

    def step(self) -> Array | None:
        """−g/g′ row by row of the unknown (column by column if mirrored); None if it has none."""
        terms = self._equation.terms
        mirrored = bool(terms) and terms[0].mirrored
        if self._residual is None or any(term.mirrored != mirrored for term in terms):
            return None
        right = self._residual.T if mirrored else self._residual
        slopes = np.eye(right.shape[1]) * rounded(self._equation.strength)
        hessians = np.broadcast_to(slopes, (len(right), *slopes.shape)).copy()
        for term in terms:
            self._add(term, hessians)
        try:
            step = -np.linalg.solve(hessians, right[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(step).all():
            return None
        return step.T if mirrored else step

    def _add(self, term: Convex, hessians: Array) -> None:
        """X·diag(φ′)·X′ for every row."""
        self._rough = self._evaluator.as_short()
        outer = self._rough.blocks(term.outer)
        slopes = self._slopes(term.inner, term.linear, False)
        for group in term.summed:
            matrix = outer["", group].hi if term.mirrored else outer[group, ""].hi.T
            slope = slopes[group, ""][1].T if term.mirrored else slopes["", group][1]
            for hessian, row in zip(hessians, slope, strict=True):
                hessian += rounded(term.scale) * (matrix * row) @ matrix.T

    def _slopes(self, node: Node, linear: tuple[object, ...], turned: bool) -> Slopes:
        """Values of φ and slopes by entries of w·X, in floats."""
        free = not self._reader.depends(node)
        if free or self._reader.is_linear(node, linear, turned):
            found = self._rough.blocks(node)
            return {key: (one.hi, np.full(one.hi.shape, 1.0 - free)) for key, one in found.items()}
        match node:
            case core.Transpose(of=of):
                inner = self._slopes(of, linear, not turned)
                return {(b, a): (one[0].T, one[1].T) for (a, b), one in inner.items()}
            case core.Combination(terms=terms):
                parts = [
                    (self._number(scale), self._slopes(of, linear, turned)) for scale, of in terms
                ]
                return {
                    key: (
                        sum((scale * part[key][0] for scale, part in parts), np.zeros(())),
                        sum((scale * part[key][1] for scale, part in parts), np.zeros(())),
                    )
                    for key in keys_of(node)
                }
            case core.Entrywise(function=function, of=of):
                inner = self._slopes(of, linear, turned)
                return {key: self._applied(function, *inner[key]) for key in keys_of(node)}
            case _:
                raise TypeError(f"a term of an equation is a {type(node).__name__}")

    def _applied(
        self, function: core.PiecewiseLinear | core.Approximated, value: Array, slope: Array
    ) -> tuple[Array, Array]:
        width = STEP * np.maximum(1.0, np.abs(value))
        low, middle, high = (
            self._values(function, value + shift) for shift in (-width, 0 * width, width)
        )
        return middle, (high - low) / (2 * width) * slope

    def _values(self, function: core.PiecewiseLinear | core.Approximated, at: Array) -> Array:
        if isinstance(function, core.Approximated):
            return evaluate_formula(function.formula, at, self._evaluator.bindings)
        total = self._number(function.slope) * at + self._number(function.constant)
        for place, change in function.breakpoints:
            beyond = np.maximum(at - self._number(place), 0)
            total = total + self._number(change) * beyond
        return total

    def _number(self, scalar: q.Scalar) -> float:
        return rounded(q.evaluate(scalar, self._evaluator.bindings))
