"""The truncation claim of one returned value: how far the iteration is from its target.

Tries the operators that the script's spectrum assumptions offer; the first whose scalars close
under a rule gives the claim.  What does not close is reported as unproven, with the reason.
"""

from __future__ import annotations

from fractions import Fraction

from weightsmith.checker import open_claims
from weightsmith.checker.claim_numbers import SAYS_NOTHING
from weightsmith.checker.open_claims import NO_RULE, NO_SPECTRUM, OVER_BUDGET
from weightsmith.checker.refusal import OverBudgetError
from weightsmith.compiler.certify import claim_text
from weightsmith.compiler.certify.affine_targets import AffineTarget, affine_target
from weightsmith.compiler.certify.autonomous import autonomous
from weightsmith.compiler.certify.contraction import contraction
from weightsmith.compiler.certify.grounds import Ground, grounds, no_ground
from weightsmith.compiler.certify.kernels import vanishes_at_zero
from weightsmith.compiler.certify.loop_scalars import loop_scalars
from weightsmith.compiler.certify.loops import several_loops_claim
from weightsmith.compiler.certify.open_claim import open_claim
from weightsmith.compiler.certify.power_exp import power_exp
from weightsmith.compiler.certify.recurrence import Bounded, Recurrence
from weightsmith.compiler.certify.scalar_values import TooLargeError
from weightsmith.compiler.certify.spectral import (
    MAX_FORMS,
    Collapse,
    NoProofError,
    ScalarField,
    infer_forms,
    scalar_name,
)
from weightsmith.compiler.certify.three_term import three_term
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Columns, Loop, NormalProgram, Returned
from weightsmith.dsl import core, scalars
from weightsmith.dsl.scalars import ScalarError, free_symbols

Json = dict[str, object]
RULES = (power_exp, autonomous, contraction, three_term)
ABOVE_BY_ONE = (power_exp,)  # those that know results 1 + f of the carried f
SCHEDULED = (autonomous,)  # those that know the numbers of a 'for' loop


def truncation_claim(
    program: core.Program,
    normal: NormalProgram,
    position: int,
    bindings: dict[str, Fraction],
) -> Json:
    """Return the claim (without its number) for the returned value at ``position``."""
    returned, target = normal.returns[position], normal.targets[position]
    found = tuple(grounds(program, normal, bindings))
    reasons = []
    for ground in found:
        try:
            return _Proof(program, normal, returned, target, ground, bindings).claim()
        except (NoProofError, ScalarError) as reason:
            reasons.append(str(reason))
    if not found or target is None:
        return _unproven(returned, (*reasons, no_ground(program))[0], NO_SPECTRUM)
    claim = _by_any_polynomial(program, normal, position, bindings, found, reasons[0])
    if "unproven" in claim and SAYS_NOTHING in reasons:
        return _unproven(returned, SAYS_NOTHING, open_claims.SAYS_NOTHING)
    return claim


def _by_any_polynomial(
    program: core.Program,
    normal: NormalProgram,
    position: int,
    bindings: dict[str, Fraction],
    found: tuple[Ground, ...],
    first: str,
) -> Json:
    """The rule for whatever is a polynomial in one operator; ``first`` is why no other applies."""
    returned, target = normal.returns[position], normal.targets[position]
    reasons = []
    for ground in found:
        try:
            return several_loops_claim(program, normal, returned, target or {}, ground, bindings)
        except OverBudgetError as reason:
            return _unproven(returned, str(reason), OVER_BUDGET)
        except TooLargeError as reason:
            reasons.append(f"{first}, and {reason}")
        except (NoProofError, ScalarError) as reason:
            reasons.append(str(reason))
    return _unproven(returned, reasons[0])


def _unproven(returned: Returned, detail: str, reason: str = NO_RULE) -> Json:
    return open_claim("truncation", returned.name, reason, detail)


