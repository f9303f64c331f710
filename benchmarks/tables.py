"""Near-minimax tables: pieces, certified error, and the ratios to the truth and to the best.

    python benchmarks/tables.py [--small]

"to best" compares with the least error of that many pieces: (∫ √|f''|)²/(16 N²) from 64 pieces on,
which inflections let one beat by a few per cent; below that the least error of N lines that need
not meet, a lower bound, found by bisection on a fine grid.  "to true" compares with |f − table| in
200 bits, sampled and refined on every piece.
Exits with status 1 if a ratio is above its bar, 1.05 and 1.001.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from time import perf_counter

import numpy as np
from mpmath import mp, mpf  # type: ignore[import-untyped]
from numpy.typing import NDArray

from weightsmith.cli.outputs.table import print_table
from weightsmith.compiler.approximate.fitting.fit import Table, fit_table
from weightsmith.dsl.numbers.formula_values import evaluate_formula
from weightsmith.dsl.numbers.formulas import parse_formula

Floats = NDArray[np.float64]

# formula, ends, and the function in mpmath
FUNCTIONS: dict[str, tuple[str, str, str, Callable[[mpf], mpf]]] = {
    "sigmoid": ("sigmoid(t)", "-8", "8", lambda t: 1 / (1 + mp.exp(-t))),
    "its derivative": (
        "sigmoid(t)*(1 - sigmoid(t))",
        "-8",
        "8",
        lambda t: 1 / (2 + mp.exp(t) + mp.exp(-t)),
    ),
    "tanh": ("tanh(t)", "-5", "5", mp.tanh),
    "exp": ("exp(t)", "-3", "3", mp.exp),
    "softplus": ("softplus(t)", "-10", "10", lambda t: mp.log(1 + mp.exp(t))),
    "reciprocal": ("1/t", "1/10", "10", lambda t: 1 / t),
    "sqrt": ("sqrt(t)", "0", "4", mp.sqrt),
    "rsqrt": ("1/sqrt(t)", "1/10", "10", lambda t: 1 / mp.sqrt(t)),
    "square": ("t^2", "-1", "1", lambda t: t * t),
    "sin": ("sin(t)", "0", "20", mp.sin),
    "2c/(2c + sqrt t)": ("2*c/(2*c + sqrt(t))", "0", "1", lambda t: 1 / (1 + mp.sqrt(t) / C2)),
    "abs + square": ("abs(t - 1/4) + t^2", "-1", "2", lambda t: abs(t - mpf(1) / 4) + t * t),
}
BINDINGS = {"c": Fraction("0.316")}
C2: mpf = mpf(79) / 125
TOLERANCES = ("1/100", "1/1000", "1/10000", "1/100000")
MANY = 64
TO_BEST, TO_TRUE = 1.05, 1.001
GRADING = 6  # grid points lie at low + (high − low) u^6 where sqrt bends at low


def main() -> int:
    is_small = "--small" in sys.argv[1:]
    mp.prec = 200
    rows, failed = [], []
    for name, (text, low, high, function) in FUNCTIONS.items():
        for tolerance in TOLERANCES[:2] if is_small else TOLERANCES:
            start = perf_counter()
            table = fit_table(
                parse_formula(text), BINDINGS, Fraction(low), Fraction(high), Fraction(tolerance)
            )
            seconds = perf_counter() - start
            error = float(table.error)
            to_best = error / best(name, table.pieces, error)
            to_true = float(fraction(table.error) / true_error(function, table, low, high))
            rows.append(
                (
                    name,
                    f"[{low}, {high}]",
                    f"{float(Fraction(tolerance)):g}",
                    str(table.pieces),
                    f"{error:.4g}",
                    f"{to_best:.4f}",
                    f"{to_true:.6f}",
                    f"{seconds:.2f}",
                )
            )
            if not (to_best <= TO_BEST and 1 <= to_true <= TO_TRUE):
                failed.append(f"{name} at {tolerance}")
    heads = ("function", "interval", "tolerance", "pieces", "certified", "to best", "to true", "s")
    print_table(heads, rows)
    print("\nabove its bar: " + "; ".join(failed) if failed else "\nevery ratio is within its bar")
    return 1 if failed else 0


def best(name: str, pieces: int, near: float) -> float:
    """The least error of so many pieces, or a little less."""
    places, values = samples(name, 40_000 if pieces >= MANY else max(3000, 200 * pieces))
    if pieces >= MANY:
        slopes = np.diff(values) / np.diff(places)
        bends = np.abs(np.diff(slopes)) * np.diff((places[1:] + places[:-1]) / 2)
        return float(np.sum(np.sqrt(bends)) ** 2 / (16 * pieces**2))
    low, high = near / 2, near * 1.01
    while high > low * 1.002:
        middle = (low * high) ** 0.5
        if covers(places, values, middle, pieces):
            high = middle
        else:
            low = middle
    return low


def samples(name: str, count: int) -> tuple[Floats, Floats]:
    text, *ends, _ = FUNCTIONS[name]
    low, high = (float(Fraction(end)) for end in ends)
    if low > 0:
        places = np.geomspace(low, high, count)
    elif "sqrt" in text:
        places = low + (high - low) * np.linspace(0, 1, count) ** GRADING
    else:
        places = np.linspace(low, high, count)
    return places, np.asarray(evaluate_formula(parse_formula(text), places, BINDINGS))


def covers(places: Floats, values: Floats, error: float, pieces: int) -> bool:
    """True if so many lines, each on its own stretch, come within the error everywhere."""
    start, last = 0, len(places) - 1
    for _ in range(pieces):
        stretch, end = last // pieces, start + 1
        while end < last and stretch:
            following = min(end + stretch, last)
            if line_error(places[start : following + 1], values[start : following + 1]) <= error:
                end = following
            else:
                stretch //= 2
        start = end
        if start == last:
            return True
    return False


def line_error(places: Floats, values: Floats) -> float:
    """The least error of one line: the spread of f − slope·t is convex in the slope."""
    slopes = np.diff(values) / np.diff(places)
    low, high = float(slopes.min()), float(slopes.max())
    for _ in range(40):
        first, second = low + (high - low) * 0.45, low + (high - low) * 0.55
        if np.ptp(values - first * places) < np.ptp(values - second * places):
            high = second
        else:
            low = first
    return float(np.ptp(values - (low + high) / 2 * places)) / 2


def true_error(function: Callable[[mpf], mpf], table: Table, low: str, high: str) -> mpf:
    """The largest error at the ends of the pieces and at the extremes inside."""
    worst = mpf(0)
    for (a, v), (b, w) in pairwise(table.knots):
        slope = (w - v) / (b - a)
        a, b = max(a, Fraction(low)), min(b, Fraction(high))
        places = [fraction(a + (b - a) * k / 16) for k in range(17)]
        line = fraction(table.at(a)), fraction(slope)

        def error(t: mpf, start: mpf = places[0], line: tuple[mpf, mpf] = line) -> mpf:
            return abs(function(t) - line[0] - line[1] * (t - start))

        errors = [error(place) for place in places]
        top = max(range(17), key=errors.__getitem__)
        worst = max(worst, errors[top])
        if 0 < top < 16:
            first, step = places[top - 1], (places[top + 1] - places[top - 1]) / 64
            worst = max(worst, *(error(first + step * k) for k in range(65)))
    return worst


def fraction(number: Fraction) -> mpf:
    return mpf(number.numerator) / number.denominator


if __name__ == "__main__":
    sys.exit(main())
