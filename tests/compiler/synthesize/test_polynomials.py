"""The polynomials by themselves: optimal where they claim it, enclosed with the rounded numbers."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import flint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightsmith.compiler.numbers.rounded_text import text_above
from weightsmith.compiler.synthesize.families.inverse import chebyshev_inverse, image
from weightsmith.compiler.synthesize.families.minimax import best, greedy, image_of
from weightsmith.compiler.synthesize.families.numbers import decimal_text, middle, rounded
from weightsmith.compiler.synthesize.families.series import NoSeriesError, chebyshev_series
from weightsmith.compiler.synthesize.plans.series_plan import split
from weightsmith.compiler.synthesize.requests import lower_bound as bound

F = Fraction
TOLERANCE = F(1, 10**8)


@pytest.mark.parametrize(("condition", "layers"), [(10, 4), (100, 5), (1000, 6), (10**4, 7)])
def test_the_inverse_reaches_the_lower_bound(condition: int, layers: int) -> None:
    found = chebyshev_inverse(F(1, condition), F(1), TOLERANCE)
    assert len(found.factors) == layers
    least = bound.inverse_layers((F(1, condition), F(1)), TOLERANCE)
    assert least.layers == layers
    assert least.error(layers) <= TOLERANCE < least.error(layers - 1)


def test_a_condition_of_a_million_takes_nine_layers() -> None:
    interval = (F(1, 10**6), F(1))
    assert len(chebyshev_inverse(*interval, TOLERANCE).factors) == 9
    assert bound.inverse_layers(interval, TOLERANCE).layers == 9


@given(st.fractions(F(1, 1000), F(999, 1000), max_denominator=1000))
def test_a_composition_of_cubics_is_the_chebyshev_polynomial(low: F) -> None:
    found = chebyshev_inverse(low, F(1), F(1, 10**12))
    place = (1 + low) / (1 - low)
    for layers, error in enumerate(found.errors):
        with flint.ctx.workprec(300):
            exact = (
                1 / (3**layers * flint.arb(flint.fmpq(*place.as_integer_ratio())).acosh()).cosh()
            )
        assert abs(error / middle(exact) - 1) < F(1, 10**6) or error < F(1, 10**20)


@given(
    st.fractions(F(9, 10), F(4), max_denominator=10**4),
    st.fractions(F(1, 100), F(1), max_denominator=10**4),
    st.fractions(-1, 1, max_denominator=50),
)
def test_the_image_of_a_cubic_encloses_it(factor: F, error: F, share: F) -> None:
    e = share * error
    assert abs((1 - factor) * e + factor * e**3) <= image(factor, error)


@pytest.mark.parametrize("power", [1, 2, 3, 8])
@pytest.mark.parametrize("terms", [2, 3])
def test_the_minimax_polynomial_alternates(power: int, terms: int) -> None:
    low = F(1, 10)
    step = best((low, F(1)), power, terms)
    image_low, image_high = image_of(step, power, (low, F(1)))
    assert abs((1 - image_low) / (image_high - 1) - 1) < F(1, 10**15)
    inside = [low + (1 - low) * k / 500 for k in range(501)]
    errors = [1 - sum(c * t ** (power * k + 1) for k, c in enumerate(step)) for t in inside]
    extreme = (1 - image_low) * F(99, 100)
    signs = [1 if e > 0 else -1 for e in errors if abs(e) > extreme]
    assert sum(a != b for a, b in pairwise(signs)) == terms


@given(
    st.fractions(F(1, 50), F(1, 2), max_denominator=100),
    st.sampled_from([1, 2, 3, 4]),
    st.sampled_from([2, 3]),
    st.fractions(0, 1, max_denominator=40),
)
def test_each_interval_encloses_the_image_of_the_one_before(
    low: F, power: int, terms: int, share: F
) -> None:
    found = greedy((low, F(1)), F(1, 10**6), power=power, terms=terms)
    t = low + share * (1 - low)
    for step, (below, above) in zip(found.steps, found.intervals[1:], strict=True):
        t = sum((c * t ** (power * k + 1) for k, c in enumerate(step)), F(0))
        assert below <= t <= above
        t = rounded(t, 60)
    assert found.error <= F(1, 10**6)


def test_a_series_is_as_near_as_it_says() -> None:
    series = chebyshev_series(lambda z: (-z).exp(), F(0), F(20), F(1, 10**6))
    assert series.error <= F(1, 10**6)
    assert series.degree <= 17
    with flint.ctx.workprec(200):
        for k in range(101):
            x = F(k, 5)
            value = sum(
                (
                    flint.arb(flint.fmpq(*c.as_integer_ratio()))
                    * flint.arb(flint.fmpq(*((x - 10) / 10).as_integer_ratio())).chebyshev_t(n)
                    for n, c in enumerate(series.coefficients)
                ),
                flint.arb(0),
            )
            exact = (-flint.arb(flint.fmpq(*x.as_integer_ratio()))).exp()
            assert abs(value - exact) < flint.arb(flint.fmpq(*series.error.as_integer_ratio()))


def test_a_breakpoint_has_no_series() -> None:
    with pytest.raises(NoSeriesError):
        chebyshev_series(abs, F(-1), F(1), F(1, 10**10))


@given(
    st.lists(st.integers(-9, 9), min_size=1, max_size=28),
    st.fractions(-1, 1, max_denominator=9),
)
def test_a_split_series_is_the_same_polynomial(coefficients: list[int], x: F) -> None:
    chebyshev = [F(1), x]
    while len(chebyshev) < 28:
        chebyshev.append(2 * x * chebyshev[-1] - chebyshev[-2])
    parts = split([F(c) for c in coefficients], 9)
    y = chebyshev[9]
    first, second, third = (
        sum((c * chebyshev[k] for k, c in enumerate(part)), F(0)) for part in parts.parts
    )
    whole = first + y * second + (2 * y * y - 1) * third + parts.top * (4 * y**3 - 3 * y)
    assert whole == sum(c * chebyshev[k] for k, c in enumerate(coefficients))


def test_no_polynomial_of_lower_degree_passes_the_lower_bound() -> None:
    """The bound is below what a polynomial does reach, and near it."""
    interval = (F(0), F(10))
    series = chebyshev_series(lambda z: (-z).exp(), *interval, F(1, 10**6))
    at = bound.function_error(lambda z: (-z).exp(), series.degree, interval, relative=False)
    before = bound.function_error(lambda z: (-z).exp(), series.degree - 1, interval, relative=False)
    assert at <= series.error
    assert before >= F(1, 10**6)


def test_the_bound_for_the_inverse_is_met_by_chebyshev() -> None:
    interval = (F(1, 50), F(1))
    exact = bound.inverse_error(26, interval)
    reached = chebyshev_inverse(*interval, F(1, 10**4))
    assert reached.errors[3] >= exact
    assert float(reached.errors[3] / exact) == pytest.approx(1, rel=0.4)
    general = bound.function_error(lambda z: 1 / z, 26, interval, relative=True)
    assert F(1, 10) * exact < general <= exact


@given(st.fractions(F(1, 10**9), F(10**9)))
def test_decimals_are_read_back_as_they_are(value: F) -> None:
    decimal = rounded(value)
    assert F(decimal_text(decimal)) == decimal
    assert F(text_above(value)) >= value


@pytest.mark.parametrize("low", ["1/2", "1/10", "1/100"])
def test_both_bounds_for_the_sign_are_below_what_cubics_reach(low: str) -> None:
    interval = (F(low), F(1))
    squares = (interval[0] ** 2, F(1))
    for layers, error in enumerate(greedy(interval, F(1, 10**6)).errors[1:6], 1):
        degree = (3**layers - 1) // 2
        cheap = bound.sign_error(degree, interval)
        near = bound.function_error(lambda z: 1 / z.sqrt(), degree, squares, relative=True)
        assert 0 < cheap <= error
        assert 0 < near <= error
