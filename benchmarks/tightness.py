"""Certified bound over worst observed error, in 360-digit arithmetic over the spectrum.

    python benchmarks/tightness.py [--small]

The observed error is that of the scalar recurrences which the checker derives from the steps of the
certificate: exact rationals rounded to 1,200 bits after each pass, those of inner loops too, on a
grid of eigenvalues with both ends.  Exits with status 1 if Newton–Schulz, gradient descent or
Halley's iteration is above 1.01.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction

from mpmath import exp, mp, mpf  # type: ignore[import-untyped]
from settings import EXAMPLES, NAMES, settings

from weightsmith import api
from weightsmith.checker.algebra.rational import Rational
from weightsmith.checker.reading.refusal import Budget
from weightsmith.checker.reading.scalar_text import count_at
from weightsmith.checker.spectra.following import Following
from weightsmith.checker.spectra.operator_reading import Loops
from weightsmith.checker.spectra.recurrence import Recurrence
from weightsmith.cli.outputs.scale import Scaled, truncations
from weightsmith.cli.outputs.table import print_table
from weightsmith.network import Network

BITS = 1200  # after the point: the smallest errors are of the size 1e-300
STEPS = (4, 6, 8)
TIGHT = ("newton_inverse", "newton_inverse_general", "gradient_descent", "halley_polar")
BARS = dict.fromkeys(TIGHT, 1.01)
LEAST = mpf(2) ** -999  # the intervals of the checker stop to shrink just below
mp.prec = BITS


def main() -> int:
    points = 21 if "--small" in sys.argv[1:] else 201
    rows, failed = [], []
    for name in NAMES:
        script = EXAMPLES / f"{name}.alg"
        for steps in STEPS:
            network = api.compile(script, settings=settings(script, steps))
            values = {bound.output: bound.value for bound in network.bounds}
            for proven in truncations(network.certificate):
                certified = fraction(values[proven.output] or Fraction(0))
                observed = worst(proven, network, points)
                ratio = certified / observed
                rows.append(
                    (
                        name,
                        proven.output,
                        str(steps),
                        mp.nstr(certified, 6),
                        mp.nstr(observed, 6),
                        mp.nstr(ratio, 7),
                    )
                )
                bar = BARS.get(name, mp.inf) if certified > LEAST else mp.inf
                if not 1 <= ratio <= bar:
                    failed.append(f"{name}, {steps} steps")
    print_table(("example", "output", "steps", "certified", "worst observed", "ratio"), rows)
    print("\nabove its bar: " + "; ".join(failed) if failed else "\nevery ratio is within its bar")
    return 1 if failed else 0


def worst(proven: Scaled, network: Network, points: int) -> mpf:
    """The largest error over the grid, in the fact's own terms."""
    known = proven.number, proven.word, proven.forms
    loops = Loops(network.program, network.bindings, *known, Budget())
    found = Following(loops, proven.output)
    low, high = (
        found.field.evaluate(end, network.bindings)
        for end in (found.operator.low, found.operator.high)
    )
    grid = [low + (high - low) * Fraction(i, points - 1) for i in range(points)]
    return max(error_at(eigenvalue, found, network.bindings) for eigenvalue in grid)


def error_at(eigenvalue: Fraction, found: Following, bindings: Mapping[str, Fraction]) -> mpf:
    """|1 − f/f*| at one eigenvalue after all passes; |f − f*| for the exponential."""
    known = {**bindings, "lambda": eigenvalue}
    run(found.recurrences, known, found)
    value = fraction(rounded(found.field.evaluate(found.value, known)))
    target = found.target
    if target.rate is not None:
        return abs(value - exp(fraction(found.field.evaluate(target.rate, known) * eigenvalue)))
    if target.power is None:
        raise ValueError("a target that is a formula has no bound by such a recurrence")
    power = fraction(rounded(found.field.evaluate(target.power, known)))
    return abs(1 - value / power ** (mpf(1) / target.root))


def run(recurrences: Sequence[Recurrence], known: dict[str, Fraction], found: Following) -> None:
    """Fill in the scalars of loops after their last pass; those of inner loops begin anew."""
    for one in recurrences:
        known |= now(one.initial, known, found)
        for _ in range(count_at(one.loop.count, known)):
            run(one.inner, known, found)
            known |= now(one.following, known, found)


def now(
    values: Mapping[str, Rational], known: Mapping[str, Fraction], found: Following
) -> dict[str, Fraction]:
    return {name: rounded(found.field.evaluate(value, known)) for name, value in values.items()}


def rounded(number: Fraction) -> Fraction:
    """Round to BITS bits after the point."""
    return Fraction(round(number * 2**BITS), 2**BITS)


def fraction(number: Fraction) -> mpf:
    return mpf(number.numerator) / number.denominator


if __name__ == "__main__":
    sys.exit(main())
