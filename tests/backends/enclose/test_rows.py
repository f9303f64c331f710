"""Functions of a row of floats hold the exact values, and leave what is out of reach."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import flint
import numpy as np
import pytest

from weightsmith.backends.enclose.matrices.near import HUGE, UNIT, Near, NoBoundError
from weightsmith.backends.enclose.values.balls import Exponential, Power
from weightsmith.backends.enclose.values.rows import (
    LEAST,
    MOST,
    REACH,
    SMALL,
    STEPS,
    TAIL,
    exponentials,
    inverse_square_roots,
    sigmoids,
    square_roots,
)

Row = Callable[..., Near | None]
Exact = Callable[[flint.arb], flint.arb]
LN = np.log(2)


def between(low: float, high: float, count: int = 400) -> np.ndarray:
    return np.random.default_rng(0).uniform(low, high, count)


def around(points: np.ndarray) -> np.ndarray:
    """The points and the floats next to them."""
    return np.concatenate([np.nextafter(points, -np.inf), points, np.nextafter(points, np.inf)])


POSITIVE = [
    between(1, 4),
    np.exp(between(-130, 130)),
    around(4.0 ** np.arange(-90, 90)),
    around(2.0 * 4.0 ** np.arange(-90, 90)),
    np.array([LEAST, MOST]),
]
EXPONENTS = [
    between(-5, 0),
    between(-170, 170),
    np.exp(between(-700, 0)) * np.sign(between(-1, 1)),
    around(LN * np.arange(-200, 200)),  # where k·ln 2 cancels
    around(LN * (np.arange(-200, 200) + 0.5)),  # where k changes
    around((np.arange(-800, 800) + 0.5) / STEPS),  # where c changes
    np.array([0.0, -0.0, -REACH, np.log(HUGE) - 1]),
]


def require_held(found: Near | None, points: np.ndarray, exact: Exact, part: float) -> None:
    """Every entry is off by no more than that part of itself; sizes and radius are large enough."""
    assert found is not None
    assert found.lo is not None
    with flint.ctx.workprec(2000):
        squares = tops = lows = flint.arb(0)
        pairs = zip(found.hi[0].tolist(), found.lo[0].tolist(), strict=True)
        for point, (hi, lo) in zip(points.tolist(), pairs, strict=True):
            off = exact(flint.arb(point)) - flint.arb(hi) - flint.arb(lo)
            assert abs(off) <= part * abs(flint.arb(hi))
            assert abs(lo) <= 2 * UNIT * abs(hi)
            squares, tops, lows = (
                squares + abs(off).upper() ** 2,
                tops + flint.arb(hi) ** 2,
                lows + lo**2,
            )
        assert squares.sqrt() <= found.radius <= 1.01 * part * found.size + HUGE**-1
        assert tops.sqrt() <= found.size
        assert lows.sqrt() <= found.low_size


@pytest.mark.parametrize("points", POSITIVE)
def test_square_roots(points: np.ndarray) -> None:
    require_held(square_roots(points), points, flint.arb.sqrt, 4 * UNIT**2)


@pytest.mark.parametrize("points", POSITIVE)
def test_inverse_square_roots(points: np.ndarray) -> None:
    require_held(inverse_square_roots(points), points, flint.arb.rsqrt, 20 * UNIT**2)


@pytest.mark.parametrize("points", EXPONENTS)
def test_exponentials(points: np.ndarray) -> None:
    require_held(exponentials(points), points, flint.arb.exp, 7 * UNIT * SMALL**2)


def sigmoid(point: flint.arb) -> flint.arb:
    return 1 / (1 + (-point).exp())


@pytest.mark.parametrize("points", EXPONENTS)
def test_sigmoids(points: np.ndarray) -> None:
    points = points[points >= -TAIL]
    assert sigmoids(np.append(points, -1.01 * TAIL), None, 0.0) is None
    require_held(sigmoids(points, None, 0.0), points, sigmoid, 7.1 * UNIT * SMALL**2)


@pytest.mark.parametrize("scale", [2.0**-1060, 2.0**-53, 2.0**-40, 2.0**-20, 2.0**-4])
def test_sigmoids_of_two_floats(scale: float) -> None:
    """What is added may be large: then the radius is."""
    points = np.concatenate([between(-40, 40), between(-1, 1), np.array([0.0, REACH, -TAIL])])
    small = scale * np.random.default_rng(1).normal(size=points.shape)
    found = sigmoids(points, small, float(np.linalg.norm(small)) * (1 + 2.0**-40) + 2.0**-1060)
    assert found is not None
    assert found.lo is not None
    with flint.ctx.workprec(2000):
        squares = flint.arb(0)
        entries = zip(
            points.tolist(), small.tolist(), found.hi[0].tolist(), found.lo[0].tolist(), strict=True
        )
        for point, more, hi, lo in entries:
            squares += (sigmoid(flint.arb(point) + more) - flint.arb(hi) - lo) ** 2
        assert squares.sqrt() <= found.radius
        assert found.radius <= 2.0**-66 + 2 * scale**2 * len(points)


@pytest.mark.parametrize(
    ("row", "exact", "every", "part"),
    [
        (square_roots, flint.arb.sqrt, POSITIVE, UNIT),
        (inverse_square_roots, flint.arb.rsqrt, POSITIVE, 2.1 * UNIT),
        (exponentials, flint.arb.exp, EXPONENTS, 2.0**-47),
    ],
)
def test_short_rows(row: Row, exact: Exact, every: list[np.ndarray], part: float) -> None:
    for points in every:
        found = row(points, short=True)
        assert found is not None
        assert found.lo is None
        assert found.short
        with flint.ctx.workprec(2000):
            offs = [
                exact(flint.arb(point)) - flint.arb(hi)
                for point, hi in zip(points.tolist(), found.hi[0].tolist(), strict=True)
            ]
            for off, hi in zip(offs, found.hi[0].tolist(), strict=True):
                assert abs(off) <= part * abs(hi)
            assert sum((one * one for one in offs), flint.arb(0)).sqrt() <= found.radius


@pytest.mark.parametrize(
    ("row", "points"),
    [
        (square_roots, [1.0, LEAST / 2]),
        (square_roots, [MOST * 2, 1.0]),
        (square_roots, [1.0, -1.0]),
        (square_roots, [np.nan, 1.0]),
        (square_roots, []),
        (inverse_square_roots, [1.0, LEAST / 2]),
        (inverse_square_roots, [0.0]),
        (inverse_square_roots, []),
        (exponentials, [np.nextafter(REACH, np.inf), 0.0]),
        (exponentials, [0.0, -np.inf]),
        (exponentials, [1.0, np.nan]),
        (exponentials, []),
    ],
)
def test_what_is_out_of_reach_is_left(row: Row, points: list[float]) -> None:
    assert row(np.array(points)) is None
    assert row(np.array(points), short=True) is None


def test_what_is_left_is_found_in_balls() -> None:
    """The image is the same function on both sides of the reach."""
    with flint.ctx.workprec(128):
        for points in ([1.0, 2.0], [1.0, MOST * 4], [LEAST / 4, 1.0]):
            for sign, exact in ((1, flint.arb.sqrt), (-1, flint.arb.rsqrt)):
                power = Power(Fraction(sign, 2))
                found = power.image(np.array(points), "A")
                require_held(found, np.array(points), exact, 2.0**-99)
        far = np.array([-300.0, 1.0])
        require_held(Exponential().image(far, "A"), far, flint.arb.exp, 2.0**-99)


def test_a_value_that_is_too_large_is_said_to_be() -> None:
    with pytest.raises(NoBoundError, match="range"):
        exponentials(np.array([np.log(HUGE) + 1]))
