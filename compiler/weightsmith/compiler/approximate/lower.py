"""Approximated functions to tables: a script in which every function is piecewise linear.

    f(E)     becomes  table(E), the table within the tolerance of f on the interval of E's entries
    E .* F   becomes  P·Q·(S(½(E/P + F/Q)) − S(½(E/P − F/Q))) where |E| ≤ P, |F| ≤ Q, and S is a
             table of the square on [−1, 1]; with ``gated`` it stays as it is

What follows (graph, layers, weights) is exact for the lowered script.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor, isfinite, log10, sqrt

from weightsmith.compiler.approximate.bounds import Bounds
from weightsmith.compiler.approximate.fit import (
    MOST_PIECES,
    Table,
    TooManyPiecesError,
    fit_table,
    square_table,
)
from weightsmith.compiler.approximate.formula_balls import range_of
from weightsmith.compiler.approximate.poles import find_singularity
from weightsmith.compiler.approximate.ranges import Ranges
from weightsmith.compiler.approximate.unbounded import unbounded_message
from weightsmith.compiler.ir.coefficients import CoefficientField
from weightsmith.compiler.ir.piecewise import numeric
from weightsmith.compiler.passes.build_graph import build_graph
from weightsmith.compiler.passes.normalize import normalize
from weightsmith.compiler.program_scalars import all_scalars
from weightsmith.dsl import core
from weightsmith.dsl.core import Approximated, PiecewiseLinear
from weightsmith.dsl.diagnostics import DiagnosticError, error
from weightsmith.dsl.formulas import formula_text
from weightsmith.dsl.scalars import Number, evaluate

DIGITS = 3  # of the ends of an interval, rounded outward


@dataclass(frozen=True)
class SiteTable:
    """The table of one site; ``scales`` are P and Q of a product, None for a function."""

    site: str
    label: str
    table: Table | None  # None: a gated product, exact
    scales: tuple[Fraction, Fraction] | None = None
    function_text: str = ""

    @property
    def low(self) -> Fraction:
        assert self.table is not None
        return self.table.knots[0][0]

    @property
    def high(self) -> Fraction:
        assert self.table is not None
        return self.table.knots[-1][0]


@dataclass(frozen=True)
class Lowered:
    program: core.Program
    tables: tuple[SiteTable, ...]


def lower(
    program: core.Program, bindings: Mapping[str, Fraction], *, gated: bool = False
) -> Lowered:
    """Choose the tables.  Raises DiagnosticError where no interval or no table can be found."""
    sites = tuple(sites_of(program))
    wanted = [s for s in sites if _is_approximated(s)]
    if not wanted:
        return Lowered(program, ())
    _refuse_unbound(program, wanted, bindings)
    chooser = _Chooser(program, bindings, gated)
    tables = tuple(chooser.table(site) for site in wanted)
    replacer = _Replacer({t.site: t for t in tables}, bindings)
    return Lowered(replacer.program(program), tables)


def called(site: core.Entrywise | core.Hadamard) -> str:
    """A site's function as the script writes it, in quotes."""
    return "'.*'" if isinstance(site, core.Hadamard) else f"'{site.label}'"


def _is_approximated(site: core.Entrywise | core.Hadamard) -> bool:
    return isinstance(site, core.Hadamard) or isinstance(site.function, Approximated)


def _refuse_unbound(
    program: core.Program,
    wanted: list[core.Entrywise | core.Hadamard],
    bindings: Mapping[str, Fraction],
) -> None:
    """A table is made of numbers: every parameter needs its value."""
    missing = [p.name for p in program.parameters if p.name not in bindings]
    if not missing:
        return
    first = wanted[0]
    message = (
        f"{called(first)} is computed by a table, and a table is made of numbers, but "
        f"'{missing[0]}' has no value"
    )
    settings = " ".join(f"--set {name}=…" for name in missing)
    raise DiagnosticError([error(first.span, message, f"give it one: {settings}")])


