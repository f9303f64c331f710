"""``network.module(trainable=…)``: what is a parameter, its gradients, and what stays as it is."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from weightsmith import api
from weightsmith.backends.errors import InstantiationError, LayoutError, WeightsError
from weightsmith.backends.torch import arguments
from weightsmith.backends.torch.training.coefficients import CoefficientModule
from weightsmith.network import Network
from weightsmith.trainable import Full

EXAMPLES = Path(__file__).parents[3] / "examples"
SIZES = {"d": 3, "k": 1}


@pytest.fixture(scope="module")
def descent() -> Network:
    settings = {"mu": "1/10", "L": 4, "eta": "1/10", "steps": 3}
    return api.compile(EXAMPLES / "gradient_descent.alg", settings=settings)


@pytest.fixture(scope="module")
def ball() -> Network:
    settings = {"mu": "1/10", "L": 4, "eta": "1/4", "beta": 0, "steps": 4}
    return api.compile(EXAMPLES / "heavy_ball.alg", settings=settings)


def problem(batch: tuple[int, ...] = ()) -> dict[str, dict[str, Tensor]]:
    random = torch.Generator().manual_seed(3)
    x = torch.randn(*batch, 3, 9, generator=random, dtype=torch.float64) / 3
    y = torch.randn(*batch, 1, 9, generator=random, dtype=torch.float64)
    return {"x": {"context": x, "query": x[..., :2]}, "y": {"context": y}}


def squared(value: object) -> Tensor:
    assert isinstance(value, Tensor)
    return value.square().sum()


def at(model: CoefficientModule, name: str) -> nn.Parameter:
    return model.get_parameter(f"coefficients.{name}")


def test_the_numbers_of_the_script_are_the_parameters(ball: Network) -> None:
    model = ball.module(trainable="coefficients")
    named = {name: value.item() for name, value in model.named_parameters()}
    assert named == {"coefficients.beta": 0.0, "coefficients.eta": 0.25}
    assert all(parameter.ndim == 0 for parameter in model.parameters())
    assert [*model.buffers()] == []
    torch.testing.assert_close(model(**problem()), ball(**problem()), rtol=1e-13, atol=1e-13)


def test_a_state_is_saved_and_loaded_strictly(ball: Network) -> None:
    model, other = (ball.module(trainable="coefficients") for _ in range(2))
    with torch.no_grad():
        at(model, "beta").fill_(0.125)
    data = safetensors.torch.save(model.state_dict())
    other.load_state_dict(safetensors.torch.load(data), strict=True)
    assert torch.equal(squared(other(**problem())), squared(model(**problem())))
    with pytest.raises(RuntimeError, match=r"Unexpected key.*embed\.weight"):
        other.load_state_dict(ball.module().state_dict())


def test_gradients_are_those_of_finite_differences(ball: Network) -> None:
    """Of a number that is zero at the start, too."""
    model, inputs = ball.module(trainable="coefficients"), problem()

    def value(eta: Tensor, beta: Tensor) -> Tensor:
        state = {"coefficients.eta": eta, "coefficients.beta": beta}
        found = torch.func.functional_call(model, state, (), inputs)
        assert isinstance(found, Tensor)
        return found

    numbers = tuple(torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.25, 0.0))
    assert torch.autograd.gradcheck(value, numbers)
    jacobians = torch.autograd.functional.jacobian(value, numbers)
    assert all(jacobian.abs().max() > 1e-3 for jacobian in jacobians)


def test_the_weights_are_functions_of_the_numbers(ball: Network) -> None:
    model, module = ball.module(trainable="coefficients"), ball.module()
    weights = model.weights()
    assert {n: w.shape for n, w in weights.items()} == {
        n: w.shape for n, w in module.state_dict().items()
    }
    assert all(torch.equal(weights[name], tensor) for name, tensor in module.state_dict().items())
    arrays = {n: {g: t.numpy() for g, t in groups.items()} for n, groups in problem().items()}
    given = arguments(module, ball.template, arrays)
    found = torch.func.functional_call(module, weights, given)["output"]
    (slow,) = torch.autograd.grad(squared(found), [at(model, "beta")])
    (fast,) = torch.autograd.grad(squared(model(**problem())), [at(model, "beta")])
    torch.testing.assert_close(fast, slow, rtol=1e-11, atol=0)
    assert slow.abs() > 1e-3


def test_one_step_of_an_optimiser_lowers_the_loss(descent: Network) -> None:
    model, inputs = descent.module(trainable="coefficients"), problem((8,))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    wanted = inputs["y"]["context"][..., :2]
    losses = []
    for _ in range(2):
        optimizer.zero_grad()
        loss = (model(**inputs) - wanted).square().mean()  # type: ignore[operator]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[1] < losses[0]


def pickled(model: CoefficientModule) -> CoefficientModule:
    found = pickle.loads(pickle.dumps(model))
    assert isinstance(found, CoefficientModule)
    return found


def stored(model: CoefficientModule) -> CoefficientModule:
    file = io.BytesIO()
    torch.save(model, file)
    found = torch.load(io.BytesIO(file.getvalue()), weights_only=False)
    assert isinstance(found, CoefficientModule)
    return found


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled, stored])
def test_a_copy_has_numbers_of_its_own(
    descent: Network, copied: Callable[[CoefficientModule], CoefficientModule]
) -> None:
    model, inputs = descent.module(trainable="coefficients"), problem()
    before = squared(model(**inputs))
    other = copied(model)
    with torch.no_grad():
        at(other, "eta").fill_(0.3)
    assert torch.equal(squared(model(**inputs)), before)
    assert not torch.equal(squared(other(**inputs)), before)


def test_transforms_and_dtypes_pass_through(descent: Network) -> None:
    model, inputs = descent.module(trainable="coefficients"), problem()

    def value(eta: Tensor) -> Tensor:
        found = torch.func.functional_call(model, {"coefficients.eta": eta}, (), inputs)
        assert isinstance(found, Tensor)
        return found

    several = torch.tensor([0.1, 0.2], dtype=torch.float64)
    found = torch.vmap(value)(several)
    torch.testing.assert_close(found[1], value(several[1]))
    low = {n: {g: t.float() for g, t in groups.items()} for n, groups in inputs.items()}
    half = descent.module("float32", trainable="coefficients")
    assert half(**low).dtype == at(half, "eta").dtype == torch.float32  # type: ignore[union-attr]
    assert model(**low).dtype == torch.float32  # type: ignore[union-attr]


def test_a_module_of_numbers_compiles_to_one_graph(descent: Network) -> None:
    model, inputs = descent.module(trainable="coefficients"), problem()
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(**inputs), model(**inputs))
    (found,) = torch.autograd.grad(squared(compiled(**inputs)), [at(model, "eta")])
    (wanted,) = torch.autograd.grad(squared(model(**inputs)), [at(model, "eta")])
    torch.testing.assert_close(found, wanted)


def test_the_numbers_of_passes_are_parameters_by_name() -> None:
    script = """algorithm f(A: symmetric[d, d])
