"""The scalars of a chain of loops, and the result, as exact polynomials in λ: for small degrees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.compiler.certify.spectra.spectral import LAMBDA, NoProofError
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers.scalars import ScalarError, evaluate

MAX_DEGREE = 20_000
MAX_PASSES = 1_000_000
Monomial = tuple[flint.fmpq, dict[str, int]]  # the factor, and the powers of λ and the scalars


@dataclass(frozen=True)
class LoopScalars:
    """f ← next(f), ``count`` times, from ``initial``; ``numbers``: those of a ``for``'s passes."""

    count: int
    initial: Mapping[str, Coefficient]
    next: Mapping[str, Coefficient]
    numbers: tuple[Mapping[str, Fraction], ...] = ()


class ScalarValues:
    """Loops one after the other and a result, with the symbols at their bindings."""

    def __init__(
        self, loops: tuple[LoopScalars, ...], value: Coefficient, bindings: Mapping[str, Fraction]
    ) -> None:
        self._free = {LAMBDA, *(name for loop in loops for name in loop.initial)}
        self._read = _Reader(self._free, bindings)
        self.loops = [self._loop(loop, bindings) for loop in loops]
        self.value = self._read(value)

    def _loop(self, loop: LoopScalars, bindings: Mapping[str, Fraction]) -> Passes:
        if loop.count > MAX_PASSES:
            raise NoProofError(f"a loop has more than {MAX_PASSES} passes")
        readers = [_Reader(self._free, {**bindings, **one}) for one in loop.numbers]
        return Passes(
            loop.count,
            {name: self._read(value) for name, value in loop.initial.items()},
            [
                {name: read(value) for name, value in loop.next.items()}
                for read in readers or [self._read]
            ],
        )

    def degree(self) -> int:
        """A bound of the result's degree in λ, by the degrees of the scalars pass by pass."""
        known: dict[str, int] = {LAMBDA: 1}
        for loop in self.loops:
            known |= {name: _degree(sum_, known) for name, sum_ in loop.initial.items()}
            for number in range(loop.count):
                after = {name: _degree(sum_, known) for name, sum_ in loop.map(number).items()}
                steady = all(known[name] == degree for name, degree in after.items())
                if steady and len(loop.maps) == 1:
                    break
                known |= after
        return max(_degree(self.value, known), 0)

    def polynomial(self) -> flint.fmpq_poly:
        """The result as a polynomial in λ, exactly: for small degrees."""
        known = {LAMBDA: flint.fmpq_poly([0, 1])}
        for loop in self.loops:
            known |= {name: _exact_sum(sum_, known) for name, sum_ in loop.initial.items()}
            for number in range(loop.count):
                known |= {name: _exact_sum(sum_, known) for name, sum_ in loop.map(number).items()}
        return _exact_sum(self.value, known)


class _Reader:
    """Coefficients as sums of monomials in λ and the scalars."""

    def __init__(self, free: set[str], bindings: Mapping[str, Fraction]) -> None:
        self._free, self._bindings = free, bindings
        self._known: dict[str, Fraction] = {}

    def __call__(self, value: Coefficient) -> list[Monomial]:
        if value.denominator_names & self._free:
            raise NoProofError("a scalar is not a polynomial in the operator")
        below = self._monomials(value.denominator)
        if not below:
            raise NoProofError("a coefficient divides by zero")
        divisor = below[0][0]
        return [
            (flint.fmpq(ratio.numerator, ratio.denominator), powers)
            for ratio, powers in ((one / divisor, rest) for one, rest in self._monomials(value))
        ]

    def _monomials(self, value: Coefficient) -> list[tuple[Fraction, dict[str, int]]]:
        """Collected by the powers of what is free; those that vanish are left out."""
        found: dict[tuple[tuple[str, int], ...], Fraction] = {}
        for powers, number in value.monomials():
            free = tuple(sorted((n, e) for n, e in powers.items() if n in self._free))
            for name, exponent in powers.items():
                if name not in self._free:
                    number *= self._number(name) ** exponent
            found[free] = found.get(free, Fraction(0)) + number
        return [(number, dict(free)) for free, number in found.items() if number]

    def _number(self, name: str) -> Fraction:
        if name not in self._known:
            try:
                self._known[name] = evaluate(parse_scalar(name), self._bindings)
            except ScalarError as problem:
                raise NoProofError(f"a scalar has no value: {problem}") from None
        return self._known[name]


@dataclass(frozen=True)
class Passes:
    count: int
    initial: Mapping[str, list[Monomial]]
    maps: list[dict[str, list[Monomial]]]  # one for all passes, or one for each

    def map(self, number: int) -> Mapping[str, list[Monomial]]:
        return self.maps[number % len(self.maps)]


def _degree(monomials: list[Monomial], known: Mapping[str, int]) -> int:
    """The degree of a sum, −1 for zero."""
    degrees = [
        sum(known[name] * exponent for name, exponent in powers.items())
        for _, powers in monomials
        if all(known[name] >= 0 for name in powers)
    ]
    degree = max(degrees, default=-1)
    if degree > MAX_DEGREE:
        raise NoProofError(f"the result is a polynomial of degree more than {MAX_DEGREE}")
    return degree


def _exact_sum(monomials: list[Monomial], known: Mapping[str, flint.fmpq_poly]) -> flint.fmpq_poly:
    total = flint.fmpq_poly()
    for factor, powers in monomials:
        term = flint.fmpq_poly([factor])
        for name, exponent in powers.items():
            term *= known[name] ** exponent
        total += term
    return total
