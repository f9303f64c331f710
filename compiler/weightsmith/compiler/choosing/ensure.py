"""``ensure error <= tol``: the counts and tolerances with the fewest layers that meet it.

Chosen are the parameters without a value that count repetitions, or that are the tolerance of a
function of entries.  Layers do not depend on the tables: with tables sixteen times finer than the
error (finer still where nothing meets it) the counts of fewest layers are found, exactly if the
certified error falls with every count (see ``search_counts``); then the tables are made as coarse
as the bound allows.  Layers are those of the script as it is written
(``--fewest layers`` restructures it later).
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Collection
from fractions import Fraction
from functools import cached_property

from weightsmith.compiler.choosing.certified_error import (
    UnprovenError,
    error_facts_of,
    worst_error,
)
from weightsmith.compiler.choosing.search_counts import (
    MAX_COUNT,
    Cost,
    CountSearch,
    TooLargeError,
    Vector,
)
from weightsmith.compiler.costs.report import heads_as_run, layers_as_run
from weightsmith.compiler.numbers.round_off import carried
from weightsmith.compiler.numbers.rounded_text import text_above, text_below
from weightsmith.compiler.pipeline import Compilation, compile_program
from weightsmith.dsl.numbers.scalars import Scalar, ScalarError, Symbol, evaluate
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import nodes_in, nodes_of
from weightsmith.dsl.text.diagnostics import DiagnosticError, mistake

MAX_COUNTS = 3  # that are chosen together
FINER = 16  # the tables against the error, at first
FINEST = Fraction(1, 10**12)
Bindings = dict[str, Fraction]


def resolve_ensure(
    program: core.Program, bindings: Bindings, *, gated: bool = False, dtype: str = "float64"
) -> tuple[Bindings, tuple[str, ...]]:
    """Return the bindings with what the compiler chooses, and notes on the search.

    Raises DiagnosticError where the error has no proof, none small enough, or one that the dtype
    does not carry.
    """
    if program.ensure is None:
        return bindings, ()
    search = EnsureSearch(program, program.ensure, bindings, gated=gated, dtype=dtype)
    search.refuse_beyond_dtype()
    found = search.cheapest()
    if found is None:
        raise search.unreached()
    return search.coarsened(found), search.notes()


def open_parameters(program: core.Program, known: Collection[str]) -> tuple[list[str], list[str]]:
    """The counts and the tolerances of functions that are not among the known names."""
    nodes = [*nodes_in(program.body), *(n for one in program.returns for n in nodes_of(one.value))]
    within = (_tolerance(node) for node in nodes)
    tolerances = {one.name for one in within if isinstance(one, Symbol)}
    missing = [one for one in program.parameters if one.name not in known]
    counts = [one.name for one in missing if one.is_count]
    return counts, [one.name for one in missing if one.name in tolerances]


def _tolerance(node: core.Node) -> Scalar | None:
    match node:
        case core.Hadamard(tolerance=tolerance):
            return tolerance
        case core.Entrywise(function=core.Approximated(tolerance=tolerance)):
            return tolerance
    return None


class EnsureSearch:
    """The counts and tolerances of one program; every error and cost is computed once."""

    def __init__(
        self,
        program: core.Program,
        ensure: core.Ensure,
        bindings: Bindings,
        *,
        gated: bool = False,
        dtype: str = "float64",
        measured: EnsureSearch | None = None,
    ) -> None:
        """``measured`` is another program with the same layers, which is faster to compile."""
        self.measured = measured
        self.program, self.ensure, self.bindings = program, ensure, bindings
        self.gated, self.dtype = gated, dtype
        self.counts, self.tolerances = open_parameters(program, bindings)
        self.known: dict[tuple[tuple[str, Fraction], ...], Fraction | None] = {}
        self.reason: DiagnosticError | None = None  # why an error is not proven
        self.is_unproven = False  # did the search end where errors were not proven?
        self.searches: list[CountSearch] = []
        chosen = {*self.counts, *self.tolerances}
        for one in program.parameters:
            if one.name not in bindings and one.name not in chosen:
                message = f"what is to be chosen follows from numbers, and '{one.name}' has none"
                raise self._error(message, f"give it one: --set {one.name}=…")
        if len(self.counts) > MAX_COUNTS:
            message = f"{len(self.counts)} counts are to be chosen, at most {MAX_COUNTS} can be"
            raise self._error(message, f"give one a value: --set {self.counts[0]}=…")

    @cached_property
    def wanted(self) -> Fraction:
        try:
            return evaluate(self.ensure.error, self.bindings)
        except ScalarError as problem:
            raise self._error(f"the tolerance has no value: {problem}", "") from None

    def cheapest(self, below: Cost | None = None) -> Bindings | None:
        """The counts of least cost, less than ``below``, with fine tables."""
        tolerance, before = self.wanted / FINER, None
        while True:
            start = {**self.bindings, **dict.fromkeys(self.tolerances, _neat(tolerance))}
            counts = self._counts(start, below)
            if counts is not None:
                return {**start, **dict(zip(self.counts, map(Fraction, counts), strict=True))}
            least = self.least
            if least is None or not self.tolerances or tolerance / FINER < FINEST:
                return None
            if before is not None and (FINER * least - before) / (FINER - 1) > self.wanted:
                return None  # what tables of no error would leave, as error falls with theirs
            tolerance, before = tolerance / FINER, least

    def _counts(self, start: Bindings, below: Cost | None) -> Vector | None:
        def at(vector: Vector) -> Bindings:
            return {**start, **dict(zip(self.counts, map(Fraction, vector), strict=True))}

        search = CountSearch(
            len(self.counts),
            lambda vector: self.error_at(at(vector)),
            lambda vector: self.cost(at(vector)),
            self.wanted,
        )
        self.searches.append(search)
        try:
            return search.cheapest(below)
        except TooLargeError as reason:
            if len(self.searches) == 1:  # later ones may end for want of pieces
                self.is_unproven = reason.is_unproven
            return None

    def coarsened(self, chosen: Bindings) -> Bindings:
        """The coarsest tables, of tolerances that halve from the error wanted."""
        if not self.tolerances:
            return chosen
        tolerance = chosen[self.tolerances[0]]
        choices = []
        while (tolerance := 2 * tolerance) <= self.wanted:
            choices.append({**chosen, **dict.fromkeys(self.tolerances, tolerance)})
        least = bisect(choices, 0, key=lambda one: int(not self.meets(one)))
        return choices[least - 1] if least else chosen

    def meets(self, bindings: Bindings) -> bool:
        error = self.error_at(bindings)
        return error is not None and error <= self.wanted

    def error_at(self, bindings: Bindings) -> Fraction | None:
        """The certified error; None where it is not proven, and then ``reason`` says why."""
        key = tuple(sorted(bindings.items()))
        if key not in self.known:
            self.known[key] = self._proven_error(bindings)
        return self.known[key]

    def _proven_error(self, bindings: Bindings) -> Fraction | None:
        try:
            facts = error_facts_of(self.program, bindings, gated=self.gated)
        except DiagnosticError as reason:  # a table of too many pieces, or outside its interval
            self.reason = self.reason or reason
            return None
        if not facts:
            message = "there is no error to bound: the network equals the script, exactly"
            raise self._error(message, "name a target with 'approximates', or leave it out")
        try:
            return worst_error(facts)
        except UnprovenError as reason:
            hint = "change the script as the reason says, or: return synthesize …"
            found = self._error(f"the error is not proven: {reason}", hint)
            self.reason = self.reason or found
            return None

    # -- the cost -----------------------------------------------------------------------------

    @cached_property
    def compilation(self) -> Compilation:
        """With some counts or other: the layers of a pass are the same for all."""
        if self.measured is not None:
            return self.measured.compilation
        start = {**self.bindings, **dict.fromkeys(self.tolerances, _neat(self.wanted / FINER))}
        return compile_program(
            self.program, {**start, **dict.fromkeys(self.counts, Fraction(1))}, gated=self.gated
        )

    def cost(self, bindings: Bindings) -> Cost:
        """Layers as run, blocks of the stream, heads as run."""
        template = self.compilation.template
        layers, heads = layers_as_run(template, bindings), heads_as_run(template, bindings)
        return layers or 0, len(template.blocks), heads or 0

    # -- messages -----------------------------------------------------------------------------

    def notes(self) -> tuple[str, ...]:
        """What keeps the counts from being those of fewest layers, if anything does."""
        if not all(one.is_falling for one in self.searches):
            return ("ensure: the certified error does not fall with every count; fewer may do.",)
        if not all(one.is_complete for one in self.searches):
            return ("ensure: the search for counts was ended; fewer layers may do.",)
        return ()

    def refuse_beyond_dtype(self) -> None:
        """Less than a thousand units of round-off times κ is not what floating point delivers."""
        condition = Fraction(1)
        for one in self.program.assumptions:
            if isinstance(one, core.SpectrumAssumption):
                sizes = [abs(evaluate(end, self.bindings)) for end in one.ends]
                least = min((size for size in sizes if size), default=Fraction(1))
                condition = max(condition, max(sizes) / least)
        least = carried(self.dtype, condition)
        if self.wanted < least:
            message = (
                f"{self.dtype} does not carry an error of {text_below(self.wanted)} here: with "
                f"a condition number of {text_above(condition)} about {text_above(least, 3)} can "
                "be met"
            )
            raise self._error(message, f"write ensure error <= {text_above(least, 1)}")

    def unreached(self) -> DiagnosticError:
        """The refusal, with the figure that could be met."""
        least = self.least
        if least is None or (self.is_unproven and self.reason is not None):
            return self.reason or self._error("the error is not proven", "")
        wanted, reached = text_below(self.wanted), text_above(least)
        if self.measured is not None:
            message = (
                f"no polynomials and counts are known to bring the error to {wanted}: "
                f"the least found is {reached}"
            )
            return self._error(
                message, "allow a larger error, or write an algorithm that is faster"
            )
        if not self.counts and not self.tolerances:
            message = f"nothing that can be chosen is left: the error is {reached}, above {wanted}"
            return self._error(message, "leave a count without a value: param steps; repeat steps:")
        message = (
            f"nothing that can be chosen is known to bring the error to {wanted}: "
            f"the least found is {reached}, with up to {MAX_COUNT} passes of a loop"
        )
        return self._error(message, "allow a larger error, or write an algorithm that is faster")

    @property
    def least(self) -> Fraction | None:
        """The smallest error that was found."""
        return min((one for one in self.known.values() if one is not None), default=None)

    def _error(self, message: str, hint: str) -> DiagnosticError:
        return mistake("ensure", self.ensure.span, message, hint)


def _neat(value: Fraction) -> Fraction:
    """Rounded down to a power of two: a tolerance that is easy to read."""
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    power = Fraction(2) ** exponent
    return power if power <= value else power / 2
