"""The table of the demo: which example runs on which data, with which parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from weightsmith.cli.demonstration import demo_data as data
from weightsmith.cli.demonstration.demo_data import Ends, Problem, short

Settings = Mapping[str, int | Fraction]


@dataclass(frozen=True)
class Case:
    """One example on one set of data.

    ``settings`` are the parameters beside the ends of the spectrum; ``small`` replaces some of
    them in the small demo; ``tune`` computes parameters from the ends; ``fewest`` is what the
    compiler is to save.
    """

    script: str
    data: str
    problem: Callable[[], Problem]
    settings: Settings
    small: Settings = field(default_factory=dict)
    tune: Callable[[Ends], Settings] | None = None
    fewest: str | None = None

    @property
    def name(self) -> str:
        """The script's, and what was to be saved."""
        return self.script if self.fewest is None else f"{self.script}, fewest {self.fewest}"

    def parameters(self, problem: Problem, *, small: bool = False) -> dict[str, int | Fraction]:
        """Every parameter of the script that the demo sets."""
        tuned = self.tune(problem.ends) if self.tune else {}
        reduced = self.small if small else {}
        return {**problem.settings, **tuned, **self.settings, **reduced}


def momentum(ends: Ends) -> Settings:
    """Heavy-ball parameters near the best, eta = 4/(√mu + √L)² and beta = ((√κ − 1)/(√κ + 1))².

    beta is rounded up to two digits and eta lies in the middle of what keeps every mode
    oscillating, |1 + beta − eta·λ| ≤ 2√beta on [mu, L], so that the error falls by √beta a step.
    """
    low, high = (math.sqrt(end) for end in ends)
    beta = math.ceil(100 * ((high - low) / (high + low)) ** 2) / 100
    slowest = ((1 - math.sqrt(beta)) / low) ** 2
    fastest = ((1 + math.sqrt(beta)) / high) ** 2
    return {"beta": short(beta), "eta": short((slowest + fastest) / 2)}


def moving_data(ends: Ends) -> Settings:
    """GD++ parameters, eta = 5/L and gamma = 1/(6·L).

    The data shrink, so a step size above 2/L pays: the first steps overshoot, the later ones
    make up for it.
    """
    return {"eta": 5 / ends[1], "gamma": 1 / (6 * ends[1])}


CASES = (
    Case("newton_inverse", "diabetes: correlation matrix", data.correlation, {"steps": 13}),
    Case("newton_inverse_general", "karate club: PageRank matrix", data.page_rank, {"steps": 12}),
    Case("polar", "diabetes: 442x10 data matrix", data.samples_by_features, {"steps": 12}),
    Case("polar_quintic", "diabetes: 442x10 data matrix", data.samples_by_features, {"steps": 8}),
    Case(
        "halley_polar",
        "diabetes: 442x10 data matrix",
        data.samples_by_features,
        {"steps": 5, "inner": 5},
    ),
    Case("muon", "diabetes: gradient of a layer", data.gradient_of_a_layer, {"steps": 5}),
    Case("square_root", "diabetes: correlation matrix", data.correlation, {"steps": 13}),
    Case(
        "heat_kernel", "Les Misérables: Laplacian", data.laplacian, {"s": Fraction(1, 10), "k": 11}
    ),
    Case(
        "gradient_descent",
        "diabetes, 6 features",
        data.well_conditioned_regression,
        {"steps": 40},
        {"steps": 16},
    ),
    Case(
        "heavy_ball",
        "diabetes, 6 features",
        data.well_conditioned_regression,
        {"steps": 20},
        {"steps": 12},
        momentum,
    ),
    Case(
        "gd_plus_plus",
        "diabetes, 6 features",
        data.labelled_regression,
        {"steps": 36},
        {"steps": 16},
        moving_data,
    ),
    Case(
        "preconditioned_gradient_descent",
        "diabetes",
        data.preconditioned_regression,
        {"steps": 24},
        {"steps": 12},
    ),
    Case("ridge", "diabetes", data.regression, {"lam": Fraction(1, 10), "steps": 9}),
    Case("electric_potentials", "karate club", data.karate_club, {"steps": 320}, {"steps": 30}),
    Case(
        "electric_flows",
        "Florentine families",
        data.florentine_families,
        {"steps": 160},
        {"steps": 30},
    ),
    Case(
        "gradient_descent",
        "diabetes, 6 features",
        data.well_conditioned_regression,
        {"steps": 100},
        {"steps": 40},
        fewest="layers",
    ),
    Case(
        "electric_potentials",
        "karate club",
        data.karate_club,
        {"steps": 320},
        {"steps": 30},
        fewest="layers",
    ),
    Case(
        "muon",
        "diabetes: gradient of a layer",
        data.gradient_of_a_layer,
        {"steps": 5},
        fewest="layers",
    ),
    Case("synthesized_inverse", "diabetes: correlation matrix", data.correlation, {}),
    Case("synthesized_roots", "diabetes: correlation matrix", data.correlation, {}),
    Case("synthesized_polar", "diabetes: 442x10 data matrix", data.samples_by_features, {}),
    Case(
        "synthesized_heat_kernel",
        "Les Misérables: Laplacian",
        data.laplacian,
        {"s": Fraction(1, 10)},
    ),
    Case("projector", "diabetes: correlation matrix", data.leading_component, {}),
    Case("resolvents", "Les Misérables: Laplacian", data.laplacian, {}),
    Case("whitened_regression", "diabetes, 6 features", data.well_conditioned_regression, {}),
)
