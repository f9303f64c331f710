"""The exact degree of what a program computes, in its data; from it the lower bound on depth.

Counting letters gives an upper bound, since leading terms may cancel.  So the leading homogeneous
part of every value is evaluated at one point modulo a prime, all matrices 1×1: if that is not
zero, the leading part is not zero and the degree is exact.  If it is zero nothing is claimed.
A fixed matrix is a weight: of degree 0, at a point of its own.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.algebra.rational_text import names_of
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Letter, Polynomial
from weightsmith.compiler.passes.normalizing.fold_entries import is_ones
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers.scalars import Scalar, ScalarError, Symbol, evaluate, free_symbols
from weightsmith.dsl.program.core import GROUPS, Schedule

PRIME = (1 << 61) - 1
MAX_COUNT = 10**15
COUNT_BITS = 1000  # of a count, and of what it is made of
MAX_PASSES = 20_000  # loops longer than this are not followed

Bindings = Mapping[str, Fraction]
Key = tuple[str, str]  # a letter's name and token group
Part = tuple[tuple[int, tuple[Key, ...]], ...]  # coefficient mod PRIME, letters


class UnknownDegreeError(Exception):
    """A count has no value, or leading terms may have cancelled."""


@dataclass(frozen=True)
class Leading:
    """A degree and the value of the homogeneous part of that degree, modulo PRIME."""

    degree: int
    value: int


ZERO = Leading(0, 0)
ONE = Leading(0, 1)  # a letter of ones


def program_degree(normal: NormalProgram, bindings: Bindings) -> int | None:
    """Return the largest degree of a returned value, or None if it is not certain."""
    if normal.applications:
        return None  # not a polynomial
    try:
        point = _Point(bindings)
        letters = (Letter(name, "") for name in normal.alphabet.axes)
        known = {(one.name, one.group): ONE for one in letters if is_ones(one)}
        known |= {
            (given.name, group): Leading(int(not given.fixed), point.at(f"{given.name}@{group}"))
            for given in normal.inputs
            for group in given.groups or ("",)
        }
        for loop in normal.loops:
            _follow(loop, known, point)
        found = [point.leading(p, known) for r in normal.returns for p in r.value.values()]
    except UnknownDegreeError:
        return None
    return max((leading.degree for leading in found), default=0)


def depth_lower_bound(degree: int) -> int:
    """Return ⌈log₃ degree⌉, exactly."""
    layers, reach = 0, 1
    while reach < degree:
        layers, reach = layers + 1, 3 * reach
    return layers


def passes(count: Scalar, bindings: Bindings) -> int | None:
    """The value of a count; None if it has none, or none that could be meant."""
    try:
        value = evaluate(count, bindings, most_bits=COUNT_BITS)
    except ScalarError:
        return None
    return int(value) if value.denominator == 1 and 0 <= value <= MAX_COUNT else None


class _Point:
    """One value modulo PRIME for every name: its binding, or a fixed random number."""

    def __init__(self, bindings: Bindings) -> None:
        self.bindings = bindings
        self._parts: dict[int, tuple[Polynomial, Part]] = {}

    def entering(self, schedule: tuple[Schedule, ...], number: int) -> _Point:
        """The point of one pass of a loop, whose numbers are those of the pass."""
        if not schedule:
            return self
        try:
            here = {one.name: evaluate(one.values[number], self.bindings) for one in schedule}
        except ScalarError:
            raise UnknownDegreeError from None
        return _Point({**self.bindings, **here})

    def at(self, name: str) -> int:
        if name in self.bindings:
            return _residue(self.bindings[name])
        scalar = parse_scalar(name) if name.startswith("(") else Symbol(name)
        if not isinstance(scalar, Symbol) and free_symbols(scalar) <= self.bindings.keys():
            return _residue(evaluate(scalar, self.bindings))
        return random.Random(name).randrange(1, PRIME)

    def leading(self, polynomial: Polynomial, known: Mapping[Key, Leading]) -> Leading:
        """Return the leading part of a value.  Raises UnknownDegreeError if it vanishes."""
        degree, value = -1, 0
        for coefficient, letters in self._part(polynomial):
            leading = [known[letter] for letter in letters]
            if any(one.value == 0 for one in leading):
                continue  # a letter that is zero
            total = sum(one.degree for one in leading)
            product = coefficient
            for one in leading:
                product = product * one.value % PRIME
            if total > degree:
                degree, value = total, 0
            if total == degree:
                value = (value + product) % PRIME
        if degree < 0:
            return ZERO
        if value == 0:
            raise UnknownDegreeError
        return Leading(degree, value)

    def _part(self, polynomial: Polynomial) -> Part:
        if id(polynomial) not in self._parts:
            part = tuple(
                (self._coefficient(c), tuple((letter.name, letter.group) for letter in word))
                for word, c in polynomial.terms.items()
            )
            self._parts[id(polynomial)] = (polynomial, part)
        return self._parts[id(polynomial)][1]

    def _coefficient(self, coefficient: Coefficient) -> int:
        if coefficient.as_number is not None:
            return _residue(coefficient.as_number)
        names = names_of(coefficient.field)
        top, bottom = (
            self._polynomial(part, names)
            for part in (coefficient.numerator, coefficient.denominator)
        )
        if bottom == 0:
            raise UnknownDegreeError
        return top * pow(bottom, -1, PRIME) % PRIME

    def _polynomial(self, polynomial: flint.fmpz_mpoly, names: list[str]) -> int:
        total = 0
        for powers, number in polynomial.to_dict().items():
            term = int(number) % PRIME
            for name, exponent in zip(names, powers, strict=False):
                if exponent:
                    term = term * pow(self.at(name), int(exponent), PRIME) % PRIME
            total = (total + term) % PRIME
        return total


def _residue(number: Fraction) -> int:
    if number.denominator % PRIME == 0:
        raise UnknownDegreeError
    return number.numerator * pow(number.denominator, -1, PRIME) % PRIME


def _follow(loop: Loop, known: dict[Key, Leading], point: _Point) -> None:
    count = passes(loop.count, point.bindings)
    if count is None or count > MAX_PASSES:
        raise UnknownDegreeError
    known.update(_values(loop, known, point, initial=True))
    for number in range(count):
        here = point.entering(loop.schedule, number)
        for inner in loop.inner:
            _follow(inner, known, here)
        known.update(_values(loop, known, here, initial=False))


def _values(
    loop: Loop, known: Mapping[Key, Leading], point: _Point, *, initial: bool
) -> dict[Key, Leading]:
    """The leading parts of every carried variable, each token group by itself."""
    return {
        (carried.letter, space if space in GROUPS else ""): point.leading(polynomial, known)
        for carried in loop.carried
        for space, polynomial in (carried.initial if initial else carried.next).items()
    }
