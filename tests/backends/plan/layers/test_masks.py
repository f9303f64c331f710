"""Groups of different sizes in one batch: each problem as if it stood alone."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backends.export.exported import ALL, data_of, network_of
from tests.backends.strategies import Case, cases, repeatable
from torch import Tensor

from weightsmith import api
from weightsmith.backends import structured_weights
from weightsmith.backends.errors import LayoutError
from weightsmith.backends.plan.build import Form
from weightsmith.backends.template.layout import input_groups
from weightsmith.backends.torch.plans.calling import Caller
from weightsmith.backends.torch.plans.engine import Engine
from weightsmith.cli.inputs.examples import example
from weightsmith.compiler.ir.template import Template

Data = dict[str, Tensor | dict[str, Tensor]]
Masks = dict[str, Tensor]
ENDS = {"mu": "1/10", "L": 2}
BY_TOKEN = [
    name
    for name, case in ALL.items()
    if any(isinstance(value, dict) for value in case.problem().inputs.values())
]


def tensors(inputs: object) -> Data:
    found: Data = {}
    for name, value in inputs.items():  # type: ignore[attr-defined]
        if isinstance(value, dict):
            found[name] = {g: torch.from_numpy(np.array(part)) for g, part in value.items()}
        else:
            found[name] = torch.from_numpy(np.array(value))
    return found


def widened(value: Tensor, mask: Tensor) -> Tensor:
    """The tokens where the mask says, and no number anywhere else."""
    found = torch.full((*value.shape[:-1], len(mask)), torch.nan, dtype=value.dtype)
    found[..., mask] = value
    return found


def filled_up(data: Data, masks: dict[str, Tensor], groups: dict[str, tuple[str, ...]]) -> Data:
    found = dict(data)
    for name, own in groups.items():
        value = data[name]
        if own:
            parts = value if isinstance(value, dict) else dict.fromkeys(own, value)
            found[name] = {
                g: widened(part, masks[g]) if g in masks else part for g, part in parts.items()
            }
    return found


def pieces(template: Template, values: object) -> dict[tuple[str, str], Tensor]:
    """By name and group, a token a column."""
    outputs = template.read_out
    by_name = values if len(outputs) > 1 else {outputs[0].name: values}
    found = {}
    for output in outputs:
        value = by_name[output.name]  # type: ignore[index]
        for group in output.groups:
            piece = value[group] if isinstance(value, dict) else value
            found[output.name, group] = piece.mT if output.transposed else piece
    return found


def check_same(template: Template, alone: object, together: object, masks: Masks) -> None:
    """The same values, and zero where there is no token."""
    found = pieces(template, together)
    for (name, group), wanted in pieces(template, alone).items():
        own = found[name, group]
        if group in masks:
            assert not own[..., ~masks[group]].any()
            own = own[..., masks[group]]
        torch.testing.assert_close(own, wanted, rtol=1e-10, atol=1e-10)


def drawn_mask(random: np.random.Generator, tokens: int) -> Tensor:
    mask = torch.zeros(tokens + int(random.integers(0, 4)), dtype=torch.bool)
    mask[random.permutation(len(mask))[:tokens].copy()] = True
    return mask


@settings(repeatable, max_examples=60)
@given(cases(), st.sampled_from(get_args(Form)), st.integers(0, 2**16))
def test_tokens_that_fill_up_a_group_change_nothing(case: Case, form: Form, seed: int) -> None:
    """Any network, in every form, with NaN at such tokens."""
    random = np.random.default_rng(seed)
    groups = input_groups(case.template)
    data = tensors(case.inputs)
    weights = structured_weights(case.template)
    sizes: dict[str, int] = {}
    for name, own in groups.items():
        value = data[name]
        parts = value if isinstance(value, dict) else dict.fromkeys(own, value)
        sizes |= {group: parts[group].shape[-1] for group in own}
    masks = {group: drawn_mask(random, size) for group, size in sizes.items()}
    alone = Caller(case.template, Engine(case.template, weights, forms=(form,)), tuple(groups))
    engine = Engine(case.template, weights, forms=(form,), masked=tuple(masks))
    together = Caller(case.template, engine, tuple(groups))
    wanted = alone((), data)
    found = together((), filled_up(data, masks, groups), masks)
    check_same(case.template, wanted, found, masks)


@pytest.mark.parametrize("name", BY_TOKEN)
def test_every_example(name: str) -> None:
    """Two problems of different sizes in one batch."""
    network = network_of(name)
    data, groups = tensors(data_of(name)), input_groups(network.template)
    group = "context" if any("context" in own for own in groups.values()) else "query"
    parts = [v[group] for v in data.values() if isinstance(v, dict) and group in v]
    assert parts
    whole = parts[0].shape[-1]
    fewer = torch.arange(whole) < whole - whole // 3
    masks = torch.stack([torch.ones(whole, dtype=torch.bool), fewer])
    batch: Data = {}
    small: Data = {}
    for key, value in data.items():
        if isinstance(value, dict):
            small[key] = {g: p[..., fewer] if g == group else p for g, p in value.items()}
            batch[key] = {g: torch.stack([p, p]) for g, p in value.items()}
        else:
            small[key], batch[key] = value, torch.stack([value, value])
    found = network(**batch, masks={group: masks})  # type: ignore[arg-type]
    for place, alone in enumerate((data, small)):
        own = nth(found, place)
        check_same(network.template, network(**alone), own, {group: masks[place]})  # type: ignore[arg-type]


def nth(value: object, place: int) -> object:
    """One problem of a batch."""
    if isinstance(value, dict):
        return {key: nth(inner, place) for key, inner in value.items()}
    assert isinstance(value, Tensor)
    return value[place]


def test_a_batch_of_two_sizes() -> None:
    script = """algorithm counted(y: [k] per context)
