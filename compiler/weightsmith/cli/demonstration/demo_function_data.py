"""Real data for the examples with functions of entries: what scikit-learn ships, and a grid.

As in ``demo_data``, every function returns a ``Problem``.  Features are standardised and, where a
script assumes ‖x_i‖ ≤ 1, all divided by the largest norm of a token.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from weightsmith.backends.data.regression import regression_data
from weightsmith.cli.demonstration.demo_data import (
    MARGIN,
    WELL_CONDITIONED,
    Array,
    Problem,
    eigenvalues,
    features,
    progression,
    regression,
    standardised,
    with_ends,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from weightsmith.backends.template.layout import Inputs

CELLS = 5  # the first so many features of the breast cancer data
GRID = 21
WITHOUT_ENDS = (Fraction(1), Fraction(1))


def six_features() -> Problem:
    """Diabetes, the six features that are not nearly dependent; the script names no ends."""
    found = regression(WELL_CONDITIONED)
    return Problem(found.inputs, ("", ""), found.ends, found.condition)


def six_features_in_context(names: tuple[str, str] = ("", "")) -> Problem:
    """The same without queries, for a script that returns the weights only."""
    found = six_features()
    inputs = {name: {"context": _context(found, name)} for name in ("x", "y")}
    return Problem(inputs, names, found.ends, found.condition)


def six_features_bounded() -> Problem:
    """The same for a script that assumes the spectrum in [0, L], and at most n tokens."""
    found = six_features_in_context(("", "L"))
    tokens = int(_context(six_features(), "y").shape[1])
    return Problem(found.inputs, found.names, found.ends, found.condition, {"n": tokens})


def people_in_order() -> Problem:
    """The first 32 people of the same: keys and queries are their features, values the labels."""
    found = six_features_in_context()
    x, y = (_context(found, name)[:, :32] for name in ("x", "y"))
    inputs = {name: {"context": part} for name, part in (("v", y), ("k", x), ("q", x))}
    return Problem(inputs, found.names, found.ends, found.condition)


def tumours() -> Problem:
    """Breast cancer: five features of each tumour, and 1 if it is benign; all are the context."""
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer()
    x = unit_ball(standardised(np.asarray(bunch.data).T[:CELLS]))
    y = np.asarray(bunch.target, dtype=np.float64)[np.newaxis]
    return _mean_loss({"x": {"context": x}, "y": {"context": y}}, x)


def measured_tumours() -> Problem:
    """The same with ell, the largest eigenvalue of x x'/n, and m, the number of features."""
    found = tumours()
    sizes = {**found.sizes, "m": CELLS}
    return Problem(found.inputs, ("", "ell"), found.ends, found.condition, sizes)


def irises() -> Problem:
    """Iris: every other flower is the context, with one-hot labels; the others are queries."""
    from sklearn.datasets import load_iris

    bunch = load_iris()
    x = unit_ball(standardised(np.asarray(bunch.data).T))
    labels = np.eye(3)[:, np.asarray(bunch.target)]
    return _mean_loss(regression_data(x.T[::2], labels.T[::2], x.T[1::2]), x[:, ::2])


def counts() -> Problem:
    """Diabetes, six features; the progression of the disease counted in steps of 50."""
    from sklearn.datasets import load_diabetes

    target = np.asarray(load_diabetes(scaled=False).target)
    x = unit_ball(features(WELL_CONDITIONED))
    y = np.round(target / 50)[np.newaxis]
    return _mean_loss({"x": {"context": x}, "y": {"context": y}}, x)


def small_network() -> Problem:
    """Diabetes: ten features to the progression, and a network of eight units to start from."""
    x, y = unit_ball(features()), progression()
    half = x.shape[1] // 2
    inputs: dict[str, ArrayLike | Mapping[str, ArrayLike]] = {
        **regression_data(x.T[:half], y[:half] / np.abs(y).max(), x.T[half:])
    }
    draw = np.random.default_rng(0)
    for name, shape in (("W0", (8, len(x))), ("v0", (1, 8))):
        matrix = draw.normal(size=shape)
        inputs[name] = (1 - MARGIN) * matrix / np.linalg.norm(matrix, 2)
    return _mean_loss(inputs, x[:, :half])


def small_correlation() -> Problem:
    """The correlation matrix of six features of the diabetes data, and a vector to start from."""
    x = features(WELL_CONDITIONED)
    matrix = x @ x.T / x.shape[1]
    start = np.full((len(x), 1), (1 - MARGIN) / math.sqrt(len(x)))
    return with_ends({"A": matrix, "v0": start}, ("mu", "L"), eigenvalues(matrix))


def grid() -> Problem:
    """The points of a square grid, one a token."""
    s, t = np.meshgrid(np.linspace(0, 1, GRID), np.linspace(0, 1, GRID))
    return _by_token(s=s.reshape(1, -1), t=t.reshape(1, -1))


def patients() -> Problem:
    """One patient a token: ten features over √10, where that has a norm from 1/2 to 2."""
    x = features() / math.sqrt(10)
    norms = np.linalg.norm(x, axis=0)
    return _by_token(x=x[:, (norms > 0.5) & (norms < 2)])


def quotients() -> Problem:
    """Two blood values in [−1, 1], to be divided by body mass and pressure over their means."""
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    body = np.asarray(bunch.data).T[[bunch.feature_names.index(name) for name in ("bmi", "bp")]]
    blood = features(("s5", "s6"))
    return _by_token(a=blood / np.abs(blood).max(), b=body / body.mean(axis=1, keepdims=True))


def unit_ball(x: Array) -> Array:
    """Divide by a little more than the largest norm of a column."""
    result: Array = x / (np.linalg.norm(x, axis=0).max() * (1 + MARGIN))
    return result


def _mean_loss(inputs: Inputs, x: Array) -> Problem:
    """A problem whose loss is a mean over the n tokens x: the ends are those of x x'/n."""
    n = x.shape[1]
    return with_ends(inputs, ("", ""), eigenvalues(x @ x.T / n), n=n)


def _context(problem: Problem, name: str) -> Array:
    given = problem.inputs[name]
    if not isinstance(given, Mapping):
        raise TypeError(f"expected '{name}' by token group")
    return np.asarray(given["context"])


def _by_token(**values: Array) -> Problem:
    """A problem without a matrix: values for the query tokens only."""
    inputs: Inputs = {name: {"query": value} for name, value in values.items()}
    return Problem(inputs, ("", ""), WITHOUT_ENDS, 1.0)