param a = 1/4, b = 1/8, steps = 2
X = a*I
for eta in a, b, 3/16:
    X = X + eta*(I - A*X)
repeat steps:
    X = 2*X - X*A*X
return X
"""
    network = api.compile(script)
    model = network.module(trainable="coefficients")
    assert [name for name, _ in model.named_parameters()] == ["coefficients.a", "coefficients.b"]
    A = torch.eye(2, dtype=torch.float64) + 0.25
    torch.testing.assert_close(model(A), network(A), rtol=1e-14, atol=0)


def test_a_name_may_be_one_of_a_module() -> None:
    script = "algorithm f(A: [d, d])\nparam training = 1/2, T = 1/4\nreturn training*A + T*A*A\n"
    network = api.compile(script)
    model = network.module(trainable="coefficients")
    A = torch.eye(2, dtype=torch.float64)
    torch.testing.assert_close(model(A), network(A))
    assert sorted(model.state_dict()) == ["coefficients.T", "coefficients.training"]
    assert model.training


def test_only_the_blocks_that_the_script_uses_are_trained(ball: Network) -> None:
    """Zero blocks stay zero, whatever moves them; others are no multiples of an identity."""
    model = ball.module(trainable="blocks", dims=SIZES)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert all(torch.equal(before[n], t) for n, t in ball.module(dims=SIZES).state_dict().items())
    arrays = {n: {g: t.numpy() for g, t in groups.items()} for n, groups in problem().items()}
    given = arguments(model, ball.template, arrays)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = squared(model(*given)["output"][:, 9:])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses == sorted(losses, reverse=True)
    weight = model.state_dict()["layers.0.attention.0.k.weight"]
    x, rest = weight[:, :3], weight[:, 3:]
    assert not torch.equal(x, before["layers.0.attention.0.k.weight"][:, :3])
    assert (x - torch.diag(x.diagonal())).abs().max() > 0
    assert rest.abs().max() == 0
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.125)  # as an optimiser may that mixes entries
    value = model(*given)["output"]
    assert model.state_dict()["layers.0.attention.0.k.weight"][:, 3:].abs().max() == 0
    assert torch.equal(model(*given)["output"], value)
    assert torch.equal(copy.deepcopy(model)(*given)["output"], value)


def test_gradients_of_blocks_are_those_of_finite_differences(descent: Network) -> None:
    model = descent.module(trainable="blocks", dims=SIZES)
    arrays = {n: {g: t.numpy() for g, t in groups.items()} for n, groups in problem().items()}
    given = arguments(model, descent.template, arrays)
    name = "layers.1.attention.0.v.weight"

    def value(weight: Tensor) -> Tensor:
        found = torch.func.functional_call(model, {name: weight}, given)["output"]
        assert isinstance(found, Tensor)
        return found

    weight = model.get_parameter(name).detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(value, (weight,))


def test_every_entry_is_trained_where_all_is_dense(descent: Network) -> None:
    model = descent.module(trainable="dense", dims=SIZES)
    arrays = {n: {g: t.numpy() for g, t in groups.items()} for n, groups in problem().items()}
    squared(model(*arguments(model, descent.template, arrays))["output"]).backward()
    gradient = model.get_parameter("layers.1.attention.0.k.weight").grad
    assert gradient is not None
    assert bool((gradient != 0).all())


@pytest.mark.parametrize("trainable", get_args(Full))
def test_full_matrices_need_sizes(descent: Network, trainable: Full) -> None:
    with pytest.raises(InstantiationError, match=f"trainable='{trainable}'.*say their sizes"):
        descent.module(trainable=trainable)


def test_what_cannot_be_trained_says_so(descent: Network) -> None:
    with pytest.raises(InstantiationError, match="leave dims out"):
        descent.module(trainable="coefficients", dims=SIZES)
    with pytest.raises(InstantiationError, match="expected trainable out of 'coefficients'"):
        descent.module(trainable="all")  # type: ignore[call-overload]
    fixed = api.compile(
        "algorithm f(A: [d, d])\nparam steps = 2\nX = A\nrepeat steps:\n    X = X*A\nreturn X\n"
    )
    with pytest.raises(InstantiationError, match="no parameter of the script stands in"):
        fixed.module(trainable="coefficients")
    open_network = api.compile(EXAMPLES / "gradient_descent.alg")
    with pytest.raises(InstantiationError, match="'eta' has no value"):
        open_network.module("float64", trainable="coefficients")
    model = descent.module(trainable="coefficients")
    with pytest.raises(LayoutError, match=r"got 'steps'.*passes that were compiled"):
        model(**problem(), steps=2)  # type: ignore[arg-type]
    state = descent.module().state_dict()
    state["embed.weight"] = 2 * state["embed.weight"]
    edited = descent.with_weights(state)
    with pytest.raises(WeightsError, match="its parameters do not give them"):
        edited.module(trainable="coefficients")


def test_numpy_is_no_tensor(descent: Network) -> None:
    model = descent.module(trainable="coefficients")
    with pytest.raises(LayoutError, match="tensor"):
        model(x=np.eye(3), y=np.eye(3))  # type: ignore[arg-type]