s = y * y' over context
return s
"""
    network = api.compile(script)
    y = torch.tensor([[[1.0, 2.0, 7.0]], [[3.0, 5.0, 7.0]]], dtype=torch.float64)
    masks = {"context": torch.tensor([[True, True, False], [True, False, True]])}
    found = network(y={"context": y}, masks=masks)
    torch.testing.assert_close(found, torch.tensor([[[5.0]], [[58.0]]]).double())


def test_gradients_pass_and_none_comes_from_where_there_is_no_token() -> None:
    network = api.compile(example("gradient_descent"), settings={**ENDS, "steps": 3})
    x = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    masks = {"context": torch.tensor([[True] * 5, [True, True, False, True, False]])}
    query, y = torch.randn(2, 3, 2).double(), torch.randn(2, 1, 5).double()
    network(x={"context": x, "query": query}, y=y, masks=masks).sum().backward()  # type: ignore[union-attr]
    assert x.grad is not None
    assert x.grad[0].abs().min() > 0
    assert not x.grad[1][:, [2, 4]].any()
    compiled = torch.compile(
        lambda x: network(x={"context": x, "query": query}, y=y, masks=masks),
        fullgraph=True,
        backend="eager",
    )
    with torch.no_grad():
        wanted = network(x={"context": x, "query": query}, y=y, masks=masks)
        torch.testing.assert_close(compiled(x), wanted)


def test_wrong_masks_are_refused() -> None:
    network = api.compile(example("gradient_descent"), settings={**ENDS, "steps": 3})
    x, y = {"context": torch.eye(3), "query": torch.eye(3)}, torch.ones(1, 3)
    for masks, text in (
        ({"scratch": torch.ones(3) > 0}, "has masks for 'context', 'query', not for 'scratch'"),
        ({"context": torch.ones(3)}, "a mask of booleans for 3 context tokens, got .* float32"),
        ({"context": [True] * 3}, "a tensor of booleans as the mask of context tokens, got list"),
        (torch.ones(3) > 0, "expected masks as {group: mask}, got Tensor"),
        ({"context": torch.ones(4) > 0}, "booleans for 3 context tokens, got \\(4,\\)"),
        ({"context": torch.ones(2, 3) > 0}, "has the batch \\(2,\\), and the inputs have \\(\\)"),
    ):
        with pytest.raises(LayoutError, match=text):
            network(x=x, y=y, masks=masks)  # type: ignore[arg-type]
    newton = api.compile(example("newton_inverse"), settings={**ENDS, "steps": 3})
    with pytest.raises(LayoutError, match="takes no masks"):
        newton(torch.eye(3), masks={"context": torch.ones(3) > 0})
