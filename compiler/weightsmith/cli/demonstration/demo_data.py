"""Real data for the examples: graphs that networkx ships, regression data that scikit-learn ships.

Every function returns a ``Problem``: the inputs of a script, and the ends of the spectrum that it
assumes, measured on the data and rounded outward to short rationals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import networkx as nx
import numpy as np

from weightsmith.backends.data.graphs import GraphMatrices, graph_matrices
from weightsmith.backends.data.regression import regression_data

if TYPE_CHECKING:
    from weightsmith.backends.template.layout import Inputs

Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Ends = tuple[Fraction, Fraction]
Matrices = tuple[tuple[tuple[Fraction, ...], ...], ...]  # one for each pass
DIGITS = 3
MARGIN = 1e-4  # covers the rounding of the measured ends, and of float32 inputs

WELL_CONDITIONED = ("age", "sex", "bmi", "bp", "s5", "s6")
BLOOD = ("s1", "s2", "s3", "s4", "s5", "s6")
BODY = ("age", "sex", "bmi", "bp")


@dataclass(frozen=True)
class Problem:
    """Inputs, the ends of the assumed spectrum, and the condition number of the data.

    ``sizes`` are parameters that the script has for the sizes of the data, or for a gap in it;
    ``matrices`` the numbers of its fixed matrices, one for each pass.
    """

    inputs: Inputs
    names: tuple[str, str]
    ends: Ends
    condition: float
    sizes: Mapping[str, int | Fraction] = field(default_factory=dict)
    matrices: Mapping[str, Matrices] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, int | Fraction]:
        """The ends under the names that the script gives them; an end that is a number is not."""
        ends = {name: end for name, end in zip(self.names, self.ends, strict=True) if name}
        return {**ends, **self.sizes}


def correlation() -> Problem:
    """The correlation matrix of the ten features of the diabetes data, A 10x10."""
    x = features()
    matrix = x @ x.T / x.shape[1]
    return with_ends({"A": matrix}, ("mu", "L"), eigenvalues(matrix))


def leading_component() -> Problem:
    """The same matrix, and the gap below its largest eigenvalue."""
    found = correlation()
    values = eigenvalues(np.asarray(found.inputs["A"]))
    gap = {"low": _up(values[-2]), "high": _down(values[-1])}
    ends = Fraction(0), found.ends[1]
    condition = float(values[-1] / (values[-1] - values[-2]))
    return Problem(found.inputs, ("", "L"), ends, condition, gap)


def page_rank() -> Problem:
    """I − 0.85 P with P the random walk on the karate club, A 34x34, not symmetric."""
    adjacency = np.asarray(nx.to_numpy_array(nx.karate_club_graph()))
    matrix = np.eye(len(adjacency)) - 0.85 * adjacency / adjacency.sum(axis=0)
    return with_ends({"A": matrix}, ("smin", "smax"), _singular_values(matrix))


def samples_by_features() -> Problem:
    """The standardised diabetes data as one tall matrix, A 442x10."""
    x = features()
    matrix = x.T / math.sqrt(x.shape[1])
    return with_ends({"A": matrix}, ("smin", "smax"), _singular_values(matrix))


def gradient_of_a_layer() -> Problem:
    """The gradient at zero of a linear layer from body to blood measurements, G 6x4."""
    x, y = features(BODY), features(BLOOD)
    matrix = y @ x.T / x.shape[1]
    return with_ends({"G": matrix}, ("smin", "smax"), _singular_values(matrix))


def laplacian() -> Problem:
    """The weighted Laplacian of the characters of Les Misérables, A 77x77."""
    found = graph_matrices(nx.les_miserables_graph())
    values = eigenvalues(found.laplacian)
    ends = Fraction(0), _up(values[-1])
    return Problem({"A": found.laplacian}, ("", "L"), ends, values[-1] / values[1])


def karate_club() -> Problem:
    """Currents through the weighted karate club: from the teacher to the officer, and to 16."""
    graph = nx.karate_club_graph()
    return _electric(graph_matrices(graph, demands=((0, 33), (0, 16))))


def florentine_families() -> Problem:
    """Currents between rival families of Florence, 15 vertices and 20 marriages."""
    demands = (("Medici", "Strozzi"), ("Medici", "Lamberteschi"))
    return _electric(graph_matrices(nx.florentine_families_graph(), demands=demands))


def regression(names: Sequence[str] = (), *, label_queries: bool = False) -> Problem:
    """Diabetes: half of the patients are the context, the other half the queries."""
    x, y = features(names), progression()
    half = x.shape[1] // 2
    scale = 1 / math.sqrt(half)
    context, query = scale * x[:, :half], scale * x[:, half:]
    inputs = regression_data(context.T, scale * y[:half], query.T, label_queries=label_queries)
    return with_ends(inputs, ("mu", "L"), eigenvalues(context @ context.T))


def well_conditioned_regression() -> Problem:
    """The same with the six features that are not nearly dependent."""
    return regression(WELL_CONDITIONED)


def labelled_regression() -> Problem:
    """The same with zeros for the labels of the queries, as GD++ lays them out."""
    return regression(WELL_CONDITIONED, label_queries=True)


def preconditioned_regression() -> Problem:
    """All ten features, preconditioned by the inverse Gram matrix of the queries."""
    plain = regression()
    inputs = dict(plain.inputs)
    x = inputs["x"]
    if not isinstance(x, Mapping):
        raise TypeError("expected the features by token group")
    context, query = np.asarray(x["context"]), np.asarray(x["query"])
    root = np.linalg.cholesky(np.linalg.inv(query @ query.T))
    inputs["P"] = root @ root.T
    return with_ends(inputs, ("mu", "L"), eigenvalues(root.T @ context @ context.T @ root))


def outward(low: float, high: float) -> Ends:
    """Round to short rationals that contain the interval with a margin."""
    return _down(low), _up(high)


def short(value: float, digits: int = DIGITS) -> Fraction:
    """Round to the nearest rational of a few decimal digits."""
    return Fraction(f"{value:.{digits - 1}e}")


def _up(value: float) -> Fraction:
    return _towards(value * (1 + MARGIN), math.ceil)


def _down(value: float) -> Fraction:
    return _towards(value * (1 - MARGIN), math.floor)


def _towards(value: float, rounding: Callable[[Fraction], int]) -> Fraction:
    unit = Fraction(10) ** (math.floor(math.log10(value)) - DIGITS + 1)
    return rounding(Fraction(value) / unit) * unit


def with_ends(inputs: Inputs, names: tuple[str, str], values: list[float], **sizes: int) -> Problem:
    """A problem with the ends of these values, in increasing order, rounded outward."""
    ends = outward(values[0], values[-1])
    return Problem(inputs, names, ends, float(ends[1] / ends[0]), sizes)


def _electric(found: GraphMatrices) -> Problem:
    values = eigenvalues(found.laplacian)[1:]
    return with_ends(found.inputs(), ("mu", "L"), values)


def eigenvalues(matrix: Array) -> list[float]:
    """The eigenvalues of a symmetric matrix, in increasing order."""
    return [float(value) for value in np.linalg.eigvalsh((matrix + matrix.T) / 2)]


def _singular_values(matrix: Array) -> list[float]:
    return [float(value) for value in np.linalg.svd(matrix, compute_uv=False)[::-1]]


def features(names: Sequence[str] = ()) -> Array:
    """The features of the diabetes data, each with mean 0 and variance 1, one a row."""
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    rows = [bunch.feature_names.index(name) for name in names or bunch.feature_names]
    return standardised(np.asarray(bunch.data).T[rows])


def progression() -> Array:
    """The disease's progression, with mean 0 and variance 1."""
    from sklearn.datasets import load_diabetes

    return standardised(np.asarray(load_diabetes(scaled=False).target))


def standardised(values: Array) -> Array:
    """Every row with mean 0 and variance 1."""
    centred = values - values.mean(axis=-1, keepdims=True)
    result: Array = centred / centred.std(axis=-1, keepdims=True)
    return result
