"""Compiles examples and random scripts, and tests every proven claim of theirs by many draws."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from printed_claims import Subject, text_of
from printed_entry_scripts import random_entry_script
from printed_programs import UnsolvedError
from printed_scripts import Script

from weightsmith import api
from weightsmith.dsl.text.diagnostics import DiagnosticError

EXAMPLES = Path(__file__).parents[2] / "examples"
VALUES = {
    "mu": Fraction(1, 10),
    "L": Fraction(2),
    "smin": Fraction(1, 5),
    "smax": Fraction(2),
    "low": Fraction(1, 2),
    "high": Fraction(3, 2),
    "eta": Fraction(1),
    "beta": Fraction(2, 5),
    "steps": Fraction(4),
    "k": Fraction(4),
}
TABLES: dict[str, dict[str, int | str]] = {
    "approximate_function": {},
    "divide": {},
    "huber_regression": {"n": 4, "L": 1, "mu": "1/2", "steps": 3},
    "quantile_regression": {"n": 4, "L": 1, "mu": "1/2", "steps": 3},
    "logistic_gradient_descent": {"n": 4, "mu": "1/2", "steps": 3},
    "logistic_newton": {"n": 3, "m": 2, "mu": "1/2", "steps": 2, "inner": 2},
    "normalise": {"m": 3},
    "poisson_regression": {"n": 4, "steps": 3},
    "power_iteration": {"mu": "1/2", "L": 1, "m": 3, "steps": 1},
    "softmax_regression": {"n": 3, "steps": 1},
    "two_layer_network": {"n": 3, "units": 2, "steps": 1},
}  # the examples with tables, or with a root as target
PROVEN = (
    "electric_flows",
    "electric_potentials",
    "gd_plus_plus",
    "gradient_descent",
    "halley_polar",
    "heat_kernel",
    "heavy_ball",
    "muon",
    "newton_inverse",
    "newton_inverse_general",
    "polar",
    "polar_quintic",
    "preconditioned_gradient_descent",
    "projector",
    "resolvents",
    "ridge",
    "square_root",
    "synthesized_heat_kernel",
    "synthesized_inverse",
    "synthesized_polar",
    "synthesized_roots",
    "whitened_regression",
)  # the examples whose distance from a target is proven


@dataclass
class Tally:
    """What a sweep found."""

    scripts: int = 0
    claims: int = 0
    draws: int = 0
    undrawn: int = 0
    ratios: list[float] = field(default_factory=list)  # the largest of each claim
    violations: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.scripts += other.scripts
        self.claims += other.claims
        self.draws += other.draws
        self.undrawn += other.undrawn
        self.ratios += other.ratios
        self.violations += other.violations


@lru_cache(maxsize=len(PROVEN))
def example(name: str) -> Subject:
    """An example, its parameters given the values above where it has none."""
    path = EXAMPLES / f"{name}.alg"
    parameters = api.check(path).parameters
    chosen = api.check(path).ensure is not None or api.check(path).untils
    settings = {
        one.name: VALUES[one.name]
        for one in parameters
        if one.name in VALUES
        and (one.default is None or one.is_count)
        and not (chosen and one.is_count)
    }
    return Subject.of(api.compile(path, settings=settings))


def table_example(name: str) -> Subject:
    """An example with tables, its parameters as in the list above."""
    return Subject.of(api.compile(EXAMPLES / f"{name}.alg", settings=TABLES[name]))


def entry_script(rng: random.Random) -> Script:
    return Script(random_entry_script(rng))


def scripts(make: Callable[[random.Random], Script], seed: int, count: int) -> Iterator[Subject]:
    """So many random scripts that compile and of which an error is proven."""
    rng = random.Random(seed)
    while count:
        one = make(rng)
        try:
            subject = Subject.of(api.compile(one.text, fewest=one.fewest))
        except DiagnosticError:
            continue
        if subject.claims:
            count -= 1
            yield subject


def sweep(subject: Subject, draws: int, seed: int) -> Tally:
    """So many draws of every claim of a script."""
    tally = Tally(scripts=1)
    for claim in subject.claims:
        tally.claims += 1
        largest = 0.0
        for index in range(draws):
            try:
                one = subject.test(claim, seed + index)
            except UnsolvedError:
                one = None
            if one is None:
                tally.undrawn += 1
                continue
            tally.draws += 1
            largest = max(largest, one.ratio)
            if one.violated:
                tally.violations.append(text_of(one, subject.script))
        tally.ratios.append(largest)
    return tally
