"""Ranges against dense exact sampling, rounding against fractions and NumPy, Chebyshev doubling."""

from __future__ import annotations

import math
import random
import struct
from fractions import Fraction
from itertools import pairwise

import flint
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from weightsmith.checker.balls.enclosures import (
    check_value,
    followed,
    iterated,
    iterated_map,
    outward,
)
from weightsmith.checker.balls.ranges import (
    Real,
    _outside,
    at_most,
    extremes,
    extremes_of_quotient,
    is_positive,
    precision,
)
from weightsmith.checker.reading.nearest import FORMATS, nearest
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.rules.truncation.three_term import chebyshev_pair

small = st.fractions(-4, 4, max_denominator=9)


def poly(coefficients: list[Fraction]) -> flint.fmpq_poly:
    return flint.fmpq_poly([flint.fmpq(c.numerator, c.denominator) for c in coefficients])


def evaluate(coefficients: list[Fraction], x: Fraction) -> Fraction:
    return sum((c * x**power for power, c in enumerate(coefficients)), Fraction(0))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(small, min_size=1, max_size=7), small, small)
def test_extremes_hold_every_sample_and_are_attained(
    coefficients: list[Fraction], one: Fraction, two: Fraction
) -> None:
    low, high = min(one, two), max(one, two)
    values = extremes(poly(coefficients), (low, high))
    samples = [evaluate(coefficients, low + (high - low) * Fraction(i, 97)) for i in range(98)]
    with precision(320):
        tops = [v.ball() for v in values]
        top = max(float(ball.mid()) for ball in tops)
        bottom = min(float(ball.mid()) for ball in tops)
    assert all(any(at_most(Real.of(s), v) for v in values) for s in samples)
    assert all(any(at_most(v, Real.of(s)) for v in values) for s in samples)
    slope = sum(abs(power * c) * 4**power for power, c in enumerate(coefficients))
    gap = float(slope * (high - low) / 97) + 1e-9
    assert float(max(samples)) >= top - gap
    assert float(min(samples)) <= bottom + gap


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(small, min_size=1, max_size=5), st.lists(small, min_size=1, max_size=4), small, small
)
def test_extremes_of_a_quotient_hold_every_sample_and_are_attained(
    above: list[Fraction], below: list[Fraction], one: Fraction, two: Fraction
) -> None:
    low, high = min(one, two), max(one, two)
    places = [low + (high - low) * Fraction(i, 397) for i in range(398)]
    try:
        values = extremes_of_quotient(poly(above), poly(below), (low, high))
    except RefusedError:
        bottoms = [evaluate(below, x) for x in places]
        slope = sum(abs(power * c) * 4**power for power, c in enumerate(below))
        assert min(map(abs, bottoms)) <= slope * (high - low) / 397  # a zero is near
        return
    found = [float(evaluate(above, x) / evaluate(below, x)) for x in places]
    ends = outward(values)
    assert ends[0] <= min(Fraction(evaluate(above, x) / evaluate(below, x)) for x in places)
    assert ends[1] >= max(Fraction(evaluate(above, x) / evaluate(below, x)) for x in places)
    step = max((abs(a - b) for a, b in pairwise(found)), default=0.0)
    assert max(found) >= float(ends[1]) - 2 * step - 1e-9
    assert min(found) <= float(ends[0]) + 2 * step + 1e-9


def test_a_quotient_is_not_taken_where_the_bottom_may_be_zero() -> None:
    one, line = poly([Fraction(1)]), poly([Fraction(-1), Fraction(2)])
    found = outward(extremes_of_quotient(one, line, (Fraction(1), Fraction(2))))
    assert found == outward([Real.of(Fraction(1, 3)), Real.of(Fraction(1))])
    for interval in ((Fraction(0), Fraction(1)), (Fraction(1, 2), Fraction(1))):
        with pytest.raises(RefusedError, match="denominator may be zero"):
            extremes_of_quotient(one, line, interval)
        with pytest.raises(RefusedError, match="denominator may be zero"):
            extremes_of_quotient(line, line, interval)
    with pytest.raises(RefusedError, match="denominator may be zero"):
        extremes_of_quotient(one, poly([]), (Fraction(1), Fraction(2)))


def test_any_map_is_iterated_as_a_polynomial_is() -> None:
    step = poly([Fraction(0), Fraction(1, 3), Fraction(1, 2)])
    start = [Real.of(Fraction(-1, 2)), Real.of(Fraction(3, 4))]
    one = poly([Fraction(1)])
    by_map = iterated_map(lambda last: extremes_of_quotient(step, one, last), start, 40)
    assert by_map == iterated(step, start, 40)
    assert len(by_map) == 41
    endless = iterated_map(lambda last: extremes(poly([Fraction(1, 2)]), last), start, 10**12)
    assert len(endless) == 2


def test_positivity_is_decided_on_the_closed_interval() -> None:
    one = poly([Fraction(1)])
    square = poly([Fraction(0), Fraction(0), Fraction(1)])
    assert is_positive(square, one, (Fraction(1, 10**30), Fraction(1)))
    assert not is_positive(square, one, (Fraction(0), Fraction(1)))
    assert not is_positive(one, square, (Fraction(-1), Fraction(1)))
    irrational = poly([Fraction(-2), Fraction(0), Fraction(1)])
    assert not is_positive(irrational, one, (Fraction(1), Fraction(2)))
    assert is_positive(irrational, one, (Fraction(3, 2), Fraction(2)))


