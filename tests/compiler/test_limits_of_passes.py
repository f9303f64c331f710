"""Limits of ``soft`` and ``clip`` that change from pass to pass, and tables in ``for`` loops."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest
import torch

import weightsmith.api as ws
from weightsmith.backends.reference import run_files
from weightsmith.backends.template.layout import Inputs
from weightsmith.dsl import DiagnosticError
from weightsmith.dsl.running.bindings import BindingError

from .forging import rewritten

LISTA = """algorithm lista(x: [d] per token, y: [1] per context)
param lam = 1/10
w = 0
for eta, tau in (1/10, 1/20), (1/8, lam/10), (1/5, 1/100), (1/4, 0):
    w = soft(w - eta*(w*x - y)*x', tau)  over context
return w, w*x on query
"""
NESTED = """algorithm nested(x: [d] per token, y: [1] per context)
param lam = 1/10, e = 1/9
w = 0
v = 0
for eta, tau in (1/10, 1/20), (1/8, lam/10), (1/5, 1/100):
    w = soft(w - eta*(w*x - y)*x', tau)  over context
    for low in -tau, eta*e:
        v = clip(v + eta*w, low, 1) + relu(w - tau*ones) - max(w, low)
return w, v, w*x on query
"""
TURBO = """# Newton-Schulz, each pass with coefficients of its own; the matrix is scaled first.
algorithm turbo(x: [m, n])
assume norm(x) <= 1
assume size(m) <= 4
assume size(n) <= 3
X = rsqrt(dot(x, x) + 1/10*ones)*x
for a, b, c in (4, -6, 3), (7/2, -5, 2), (2, -3/2, 1/2):
    A = X*X'
    X = clip(a*X + (b*A + c*A*A)*X, -c, c)
return X
"""
SCRIPTS = {"lista": LISTA, "nested": NESTED, "turbo": TURBO}


def inputs_of(name: str) -> Inputs:
    random = np.random.default_rng(1)
    x = random.normal(size=(4, 3))
    if name == "turbo":
        return {"x": x / np.linalg.norm(x, 2)}
    tokens = {"context": x, "query": random.normal(size=(4, 2))}
    return {"x": tokens, "y": {"context": random.normal(size=(1, 3))}}


def flat(values: Mapping[str, object]) -> list[np.ndarray]:
    pieces: list[object] = []
    for value in values.values():
        pieces += value.values() if isinstance(value, Mapping) else [value]
    return [np.asarray(piece) for piece in pieces]


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_way_to_run_it_is_the_script(name: str) -> None:
    network, inputs = ws.compile(SCRIPTS[name]), inputs_of(name)
    files = network.files()
    wanted = flat(network.interpret(inputs, tables=True))
    used = network.used(inputs)
    found = {
        "reference": flat(run_files(files["template.json"], files["model.safetensors"], used)),
        "plan": flat(network.run(inputs, execution="plan")),
        "gram": flat(network.run(inputs, execution="gram")),
        "faithful": flat(network.run(inputs, execution="faithful")),
    }
    for way, values in found.items():
        for one, value in zip(values, wanted, strict=True):
            assert np.abs(one - value).max() <= 1e-12 * max(1, np.abs(value).max()), way
    assert all(verdict.accepted for verdict in network.verify().verdicts)


def test_the_loop_stays_a_loop_and_its_biases_are_those_of_the_pass() -> None:
    network = ws.compile(LISTA)
    (loop,) = [one for one in json.loads(network.files()["template.json"])["body"] if "with" in one]
    assert loop["with"]["tau"] == ["1/20", "(1/10)*lam", "1/100", "0"]
    hidden = loop["body"][0]["mlp"]["hidden"]
    assert {one["bias"] for one in hidden} == {"-tau", "0"}
    steady = ws.compile(LISTA.replace("(1/8, lam/10), (1/5, 1/100), (1/4, 0)", "(1/10, 1/20)"))
    assert network.report.layers - steady.report.layers == 2  # a pass is a layer


def test_lam_is_trained_where_only_a_limit_names_it() -> None:
    """As ``lam`` enters, so do gradients, by the layer of the second pass alone."""
    network, inputs = ws.compile(LISTA), inputs_of("lista")
    module = network.module(trainable="coefficients")
    parameters = dict(module.named_parameters())
    assert [name.rpartition(".")[2] for name in parameters] == ["lam"]
    tensors = {n: {g: torch.tensor(v) for g, v in one.items()} for n, one in inputs.items()}  # type: ignore[union-attr]
    (lam,) = parameters.values()

    def value() -> torch.Tensor:
        found = module(**tensors)
        return found["w"].sum()

    value().backward()
    with torch.no_grad():
        lam += 1e-6
        above = value()
        lam -= 2e-6
        slope = (above - value()) / 2e-6
    assert lam.grad is not None
    assert abs(slope) > 1e-3
    assert abs(lam.grad - slope) <= 1e-6


@pytest.mark.parametrize(
    ("place", "number"), [(0, "1/19"), (1, "lam/9"), (3, "1/1000"), (2, "eta")]
)
def test_another_limit_in_one_pass_is_refused(place: int, number: str) -> None:
    files = ws.compile(LISTA).files()
    template = json.loads(files["template.json"])
    (loop,) = [one for one in template["body"] if "with" in one]
    loop["with"]["tau"][place] = number
    assert not ws.verify(rewritten(files, "template.json", template)).accepted


@pytest.mark.parametrize("bias", ["-eta", "-1/20", "-tau + 1/1000", "tau"])
def test_another_bias_is_refused(bias: str) -> None:
    files = ws.compile(LISTA).files()
    template = json.loads(files["template.json"])
    (loop,) = [one for one in template["body"] if "with" in one]
    hidden = loop["body"][0]["mlp"]["hidden"]
    next(one for one in hidden if one["bias"] == "-tau")["bias"] = bias
    assert not ws.verify(rewritten(files, "template.json", template)).accepted


def test_the_table_of_another_pass_is_refused() -> None:
    """With tables each pass is a block of its own: two of them change places."""
    files = ws.compile(TURBO).files()
    template = json.loads(files["template.json"])
    places = [i for i, one in enumerate(template["body"]) if "repeat" in one]
    assert [template["body"][i]["repeat"] for i in places] == ["1", "1", "1"]
    body = template["body"]
    body[places[0]], body[places[1]] = body[places[1]], body[places[0]]
    assert not ws.verify(rewritten(files, "template.json", template)).accepted


@pytest.mark.parametrize("threshold", ["lam - 1/5", "-lam"])
def test_a_threshold_below_zero_in_one_pass_is_refused(threshold: str) -> None:
    script = LISTA.replace("lam/10", threshold)
    with pytest.raises(BindingError, match="threshold of soft is never below 0, got -1/10"):
        ws.compile(script)
    open_one = ws.compile(script.replace("lam = 1/10", "lam"))
    assert all(verdict.accepted for verdict in open_one.verify().verdicts)


def test_passes_that_would_be_too_many_to_write_out_are_refused() -> None:
    numbers = ", ".join("1/2" for _ in range(1500))
    script = f"""algorithm long(A: [d, d])
assume norm(A) <= 1
X = A
for g in {numbers}:
    Y = X*g
    X = tanh(Y)
return X
"""
    with pytest.raises(DiagnosticError, match=r"come to 4501 statements, more than 3000"):
        ws.compile(script)


HELD = """algorithm held(A: [d, d])
X = 0*A
B = 0*A
D = 0*A
for g in 1, 1/2:
    X, B, D = X + A, relu({number}*(X + A)), D + relu({number}*X)
return X, B, D
"""


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("g", "Loop 0: the invariant of 'B' names a number of the passes"),
        ("2", "At the read-out for 'B'"),  # the loop holds, but what is returned is not B
    ],
)
def test_an_invariant_whose_function_names_a_number_is_refused(number: str, reason: str) -> None:
    """B is relu(g*X) at the end of a pass, but g is another in the next; relu(2*X) it stays."""
    script = HELD.format(number=number).replace("X + A,", "X + g*A/g,")
    files = ws.compile(script).files()
    certificate = json.loads(files["certificate.json"])
    (step,) = certificate["facts"][0]["with"]["loops"]
    step["invariant"]["B"] = {"d": [["1", ["relu[2]"]]]}
    report = ws.verify(rewritten(files, "certificate.json", certificate))
    assert not report.accepted
    assert reason in " ".join(str(one.reason) for one in report.verdicts)