class _Chooser:
    def __init__(
        self, program: core.Program, bindings: Mapping[str, Fraction], gated: bool
    ) -> None:
        self.program, self.bindings, self.gated = program, bindings, gated
        field = CoefficientField(all_scalars(program))
        self.graph = build_graph(program)
        normal = normalize(program, self.graph, field)
        self.ranges = Ranges(program, normal, bindings, self._range)
        self._spans = {s.site: s for s in sites_of(program)}
        self.found = self.ranges.run()
        self.letters = {self._node_of(a.letter): a.letter for a in normal.applications}

    def _node_of(self, letter: str) -> int:
        site = letter[letter.rindex("[") + 1 : -1]
        return self.graph.sites[site]

    def _range(self, function: Approximated, low: float, high: float) -> tuple[float, float]:
        bottom, top = Fraction(low), Fraction(high)
        self._refuse_singular(function, bottom, top)
        first, last = range_of(function.formula, self.bindings, bottom, top)
        return float(first), float(last)

    def _refuse_singular(self, function: Approximated, low: Fraction, high: Fraction) -> None:
        found = find_singularity(function.formula, self.bindings, low, high)
        if found is None:
            return
        site = next(
            s
            for s in self._spans.values()
            if isinstance(s, core.Entrywise) and s.function == function
        )
        message = (
            f"'{site.label}' {found.says}, and its argument lies in "
            f"[{_short(low)}, {_short(high)}] by the assumptions"
        )
        hint = "keep the argument away from it: clip(E, low, high), or a closer assumption"
        raise DiagnosticError([error(site.span, message, hint)])

    def table(self, site: core.Entrywise | core.Hadamard) -> SiteTable:
        bounds = self.found[self.letters[self.graph.sites[site.site]]]
        if isinstance(site, core.Hadamard):
            return self._product(site, bounds)
        assert isinstance(site.function, Approximated)
        self._refuse_unbounded(site, bounds)
        low, high = outward(bounds[0])
        formula = site.function.formula
        safe = find_singularity(formula, self.bindings, low, high) is None
        if not safe:  # rounding reached a pole that the argument does not
            low, high = Fraction(bounds[0].low), Fraction(bounds[0].high)
        tolerance = evaluate(site.function.tolerance, self.bindings)
        try:
            table = fit_table(formula, self.bindings, low, high, tolerance)
        except TooManyPiecesError:
            raise self._too_fine(site, f"on [{_short(low)}, {_short(high)}]") from None
        return SiteTable(site.site, site.label, table, None, formula_text(formula))

    def _product(self, site: core.Hadamard, bounds: list[Bounds]) -> SiteTable:
        if self.gated:
            return SiteTable(site.site, "product", None)
        self._refuse_unbounded(site, bounds)
        scales = tuple(_outward(max(b.size, 2.0**-40)) for b in bounds)
        tolerance = evaluate(site.tolerance, self.bindings)
        whole = scales[0] * scales[1] / tolerance
        if whole > MOST_PIECES**2:
            limits = f"of numbers up to {_short(scales[0])} and {_short(scales[1])}"
            raise self._too_fine(site, limits)
        pieces = max(2, ceil(sqrt(float(whole))))
        pieces += pieces % 2
        while Fraction(pieces) ** 2 < whole:
            pieces += 2
        return SiteTable(site.site, "product", square_table(pieces), (scales[0], scales[1]))

    def _too_fine(self, site: core.Entrywise | core.Hadamard, where: str) -> DiagnosticError:
        message = f"{called(site)} {where} takes more than {MOST_PIECES} pieces for this tolerance"
        hint = "allow a larger error: within 1e-3; or keep the argument small: clip(E, low, high)"
        return DiagnosticError([error(site.span, message, hint)])

    def _refuse_unbounded(self, site: core.Entrywise | core.Hadamard, bounds: list[Bounds]) -> None:
        if all(b.finite for b in bounds):
            return
        message, hint = unbounded_message(self.program, site, self.ranges)
        raise DiagnosticError([error(site.span, message, hint)])


