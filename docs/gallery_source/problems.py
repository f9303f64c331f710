"""The real data of the gallery, by name: those of the demo, and what only a page needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

import networkx as nx
import numpy as np

from weightsmith.cli.demonstration import demo_data, demo_function_data
from weightsmith.cli.demonstration.demo_cases import momentum, moving_data
from weightsmith.cli.demonstration.demo_data import Array, Problem, eigenvalues, with_ends
from weightsmith.cli.demonstration.demo_function_cases import gradient_step
from weightsmith.cli.demonstration.demo_learned import learned_preconditioners


def six_features() -> Problem:
    """Diabetes, six features, half of the patients the context, the others queries."""
    return demo_data.well_conditioned_regression()


def scaled_features() -> Problem:
    """The same with x divided by the root of a bound on the spectrum; zeros label the queries."""
    found = demo_data.labelled_regression()
    root = math.sqrt(float(found.ends[1]))
    x = {group: np.asarray(part) / root for group, part in _grouped(found, "x").items()}
    inputs = {**found.inputs, "x": x}
    ends = with_ends(inputs, ("mu", ""), eigenvalues(x["context"] @ x["context"].T)).ends
    return Problem(inputs, ("mu", ""), (ends[0], Fraction(1)), found.condition)


def six_features_without_ends() -> Problem:
    """The same where the script has numbers for the ends."""
    found = demo_data.well_conditioned_regression()
    return Problem(found.inputs, ("", ""), found.ends, found.condition)


def heavy_ball() -> Problem:
    """The same with the step size and the momentum that the demo tunes to the spectrum."""
    found = demo_data.well_conditioned_regression()
    return _with(found, momentum(found.ends))


def moving_features() -> Problem:
    """The same with zeros for the labels of queries, and GD++ step sizes tuned to the spectrum."""
    found = demo_data.labelled_regression()
    return _with(found, moving_data(found.ends))


def lasso() -> Problem:
    """Diabetes, six features: the lasso, with the step 1/L."""
    return _stepped(demo_function_data.six_features())


def lasso_in_context() -> Problem:
    """The same without queries."""
    return _stepped(demo_function_data.six_features_in_context())


def stepped_in_context() -> Problem:
    """Diabetes, six features of half of the patients, in their order, with the step 1/L."""
    return _stepped(demo_function_data.six_features_in_context())


def people_in_order() -> Problem:
    """Diabetes, 32 people one after the other: keys and queries are features, values labels."""
    return _stepped(demo_function_data.people_in_order())


def one_more_person() -> Problem:
    """The inverse of I + X X' for the features of half of the diabetes patients, and the next."""
    x = demo_function_data.unit_ball(demo_data.features(demo_data.WELL_CONDITIONED))
    half = x.shape[1] // 2
    gram = np.eye(len(x)) + x[:, :half] @ x[:, :half].T
    matrix: Array = np.asarray(np.linalg.inv(gram), dtype=np.float64)
    person = x[:, half : half + 1]
    return with_ends({"P": matrix, "u": person}, ("", "p"), eigenvalues(matrix))


def lazy_walk() -> Problem:
    """−L/c of the karate club, L its Laplacian and c above its largest eigenvalue."""
    found = nx.laplacian_matrix(nx.karate_club_graph(), weight=None).toarray()
    laplacian: Array = np.asarray(found, dtype=np.float64)
    values = eigenvalues(laplacian)
    largest = with_ends({}, ("", ""), values[1:]).ends[1]
    condition = values[-1] / values[1]
    return Problem({"S": -laplacian / float(largest)}, ("", ""), (largest, largest), condition)


def _with(found: Problem, tuned: Mapping[str, int | Fraction]) -> Problem:
    return replace(found, sizes={**found.sizes, **tuned})


def _stepped(found: Problem) -> Problem:
    """With the step size 1/L."""
    return _with(found, gradient_step(found.ends))


def _grouped(found: Problem, name: str) -> Mapping[str, Array]:
    given = found.inputs[name]
    if not isinstance(given, Mapping):
        raise TypeError(f"expected '{name}' by token group")
    return {group: np.asarray(part) for group, part in given.items()}


PROBLEMS: Mapping[str, Callable[[], Problem]] = {
    one.__name__: one
    for one in (
        six_features,
        scaled_features,
        six_features_without_ends,
        heavy_ball,
        moving_features,
        lasso,
        lasso_in_context,
        stepped_in_context,
        people_in_order,
        one_more_person,
        lazy_walk,
        learned_preconditioners,
        demo_data.correlation,
        demo_data.page_rank,
        demo_data.samples_by_features,
        demo_data.gradient_of_a_layer,
        demo_data.laplacian,
        demo_data.karate_club,
        demo_data.florentine_families,
        demo_data.regression,
        demo_data.preconditioned_regression,
        demo_function_data.tumours,
        demo_function_data.measured_tumours,
        demo_function_data.small_network,
        demo_function_data.small_correlation,
        demo_function_data.six_features_bounded,
        demo_function_data.counts,
    )
}
