"""What the module computes: batches, masks, associations, gradients."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
import warnings
from dataclasses import replace

import networkx
import numpy as np
import pytest
import torch
from tests.backends import templates
from tests.backends.gradient_runs import DIMS, GD, RANDOM, both, features, prediction, regression
from torch.utils.flop_counter import FlopCounterMode

from weightsmith.backends import (
    LayoutError,
    graph_matrices,
    layout,
)
from weightsmith.backends.template.layout import Inputs
from weightsmith.backends.torch import (
    module_from_template,
    run,
)
from weightsmith.backends.torch.dense import attend
from weightsmith.backends.torch.run import planes_of, sizes_of
from weightsmith.backends.torch.structured import (
    scores_first,
    through_memory,
    through_scores,
)
from weightsmith.compiler.ir.template import Head, Layer, Template


def test_a_batch_is_its_problems_one_by_one() -> None:
    inputs = regression(batch=(4,))
    for module in both():
        whole = prediction(module, inputs)
        assert whole.shape == (4, 2, 2)
        for number in range(4):
            one = {
                name: {group: np.asarray(array)[number] for group, array in value.items()}
                for name, value in inputs.items()
                if isinstance(value, dict)
            }
            np.testing.assert_allclose(prediction(module, one), whole[number], rtol=1e-12)


def test_one_structured_module_serves_every_size() -> None:
    module = module_from_template(GD)
    for d, n, m in ((3, 6, 2), (7, 2, 5), (1, 9, 0), (20, 3, 1)):
        inputs = regression(d, n, m)
        dense = module_from_template(GD, dims={"d": d, "k": 2})
        assert prediction(module, inputs).shape == (2, m)
        np.testing.assert_allclose(
            prediction(module, inputs), prediction(dense, inputs), rtol=1e-12, atol=1e-12
        )


def test_parameters_of_a_structured_module_do_not_depend_on_d() -> None:
    counts = {sum(p.numel() for p in module.parameters()) for module in both()}
    assert counts == {4 + 3 * 8 + 2, 25 + 10 + 3 * (15 + 15 + 10 + 10)}


def test_a_dense_module_refuses_another_size() -> None:
    with pytest.raises(LayoutError, match="this network is dense, for 'd' = 3, and the data has 4"):
        run(both()[1], GD, regression(d=4))


def with_head(**changes: object) -> Template:
    layer = GD.body[0].body[0]  # type: ignore[union-attr]
    assert isinstance(layer, Layer)
    head = replace(layer.heads[0], **changes)  # type: ignore[arg-type]
    return replace(GD, body=(Layer((head,), None),))


@pytest.mark.parametrize("keys", [("context",), ("query",), templates.TOKENS])
@pytest.mark.parametrize("queries", [("context",), ("query",), templates.TOKENS])
def test_masks(keys: tuple[str, ...], queries: tuple[str, ...]) -> None:
    template = replace(
        with_head(key_groups=keys, query_groups=queries),
        read_out=(replace(GD.read_out[0], groups=templates.TOKENS),),
    )
    inputs = regression()
    x, y = layout(template, inputs).raw[:3], layout(template, inputs).raw[3:]
    is_key = np.array([("context" if i < 6 else "query") in keys for i in range(8)])
    is_query = np.array([("context" if i < 6 else "query") in queries for i in range(8)])
    expected = -y + (y * is_key) @ x.T @ (x * is_query) / 7
    for dims in (None, DIMS):
        answer = run(module_from_template(template, dims=dims), template, inputs)["prediction"]
        found = np.concatenate([answer["context"], answer["query"]], axis=1)
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_other_weights_are_another_algorithm() -> None:
    """The module obeys its parameters, not the coefficients of the template it came from."""
    changed = with_head(values=((("r", "3"),),), outputs=(("r", 0, "1/2"),))
    for dims in (None, DIMS):
        module = module_from_template(with_head(), dims=dims)
        other = module_from_template(changed, dims=dims)
        module.load_state_dict(other.state_dict())
        inputs = regression()
        np.testing.assert_array_equal(prediction(module, inputs), prediction(other, inputs))


def test_both_associations_of_a_structured_head() -> None:
    keys = {0: torch.randn(2, 5, 3, dtype=torch.float64), 1: torch.randn(2, 4, 3).double()}
    queries = {1: torch.randn(2, 6, 3, dtype=torch.float64)}
    values = [{0: torch.randn(2, 5, 7).double(), 1: torch.randn(2, 4, 7).double()}, {}]
    scores = through_scores(keys, queries, values)
    for value, product in zip(values, scores, strict=True):
        expected = through_memory(keys, queries, value)
        assert product.keys() == expected.keys()
        for group, piece in expected.items():
            torch.testing.assert_close(product[group], piece, rtol=1e-12, atol=1e-12)


def test_the_cheaper_association_is_taken() -> None:
    def tokens(count: int, rows: int) -> dict[int, torch.Tensor]:
        return {0: torch.zeros(1, count, rows)}

    assert scores_first(tokens(2, 50), tokens(2, 50), [tokens(2, 50)])
    assert not scores_first(tokens(50, 2), tokens(50, 2), [tokens(50, 2)])
    assert not scores_first(tokens(6000, 2000), tokens(1, 2000), [{}])


@pytest.mark.parametrize(("d", "n"), [(9, 2), (2, 9)])
def test_both_associations_of_a_dense_head(d: int, n: int) -> None:
    module = module_from_template(GD, dims={"d": d, "k": 2})
    head = module.stack()[0].attention.heads()[0]
    stream = torch.randn(1, n, d + 2, dtype=torch.float64)
    every = torch.ones(n, 1, dtype=torch.bool)
    x, r = stream[0, :, :d], stream[0, :, d:]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        added = attend(head, stream, every, every)[0]
    products = min(n * n * (d + 2), 2 * n * d * 2) + 2 * n * (d + 2) * (d + 2)
    assert counter.get_total_flops() == 2 * products
    torch.testing.assert_close(added[:, d:], -x @ x.T @ r / 7, rtol=1e-12, atol=1e-12)
    assert not added[:, :d].any()


def test_tokens_may_come_in_any_order() -> None:
    order = torch.tensor([5, 1, 7, 0, 3, 6, 2, 4])
    for module in both():
        tokens, groups, *more = features(module, regression())
        assert isinstance(tokens, torch.Tensor)
        assert isinstance(groups, torch.Tensor)
        value = module(tokens, groups, *more)["prediction"]
        mixed = module(tokens[:, order], groups[order], *more)["prediction"]
        queries = groups[order] == 1
        torch.testing.assert_close(
            mixed[:, queries], value[:, order][:, queries], rtol=1e-12, atol=1e-12
        )


def test_a_group_that_is_a_number_has_that_many_tokens() -> None:
    module = module_from_template(replace(GD, groups=(*templates.TOKENS, "2")))
    tokens, groups, dims = features(module, regression())
    assert isinstance(groups, torch.Tensor)
    with pytest.raises(LayoutError, match="expected 2 tokens of the group '2', got 0"):
        module(tokens, groups, dims)


def test_structured_features_must_have_every_source() -> None:
    module = both()[0]
    tokens, groups, dims = features(module, regression())
    assert isinstance(tokens, torch.Tensor)
    with pytest.raises(LayoutError, match="expected 5 features a token, got 4"):
        module(tokens[..., 1:], groups, dims)


@pytest.mark.parametrize("dims", [None, {"d": 2, "k": 1}])
def test_gradcheck(dims: dict[str, int] | None) -> None:
    template = templates.gradient_descent(steps="1")
    module = module_from_template(template, dims=dims)
    names = [name for name, _ in module.named_parameters()]
    inputs: Inputs = {
        "x": {"context": RANDOM.normal(size=(2, 3)), "query": RANDOM.normal(size=(2, 2))},
        "y": {"context": RANDOM.normal(size=(1, 3))},
    }
    tokens, groups, *more = features(module, inputs)

    def call(tokens: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        parameters = dict(zip(names, values, strict=True))
        outputs = torch.func.functional_call(module, parameters, (tokens, groups, *more))
        value: torch.Tensor = outputs["prediction"]
        return value

    assert isinstance(tokens, torch.Tensor)
    values = [parameter.detach().clone().requires_grad_() for parameter in module.parameters()]
    assert torch.autograd.gradcheck(call, (tokens.requires_grad_(), *values))


def test_training_moves_the_step_size() -> None:
    module = module_from_template(templates.gradient_descent(steps="1", eta="1/1000"))
    tokens, groups, *more = features(module, regression())
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = (module(tokens, groups, *more)["prediction"] - 1).square().sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_the_data_is_not_changed() -> None:
    A = RANDOM.normal(size=(4, 3))
    A.flags.writeable = False
    before = A.copy()
    template = templates.transposing()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = run(module_from_template(template), template, {"A": A})
    np.testing.assert_array_equal(A, before)
    value = answer["A"]
    assert isinstance(value, np.ndarray)
    np.testing.assert_array_equal(value, A)
    assert not np.shares_memory(value, A)


def test_zero_pieces_cost_nothing() -> None:
    """A head whose values are zero on its key tokens computes no product."""
    head = Head(((("x", "1"),),), ((("x", "1"),),), ((("r", "1"),),), (), ("query",), ("query",))
    counts = []
    for template in (replace(GD, body=(Layer((head,), None),)), with_head()):
        module = module_from_template(template)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            stream = layout(template, regression())
            module.read(planes_of(stream, template, module.device), sizes_of(stream))
        counts.append(counter.get_total_flops())
    # x: 3 × 8, r: 2 × 6; keys and values meet on 6 tokens, the result on all 8
    assert counts == [0, 2 * (2 * 6 * 3 + 2 * 3 * 8)]


def test_an_electric_network_of_2000_vertices() -> None:
    graph = networkx.random_regular_graph(6, 2000, seed=1)
    graph_data = graph_matrices(graph, demands=[(0, 1000), (5, 6)])
    high = 2 * 6.0
    template = replace(
        templates.electric_potentials(steps="12"), bindings=(("L", f"{int(high)}"), ("mu", "1/2"))
    )
    module = module_from_template(template)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    answer = run(module, template, graph_data.inputs())["phi"]
    assert time.perf_counter() - start < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000  # kB
    phi = np.zeros((2000, 2))
    for _ in range(13):
        phi = phi + 2 / 12.5 * (graph_data.demands - graph_data.laplacian @ phi)
    np.testing.assert_allclose(answer, phi, atol=1e-12)


def test_importing_the_back_ends_does_not_import_torch() -> None:
    program = "import sys, weightsmith.backends; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
