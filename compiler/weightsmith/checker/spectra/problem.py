"""What a rule of the scalar calculus is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import flint

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.balls.ball_powers import whole_power
from weightsmith.checker.balls.enclosures import nth_root
from weightsmith.checker.balls.ranges import (
    Interval,
    Real,
    at_most,
    extremes,
    has_no_root,
    is_positive,
    largest,
    sign_on,
)
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.checker.reading.scalar_text import count_at, value_at
from weightsmith.checker.spectra.recurrence import Recurrence, only_in
from weightsmith.checker.spectra.spectral import LAMBDA, Operator
from weightsmith.checker.spectra.targets import Target
from weightsmith.dsl.numbers.scalars import to_text

NOT_POSITIVE = (
    "The target's function is not positive on the whole spectrum: "
    "there is a pole, a zero or a negative value."
)
EXACT_BITS = 1 << 14  # a product of powers shorter than this is computed exactly


@dataclass(frozen=True, slots=True)
class Numbers:
    """The bindings, complete, and the spectrum's interval at them.

    ``gap`` is an open interval in it where no eigenvalue lies, if two intervals are assumed.
    """

    bindings: Mapping[str, Fraction]
    spectrum: Interval
    gap: Interval | None = None

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """The spectrum without the gap."""
        if self.gap is None:
            return (self.spectrum,)
        return (self.spectrum[0], self.gap[0]), (self.gap[1], self.spectrum[1])


@dataclass(frozen=True, slots=True)
class Result:
    """b·left·value·right + C, with value a polynomial in λ and the scalars of some loops."""

    field: Field
    operator: Operator
    recurrences: Sequence[Recurrence]
    value: Rational
    target: Target
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Problem:
    """The carried scalar ``error`` with its recurrence, and the target it is compared with."""

    field: Field
    operator: Operator
    recurrence: Recurrence
    target: Target
    error: str
    numbers: Numbers | None
    offset: Rational  # what is returned is this much more than the carried scalar: 0 or 1
    by_intervals: bool = False  # f* need not be positive, nor be defined between two intervals

    def without_root(self) -> Problem:
        """The same; if f* is no root its sign does not matter, and each interval counts alone."""
        return replace(self, by_intervals=self.target.root == 1)

    @property
    def power(self) -> Rational:
        if self.target.power is None:
            raise RefusedError("This rule is not for an exponential target.")
        return self.target.power

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.recurrence.following)

    @property
    def count_text(self) -> str:
        """The number of passes."""
        return to_text(self.recurrence.loop.count)

    def check_names(self, name: str, allowed: frozenset[str]) -> None:
        """The recurrence of a scalar may use no other carried scalars."""
        used = self.field.names_in(self.recurrence.following[name]) & self.names
        require(used <= allowed, f"The recurrence of '{name}' uses other carried scalars.")

    def at_ends(self, value: Rational) -> tuple[str, str]:
        """A polynomial in λ at the low and the high end of the spectrum."""
        low, high = (
            rational_text(self.field.substitute(value, {LAMBDA: end}))
            for end in (self.operator.low, self.operator.high)
        )
        return low, high

    def degree(self, value: Rational) -> int:
        return max(self.field.coefficients(value, LAMBDA), default=0)

    def count(self, numbers: Numbers) -> int:
        return count_at(self.recurrence.loop.count, numbers.bindings)

    def numbers_of_passes(self, numbers: Numbers) -> list[Numbers]:
        """The bindings in every pass: those of the symbols, and the pass's own numbers."""
        loop = self.recurrence.loop
        passes = []
        for place in range(self.count(numbers)):
            own = {
                name: value_at(values[place], numbers.bindings)
                for name, values in loop.schedule.items()
            }
            passes.append(Numbers({**numbers.bindings, **own}, numbers.spectrum))
        return passes

    def polynomial(self, value: Rational, variable: str, numbers: Numbers) -> flint.fmpq_poly:
        """A polynomial in one variable, at the bindings."""
        only_in(value, variable, "An expression", self.field)
        top, bottom = self.field.polynomials(value, variable, numbers.bindings)
        return top / bottom[0]

    def regions(self, numbers: Numbers) -> tuple[Interval, ...]:
        """The spectrum: one interval, or the two between which the target jumps or has a pole."""
        whole = self.target.sign is None and not self.by_intervals
        return (numbers.spectrum,) if whole else numbers.intervals

    def check_sign(self, numbers: Numbers) -> None:
        """The polynomial that gives the target its sign has one on each interval."""
        if self.target.sign is not None:
            polynomial = self.polynomial(self.target.sign, LAMBDA, numbers)
            for region in self.regions(numbers):
                sign_on(polynomial, region)

    def check_positive(self, power: Rational, numbers: Numbers) -> None:
        """f*^root is positive on the spectrum, so that f* is defined and not zero."""
        top, bottom = self.field.polynomials(power, LAMBDA, numbers.bindings)
        if self.by_intervals:
            parts = [(part, region) for part in (top, bottom) for region in self.regions(numbers)]
            free = all(has_no_root(part, region) for part, region in parts)
            require(free, "The target's function has a pole or a zero on the spectrum.")
            return
        good = is_positive(top, bottom, numbers.spectrum)
        require(good, NOT_POSITIVE)

    def check_no_pole(self, value: Rational, numbers: Numbers) -> None:
        _, bottom = self.field.polynomials(value, LAMBDA, numbers.bindings)
        regions = self.regions(numbers) if self.by_intervals else (numbers.spectrum,)
        good = all(has_no_root(bottom, region) for region in regions)
        require(good, "An auxiliary function has a pole in the spectrum.")

    def check_not_negative(self, value: Rational, numbers: Numbers) -> None:
        """A polynomial in λ is ≥ 0 on the spectrum, times the target's sign, if f* is a root."""
        if self.by_intervals:
            return
        if self.target.sign is not None:
            value = value * self.target.sign
        zero = Real.of(Fraction(0))
        for extreme in self.extremes(value, numbers):
            require(at_most(zero, extreme), "The start is negative somewhere on the spectrum.")

    def extremes(self, value: Rational, numbers: Numbers) -> tuple[Real, ...]:
        """Values among which are the least and largest of a polynomial in λ on the spectrum."""
        polynomial = self.polynomial(value, LAMBDA, numbers)
        found = (extremes(polynomial, region) for region in self.regions(numbers))
        return tuple(one for values in found for one in values)

    def largest_size(self, value: Rational, numbers: Numbers) -> Real:
        return largest([abs(extreme) for extreme in self.extremes(value, numbers)])

    def roots(self, start: Rational, root: int, numbers: Numbers) -> list[Real]:
        """The extremes of start^(1/root) on the spectrum."""
        values = self.extremes(start, numbers)
        return [nth_root(value, root) for value in values]


def product_of_powers(factors: list[tuple[Real, int]]) -> Real:
    """Π value^exponent of values ≥ 0; exact if that is short."""
    used = [(value, exponent) for value, exponent in factors if exponent]
    bits = sum(_bits(value) * exponent for value, exponent in used)
    if bits <= EXACT_BITS and all(value.exact is not None for value, _ in used):
        exact = Fraction(1)
        for value, exponent in used:
            exact *= (value.exact or Fraction(0)) ** exponent
        return Real.of(exact)
    return Real(None, lambda: _ball_product(used))


def _bits(value: Real) -> int:
    if value.exact is None:
        return EXACT_BITS + 1
    return max(value.exact.numerator.bit_length(), value.exact.denominator.bit_length())


def _ball_product(factors: list[tuple[Real, int]]) -> flint.arb:
    total = flint.arb(1)
    for value, exponent in factors:
        total *= whole_power(value.ball(), exponent)
    return total
