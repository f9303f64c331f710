"""Equations g(w) = 0 that have one root, and how far w is from it: ‖w − root‖ ≤ ‖g(w)‖/μ.

A continuous g with ⟨g(w) − g(v), w − v⟩ ≥ μ‖w − v‖² for some μ > 0 has exactly one root (Browder
and Minty), and at v = root the inequality of Cauchy and Schwarz gives the bound.  Such a g is a
gradient of a strongly convex function, or behaves like one.  What is recognised, in any sum with
matrices that are free of w:

* c·w, which adds c to μ;
* c·φ(w·X + …)·X′ with φ acting entry by entry and c·φ nondecreasing, as
  ⟨(φ(wX) − φ(vX))X′, w − v⟩ = ⟨φ(wX) − φ(vX), wX − vX⟩ ≥ 0;
* its mirror image c·X·φ(X′·w + …).

φ may be made of sums, multiples and nested functions of entries: ``direction`` says whether such an
expression grows with every entry of wX (+1), falls (−1), or does not depend on it (0).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.backends.enclose.matrices.near import NoBoundError, require
from weightsmith.dsl.elementary import elementary
from weightsmith.dsl.elementary.record import Numbers
from weightsmith.dsl.numbers import formulas as f
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.program import core
from weightsmith.dsl.program.canonical import form_key
from weightsmith.dsl.program.core import Node, Shape
from weightsmith.dsl.program.parts import nodes_of
from weightsmith.dsl.program.scope import Definition

Key = tuple[object, ...]
NO_TEST = (
    "the equation is not of a form that is known to have one root: a multiple of {0} above 0, and "
    "growing functions of entries f({0}*X)*X' for one and the same X"
)


@dataclass(frozen=True, slots=True)
class Convex:
    """c·φ·X′, or mirrored c·X·φ: the coefficient, φ, the other factor, and w·X or X′·w in φ."""

    scale: Fraction
    inner: Node
    outer: Node
    linear: Key
    mirrored: bool
    summed: tuple[str, ...]  # the token groups over which φ and the other factor are contracted


@dataclass(frozen=True, slots=True)
class Monotone:
    """The parts of an equation: μ, and the terms that are nondecreasing."""

    strength: Fraction
    terms: tuple[Convex, ...]


class Reader:
    """Reads an equation in one unknown; raises NoBoundError where it has no test."""

    def __init__(
        self, root: core.Root, names: Mapping[str, Definition], bindings: Mapping[str, Fraction]
    ) -> None:
        self._root, self._bindings = root, bindings
        self._names = {**names, root.name: Definition(None, is_input=True)}
        self._known: dict[tuple[int, bool], tuple[Node, Key, bool]] = {}  # only speed

    def read(self) -> Monotone:
        strength, terms = Fraction(0), []
        for scale, node in self._terms(self._root.equation, Fraction(1)):
            if isinstance(node, core.Name):
                strength += scale
            else:
                terms.append(self._convex(scale, node))
        require(strength > 0, self._no_test)
        return Monotone(strength, tuple(terms))

    def depends(self, node: Node) -> bool:
        return any(
            isinstance(one, core.Name) and one.name == self._root.name for one in nodes_of(node)
        )

    def is_linear(self, node: Node, linear: Key, turned: bool = False) -> bool:
        """Is the node, or turned its transpose, w·X itself?"""
        known = self._known.get((id(node), turned))
        if known is None or known[1] is not linear:
            same = self._key(_transpose(node) if turned else node) == linear
            known = self._known[id(node), turned] = node, linear, same
        return known[2]

    def direction(self, node: Node, linear: Key, turned: bool = False) -> int:
        """+1, −1 or 0, of the node or its transpose; raises NoBoundError where nothing tells."""
        if not self.depends(node):
            return 0
        if self.is_linear(node, linear, turned):
            return 1
        match node:
            case core.Transpose(of=of):
                return self.direction(of, linear, not turned)
            case core.Combination(terms=terms):
                signs = {
                    _sign(q.evaluate(scale, self._bindings)) * self.direction(of, linear, turned)
                    for scale, of in terms
                }
                return self._common(signs)
            case core.Entrywise(function=function, of=of):
                return self._function(function) * self.direction(of, linear, turned)
        raise NoBoundError(self._no_test)

    def _key(self, node: Node) -> Key | None:
        return form_key(node, self._names, str)

    @property
    def _no_test(self) -> str:
        return NO_TEST.format(self._root.name)

    def _terms(self, node: Node, scale: Fraction) -> Iterator[tuple[Fraction, Node]]:
        """The summands that depend on the unknown."""
        if isinstance(node, core.Combination):
            for own, of in node.terms:
                yield from self._terms(of, scale * q.evaluate(own, self._bindings))
        elif self.depends(node):
            yield scale, node

    def _convex(self, scale: Fraction, node: Node) -> Convex:
        if not isinstance(node, core.Product):
            raise NoBoundError(self._no_test)
        for place in range(1, len(node.factors)):
            for mirrored in (False, True):
                found = self._split(scale, node, place, mirrored)
                if found is not None:
                    return found
        raise NoBoundError(self._no_test)

    def _split(
        self, scale: Fraction, node: core.Product, place: int, mirrored: bool
    ) -> Convex | None:
        """Read factors[:place] as φ and the rest as X′, or the first as X and the rest as φ."""
        first, second = _part(node, 0, place), _part(node, place, len(node.factors))
        inner, outer = (second, first) if mirrored else (first, second)
        if self.depends(outer):
            return None
        linear = self._key(self._linear(outer, node.over, mirrored))
        if linear is None:
            return None
        try:
            grows = _sign(scale) * self.direction(inner, linear) >= 0
        except NoBoundError:
            return None
        if not grows:
            return None
        axis = first.shape.columns
        return Convex(
            scale, inner, outer, linear, mirrored, node.over if axis == core.TOKEN else ("",)
        )

    def _linear(self, outer: Node, over: tuple[str, ...], mirrored: bool) -> Node:
        """w·outer′, or mirrored outer′·w."""
        adjoint = _transpose(outer)
        unknown = core.Name(outer.span, self._root.shape, self._root.name)
        factors = (adjoint, unknown) if mirrored else (unknown, adjoint)
        return core.Product(outer.span, _shape(factors), factors, over)

    def _function(self, function: core.PiecewiseLinear | core.Approximated) -> int:
        if isinstance(function, core.Approximated):
            return self._formula(function.formula)
        slope = q.evaluate(function.slope, self._bindings)
        breakpoints = [
            (q.evaluate(place, self._bindings), q.evaluate(change, self._bindings))
            for place, change in function.breakpoints
        ]
        slopes = [slope]
        for _, change in sorted(breakpoints):
            slopes.append(slopes[-1] + change)
        return self._common({_sign(one) for one in slopes})

    def _formula(self, formula: f.Formula) -> int:
        """The direction of a formula that is defined for all real numbers."""
        match formula:
            case f.Variable():
                return 1
            case f.Constant():
                return 0
            case f.Sum(terms):
                return self._common({self._formula(term) for term in terms})
            case f.Times(factors):
                return self._times(factors)
            case f.IntegerPower(base, exponent) if exponent > 0 and exponent % 2:
                return self._formula(base)
            case f.IntegerPower(base, exponent) if exponent < 0 and self._positive(base):
                return -self._formula(base)
            case f.Apply(name, of):
                function = elementary(name)
                require(function.grows and function.domain is Numbers.ALL, self._no_test)
                return self._formula(of)
        raise NoBoundError(self._no_test)

    def _times(self, factors: tuple[f.Formula, ...]) -> int:
        """The direction of constants times one more factor."""
        scale, others = Fraction(1), []
        for factor in factors:
            if isinstance(factor, f.Constant):
                scale *= q.evaluate(factor.value, self._bindings)
            else:
                others.append(factor)
        require(len(others) <= 1, self._no_test)
        return _sign(scale) * self._formula(others[0]) if others else 0

    def _positive(self, formula: f.Formula) -> bool:
        match formula:
            case f.Constant(value):
                return q.evaluate(value, self._bindings) > 0
            case f.Sum(parts) | f.Times(parts):
                return all(map(self._positive, parts))
            case f.Apply(name, of):
                self._formula(of)
                return elementary(name).image is Numbers.POSITIVE
            case _:
                return False

    def _common(self, signs: set[int]) -> int:
        """The one direction of several summands, or pieces."""
        known = signs - {0}
        require(len(known) <= 1, self._no_test)
        return known.pop() if known else 0


def _part(node: core.Product, first: int, last: int) -> Node:
    """Some neighbouring factors of a product."""
    chosen = node.factors[first:last]
    if len(chosen) == 1:
        return chosen[0]
    return core.Product(node.span, _shape(chosen), chosen, node.over)


def _shape(factors: tuple[Node, ...]) -> Shape:
    first, last = factors[0].shape, factors[-1].shape
    return Shape(first.rows, last.columns, first.row_groups, last.column_groups)


def _transpose(node: Node) -> Node:
    shape = node.shape
    turned = Shape(shape.columns, shape.rows, shape.column_groups, shape.row_groups)
    return core.Transpose(node.span, turned, node)


def _sign(number: Fraction) -> int:
    return (number > 0) - (number < 0)
