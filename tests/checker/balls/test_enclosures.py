"""Outward intervals against exact fractions and mpmath: never inside the truth, never too wide."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction

import flint
import mpmath
import pytest
from checker_intervals import chain

from weightsmith.checker.balls.enclosures import (
    BITS,
    HUGE,
    MAX_INTERVALS,
    SMALLEST,
    VALUE_SLACK,
    above,
    below,
    check_value,
    followed,
    iterated,
    nth_root,
    outward,
    round_down,
    round_up,
    size,
)
from weightsmith.checker.balls.ranges import Real
from weightsmith.checker.reading.refusal import RefusedError

F = Fraction
MP_BITS = 420
TINY = F(1, 1 << 400)  # relative: how far mpmath's value may be from the truth


def unit(value: Fraction) -> Fraction:
    """The distance of neighbouring numbers of 64 bits at a value that is not 0."""
    exponent = 0
    top, bottom = abs(value).as_integer_ratio()
    exponent = top.bit_length() - bottom.bit_length() - 1
    while F(2) ** (exponent + 1) <= abs(value):
        exponent += 1
    return F(2) ** (exponent + 1 - BITS)


def is_short(value: Fraction) -> bool:
    """A number of 64 bits times a power of two."""
    top, bottom = value.as_integer_ratio()
    odd = abs(top) >> ((top & -top).bit_length() - 1) if top else 0
    return bottom & (bottom - 1) == 0 and odd.bit_length() <= BITS


def rationals(seed: int, count: int) -> Iterator[Fraction]:
    """Random, dyadic, next to dyadic, halfway between two; from 10^-300 to 10^300, both signs."""
    rng = random.Random(seed)
    for _ in range(count):
        scale = F(10) ** rng.choice((0, 0, 1, -1, rng.randint(-300, 300)))
        plain = F(rng.randint(1, 10**9), rng.randint(1, 10**9)) * scale
        dyadic = F(rng.getrandbits(64) | 1, 1) * F(2) ** rng.randint(-990, 900)
        kind = rng.randrange(5)
        value = (
            plain,
            dyadic,
            dyadic + unit(dyadic) / 2,
            dyadic + F(1, 1 << 2000) * rng.choice((-1, 1)),
            F(2) ** rng.randint(-999, 999) * (1 + rng.choice((-1, 0, 1)) * F(1, 1 << 300)),
        )[kind]
        yield value * rng.choice((-1, 1))


@pytest.mark.parametrize("seed", range(5))
def test_rounding_is_outward_to_the_next_number_of_64_bits(seed: int) -> None:
    for value in rationals(seed, 300):
        low, high = round_down(value), round_up(value)
        assert low <= value <= high
        assert is_short(low)
        assert is_short(high)
        assert value - low < unit(value) * 2 ** (value < 0)
        assert high - value < unit(value) * 2 ** (value > 0)
        assert high - low <= unit(value)
        if is_short(value):
            assert low == value == high
        assert (below(Real.of(value)), above(Real.of(value))) == (low, high)


@pytest.mark.parametrize(
    "value", [SMALLEST / 2, SMALLEST * (1 - F(1, 1 << 90)), F(1, 10**400), F(1, 1 << 5000)]
)
def test_a_number_next_to_zero_is_moved_out(value: Fraction) -> None:
    assert (round_down(value), round_up(value)) == (0, SMALLEST)
    assert (round_down(-value), round_up(-value)) == (-SMALLEST, 0)
    as_ball = Real(None, lambda: flint.arb(flint.fmpq(*value.as_integer_ratio())))
    assert (below(as_ball), above(as_ball)) == (0, SMALLEST)
    assert round_up(SMALLEST) == round_down(SMALLEST) == SMALLEST
    assert round_up(F(0)) == round_down(F(0)) == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_too_large_is_refused_and_never_cut_off(sign: int) -> None:
    for value in (HUGE, HUGE - 1):
        assert below(Real.of(sign * value)) <= sign * value <= above(Real.of(sign * value))
    for value in (HUGE + 1, HUGE * 4, F(2) ** 90_000):
        for one in (
            Real.of(sign * value),
            Real(None, lambda v=value: flint.arb(flint.fmpq(*(sign * v).as_integer_ratio()))),
        ):
            for rounded in (below, above):
                with pytest.raises(RefusedError, match="diverges"):
                    rounded(one)


@pytest.mark.parametrize("ball", ["nan", "inf", "-inf", "[0 +/- inf]"])
def test_what_is_no_number_is_refused(ball: str) -> None:
    for rounded in (below, above):
        with pytest.raises(RefusedError, match="diverges"):
            rounded(Real(None, lambda: flint.arb(ball)))


# name -> the ball form, and what mpmath says of it
FUNCTIONS: dict[str, tuple[Callable[[flint.arb], flint.arb], Callable[..., object]]] = {
    "exp": (lambda x: x.exp(), mpmath.exp),
    "sin": (lambda x: x.sin(), mpmath.sin),
    "sqrt": (lambda x: abs(x).sqrt(), lambda x: mpmath.sqrt(abs(x))),
    "log": (lambda x: abs(x).log(), lambda x: mpmath.log(abs(x))),
    "inverse": (lambda x: 1 / x, lambda x: 1 / x),
}


def by_mpmath(function: Callable[..., object], value: Fraction) -> Fraction:
    with mpmath.workprec(MP_BITS):
        mantissa = mpmath.mpf(function(mpmath.mpf(value.numerator) / value.denominator))
        sign, top, exponent, _ = mantissa._mpf_
        return (-1 if sign else 1) * F(int(top)) * F(2) ** exponent


@pytest.mark.parametrize("name", FUNCTIONS)
def test_balls_are_rounded_outward_to_the_next_number_of_64_bits(name: str) -> None:
    by_ball, truth = FUNCTIONS[name]
    rng = random.Random(name)
    for _ in range(150):
        value = F(rng.randint(-(10**6), 10**6) * 2 + 1, 2 ** rng.randint(0, 12) * 7)
        value = value / 10**5 if name in ("exp", "sin") else value * F(10) ** rng.randint(-290, 290)
        real = Real(None, lambda v=value: by_ball(flint.arb(flint.fmpq(*v.as_integer_ratio()))))
        exact = by_mpmath(truth, value)
        low, high = below(real), above(real)
        assert low - abs(exact) * TINY <= exact <= high + abs(exact) * TINY
        assert is_short(low)
        assert is_short(high)
        assert high - low <= unit(exact)
        assert (low, high) == (round_down(exact), round_up(exact))


def test_a_ball_about_a_short_number_is_next_to_it() -> None:
    """No precision decides on which side of 2 the square of √2 is: one number further out."""
    two = Real(None, lambda: flint.arb(2).sqrt() ** 2)
    assert 2 - F(1, 1 << 63) == below(two) < 2 < above(two) == 2 + F(1, 1 << 62)
    zero = Real(None, lambda: flint.arb(2).sqrt() ** 2 - 2)
    assert (below(zero), above(zero)) == (-SMALLEST, SMALLEST)


@pytest.mark.parametrize("root", [1, 2, 3, 5, 7])
def test_roots_are_exact_or_enclosed(root: int) -> None:
    for value in rationals(root, 120):
        value = abs(value)
        found = nth_root(Real.of(value), root)
        low, high = below(found), above(found)
        assert low**root <= value <= high**root
        if found.exact is not None:
            assert found.exact**root == value
        assert high - low <= unit(high)
        whole = nth_root(Real.of(value**root), root) if value.numerator < 10**40 else None
        assert whole is None or whole.exact == value
        if root > 1:
            with pytest.raises(RefusedError, match="negative"):
                nth_root(Real.of(-value), root)
    assert nth_root(Real.of(F(0)), root).exact == 0
    with pytest.raises(RefusedError):
        nth_root(Real.of(F(1)), 0)


def test_a_root_of_a_ball_that_may_be_zero_is_above_it() -> None:
    for root in (2, 3, 5):
        value = Real(None, lambda: flint.arb(0.5, 0.5).nonnegative_part())
        ball = nth_root(Real(None, value.ball), root).ball() if root > 1 else value.ball()
        assert ball.contains(0)
        assert ball.contains(1)


def as_polynomial(coefficients: list[Fraction]) -> flint.fmpq_poly:
    return flint.fmpq_poly([flint.fmpq(*one.as_integer_ratio()) for one in coefficients])


def at(coefficients: list[Fraction], x: Fraction) -> Fraction:
    return sum((one * x**power for power, one in enumerate(coefficients)), F(0))


@pytest.mark.parametrize("seed", range(40))
def test_a_chain_of_a_quadratic_map_is_the_narrowest(seed: int) -> None:
    """Its one critical point is rational: the chain is known exactly."""
    rng = random.Random(seed)
    a, b, c = (F(rng.randint(-20, 20), rng.choice((10, 21, 32))) for _ in range(3))
    a = a or F(1, 3)
    scale = rng.choice((F(1), F(10) ** -20, F(10) ** 6))
    start = [F(rng.randint(-10, 10), 9) * scale for _ in range(rng.randint(1, 3))]
    coefficients = [c * scale, b, a / scale]
    passes = rng.randint(0, 12)
    critical = [-coefficients[1] / (2 * coefficients[2])]
    expected = chain(start, lambda x: at(coefficients, x), critical, passes)
    if max(abs(F(end)) for pair in expected for end in pair) > HUGE:
        with pytest.raises(RefusedError, match="diverges"):
            iterated(as_polynomial(coefficients), [Real.of(x) for x in start], passes)
        return
    found = iterated(as_polynomial(coefficients), [Real.of(x) for x in start], passes)
    assert [[str(low), str(high)] for low, high in found] == expected


@pytest.mark.parametrize("seed", range(40))
def test_every_orbit_stays_in_its_chain(seed: int) -> None:
    """Maps of degree up to 5 with irrational critical points; exact orbits from exact starts."""
    rng = random.Random(seed)
    coefficients = [F(rng.randint(-9, 9), 10) for _ in range(rng.randint(1, 5))]
    ends = sorted(F(rng.randint(-8, 8), 7) for _ in range(2))
    listed = seed % 2 == 0
    passes = rng.randint(1, 5)
    maps = [[one * rng.choice((1, F(1, 2))) for one in coefficients] for _ in range(passes)]
    maps = maps if listed else [coefficients] * passes
    begin = [Real.of(end) for end in ends]
    polynomials = [as_polynomial(one) for one in maps]
    intervals = followed(polynomials, begin) if listed else iterated(polynomials[0], begin, passes)
    for place in range(9):
        x = ends[0] + (ends[1] - ends[0]) * F(place, 8)
        for number in range(passes + 1):
            low, high = intervals[min(number, len(intervals) - 1)]
            assert low <= x <= high
            x = at(maps[number], x) if number < passes else x
            x = F(round(x * 2**300), 2**300) if x.denominator.bit_length() > 4000 else x


def test_a_chain_ends_only_where_it_stays() -> None:
    """2·e from [0, 1] grows; e/2 shrinks until 2^-1000; a turn of the sign stays at once."""
    double, half, turn = as_polynomial([F(0), F(2)]), as_polynomial([F(0), F(1, 2)]), [F(0), F(-1)]
    assert len(iterated(double, [Real.of(F(0)), Real.of(F(1))], 100)) == 101
    with pytest.raises(RefusedError, match="diverges"):
        iterated(double, [Real.of(F(1))], 10**9)
    small = iterated(half, [Real.of(F(1))], 10**9)
    assert small[-1] == (0, SMALLEST)
    assert len(small) <= 1003
    both = [Real.of(F(-1)), Real.of(F(1))]
    assert iterated(as_polynomial(turn), both, 10**9) == [(-1, 1)]
    assert iterated(as_polynomial(turn), [Real.of(F(1))], 3)[-1] == (-1, -1)
    with pytest.raises(RefusedError, match=f"More than {MAX_INTERVALS} passes"):
        iterated(as_polynomial(turn), [Real.of(F(1))], 10**9)


def test_the_hull_and_its_size() -> None:
    values = [Real.of(F(-1, 3)), Real(None, lambda: flint.arb(2).sqrt() / 10), Real.of(F(1, 7))]
    low, high = outward(values)
    assert (low, high) == (round_down(F(-1, 3)), round_up(F(1, 7)))
    assert size((low, high)) == -low
    assert size((F(0), F(2))) == size((F(-2), F(1))) == 2
    with pytest.raises(RefusedError):
        outward([*values, Real.of(2 * HUGE)])


@pytest.mark.parametrize("seed", range(5))
def test_a_value_is_at_least_the_true_one_and_hardly_larger(seed: int) -> None:
    for value in rationals(seed, 60):
        true = Real.of(abs(value))
        exact = abs(value)
        for good in (exact, round_up(exact), exact * (1 + VALUE_SLACK)):
            check_value(good, true)
        for wrong in (
            exact * (1 - F(1, 1 << 50)),
            exact - F(1, 1 << 5000),
            -exact,
            F(0),
            exact * (1 + VALUE_SLACK) * (1 + F(1, 1 << 90)),
            2 * exact,
        ):
            with pytest.raises(RefusedError):
                check_value(wrong, true)


def test_a_value_that_no_precision_decides_is_refused() -> None:
    root = Real(None, lambda: flint.arb(2).sqrt() ** 2)
    with pytest.raises(RefusedError, match="too close"):
        check_value(F(2), root)
    with pytest.raises(RefusedError, match="below the true value"):
        check_value(2 - F(1, 1 << 1000), root)
    check_value(2 + F(1, 1 << 1000), root)
    with pytest.raises(RefusedError):
        check_value(F(2), Real(None, lambda: flint.arb("nan")))