def test_an_enclosure_is_the_narrowest_of_64_bits() -> None:
    values = [Real.of(Fraction(1, 3)), Real.of(Fraction(2, 3)), Real.of(Fraction(1, 2))]
    scale = 1 << 65
    assert outward(values) == (Fraction(scale // 3, scale), Fraction(-(-scale // 3), scale >> 1))
    with precision(64):
        balls = [Real(None, lambda k=k: flint.arb(k) / 3) for k in (1, 2)]
        assert outward(balls) == outward(values)


def test_every_interval_encloses_the_image_of_the_one_before() -> None:
    """e <- e^2 from 1/2: the square of 1/2 is not 0, however small the interval after it is."""
    half = [Real.of(Fraction(1, 2))]
    square = poly([Fraction(0), Fraction(0), Fraction(1)])
    chain = [(Fraction(1, 2 ** (2**k)), Fraction(1, 2 ** (2**k))) for k in range(4)]
    assert iterated(square, half, 3) == chain
    assert followed([square] * 3, half) == chain
    assert iterated(square, half, 0) == chain[:1]


def test_a_point_at_an_end_is_not_outside() -> None:
    """Known by a ball only, it may be the end of the closed interval, where a zero counts."""
    for place in (1, 2):
        at_the_end = Real(None, lambda place=place: flint.arb(place))
        with pytest.raises(RefusedError, match="too close to the end"):
            _outside(at_the_end, Fraction(1), Fraction(2))
    for place, outside in ((0.5, True), (1.5, False), (2.5, True)):
        apart = Real(None, lambda place=place: flint.arb(place, 0.25))
        assert _outside(apart, Fraction(1), Fraction(2)) is outside


def test_a_value_must_not_be_below_nor_far_above() -> None:
    third = Real.of(Fraction(1, 3))
    above = Fraction(-(-(1 << 65) // 3), 1 << 65)
    check_value(above, third)
    check_value(Fraction(1, 3), third)
    for wrong in (above - Fraction(1, 1 << 64), above * (1 + Fraction(1, 1 << 39)), -above):
        with pytest.raises(RefusedError):
            check_value(wrong, third)


def decimal_pattern(value: Fraction, dtype: str) -> int:
    code = {"float64": ("<d", "<Q"), "float32": ("<f", "<I")}[dtype]
    return int(struct.unpack(code[1], struct.pack(code[0], float(value)))[0])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.fractions(), st.integers(-1100, 900))
@example(Fraction(1), -1074)
@example(Fraction(1, 2), -1074)
@example(Fraction(3, 2), -1074)
@example(Fraction((1 << 54) - 1), 0)
def test_float64_rounding_is_python_s(value: Fraction, shift: int) -> None:
    number = value * Fraction(2) ** shift
    try:
        wanted = float(number)
    except OverflowError:
        with pytest.raises(RefusedError, match="too large"):
            nearest(number, FORMATS["float64"])
        return
    if number and wanted == 0:
        wanted = math.copysign(0.0, float(value))
    assert nearest(number, FORMATS["float64"]) == struct.unpack("<Q", struct.pack("<d", wanted))[0]


@pytest.mark.parametrize("exponent", [-150, -149, -127, -126, -30, 0, 60, 126])
def test_float32_rounds_once_to_the_nearest_even(exponent: int) -> None:
    source = random.Random(exponent)
    for _ in range(200):
        number = Fraction(source.getrandbits(60) | 1, 1 << 60) * Fraction(2) ** (exponent + 1)
        if source.random() < 0.3:  # close to a tie, where rounding twice goes wrong
            step = Fraction(2) ** (max(exponent, -126) - 23)
            number = (
                (number // step) * step + step / 2 + Fraction(source.choice([-1, 0, 1]), 2**400)
            )
        found = nearest(number, FORMATS["float32"])
        value = np.array([found], dtype="<u4").view("<f4")[0]
        for other in (np.nextafter(value, np.float32(np.inf)), np.nextafter(value, np.float32(0))):
            mine, theirs = (abs(Fraction(float(x)) - number) for x in (value, other))
            assert mine <= theirs
            assert mine != theirs or found % 2 == 0


def test_overflow_is_refused_only_beyond_the_tie() -> None:
    top = Fraction((1 << 25) - 1) * Fraction(2) ** 103  # halfway from the largest float32 to 2^128
    with pytest.raises(RefusedError):
        nearest(top, FORMATS["float32"])
    assert nearest(top - Fraction(1, 7), FORMATS["float32"]) == 0x7F7FFFFF
    assert decimal_pattern(Fraction(-1, 2), "float32") == nearest(
        Fraction(-1, 2), FORMATS["float32"]
    )


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 31, 100])
def test_chebyshev_doubling(count: int) -> None:
    t = flint.fmpq(7, 5)
    values = [flint.fmpq(0), flint.fmpq(1)]
    while len(values) < count + 2:
        values.append(2 * t * values[-1] - values[-2])
    with precision(2000):
        last, before = chebyshev_pair(flint.arb(t), count)
        assert last.contains(flint.arb(values[count + 1]))
        assert before.contains(flint.arb(values[count]))
        assert last.rel_accuracy_bits() > 300
