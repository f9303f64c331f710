"""A pass that multiplies one variable from both sides: s ← A·s + s·B + c, or α·s + δ·A·s·B + c.

What multiplies from the left commutes with what multiplies from the right: with λ for A· and μ for
·B a pass is p = λ + μ, or p = α + δλμ, and after n passes

    s = pⁿ(s₀) + (1 + p + … + pⁿ⁻¹)(c),

where λⁱμʲ of a value is Aⁱ·value·Bʲ.  A number times s is half in A and half in B; where there are
terms from both sides at once, they are δ·A·s·B with what stands alone on either side made part of
A and B: a + bλ + cμ + dλμ = (a − bc/d) + d·(λ + c/d)·(μ + b/d).

Blocks hold powers of A (``left``) and of B (``right``), S_n = (1 + p + … + pⁿ⁻¹)(c) by one count,
and s_n by its start (one count) or by two, s_(a+b) = pᵃ(s_b) + S_a, with pᵃ multiplied out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import Letter, Polynomial, Word, word_key
from weightsmith.checker.balls.ranges import rational
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.rewrites.affine_loop import AffineLoop, Terms, read_sided
from weightsmith.checker.rewrites.affine_powers import (
    AffinePowers,
    Counts,
    Materialised,
    Vector,
    check_counts,
)
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.dsl.program.letters import variable_of

MAX_PASSES = 100
NOTHING: Mapping[str, Fraction] = {}


@dataclass(frozen=True, slots=True)
class TwoSided:
    """``loop`` has A as its left and B as its right; without δ a pass is the sum of both."""

    loop: AffineLoop
    alpha: Fraction
    delta: Fraction | None


class TwoSidedPowers(AffinePowers):
    """The letters of Aⁱ and Bʲ, and of s_n and S_n = (1 + p + … + pⁿ⁻¹)(c).

    s_(a+b) = pᵃ(s_b) + S_a, as for the powers of one side.
    """

    def __init__(self, two: TwoSided) -> None:
        super().__init__(two.loop)
        self._two = two

    def expanded(self, what: Materialised, letter: Letter) -> Polynomial:
        """The value that a block is said to hold, by its counts: of S_n by one."""
        if what.kind in ("left", "right"):
            return super().expanded(what, letter)
        if what.kind == "value":
            return self._of(self.expanded_values(what.counts), what, letter)
        require(len(what.counts) == 1, "A sum is held by one count.")
        _, added = self._polynomials(what.counts[0])
        return self._of(self._applied(added, self.loop.constant), what, letter)

    def expanded_values(self, counts: Counts) -> Vector:
        """s_n by its start, or by two counts."""
        check_counts(counts)
        require(len(counts) <= 2, "A value is held by one or two counts.")
        moved, added = self._polynomials(counts[0])
        if len(counts) == 1:
            first, rest = self._applied(moved, self.loop.start), self.loop.constant
            return _sum(first, self._applied(added, rest))
        return _sum(self._applied(moved, self.values(counts[1])), self.sums(counts[0]))

    def _polynomials(self, count: int) -> tuple[flint.fmpq_mpoly, flint.fmpq_mpoly]:
        require(0 <= count <= MAX_PASSES, f"More than {MAX_PASSES} passes are taken at once.")
        return powers_of_pass(self._two.alpha, self._two.delta, count)

    def _applied(self, polynomial: flint.fmpq_mpoly, vector: Mapping[str, Polynomial]) -> Vector:
        """Σ cᵢⱼ·Aⁱ·value·Bʲ."""
        ((name, value),) = vector.items()
        field = value.field
        total = Polynomial.zero(field, value.rows, value.columns)
        for (i, j), number in polynomial.to_dict().items():
            (left,) = self.left(int(i)).values()
            term = left @ value @ self.right(int(j), value.columns)
            total = total + term.scaled(field.number(number))
        return {name: total}


def powers_of_pass(
    alpha: Fraction, delta: Fraction | None, count: int
) -> tuple[flint.fmpq_mpoly, flint.fmpq_mpoly]:
    """pⁿ and 1 + p + … + pⁿ⁻¹, in λ and μ."""
    context = flint.fmpq_mpoly_ctx.get(("l", "m"), "lex")
    left, right = context.gens()
    step = left + right
    if delta is not None:
        step = rational(alpha) + rational(delta) * left * right
    power, total = context.constant(1), context.constant(0)
    for _ in range(count):
        total += power
        power *= step
    return power, total


def _sum(first: Vector, second: Mapping[str, Polynomial]) -> Vector:
    return {name: value + second[name] for name, value in first.items()}


def read_two_sided(
    loop: Loop, transposed: Collection[str], bindings: Mapping[str, Fraction] = NOTHING
) -> TwoSided:
    """α and δ at the bindings.  Raises RefusedError where a pass is of another kind."""
    require(not loop.schedule, f"Loop {loop.index} has numbers of its own for every pass.")
    sided = read_sided(loop, transposed)
    require(len(sided.letters) == 1, "A loop that multiplies from both sides carries one variable.")
    ((name, letter),) = sided.letters.items()
    terms = {(u, w): number for (u, _, w), number in sided.linear[name].items()}
    field = sided.leaving[name].field
    left, right, alpha, delta = _bases(terms, field)
    entry = variable_of(name), variable_of(name)
    base = Polynomial(field, letter.rows, letter.rows, left)
    found = AffineLoop(sided.rows, sided.letters, {entry: base}, right, sided.constant, sided.start)
    same = _after_a_pass(found, alpha, delta, letter).equals(sided.leaving[name])
    require(same, "A pass is not A*s + s*B + c, nor a*s + d*A*s*B + c.")
    numbers = _number(alpha, bindings), None if delta is None else _number(delta, bindings)
    return TwoSided(found, *numbers)


def _bases(
    terms: Mapping[tuple[Word, Word], Rational], field: Field
) -> tuple[Terms, Terms, Rational, Rational | None]:
    """A, B, α and δ; that they are right is seen afterwards."""
    alpha = terms.get(((), ()), field.zero)
    left = {u: number for (u, w), number in terms.items() if u and not w}
    right = {w: number for (u, w), number in terms.items() if w and not u}
    mixed = {pair: number for pair, number in terms.items() if all(pair)}
    if not mixed:
        require(bool(left) and bool(right), "A pass does not multiply from both sides.")
        half = alpha * field.number(Fraction(1, 2))
        return _plus(left, half), _plus(right, half), field.zero, None
    alone = bool(left), bool(right)
    first, last = min(mixed, key=lambda pair: (word_key(pair[0]), word_key(pair[1])))
    left = left or {u: number for (u, w), number in mixed.items() if w == last}
    right = right or {w: number for (u, w), number in mixed.items() if u == first}
    require(first in left and last in right, "The terms from both sides are no product.")
    delta = mixed[first, last] / (left[first] * right[last])
    beta, gamma = (field.number(int(one)) for one in alone)
    left, right = _plus(left, gamma / delta), _plus(right, beta / delta)
    return left, right, alpha - beta * gamma / delta, delta


def _plus(terms: Terms, number: Rational) -> Terms:
    """With a multiple of the identity."""
    return terms if number.is_zero else {**terms, (): number}


def _number(value: Rational, bindings: Mapping[str, Fraction]) -> Fraction:
    known = value.names <= bindings.keys()
    require(known, "A number of a pass that multiplies from both sides has no value.")
    return value.field.evaluate(value, bindings)


def _after_a_pass(
    loop: AffineLoop, alpha: Rational, delta: Rational | None, letter: Letter
) -> Polynomial:
    (constant,) = loop.constant.values()
    (left,), right = loop.left.values(), loop.right_of(letter.columns)
    value = Polynomial.letter(constant.field, letter)
    if delta is None:
        return constant + left @ value + value @ right
    return constant + value.scaled(alpha) + (left @ value @ right).scaled(delta)
