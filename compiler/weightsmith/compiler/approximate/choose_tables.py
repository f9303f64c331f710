"""Which table each function of entries gets: its interval, its pieces, how products are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil, inf, isfinite, isqrt

from weightsmith.compiler.approximate.arguments.bounds import Bounds
from weightsmith.compiler.approximate.arguments.ranges import Ranges
from weightsmith.compiler.approximate.arguments.unbounded import unbounded_message
from weightsmith.compiler.approximate.enclosures.formula_balls import range_of
from weightsmith.compiler.approximate.enclosures.poles import find_singularity
from weightsmith.compiler.approximate.fitting.limits import MOST_PIECES, TooManyPiecesError
from weightsmith.compiler.approximate.fitting.table import Table
from weightsmith.compiler.ir.coefficients import CoefficientField
from weightsmith.compiler.numbers.nearest_float import as_float, short_text
from weightsmith.compiler.passes.normalizing.build_graph import build_graph
from weightsmith.compiler.passes.normalizing.normalize import normalize
from weightsmith.compiler.passes.normalizing.program_scalars import all_scalars
from weightsmith.dsl.elementary.enclosure import UndefinedError
from weightsmith.dsl.numbers.formulas import Formula, formula_symbols, formula_text
from weightsmith.dsl.numbers.scalars import Scalar, evaluate
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Approximated
from weightsmith.dsl.program.parts import nodes_in, nodes_of
from weightsmith.dsl.text.diagnostics import DiagnosticError, mistake

DIGITS = 3  # of the ends of an interval, rounded outward
MOST_WIDE = 512  # pieces of a product's table in one MLP; more are made of sawteeth
LARGEST = 2.0**1000  # argument of a table


@dataclass(frozen=True)
class SiteTable:
    """The table of one site; ``scales`` are P and Q of a product, None for a function."""

    site: str
    label: str
    table: Table | None  # None: a gated product, exact
    scales: tuple[Fraction, Fraction] | None = None
    function_text: str = ""
    sawteeth: int = 0  # of which the table of a product is made; 0: it is one MLP

    @property
    def fitted(self) -> Table:
        """The table.  Raises TypeError for a gated product, which has none."""
        if self.table is None:
            raise TypeError(f"the product of site {self.site} is gated")
        return self.table

    @property
    def low(self) -> Fraction:
        return self.fitted.knots[0][0]

    @property
    def high(self) -> Fraction:
        return self.fitted.knots[-1][0]


def choose_tables(
    program: core.Program, bindings: Mapping[str, Fraction], *, gated: bool
) -> tuple[SiteTable, ...]:
    """Return a table for every approximated site, in order.

    Raises DiagnosticError where no interval or no table can be found.
    """
    wanted = [site for site in sites_of(program) if _is_approximated(site)]
    if not wanted:
        return ()
    _refuse_unbound(program, wanted[0], bindings, gated=gated)
    _refuse_scheduled(program, wanted[0], gated=gated)
    chooser = _Chooser(program, bindings, gated)
    return tuple(chooser.table(site) for site in wanted)


def called(site: core.Entrywise | core.Hadamard) -> str:
    """A site's function as the script writes it, in quotes."""
    return "'.*'" if isinstance(site, core.Hadamard) else f"'{site.label}'"


def _is_approximated(site: core.Entrywise | core.Hadamard) -> bool:
    return isinstance(site, core.Hadamard) or isinstance(site.function, Approximated)


def _refuse_unbound(
    program: core.Program,
    site: core.Entrywise | core.Hadamard,
    bindings: Mapping[str, Fraction],
    *,
    gated: bool,
) -> None:
    """Tables and bounds of gated products are made of numbers: every parameter needs its value."""
    missing = [p.name for p in program.parameters if p.name not in bindings]
    if not missing:
        return
    made = "is computed by a table, and a table is made of numbers"
    if gated and isinstance(site, core.Hadamard):
        made = "is computed by gated units, and the bounds of their factors are numbers"
    message = f"{called(site)} {made}, but '{missing[0]}' has no value"
    settings = " ".join(f"--set {name}=…" for name in missing)
    raise mistake("value-missing", site.span, message, f"give it one: {settings}")


def _refuse_scheduled(
    program: core.Program, site: core.Entrywise | core.Hadamard, *, gated: bool
) -> None:
    """Bounds of arguments are followed through loops whose numbers do not change."""
    made, needed = "a table", "the intervals of tables are"
    if gated and isinstance(site, core.Hadamard):
        made, needed = "gated units", "bounds of their factors are"
    for loop in core.repeats(program.body):
        if loop.schedule:
            message = (
                f"{called(site)} is computed by {made}, and {needed} not derived through a "
                "'for' loop"
            )
            hint = "use 'repeat' with one number, or one 'repeat 1:' for each number"
            raise mistake("table-range", loop.span, message, hint)


