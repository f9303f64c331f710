"""Bounds of polynomials from those of their letters.

A polynomial is bounded term by term, the powers of an operator T whose spectrum is assumed taken
together: left · (Σ c_k T^k) · right has the middle's norm max |Σ c_k λ^k|.  It is also bounded as
(Σ prefixes) · letter for the words of one last letter; what is smaller holds.  Of one entry, a word
v'·v is not negative, and the identity is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.algebra.words import Letter, Polynomial, Word, transpose_word
from weightsmith.checker.balls.bounds import (
    IDENTITY,
    NOT_NEGATIVE,
    NOTHING,
    UNIT,
    ZERO,
    Ball,
    Bounds,
    above,
    larger,
    product,
)
from weightsmith.checker.balls.ranges import extremes, rational
from weightsmith.checker.errors.assumed import Assumed, Ends
from weightsmith.checker.reading.refusal import Budget, RefusedError, require

Lookup = Callable[[Letter], Bounds]
Split = tuple[Word, Word, int, Word]  # left, operator, power, right


@dataclass(frozen=True, slots=True)
class Frame:
    """number · letters, one of the factors a function of an operator if ``middle`` is given.

    ``square``: the letters are v'·v for a column v, a sum of squares.
    """

    number: Fraction
    left: Word
    middle: tuple[Bounds, str] | None  # and its axis
    right: Word
    square: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How a polynomial is bounded; ``ends`` are the last letters with the sums before them."""

    rows: str
    columns: str
    frames: tuple[Frame, ...]
    single: tuple[Frame, ...]  # the frames of words of at most one letter
    ends: tuple[tuple[Letter, Plan], ...]


