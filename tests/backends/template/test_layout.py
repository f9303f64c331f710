"""Data laid out as tokens, read back, and refused where it does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import networkx
import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from tests.backends import templates

from weightsmith.backends import (
    LayoutError,
    graph_matrices,
    layout,
    read_back,
    regression_data,
)
from weightsmith.backends.template.layout import Inputs
from weightsmith.backends.torch import module_from_template, run
from weightsmith.compiler.ir.template import Source, Template

GD = templates.gradient_descent()
X = np.arange(12.0).reshape(3, 4)
Y = np.ones((2, 4))
Q = np.zeros((3, 1))


def test_raw_rows_and_tokens_in_order() -> None:
    stream = layout(GD, {"x": {"context": X, "query": Q + 7}, "y": {"context": Y}})
    assert stream.groups == (("context", 4), ("query", 1))
    assert stream.sources == (("x", 3), ("y", 2))
    assert stream.dims == {"d": 3, "k": 2, "context": 4, "query": 1}
    assert stream.batch is None
    expected = np.block([[X, Q + 7], [Y, np.zeros((2, 1))]])
    np.testing.assert_array_equal(stream.raw, expected)


def test_identities_transposes_and_lists() -> None:
    stream = layout(templates.newton_inverse(), {"A": [[1, 2], [3, 4]]}, "float32")
    assert stream.raw.dtype == np.float32
    np.testing.assert_array_equal(stream.raw, [[1, 2], [3, 4], [1, 0], [0, 1]])
    stream = layout(templates.transposing(), {"A": [[1, 2, 3], [4, 5, 6]]})
    assert stream.dims == {"m": 2, "n": 3}
    np.testing.assert_array_equal(stream.raw, [[1, 4], [2, 5], [3, 6]])


def with_ones(rows: str, *groups: str) -> Template:
    sources = (*GD.sources, Source("1", "ones", "", rows, groups))
    return replace(GD, sources=sources, groups=(*GD.groups, "1", "m"))


def test_ones() -> None:
    inputs: Inputs = {"x": {"context": X, "query": Q}, "y": {"context": Y}}
    stream = layout(with_ones("d", "query", "1", "m"), inputs, "float32", dims={"m": 2})
    assert stream.groups == (("context", 4), ("query", 1), ("1", 1), ("m", 2))
    expected = np.zeros((3, 8), dtype="float32")
    expected[:, 4:] = 1
    np.testing.assert_array_equal(stream.raw[5:], expected)
    stream = layout(with_ones("1", "context"), inputs, np.dtype(object), dims={"m": 2})
    np.testing.assert_array_equal(stream.raw[5:], [[1, 1, 1, 1, 0, 0, 0, 0]])
    batch: Inputs = {"x": {"context": X[None], "query": Q[None]}, "y": {"context": Y[None]}}
    stream = layout(with_ones("2", "context"), batch, dims={"m": 2})
    assert stream.planes["1", "context"].shape == (1, 2, 4)


@pytest.mark.parametrize("template", [with_ones("p", "context"), with_ones("d", "m")])
def test_ones_of_a_size_that_nothing_tells(template: Template) -> None:
    inputs: Inputs = {"x": {"context": X, "query": Q}, "y": {"context": Y}}
    with pytest.raises(LayoutError, match=r"no input tells the size of '[pm]'; say it, as dims="):
        layout(template, inputs)


def test_ones_are_not_an_input() -> None:
    inputs: Inputs = {"x": {"context": X, "query": Q}, "y": {"context": Y}, "1": X}
    with pytest.raises(LayoutError, match="no input '1'; its inputs are 'x', 'y'"):
        layout(with_ones("1", "1"), inputs, dims={"m": 1})


def test_a_batch() -> None:
    A = np.random.default_rng(0).normal(size=(5, 2, 2))
    stream = layout(templates.newton_inverse(), {"A": A})
    assert stream.raw.shape == (5, 4, 2)
    for number in range(5):
        one = layout(templates.newton_inverse(), {"A": A[number]})
        np.testing.assert_array_equal(stream.raw[number], one.raw)


def test_exact_data() -> None:
    stream = layout(templates.newton_inverse(), {"A": [[0.1]]}, np.dtype(object))
    assert stream.raw[0, 0] == Fraction(0.1)


def test_read_back() -> None:
    answer = read_back(templates.transposing(), {"A": {"m": X}, "P": {"m": X}})
    np.testing.assert_array_equal(answer["A"], X.T)
    np.testing.assert_array_equal(answer["P"], X)
    pieces = {"z": {"context": X, "query": Q}, "c": {"query": Q}}
    answer = read_back(templates.soft_threshold(), pieces)
    assert isinstance(answer["z"], dict)
    assert list(answer["z"]) == ["context", "query"]


WRONG: list[tuple[str, Inputs]] = [
    ("no input 'X'; its inputs are 'x', 'y'. Did you mean 'x'", {"X": X, "y": Y}),
    ("the input 'y' is missing; pass {'y': {'context': array}}, one", {"x": {"context": X}}),
    ("'x' is given by token group; pass {'x': {'context': array, 'query'", {"x": X, "y": Y}),
    ("'x' is missing on query tokens: pass 'query'", {"x": {"context": X}, "y": Y}),
    ("array}}, one token a column, or in files --input x.context=FILE --input", {"x": X, "y": Y}),
    ("'x.context' is no input of the network; pass {'x': {'context'", {"x.context": X, "y": Y}),
    (
        "1 by the rows of 'x' on query tokens. Tokens are columns: .* say --rows",
        {"x": {"context": X.T, "query": Q.T}, "y": Y},
    ),
    (
        "does not read 'y' on 'query' tokens, only on 'context'; leave it out",
        {"x": {"context": X, "query": Q}, "y": {"context": Y, "query": Q}},
    ),
    (
        "'d' must have one size: it is 3 by the rows of 'x' on context tokens, and 2 by the rows "
        "of 'x' on query",
        {"x": {"context": X, "query": Q[:2]}, "y": Y},
    ),
    (
        "'context' must have one size: it is 4 by the columns of 'x' .*, and 3 by the columns of "
        "'y' on context",
        {"x": {"context": X, "query": Q}, "y": Y[:, :3]},
    ),
    (
        "matrix .* for 'y' on context tokens, got 1 dimension of",
        {"x": {"context": X, "query": Q}, "y": Y[0]},
    ),
    (
        r"'y' on context tokens holds a NaN at \[0, 0\]",
        {"x": {"context": X, "query": Q}, "y": Y * np.nan},
    ),
    ("real numbers for 'y' on context tokens", {"x": {"context": X, "query": Q}, "y": Y * 1j}),
    ("at least one for 'context'", {"x": {"context": X[:, :0], "query": Q}, "y": Y[:, :0]}),
    ("at least one for 'd'", {"x": {"context": X[:0], "query": Q[:0]}, "y": Y}),
    (
        "the same batch: 'x' on context tokens has no batch dimension, 'y' on context tokens has "
        "a batch of 1",
        {"x": {"context": X, "query": Q}, "y": Y[np.newaxis]},
    ),
    ("at least one problem in the batch", {"x": {"context": X[None][:0], "query": Q}, "y": Y}),
    ("expected numbers for 'y' .*, got texts", {"x": {"context": X, "query": Q}, "y": [["a"]]}),
    (
        "'y' on context tokens is no matrix: row 0 has 1 entry, row 1 has 2 entries",
        {"x": {"context": X, "query": Q}, "y": [[1], [1, 2]]},
    ),
]


@pytest.mark.parametrize(("message", "inputs"), WRONG, ids=range(len(WRONG)))
def test_data_that_does_not_fit(message: str, inputs: Inputs) -> None:
    with pytest.raises(LayoutError, match=message):
        layout(GD, inputs)


def test_matrices_that_do_not_fit() -> None:
    template = templates.newton_inverse()
    with pytest.raises(LayoutError, match="'A' is missing; pass a matrix"):
        layout(template, {})
    with pytest.raises(LayoutError, match="expected a matrix for 'A', got a mapping"):
        layout(template, {"A": {"context": X}})
    message = "'d' must have one size: it is 3 by the rows of 'A', and 4 by the columns of 'A'"
    with pytest.raises(LayoutError, match=message):
        layout(template, {"A": X})
    with pytest.raises(LayoutError, match="'A' holds a number that is too large for float32"):
        layout(template, {"A": [[1e300]]}, "float32")
    with pytest.raises(LayoutError, match="it is 5 by 'dims', and 1 by the rows of 'A'"):
        layout(template, {"A": [[1.0]]}, dims={"d": 5})


def test_an_axis_that_is_a_number() -> None:
    source = templates.soft_threshold()
    numbered = type(source)(
        **{f: getattr(source, f) for f in source.__slots__}
        | {"sources": (type(source.sources[0])("z", "input", "z", "2", templates.TOKENS),)}
        | {"read_in": (("c", (("z", "1"),)),)}
    )
    with pytest.raises(
        LayoutError, match="expected 2 for the rows of 'z' on context tokens, got 3"
    ):
        layout(numbered, {"z": {"context": X, "query": Q}})
    with pytest.raises(LayoutError, match="no input tells the size of 'w'"):
        layout(
            type(source)(
                **{f: getattr(numbered, f) for f in source.__slots__}
                | {"groups": (*source.groups, "w")}
            ),
            {"z": {"context": X[:2], "query": Q[:2]}},
        )


def test_regression_data_is_samples_first() -> None:
    data = load_diabetes()
    inputs = regression_data(data.data[:400], data.target[:400], data.data[400:])
    assert inputs["x"]["context"].shape == (10, 400)
    assert inputs["x"]["query"].shape == (10, 42)
    assert inputs["y"]["context"].shape == (1, 400)
    w = np.zeros((1, 10))
    x, y = data.data[:400].T, data.target[:400][None]
    for _ in range(3):
        w = w - (w @ x - y) @ x.T / 7
    answer = run(module_from_template(GD), GD, inputs)["prediction"]["query"]
    np.testing.assert_allclose(answer, w @ data.data[400:].T, rtol=1e-12)


def test_regression_data_in_its_other_forms() -> None:
    labelled = regression_data(X.T, Y.T, Q.T, names=("a", "b"), label_queries=True)
    assert labelled["b"]["query"].shape == (2, 1)
    assert not labelled["b"]["query"].any()
    assert regression_data(X.T, Y.T)["x"]["query"].shape == (3, 0)
    batch = regression_data(np.zeros((5, 4, 3)), np.zeros((5, 4)), np.zeros((5, 2, 3)))
    assert batch["x"]["query"].shape == (5, 3, 2)
    assert batch["y"]["context"].shape == (5, 1, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: regression_data(X[0], Y), r"expected X of shape \(samples, features\)"),
        (lambda: regression_data(X, Y), r"one label .* for each of the 3 samples of X"),
        (lambda: regression_data(X.T, Y.T, Q), r"X_query with the 3 features of X, got shape"),
    ],
)
def test_regression_data_that_does_not_fit(call: Callable[[], object], message: str) -> None:
    with pytest.raises(LayoutError, match=message):
        call()


@pytest.mark.parametrize(
    "graph",
    [
        networkx.karate_club_graph(),
        networkx.les_miserables_graph(),
        networkx.florentine_families_graph(),
    ],
)
def test_graph_matrices(graph: networkx.Graph) -> None:
    nodes = list(graph)
    found = graph_matrices(graph, demands=[(nodes[0], nodes[5]), {nodes[1]: 2.0, nodes[2]: -2.0}])
    laplacian = networkx.laplacian_matrix(graph).toarray()
    assert found.nodes == tuple(nodes)
    np.testing.assert_array_equal(found.laplacian, laplacian)
    np.testing.assert_allclose(found.weighted_incidence @ found.incidence.T, laplacian)
    assert np.abs(found.incidence).sum() == 2 * len(found.edges)
    assert found.demands.shape == (len(nodes), 2)
    assert found.demands[0, 0] == 1
    assert found.demands[5, 0] == -1
    assert found.inputs(B="K")["K"] is found.incidence
    unweighted = graph_matrices(graph, weight=None)
    np.testing.assert_array_equal(unweighted.incidence, unweighted.weighted_incidence)


def test_parallel_edges_each_carry_current() -> None:
    graph = networkx.MultiGraph([(0, 1, {"weight": 2.0}), (0, 1, {"weight": 3.0})])
    assert graph_matrices(graph).laplacian[0, 1] == -5


def loop() -> networkx.Graph:
    return networkx.Graph([("a", "b"), ("a", "a")])


def weighted(weight: object) -> networkx.Graph:
    return networkx.Graph([("a", "b", {"weight": weight})])


PAIR = networkx.Graph([("a", "b"), ("c", "d")])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: graph_matrices(networkx.DiGraph([(0, 1)])), r"pass graph.to_undirected\(\)"),
        (lambda: graph_matrices(networkx.Graph()), "at least one edge"),
        (lambda: graph_matrices(loop()), "node 'a' has a self-loop"),
        (lambda: graph_matrices(weighted(-1)), "a positive 'weight' on the edge 'a' – 'b', got -1"),
        (
            lambda: graph_matrices(weighted("x")),
            "a positive 'weight' on the edge 'a' – 'b', got 'x'",
        ),
        (lambda: graph_matrices(weighted(np.inf)), "a positive 'weight'"),
        (
            lambda: graph_matrices(PAIR, demands=[("a", "z")]),
            "demand 0 names 'z', which is no node",
        ),
        (lambda: graph_matrices(PAIR, demands=["ab"]), r"expected a pair \(in, out\) of nodes"),
        (lambda: graph_matrices(PAIR, demands=[{"a": 1.0}]), "demand 0 does not sum to zero"),
        (
            lambda: graph_matrices(PAIR, demands=[("a", "b"), ("a", "c")]),
            "demand 1 does not sum to",
        ),
    ],
)
def test_graphs_that_make_no_sense(call: Callable[[], object], message: str) -> None:
    with pytest.raises(LayoutError, match=message):
        call()
