"""``repeat until error <= tol``: the fewest passes whose certified error is small enough.

The certificate's bound is a function of the number of passes.  It is doubled until the bound is
met, and then halved back; a bound that stops falling before that is reported with what it reaches.
"""

from __future__ import annotations

from fractions import Fraction

from weightsmith.compiler.choosing.certified_error import (
    UnprovenError,
    error_facts_of,
    worst_error,
)
from weightsmith.compiler.numbers.rounded_text import text_above
from weightsmith.dsl.numbers.scalars import ScalarError, evaluate
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import DiagnosticError, mistake

MAX_PASSES = 20_000


def resolve_until(
    program: core.Program, bindings: dict[str, Fraction], *, gated: bool = False
) -> dict[str, Fraction]:
    """Return the bindings with the counts that the script leaves to the compiler.

    Raises DiagnosticError where the error has no proof, or none small enough.
    """
    for until in program.untils:
        if until.parameter not in bindings:
            search = _Search(program, bindings, until, gated)
            bindings = {**bindings, until.parameter: Fraction(search.fewest())}
    return bindings


class _Search:
    def __init__(
        self,
        program: core.Program,
        bindings: dict[str, Fraction],
        until: core.Until,
        gated: bool,
    ) -> None:
        self.program, self.bindings, self.until, self.gated = program, bindings, until, gated
        missing = [
            p.name
            for p in program.parameters
            if p.name not in bindings and p.name != until.parameter
        ]
        if missing:
            settings = " ".join(f"--set {name}=…" for name in missing)
            message = f"the number of passes follows from numbers, and '{missing[0]}' has no value"
            raise self._error(message, f"give it one: {settings}")
        try:
            self.tolerance = evaluate(until.tolerance, bindings)
        except ScalarError as problem:
            raise self._error(f"the tolerance has no value: {problem}", "") from None

    def fewest(self) -> int:
        high, previous = 1, self._error_after(0)
        if previous <= self.tolerance:
            return 0
        while (found := self._error_after(high)) > self.tolerance:
            if high >= MAX_PASSES or (found >= previous > 0 and high > 64):
                message = (
                    f"no number of passes is known to bring the error to {self.tolerance}: "
                    f"after {high} it is at most {text_above(found, 3)}"
                )
                hint = "allow a larger error, or smaller tolerances of the tables ('within')"
                raise self._error(message, hint)
            previous, high = found, min(2 * high, MAX_PASSES)
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (
                (low, middle) if self._error_after(middle) <= self.tolerance else (middle, high)
            )
        return high

    def _error_after(self, passes: int) -> Fraction:
        bindings = {**self.bindings, self.until.parameter: Fraction(passes)}
        facts = error_facts_of(self.program, bindings, gated=self.gated)
        if not any(one.kind == "truncation" for one in facts):
            message = "the error is the distance from a target, and no returned value has one"
            raise self._error(message, "write 'return … approximates …'")
        try:
            return worst_error(facts)
        except UnprovenError as reason:
            message = f"the error is not proven: {reason}"
            raise self._error(message, "say how often: repeat steps:") from None

    def _error(self, message: str, hint: str) -> DiagnosticError:
        return mistake("ensure", self.until.span, message, hint)
