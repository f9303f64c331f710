"""Floats that are the same on every machine: right, and near what NumPy says."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp  # type: ignore[import-untyped]

from weightsmith.compiler.numbers.portable_floats import exp2, expm1, log, log2
from weightsmith.compiler.synthesize.families.portable_arrays import (
    arccosines,
    cosines,
    cosines_of_pi,
    interpolated,
    product_of,
    sum_of,
    total,
)

PLACES = st.floats(1e-8, 20)


@settings(deadline=None, derandomize=True)
@given(PLACES)
def test_every_function_is_rounded_to_nearest(x: float) -> None:
    with mp.workprec(200):
        exact = mp.mpf(x)
        assert log(x) == float(mp.log(exact))
        assert expm1(x) == float(mp.expm1(exact))
        assert exp2(x) == float(mp.power(2, exact))
        assert log2(Fraction(x)) == float(mp.log(exact, 2))
        assert cosines([x])[0] == float(mp.cos(exact))
        assert arccosines([x / 20])[0] == float(mp.acos(mp.mpf(x / 20)))


def test_a_fraction_beyond_floats_has_a_logarithm() -> None:
    assert log2(Fraction(2) ** 5000 / 3) == pytest.approx(5000 - 1.584962500721156)


def test_cosines_of_shares_of_pi() -> None:
    assert cosines_of_pi(range(0, 13, 6), 12).tolist() == [1, 0, -1]
    assert np.allclose(cosines_of_pi(range(9), 8), np.cos(np.pi * np.arange(9) / 8))


def test_sums_and_products_go_from_first_to_last() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(30, 7))
    summed = [0.0] * 7
    for row in rows:
        summed = [a + b for a, b in zip(summed, row.tolist(), strict=True)]
    assert sum_of(list(rows)).tolist() == summed
    one = 0.0
    for value in rows[0].tolist():
        one += value
    assert total(rows[0]) == one
    mantissas, exponents = product_of(list(rows))
    assert np.allclose(np.ldexp(mantissas, exponents), np.prod(rows, axis=0))


def test_a_product_may_be_beyond_floats() -> None:
    mantissas, exponents = product_of([np.array([1e-300, -1e300])] * 4)
    assert np.allclose(np.log10(np.abs(mantissas)) + exponents * np.log10(2), [-1200, 1200])
    assert (np.abs(mantissas) >= 0.5).all()


def test_interpolation() -> None:
    known, values = np.array([0.0, 1.0, 3.0]), np.array([2.0, 4.0, -2.0])
    places = np.array([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 9.0])
    assert interpolated(places, known, values).tolist() == [2, 2, 3, 4, 1, -2, -2]
