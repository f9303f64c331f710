"""The second table of the demo: the examples with functions of entries, on which data."""

from __future__ import annotations

from fractions import Fraction

from weightsmith.cli.demonstration import demo_function_data as data
from weightsmith.cli.demonstration.demo_cases import Case, Settings
from weightsmith.cli.demonstration.demo_data import Ends
from weightsmith.cli.demonstration.demo_learned import learned_preconditioners

LASSO = Fraction(1, 20)  # lam: some weights stay zero
WIDTH = Fraction(1, 30)  # half a standard deviation of a residual, which are scaled by 1/√221


def gradient_step(ends: Ends) -> Settings:
    """eta = 1/L."""
    return {"eta": 1 / ends[1]}


def pinball_step(ends: Ends) -> Settings:
    """The corner's width, and a regularisation of a tenth of the loss's curvature L/h."""
    return {"h": WIDTH, "mu": ends[1] / WIDTH / 10}


FUNCTION_CASES = (
    Case(
        "lasso_ista",
        "diabetes, 6 features",
        data.six_features,
        {"lam": LASSO, "steps": 30},
        {"steps": 8},
        gradient_step,
    ),
    Case("lista", "diabetes, 6 features", data.six_features, {"lam": LASSO}, {}, gradient_step),
    Case(
        "lasso_fista",
        "diabetes, 6 features",
        data.six_features_in_context,
        {"lam": LASSO, "steps": 20},
        {"steps": 8},
        gradient_step,
    ),
    Case(
        "nonnegative_least_squares",
        "diabetes, 6 features",
        data.six_features,
        {"steps": 30},
        {"steps": 8},
        gradient_step,
    ),
    Case(
        "box_least_squares",
        "diabetes, 6 features",
        data.six_features_in_context,
        {"low": Fraction(-1, 4), "high": Fraction(1, 4), "steps": 30},
        {"steps": 8},
        gradient_step,
    ),
    Case(
        "huber_regression",
        "diabetes, 6 features",
        data.six_features_bounded,
        {"delta": 2 * WIDTH, "steps": 30},
        {"steps": 8},
    ),
    Case(
        "quantile_regression",
        "diabetes, 6 features",
        data.six_features_bounded,
        {"steps": 30},
        {"steps": 8},
        pinball_step,
    ),
    Case(
        "two_layer_network",
        "diabetes",
        data.small_network,
        {"steps": 2},
        {"steps": 1},
    ),
    Case(
        "logistic_gradient_descent",
        "breast cancer, 5 features",
        data.tumours,
        {"steps": 20},
        {"steps": 8},
    ),
    Case(
        "logistic_newton",
        "breast cancer, 5 features",
        data.measured_tumours,
        {"steps": 5, "inner": 3},
        {"steps": 3},
    ),
    Case("softmax_regression", "iris", data.irises, {"steps": 2}, {"steps": 1}),
    Case("poisson_regression", "diabetes, 6 features", data.counts, {"steps": 50}, {"steps": 20}),
    Case(
        "power_iteration",
        "diabetes: 6x6 correlation matrix",
        data.small_correlation,
        {"m": 6, "steps": 2},
        {"steps": 1},
    ),
    Case("normalise", "diabetes: patients", data.patients, {}),
    Case("divide", "diabetes: measurements", data.quotients, {}),
    Case("approximate_function", "grid of 21x21 points", data.grid, {}),
    Case(
        "delta_rule",
        "diabetes, 32 people",
        data.people_in_order,
        {"steps": 31},
        {"steps": 8},
        gradient_step,
    ),
    Case(
        "prefix_gradient_descent",
        "diabetes, 6 features",
        data.six_features_in_context,
        {"steps": 30},
        {"steps": 8},
        gradient_step,
    ),
    Case("learned_preconditioners", "diabetes, 6 features", learned_preconditioners, {}),
    Case("softmax_attention", "diabetes, 6 features", data.six_features, {"sharpness": 100}),
)
