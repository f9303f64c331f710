"""Long contexts by chunks: the values of the whole plan, whatever the network and the chunks."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backends.strategies import Case, cases, repeatable
from torch import Tensor

from weightsmith import api
from weightsmith.backends import structured_weights
from weightsmith.backends.plan.build import Form, plan_of
from weightsmith.backends.plan.layers.looped_numbers import numbers_of
from weightsmith.backends.template.layout import layout
from weightsmith.backends.torch.plans import chunks
from weightsmith.backends.torch.plans.chunks import ChunkedModule, chunked
from weightsmith.backends.torch.plans.engine import untold_axes
from weightsmith.backends.torch.plans.module import PlannedModule
from weightsmith.cli.inputs.examples import example

ENDS = {"mu": "1/10", "L": 2}


def given_array(case: Case, name: str, group: str | None) -> Tensor:
    value = case.inputs[name]
    array = value[group] if isinstance(value, dict) else value  # type: ignore[index]
    return torch.from_numpy(np.ascontiguousarray(array))


@settings(repeatable, max_examples=80)
@given(cases(), st.sampled_from(get_args(Form)), st.sampled_from(["context", "query"]))
def test_the_chunks_give_the_whole(case: Case, form: Form, axis: str) -> None:
    """One token in each."""
    stream = layout(case.template, case.inputs)
    sizes = {**stream.dims, **dict(stream.groups)}
    numbers = numbers_of(case.template, structured_weights(case.template))
    plan = plan_of(case.template, numbers, sizes, form)
    untold = {axis: sizes[axis] for axis in untold_axes(case.template)}
    found, plain = chunked(plan, axis, untold, None), PlannedModule(plan, untold)
    if found is None:
        return
    found.chunk_bytes = 0
    arrays = [given_array(case, *key) for key in plain.inputs]
    parts = [given_array(case, *key) for key in found.inputs]
    for one, other in zip(found(*parts), plain(*arrays), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


def descent(tokens: int, *lead: int) -> tuple[api.Network, dict[str, Tensor], Tensor]:
    network = api.compile(example("gradient_descent"), settings={**ENDS, "steps": 4})
    torch.manual_seed(0)
    x = {
        "context": torch.randn(*lead, 3, tokens, dtype=torch.float64) / tokens**0.5,
        "query": torch.randn(*lead, 3, 2, dtype=torch.float64),
    }
    return network, x, torch.randn(*lead, 1, tokens, dtype=torch.float64)


def whole(x: dict[str, Tensor], y: Tensor) -> Tensor:
    w = torch.zeros(*y.shape[:-2], 1, 3, dtype=torch.float64)
    for _ in range(4):
        w = w - 2 / 2.1 * (w @ x["context"] - y) @ x["context"].mT
    return w @ x["query"]


@pytest.mark.parametrize("lead", [(), (2,), (2, 1)])
def test_a_long_context_takes_chunks(lead: tuple[int, ...]) -> None:
    network, x, y = descent(chunks.LONG + 1, *lead)
    module = network._executions.engine().module({"d": 3, "k": 1, "context": 2**17, "query": 2})
    assert isinstance(module, ChunkedModule)
    torch.testing.assert_close(network(x=x, y=y), whole(x, y))
    data = {"x": {group: part.numpy() for group, part in x.items()}, "y": y.numpy()}
    if len(lead) < 2:
        found = network.run(data, check="off")["output"]  # type: ignore[arg-type]
        found = found["query"] if isinstance(found, dict) else found
        np.testing.assert_allclose(found, whole(x, y).numpy(), rtol=1e-9, atol=1e-12)


def test_gradients_and_functions_of_functions_pass_through() -> None:
    network, x, y = descent(chunks.LONG + 1)
    x["query"].requires_grad_()
    y.requires_grad_()
    network(x=x, y=y).sum().backward()  # type: ignore[union-attr]
    assert y.grad is not None
    wanted = torch.autograd.grad(whole(x, y).sum(), y)[0]
    torch.testing.assert_close(y.grad, wanted)
    tangent = torch.func.jvp(
        lambda q: network(x={"context": x["context"], "query": q}, y=y.detach()),
        (x["query"].detach(),),
        (x["query"].detach(),),
    )[1]
    torch.testing.assert_close(tangent, whole(x, y.detach()).detach())
    several = torch.vmap(lambda one: network(x={"context": x["context"], "query": one}, y=y))(
        torch.stack([x["query"], 2 * x["query"]])
    )
    torch.testing.assert_close(several[1], 2 * several[0])


def test_a_network_without_sums_over_tokens_takes_none() -> None:
    network = api.compile("algorithm f(x: [d] per context)\nparam a = 2\nreturn a*x\n")
    module = network._executions.engine().module({"d": 3, "context": 2**17})
    assert not isinstance(module, ChunkedModule)
