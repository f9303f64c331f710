"""Measured spectra, norms and products: the margins hold, against exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpz_mat

from weightsmith.backends.measure import enclosure as enclosures
from weightsmith.backends.measure.enclosure import Enclosure, combination, exact, product
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
    assert found.radius[0] < 1e-13
    assert 0.5 <= np.abs(found.middle).max() < 1


@pytest.mark.parametrize("seed", SEEDS)
def test_eigenvalues_are_within_their_margins(seed: int) -> None:
    random = np.random.default_rng(seed)
    size = int(random.integers(1, 7))
    matrix = hard(random, size, size)
    matrix = matrix + matrix.T
    found = eigenvalues(exact(matrix[None]))
    assert contains(found, roots(fractions(matrix)))
    assert width(found) < 1e-13


def test_a_matrix_that_is_hardly_symmetric_has_its_eigenvalues_within_the_margins() -> None:
    matrix = np.array([[1.0, 2.0], [2.0 * (1 + 1e-9), 1.0]])
    assert contains(eigenvalues(exact(matrix[None])), roots(fractions(matrix)))


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
    found = weighted_eigenvalues(exact(u[None]), exact(weight[None]))
    assert contains(found, roots(times(fractions(u), fractions(weight))))


def test_a_weight_that_is_not_definite_proves_nothing() -> None:
    with pytest.raises(NoFactorError):
        weighted_eigenvalues(exact(np.eye(2)[None]), exact(np.diag([1.0, 0.0])[None]))


def test_a_batch_is_measured_each() -> None:
    found = eigenvalues(exact(np.stack([np.diag([1.0, 2.0]), np.diag([3.0, 1e-3])])))
    scaled = found.middle * 2.0**found.exponent
    assert np.allclose(scaled, [[1, 2], [1e-3, 3]])


def test_work_is_counted_before_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enclosures, "WORK", 1000)
    eigenvalues(exact(np.eye(10)[None]))
    for measured in (eigenvalues, singular_values):
        with pytest.raises(enclosures.TooLargeError):
            measured(exact(np.eye(11)[None]))
