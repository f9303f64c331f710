"""Networks of ``for`` loops: one layer template, the numbers of each pass in the weights."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

import weightsmith.api as ws

from .forging import rewritten

SCRIPT = """algorithm cheb(A: symmetric[d, d])
assume spectrum(A) in [1, 10]
param a = 2/11
X = a*I
E = I - a*A
for g in 1.5, 2*a, 1:
    X, E = X + g*X*E*(I + E), E + g*E*(E*E - I)
return X
"""


def test_one_layer_a_pass_and_its_numbers_in_the_weights() -> None:
    network = ws.compile(SCRIPT)
    assert network.report.layers == 3
    template = json.loads(network.files()["template.json"])
    (loop,) = [item for item in template["body"] if "repeat" in item]
    assert loop["with"] == {"g": ["3/2", "2*a", "1"]}
    a = np.array([[4.0, 1.0], [1.0, 3.0]])
    x, e = 2 / 11 * np.eye(2), np.eye(2) - 2 / 11 * a
    for g in (1.5, 4 / 11, 1):
        x, e = x + g * x @ e @ (np.eye(2) + e), e + g * e @ (e @ e - np.eye(2))
    assert np.allclose(network.run({"A": a})["X"], x, rtol=1e-13)
    assert all(verdict.accepted for verdict in network.verify().verdicts)


@pytest.mark.parametrize("number", ["3/2", "2*a + 1/1000", "0"])
def test_another_number_is_refused(number: str) -> None:
    files = ws.compile(SCRIPT).files()
    template = json.loads(files["template.json"])
    (loop,) = [item for item in template["body"] if "repeat" in item]
    loop["with"]["g"][1] = number
    assert not ws.verify(rewritten(files, "template.json", template)).accepted


def test_an_invariant_that_names_a_number_is_refused() -> None:
    """B starts at 0 = g*0 and becomes g*X: true in each pass, but g is another in the next."""
    script = SCRIPT.replace("X = a*I", "B = 0\nX = a*I").replace("return X", "return X, B")
    script = script.replace("X, E = X", "X, E, B = X").replace("(E*E - I)", "(E*E - I), g*X")
    files = ws.compile(script).files()
    certificate = json.loads(files["certificate.json"])
    (step,) = certificate["facts"][0]["with"]["loops"]
    block = next(name for name, held in step["invariant"].items() if "B#0" in json.dumps(held))
    step["invariant"][block] = {"d": [["g", ["X#0"]]]}
    verdicts = ws.verify(rewritten(files, "certificate.json", certificate)).verdicts
    assert "names a number of the passes" in " ".join(str(v.reason) for v in verdicts)


def test_a_number_outside_of_its_loop_is_refused() -> None:
    files = ws.compile(SCRIPT).files()
    template = json.loads(files["template.json"])
    template["read_in"]["X"][0][1] = "g"
    verdicts = ws.verify(rewritten(files, "template.json", template)).verdicts
    assert "outside of its loop" in " ".join(str(v.reason) for v in verdicts)


def test_with_tables_each_pass_is_a_block_of_its_own() -> None:
    script = """algorithm f(x: [d] per context, y: [1] per context)
assume norm(x) <= 1
assume entries(y) in [0, 1]
assume size(context) <= 4
w = 0
for eta in 1/10, 1/20:
    w = w - eta*(sigmoid(w*x) - y)*x' over context
return w
"""
    network = ws.compile(script)
    body = json.loads(network.files()["template.json"])["body"]
    assert [item.get("repeat") for item in body] == ["1", "1"]
    tables = [line for line in network.show().splitlines() if line.startswith("# table")]
    intervals = [line.partition(" on [")[2].partition("]")[0] for line in tables]
    assert len(set(intervals)) == 2  # w is 0 in the first pass
    assert all(verdict.accepted for verdict in network.verify().verdicts)


def test_symbols_that_have_no_value_yet() -> None:
    network = ws.compile(SCRIPT.replace("a = 2/11", "a"))
    assert network.report.layers == 3
    assert all(verdict.accepted for verdict in network.verify().verdicts)
    bound = ws.compile(SCRIPT.replace("a = 2/11", "a"), settings={"a": Fraction(1, 9)})
    assert bound.run({"A": np.eye(2)})["X"].shape == (2, 2)
