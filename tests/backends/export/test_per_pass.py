"""Every format of a network with a matrix for every pass, against the script in float64."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

import weightsmith.api as ws
from weightsmith.backends.reference import run_files
from weightsmith.backends.torch import arguments

from .exported import assert_close, flat
from .tensor_reader import compute, read

SCRIPT = """algorithm mixed(x: [d] per token, y: [1] per context, U: fixed[k, d] per pass,
                V: fixed[d, k] per pass, P: fixed[d, d], Q: fixed[d, d])
param tau = 1/10
w = 0
for c in 1/2, 1/3:
    w = w - c*(w*x - y)*x'*V*U  over context
for S, c in (P, 1), (Q, tau), (P, 1/8):
    repeat 2:
        w = soft(w - c*(w*x - y)*x'*S, c/10)  over context
return w, w*x on query
"""  # k is not d, two loops have matrices of their own, a loop stands within one of them
RANDOM = np.random.default_rng(11)
K, D = 2, 3
MATRICES = {
    "U": RANDOM.normal(size=(2, K, D)),
    "V": RANDOM.normal(size=(2, D, K)),
    "P": RANDOM.normal(size=(D, D)) / 4,
    "Q": RANDOM.normal(size=(D, D)) / 4,
}
INPUTS: dict[str, object] = {
    "x": {"context": RANDOM.normal(size=(D, 5)) / 2, "query": RANDOM.normal(size=(D, 4))},
    "y": {"context": RANDOM.normal(size=(1, 5))},
}
Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def network() -> ws.Network:
    return ws.compile(SCRIPT, matrices=MATRICES)


@pytest.fixture(scope="module")
def wanted(network: ws.Network) -> Arrays:
    found = flat(network.interpret(INPUTS))
    assert all(np.abs(value).max() > 1e-3 for value in found.values())
    return found


def test_another_matrix_in_one_pass_is_another_answer(wanted: Arrays) -> None:
    """So that the tests below could fail: each of the matrices matters in its place."""
    for name, stack in MATRICES.items():
        moved = {**MATRICES, name: stack[::-1]}
        found = flat(ws.compile(SCRIPT, matrices=moved).interpret(INPUTS))
        assert np.abs(found["w"] - wanted["w"]).max() > 1e-3


def in_order(path: Path) -> list[np.ndarray]:
    """The inputs in the order of the function that a file has."""
    text = path.read_text()
    known = flat(INPUTS)
    head = text[text.index("def mixed(") :]
    order = sorted(known, key=head.index)
    return [known[name] for name in order]


@pytest.mark.parametrize("numpy", [False, True])
def test_python(network: ws.Network, wanted: Arrays, numpy: bool, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    network.export(path, numpy=numpy)
    spec = importlib.util.spec_from_file_location("net", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    arrays = in_order(path)
    given = arrays if numpy else [torch.from_numpy(one) for one in arrays]
    found = dict(zip(wanted, map(np.asarray, module.mixed(*given)), strict=True))
    assert_close(found, wanted, 1e-12)


def test_onnx(network: ws.Network, wanted: Arrays, tmp_path: Path) -> None:
    network.export(tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    known = flat(INPUTS)
    names = [one.name for one in session.get_outputs()]
    found = session.run(names, {one.name: known[one.name][None] for one in session.get_inputs()})
    assert_close({n: one[0] for n, one in zip(names, found, strict=True)}, wanted, 1e-12)


def test_pt2(network: ws.Network, wanted: Arrays, tmp_path: Path) -> None:
    network.export(tmp_path / "net.pt2")
    program = torch.export.load(tmp_path / "net.pt2")
    order = [one.arg.name for one in program.graph_signature.input_specs if one.persistent is None]
    known = {name.lower(): array for name, array in flat(INPUTS).items()}
    given = [torch.from_numpy(known[name][None]) for name in order if name in known]
    found = [one.numpy()[0] for one in program.module()(*given)]
    assert_close(dict(zip(wanted, found, strict=True)), wanted, 1e-12)


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_full_matrices(suffix: str, tmp_path: Path) -> None:
    """A matrix is part of queries and values there, and NumPy alone computes with them."""
    script = SCRIPT.replace("soft(w - c*(w*x - y)*x'*S, c/10)", "w - c*(w*x - y)*x'*S")
    network = ws.compile(script, matrices=MATRICES)
    path = tmp_path / f"net.{suffix}"
    network.export(path, dims={"d": D, "k": K})
    tensors, metadata = read(path)
    assert not any(name.startswith("matrices.") for name in tensors)
    wanted = flat(network.interpret(INPUTS))
    assert_close(compute(tensors, metadata, flat(INPUTS)), wanted, 1e-12)


def test_tensors(network: ws.Network, wanted: Arrays, tmp_path: Path) -> None:
    """Structured: every matrix is a tensor of its own, and the transformer is the script."""
    for name in ("net.npz", "net.safetensors"):
        network.export(tmp_path / name)
    (first, _), (second, _) = (read(tmp_path / one) for one in ("net.npz", "net.safetensors"))
    assert {"matrices.U2.weight", "matrices.P.weight"} <= first.keys()
    assert np.array_equal(first["matrices.U2.weight"], MATRICES["U"][1])
    assert all(np.array_equal(first[name], second[name]) for name in second)
    files = network.files()
    found = flat(run_files(files["template.json"], files["model.safetensors"], INPUTS))
    assert_close(found, wanted, 1e-12)


@pytest.mark.parametrize("execution", ["plan", "gram", "faithful"])
def test_executions(network: ws.Network, wanted: Arrays, execution: ws.Execution) -> None:
    assert_close(flat(network.run(INPUTS, execution=execution)), wanted, 1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize("trainable", ["blocks", "dense"])
def test_modules_that_are_trained(network: ws.Network, wanted: Arrays, trainable: str) -> None:
    """At first they compute what the script does; every matrix moves by its own gradient."""
    module = network.module(trainable=trainable, dims={"d": D, "k": K})  # type: ignore[call-overload]
    data, groups = arguments(module, network.template, INPUTS)  # type: ignore[misc,arg-type]
    found = module(data, groups)
    places = {"w": ("w", "d"), "output2_query": ("output2", "query")}
    values = {
        name: found[of][0, groups == network.template.groups.index(group)].T
        for name, (of, group) in places.items()
    }
    assert_close({n: v.detach().numpy() for n, v in values.items()}, wanted, 1e-12)
    sum(value.square().sum() for value in values.values()).backward()
    moved = {name for name, one in module.named_parameters() if one.grad is not None}
    assert {f"layers.{layer}.attention.0.q.weight" for layer in (1, 2)} <= moved


def test_coefficients_are_trained_and_matrices_stay(network: ws.Network, wanted: Arrays) -> None:
    module = network.module(trainable="coefficients")
    assert [name for name, _ in module.named_parameters()] == ["coefficients.tau"]
    tensors = {
        name: {group: torch.from_numpy(one) for group, one in value.items()}  # type: ignore[attr-defined]
        for name, value in INPUTS.items()
    }
    found = module(**tensors)
    values = {"w": found["w"], "output2_query": found["output2"]["query"]}
    assert_close({n: v.detach().numpy() for n, v in values.items()}, wanted, 1e-12)
