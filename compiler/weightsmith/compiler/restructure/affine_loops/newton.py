"""Newton's iteration for the inverse and its kin, and repeated powers, as an affine loop.

X ← Σ_{j<m} (I − X·A)ʲ·X takes Σ_{k<n} Lᵏ·X₀ with L = I − X₀·A from n to m·n, and X ← Xᵐ takes Lⁿ
with L = X₀: k passes are mᵏ passes of s ← L·s + c (proof: ``checker/rewrites/newton_loop.py``).
Neither A nor X₀ need commute, and X₀ may be anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import comb

from weightsmith.compiler.certify.spectra.spectral import NoProofError
from weightsmith.compiler.ir.normal import Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Letter, Polynomial, Word, identity
from weightsmith.compiler.restructure.affine_loops.affine import AffineStep, Terms, symmetries
from weightsmith.compiler.restructure.recurrences.setting import bare

LONGEST = 16


@dataclass(frozen=True)
class NewtonStep:
    """The affine step, and m."""

    step: AffineStep
    exponent: int
    from_unit: bool  # repeated powers: s₀ = I, not 0


def read_newton(normal: NormalProgram, loop: Loop) -> NewtonStep:
    """Raises NoProofError where a pass is of another kind."""
    if loop.inner or loop.schedule or len(loop.carried) != 1:
        raise NoProofError("a pass is no Newton step of one variable")
    (carried,) = loop.carried
    if len(carried.spaces) != 1 or carried.flipped:
        raise NoProofError("a Newton step of tokens is not known")
    (after,), (start,) = carried.next.values(), carried.initial.values()
    letter = Letter(carried.letter, "")
    exponent = max((_count(word, letter) for word in after.terms), default=0)
    if not 2 <= exponent <= LONGEST:
        raise NoProofError("a pass is no Newton step")
    one = normal.field.one
    value = Polynomial(after.rows, after.columns, {(letter,): one})
    if set(after.terms) == {(letter,) * exponent} and after.terms[(letter,) * exponent] == 1:
        return NewtonStep(_step(normal, carried.letter, start, None, start), exponent, True)
    target = _target(normal, after, letter, exponent)
    error = identity(after.rows, one) - value * target
    total = power = value
    for _ in range(exponent - 1):
        power = error * power
        total = total + power
    if dict(normal.alphabet.canonical(total).terms) != dict(after.terms):
        raise NoProofError("a pass is no Newton step")
    left = identity(after.rows, one) - start * target
    return NewtonStep(_step(normal, carried.letter, left, start, start), exponent, False)


def _count(word: Word, letter: Letter) -> int:
    return sum(one.name == letter.name for one in word)


def _target(normal: NormalProgram, after: Polynomial, letter: Letter, exponent: int) -> Polynomial:
    """A, by the terms X·A·X, whose coefficient is −m(m − 1)/2 times that of A."""
    scale = normal.field.number(Fraction(-1, comb(exponent, 2)))
    terms = {
        word[1:-1]: scale * number
        for word, number in after.terms.items()
        if _count(word, letter) == 2 and word[0] == letter == word[-1]
    }
    return Polynomial(after.columns, after.rows, terms)


def _step(
    normal: NormalProgram,
    letter: str,
    left: Polynomial,
    constant: Polynomial | None,
    start: Polynomial,
) -> AffineStep:
    def terms_of(value: Polynomial | None) -> Terms:
        return {} if value is None else {bare(w): c for w, c in value.terms.items()}

    lefts = {(letter, letter): terms_of(normal.alphabet.canonical(left))}
    right: Terms = {(): normal.field.one}
    constants = {letter: terms_of(constant)}
    found = symmetries(normal, lefts, right, constants, {letter: terms_of(start)})
    return AffineStep({letter: False}, lefts, right, constants, found)
