"""Measured spectra, norms and products: the margins hold, against exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpz_mat

from weightsmith.backends.measure import enclosure as enclosures
from weightsmith.backends.measure.enclosure import (
    Enclosure,
    combination,
    exact,
    product,
    side_by_side,
)
from weightsmith.backends.measure.spectra import (
    NoFactorError,
    Values,
    eigenvalues,
    singular_values,
    squares,
    weighted_eigenvalues,
)

Exact = list[list[Fraction]]
SEEDS = range(12)


def fractions(matrix: np.ndarray) -> Exact:
    return [[Fraction(float(entry)) for entry in row] for row in matrix]


def times(left: Exact, right: Exact) -> Exact:
    columns = list(zip(*right, strict=True))
    return [
        [sum((a * b for a, b in zip(row, col, strict=True)), Fraction(0)) for col in columns]
        for row in left
    ]


def roots(matrix: Exact) -> list[tuple[Fraction, Fraction]]:
    """Enclosures of the eigenvalues of a matrix that has real ones only, in increasing order."""
    scale = max((entry.denominator for row in matrix for entry in row), default=1)
    scale = 2 ** scale.bit_length()
    whole = fmpz_mat([[int(entry * scale) for entry in row] for row in matrix])
    found = []
    for root, count in whole.charpoly().complex_roots():
        middle, radius = (_fraction(part) for part in (root.real.mid(), root.real.rad()))
        found += [((middle - radius) / scale, (middle + radius) / scale)] * count
    return sorted(found)


def weighted(left: Enclosure, weight: Enclosure) -> Values:
    return weighted_eigenvalues(left, weight, eigenvalues(weight).values)


def _fraction(number: object) -> Fraction:
    mantissa, exponent = number.man_exp()  # type: ignore[attr-defined]
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def contains(values: Values, wanted: list[tuple[Fraction, Fraction]]) -> bool:
    """Is every exact number within the margin of its own, and is no margin wide?"""
    order = np.argsort(values.middle[0])
    unit = Fraction(2) ** values.exponent
    for place, (low, high) in zip(order, wanted, strict=True):
        ends = (Fraction(float(one[0][place])) * unit for one in (values.low, values.high))
        if not next(ends) <= low <= high <= next(ends):
            return False
    return True


def width(values: Values) -> float:
    return float((values.margin / np.abs(values.middle).max(initial=1e-300)).max(initial=0))


def hard(random: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Random, graded over many orders, of low rank, or with repeated values; any scale."""
    kind = random.integers(4)
    matrix = random.normal(size=(rows, columns))
    if kind == 1:
        matrix *= np.logspace(0, -12, columns)
    if kind == 2:
        matrix = np.outer(np.round(8 * matrix[:, 0]), np.ones(columns))
    if kind == 3:
        matrix = np.eye(rows, columns) + 1e-9 * matrix
    return matrix * 2.0 ** random.integers(-300, 300)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_exact_product_is_within_the_radius(seed: int) -> None:
    random = np.random.default_rng(seed)
    left, right = hard(random, 4, 6), hard(random, 6, 3)
    found = product(exact(left[None]), exact(right[None]))
    check_enclosed(found, times(fractions(left), fractions(right)))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_exact_sum_is_within_the_radius(seed: int) -> None:
    random = np.random.default_rng(seed)
    left, right = hard(random, 3, 4), hard(random, 3, 4)
    scales = Fraction(int(random.integers(1, 99)), 7), -Fraction(1, 10**30)
    found = combination([(scales[0], exact(left[None])), (scales[1], exact(right[None]))])
    terms = zip(fractions(left), fractions(right), strict=True)
    check_enclosed(
        found,
        [[scales[0] * a + scales[1] * b for a, b in zip(*rows, strict=True)] for rows in terms],
    )


def check_enclosed(found: Enclosure, wanted: Exact) -> None:
    unit = Fraction(2) ** found.exponent
    middle = fractions(found.middle[0])
    rows = zip(middle, wanted, strict=True)
    distance = sum((unit * a - b) ** 2 for pair in rows for a, b in zip(*pair, strict=True))
    radius = Fraction(float(found.radius[0])) * unit
    assert distance <= radius**2
    largest = np.abs(found.middle).max()
    assert found.radius[0] < 1e-13 * largest
    assert 2.0**-64 <= largest < 2.0**64


