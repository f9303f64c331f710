"""The rules for sums, products, inverses, functions and polar factors hold the exact value."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest
from tests.backends.enclose.truth import (
    exactly,
    holds,
    middle,
    polar_of,
    precise,
    roots_of,
    size_of,
    symmetric,
    unit,
)

from weightsmith.backends.enclose.matrices.inverse import inverse
from weightsmith.backends.enclose.matrices.near import HUGE, Near, NoBoundError, near, norm
from weightsmith.backends.enclose.matrices.polar import polar
from weightsmith.backends.enclose.matrices.products import (
    gram_defect,
    product,
    top,
)
from weightsmith.backends.enclose.matrices.pseudo_inverse import sums_vanish
from weightsmith.backends.enclose.matrices.sums import (
    collapsed,
    combination,
    remainder,
    scaled_columns,
)
from weightsmith.backends.enclose.values.balls import Exponential, Power, on_balls
from weightsmith.backends.enclose.values.entries import hadamard, of_entries
from weightsmith.backends.enclose.values.spectral import function_of
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.formulas import parse_formula
from weightsmith.dsl.program import core

__all__ = ["precise"]
pytestmark = pytest.mark.usefixtures("precise")
SHAPES = ((1, 1, 1), (2, 3, 4), (5, 1, 5), (3, 70, 2))


def drawn(seed: int, rows: int, columns: int) -> np.ndarray:
    """Numbers of one size; with graded rows; whole; tiny; large; or with zeros."""
    draw = np.random.default_rng(seed)
    matrix = draw.normal(size=(rows, columns))
    match seed % 6:
        case 1:
            matrix *= 2.0 ** draw.integers(-60, 60, size=(rows, 1))
        case 2:
            matrix = np.round(4 * matrix)
        case 3:
            matrix *= 2.0**-400
        case 4:
            matrix *= 2.0**100
        case 5:
            matrix[draw.random(size=matrix.shape) < 0.6] = 0
    result: np.ndarray = matrix
    return result


def known(seed: int, rows: int, columns: int) -> tuple[Near, flint.arb_mat]:
    """A matrix up to a radius, and one that is really so far off."""
    draw = np.random.default_rng(seed + 1000)
    hi = drawn(seed, rows, columns)
    lo = 2.0**-54 * hi * draw.normal(size=hi.shape) if seed % 2 else None
    off = 2.0**-80 * hi * draw.normal(size=hi.shape) * (seed % 3)
    value = near(hi, lo, norm(off))
    return value, middle(value) + exactly(off)


@pytest.mark.parametrize("seed", range(24))
def test_a_product_holds_the_exact_one(seed: int) -> None:
    rows, inner, columns = SHAPES[seed % len(SHAPES)]
    (left, first), (right, second) = known(seed, rows, inner), known(seed + 7, inner, columns)
    assert holds(product(left, right), first * second)


def test_a_product_has_nearly_twice_the_digits() -> None:
    left, right = near(drawn(0, 20, 30)), near(drawn(6, 30, 20))
    found = product(left, right)
    assert found.radius < 2.0**-65 * found.size
    assert norm(found.lo if found.lo is not None else np.ones(1)) < 2.0**-52 * found.size


@pytest.mark.parametrize("seed", range(12))
def test_a_product_whose_leading_bits_cancel_holds_the_exact_one(seed: int) -> None:
    """What is left of the leading bits is then less than the rest."""
    draw = np.random.default_rng(seed)
    half = draw.normal(size=(3, 4))
    left = np.concatenate((half, half), axis=1)
    right = np.concatenate((half.T, -half.T * (1 + 2.0**-40 * (seed % 3))), axis=0)
    for one, other in ((left, right), (right.T, left.T)):
        found = product(near(one), near(other))
        truth = exactly(one) * exactly(other)
        assert holds(found, truth)
        assert found.radius < 1e-18


@pytest.mark.parametrize("shape", [(1, 9), (3, 40), (9, 9), (40, 5)])
def test_no_two_norm_is_below_the_exact_one(shape: tuple[int, int]) -> None:
    """‖A‖₂ ≥ ‖Av‖ for the singular vector v, up to its length."""
    for seed in range(6):
        matrix = drawn(seed, *shape)
        value = near(matrix)
        vector = np.linalg.svd(matrix * 2.0 ** (400 if seed == 3 else 0))[2][:1].T
        reached = size_of(exactly(matrix) * exactly(vector)) / size_of(exactly(vector))
        assert reached <= value.two_norm == value.size
        product(value, value.transposed)
        assert reached <= value.two_norm == value.transposed.two_norm <= value.size


@pytest.mark.parametrize("seed", range(24))
def test_sums_and_multiples_hold_the_exact_ones(seed: int) -> None:
    scales = (Fraction(1), Fraction(-1, 3), Fraction(10**40, 7), Fraction(-8), Fraction(1, 10**60))
    terms = [(scales[(seed + k) % 5], known(seed + k, 3, 4)) for k in range(1 + seed % 4)]
    truth = flint.arb_mat(3, 4)
    for scale, (_, exact) in terms:
        truth += exact * (flint.arb(scale.numerator) / scale.denominator)
    found = combination([(scale, value) for scale, (value, _) in terms])
    assert holds(found, truth)
    assert holds(collapsed(found), truth)
    assert holds(found.transposed, truth.transpose())


@pytest.mark.parametrize("seed", range(12))
def test_what_is_left_of_two_values_is_held(seed: int) -> None:
    (left, first), (other, second) = known(seed, 4, 4), known(seed, 4, 4)
    shifted = near(other.hi * (1 + 2.0**-40), other.lo, other.radius * 2)
    truth = middle(shifted) + (second - middle(other))
    assert holds(remainder(left, shifted), first - truth)


@pytest.mark.parametrize("seed", range(12))
def test_scaled_columns_and_entrywise_products_are_held(seed: int) -> None:
    (left, first), (right, second) = known(seed, 3, 5), known(seed + 3, 3, 5)
    pairs = zip(first.entries(), second.entries(), strict=True)
    assert holds(hadamard(left, right), flint.arb_mat(3, 5, [a * b for a, b in pairs]))
    (row, numbers), matrix = known(seed + 3, 1, 5), near(left.hi)
    entries = [flint.arb(left.hi[i, j]) * numbers[0, j] for i in range(3) for j in range(5)]
    assert holds(scaled_columns(matrix, row), flint.arb_mat(3, 5, entries))


@pytest.mark.parametrize("size", [1, 2, 30])
def test_the_defect_of_computed_vectors_is_held(size: int) -> None:
    vectors = np.linalg.eigh(symmetric(1, size))[1]
    exact = exactly(vectors)
    assert holds(gram_defect(near(vectors)), exact.transpose() * exact - unit(size))


@pytest.mark.parametrize("inner", [1, 2, 3, 64, 65, 1 << 20])
def test_leading_bits_are_few_enough_for_exact_sums(inner: int) -> None:
    matrix = drawn(1, 6, 6) * (1 + 2.0**-52)
    first, rest = top(matrix, inner)
    assert np.array_equal(first + rest, matrix)
    assert inner * float(np.abs(first).max()) ** 2 <= 2**53 * float(_grid(first)) ** 2


def _grid(matrix: np.ndarray) -> Fraction:
    """The largest power of two of which all entries are whole multiples."""
    parts = [Fraction(float(one)) for one in matrix.ravel() if one]
    denominator = max(part.denominator for part in parts)
    whole = [int(part * denominator) for part in parts]
    return Fraction(min(one & -one for one in whole), denominator)


@pytest.mark.parametrize("condition", [1.0, 1e3, 1e9])
@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_an_inverse_is_held_and_near(size: int, condition: float) -> None:
    matrix = symmetric(size, size, condition) + np.triu(symmetric(9, size)) / condition / 3
    found = inverse(near(matrix), "A")
    truth = exactly(matrix).inv()
    assert holds(found, truth)
    assert found.radius <= 1e-6 * condition * 2.0**-52 * size * found.size


@pytest.mark.parametrize("condition", [1.0, 1e3, 1e9])
@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_functions_of_a_symmetric_matrix_are_held(size: int, condition: float) -> None:
    matrix = symmetric(size, size, condition)
    with flint.ctx.workprec(800):
        root, inverted = roots_of(exactly(matrix))
        assert holds(function_of(near(matrix), Power(Fraction(1, 2)), "A"), root)
        assert holds(function_of(near(matrix), Power(Fraction(-1, 2)), "A"), inverted)
        assert holds(function_of(near(-matrix), Exponential(), "A"), (-exactly(matrix)).exp())


@pytest.mark.parametrize(
    "spread", [(1, 1, 1, 1), (1, 1, 1, 1 + 2**-50), (3, 3, 1e-9, 1e-9), (0, 0, 2, 2)]
)
def test_clusters_and_kernels_have_an_exponential(spread: tuple[float, ...]) -> None:
    basis = np.linalg.qr(np.random.default_rng(3).normal(size=(4, 4)))[0]
    matrix = basis * np.array(spread) @ basis.T
    matrix = (matrix + matrix.T) / 2
    found = function_of(near(matrix), Exponential(), "A")
    with flint.ctx.workprec(800):
        assert holds(found, exactly(matrix).exp())
    assert found.radius < 1e-17 * found.size


@pytest.mark.parametrize("rows", [1, 2, 5, 8])
@pytest.mark.parametrize("condition", [1.0, 1e3, 1e8])
def test_a_polar_factor_is_held(rows: int, condition: float) -> None:
    columns = min(rows, 5)
    left = np.linalg.qr(np.random.default_rng(rows).normal(size=(rows, columns)))[0]
    matrix = left @ symmetric(rows, columns, condition)
    with flint.ctx.workprec(1200):
        truth = polar_of(exactly(matrix))
        assert holds(polar(near(matrix), "A"), truth)
        assert holds(polar(near(matrix.T), "A"), truth.transpose())


@pytest.mark.parametrize("radius", [0.0, 1e-3])
def test_functions_of_entries_hold_every_number_in_reach(radius: float) -> None:
    clip = core.PiecewiseLinear(
        q.Number(Fraction(-1)),
        q.Number(Fraction(0)),
        (
            (q.Number(Fraction(-1)), q.Number(Fraction(1))),
            (q.Number(Fraction(1)), q.Number(Fraction(-1))),
        ),
    )
    entries = np.array([[-3.0, -1.0, -0.9995, 0.25], [0.9995, 1.0, 1.0005, 7.0]])
    value = near(entries, None, radius)
    for shift in (-radius, 0.0, radius):
        moved = entries.copy()
        moved[1, 2] += shift
        assert holds(of_entries(clip, value, {}), exactly(np.clip(moved, -1, 1)))


ENTRIES = ("exp(t)", "1/(1 + exp(-t))", "t^3 - 2*t", "abs(t)", "tanh(t) + sqrt(t + 9)")


@pytest.mark.parametrize("radius", [0.0, 1e-12, 0.3])
@pytest.mark.parametrize("text", ENTRIES)
def test_formulas_of_entries_hold_every_matrix_in_reach(text: str, radius: float) -> None:
    """The error may be in one entry or spread over all."""
    function = core.Approximated(parse_formula(text), q.Number(Fraction(1)))
    entries = np.array([[-2.5, -1e-3, 0.0, 1.5], [2.0**-40, 3.0, -0.25, 7.0]])
    value = of_entries(function, near(entries, None, radius), {})
    run = on_balls(function.formula, {})
    for place in (None, (0, 0), (0, 2), (1, 3)):
        for sign in (-1, 1):
            moved = entries.copy()
            if place is None:
                moved += sign * radius / 3
            else:
                moved[place] += sign * 0.99 * radius
            truth = flint.arb_mat(2, 4, [run(flint.arb(one)) for one in moved.ravel().tolist()])
            assert holds(value, truth)


def test_an_error_of_many_entries_costs_the_slope_once() -> None:
    function = core.Approximated(parse_formula("1/(1 + exp(t))"), q.Number(Fraction(1)))
    entries = np.random.default_rng(0).normal(size=(1, 500))
    assert of_entries(function, near(entries, None, 1e-20), {}).radius < 1e-20


@pytest.mark.parametrize("rounded", [False, True])
def test_nothing_is_said_of_what_may_be_singular(rounded: bool) -> None:
    vector = np.array([1.0, 2.0, 4.0]) / (3.0 if rounded else 1.0)
    singular = np.outer(vector, vector)
    for rule in (inverse, polar):
        with pytest.raises(NoBoundError, match="A"):
            rule(near(singular), "A")
    with pytest.raises(NoBoundError, match="A is not positive definite"):
        function_of(near(singular), Power(Fraction(1, 2)), "A")


@pytest.mark.parametrize("number", [np.nan, np.inf, 2 * HUGE])
def test_no_matrix_holds_what_is_too_large_or_no_number(number: float) -> None:
    with pytest.raises(NoBoundError):
        near(np.array([[number]]))
    with pytest.raises(NoBoundError):
        near(np.ones((1, 1)), None, number)


@pytest.mark.parametrize(
    ("row", "zero"),
    [
        ([1.0, -1.0], True),
        ([0.1, 0.2, -0.3], False),  # 0.1 + 0.2 is not 0.3 in floats either
        ([1e16, 1.0, -1e16], False),
        ([1e200, 1e-100, -1e200, -1e-100], True),
        ([0.1, 0.2, -0.1, -0.2], True),
        ([2.0**-1000, -(2.0**-1000)], False),  # too small to be sure
        ([0.0, 0.0], True),
        ([], True),
    ],
)
def test_a_sum_is_zero_only_if_it_is_exactly(row: list[float], zero: bool) -> None:
    assert sums_vanish(np.array([row, row])) is zero
    assert sums_vanish(np.array([row, [1.0] * len(row)])) is (zero and not row)


def test_the_norm_is_never_below_the_exact_one() -> None:
    for seed in range(12):
        matrix = drawn(seed, 7, 9)
        assert size_of(exactly(matrix)) <= norm(matrix)
