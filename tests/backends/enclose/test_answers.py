"""Rules that start from the answer hold its true distance from the target, or say nothing."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import flint
import numpy as np
import pytest
from tests.backends.enclose.truth import (
    Matrix,
    enclosed,
    exactly,
    polar_of,
    precise,
    roots_of,
    size_of,
    unit,
)

from weightsmith.backends.enclose import enclose
from weightsmith.backends.enclose.answers.functions import function_distance
from weightsmith.backends.enclose.answers.inverses import inverse_distance
from weightsmith.backends.enclose.answers.leading import grid, leading, rounded_to
from weightsmith.backends.enclose.answers.polar_factors import polar_distance
from weightsmith.backends.enclose.matrices.near import Apart, Digits, Near, NoBoundError, near
from weightsmith.backends.enclose.values.balls import Exponential, Power
from weightsmith.dsl import check as checked
from weightsmith.dsl.program.core import Program
from weightsmith.dsl.text.source import Source

__all__ = ["precise"]
pytestmark = pytest.mark.usefixtures("precise")
CONDITIONS = (1.0, 10.0, 1e3, 1e6, 1e9, 1e12)
SCALES = (-200, -60, 0, 60, 200)
DIGITS = (Digits.SHORT, Digits.DOUBLE)
Rule = Callable[[Near, Near], Apart | None]


def check_script(script: str) -> Program:
    return checked(Source("<test>", script))


def spectrum(draw: np.random.Generator, size: int, condition: float) -> np.ndarray:
    """Spread, all but one equal, or in two clusters that are nearly equal."""
    spread = np.geomspace(1.0, 1 / condition, size)
    match draw.integers(3):
        case 1:
            spread[:-1] = 1.0
        case 2:
            spread[: size // 2] = 1.0
            spread[size // 2 :] = spread[-1] * (1 + 2.0**-50 * np.arange(size - size // 2))
    result: np.ndarray = spread
    return result


def orthogonal(draw: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    result: np.ndarray = np.linalg.qr(draw.normal(size=(rows, columns)))[0]
    return result


def symmetric(draw: np.random.Generator, size: int, condition: float) -> np.ndarray:
    basis = orthogonal(draw, size, size)
    matrix = basis * spectrum(draw, size, condition) @ basis.T
    result: np.ndarray = (matrix + matrix.T) / 2
    return result


def tall(draw: np.random.Generator, size: int, condition: float) -> np.ndarray:
    left = orthogonal(draw, size + size // 2, size)
    result: np.ndarray = left * spectrum(draw, size, condition) @ orthogonal(draw, size, size)
    return result


def rounded(matrix: Matrix, dtype: type[np.floating]) -> np.ndarray:
    """The nearest floats: no answer is better."""
    entries = [float(one) for one in matrix.entries()]
    shape = matrix.nrows(), matrix.ncols()
    with np.errstate(all="ignore"):
        return np.array(entries).reshape(shape).astype(dtype).astype(np.float64)


def answers(draw: np.random.Generator, truth: Matrix) -> list[np.ndarray]:
    """As good as it gets, in float32, a little off, far off, and wrong."""
    best = rounded(truth, np.float64)
    size = float(np.abs(best).max())
    noise = draw.normal(size=best.shape) * size
    with np.errstate(all="ignore"):
        off = [best + noise * factor for factor in (2.0**-45, 2.0**-12, 0.03, 1.0)]
    return [best, rounded(truth, np.float32), *off, 1.1 * best, -best]


def check(rule: Rule, matrix: np.ndarray, truth: Matrix, seed: int) -> list[bool]:
    """Which answers have a bound; one at least as large as the distance."""
    found = []
    for answer in answers(np.random.default_rng(seed), truth):
        true = size_of(exactly(answer) - truth)
        for digits in DIGITS:
            try:
                with np.errstate(all="ignore"):
                    bound = rule(near(matrix, digits=digits), near(answer, digits=digits))
            except NoBoundError:
                bound = None
            found.append(bound is not None)
            assert bound is None or true <= flint.arb(bound.bound)
            assert bound is None or bound.bound * (1 - 2.0**-39) - 2 * bound.radius <= true
    return found


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_the_distance_from_an_inverse(size: int, condition: float) -> None:
    draw = np.random.default_rng(size)
    for seed, scale in enumerate(SCALES):
        matrix = tall(draw, size, condition)[:size] * 2.0**scale
        if np.linalg.cond(matrix) > 1e13:
            continue
        found = check(inverse_distance, matrix, exactly(matrix).inv(), seed)
        assert found[1] or condition > 1e11  # the nearest floats, with twice the digits


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_the_distance_from_a_polar_factor(size: int, condition: float) -> None:
    draw = np.random.default_rng(size)
    for seed, scale in enumerate(SCALES):
        matrix = tall(draw, size, condition) * 2.0**scale
        if seed % 2:
            matrix = matrix.T
        with flint.ctx.workprec(1200):
            truth = polar_of(exactly(matrix) if not seed % 2 else exactly(matrix.T))
            truth = truth.transpose() if seed % 2 else truth
            found = check(polar_distance, matrix, truth, seed)
        assert found[1] or condition > 1e11


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("power", [Fraction(1, 2), Fraction(-1, 2), Fraction(3, 2)])
def test_the_distance_from_a_power(size: int, condition: float, power: Fraction) -> None:
    draw = np.random.default_rng(size)
    for seed, scale in enumerate((-60, 0, 60)):
        matrix = symmetric(draw, size, condition) * 2.0**scale
        with flint.ctx.workprec(1000):
            root, inverse = roots_of(exactly(matrix))
            truths = {1: root, -1: inverse, 3: exactly(matrix) * root}
            rule = power_rule(power)
            found = check(rule, matrix, truths[power.numerator], seed)
        assert found[1] or condition > 1e11


def power_rule(power: Fraction) -> Rule:
    return lambda matrix, answer: function_distance(matrix, answer, Power(power), "A")


@pytest.mark.parametrize("scale", [-300, -40, -8, 0, 3, 6])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_the_distance_from_an_exponential(size: int, scale: int) -> None:
    draw = np.random.default_rng(size)

    def rule(matrix: Near, answer: Near) -> Apart | None:
        return function_distance(matrix, answer, Exponential(), "A")

    for seed in range(3):
        matrix = symmetric(draw, size, 1e5) * 2.0**scale * (-1) ** seed
        with flint.ctx.workprec(900):
            assert check(rule, matrix, exactly(matrix).exp(), seed)[1]


def test_a_matrix_known_up_to_a_radius_keeps_it_in_the_distance() -> None:
    """The bound holds of every matrix within the radius."""
    draw = np.random.default_rng(5)
    matrix = symmetric(draw, 4, 50.0)
    off = symmetric(draw, 4, 3.0) * 1e-9
    moved, low = exactly(matrix) + exactly(off), 2.0**-60 * matrix
    value = near(matrix, low, float(np.linalg.norm(off - low)) * 1.001)
    with flint.ctx.workprec(900):
        root = roots_of(moved)[0]
        cases: tuple[tuple[Rule, Matrix], ...] = (
            (inverse_distance, moved.inv()),
            (power_rule(Fraction(1, 2)), root),
            (polar_distance, unit(4)),
        )
        for rule, truth in cases:
            answer = rounded(truth, np.float64)
            found = rule(value, near(answer))
            assert found is not None
            assert size_of(exactly(answer) - truth) <= flint.arb(found.bound)
            assert found.bound < 1e-5


def test_a_vanishing_answer_of_a_vanishing_matrix_has_no_inverse() -> None:
    zero = near(np.zeros((3, 3)))
    assert inverse_distance(zero, zero) is None
    assert polar_distance(zero, zero) is None


def test_an_answer_far_larger_or_smaller_than_the_target_is_left_to_the_other_rule() -> None:
    matrix = near(symmetric(np.random.default_rng(1), 3, 10.0))
    rule = power_rule(Fraction(-1, 2))
    assert rule(matrix, near(2.0**-80 * matrix.hi)) is None
    found = rule(matrix, near(2.0**80 * matrix.hi))
    assert found is None or found.bound > 2.0**78


@pytest.mark.parametrize("count", [1, 2, 5, 64, 70])
@pytest.mark.parametrize("scale", [-150, 0, 150])
def test_sums_of_leading_bits_are_exact(count: int, scale: int) -> None:
    draw = np.random.default_rng(count)
    one = near(draw.normal(size=(3, count)) * 2.0**scale)
    other = near(draw.normal(size=(count, 2)) * 2.0 ** draw.integers(-9, 9, size=(count, 1)))
    left, right = leading(one, count), leading(other, count)
    for value, parts in ((one, left), (other, right)):
        assert np.array_equal(parts.first + parts.rest, value.hi)
        assert size_of(exactly(parts.rest)) <= parts.left
    product = exactly(left.first) * exactly(right.first)
    assert size_of(exactly(left.first @ right.first) - product) == 0
    step = grid(left.exponent, right.exponent, count)
    whole, rest = rounded_to(one.hi @ other.hi, step)
    assert np.array_equal(whole + rest, one.hi @ other.hi)
    difference = left.first @ right.first - whole
    assert size_of(exactly(difference) - (product - exactly(whole))) == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_no_answer_can_be_near_to_is_still_told(dtype: type[np.floating]) -> None:
    """A wrong answer gets the bound of the rules that do not start from it."""
    matrix = symmetric(np.random.default_rng(2), 4, 20.0)
    wrong = np.full((4, 4), 3.0, dtype=dtype)
    targets = {
        "inv(A)": lambda given: given.inv(),
        "sqrt(A)": lambda given: roots_of(given)[0],
        "polar(A)": lambda given: unit(4),
        "sign(A)": lambda given: unit(4),
        "exp(A)": lambda given: given.exp(),
    }
    for target, true in targets.items():
        script = f"algorithm a(A: symmetric[d, d])\nreturn A approximates {target}\n"
        bound = enclosed(script, {"A": matrix}, wrong).bound
        with flint.ctx.workprec(900):
            distance = size_of(exactly(wrong.astype(np.float64)) - true(exactly(matrix)))
        assert bound is not None
        assert distance <= flint.arb(bound) <= distance * (1 + 2.0**-20)


def test_an_answer_on_both_token_groups_and_one_on_one_of_them() -> None:
    draw = np.random.default_rng(3)
    x = {"context": draw.normal(size=(3, 8)), "query": draw.normal(size=(3, 2))}
    y = {"context": draw.normal(size=(1, 8))}
    target = "y*x'*inv(x*x')*x over context"
    solved = y["context"] @ x["context"].T @ np.linalg.inv(x["context"] @ x["context"].T)
    context = exactly(x["context"])
    exact = exactly(y["context"]) * context.transpose() * (context * context.transpose()).inv()
    for clause, groups in (("", ("context", "query")), ("on query ", ("query",))):
        program = check_script(
            "algorithm a(x: [d] per token, y: [1] per context)\n"
            f"return y*x'*x {clause}over context approximates {target}\n"
        )
        answer = {group: solved @ x[group] for group in groups}
        name = program.returns[0].name
        bound = enclose(program, {}, {"x": x, "y": y}, {name: answer})[name].bound
        parts = [size_of(exactly(answer[one]) - exact * exactly(x[one])) for one in groups]
        true = sum((part * part for part in parts), flint.arb(0)).sqrt()
        assert bound is not None
        assert true <= flint.arb(bound) <= 2 * true


def test_an_equation_is_read_again_with_other_numbers() -> None:
    """Its strong monotonicity is another, and where there is none there is no bound."""
    program = check_script(
        "algorithm a(x: [d] per context, y: [1] per context)\nparam mu\n"
        "return y*x' over context approximates root(w: w*x*x' + mu*w - y*x' over context)\n"
    )
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(3, 9)), draw.normal(size=(1, 9))
    name = program.returns[0].name
    for mu in (Fraction(1), Fraction(1, 1000), Fraction(0), Fraction(-1), Fraction(1)):
        system = x @ x.T + float(mu) * np.eye(3)
        answer = y @ x.T @ np.linalg.inv(system)
        found = enclose(program, {"mu": mu}, {"x": x, "y": y}, {name: answer})[name].bound
        assert (found is not None) == (mu > 0)
        if found is not None:
            ridge = unit(3) * (flint.arb(mu.numerator) / mu.denominator)
            gram = exactly(x) * exactly(x).transpose() + ridge
            truth = exactly(y) * exactly(x).transpose() * gram.inv()
            assert size_of(exactly(answer) - truth) <= flint.arb(found)