@pytest.mark.parametrize("seed", SEEDS)
def test_eigenvalues_are_within_their_margins(seed: int) -> None:
    random = np.random.default_rng(seed)
    size = int(random.integers(1, 7))
    matrix = hard(random, size, size)
    matrix = matrix + matrix.T
    found = eigenvalues(exact(matrix[None])).values
    assert contains(found, roots(fractions(matrix)))
    assert width(found) < 1e-13


def test_a_matrix_that_is_hardly_symmetric_has_its_eigenvalues_within_the_margins() -> None:
    """Those of the symmetric part, 1 ± 1/2e-9, are off by the norm of the other part."""
    matrix = np.array([[1.0, 1e-9], [0.0, 1.0]])
    assert contains(eigenvalues(exact(matrix[None])).values, roots(fractions(matrix)))


@pytest.mark.parametrize("seed", SEEDS)
def test_singular_values_are_within_their_margins(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, columns = (int(one) for one in random.integers(1, 6, 2))
    matrix = hard(random, rows, columns)
    wide = matrix if rows <= columns else matrix.T
    gram = times(fractions(wide), fractions(wide.T))
    found = singular_values(exact(matrix[None])).values
    assert contains(squares(found, 0), roots(gram))
    assert width(found) < 1e-13


def test_small_singular_values_keep_their_digits() -> None:
    """Through A'A half of them would be lost: 1e-12 would be 0 within a margin of 1e-8."""
    left, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))
    values = np.array([1.0, 0.5, 1e-3, 1e-6, 1e-9, 1e-12])
    found = singular_values(exact((left * values)[None])).values
    assert found.low.min() > 0.9e-12 / 2.0**found.exponent


@pytest.mark.parametrize("seed", SEEDS)
def test_eigenvalues_of_a_weighted_product_are_within_their_margins(seed: int) -> None:
    random = np.random.default_rng(seed)
    size = int(random.integers(1, 5))
    u = random.normal(size=(size, size))
    root = random.normal(size=(size, size)) * np.logspace(0, -2, size)
    u, weight = u + u.T, root @ root.T + 1e-4 * np.eye(size)
    weight = (weight + weight.T) / 2
    found = weighted(exact(u[None]), exact(weight[None]))
    assert contains(found, roots(times(fractions(u), fractions(weight))))


def near(matrix: np.ndarray, radius: float, *, symmetric: bool = False) -> np.ndarray:
    """Another matrix, at nearly the given distance in the Frobenius norm."""
    move = np.random.default_rng(9).normal(size=matrix.shape)
    move = move + move.T if symmetric else move
    moved: np.ndarray = matrix + 0.999 * radius * move / np.linalg.norm(move)
    return moved


@pytest.mark.parametrize("wide", [(1e-3, 0.0), (0.0, 1e-3), (0.3, 0.3)])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_not_known_of_the_factors_is_in_the_radius(
    wide: tuple[float, float], seed: int
) -> None:
    random = np.random.default_rng(seed)
    left, right = random.uniform(-1, 1, (3, 1)), random.uniform(-1, 1, (1, 3))
    known = [
        Enclosure(one[None], np.array([radius]), 0)
        for one, radius in zip((left, right), wide, strict=True)
    ]
    # the worst that can be: along the factors themselves
    moved = [
        one * (1 + radius / np.linalg.norm(one))
        for one, radius in zip((left, right), wide, strict=True)
    ]
    found = product(*known)
    distance = np.linalg.norm(found.middle[0] * 2.0**found.exponent - moved[0] @ moved[1])
    radius = found.radius[0] * 2.0**found.exponent
    assert distance <= radius * (1 + 1e-9)
    assert distance >= radius * (1 - 1e-9)
    scales = Fraction(3), Fraction(-1, 5)
    summed = combination([(scales[0], known[0]), (scales[1], known[1].transposed)])
    wanted = 3 * wide[0] + wide[1] / 5
    assert summed.radius[0] * 2.0**summed.exponent == pytest.approx(wanted)
    beside = side_by_side([known[0], known[1].transposed], -1)
    assert beside.radius[0] * 2.0**beside.exponent >= np.hypot(*wide)


