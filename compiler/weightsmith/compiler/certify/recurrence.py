"""The scalar recurrence of a claim, and the changes of variable that the rules share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from weightsmith.compiler.certify.intervals import (
    DivergesError,
    Interval,
    iterate,
    largest,
    polynomial_range,
)
from weightsmith.compiler.certify.spectral import (
    ERROR,
    LAMBDA,
    RATIO,
    NoProofError,
    RootScalar,
    ScalarField,
)
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.dsl import core, parse_scalar
from weightsmith.dsl import scalars as exact
from weightsmith.dsl.scalars import Scalar, ScalarError

Json = dict[str, object]
MAX_INTERVALS = 5000


@dataclass(frozen=True)
class Bounded:
    """The last step of a truncation claim, its formula, and its value if every symbol has one."""

    step: Json
    formula: str
    value: Fraction | None


@dataclass(frozen=True)
class Recurrence:
    """f ← next, over the names and λ; ``error`` is the scalar of the returned value, f* its target.

    ``bindings`` are the values of the symbols, or None if one is missing.
    """

    scalars: ScalarField
    initial: dict[str, Coefficient]
    next: dict[str, Coefficient]
    error: str
    target: RootScalar
    count: Scalar
    low: Scalar
    high: Scalar
    bindings: dict[str, Fraction] | None
    schedule: tuple[core.Schedule, ...] = ()  # the numbers of each pass
    gap: tuple[Scalar, Scalar] | None = None  # where the spectrum is not, between low and high
    by_intervals: bool = False  # f* need not be positive, nor be defined in the gap
    above_by_one: bool = False  # what is returned is 1 + f

    @property
    def one(self) -> Coefficient:
        return self.scalars.field.one

    @property
    def count_text(self) -> str:
        return exact.to_text(self.count)

    def symbol(self, name: str) -> Coefficient:
        return self.scalars.symbol(name)

    def put(self, element: Coefficient, name: str, replacement: Coefficient) -> Coefficient:
        """Replace one symbol."""
        field = self.scalars.field
        return field.put(element, lambda other: replacement if other == name else None)

    def put_all(self, element: Coefficient, values: Mapping[str, Coefficient]) -> Coefficient:
        """Replace several symbols at once."""
        return self.scalars.field.put(element, values.get) if values else element

    def at_ends(self, element: Coefficient) -> list[str]:
        """Write a function of λ at the two ends of the spectrum, symbolically."""
        ends = (self.scalars.field.of(end) for end in (self.low, self.high))
        return [str(self.put(element, LAMBDA, end)) for end in ends]

    def number(self, scalar: Scalar) -> Fraction:
        try:
            return exact.evaluate(scalar, self.bindings or {})
        except ScalarError as problem:
            raise NoProofError(f"a scalar has no value: {problem}") from None

    def spectrum(self) -> Interval:
        low, high = (self.number(end) for end in (self.low, self.high))
        if low > high:
            raise NoProofError(f"the spectrum's low end {low} is above its high end {high}")
        return low, high

    def passes(self) -> int:
        count = self.number(self.count)
        if count.denominator != 1 or count < 0:
            raise NoProofError(f"the count {count} is not a whole number")
        return int(count)

    def without_root(self) -> Recurrence:
        """The same; if f* is no root its sign does not matter, and each interval counts alone."""
        return replace(self, by_intervals=self.target.root == 1)

    def in_pass(self, number: int) -> Recurrence:
        """The same, with the numbers of one pass among the bindings."""
        own = {one.name: self.number(one.values[number]) for one in self.schedule}
        return replace(self, bindings={**(self.bindings or {}), **own})

    def univariate(self, element: Coefficient, variable: str) -> list[Fraction]:
        """Return the coefficients of a polynomial in one variable, at the bindings."""
        if element.degree(variable) < 0:
            raise NoProofError("a scalar is not a polynomial")
        try:
            return element.coefficients(variable, lambda name: self.number(parse_scalar(name)))
        except ZeroDivisionError:
            raise NoProofError("a coefficient divides by zero") from None

    def over_spectrum(self, element: Coefficient) -> Interval:
        """Enclose a polynomial in λ over the spectrum."""
        return polynomial_range(self.univariate(element, LAMBDA), self.spectrum())

    def regions(self) -> tuple[Interval, ...]:
        """The intervals of the spectrum; its hull, unless the target jumps or has a pole there."""
        low, high = self.spectrum()
        if self.gap is None or (self.target.sign is None and not self.by_intervals):
            return ((low, high),)
        below, above = (self.number(end) for end in self.gap)
        if not low <= below < above <= high:
            raise NoProofError("the two intervals of the spectrum are not in order")
        return (low, below), (above, high)

    def over_regions(self, element: Coefficient) -> Interval:
        """Enclose a polynomial in λ over the intervals of the spectrum."""
        coefficients = self.univariate(element, LAMBDA)
        found = [polynomial_range(coefficients, region) for region in self.regions()]
        return min(low for low, _ in found), max(high for _, high in found)

    def require_sign(self) -> None:
        """The sign of a target ±1 must not change within an interval of the spectrum."""
        if self.target.sign is not None:
            coefficients = self.univariate(self.target.sign, LAMBDA)
            for region in self.regions():
                sign_of(coefficients, region)

    def require_positive_target(self) -> None:
        """f* must be positive on the whole spectrum: numerator and denominator have one sign.

        By intervals: it has no zero and no pole on any.
        """
        if self.by_intervals:
            parts = (
                p
                for one in self.target.must_be_positive()
                for p in (one.numerator, one.denominator)
            )
            for part in parts:
                coefficients = self.univariate(part, LAMBDA)
                for region in self.regions():
                    low, high = polynomial_range(coefficients, region)
                    if low <= 0 <= high:
                        raise NoProofError("the target has a pole or a zero on the spectrum")
            return
        for power in self.target.must_be_positive():
            above, below = (
                self.over_spectrum(part) for part in (power.numerator, power.denominator)
            )
            if _crosses(above, below):
                reason = "the target has a pole, a zero or a negative value on the spectrum"
                raise NoProofError(reason)


def sign_of(coefficients: list[Fraction], interval: Interval) -> int:
    """1 or −1, that of a polynomial on an interval.  Raises NoProofError if it has a zero there."""
    low, high = polynomial_range(coefficients, interval)
    if low <= 0 <= high:
        raise NoProofError("the spectrum touches the place where the target's sign changes")
    return 1 if low > 0 else -1


def _crosses(above: Interval, below: Interval) -> bool:
    """Is the quotient of two ranges anywhere not positive?"""
    both_positive = above[0] > 0 and below[0] > 0
    both_negative = above[1] < 0 and below[1] < 0
    return not (both_positive or both_negative)


def in_ratio(
    r: Recurrence,
    name: str,
    equal: Sequence[str],
    target: RootScalar,
    polynomials: Mapping[str, Coefficient],
) -> Coefficient | None:
    """Put f = t·f* (and g = t·f*·g₀/f₀ for ``equal``) into f ← next, and divide by f*.

    ``polynomials`` are other carried scalars, as polynomials in t.  The result is in t, λ and the
    other names.  None if a fractional power of f* is left.
    """
    after = r.put_all(r.next[name], polynomials)
    known = {name: r.one, **{g: r.initial[g] / r.initial[name] for g in equal}}
    if after.denominator_names & known.keys():
        return None
    terms = []
    for powers, number in after.monomials():
        term, degree = r.scalars.field.number(number), 0
        for other, exponent in powers.items():
            term = term * (known[other] if other in known else r.symbol(other)) ** exponent
            degree += exponent if other in known else 0
        if (degree - 1) % target.root:
            return None
        whole = (degree - 1) // target.root
        terms.append(term * r.symbol(RATIO) ** degree * target.power**whole)
    return r.scalars.field.sum(terms) / after.denominator


def error_map(r: Recurrence, ratio_map: Coefficient) -> Coefficient:
    """Turn t ← N(t) into e ← 1 − N(1 − e)."""
    return r.one - r.put(ratio_map, RATIO, r.one - r.symbol(ERROR))


def iterated(change: list[Fraction], start: Interval, count: int) -> list[Interval]:
    """Enclose the iterates, as many as needed.  Raises NoProofError if they diverge."""
    try:
        intervals = iterate(change, start, min(count, MAX_INTERVALS))
    except DivergesError:
        raise NoProofError("the bound diverges: the start is too far from the target") from None
    if count > MAX_INTERVALS and len(intervals) > MAX_INTERVALS:
        raise NoProofError(f"more than {MAX_INTERVALS} passes without a stationary bound")
    return intervals


def interval_texts(intervals: list[Interval]) -> list[list[str]]:
    return [[str(low), str(high)] for low, high in intervals]


def sup(r: Recurrence, element: Coefficient) -> Fraction:
    """Return max |element| over the spectrum, enclosed from above."""
    return largest(r.over_spectrum(element))
