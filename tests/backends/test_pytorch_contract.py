"""What docs/pytorch.md promises of the module: files, copies, dtypes, devices, hooks."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from tests.backends import templates
from tests.backends.gradient_runs import DIMS, GD, both, features, prediction, regression
from torch import nn

from weightsmith.backends import (
    Weights,
    dense_weights,
    network_shape,
    structured_weights,
    weights_to_bytes,
)
from weightsmith.backends.template.layout import Inputs
from weightsmith.backends.torch import (
    DenseTransformer,
    StructuredTransformer,
    Transformer,
    build,
    module_from_template,
    run,
)
from weightsmith.compiler.ir.template import Hidden, Layer, Mlp, Repeat, Template

DOTTED = replace(GD, read_out=(replace(GD.read_out[0], name="x .* 50%"),))
SHAPES = [None, DIMS]
ROUNDOFF = {torch.float32: 2**-24, torch.float16: 2**-11, torch.bfloat16: 2**-8}


Z = np.random.default_rng(1).normal(size=(3, 4))
SIZES = {"gradient_descent": DIMS, "logistic_table": {"n": 3}}
INPUTS: dict[str, Inputs] = {
    "gradient_descent": {"x": {"context": Z, "query": Z[:, :2]}, "y": {"context": Z[:2]}},
    "logistic_table": {"z": {"context": Z, "query": Z[:, :2]}},
}


def weights(template: Template, dims: Mapping[str, int] | None) -> Weights:
    return structured_weights(template) if dims is None else dense_weights(template, dims)


def weights_file(template: Template, dims: Mapping[str, int] | None, path: Path) -> Path:
    path.write_bytes(weights_to_bytes(weights(template, dims)))
    return path


def blank(template: Template, dims: Mapping[str, int] | None) -> Transformer:
    """A module of zeros."""
    shape = network_shape(template)
    return StructuredTransformer(shape) if dims is None else DenseTransformer(shape, dims)


def called(module: Transformer, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """The value that a call of the module returns, at every token."""
    tokens, groups, *more = features(module, fixed())
    assert isinstance(tokens, torch.Tensor)
    (value,) = module(tokens.to(dtype), groups, *more).values()
    assert isinstance(value, torch.Tensor)
    return value


def fixed() -> dict[str, dict[str, np.ndarray]]:
    random = np.random.default_rng(5)
    x, y = random.normal(size=(3, 8)) / 3, random.normal(size=(2, 6))
    return {"x": {"context": x[:, :6], "query": x[:, 6:]}, "y": {"context": y}}


@pytest.mark.parametrize("dims", SHAPES)
@pytest.mark.parametrize("template", [GD, DOTTED])
def test_the_file_is_loaded_strictly_and_written_back(
    tmp_path: Path, template: Template, dims: Mapping[str, int] | None
) -> None:
    file = safetensors.torch.load_file(weights_file(template, dims, tmp_path / "model"))
    module = blank(template, dims)
    assert str(module.load_state_dict(file, strict=True)) == "<All keys matched successfully>"
    assert torch.equal(called(module), called(module_from_template(template, dims=dims)))
    safetensors.torch.save_file(module.state_dict(), tmp_path / "again")
    again = safetensors.torch.load_file(tmp_path / "again")
    assert again.keys() == file.keys() == {m.name for m in module.architecture.matrices()}
    assert all(torch.equal(again[name], file[name]) for name in file)
    assert [*module.buffers()] == []


def test_a_missing_or_unknown_tensor_is_an_error() -> None:
    module = module_from_template(DOTTED)
    state = module.state_dict()
    weight = state.pop("unembed.x .* 50%.weight")
    with pytest.raises(RuntimeError, match="Missing key"):
        module.load_state_dict(state)
    state["unembed.x .* 50%.weight"], state["unembed.other.weight"] = weight, weight
    with pytest.raises(RuntimeError, match=r"Unexpected key.*unembed\.other\.weight"):
        module.load_state_dict(state)


def test_the_names_hold_inside_another_module() -> None:
    outer = nn.ModuleDict({"net": module_from_template(DOTTED), "last": nn.Linear(2, 2)})
    state = outer.state_dict()
    assert "net.unembed.x .* 50%.weight" in state
    assert list(state)[-2:] == ["last.weight", "last.bias"]
    outer.load_state_dict(state)
    assert "net.unembed.x .* 50%.weight" in state  # the caller's dict is not changed


def pickled(module: Transformer) -> Transformer:
    found = pickle.loads(pickle.dumps(module))
    assert isinstance(found, Transformer)
    return found


def saved(module: Transformer) -> Transformer:
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    found = torch.load(file, weights_only=False)
    assert isinstance(found, Transformer)
    return found


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled, saved])
@pytest.mark.parametrize("dims", SHAPES)
def test_copies_run_and_keep_their_names(
    copied: Callable[[Transformer], Transformer], dims: Mapping[str, int] | None
) -> None:
    module = module_from_template(DOTTED, dims=dims)
    other = copied(module)
    assert torch.equal(called(other), called(module))
    assert other.state_dict().keys() == module.state_dict().keys()
    other.load_state_dict(module.state_dict())
    if copied is not copy.copy:
        with torch.no_grad():
            other.embed.weight.zero_()
        assert not torch.equal(called(other), called(module))


@pytest.mark.parametrize("assign", [False, True])
@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("name", ["gradient_descent", "logistic_table"])
def test_a_module_on_the_meta_device_is_filled_from_the_file(
    tmp_path: Path, name: str, dense: bool, assign: bool
) -> None:
    """Nothing but the tensors of the file is needed: no buffer is lost on the way."""
    template = templates.ALL[name]()
    dims = SIZES[name] if dense else None
    with torch.device("meta"):
        module = blank(template, dims)
    assert all(parameter.is_meta for parameter in module.parameters())
    if not assign:
        module.to_empty(device="cpu")
    file = safetensors.torch.load_file(weights_file(template, dims, tmp_path / "model"))
    module.load_state_dict(file, assign=assign)
    other = build(template, weights(template, dims))
    found, expected = (run(each, template, INPUTS[name]) for each in (module, other))
    for output, value in expected.items():
        assert isinstance(value, dict)
        for group, array in value.items():
            np.testing.assert_array_equal(found[output][group], array)


@pytest.mark.parametrize("dtype", ROUNDOFF)
@pytest.mark.parametrize("dims", SHAPES)
def test_lower_precision_costs_its_round_off(
    dims: Mapping[str, int] | None, dtype: torch.dtype
) -> None:
    """benchmarks/low_precision.py prints what it costs the examples."""
    exact = called(module_from_template(GD, dims=dims))
    found = called(module_from_template(GD, dims=dims).to(dtype), dtype)
    assert found.dtype == dtype
    error = (found.double() - exact).abs().max() / exact.abs().max()
    assert 0 < error < 30 * ROUNDOFF[dtype]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("dims", [None, {"n": 3}])
def test_tables_and_gates_run_in_lower_precision(
    dims: Mapping[str, int] | None, dtype: torch.dtype
) -> None:
    template = templates.logistic_table()
    z = torch.linspace(-2, 2, 15, dtype=torch.float64).reshape(1, 5, 3)
    groups = torch.tensor([0, 0, 0, 1, 1])
    tokens = torch.cat([z, (groups == 0).double().view(1, 5, 1)], -1)
    more = () if dims else ({"n": 3},)
    exact = module_from_template(template, dims=dims)(tokens, groups, *more)["t"]
    module = module_from_template(template, dims=dims).to(dtype)
    found = module(tokens.to(dtype), groups, *more)["t"]
    assert found.dtype == dtype
    assert (found.double() - exact).abs().max() < 30 * ROUNDOFF[dtype] * exact.abs().max()


Recorded = dict[str, tuple[tuple[object, ...], object]]


def recorded(module: Transformer) -> Recorded:
    """The inputs and the output of every layer, attention, head and MLP in one call, by name."""
    calls: Recorded = {}

    def hook(name: str) -> Callable[..., None]:
        def keep(_: nn.Module, given: tuple[object, ...], output: object) -> None:
            assert name not in calls
            calls[name] = given, output

        return keep

    for name, part in module.layers.named_modules(prefix="layers"):
        if name != "layers" and not name.endswith((".q", ".k", ".v", ".o", "up", "down", "gate")):
            part.register_forward_hook(hook(name))
    called(module)
    return calls


def stacked(stream: object) -> torch.Tensor:
    """A stream of GD as batch × tokens × rows: x (3), then r (2); 6 tokens, then 2."""
    if isinstance(stream, torch.Tensor):
        return stream
    assert isinstance(stream, dict)
    whole = torch.zeros(1, 8, 5, dtype=torch.float64)
    for (block, group), piece in stream.items():
        tokens, rows = (slice(0, 6), slice(6, 8))[group], (slice(0, 3), slice(3, 5))[block]
        whole[:, tokens, rows] = piece
    return whole


def with_two_heads_and_an_mlp() -> Template:
    """GD, each layer with its head twice and an MLP that adds half of r."""
    (loop,) = GD.body
    assert isinstance(loop, Repeat)
    (layer,) = loop.body
    assert isinstance(layer, Layer)
    hidden = (Hidden("k", (("r", "1/2"),)), Hidden("k", (("r", "-1/2"),)))
    mlp = Mlp(hidden, (("r", 0, "1"), ("r", 1, "-1")))
    return replace(GD, body=(replace(loop, body=(Layer(layer.heads * 2, mlp),)),))


def test_hooks_fire_under_stable_names_and_their_outputs_add_up() -> None:
    """Layer: the stream after it; attention, head, MLP: what they add to the stream."""
    template = with_two_heads_and_an_mlp()
    parts = ("", ".attention", ".attention.0", ".attention.1", ".mlp")
    after = []
    for dims in SHAPES:
        calls = recorded(module_from_template(template, dims=dims))
        assert sorted(calls) == sorted(f"layers.{i}{part}" for i in range(3) for part in parts)
        for number in range(3):
            given = {part: stacked(calls[f"layers.{number}{part}"][0][0]) for part in parts}
            output = {part: stacked(calls[f"layers.{number}{part}"][1]) for part in parts}
            heads = output[".attention.0"] + output[".attention.1"]
            torch.testing.assert_close(output[".attention"], heads)
            torch.testing.assert_close(given[".mlp"], given[""] + heads)
            torch.testing.assert_close(output[""], given[".mlp"] + output[".mlp"])
            torch.testing.assert_close(output[".mlp"][..., 3:], given[".mlp"][..., 3:] / 2)
            assert heads.abs().max() > 0
            after.append(output[""])
    for left, right in zip(after[:3], after[3:], strict=True):
        torch.testing.assert_close(left, right, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dims", SHAPES)
def test_a_hook_that_returns_something_replaces_it(dims: Mapping[str, int] | None) -> None:
    """A head whose output a hook removes is a head of zeros."""
    hooked, zeroed = (module_from_template(GD, dims=dims) for _ in range(2))
    head = hooked.get_submodule("layers.1.attention.0")
    handle = head.register_forward_hook(
        lambda _, given, output: {} if dims is None else torch.zeros_like(output)
    )
    with torch.no_grad():
        zeroed.get_parameter("layers.1.attention.0.o.weight").zero_()
    assert torch.equal(called(hooked), called(zeroed))
    handle.remove()
    assert torch.equal(called(hooked), called(module_from_template(GD, dims=dims)))


def test_gradients_reach_every_parameter_and_the_data() -> None:
    for module in both():
        tokens, groups, *more = features(module, regression())
        assert isinstance(tokens, torch.Tensor)
        (value,) = module(tokens.requires_grad_(), groups, *more).values()
        value.square().sum().backward()
        assert tokens.grad is not None
        assert all(parameter.grad is not None for parameter in module.parameters())


def test_functional_transforms_pass_through() -> None:
    """vmap over problems is the batch; jacrev over the data is what a small step changes."""
    for module in both():
        tokens, groups, *more = features(module, regression(batch=(3,)))
        assert isinstance(tokens, torch.Tensor)

        def one(
            problem: torch.Tensor,
            call: Transformer = module,
            rest: tuple[object, ...] = (groups, *more),
        ) -> torch.Tensor:
            (value,) = call(problem.unsqueeze(0), *rest).values()
            assert isinstance(value, torch.Tensor)
            return value[0]

        (whole,) = module(tokens, groups, *more).values()
        torch.testing.assert_close(torch.vmap(one)(tokens), whole, rtol=1e-12, atol=1e-12)
        jacobian = torch.func.jacrev(one)(tokens[0])
        step = 1e-6 * torch.randn_like(tokens[0])
        moved = (one(tokens[0] + step) - one(tokens[0] - step)) / 2
        torch.testing.assert_close(torch.tensordot(jacobian, step, 2), moved, rtol=1e-6, atol=1e-12)


def test_the_dense_module_compiles_to_one_graph() -> None:
    module = module_from_template(templates.newton_inverse(), dims={"d": 3})
    tokens = torch.cat([torch.eye(3).expand(2, 3, 3), torch.eye(3).expand(2, 3, 3)], -1).double()
    groups = torch.zeros(3, dtype=torch.int64)
    compiled = torch.compile(module, backend="eager", fullgraph=True)
    with torch.no_grad():
        assert torch.equal(compiled(tokens, groups)["X"], module(tokens, groups)["X"])


def test_an_edited_state_dict_is_another_network() -> None:
    module = build(GD, structured_weights(GD))
    state = module.state_dict()
    state["layers.0.attention.0.o.weight"] = 2 * state["layers.0.attention.0.o.weight"]
    other = blank(GD, None)
    other.load_state_dict(state)
    inputs = regression()
    assert not np.allclose(prediction(other, inputs), prediction(module, inputs))
