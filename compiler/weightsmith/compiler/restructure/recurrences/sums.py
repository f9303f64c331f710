"""Matrices of sums of materialised functions, and of products of three of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.balls.ranges import fraction, rational
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar


@dataclass(frozen=True, slots=True, order=True)
class Atom:
    """One materialised function: an entry of a power ("M"), a quotient ("N") or a value ("S", "P").

    "E" is an entry of a power less the identity.  The kind "1" is the constant 1 between the
    factors of a value, and "0" what stands left of a value's first D': a value λ·f is 0·D'·B.
    """

    kind: str
    row: int
    column: int
    count: int

    @property
    def is_value(self) -> bool:
        return self.kind in ("S", "P", "1", "0")


ONE = Atom("M", 0, 0, 0)
UNIT = Atom("1", 0, 0, 0)
OUTER = Atom("0", 0, 0, 0)
Key = tuple[Atom, ...]  # one atom, or three that are multiplied
Sum = Mapping[Key, Scalar]
Matrix = tuple[tuple[Sum, ...], ...]


def single(atom: Atom, coefficient: Scalar) -> Sum:
    return {} if coefficient == q.ZERO else {(atom,): coefficient}


def number(value: int) -> Scalar:
    return q.Number(Fraction(value))


def raised(base: Scalar, count: int) -> Scalar:
    """base^count, long numbers left as powers."""
    if count == 0 or base == q.ONE:
        return q.ONE
    return base if count == 1 or base == q.ZERO else q.Power(base, number(count))


def identity(order: int) -> Matrix:
    return diagonal(tuple(q.ONE for _ in range(order)))


def diagonal(entries: tuple[Scalar, ...]) -> Matrix:
    """A diagonal matrix of numbers."""
    return tuple(
        tuple(single(ONE, entry) if i == j else {} for j in range(len(entries)))
        for i, entry in enumerate(entries)
    )


def matrix_power(entries: tuple[tuple[Scalar, ...], ...], count: int) -> Matrix:
    """A power of a matrix that is diagonal, or made of numbers."""
    places = range(len(entries))
    if all(entries[i][j] == q.ZERO for i in places for j in places if i != j):
        return diagonal(tuple(raised(entries[i][i], count) for i in places))
    base = flint.fmpq_mat([[rational(q.evaluate(entry, {})) for entry in row] for row in entries])
    rows = (base**count).tolist()
    return tuple(tuple(single(ONE, q.Number(fraction(entry))) for entry in row) for row in rows)


def add(*matrices: Matrix) -> Matrix:
    return tuple(
        tuple(added(*entries) for entries in zip(*rows, strict=True))
        for rows in zip(*matrices, strict=True)
    )


def added(*sums: Sum) -> Sum:
    total: dict[Key, Scalar] = {}
    for one in sums:
        for key, coefficient in one.items():
            known = total.get(key)
            total[key] = coefficient if known is None else algebra.plus((known, coefficient))
    return {key: coefficient for key, coefficient in total.items() if coefficient != q.ZERO}


def times(left: Matrix, right: Matrix) -> Matrix:
    """left·right, one of the two a matrix of numbers."""
    return _matrix_product(left, right, _scaled)


def _scaled(left: Key, right: Key) -> Key:
    return right if left == (ONE,) else left


def product(first: Matrix, second: Matrix, third: Matrix, *, plus: bool) -> Matrix:
    """first·second·third as products of three materialised functions (with ``plus``: times λ)."""

    def joined(left: Key, right: Key) -> Key:
        key = left + right
        others = tuple(atom for atom in key if atom != ONE)
        if plus or len(key) < 3 or len(others) > 1:
            return key
        return others or (ONE,)

    return _matrix_product(_matrix_product(first, second, joined), third, joined)


def _matrix_product(left: Matrix, right: Matrix, join: Callable[[Key, Key], Key]) -> Matrix:
    return tuple(
        tuple(
            added(
                *(
                    {join(x, y): algebra.times((a, b))}
                    for k, middle in enumerate(row)
                    for x, a in middle.items()
                    for y, b in right[k][j].items()
                )
            )
            for j in range(len(right[0]))
        )
        for row in left
    )
