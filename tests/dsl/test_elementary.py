"""Elementary functions against mpmath at 50 digits: values, derivatives, enclosures, claims."""

from __future__ import annotations

import random
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
from tests.dsl.direct import ANALYTIC, DIRECT

from weightsmith.dsl.elementary import DEFINED, LACKING, NAMES, elementary
from weightsmith.dsl.elementary.enclosure import Enclosure, UndefinedError
from weightsmith.dsl.elementary.record import Elementary, Numbers
from weightsmith.dsl.meaning.entry_functions import BUILT_IN

DIGITS = 50
PLACES = [F / 16 for F in map(Fraction, (-320, -77, -16, -3, 1, 5, 16, 56, 320))]
LEAST = {Numbers.ALL: -12.0, Numbers.NONNEGATIVE: 0.0, Numbers.POSITIVE: 0.01}


def as_ball(number: mpmath.mpf) -> flint.arb:
    """A ball that holds the number of which this one has 50 digits."""
    near = flint.arb(mpmath.nstr(number, 80, strip_zeros=False))
    return near + flint.arb(0, 1) * (abs(near) + 1) * flint.arb(10) ** -DIGITS


def places_of(function: Elementary) -> list[Fraction]:
    return [one for one in PLACES if one > 0 or function.domain is Numbers.ALL]


@pytest.mark.parametrize("name", NAMES)
def test_values_and_derivatives_at_50_digits(name: str) -> None:
    function = elementary(name)
    with flint.ctx.workdps(80), mpmath.workdps(250):
        for place in places_of(function):
            at = mpmath.mpf(place.numerator) / place.denominator
            ball = flint.arb(flint.fmpq(place.numerator, place.denominator))
            truth = [as_ball(mpmath.diff(DIRECT[name], at, order)) for order in range(3)]
            for found, wanted in zip(function.derivatives(ball), truth, strict=True):
                assert found.overlaps(wanted)
                assert found.rad() < abs(wanted).upper() * 1e-60 + 1e-70
            assert function.value(ball).overlaps(truth[0])
            enclosed = function.enclosed(Enclosure(ball.lower(), ball.upper()))
            for one, wanted in zip(enclosed, truth, strict=True):
                assert one.low.union(one.high).overlaps(wanted)


@pytest.mark.parametrize("name", NAMES)
def test_a_wide_ball_holds_what_it_is_of(name: str) -> None:
    function, draw = elementary(name), random.Random(name)
    with flint.ctx.workdps(80), mpmath.workdps(DIGITS + 10):
        for _ in range(40):
            ends = sorted(draw.uniform(LEAST[function.domain], 12) for _ in range(2))
            ball = flint.arb(ends[0]).union(flint.arb(ends[1]))
            wide = function.derivatives(ball)
            enclosed = function.enclosed(Enclosure(*map(flint.arb, ends)))
            for share in (0, 0.25, 0.6, 1):
                place = ends[0] + (ends[1] - ends[0]) * share
                exactly = function.derivatives(flint.arb(place))
                assert exactly[0].overlaps(as_ball(DIRECT[name](mpmath.mpf(place))))
                for one, over, point in zip(enclosed, wide, exactly, strict=True):
                    assert over.overlaps(point) or not over.is_finite()
                    if point.is_finite() and 0 < share < 1:
                        assert one.low <= point.upper()
                        assert point.lower() <= one.high


@pytest.mark.parametrize("name", NAMES)
def test_an_analytic_function_is_the_one_on_the_line(name: str) -> None:
    function, draw = elementary(name), random.Random(name)
    with flint.ctx.workdps(80), mpmath.workdps(DIGITS + 30):
        for _ in range(40):
            real, imaginary = draw.uniform(LEAST[function.domain], 4), draw.uniform(-0.9, 0.9)
            wanted = ANALYTIC[name](mpmath.mpc(real, imaginary))
            found = function.analytic(flint.acb(flint.arb(real), flint.arb(imaginary)))
            assert found.real.overlaps(as_ball(wanted.real))
            assert found.imag.overlaps(as_ball(wanted.imag))
            box = flint.acb(flint.arb(real + 0.25, 0.3), flint.arb(imaginary - 0.2, 0.3))
            over = function.analytic(box)
            assert over.overlaps(found) or not over.is_finite()


@pytest.mark.parametrize("name", NAMES)
def test_floats_are_the_values(name: str) -> None:
    function = elementary(name)
    places = np.array([float(one) for one in places_of(function)])
    with mpmath.workdps(DIGITS):
        wanted = [float(DIRECT[name](mpmath.mpf(one))) for one in places.tolist()]
    assert np.allclose(function.floats(places), wanted, rtol=4e-16, atol=1e-300)
    assert function.floats(places[:0]).shape == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_of_a_function_is_so(name: str) -> None:
    function = elementary(name)
    with flint.ctx.workdps(80):
        places = [flint.arb(one) / 8 for one in range(-160, 161)]
        jets = [function.derivatives(one) for one in places]
        for place, (value, slope, _) in zip(places, jets, strict=True):
            inside = function.domain is Numbers.ALL or place > 0
            assert inside == (value.is_finite() and slope.is_finite())
            assert slope > 0 or not function.grows or not inside
            assert value > 0 or function.image is not Numbers.POSITIVE or not inside
            assert not value < 0 or function.image is Numbers.ALL
            if not inside and place < 0:
                with pytest.raises(UndefinedError):
                    function.enclosed(Enclosure(place, place))


def test_functions_are_found_by_their_names_alone() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert not {*NAMES, *DEFINED} & LACKING.keys()
    assert {*NAMES, *DEFINED} <= {*BUILT_IN}
    with pytest.raises(KeyError):
        elementary("record")
