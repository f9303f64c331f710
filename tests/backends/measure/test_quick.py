"""A cheap proof that eigenvalues lie in an interval never holds of one that does not."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from weightsmith.backends.measure.enclosure import Enclosure, Interval, exact, product
from weightsmith.backends.measure.quick import compared, confined

Rational = list[list[Fraction]]


def rational(matrix: np.ndarray, exponent: int = 0) -> Rational:
    scale = Fraction(2) ** exponent
    return [[Fraction(float(entry)) * scale for entry in row] for row in matrix]


def is_semidefinite(matrix: Rational) -> bool:
    """By the characteristic polynomial, exactly: its signs alternate (Descartes, real roots)."""
    form = fmpq_mat([[fmpq(e.numerator, e.denominator) for e in row] for row in matrix])
    coefficients = form.charpoly().coeffs()
    size = len(matrix)
    return all((-1) ** (size - k) * c >= 0 for k, c in enumerate(coefficients))


def lies_between(matrix: Rational, ends: Interval) -> bool:
    low, high = ends.low, ends.high
    size = range(len(matrix))
    above = low is None or is_semidefinite(
        [[matrix[i][j] - (i == j) * low for j in size] for i in size]
    )
    return above and (
        high is None
        or is_semidefinite([[(i == j) * high - matrix[i][j] for j in size] for i in size])
    )


def symmetric(random: np.random.Generator, size: int, values: np.ndarray) -> np.ndarray:
    basis = np.linalg.qr(random.normal(size=(size, size)))[0]
    matrix: np.ndarray = (basis * values) @ basis.T
    return (matrix + matrix.T) / 2


@pytest.mark.parametrize("seed", range(60))
def test_what_is_proven_is_so_and_what_is_well_inside_is_proven(seed: int) -> None:
    """Ends at the computed extreme eigenvalues, moved in or out by from 1e-18 to 1e-3 of them."""
    random = np.random.default_rng(seed)
    size, scale = int(random.integers(1, 6)), 2.0 ** int(random.integers(-300, 300))
    values = np.sort(np.where(random.random(size) < 0.3, 1.0, 10.0 ** random.uniform(-6, 0, size)))
    matrix = symmetric(random, size, values * random.choice([1.0, -1.0], size)) * scale
    found = np.linalg.eigvalsh(matrix)
    for share in 10.0 ** random.uniform(-18, -3, 12):
        for sign in (1, -1):
            moved = Fraction(float(share * sign)) * Fraction(float(np.abs(found).max()))
            ends = Interval(Fraction(float(found[0])) - moved, Fraction(float(found[-1])) + moved)
            proven = confined(exact(matrix[None]), ends)
            if proven:
                assert lies_between(rational(matrix), ends)
            if sign == 1 and share > 1e-12:
                assert proven


def test_the_laplacian_of_a_graph_touches_its_end() -> None:
    """Its eigenvalue 0 is an end; so it is of a matrix of integers, and of no other."""
    path = 2.0 * np.eye(9) - np.eye(9, k=1) - np.eye(9, k=-1)
    path[0, 0] = path[-1, -1] = 1
    assert confined(exact(path[None]), Interval(Fraction(0), Fraction(4)))
    assert confined(exact(path[None] + 3 * np.eye(9)), Interval(Fraction(3), Fraction(7)))
    assert not confined(exact(path[None]), Interval(Fraction(1, 2**70), Fraction(4)))
    assert not confined(exact(path[None] * 0.1), Interval(Fraction(0), Fraction(4)))
    path[0, 0] = 1 - 2.0**-52
    assert not confined(exact(path[None]), Interval(Fraction(0), Fraction(4)))
    assert not confined(exact(-path[None]), Interval(Fraction(0), None))
    large = np.array([[2.0**53, 2.0**53 + 2], [2.0**53 + 2, 2.0**53]])
    assert not confined(exact(large[None]), Interval(Fraction(0), Fraction(2**60)))


def test_a_radius_counts() -> None:
    matrix = np.diag([1.0, 2.0])[None]
    ends = Interval(Fraction(9, 10), Fraction(21, 10))
    assert confined(Enclosure(matrix, np.array([0.09]), 0), ends)
    assert not confined(Enclosure(matrix, np.array([0.11]), 0), ends)
    assert confined(
        Enclosure(matrix, np.array([0.09]), -40), Interval(Fraction(0), Fraction(1, 10**6))
    )
    whole = np.array([[1.0, -1.0], [-1.0, 1.0]])[None]
    assert not confined(Enclosure(whole, np.array([1e-20]), 0), Interval(Fraction(0), Fraction(3)))


def test_a_matrix_that_is_not_symmetric_needs_room_for_what_it_is_off() -> None:
    matrix = np.array([[1.0, 0.2], [0.0, 1.0]])[None]
    assert confined(exact(matrix), Interval(Fraction(7, 10), Fraction(13, 10)))
    assert not confined(exact(matrix), Interval(Fraction(89, 100), Fraction(111, 100)))


def test_every_problem_of_a_batch_counts() -> None:
    batch = np.stack([np.diag([1.0, 2.0]), np.diag([1.0, 3.5])])
    assert not confined(exact(batch), Interval(Fraction(1, 2), Fraction(3)))
    assert confined(exact(batch), Interval(Fraction(1, 2), Fraction(4)))


def test_a_factor_that_is_wrong_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cholesky = np.linalg.cholesky
    monkeypatch.setattr(np.linalg, "cholesky", lambda one: cholesky(one + 0.2 * np.eye(2)))
    matrix = np.diag([1.0, 2.0])[None]
    assert not confined(exact(matrix), Interval(Fraction(11, 10), Fraction(3)))
    assert not confined(exact(matrix), Interval(Fraction(9, 10), Fraction(3)))


@pytest.mark.parametrize("seed", range(30))
def test_products_with_a_weight(seed: int) -> None:
    """Against P·u·P − a·P in rational numbers, for ends at the extreme eigenvalues of u·P."""
    random = np.random.default_rng(seed)
    size = int(random.integers(1, 5))
    left = symmetric(random, size, random.normal(size=size))
    weight = symmetric(random, size, random.uniform(0.1, 2, size))
    found = np.sort(np.linalg.eigvals(left @ weight).real)
    u, p = fmpq_of(left), fmpq_of(weight)
    inner = product(product(exact(weight[None]), exact(left[None])), exact(weight[None]))
    for share in 10.0 ** random.uniform(-17, -3, 10):
        for sign in (1, -1):
            room = Fraction(float(share * sign * np.abs(found).max()))
            ends = Interval(Fraction(float(found[0])) - room, Fraction(float(found[-1])) + room)
            proven = compared(inner, exact(weight[None]), ends)
            if proven:
                above = p * u * p - p * fmpq(ends.low.numerator, ends.low.denominator)
                below = p * fmpq(ends.high.numerator, ends.high.denominator) - p * u * p
                assert is_semidefinite(fractions_of(above))
                assert is_semidefinite(fractions_of(below))
            if sign == 1 and share > 1e-11:
                assert proven


def fmpq_of(matrix: np.ndarray) -> fmpq_mat:
    return fmpq_mat([[fmpq(e.numerator, e.denominator) for e in row] for row in rational(matrix)])


def fractions_of(matrix: fmpq_mat) -> Rational:
    return [[Fraction(int(e.p), int(e.q)) for e in row] for row in matrix.tolist()]


@pytest.mark.filterwarnings("error")
def test_ends_far_beyond_the_numbers_prove_nothing_and_warn_of_nothing() -> None:
    for tiny in (5e-324, 1e-300):
        matrix = np.diag([tiny, tiny])[None]
        assert not confined(exact(matrix), Interval(Fraction(1, 10), Fraction(2)))
        weight = exact(np.eye(2)[None])
        assert not compared(exact(matrix), weight, Interval(Fraction(1, 10), Fraction(2)))
