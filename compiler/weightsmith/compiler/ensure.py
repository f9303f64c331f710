"""``ensure error <= tol``: counts and tolerances for which the certificate meets it.

Chosen are the parameters without a value that count repetitions, or that are the tolerance of a
function of entries.  With tables far finer than the error, each count is doubled until the bound is
met and then halved back, the others held; of the orders in which that can be done the one with the
fewest layers is kept.  Then the tables are made as coarse as the bound allows.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from functools import cached_property
from itertools import permutations

from weightsmith.compiler.certified_error import UnprovenError, error_claims_of, worst_error
from weightsmith.compiler.pipeline import compile_program
from weightsmith.compiler.report import report
from weightsmith.compiler.round_off import carried
from weightsmith.compiler.synthesize.numbers import shown
from weightsmith.dsl import core
from weightsmith.dsl.diagnostics import DiagnosticError, error
from weightsmith.dsl.nodes import nodes_in, nodes_of
from weightsmith.dsl.scalars import Scalar, ScalarError, Symbol, evaluate

MAX_COUNT = 20_000
MAX_COUNTS = 3  # that are chosen together
FINER = 16  # the tables against the error, at first
FINEST = Fraction(1, 10**12)
Bindings = dict[str, Fraction]


def resolve_ensure(
    program: core.Program, bindings: Bindings, *, gated: bool = False, dtype: str = "float64"
) -> Bindings:
    """Return the bindings with what the compiler chooses, for the fewest layers it finds.

    Raises DiagnosticError where the error has no proof, none small enough, or one that the dtype
    does not carry.
    """
    if program.ensure is None:
        return bindings
    return _Search(program, program.ensure, bindings, gated, dtype).found()


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


class _Search:
    def __init__(
        self,
        program: core.Program,
        ensure: core.Ensure,
        bindings: Bindings,
        gated: bool,
        dtype: str,
    ) -> None:
        self.program, self.ensure, self.bindings = program, ensure, bindings
        self.gated, self.dtype = gated, dtype
        self.counts, self.tolerances = open_parameters(program, bindings)
        self.known: dict[tuple[tuple[str, Fraction], ...], Fraction] = {}
        chosen = {*self.counts, *self.tolerances}
        for one in program.parameters:
            if one.name not in bindings and one.name not in chosen:
                message = f"what is to be chosen follows from numbers, and '{one.name}' has none"
                raise self._error(message, f"give it one: --set {one.name}=…")

    @cached_property
    def wanted(self) -> Fraction:
        try:
            return evaluate(self.ensure.error, self.bindings)
        except ScalarError as problem:
            raise self._error(f"the tolerance has no value: {problem}", "") from None

    def found(self) -> Bindings:
        self._refuse_beyond_dtype()
        if len(self.counts) > MAX_COUNTS:
            message = f"{len(self.counts)} counts are to be chosen, at most {MAX_COUNTS} can be"
            raise self._error(message, f"give one a value: --set {self.counts[0]}=…")
        candidates = self._candidates()
        best = min(candidates, key=self._layers) if len(candidates) > 1 else candidates[0]
        return self._coarsened(best)

    def _candidates(self) -> list[Bindings]:
        """Counts that meet the bound, in each order; finer tables where these leave no room."""
        tolerance, least = self.wanted / FINER, None
        while least is None or (self.tolerances and tolerance >= FINEST):
            start = self._with_tolerance(tolerance)
            try:
                return [self._counts(start, order) for order in permutations(self.counts)]
            except _TooLargeError as problem:
                least = problem.least
            except DiagnosticError:  # tables of too many pieces
                if least is None:
                    raise
                break
            tolerance /= FINER
        raise self._unreached(least)

    def _with_tolerance(self, tolerance: Fraction) -> Bindings:
        return {**self.bindings, **dict.fromkeys(self.tolerances, _neat(tolerance))}

    def _counts(self, start: Bindings, order: tuple[str, ...]) -> Bindings:
        """Double all counts until the bound is met, then lower each as far as it goes."""
        high, previous = 1, self._error_at({**start, **dict.fromkeys(order, Fraction(0))})
        if not order:
            if previous > self.wanted:
                raise _TooLargeError(previous)
            return start
        while (now := self._error_at({**start, **dict.fromkeys(order, Fraction(high))})) > (
            self.wanted
        ):
            if high >= MAX_COUNT or (now >= previous > 0 and high > 64):
                raise _TooLargeError(min(now, previous))
            previous, high = now, min(2 * high, MAX_COUNT)
        chosen = {**start, **dict.fromkeys(order, Fraction(high))}
        for name in order:
            chosen = {**chosen, name: Fraction(self._least(chosen, name, high))}
        return chosen

    def _least(self, chosen: Bindings, name: str, high: int) -> int:
        """The least count of this name that meets the bound, which ``high`` does."""
        low = -1
        while high - low > 1:
            middle = (low + high) // 2
            meets = self._meets({**chosen, name: Fraction(middle)})
            low, high = (low, middle) if meets else (middle, high)
        return high

    def _coarsened(self, chosen: Bindings) -> Bindings:
        """The coarsest tables, of tolerances that halve from the error wanted."""
        if not self.tolerances:
            return chosen
        tolerance = _neat(self.wanted)
        while tolerance > chosen[self.tolerances[0]]:
            coarse = {**chosen, **dict.fromkeys(self.tolerances, tolerance)}
            if self._meets(coarse):
                return coarse
            tolerance = _neat(tolerance / 2)
        return chosen

    def _meets(self, bindings: Bindings) -> bool:
        return self._error_at(bindings) <= self.wanted

    def _error_at(self, bindings: Bindings) -> Fraction:
        key = tuple(sorted(bindings.items()))
        if key not in self.known:
            claims = error_claims_of(self.program, bindings, gated=self.gated)
            if not claims:
                message = "there is no error to bound: the network equals the script, exactly"
                raise self._error(message, "name a target with 'approximates', or leave it out")
            try:
                self.known[key] = worst_error(claims)
            except UnprovenError as reason:
                hint = "change the script as the reason says, or: return synthesize …"
                raise self._error(f"the error is not proven: {reason}", hint) from None
        return self.known[key]

    def _layers(self, bindings: Bindings) -> int:
        compiled = compile_program(self.program, bindings, gated=self.gated)
        return report(compiled.normal, compiled.template, bindings).layers or 0

    def _refuse_beyond_dtype(self) -> None:
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
                f"{self.dtype} does not carry an error of {shown(self.wanted)} here: with a "
                f"condition number of {shown(condition)} about {shown(least, 3)} can be met"
            )
            raise self._error(message, f"write ensure error <= {shown(least, 1)}")

    def _unreached(self, least: Fraction) -> DiagnosticError:
        wanted, reached = shown(self.wanted), shown(least)
        if not self.counts and not self.tolerances:
            message = f"nothing that can be chosen is left: the error is {reached}, above {wanted}"
            return self._error(message, "leave a count without a value: param steps; repeat steps:")
        message = (
            f"nothing that can be chosen is known to bring the error to {wanted}: "
            f"the least found is {reached}, with up to {MAX_COUNT} passes of a loop"
        )
        return self._error(message, "allow a larger error, or write an algorithm that is faster")

    def _error(self, message: str, hint: str) -> DiagnosticError:
        return DiagnosticError([error(self.ensure.span, message, hint)])


class _TooLargeError(Exception):
    def __init__(self, least: Fraction) -> None:
        super().__init__(str(least))
        self.least = least


def _neat(value: Fraction) -> Fraction:
    """Rounded down to a power of two: a tolerance that is easy to read."""
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    power = Fraction(2) ** exponent
    return power if power <= value else power / 2