@pytest.mark.parametrize("radius", [1e-3, 1e-9])
def test_what_is_not_known_of_a_matrix_is_in_the_margins(radius: float) -> None:
    middle = np.diag([0.9, 0.5, 0.5])
    known = Enclosure(middle[None], np.array([radius]), 0)
    moved = near(middle, radius, symmetric=True)
    assert contains(eigenvalues(known).values, roots(fractions(moved)))
    shift = middle + np.diag([radius, 0, 0])  # an eigenvalue that moves by all of it
    assert contains(eigenvalues(known).values, roots(fractions(shift)))
    gram = times(fractions(shift), fractions(shift.T))
    assert contains(squares(singular_values(known).values, 0), roots(gram))
    product_of = times(fractions(shift), fractions(shift))
    assert contains(weighted(known, known), roots(product_of))


def test_a_decomposition_that_is_wrong_has_wide_margins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken from LAPACK on trust: its factors are multiplied out."""
    matrix = rotated(np.array([0.3, 0.5, 0.9]))
    eigh, svd, cholesky = np.linalg.eigh, np.linalg.svd, np.linalg.cholesky

    def wrong_values(one: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = eigh(one)
        return values + 1e-6, vectors

    def wrong_vectors(one: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = eigh(one)
        return values / (1 + 1e-6) ** 2, vectors * (1 + 1e-6)

    def wrong_svd(one: np.ndarray, full_matrices: bool) -> tuple[np.ndarray, ...]:
        left, values, right = svd(one, full_matrices=full_matrices)
        return left * (1 + 1e-6), values / (1 + 1e-6), right

    for wrong in (wrong_values, wrong_vectors):
        monkeypatch.setattr(np.linalg, "eigh", wrong)
        found = eigenvalues(exact(matrix[None])).values
        assert contains(found, roots(fractions(matrix)))
        assert 1e-7 < width(found) < 1e-4
    monkeypatch.setattr(np.linalg, "eigh", eigh)
    monkeypatch.setattr(np.linalg, "svd", wrong_svd)
    gram = times(fractions(matrix), fractions(matrix.T))
    found = squares(singular_values(exact(matrix[None])).values, 0)
    assert contains(found, roots(gram))
    assert 1e-7 < width(found) < 1e-4
    monkeypatch.setattr(np.linalg, "cholesky", lambda one: cholesky(one) * (1 + 1e-6))
    found = weighted(exact(matrix[None]), exact(matrix[None]))
    assert contains(found, roots(times(fractions(matrix), fractions(matrix))))


def rotated(values: np.ndarray) -> np.ndarray:
    size = len(values)
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(size, size)))[0]
    matrix: np.ndarray = (basis * values) @ basis.T
    return (matrix + matrix.T) / 2


def test_squares_of_a_margin_and_zeros_beside() -> None:
    values = Values(np.array([[0.8, 0.1]]), np.array([[0.05, 0.2]]), 3)
    found = squares(values, 1)
    assert found.exponent == 6
    assert (found.low[0, :2] <= (0.75**2, 0.0)).all()
    assert (found.high[0, :2] >= (0.85**2, 0.3**2)).all()
    assert (found.high[0, :2] <= (0.85**2 + 1e-9, 0.3**2 + 1e-9)).all()
    assert abs(found.middle[0, 2]) <= found.margin[0, 2] < 1e-99


def test_a_weight_that_is_not_definite_proves_nothing() -> None:
    with pytest.raises(NoFactorError):
        weighted(exact(np.eye(2)[None]), exact(np.diag([1.0, 0.0])[None]))


def test_a_batch_is_measured_each() -> None:
    found = eigenvalues(exact(np.stack([np.diag([1.0, 2.0]), np.diag([3.0, 1e-3])]))).values
    scaled = found.middle * 2.0**found.exponent
    assert np.allclose(scaled, [[1, 2], [1e-3, 3]])


def test_work_is_counted_before_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enclosures, "WORK", 1000)
    eigenvalues(exact(np.eye(10)[None]))
    for measured in (eigenvalues, singular_values):
        with pytest.raises(enclosures.TooLargeError):
            measured(exact(np.eye(11)[None]))
