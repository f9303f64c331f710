"""Functions of functions of one linear value: f(a·g(…) + b), with slopes, ranges, errors.

The innermost argument is scale·w·x + rest, with w the unknown and rest free of it.  Each function
is taken as f̂ = f(clip(t, low, high)) on the interval of its table, as it is without a table; f̂ has
the slopes of f there and 0.  The table T, constant outside of its interval too, is within its error
of f̂ everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.algebra.words import Letter, Polynomial, Word, ones_word
from weightsmith.checker.balls.bounds import Bounds, ball_above, ball_below
from weightsmith.checker.balls.curves import Curve, end, exact_curve
from weightsmith.checker.balls.formula_ranges import FormulaRanges
from weightsmith.checker.errors.root_problem import RootProblem
from weightsmith.checker.reading.refusal import Budget, RefusedError, require
from weightsmith.checker.semantics.site_letters import SiteValue
from weightsmith.checker.semantics.tables import FormulaTable, Table
from weightsmith.dsl.program import core

Range = tuple[Fraction | None, Fraction | None]


class Link:
    """One function of a chain, f̂, with its slopes."""

    def __init__(
        self,
        site: SiteValue,
        tables: Mapping[str, Table],
        bindings: Mapping[str, Fraction],
        budget: Budget,
    ) -> None:
        node = site.node
        table = tables.get(node.site)
        self.table: FormulaTable | None = None
        self._curve: Curve | None = None
        self._ranges: FormulaRanges | None = None
        require(isinstance(node, core.Entrywise), "The step multiplies entries.")
        if isinstance(table, FormulaTable):
            self.table = table
            interval = table.low, table.high
            self._ranges = FormulaRanges(table.formula, bindings, interval, budget)
            low, high = self._ranges.slopes(*interval)
            self.slopes = min(low, Fraction(0)), max(high, Fraction(0))
        elif isinstance(node, core.Entrywise) and isinstance(node.function, core.PiecewiseLinear):
            self._curve = exact_curve(node.function, bindings)
            self.slopes = self._curve.slope_range(None, None)
        else:
            raise RefusedError(f"The function at site {node.site} has no table.")

    def shares(self) -> dict[str, Fraction]:
        """The table is within its own error of f̂."""
        return {} if self.table is None else {self.table.site: Fraction(1)}

    def range(self, argument: Range) -> Range:
        """The values of f̂ on an interval."""
        low, high = argument
        if self._curve is not None:
            return self._curve.range(low, high)
        if self.table is None or self._ranges is None:
            raise RefusedError("A function has no table.")
        first, last = self.table.low, self.table.high
        bottom = first if low is None else min(max(low, first), last)
        top = last if high is None else min(max(high, first), last)
        return self._ranges.values(bottom, top)

    def is_inside(self, argument: Range) -> bool:
        """True if f̂ = f on the interval."""
        if self.table is None:
            return True
        low, high = argument
        inside = low is not None and high is not None
        return inside and self.table.low <= (low or 0) and (high or 0) <= self.table.high


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """Functions from the inside out; ``inner[i]`` is (a, b) of the argument of links[i + 1].

    ``scale``·w·``features`` + ``rest`` is the argument of the first.
    """

    number: str
    links: tuple[Link, ...]
    inner: tuple[tuple[Fraction, Fraction], ...]
    scale: Fraction
    features: Letter
    rest: Polynomial

    def slopes(self) -> tuple[Fraction, Fraction]:
        """The slopes of the whole, as a function of an entry of w·features."""
        low, high = _times((self.scale, self.scale), self.links[0].slopes)
        for (factor, _), link in zip(self.inner, self.links[1:], strict=True):
            low, high = _times(_times((low, high), (factor, factor)), link.slopes)
        return low, high

    def shares(self) -> dict[str, Fraction]:
        """c, by sites: the tables are within Σ c·error of the chain of f̂, for every argument."""
        shares = self.links[0].shares()
        for (factor, _), link in zip(self.inner, self.links[1:], strict=True):
            steep = max(map(abs, link.slopes)) * abs(factor)
            before = {site: steep * share for site, share in shares.items()}
            shares = {**before, **link.shares()}
        return shares

    def range(self, argument: Bounds, *, inside: bool = False) -> Bounds:
        """The values on an interval of the innermost argument; ``inside`` requires f̂ = f there."""
        current: Range = (end(argument.low), end(argument.high))
        for place, link in enumerate(self.links):
            if place:
                current = _affine(current, *self.inner[place - 1])
            good = not inside or link.is_inside(current)
            require(good, "The root is not shown to lie where the tables are.")
            current = link.range(current)
        low, high = current
        bounds = Bounds() if low is None else Bounds(low=ball_below(low))
        return bounds if high is None else bounds.meet(Bounds(high=ball_above(high)))


def _affine(argument: Range, factor: Fraction, offset: Fraction) -> Range:
    ends = [None if one is None else one * factor + offset for one in argument]
    return (ends[0], ends[1]) if factor > 0 else (ends[1], ends[0])


def _times(
    one: tuple[Fraction, Fraction], two: tuple[Fraction, Fraction]
) -> tuple[Fraction, Fraction]:
    products = [a * b for a in one for b in two]
    return min(products), max(products)


def read_chain(
    problem: RootProblem, site: SiteValue, tables: Mapping[str, Table], budget: Budget
) -> Chain:
    """Follow the arguments of a site down to a linear value of the unknown."""
    links: list[Link] = []
    inner: list[tuple[Fraction, Fraction]] = []
    number = site.node.site
    while True:
        links.insert(0, Link(site, tables, problem.script.bindings, budget))
        (argument,) = site.arguments
        found = _affine_site(problem, argument)
        if found is None:
            scale, features, rest = _linear(problem, argument)
            return Chain(number, tuple(links), tuple(inner), scale, features, rest)
        site, factor, offset = found
        inner.insert(0, (factor, offset))


def _affine_site(
    problem: RootProblem, argument: Polynomial
) -> tuple[SiteValue, Fraction, Fraction] | None:
    """factor·(value of another site) + offset in every entry."""
    constant = ones_word(argument.rows, argument.columns)
    offset = Fraction(0)
    found: tuple[SiteValue, Fraction] | None = None
    for word, coefficient in argument.terms.items():
        number = problem.number(coefficient)
        if word == constant:
            offset = number
        elif len(word) == 1 and word[0].name in problem.script.sites and found is None:
            require(not word[0].transposed, "A function of the step is transposed.")
            found = problem.script.sites[word[0].name], number
        else:
            return None
    return None if found is None else (*found, offset)


def _linear(problem: RootProblem, argument: Polynomial) -> tuple[Fraction, Letter, Polynomial]:
    """scale · w · features + rest."""
    rest: dict[Word, object] = {}
    found: tuple[Fraction, Letter] | None = None
    names = problem.input_names()
    for word, coefficient in argument.terms.items():
        if len(word) == 2 and word[0] == problem.letter and word[1].plain().name in names:
            require(found is None, "A function of the step is of two products with the unknown.")
            found = problem.number(coefficient), word[1]
            continue
        known = all(letter.names <= names for letter in word) and not any(
            letter.name in problem.script.sites for letter in word
        )
        require(known, "A function of the step is not of w·x plus what is given.")
        rest[word] = coefficient
    if found is None:
        raise RefusedError("A function of the step does not depend on the unknown.")
    kept = {word: argument.terms[word] for word in rest}
    return *found, Polynomial(argument.field, argument.rows, argument.columns, kept)
