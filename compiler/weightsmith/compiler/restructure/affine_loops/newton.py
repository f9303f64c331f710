"""Newton's iteration for the inverse and its kin, and repeated powers, as an affine loop.

X ← Σ_{j<m} (I − X·A)ʲ·X takes Σ_{k<n} Lᵏ·X₀ with L = I − X₀·A from n to m·n, and X ← Xᵐ takes Lⁿ
with L = X₀: k passes are mᵏ passes of s ← L·s + c.  The checker's rule reads the loop so
(``checker/rewrites/newton_loop.py``, with the proof).  Neither A nor X₀ need commute, and X₀ may be
anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from weightsmith.checker.rewrites.newton_loop import MAX_EXPONENT, read_newton_loop
from weightsmith.compiler.certify.spectra.spectral import NoProofError
from weightsmith.compiler.ir.normal import Loop, NormalProgram
from weightsmith.compiler.restructure.affine_loops.affine import AffineStep, step_of
from weightsmith.compiler.restructure.affine_loops.checked_loop import checked_loop


@dataclass(frozen=True)
class NewtonStep:
    """The affine step, and m."""

    step: AffineStep
    exponent: int
    from_unit: bool  # repeated powers: s₀ = I, not 0


def read_newton(normal: NormalProgram, loop: Loop) -> NewtonStep:
    """Raises NoProofError, or RefusedError, where a pass is of another kind."""
    if len(loop.carried) != 1 or len(loop.carried[0].spaces) != 1 or loop.carried[0].flipped:
        raise NoProofError("a pass is no Newton step of one variable")
    (carried,) = loop.carried
    (after,) = carried.next.values()
    exponent = max((sum(x.name == carried.letter for x in w) for w in after.terms), default=0)
    if not 2 <= exponent <= MAX_EXPONENT:
        raise NoProofError("a pass is no Newton step")
    affine = read_newton_loop(checked_loop(normal, loop), exponent)
    (constant,) = affine.constant.values()
    return NewtonStep(step_of(affine, loop), exponent, constant.is_zero)
