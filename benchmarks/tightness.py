"""Certified bound over worst observed error, in 120-digit arithmetic over the spectrum.

    python benchmarks/tightness.py [--small]

The observed error is that of the scalar recurrence which the certificate carries and the checker
re-derives: exact rationals rounded to 400 bits after each step, on a grid of eigenvalues with
both ends.  Exits with status 1 if Newton–Schulz or gradient descent is above 1.01.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from mpmath import exp, mp, mpf  # type: ignore[import-untyped]
from settings import EXAMPLES, NAMES, settings

from weightsmith import api
from weightsmith.cli.scale import truncation_claims
from weightsmith.cli.table import print_table
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.scalars import evaluate

BITS = 400
STEPS = (4, 6, 8)
BARS = {"newton_inverse": 1.01, "newton_inverse_general": 1.01, "gradient_descent": 1.01}
mp.prec = BITS


def main() -> int:
    points = 21 if "--small" in sys.argv[1:] else 201
    rows, failed = [], []
    for name in NAMES:
        script = EXAMPLES / f"{name}.alg"
        for steps in STEPS:
            network = api.compile(script, settings=settings(script, steps))
            for claim in truncation_claims(network.certificate):
                certified = fraction(Fraction(claim["bound"]["value"]))
                observed = worst(claim, network.bindings, steps, points)
                ratio = certified / observed
                rows.append(
                    (
                        name,
                        claim["output"],
                        str(steps),
                        mp.nstr(certified, 6),
                        mp.nstr(observed, 6),
                        f"{float(ratio):.6f}",
                    )
                )
                if not 1 <= ratio <= BARS.get(name, mp.inf):
                    failed.append(f"{name}, {steps} steps")
    print_table(("example", "output", "steps", "certified", "worst observed", "ratio"), rows)
    print("\nabove its bar: " + "; ".join(failed) if failed else "\nevery ratio is within its bar")
    return 1 if failed else 0


def worst(
    claim: Mapping[str, Any], bindings: Mapping[str, Fraction], steps: int, points: int
) -> mpf:
    """The largest error over the grid, in the claim's own terms."""
    rules = {step["rule"]: step for step in claim["steps"]}
    low, high = (
        evaluate(parse_scalar(rules["operator"][end]), bindings) for end in ("low", "high")
    )
    grid = [low + (high - low) * Fraction(i, points - 1) for i in range(points)]
    return max(error_at(eigenvalue, rules, bindings, steps) for eigenvalue in grid)


def error_at(
    eigenvalue: Fraction, rules: Mapping[str, Any], bindings: Mapping[str, Fraction], steps: int
) -> mpf:
    """|1 − f/f*| at one eigenvalue after all steps; |f − f*| for the exponential."""
    known = {**bindings, "lambda": eigenvalue}
    step = rules["recurrence"]
    following = {name: parse_scalar(text) for name, text in step["next"].items()}
    values = {name: value(text, known) for name, text in step["initial"].items()}
    for _ in range(steps):
        now = {**known, **values}
        values = {name: rounded(evaluate(scalar, now)) for name, scalar in following.items()}
    output = rules["output"]
    offset = Fraction(rules.get("power_exp", {}).get("offset", 0))
    found = fraction(value(output["scalar"], {**known, **values}) + offset)
    target = output["target"]
    if "exp" in target:
        return abs(found - exp(fraction(value(target["exp"], known) * eigenvalue)))
    wanted = fraction(value(target["power"], known)) ** (mpf(1) / int(target["root"]))
    return abs(1 - found / wanted)


def value(text: str, known: Mapping[str, Fraction]) -> Fraction:
    return rounded(evaluate(parse_scalar(text), known))


def rounded(number: Fraction) -> Fraction:
    """Round to BITS bits after the point."""
    return Fraction(round(number * 2**BITS), 2**BITS)


def fraction(number: Fraction) -> mpf:
    return mpf(number.numerator) / number.denominator


if __name__ == "__main__":
    sys.exit(main())