def outward(bounds: Bounds) -> tuple[Fraction, Fraction]:
    """An interval with short ends that contains the bounds, with a little room."""
    low, high = bounds.low, bounds.high
    room = 1e-9 * max(abs(low), abs(high), high - low) + 2.0**-40
    return -_outward(-(low - room)), _outward(high + room)


def _outward(value: float) -> Fraction:
    """Round up to DIGITS significant digits."""
    if value == 0 or not isfinite(value):
        return Fraction(0)
    exponent = floor(log10(abs(value))) - DIGITS + 1
    step = Fraction(10) ** exponent
    return Fraction(ceil(Fraction(value) / step)) * step


def _short(value: Fraction) -> str:
    return f"{float(value):.4g}"


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
        match node:
            case core.Transpose(of=of):
                return replace(node, of=self.node(of))
            case core.Combination(terms=terms):
                return replace(node, terms=tuple((c, self.node(t)) for c, t in terms))
            case core.Product(factors=factors):
                return replace(node, factors=tuple(self.node(f) for f in factors))
            case core.Entrywise(of=of, site=site):
                if isinstance(node.function, PiecewiseLinear):
                    function = numeric(node.function, self.bindings)
                else:
                    function = piecewise(_table(self.tables[site]))
                return replace(node, of=self.node(of), function=function)
            case core.Hadamard():
                return self._product(node)
        return node

    def _product(self, node: core.Hadamard) -> core.Node:
        found = self.tables[node.site]
        left, right = self.node(node.left), self.node(node.right)
        if found.scales is None:
            return replace(node, left=left, right=right)
        first, second = found.scales
        square = piecewise(_table(found))
        terms = []
        for sign in (1, -1):
            halves = (
                (Number(1 / (2 * first)), left),
                (Number(sign / (2 * second)), right),
            )
            inside = core.Combination(node.span, node.shape, halves)
            name = f"{node.site}{'+' if sign > 0 else '-'}"
            applied = core.Entrywise(node.span, node.shape, "square", square, inside, name)
            terms.append((Number(sign * first * second), applied))
        return core.Combination(node.span, node.shape, tuple(terms))


def _table(found: SiteTable) -> Table:
    assert found.table is not None
    return found.table


def piecewise(table: Table) -> PiecewiseLinear:
    """The function of a table: linear between the knots, constant outside."""
    knots = table.knots
    slopes = [(after - before) / (end - start) for (start, before), (end, after) in pairwise(knots)]
    changes = [b - a for a, b in zip((Fraction(0), *slopes), (*slopes, Fraction(0)), strict=True)]
    kinks = tuple(
        (Number(place), Number(change))
        for (place, _), change in zip(knots, changes, strict=True)
        if change
    )
    return PiecewiseLinear(Number(knots[0][1]), Number(Fraction(0)), kinks)


def sites_of(program: core.Program) -> list[core.Entrywise | core.Hadamard]:
    """Return the functions of entries of a program, in the order of their sites."""
    found: list[core.Entrywise | core.Hadamard] = []
    for statement in program.body:
        _statement_sites(statement, found)
    for returned in program.returns:
        _node_sites(returned.value, found)
    return found


def _statement_sites(
    statement: core.Statement, found: list[core.Entrywise | core.Hadamard]
) -> None:
    if isinstance(statement, core.Repeat):
        for inner in statement.body:
            _statement_sites(inner, found)
        return
    for value in statement.values:
        _node_sites(value, found)


def _node_sites(node: core.Node, found: list[core.Entrywise | core.Hadamard]) -> None:
    match node:
        case core.Transpose(of=of):
            _node_sites(of, found)
        case core.Combination(terms=terms):
            for _, term in terms:
                _node_sites(term, found)
        case core.Product(factors=factors):
            for factor in factors:
                _node_sites(factor, found)
        case core.Entrywise(of=of):
            _node_sites(of, found)
            found.append(node)
        case core.Hadamard(left=left, right=right):
            _node_sites(left, found)
            _node_sites(right, found)
            found.append(node)
