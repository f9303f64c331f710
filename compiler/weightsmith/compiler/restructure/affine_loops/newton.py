"""Newton's iteration for the inverse and its kin, and repeated powers, as an affine loop.

X ← Σ_{j<m} (I − X·A)ʲ·X takes Σ_{k<n} Lᵏ·X₀ with L = I − X₀·A from n to m·n, and X ← Xᵐ takes Lⁿ
with L = X₀: k passes are mᵏ passes of s ← L·s + c.  The checker's rule reads the loop so
(``checker/rewrites/newton_loop.py``, with the proof).  Neither A nor X₀ need commute, and X₀ may be
anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.rewrites.newton_loop import MAX_EXPONENT, read_newton_loop
from weightsmith.checker.semantics.live import live_loops
from weightsmith.checker.semantics.meaning import read_meaning
from weightsmith.compiler.certify.spectra.spectral import NoProofError
from weightsmith.compiler.ir.normal import Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Letter
from weightsmith.compiler.restructure.affine_loops.affine import AffineStep, Terms, symmetries
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.letters import read_letter


@dataclass(frozen=True)
class NewtonStep:
    """The affine step, and m."""

    step: AffineStep
    exponent: int
    from_unit: bool  # repeated powers: s₀ = I, not 0


def read_newton(program: core.Program, normal: NormalProgram, loop: Loop) -> NewtonStep:
    """Raises NoProofError, or RefusedError, where a pass is of another kind."""
    if len(loop.carried) != 1 or len(loop.carried[0].spaces) != 1 or loop.carried[0].flipped:
        raise NoProofError("a pass is no Newton step of one variable")
    (carried,) = loop.carried
    (after,) = carried.next.values()
    exponent = max((sum(x.name == carried.letter for x in w) for w in after.terms), default=0)
    if not 2 <= exponent <= MAX_EXPONENT:
        raise NoProofError("a pass is no Newton step")
    (written,) = live_loops(read_meaning(program, Field(program.symbols), {}))
    affine = read_newton_loop(written, exponent)
    (left,), (constant,) = affine.left.values(), affine.constant.values()
    (start,) = written.entering.values()
    lefts = {(carried.letter, carried.letter): _terms(left, normal)}
    right: Terms = {(): normal.field.one}
    constants = {carried.letter: _terms(constant, normal)}
    found = symmetries(normal, lefts, right, constants, {carried.letter: _terms(start, normal)})
    step = AffineStep({carried.letter: False}, lefts, right, constants, found)
    return NewtonStep(step, exponent, constant.is_zero)


def _terms(value: Polynomial, normal: NormalProgram) -> Terms:
    """The checker's words as the compiler's, without groups."""
    return {
        tuple(Letter(read_letter(x.name).variable, "", x.transposed) for x in word): (
            normal.field.of(parse_scalar(rational_text(number)))
        )
        for word, number in value.terms.items()
    }