class WordBounds:
    """Bounds polynomials; each is planned once."""

    def __init__(self, assumed: Assumed, budget: Budget | None = None) -> None:
        self.assumed = assumed
        self._budget = budget or Budget()
        self._plans: dict[int, tuple[Polynomial, Plan]] = {}

    def of(self, polynomial: Polynomial, lookup: Lookup) -> Bounds:
        """The bounds of a polynomial; ``lookup`` knows the letters that are no inputs."""
        known = self._plans.get(id(polynomial))
        if known is None or known[0] is not polynomial:
            terms = {word: _number(c.as_number) for word, c in polynomial.terms.items()}
            known = polynomial, self._plan(polynomial.rows, polynomial.columns, terms)
            self._plans[id(polynomial)] = known
        return self._bound(known[1], lookup)

    def letter(self, letter: Letter, lookup: Lookup) -> Bounds:
        if self.assumed.is_known(letter):
            return self.assumed.letter(letter)
        if letter.transposed:
            return lookup(letter.plain()).transposed()
        return lookup(letter)

    def sized(self, bounds: Bounds, rows: str, columns: str) -> Bounds:
        return bounds.tightened(self.assumed.size_ball(rows), self.assumed.size_ball(columns))

    # -- planning -------------------------------------------------------------------------------

    def _plan(self, rows: str, columns: str, terms: Mapping[Word, Fraction]) -> Plan:
        self._budget.spend(5 + 4 * sum(map(len, terms)) + 4 * len(terms))
        frames = self._frames(terms, (rows, columns))
        ends: dict[Letter, dict[Word, Fraction]] = {}
        rest: dict[Word, Fraction] = {}
        for word, number in terms.items():
            if len(word) > 1:
                ends.setdefault(word[-1], {})[word[:-1]] = number
            else:
                rest[word] = number
        if all(len(prefixes) == 1 for prefixes in ends.values()):
            return Plan(rows, columns, frames, (), ())
        planned = tuple(
            (letter, self._plan(rows, letter.rows, prefixes)) for letter, prefixes in ends.items()
        )
        return Plan(rows, columns, frames, self._frames(rest, (rows, columns)), planned)

    def _frames(self, terms: Mapping[Word, Fraction], shape: tuple[str, str]) -> tuple[Frame, ...]:
        found: dict[tuple[Word, Word], dict[Word, dict[int, Fraction]]] = {}
        for word, number in terms.items():
            left, operator, power, right = self._split(word)
            found.setdefault((left, right), {}).setdefault(operator, {})[power] = number
        frames: list[Frame] = []
        for (left, right), operators in found.items():
            alone = operators.pop((), {}).get(0)
            for operator, powers in operators.items():
                if alone is not None:  # the word without an operator is its power 0
                    powers[0], alone = alone, None
                bounds = _function_bounds(powers, self.assumed.spectra[operator])
                frames.append(Frame(Fraction(1), left, (bounds, operator[0].rows), right))
            if alone is not None:
                is_one = not left and shape == ("1", "1")
                middle, square = (UNIT, "1") if is_one else None, _is_square(left, shape)
                frames.append(Frame(alone, left, middle, right, square))
        return tuple(frames)

    def _split(self, word: Word) -> Split:
        """left · operator^power · right, of the first operator that occurs."""
        for operator in self.assumed.spectra:
            size = len(operator)
            for start in range(len(word) - size + 1):
                power = 0
                while word[start + power * size : start + (power + 1) * size] == operator:
                    power += 1
                if power:
                    return word[:start], operator, power, word[start + power * size :]
        return word, (), 0, ()

    # -- bounding -------------------------------------------------------------------------------

    def _bound(self, plan: Plan, lookup: Lookup) -> Bounds:
        letters = sum(len(frame.left) + len(frame.right) for frame in plan.frames)
        self._budget.spend(20 + 30 * (letters + len(plan.frames) + len(plan.ends)))
        plain = self.sized(self._sum(plan.frames, lookup), plan.rows, plan.columns)
        if not plan.ends:
            return plain
        total = self._sum(plan.single, lookup)
        for letter, before in plan.ends:
            factors = self._bound(before, lookup), self.letter(letter, lookup)
            total = total + self._product(*factors, letter.rows)
        return self.sized(plain.meet(total), plan.rows, plan.columns)

    def _sum(self, frames: tuple[Frame, ...], lookup: Lookup) -> Bounds:
        total = NOTHING
        for frame in frames:
            total = total + self._frame(frame, lookup)
        return total

    def _frame(self, frame: Frame, lookup: Lookup) -> Bounds:
        factors = [(self.letter(letter, lookup), letter.rows) for letter in frame.left]
        if frame.middle is not None:
            factors.append(frame.middle)
        factors += [(self.letter(letter, lookup), letter.rows) for letter in frame.right]
        if not factors:
            return IDENTITY.scaled(frame.number)
        total = factors[0][0]
        for bounds, axis in factors[1:]:
            total = self._product(total, bounds, axis)
        return (total.meet(NOT_NEGATIVE) if frame.square else total).scaled(frame.number)

    def _product(self, left: Bounds, right: Bounds, axis: str) -> Bounds:
        """left · right; of numbers of one sign, only a sum without terms could be 0."""
        nonempty = left.has_sign and right.has_sign and self.assumed.take_nonempty(axis)
        return product(left, right, self.assumed.size_ball(axis), nonempty=nonempty)


def _is_square(word: Word, shape: tuple[str, str]) -> bool:
    """Is the word v'·v, of one entry?"""
    half, odd = divmod(len(word), 2)
    return shape == ("1", "1") and half > 0 == odd and word[half:] == transpose_word(word[:half])


def _number(value: Fraction | None) -> Fraction:
    if value is None:
        raise RefusedError("A coefficient of the script has no value: a symbol is not bound.")
    return value


def _function_bounds(powers: Mapping[int, Fraction], ends: Ends) -> Bounds:
    """Σ c_k T^k for a symmetric T with its spectrum between the ends."""
    size = largest_value(powers, ends)
    require(bool(size.is_finite()), "A function of an operator is not finite.")
    return Bounds(-size, size, size, size, size)


def largest_value(powers: Mapping[int, Fraction], ends: Ends) -> Ball:
    """max |Σ c_k λ^k| over the interval, rounded up."""
    polynomial = flint.fmpq_poly(
        [rational(powers.get(power, Fraction(0))) for power in range(max(powers) + 1)]
    )
    size = ZERO
    for value in extremes(polynomial, ends):
        size = larger(size, above(abs(value.ball())))
    return size
