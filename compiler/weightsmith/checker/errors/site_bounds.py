"""Bounds of a function of entries: of its value in the network, in the script, and between them.

Network: a table T, in its exact range.  Script: f, which is within ``error`` of T where the
argument lies in the interval of the table.  With v, w the arguments in network and script,
    |T(v) − f(w)| ≤ |T(v) − T(w)| + |T(w) − f(w)| ≤ slope·|v − w| + error,
    |table(v₁, v₂) − w₁·w₂| ≤ error + |v₁|·|v₂ − w₂| + |v₁ − w₁|·|w₂|.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.balls.bounds import (
    NOTHING,
    Ball,
    Bounds,
    ball_above,
    ball_below,
    entrywise,
    exact,
    spread,
)
from weightsmith.checker.balls.claim_numbers import shown, shown_below
from weightsmith.checker.balls.curves import (
    Curve,
    curve_bounds,
    exact_curve,
    reached,
    steep_bounds,
    table_curve,
)
from weightsmith.checker.balls.formula_ranges import FormulaRanges
from weightsmith.checker.balls.shared import sharing
from weightsmith.checker.reading.refusal import Budget, RefusedError, require
from weightsmith.checker.semantics.site_letters import SiteValue
from weightsmith.checker.semantics.tables import FormulaTable, Gated, ProductTable, Table
from weightsmith.dsl.program import core


@dataclass(frozen=True, slots=True)
class Triple:
    """A value in the network, in the script, and the difference network − script."""

    network: Bounds
    script: Bounds
    difference: Bounds

    def consistent(self) -> Triple:
        """Let the three bound each other."""
        script = self.script.meet((self.network - self.difference).plain())
        return Triple(self.network, script, self.difference.meet(self.network - script))


class SiteBounds:
    """Applies the functions of a script to bounds; refuses what leaves the interval of a table."""

    def __init__(
        self,
        tables: Mapping[str, Table],
        bindings: Mapping[str, Fraction],
        budget: Budget | None = None,
    ) -> None:
        self._tables = tables
        self._bindings = bindings
        self._budget = budget or Budget()
        inexact = (name for name, table in tables.items() if not isinstance(table, Gated))
        self._places = {name: place for place, name in enumerate(inexact, 1)}
        self._ranges: dict[str, FormulaRanges] = {}
        self._curves: dict[str, Curve] = {}

    def is_inexact(self, site: SiteValue) -> bool:
        return isinstance(self._tables.get(site.node.site), FormulaTable | ProductTable)

    def network(
        self, site: SiteValue, arguments: Sequence[Bounds], height: Ball, width: Ball
    ) -> Bounds:
        """The value in the network, of at most so many rows (height) and columns (width)."""
        table = self._tables.get(site.node.site)
        if isinstance(site.node, core.Entrywise):
            if isinstance(table, FormulaTable):
                _check_inside(site, table, arguments[0])
            return curve_bounds(self._curve(site), arguments[0], height, width)
        product = entrywise(*arguments, equal=_is_square(site)).tightened(height, width)
        if isinstance(table, ProductTable):
            _check_product(site, table, arguments)
            product = product + spread(ball_above(table.error)).tightened(height, width)
        elif not isinstance(table, Gated):
            raise RefusedError(f"The product of entries at site {site.node.site} has no table.")
        return product.tightened(height, width)

    def compared(
        self, site: SiteValue, arguments: Sequence[Triple], height: Ball, width: Ball
    ) -> Triple:
        """The value in the network and in the script, and their difference."""
        network = self.network(site, [one.network for one in arguments], height, width)
        if isinstance(site.node, core.Entrywise):
            script, difference = self._function(site, arguments[0], height, width)
        else:
            script, difference = self._product(site, arguments, height, width)
        script, difference = (one.tightened(height, width) for one in (script, difference))
        return Triple(network, script, difference).consistent()

    def _function(
        self, site: SiteValue, argument: Triple, height: Ball, width: Ball
    ) -> tuple[Bounds, Bounds]:
        curve, table = self._curve(site), self._tables.get(site.node.site)
        values = curve_bounds(curve, argument.script, height, width)
        slope = ball_above(curve.steepest(*reached(argument.network, argument.script)))
        difference = steep_bounds(slope, argument.difference).tightened(height, width)
        if not isinstance(table, FormulaTable):
            return values, difference
        if not _is_inside(table, argument.script):
            return Bounds(), Bounds()
        error = self._error(table, height, width)
        script = (values + error.plain()).meet(self._formula_range(table, argument.script))
        return script, difference + error

    def _formula_range(self, table: FormulaTable, argument: Bounds) -> Bounds:
        """The range of the exact function, on an argument inside the interval of its table."""
        if table.site not in self._ranges:
            interval = table.low, table.high
            self._ranges[table.site] = FormulaRanges(
                table.formula, self._bindings, interval, self._budget
            )
        ends = exact(argument.low), exact(argument.high)
        low, high = self._ranges[table.site].values(*ends)
        return Bounds(ball_below(low), ball_above(high))

    def _product(
        self, site: SiteValue, arguments: Sequence[Triple], height: Ball, width: Ball
    ) -> tuple[Bounds, Bounds]:
        left, right = arguments
        table = self._tables.get(site.node.site)
        values = entrywise(left.script, right.script, equal=_is_square(site))
        difference = NOTHING
        for one, two in ((left.network, right.difference), (left.difference, right.script)):
            difference = difference + entrywise(one, two).tightened(height, width)
        if isinstance(table, ProductTable):
            difference = difference + self._error(table, height, width)
        return values, difference

    def _error(self, table: FormulaTable | ProductTable, height: Ball, width: Ball) -> Bounds:
        """What a table adds to a difference, known as its share."""
        error = sharing(ball_above(table.error), self._places[table.site], len(self._places))
        return spread(error).tightened(height, width)

    def _curve(self, site: SiteValue) -> Curve:
        number = site.node.site
        if number not in self._curves:
            self._curves[number] = self._read_curve(site.node)
        return self._curves[number]

    def _read_curve(self, node: core.Entrywise | core.Hadamard) -> Curve:
        table = self._tables.get(node.site)
        if isinstance(table, FormulaTable):
            return table_curve(table.knots)
        if isinstance(node, core.Entrywise) and isinstance(node.function, core.PiecewiseLinear):
            return exact_curve(node.function, self._bindings)
        raise RefusedError(f"The function at site {node.site} has no table.")


def _is_square(site: SiteValue) -> bool:
    """Is one value multiplied with itself, entry by entry?"""
    left, right = site.arguments
    return left.equals(right)


def _is_inside(table: FormulaTable, argument: Bounds) -> bool:
    low, high = ball_above(table.low), ball_below(table.high)
    return bool(argument.low >= low and argument.high <= high)


def _check_inside(site: SiteValue, table: FormulaTable, argument: Bounds) -> None:
    require(
        _is_inside(table, argument),
        f"The argument of {site.letter.name} is only shown to lie in {_shown(argument)}, its "
        f"table is for [{shown(table.low)}, {shown_below(table.high)}].",
    )


def _check_product(site: SiteValue, table: ProductTable, arguments: Sequence[Bounds]) -> None:
    for argument, size in zip(arguments, (table.left, table.right), strict=True):
        require(
            bool(argument.size <= ball_below(size)),
            f"A factor of {site.letter.name} is only shown to lie in {_shown(argument)}, its table "
            f"is for numbers up to {shown_below(size)}.",
        )


def _shown(bounds: Bounds) -> str:
    low = shown_below(exact(bounds.low)) if bounds.low.is_finite() else "-∞"
    high = shown(exact(bounds.high)) if bounds.high.is_finite() else "∞"
    return f"[{low}, {high}]"
