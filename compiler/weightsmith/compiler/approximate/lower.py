"""Approximated functions to tables: a script in which every function is piecewise linear.

    f(E)     becomes  table(E), the table within the tolerance of f on the interval of E's entries
    E .* F   becomes  P·Q·(S(½(E/P + F/Q)) − S(½(E/P − F/Q))) where |E| ≤ P, |F| ≤ Q, and S is a
             table of the square on [−1, 1]; with ``gated`` it stays as it is

S is one MLP of N pieces, error 1/N²; or, where those would be too many, sawteeth one upon the
other (Yarotsky 2017, Proposition 2): with u = min(|t|, 1) and tent(u) = 2u − 4 relu(u − ½),

    S(t) = u − Σ_s tentˢ(u)/4ˢ,   s = 1 … m,

which is the same table of N = 2^(m+1) pieces, in m + 1 MLPs of constant width.

What follows (graph, layers, weights) is exact for the lowered script.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import flint

from weightsmith.checker.balls.ranges import fraction, rational
from weightsmith.compiler.approximate.choose_tables import SiteTable, choose_tables
from weightsmith.compiler.approximate.fitting.table import Table
from weightsmith.compiler.ir.piecewise import numeric
from weightsmith.compiler.passes.normalizing.fuse_entries import APART
from weightsmith.dsl.numbers.scalars import Number
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import PiecewiseLinear
from weightsmith.dsl.program.nodes import with_parts


@dataclass(frozen=True)
class Lowered:
    program: core.Program
    tables: tuple[SiteTable, ...]


def lower(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    *,
    gated: bool = False,
    tables: tuple[SiteTable, ...] | None = None,
) -> Lowered:
    """Choose the tables, if they are not given, and put them in place.

    Raises DiagnosticError where there are none.
    """
    if tables is None:
        tables = choose_tables(program, bindings, gated=gated)
    if not tables:
        return Lowered(program, ())
    replacer = _Replacer({table.site: table for table in tables}, bindings)
    return Lowered(replacer.program(program), tables)


@dataclass(frozen=True)
class _Replacer:
    """Puts tables in place, and numbers for the symbols of the other functions."""

    tables: Mapping[str, SiteTable]
    bindings: Mapping[str, Fraction]

    def program(self, program: core.Program) -> core.Program:
        return replace(
            program,
            body=tuple(self._statement(s) for s in program.body),
            returns=tuple(replace(r, value=self.node(r.value)) for r in program.returns),
        )

    def _statement(self, statement: core.Statement) -> core.Statement:
        if isinstance(statement, core.Repeat):
            return replace(statement, body=tuple(self._statement(s) for s in statement.body))
        return replace(statement, values=tuple(self.node(v) for v in statement.values))

    def node(self, node: core.Node) -> core.Node:
        if isinstance(node, core.Hadamard):
            return self._product(node)
        node = with_parts(node, self.node)
        if not isinstance(node, core.Entrywise):
            return node
        if isinstance(node.function, PiecewiseLinear):
            return replace(node, function=numeric(node.function, self.bindings))
        return replace(node, function=piecewise(self.tables[node.site].fitted))

    def _product(self, node: core.Hadamard) -> core.Node:
        found = self.tables[node.site]
        left, right = self.node(node.left), self.node(node.right)
        if found.scales is None:
            return replace(node, left=left, right=right)
        first, second = found.scales
        terms: list[tuple[Number, core.Node]] = []
        for sign in (1, -1):
            halves = (
                (Number(1 / (2 * first)), left),
                (Number(sign / (2 * second)), right),
            )
            inside = core.Combination(node.span, node.shape, halves)
            name = f"{node.site}{'+' if sign > 0 else '-'}"
            factor = sign * first * second
            if found.sawteeth:
                teeth = _Sawteeth(inside, name).terms(found.sawteeth)
                terms += [(Number(factor * number), tooth) for number, tooth in teeth]
                continue
            square = piecewise(found.fitted)
            applied = core.Entrywise(node.span, node.shape, "square", square, inside, name)
            terms.append((Number(factor), applied))
        return core.Combination(node.span, node.shape, tuple(terms))


FOLDED = PiecewiseLinear(  # min(|t|, 1)
    Number(Fraction(1)),
    Number(Fraction(0)),
    tuple((Number(Fraction(t)), Number(Fraction(c))) for t, c in ((-1, -1), (0, 2), (1, -1))),
)
TENT = PiecewiseLinear(
    Number(Fraction(0)),
    Number(Fraction(2)),
    ((Number(Fraction(1, 2)), Number(Fraction(-4))),),
)
SAME = PiecewiseLinear(Number(Fraction(0)), Number(Fraction(1)), ())


@dataclass(frozen=True)
class _Sawteeth:
    """The square of ``inside``, tent upon tent; partial sums are blocks, the width is constant."""

    inside: core.Node
    name: str

    def terms(self, depth: int) -> list[tuple[Fraction, core.Node]]:
        """Return Σ number · node, the square's table of 2^(depth + 1) pieces."""
        tooth = self._applied(FOLDED, self.inside, "0")
        total: list[tuple[Fraction, core.Node]] = [(Fraction(1), tooth)]
        for step in range(1, depth + 1):
            if len(total) > 2:  # what two teeth ago was the last is settled by now
                total = [(Fraction(1), self._held(total, step)), *total[2:]]
            tooth = self._applied(TENT, tooth, f"{step}")
            total.append((Fraction(-1, 4**step), tooth))
        return total

    def _held(self, total: list[tuple[Fraction, core.Node]], step: int) -> core.Node:
        """The sum of the first two terms, in a block of its own."""
        parts = tuple((Number(number), node) for number, node in total[:2])
        inside = core.Combination(self.inside.span, self.inside.shape, parts)
        return self._applied(SAME, inside, f"{step}sum")

    def _applied(self, function: PiecewiseLinear, of: core.Node, part: str) -> core.Node:
        span, shape = self.inside.span, self.inside.shape
        return core.Entrywise(span, shape, APART, function, of, f"{self.name}{part}")


def piecewise(table: Table) -> PiecewiseLinear:
    """The function of a table: linear between the knots, constant outside."""
    knots = [(rational(place), rational(value)) for place, value in table.knots]
    slopes = [(after - before) / (end - start) for (start, before), (end, after) in pairwise(knots)]
    flat = flint.fmpq(0)
    changes = (after - before for before, after in pairwise((flat, *slopes, flat)))
    breakpoints = tuple(
        (Number(place), Number(fraction(change)))
        for (place, _), change in zip(table.knots, changes, strict=True)
        if change
    )
    return PiecewiseLinear(Number(table.knots[0][1]), Number(Fraction(0)), breakpoints)
