"""Tables against the best possible: pieces, errors, proofs, and numbers that floats hold."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import flint
import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from weightsmith.checker.reading.refusal import Budget, OverBudgetError
from weightsmith.compiler.approximate.fitting.fit import (
    Table,
    TooManyPiecesError,
    fit_pieces,
    fit_table,
    square_table,
)
from weightsmith.compiler.numbers.intervals import to_fraction
from weightsmith.dsl.numbers.formulas import parse_formula

C = {"c": Fraction("0.316")}
KINK = Fraction(1, 3)
BELL = "sigmoid(t)*(1 - sigmoid(t))"


def sigmoid(t: flint.arb) -> flint.arb:
    return 1 / (1 + (-t).exp())


# formula, interval, and the function once more, in arb
FUNCTIONS: dict[str, tuple[str, str, str, Callable[[flint.arb], flint.arb]]] = {
    "sigmoid": ("sigmoid(t)", "-8", "8", sigmoid),
    "bell": (BELL, "-8", "8", lambda t: sigmoid(t) * sigmoid(-t)),
    "tanh": ("tanh(t)", "-5", "5", lambda t: 1 - 2 / (1 + (2 * t).exp())),
    "exp": ("exp(t)", "-3", "3", lambda t: t.exp()),
    "softplus": ("softplus(t)", "-10", "10", lambda t: (1 + t.exp()).log()),
    "reciprocal": ("1/t", "1/10", "10", lambda t: 1 / t),
    "sqrt": ("sqrt(t)", "0", "4", lambda t: t.sqrt()),
    "rsqrt": ("1/sqrt(t)", "1/10", "10", lambda t: 1 / t.sqrt()),
    "square": ("t^2", "-1", "1", lambda t: t * t),
    "sin": ("sin(t)", "0", "20", lambda t: t.sin()),
    "step": (
        "2*c/(2*c + sqrt(t))",
        "0",
        "1",
        lambda t: 1 / (1 + t.sqrt() / (flint.arb(79) / 125)),
    ),
    "kinks": ("abs(t - 1/3) + t^2", "-1", "2", lambda t: abs(t - flint.arb(1) / 3) + t * t),
}


def table_of(name: str, tolerance: str) -> Table:
    text, low, high, _ = FUNCTIONS[name]
    return fit_table(parse_formula(text), C, Fraction(low), Fraction(high), Fraction(tolerance))


def true_error(name: str, table: Table) -> Fraction:
    """The largest |f − table| in 200 bits, at the extremal points of every piece."""
    _, low, high, function = FUNCTIONS[name]

    def error(place: Fraction) -> Fraction:
        exact, value = (flint.fmpq(x.numerator, x.denominator) for x in (place, table.at(place)))
        return to_fraction(abs(function(flint.arb(exact)) - flint.arb(value)).lower())

    with flint.ctx.workprec(200):
        worst = error(KINK) if name == "kinks" else Fraction(0)
        for (a, _), (b, _) in pairwise(table.knots):
            a, b = max(a, Fraction(low)), min(b, Fraction(high))
            places = [a + (b - a) * k / 16 for k in range(17)]
            best = max(range(17), key=lambda k, at=places: error(at[k]))
            worst = max(worst, error(places[best]))
            first, last = places[max(best - 1, 0)], places[min(best + 1, 16)]
            for k in range(33):
                worst = max(worst, error(first + (last - first) * k / 32))
    return worst


def is_float(number: Fraction) -> bool:
    return Fraction(float(number)) == number


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("tolerance", ["1/100", "1/1000"])
def test_errors_are_proven_and_tight(name: str, tolerance: str) -> None:
    table = table_of(name, tolerance)
    true = true_error(name, table)
    assert true <= table.error <= Fraction(tolerance)
    assert table.error <= true * Fraction(1001, 1000)
    assert all(is_float(place) and is_float(value) for place, value in table.knots)
    assert all(a < b for (a, _), (b, _) in pairwise(table.knots))
    assert all(is_float(slope) for slope in table.slopes())


@pytest.mark.parametrize(
    ("tolerance", "most"), [("1/100", 6), ("1/1000", 17), ("1/10000", 54), ("1/100000", 167)]
)
def test_the_derivative_of_the_sigmoid_takes_few_pieces(tolerance: str, most: int) -> None:
    assert table_of("bell", tolerance).pieces <= most


# ∫ √|f''| over the interval, by hand
WEIGHTS = {
    "exp": 2 * (np.exp(1.5) - np.exp(-1.5)),
    "reciprocal": 2 * np.sqrt(2) * (np.sqrt(10) - np.sqrt(0.1)),
    "sqrt": 2 * 4**0.25,
    "rsqrt": np.sqrt(0.75) * 4 * (0.1**-0.25 - 10**-0.25),
    "square": 2 * np.sqrt(2),
    "softplus": 2 * (np.arctan(np.exp(5)) - np.arctan(np.exp(-5))),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_many_pieces_reach_the_asymptotic_least_error(name: str) -> None:
    text, low, high, _ = FUNCTIONS[name]
    table = fit_pieces(parse_formula(text), C, Fraction(low), Fraction(high), 100)
    assert table.pieces <= 100
    assert float(table.error) <= 1.01 * WEIGHTS[name] ** 2 / (16 * 100**2)


@pytest.mark.parametrize("name", ["exp", "reciprocal", "square", "softplus"])
@pytest.mark.parametrize("pieces", [2, 5, 9])
def test_convex_functions_get_the_balanced_table(name: str, pieces: int) -> None:
    """The best table of a convex f has chords of equal sag 2E, moved down by E."""
    text, low, high, function = FUNCTIONS[name]

    def value(t: float) -> float:
        return float(function(flint.arb(t)))

    def sag(a: float, b: float) -> float:
        slope = (value(b) - value(a)) / (b - a)
        t = np.linspace(a, b, 201)
        return max(value(a) + slope * (x - a) - value(x) for x in t.tolist())

    def overshoot(error: float) -> float:
        """How much of the last piece is left over at this error, or missing (negative)."""
        at, end = float(Fraction(low)), float(Fraction(high))
        for k in range(pieces):
            if k == pieces - 1:
                return 2 * error - sag(at, end)
            if sag(at, end) <= 2 * error:
                return 2 * error
            start = at
            at = brentq(lambda b, a=start: sag(a, b) - 2 * error, at + 1e-9, end, xtol=1e-9)
        raise AssertionError

    table = fit_pieces(parse_formula(text), C, Fraction(low), Fraction(high), pieces)
    best = brentq(overshoot, float(table.error) / 2, float(table.error) * 1.1, rtol=1e-5)
    assert 0.999 * best <= float(table.error) <= 1.005 * best


@pytest.mark.parametrize("name", ["sigmoid", "bell", "tanh", "sin"])
@pytest.mark.parametrize("pieces", [2, 3, 5, 8])
def test_inflections_are_met_as_well_as_by_general_optimisation(name: str, pieces: int) -> None:
    text, low, high, _ = FUNCTIONS[name]
    table = fit_pieces(parse_formula(text), C, Fraction(low), Fraction(high), pieces)
    assert table.pieces <= pieces
    assert float(table.error) <= 1.01 * optimised(name, pieces)


def optimised(name: str, pieces: int) -> float:
    """Least error found by sequential programming over knots and values, from several starts."""
    simple = {
        "sigmoid": lambda t: (1 + np.tanh(t / 2)) / 2,
        "bell": lambda t: (1 - np.tanh(t / 2) ** 2) / 4,
        "tanh": np.tanh,
        "sin": np.sin,
    }[name]
    low, high = (float(Fraction(end)) for end in FUNCTIONS[name][1:3])
    shares = np.linspace(0, 1, 41)
    generator = np.random.default_rng(0)

    def knots(z: np.ndarray) -> np.ndarray:
        return np.concatenate([[low], z[: pieces - 1], [high]])

    def rest(z: np.ndarray) -> np.ndarray:
        places, values = knots(z), z[pieces - 1 : -1]
        inside = places[:-1, None] + np.diff(places)[:, None] * shares
        lines = values[:-1, None] + np.diff(values)[:, None] * shares
        return (simple(inside) - lines).ravel()

    constraints = [
        {"type": "ineq", "fun": lambda z: z[-1] - rest(z)},
        {"type": "ineq", "fun": lambda z: z[-1] + rest(z)},
        {"type": "ineq", "fun": lambda z: np.diff(knots(z)) - 1e-3},
    ]
    least = np.inf
    for _ in range(6):
        inner = np.sort(generator.uniform(low, high, pieces - 1))
        places = np.concatenate([[low], inner, [high]])
        start = np.concatenate([inner, simple(places), [1.0]])
        found = minimize(
            lambda z: z[-1], start, method="SLSQP", constraints=constraints, options={"ftol": 1e-9}
        )
        if np.all(np.diff(knots(found.x)) > 0):
            least = min(least, np.abs(rest(found.x)).max())
    return float(least)


def test_lines_are_one_piece_and_exact() -> None:
    table = fit_table(parse_formula("2*t + 1"), {}, Fraction(-1, 10), Fraction(3), Fraction(1, 9))
    assert (table.pieces, table.error) == (1, 0)
    constant = fit_table(parse_formula("1/3"), {}, Fraction(0), Fraction(1), Fraction(1, 9))
    assert constant.pieces == 1
    assert constant.error < Fraction(1, 2**50)
    point = fit_table(parse_formula("exp(t)"), {}, Fraction(1, 3), Fraction(1, 3), Fraction(1, 9))
    assert point.error < Fraction(1, 2**50)


def test_a_breakpoint_is_met() -> None:
    table = fit_table(parse_formula("abs(t - 1/3)"), {}, Fraction(-1), Fraction(2), Fraction(1, 9))
    assert table.pieces == 2
    assert table.error < Fraction(1, 10**7)


def test_a_proof_that_takes_too_long_is_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = parse_formula("sigmoid(t)"), {}, Fraction(-1), Fraction(2), Fraction(1, 99)
    with Budget(100).active(), pytest.raises(OverBudgetError):  # of the caller
        fit_table(*arguments)
    monkeypatch.setattr("weightsmith.compiler.approximate.fitting.fit.Budget", lambda: Budget(100))
    with pytest.raises(TooManyPiecesError, match="Out of budget"):
        fit_table(*arguments)


@pytest.mark.parametrize(
    ("text", "low", "high", "tolerance", "most"),
    [
        ("sigmoid(t)", "-1000000", "1000000", "1/1000", 19),
        ("sqrt(1 - t)", "-1", "1", "1/10000", 60),
        ("sqrt(t - 1/10)", "1/10", "1", "1/1000", 15),
        ("sqrt(abs(t))", "-1", "1", "1/1000", 40),
        ("1/t", "1/1000000", "1", "1000", 25),
        ("exp(t)", "-700", "700", "10^300", 60),
        ("exp(t)", "1000000", "10000001/10", "1/10", 0),
        ("t^2", "1000000", "1000001", "1/100", 4),
        ("sigmoid(t)", "1", "1000000001/1000000000", "1/1000000000", 1),
    ],
)
def test_hard_intervals(text: str, low: str, high: str, tolerance: str, most: int) -> None:
    base, _, exponent = tolerance.partition("^")
    bound = Fraction(base) ** int(exponent or 1)
    if not most:
        with pytest.raises((TooManyPiecesError, OverflowError)):
            fit_table(parse_formula(text), {}, Fraction(low), Fraction(high), bound)
        return
    table = fit_table(parse_formula(text), {}, Fraction(low), Fraction(high), bound)
    assert table.pieces <= most
    assert table.error <= bound


def test_small_functions_are_fitted_as_well_as_large_ones() -> None:
    tables = [
        fit_pieces(parse_formula(text), {}, Fraction(0), Fraction(20), 50)
        for text in ("sin(t)", "sin(t)/10^9")
    ]
    assert float(tables[0].error) == pytest.approx(1e9 * float(tables[1].error), rel=1e-3)


def test_impossible_wishes_are_refused() -> None:
    formula = parse_formula("exp(t)")
    with pytest.raises(TooManyPiecesError, match="give a larger one"):
        fit_table(formula, {}, Fraction(0), Fraction(1), Fraction(1, 10**12))
    with pytest.raises(TooManyPiecesError, match="float64"):
        fit_table(parse_formula("t + 1/3"), {}, Fraction(0), Fraction(1), Fraction(1, 10**30))
    with pytest.raises(ValueError, match="above 0"):
        fit_table(formula, {}, Fraction(0), Fraction(1), Fraction(0))
    with pytest.raises(ValueError, match="even number"):
        square_table(3)


@pytest.mark.parametrize("pieces", [2, 6, 64])
def test_the_square_is_exact(pieces: int) -> None:
    table = square_table(pieces)
    assert table.pieces == pieces
    assert table.error == Fraction(1, pieces**2)
    assert (Fraction(0), Fraction(0)) in table.knots
    for (a, _), (b, _) in pairwise(table.knots):
        middle = (a + b) / 2
        assert table.at(middle) - middle**2 == table.error
