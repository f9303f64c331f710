"""Programs with ones: their degree, and their values against those written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

import weightsmith.api as ws
from weightsmith.dsl.text.diagnostics import DiagnosticError

A = np.array([[1.0, 2.0], [2.0, 5.0]])
X = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
ADDED = "algorithm added(A: symmetric[v, v])\nreturn A + ones\n"
TOTAL = "algorithm total(x: [d] per token)\nreturn sum(x') over context\n"
SEVERAL = "algorithm several(A: [v, w])\nreturn A + ones, sum(A), sum(sum(A)'), A*ones*A\n"
LOOP = "algorithm loop(A: [m, m], b: [m, 1])\nx = b\nrepeat STEPS:\n    x = A*x + ones\nreturn x\n"
CASES = [
    (ADDED, {"A": A}, {"output": [[2, 3], [3, 6]]}, 1),
    (TOTAL, {"x": {"context": X, "query": np.ones((2, 1))}}, {"output": [[3, 12]]}, 1),
    (
        SEVERAL,
        {"A": A},
        {
            "output1": [[2, 3], [3, 6]],
            "output2": [[3, 7]],
            "output3": [[10]],
            "output4": [[9, 21], [21, 49]],
        },
        2,
    ),
    (LOOP.replace("STEPS", "2"), {"A": A, "b": [[1], [0]]}, {"x": [[9], [20]]}, 3),
    (LOOP.replace("STEPS", "0"), {"A": A, "b": [[1], [0]]}, {"x": [[1], [0]]}, 1),
]


@pytest.mark.parametrize(("script", "inputs", "wanted", "degree"), CASES)
@pytest.mark.parametrize("options", [{}, {"fewest": "layers"}, {"gated": True}])
def test_values_degree_and_proof(
    script: str,
    inputs: dict[str, object],
    wanted: dict[str, object],
    degree: int,
    options: dict[str, object],
) -> None:
    network = ws.compile(script, **options)  # type: ignore[arg-type]
    assert network.report.degree == degree
    assert network.verify().accepted
    assert "depth ≥" in network.show()
    for answer in (network.run(inputs), network.interpret(inputs)):
        for name, value in wanted.items():
            np.testing.assert_allclose(answer[name], value, rtol=1e-14)


def test_float32_and_no_tokens_in_a_group() -> None:
    network = ws.compile(TOTAL, dtype="float32")
    inputs = {"x": {"context": X, "query": np.ones((2, 0))}}
    np.testing.assert_allclose(network.run(inputs)["output"], [[3, 12]], rtol=1e-6)


def test_ones_alone_have_no_size() -> None:
    with pytest.raises(DiagnosticError, match="nothing tells the size of 'v'"):
        ws.compile("algorithm alone(A: [v, v])\nreturn ones + 0*A\n")
