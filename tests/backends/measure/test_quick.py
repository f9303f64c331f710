"""A cheap proof that eigenvalues lie in an interval never holds of one that does not."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from weightsmith.backends.measure.enclosure import Enclosure, Interval, exact, product
from weightsmith.backends.measure.quick import compared, confined, confined_beside_constants

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
        for end in (10**20, 10**300):
            above, below = Interval(Fraction(end), None), Interval(None, -Fraction(end))
            assert not confined(exact(matrix), above)
            assert not confined(exact(matrix), below)
            assert not compared(exact(matrix), weight, above)
            gap = Interval(Fraction(1), Fraction(end))
            assert not confined(exact(matrix), Interval(None, None), gap)


@pytest.mark.parametrize("seed", range(40))
def test_no_eigenvalue_lies_in_a_gap_that_is_proven_to_be_empty(seed: int) -> None:
    """Gaps between two computed eigenvalues, their ends moved by from 1e-17 to 1e-3 of the norm."""
    random = np.random.default_rng(seed)
    size, scale = int(random.integers(2, 6)), 2.0 ** int(random.integers(-200, 200))
    values = np.sort(random.normal(size=size)) + random.choice([0.0, 5.0, 1000.0])
    matrix = symmetric(random, size, values) * scale
    found = np.linalg.eigvalsh(matrix)
    place = int(random.integers(0, size - 1))
    for share in 10.0 ** random.uniform(-17, -3, 12):
        for sign in (1, -1):
            room = Fraction(float(share * sign)) * Fraction(float(np.abs(found).max()))
            low, high = (
                Fraction(float(found[place])) + room,
                Fraction(float(found[place + 1])) - room,
            )
            if low >= high:
                continue
            proven = confined(exact(matrix[None]), Interval(None, None), Interval(low, high))
            if proven:
                assert count_below(rational(matrix), low) == count_below(rational(matrix), high)
                assert not is_eigenvalue(rational(matrix), low)
            wide = float(high - low) / np.ptp(found) > 0.1
            if sign == 1 and share > 1e-10 and wide and values[0] < 500:
                assert proven


def count_below(matrix: Rational, end: Fraction) -> int:
    """How many eigenvalues of a symmetric matrix lie below a number that is none of them.

    Exactly: by the changes of sign in the characteristic polynomial at it (Descartes, real roots).
    """
    size = range(len(matrix))
    moved = [[matrix[i][j] - (i == j) * end for j in size] for i in size]
    form = fmpq_mat([[fmpq(e.numerator, e.denominator) for e in row] for row in moved])
    signs = [(c > 0) - (c < 0) for c in form.charpoly().coeffs() if c != 0]
    positive = sum(one != other for one, other in pairwise(signs))
    zeros = sum(c == 0 for c in form.charpoly().coeffs())
    return len(matrix) - positive - zeros


def is_eigenvalue(matrix: Rational, number: Fraction) -> bool:
    size = range(len(matrix))
    moved = [[matrix[i][j] - (i == j) * number for j in size] for i in size]
    return fmpq_mat([[fmpq(e.numerator, e.denominator) for e in row] for row in moved]).det() == 0


@pytest.mark.parametrize("seed", range(40))
def test_eigenvalues_beside_the_constants(seed: int) -> None:
    """Laplacians of random graphs, ends at their computed eigenvalues but for one at 0, moved."""
    random = np.random.default_rng(seed)
    size = int(random.integers(2, 7))
    weights = np.triu(random.integers(0, 4, (size, size)), 1) * random.choice([1.0, 0.5, 2.0**40])
    matrix = np.diag((weights + weights.T).sum(axis=0)) - weights - weights.T
    found = np.linalg.eigvalsh(matrix)
    for share in 10.0 ** random.uniform(-17, -2, 12):
        for sign in (1, -1):
            room = Fraction(float(share * sign)) * Fraction(float(found[-1]))
            ends = Interval(Fraction(float(found[1])) - room, Fraction(float(found[-1])) + room)
            proven = confined_beside_constants(exact(matrix[None]), ends, 2.0**-53)
            if proven:
                assert is_eigenvalue(rational(matrix), Fraction(0))
                assert count_below(rational(matrix), ends.low) == 1
                assert count_below(rational(matrix), ends.high) == size - is_eigenvalue(
                    rational(matrix), ends.high
                )
            if sign == 1 and share > 1e-11 and found[1] > 1e-3 * found[-1] and share < 1e-4:
                assert proven


def test_a_kernel_that_is_not_the_constants_proves_nothing() -> None:
    path = np.array([[1.0, -1, 0], [-1, 2, -1], [0, -1, 1]])
    ends = Interval(Fraction(9, 10), Fraction(31, 10))
    assert confined_beside_constants(exact(path[None]), ends, 2.0**-53)
    for entry in (1e-3, 1e-9, 2.0**-48):
        moved = path.copy()
        moved[0, 0] += entry
        assert not confined_beside_constants(exact(moved[None]), ends, 2.0**-53)
    turned = np.diag([1.0, -1, 1]) @ path @ np.diag([1.0, -1, 1])
    assert not confined_beside_constants(exact(turned[None]), ends, 2.0**-53)
    two = np.kron(np.eye(2), np.array([[1.0, -1], [-1, 1]]))  # a graph of two components
    assert not confined_beside_constants(exact(two[None]), ends, 2.0**-53)
    vague = Enclosure(path[None], np.array([0.2]), 0)
    assert not confined_beside_constants(vague, ends, 2.0**-53)
