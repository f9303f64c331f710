"""Newton's iteration for the inverse and its kin, and repeated powers, as an affine loop.

    X ← Σ_{j<m} (I − X·A)ʲ·X:   with L = I − X₀·A and S_n = Σ_{k<n} Lᵏ·X₀ it is S_n → S_(m·n),

since S_n·A = Σ_{k<n} Lᵏ·(I − L) = I − Lⁿ, so that Σ_j (I − S_n·A)ʲ·S_n = Σ_j Lⁿʲ·S_n.  It begins
with S_1 = X₀.  And X ← Xᵐ makes Lⁿ of L = X₀.  So k passes are mᵏ passes of s ← L·s + c, with
c = X₀ from s₀ = 0, or with c = 0 from s₀ = I.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import comb

from weightsmith.checker.algebra.words import Letter, Polynomial, Word
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.rewrites.affine_loop import AffineLoop, Terms
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.dsl.program.letters import variable_of

MAX_EXPONENT = 16


def read_newton_loop(loop: Loop, exponent: int) -> AffineLoop:
    """The affine loop of which a pass is mⁿ⁻¹·(m − 1) passes.  Raises RefusedError."""
    require(not loop.children and not loop.schedule, f"Loop {loop.index} is no Newton iteration.")
    require(len(loop.letters) == 1, "Newton's iteration carries one variable.")
    require(2 <= exponent <= MAX_EXPONENT, f"The exponent may be 2 to {MAX_EXPONENT}.")
    ((name, letter),) = loop.letters.items()
    start, leaving = loop.entering[name], loop.leaving[name]
    value = Polynomial.letter(start.field, letter)
    unit = Polynomial.identity(start.field, letter.rows)
    zero = Polynomial.zero(start.field, *start.shape)
    entry = variable_of(name), variable_of(name)

    def affine(left: Polynomial, constant: Polynomial, first: Polynomial) -> AffineLoop:
        rows = {entry[0]: letter.rows}
        one: Terms = {(): start.field.one}
        return AffineLoop(rows, {name: letter}, {entry: left}, one, {name: constant}, {name: first})

    if letter.rows == letter.columns and leaving.equals(_power(value, exponent)):
        return affine(start, zero, unit)
    target = _target(leaving, letter, exponent)
    error = unit - value @ target
    total, power = value, value
    for _ in range(exponent - 1):
        power = error @ power
        total = total + power
    require(leaving.equals(total), f"A pass is no Newton step of order {exponent}.")
    return affine(unit - start @ target, start, zero)


def _power(value: Polynomial, exponent: int) -> Polynomial:
    result = value
    for _ in range(exponent - 1):
        result = result @ value
    return result


def _target(leaving: Polynomial, letter: Letter, exponent: int) -> Polynomial:
    """A, by the terms X·A·X, whose coefficient is −m(m − 1)/2 times that of A."""
    scale = leaving.field.number(Fraction(-1, comb(exponent, 2)))
    terms = {}
    for word, number in leaving.terms.items():
        ends = len(word) >= 2 and word[0] == letter == word[-1]
        if ends and not _has(word[1:-1], letter):
            terms[word[1:-1]] = number * scale
    zero = Polynomial.zero(leaving.field, letter.columns, letter.rows)
    return replace(zero, terms=terms)


def _has(word: Word, letter: Letter) -> bool:
    return any(one.name == letter.name for one in word)
