"""Odd polynomials of degree 9 and 27, their compositions, and residuals on two intervals."""

from __future__ import annotations

from fractions import Fraction

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.compiler.synthesize.scalar_runs import ball, run

from weightsmith import api
from weightsmith.compiler.synthesize.families.best_polynomial import best_inverse, in_powers
from weightsmith.compiler.synthesize.families.compositions import fewest_layers
from weightsmith.compiler.synthesize.families.exchange import alternation
from weightsmith.compiler.synthesize.families.minimax import best
from weightsmith.compiler.synthesize.families.odd import minimax_odd
from weightsmith.compiler.synthesize.plans.inverse_plan import indefinite_inverse_plan, residual
from weightsmith.compiler.synthesize.plans.odd_plan import block_names, divided, odd_loops
from weightsmith.compiler.synthesize.plans.script import Plan, choose_names, side_by_side
from weightsmith.compiler.synthesize.requests import lower_bound

F = Fraction
TOLERANCE = F(1, 10**6)
COEFFICIENTS = st.integers(-99, 99).map(lambda n: F(n, 100))


def odd_script(series: list[F], exponent: int) -> str:
    start = ("$X = A", *(f"{name} = 0*$X" for name in block_names(exponent)))
    loops = tuple(odd_loops(series, exponent))
    plan = Plan("", start, loops, ("$X",), len(loops), F(0))
    lines = side_by_side([(plan, choose_names(plan, {"A", "m", "n"}))])
    return "\n".join(["algorithm f(A: [m, n])", "", *lines, "return X", ""])


@settings(max_examples=30, deadline=None)
@given(exponent=st.integers(1, 4), data=st.data())
def test_a_layer_triples_the_degree_of_any_odd_polynomial(
    exponent: int, data: st.DataObject
) -> None:
    count = (3**exponent + 1) // 2
    odd = data.draw(st.lists(COEFFICIENTS, min_size=count, max_size=count))
    series = [c for one in odd for c in (F(0), one)]
    loops = odd_loops(series, exponent)
    assert len(loops) == exponent
    text = odd_script(series, exponent)
    for place in (F(0), F(-1, 3), F(9, 10)):
        (found,) = run(text, {"A": place}).values()
        with flint.ctx.workprec(400):
            exact = sum(
                (ball(c) * ball(place).chebyshev_t(k) for k, c in enumerate(series)), flint.arb(0)
            )
            assert abs(found - exact) < ball(F(1, 10**20))  # coefficients of 25 digits


@given(st.lists(COEFFICIENTS, min_size=1, max_size=6))
def test_an_even_series_is_a_number_and_x_times_an_odd_one(even: list[F]) -> None:
    series = [c for one in even for c in (one, F(0))]
    constant, odd = divided(series)
    for place in (F(1, 2), F(-3, 4)):
        left, right = (
            in_powers(one, F(0), F(1))(flint.fmpq(place.numerator, place.denominator))
            for one in (series, odd)
        )
        whole = flint.fmpq(constant.numerator, constant.denominator)
        assert left == whole + flint.fmpq(place.numerator, place.denominator) * right


def test_two_terms_are_the_cubic_that_is_known() -> None:
    interval = (F(1, 10), F(1))
    a, b = best(interval, 2, 2)
    first, third = minimax_odd(interval, F(1), 2).coefficients
    assert abs(first - 3 * third - a) < F(1, 10**5)
    assert abs(4 * third - b) < F(1, 10**5)


@pytest.mark.parametrize("terms", [2, 5, 14])
def test_the_error_alternates(terms: int) -> None:
    """The levelled error is the largest: by de la Vallée-Poussin no polynomial is better."""
    low, high = minimax_odd((F(1, 50), F(3, 2)), F(3, 2), terms).image
    assert abs((1 - low) / (high - 1) - 1) < F(1, 10**5)


# the smallest singular value, layers, the exponents of the degrees
CASES = [
    (F(1, 10), 5, (1, 2, 2)),
    (F(1, 100), 7, (1, 3, 3)),
    (F(1, 1000), 9, (3, 3, 3)),
    (F(1, 100000), 14, (2, 2, 2, 2, 2, 2, 2)),
]


@pytest.mark.parametrize(("low", "layers", "exponents"), CASES)
def test_compositions_come_near_the_lower_bound(
    low: F, layers: int, exponents: tuple[int, ...]
) -> None:
    found = fewest_layers((low, F(1)), TOLERANCE, 1, 20)
    assert found is not None
    assert (found.layers, found.exponents) == (layers, exponents)
    assert found.error <= TOLERANCE


TWO = [(F(-1), F(-1, 10)), (F(1, 20), F(2))]


def test_the_residual_is_that_of_the_inverse() -> None:
    found = best_inverse(TWO, 8)
    p = in_powers(found.coefficients, found.middle, found.half)
    r = in_powers(residual(found), found.middle, found.half)
    assert r == 1 - flint.fmpq_poly([0, 1]) * p


@pytest.mark.parametrize("degree", [2, 8, 20])
def test_no_residual_is_smaller_than_its_lower_bound(degree: int) -> None:
    least = lower_bound.relative_error(lambda z: 1 / z, degree, TWO)
    found = best_inverse(TWO, degree).error
    assert least <= found <= least * (1 + F(1, 100))


def test_any_places_give_a_lower_bound_for_one_interval_too() -> None:
    interval = (F(1, 100), F(1))
    for degree in (3, 9, 27):
        known = lower_bound.inverse_error(degree, interval)  # attained: it is the best residual
        found = lower_bound.relative_error(lambda z: 1 / z, degree, [interval])
        assert known * F(99, 100) <= found <= known * (1 + F(1, 10**12))


def test_mirror_images_need_no_other_polynomial_than_that_of_the_square() -> None:
    plan = indefinite_inverse_plan("A", [(F(-1), F(-1, 10)), (F(1, 10), F(1))], TOLERANCE)
    assert plan is None or plan.layers >= 5


def test_places_lie_in_the_intervals_and_increase() -> None:
    found = alternation([(-1.0, -0.1), (0.05, 2.0)], 40, lambda x: 1 / x, abs)
    assert len(found.places) == 42
    assert list(found.places) == sorted(found.places)
    assert not any(-0.1 < x < 0.05 for x in found.places)


@pytest.mark.parametrize("target", ["polar(A)", "sqrt(A)"])
def test_few_operations_are_cubics(target: str) -> None:
    """A head or two a layer, and fewer multiply-adds than with the fewest layers."""
    kind = "singular_values(A)" if target == "polar(A)" else "spectrum(A)"
    head = f"algorithm narrow(A: symmetric[d, d])\nassume {kind} in [1/1000, 1]\n"
    script = f"{head}return synthesize {target} within 1e-6\n"
    fewest, narrow = (api.compile(script, fewest=one) for one in (None, "operations"))
    assert "minimax cubics" in narrow.source.text
    assert narrow.report.layers > fewest.report.layers
    assert narrow.report.total_heads < fewest.report.total_heads
    assert narrow.bounds[0].value is not None
    assert narrow.bounds[0].value <= TOLERANCE
