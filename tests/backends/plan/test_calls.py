"""A network as a function of tensors: what PyTorch does with functions, it does with this one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from weightsmith import api
from weightsmith.backends.errors import (
    InstantiationError,
    LayoutError,
    PlanError,
    WeightsError,
)
from weightsmith.backends.plan import build
from weightsmith.network import Network

EXAMPLES = Path(__file__).parents[3] / "examples"
ENDS = {"mu": "1/10", "L": 2}


@pytest.fixture(scope="module")
def newton() -> Network:
    return api.compile(EXAMPLES / "newton_inverse.alg", settings={**ENDS, "steps": 8})


@pytest.fixture(scope="module")
def descent() -> Network:
    return api.compile(EXAMPLES / "gradient_descent.alg", settings={**ENDS, "steps": 5})


@pytest.fixture(scope="module")
def ista() -> Network:
    settings = {"lam": "1/20", "eta": "1/2", "steps": 5}
    return api.compile(EXAMPLES / "lasso_ista.alg", settings=settings)


def matrix(d: int = 4, dtype: torch.dtype = torch.float64) -> Tensor:
    torch.manual_seed(d)
    basis = torch.linalg.qr(torch.randn(d, d, dtype=torch.float64))[0]
    return ((basis * torch.linspace(0.2, 1.8, d, dtype=torch.float64)) @ basis.T).to(dtype)


def tokens(seed: int = 0) -> tuple[dict[str, Tensor], Tensor]:
    torch.manual_seed(seed)
    x = {"context": torch.randn(3, 7).double() / 3, "query": torch.randn(3, 2).double()}
    return x, torch.randn(2, 7).double()


def test_a_tensor_in_and_a_tensor_out(newton: Network) -> None:
    A = matrix()
    torch.testing.assert_close(newton(A), torch.linalg.inv(A))
    torch.testing.assert_close(newton(A=A), newton(A))


def test_the_dtype_is_that_of_the_input(newton: Network) -> None:
    for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.float16):
        assert newton(matrix(dtype=dtype)).dtype == dtype  # type: ignore[union-attr]


def test_batch_dimensions_lead(newton: Network) -> None:
    batch = torch.stack([matrix(), matrix() / 2 + torch.eye(4) / 4]).expand(3, 2, 4, 4)
    found = newton(batch)
    assert isinstance(found, Tensor)
    assert found.shape == (3, 2, 4, 4)
    torch.testing.assert_close(found[2, 1], newton(batch[2, 1]))
    torch.testing.assert_close(newton(batch[0]), found[0])


def test_shapes_that_do_not_fit_are_named(descent: Network) -> None:
    x, y = tokens()
    with pytest.raises(LayoutError, match=r"for 'y' on context tokens, got the shape \(7,\)"):
        descent(x, y[0])
    with pytest.raises(LayoutError, match="'context' must have one size: it is 7 by"):
        descent(x, y[:, :5])
    with pytest.raises(LayoutError, match=r"tensor}, one token .* for 'y'\. An array .*as_tensor"):
        descent(x, y.numpy())  # type: ignore[arg-type]
    turned = {group: value.mT for group, value in x.items()}
    with pytest.raises(LayoutError, match=r"'d' must have one size.* Tokens are columns"):
        descent(turned, y)
    nothing = {"context": x["context"], "query": x["query"][:, :0]}
    assert descent(nothing, y).shape == (2, 0)  # type: ignore[union-attr]


def test_inputs_by_token(descent: Network) -> None:
    x, y = tokens()
    wanted = descent.run({"x": x, "y": y}, check="off")["output"]["query"]  # type: ignore[index]
    for found in (descent(x, y), descent(x=x, y={"context": y}), descent(x, y=y)):
        np.testing.assert_allclose(found, wanted, atol=1e-14)  # type: ignore[arg-type]


def test_several_values_come_by_name() -> None:
    network = api.compile("algorithm f(x: [d] per token, A: [d, d])\nB = A*A\nreturn B, A*x\n")
    x, _ = tokens()
    found = network(x, torch.eye(3).double())
    assert isinstance(found, dict)
    assert isinstance(found["B"], Tensor)
    named = {name: value for name, value in found.items() if isinstance(value, dict)}
    assert [sorted(value) for value in named.values()] == [["context", "query"]]


def test_the_count_of_a_loop_is_chosen_at_the_call(newton: Network) -> None:
    A = matrix()
    more = api.compile(EXAMPLES / "newton_inverse.alg", settings={**ENDS, "steps": 3})
    torch.testing.assert_close(newton(A, steps=3), more(A), rtol=0, atol=0)
    start = newton(A, steps=0)
    torch.testing.assert_close(start, torch.eye(4).double() * (2 / 2.1))


def test_gradients_are_those_of_the_script(newton: Network) -> None:
    A = matrix().requires_grad_()
    assert torch.autograd.gradcheck(newton, (A,), atol=1e-5)


def test_gradients_pass_functions_of_entries(ista: Network) -> None:
    x, _ = tokens()
    y = torch.randn(1, 7).double().requires_grad_()

    def prediction(y: Tensor) -> Tensor:
        found = ista(x, y)
        assert isinstance(found, dict)
        (value,) = (v for name, v in found.items() if name != "w")
        return value["query"] if isinstance(value, dict) else value

    assert torch.autograd.gradcheck(prediction, (y,), atol=1e-5)
    assert prediction(y).abs().max() > 0


def test_vmap_and_jacrev(newton: Network) -> None:
    batch = torch.stack([matrix(), matrix() / 2 + torch.eye(4) / 4])
    torch.testing.assert_close(torch.func.vmap(newton)(batch), newton(batch))
    slope = torch.func.jacrev(newton)(matrix())
    wanted = torch.autograd.functional.jacobian(newton, matrix())
    torch.testing.assert_close(slope, wanted)


def test_one_graph_before_any_other_call() -> None:
    torch.compiler.reset()
    newton = api.compile(EXAMPLES / "newton_inverse.alg", settings={**ENDS, "steps": 4})
    once = torch.compile(lambda A, k: newton(A, steps=k), fullgraph=True, backend="eager")
    for d in (4, 3, 5):
        torch.testing.assert_close(once(matrix(d), 3), newton(matrix(d), steps=3))
    descent = api.compile(EXAMPLES / "gradient_descent.alg", settings={**ENDS, "steps": 3})
    x, y = tokens()
    predict = torch.compile(lambda x, y: descent(x, y=y), fullgraph=True, backend="eager")
    torch.testing.assert_close(predict(x, y), descent(x, y))


def test_what_was_made_without_gradients_serves_with_them() -> None:
    network = api.compile(EXAMPLES / "newton_inverse.alg", settings={**ENDS, "steps": 2})
    with torch.inference_mode():
        network(matrix())
    A = matrix().requires_grad_()
    found = network(A)
    assert isinstance(found, Tensor)
    found.sum().backward()
    assert A.grad is not None


def test_a_call_changes_nothing_of_the_data(newton: Network) -> None:
    A = matrix()
    before = A.clone()
    newton(A)
    assert torch.equal(A, before)


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, "expected a tensor for 'A'"),
        ((1,), {}, "expected a tensor for 'A'"),
        ((torch.eye(2), torch.eye(2)), {}, "at most 1 inputs, 'A', got 2"),
        ((torch.eye(2),), {"A": torch.eye(2)}, "'A' is given twice"),
        ((torch.eye(2),), {"execution": "fast"}, "an execution out of 'plan', 'gram'"),
        ((torch.eye(2),), {"stepss": 2}, "neither an input nor the count of a loop"),
        ((torch.eye(2),), {"steps": -1}, "expected a whole number for 'steps', got -1"),
        ((torch.eye(2),), {"steps": True}, "expected a whole number for 'steps', got True"),
    ],
)
def test_a_wrong_call_is_a_sentence(
    newton: Network, args: tuple[object, ...], kwargs: dict[str, object], message: str
) -> None:
    with pytest.raises((LayoutError, InstantiationError), match=message):
        newton(*args, **kwargs)  # type: ignore[arg-type]


def test_a_missing_group_is_a_sentence(descent: Network) -> None:
    x, y = tokens()
    with pytest.raises(LayoutError, match="'context': tensor, 'query': tensor"):
        descent({"context": x["context"]}, y)


@pytest.mark.parametrize("execution", ["plan", "gram", "faithful"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_executions_are_equal(descent: Network, execution: str, dtype: str) -> None:
    x, y = tokens()
    inputs = {"x": x, "y": y}
    wanted = descent.interpret(inputs)["output"]["query"]  # type: ignore[index]
    found = descent.run(inputs, dtype, "off", execution=execution)["output"]["query"]  # type: ignore[index, arg-type]
    assert found.dtype == dtype
    tolerance = 1e-13 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(found, wanted, atol=tolerance)


def test_an_unknown_execution_is_a_sentence(newton: Network) -> None:
    with pytest.raises(InstantiationError, match="'plan', 'gram', 'faithful', got 'fast'"):
        newton.run({"A": np.eye(2)}, execution="fast")  # type: ignore[arg-type]


def test_full_matrices_are_run_as_they_are(tmp_path: Path) -> None:
    settings = {**ENDS, "steps": 4}
    network = api.compile(EXAMPLES / "newton_inverse.alg", settings=settings, dims={"d": 4})
    A = matrix().numpy()
    plain = api.compile(EXAMPLES / "newton_inverse.alg", settings=settings).run({"A": A})["X"]
    np.testing.assert_allclose(network.run({"A": A})["X"], plain, atol=1e-13)
    np.testing.assert_allclose(network.run({"A": A}, execution="plan")["X"], plain, atol=1e-13)
    network.save(tmp_path / "net")
    content = (tmp_path / "net" / "model.safetensors").read_bytes()
    (tmp_path / "net" / "model.safetensors").write_bytes(content[:-8] + b"\0" * 8)
    edited = api.load(tmp_path / "net")
    with pytest.raises(WeightsError, match="are run as they are, with execution='faithful'"):
        edited.run({"A": A}, check="off", execution="plan")


def test_a_network_too_long_for_a_plan_runs_layer_after_layer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nested loops are looked at several times a level."""
    monkeypatch.setattr(build, "MOST_LAYERS", 20)
    lines = [f"{'    ' * depth}repeat 3:" for depth in range(3)]
    body = "    " * 3 + "X = 1/4*X*A + 1/2*A"
    script = "\n".join(["algorithm f(A: [d, d])", "X = A", *lines, body, "return X", ""])
    network = api.compile(script)
    A = matrix(2).numpy()
    found = network.run({"A": A}, check="off")["X"]
    np.testing.assert_allclose(found, network.interpret({"A": A})["X"], rtol=1e-10)  # type: ignore[arg-type]
    for attempt in (
        lambda: network(torch.from_numpy(A)),
        lambda: network.run({"A": A}, execution="plan"),
    ):
        with pytest.raises(PlanError, match=r"more layers than a plan .* 'network.module\(\)'"):
            attempt()