@lru_cache(maxsize=256)
def _fitted(
    formula: Formula,
    numbers: tuple[tuple[str, Fraction], ...],
    low: Fraction,
    high: Fraction,
    tolerance: Fraction,
) -> Table:
    """As ``fit_table``; a search over counts asks for the same tables again and again."""
    from weightsmith.compiler.approximate.fitting.fit import fit_table  # most scripts have no table

    return fit_table(formula, dict(numbers), low, high, tolerance)


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
        self.letters = {
            self._node_of(a.letter): a.letter for a in normal.applications if a.scores is None
        }

    def _node_of(self, letter: str) -> int:
        site = letter[letter.rindex("[") + 1 : -1]
        return self.graph.sites[site]

    def _range(self, function: Approximated, low: float, high: float) -> tuple[float, float]:
        bottom, top = Fraction(low), Fraction(high)
        self._refuse_singular(function, bottom, top)
        try:
            first, last = range_of(function.formula, self.bindings, bottom, top)
        except UndefinedError:  # larger than any number that a table could have
            return -inf, inf
        return as_float(first), as_float(last)

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
            f"[{short_text(low)}, {short_text(high)}] by the assumptions"
        )
        hint = "keep the argument away from it: clip(E, low, high), or a closer assumption"
        raise mistake("table-range", site.span, message, hint)

    def table(self, site: core.Entrywise | core.Hadamard) -> SiteTable:
        if self.graph.sites[site.site] not in self.letters:
            message = f"nothing that is returned depends on this {called(site)}"
            raise mistake("no-use", site.span, message, "leave it out")
        bounds = self.found[self.letters[self.graph.sites[site.site]]]
        if isinstance(site, core.Hadamard):
            return self._product(site, bounds)
        function = site.function
        if not isinstance(function, Approximated):
            raise TypeError(f"site {site.site} is piecewise linear already")
        self._refuse_unbounded(site, bounds)
        low, high = outward(bounds[0])
        formula = function.formula
        safe = find_singularity(formula, self.bindings, low, high) is None
        if not safe:  # rounding reached a pole that the argument does not
            low, high = Fraction(bounds[0].low), Fraction(bounds[0].high)
            self._refuse_singular(function, low, high)
        tolerance = self._tolerance(site, function.tolerance)
        where = f"on [{short_text(low)}, {short_text(high)}]"
        try:
            symbols = sorted(formula_symbols(formula))
            numbers = tuple((name, self.bindings[name]) for name in symbols)
            table = _fitted(formula, numbers, low, high, tolerance)
        except TooManyPiecesError:
            raise self._too_fine(site, where, tolerance) from None
        except UndefinedError:
            message = f"'{site.label}' is not proven finite {where}"
            hint = "keep the argument away from where it is not: clip(E, low, high)"
            raise mistake("table-range", site.span, message, hint) from None
        return SiteTable(site.site, site.label, table, None, formula_text(formula))

    def _product(self, site: core.Hadamard, bounds: list[Bounds]) -> SiteTable:
        if self.gated:
            return SiteTable(site.site, "product", None)
        self._refuse_unbounded(site, bounds)
        scales = tuple(_outward(max(b.size, 2.0**-40)) for b in bounds)
        tolerance = self._tolerance(site, site.tolerance)
        pieces, sawteeth = square_pieces(scales[0] * scales[1] / tolerance)
        if pieces > MOST_PIECES:
            limits = f"of numbers up to {short_text(scales[0])} and {short_text(scales[1])}"
            raise self._too_fine(site, limits, tolerance)
        from weightsmith.compiler.approximate.fitting.fit import square_table

        table = square_table(pieces)
        return SiteTable(site.site, "product", table, (scales[0], scales[1]), sawteeth=sawteeth)

    def _tolerance(self, site: core.Entrywise | core.Hadamard, tolerance: Scalar) -> Fraction:
        """The tolerance of a site, which must be above 0."""
        value = evaluate(tolerance, self.bindings)
        if value > 0:
            return value
        message = (
            f"{called(site)} is approximated within {short_text(value)}, and no table is so near"
        )
        raise mistake("tolerance", site.span, message, "give a tolerance above 0: within 1e-3")

    def _too_fine(
        self, site: core.Entrywise | core.Hadamard, where: str, tolerance: Fraction
    ) -> DiagnosticError:
        message = (
            f"{called(site)} {where} takes more than {MOST_PIECES} pieces to be within "
            f"{short_text(tolerance)}"
        )
        hint = (
            f"allow a larger error than {short_text(tolerance)}, or keep the argument small: "
            "clip(E, low, high)"
        )
        return mistake("tolerance", site.span, message, hint)

    def _refuse_unbounded(self, site: core.Entrywise | core.Hadamard, bounds: list[Bounds]) -> None:
        if all(b.size <= LARGEST for b in bounds):
            return
        if all(b.finite for b in bounds):
            message = f"{called(site)} is computed by a table, and its argument is only known to "
            message += f"be at most {max(b.size for b in bounds):.3g}"
            hint = "keep it small: clip(E, low, high), or a closer assumption"
        else:
            message, hint = unbounded_message(self.program, site, self.ranges)
        raise mistake("table-range", site.span, message, hint)


def square_pieces(whole: Fraction) -> tuple[int, int]:
    """Return the pieces N of a square's table with 1/N² ≤ 1/whole, and its sawteeth (0: none)."""
    root = isqrt(max(ceil(whole), 1) - 1) + 1  # the least whole number with a square ≥ whole
    pieces = root + root % 2
    if pieces <= MOST_WIDE:
        return pieces, 0
    sawteeth = (pieces - 1).bit_length() - 1
    return 2 ** (sawteeth + 1), sawteeth


def outward(bounds: Bounds) -> tuple[Fraction, Fraction]:
    """An interval with short ends that contains the bounds, with a little room."""
    low, high = bounds.low, bounds.high
    room = 1e-9 * max(abs(low), abs(high), high - low) + 2.0**-40
    return -_outward(-(low - room)), _outward(high + room)


def _outward(value: float) -> Fraction:
    """Round up to DIGITS significant digits."""
    if value == 0 or not isfinite(value):
        return Fraction(0)
    exponent = Decimal(abs(value)).adjusted() - DIGITS + 1
    step = Fraction(10) ** exponent
    return Fraction(ceil(Fraction(value) / step)) * step


def sites_of(program: core.Program) -> list[core.Entrywise | core.Hadamard]:
    """Return the functions and products of entries outside of targets, in the order of sites."""
    nodes = [*nodes_in(program.body), *(n for one in program.returns for n in nodes_of(one.value))]
    return [node for node in nodes if isinstance(node, core.Entrywise | core.Hadamard)]
