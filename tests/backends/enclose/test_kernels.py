"""What proves the kernel of a Laplacian: components, and sums that are exactly zero."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from weightsmith.backends.enclose.matrices import pseudo_inverse
from weightsmith.backends.enclose.matrices.near import NoBoundError
from weightsmith.backends.enclose.matrices.pseudo_inverse import FEW, sums_vanish
from weightsmith.backends.enclose.values.balls import Power


def components_of(matrix: np.ndarray) -> list[list[int]]:
    """By merging sets."""
    sets = {place: {place} for place in range(len(matrix))}
    for i, j in zip(*np.nonzero(matrix), strict=True):
        if sets[int(i)] is not sets[int(j)]:
            merged = sets[int(i)] | sets[int(j)]
            for place in merged:
                sets[place] = merged
    return [sorted(one) for place, one in sets.items() if min(one) == place]


@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 16, 63, 64, 65, 130])
@pytest.mark.parametrize("density", [0.0, 0.3, 1.0, 3.0])
def test_components(size: int, density: float) -> None:
    draw = np.random.default_rng(size)
    matrix = (draw.random((size, size)) < density / size) * draw.normal(size=(size, size))
    found = [np.nonzero(one)[0].tolist() for one in pseudo_inverse._components(matrix)]
    assert found == components_of(matrix)
    assert sorted(place for one in found for place in one) == list(range(size))


@pytest.mark.parametrize("rows", [1, 3, 9])
@pytest.mark.parametrize("columns", [2, 40, FEW // 3, FEW, 3 * FEW])
def test_sums_of_small_and_large_matrices(rows: int, columns: int) -> None:
    """Pairs of numbers of many scales that cancel; then one of them is the next float."""
    draw = np.random.default_rng(columns)
    half = draw.normal(size=(rows, columns // 2)) * 2.0 ** draw.integers(-90, 90, columns // 2)
    matrix = np.concatenate([half, -half], axis=1)[:, draw.permutation(2 * (columns // 2))]
    assert sums_vanish(matrix)
    changed = matrix.copy()
    changed[-1, 0] = np.nextafter(changed[-1, 0], 1e300)
    assert sum(map(Fraction, changed[-1].tolist())) != 0
    assert not sums_vanish(changed)


def test_what_is_tiny_proves_nothing() -> None:
    for columns in (2, 2 * FEW):
        matrix = np.zeros((1, columns))
        matrix[0, :2] = 2.0**-1000, -(2.0**-1000)
        assert not sums_vanish(matrix)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("low", [2.0**-90, 1e-9, 0.7, 1.0, 3.0, 1e9, 2.0**60])
def test_derivatives_of_roots(low: float, sign: int) -> None:
    """At least |f'| and |f''| at the lower end, by whole numbers: their squares are rational."""
    p = Fraction(sign, 2)
    found = Power(p).bounds(low, 2 * low, "A")
    for bound, scale, power in zip(found, (p, p * (p - 1)), (p - 1, p - 2), strict=True):
        exact = scale**2 * Fraction(low) ** int(2 * power)
        assert exact <= Fraction(bound) ** 2 <= exact * Fraction(1001, 1000)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("low", [2.0**-180, 2.0**-300, 2.0**-1074])
def test_derivatives_that_are_too_large(low: float, sign: int) -> None:
    with pytest.raises(NoBoundError, match="range"):
        Power(Fraction(sign, 2)).bounds(low, 1.0, "A")