class _Proof:
    def __init__(
        self,
        program: core.Program,
        normal: NormalProgram,
        returned: Returned,
        target: Columns | None,
        ground: Ground,
        bindings: dict[str, Fraction],
    ) -> None:
        if target is None:
            raise NoProofError("the script names no target")
        self.program, self.normal, self.returned = program, normal, returned
        self.target, self.ground = target, ground
        self.loop = _only_loop(normal, returned)
        self.wanted = _dependencies(normal, self.loop, returned)
        names = _scalar_names(self.loop, self.wanted)
        self.scalars = ScalarField(normal, names)
        self.collapse = Collapse(normal, ground.operator, self.scalars)
        needed = set().union(
            *(free_symbols(p) for p in (self.loop.count, ground.low, ground.high)),
            *(free_symbols(scalars.Symbol(q.name)) for q in program.parameters),
        )
        self.bindings = bindings if needed <= bindings.keys() else None

    def claim(self) -> Json:
        infer_forms(self.collapse, self.loop, self.wanted)
        initial, after = loop_scalars(self.collapse, self.loop, self.wanted)
        scalar, wanted, above_by_one = self._output()
        recurrence = Recurrence(
            self.scalars,
            initial,
            after,
            scalar,
            wanted.scalar,
            self.loop.count,
            self.ground.low,
            self.ground.high,
            self.bindings,
            self.loop.schedule,
            self.ground.gap,
            above_by_one=above_by_one,
        )
        bounded = _first_rule(recurrence)
        steps = [
            claim_text.operator_step(self.ground),
            claim_text.forms_step(self.loop.index, self.collapse.forms),
            claim_text.recurrence_step(self.loop.index, initial, after),
            claim_text.output_step("scalar", scalar, wanted),
            bounded.step,
        ]
        frame = wanted.frame
        vanish = wanted.scalar.zero_on_kernel and vanishes_at_zero(
            self.scalars, [(initial, after)], self.scalars.symbol(scalar)
        )
        assumed = claim_text.hypotheses(
            self.program, self.normal, self.ground, frame, bounded, vanish=vanish
        )
        scale = claim_text.scale(self.normal, self.ground, self.target, wanted)
        bounded = wanted.bounded(bounded, scale, self.bindings or {})
        return claim_text.claim(self.returned.name, steps, bounded, assumed, scale)

    def _output(self) -> tuple[str, AffineTarget, bool]:
        """The iterate that is returned, its target, and whether 1 + the iterate is returned."""
        results = []
        for space, value in self.returned.value.items():
            target = affine_target(self.collapse, self.target[space])
            scalar = target.part(self.collapse, value)
            name, above_by_one = self._iterate(scalar)
            results.append((name, target, above_by_one))
        first, wanted, more = results[0]
        if any(
            (n, t.scalar, t.factor, m) != (first, wanted.scalar, wanted.factor, more)
            for n, t, m in results
        ):
            raise NoProofError("the groups of the returned value differ")
        return first, wanted, more

    def _iterate(self, scalar: Coefficient) -> tuple[str, bool]:
        """The carried scalar that this is, or that it is above by one."""
        for above_by_one in (False, True):
            less = scalar - self.scalars.field.one if above_by_one else scalar
            for name in self.scalars.names:
                if less == self.scalars.symbol(name):
                    return name, above_by_one
        raise NoProofError("the returned value is not one iterate")


def _first_rule(recurrence: Recurrence) -> Bounded:
    for rule in RULES:
        if recurrence.schedule and rule not in SCHEDULED:
            continue
        if recurrence.above_by_one and rule not in ABOVE_BY_ONE:
            continue
        bounded = rule(recurrence)
        if bounded is not None:
            return bounded
    raise NoProofError("no rule bounds this recurrence")


def _only_loop(normal: NormalProgram, returned: Returned) -> Loop:
    used = {letter.name for p in returned.value.values() for word in p.terms for letter in word}
    loops = [loop for loop in normal.all_loops() if any(c.letter in used for c in loop.carried)]
    if len(loops) != 1 or loops[0].inner or loops[0] not in normal.loops:
        raise NoProofError("the result does not come from exactly one plain loop")
    return loops[0]


def _dependencies(normal: NormalProgram, loop: Loop, returned: Returned) -> set[str]:
    own = {c.letter: c for c in loop.carried}
    others = {c.letter for one in normal.all_loops() for c in one.carried} - own.keys()
    queue = {w.name for p in returned.value.values() for word in p.terms for w in word}
    found: set[str] = set()
    while queue:
        name = queue.pop()
        if name in others:
            raise NoProofError("the loop depends on another loop")
        if name in own and name not in found:
            found.add(name)
            carried = own[name]
            for columns in (carried.initial, carried.next):
                queue |= {w.name for p in columns.values() for word in p.terms for w in word}
    return found


def _scalar_names(loop: Loop, wanted: set[str]) -> tuple[str, ...]:
    base = [scalar_name(c.letter) for c in loop.carried if c.letter in wanted]
    suffixes = ("", *(f"_{number}" for number in range(1, MAX_FORMS + 2)))
    return tuple(name + suffix for name in base for suffix in suffixes)
