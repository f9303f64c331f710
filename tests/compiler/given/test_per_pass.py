"""A fixed matrix for every pass of a loop: ``per pass``, and ``for`` over matrices."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weightsmith.api as ws
from weightsmith.checker.verify import verify_directory
from weightsmith.dsl import BindingError, DiagnosticError
from weightsmith.dsl.running.interpreter import run

HEAD = "algorithm f(x: [d] per token, y: [1] per context, "
SCRIPT = (
    HEAD
    + """A: fixed[d, d] per pass, P: fixed[d, d], Q: fixed[d, d])
param tau = 1/10
w = 0
for eta in 1/2, 1/3, 1/4:
    w = w - eta*(w*x - y)*x'*A  over context
for S, c in (P, 1), (Q, tau), (P, 1/8):
    w = soft(w - c*(w*x - y)*x'*S, c/10)  over context
return w*x on query
"""
)
STACK = [[[1, 0], ["1/2", 1]], [[0, 1], [1, 0]], [["1/3", 0], [0, -1]]]
P, Q = [[1, "1/4"], [0, 1]], [["-1/2", 0], [1, 1]]
GIVEN = {"A": STACK, "P": P, "Q": Q}
X = {"context": [[1, 2, -1], [0, 1, 1]], "query": [[1], [-2]]}
Y = {"context": [[1, -1, 2]]}


def exact(rows: list[list[object]]) -> np.ndarray:
    return np.array([[Fraction(str(one)) for one in row] for row in rows], dtype=object)


def by_hand(first: np.ndarray) -> np.ndarray:
    """The script in fractions, pass by pass, with ``first`` for the matrix of the first pass."""
    x, y, query = (exact(one) for one in (X["context"], Y["context"], X["query"]))
    w = np.array([[Fraction(0)] * 2], dtype=object)
    stack = [first, exact(STACK[1]), exact(STACK[2])]
    for eta, a in zip((Fraction(1, 2), Fraction(1, 3), Fraction(1, 4)), stack, strict=True):
        w = w - eta * ((w @ x - y) @ x.T @ a)
    for c, s in ((Fraction(1), P), (Fraction(1, 10), Q), (Fraction(1, 8), P)):
        w = w - c * ((w @ x - y) @ x.T @ exact(s))
        w = np.array([[max(t - c / 10, 0) - max(-t - c / 10, 0) for t in w[0]]], dtype=object)
    return w @ query


def inputs() -> dict[str, object]:
    return {"x": {g: np.array(v, float) for g, v in X.items()}, "y": np.array(Y["context"], float)}


@pytest.mark.parametrize("execution", ["plan", "faithful", "gram"])
def test_each_pass_has_its_own_matrix(execution: str) -> None:
    network = ws.compile(SCRIPT, matrices=GIVEN)
    answer = network.run(inputs(), execution=execution)["output"]["query"]  # type: ignore[arg-type,index]
    wanted = by_hand(exact(STACK[0])).astype(float)
    assert np.abs(answer - wanted).max() <= 1e-12 * np.abs(wanted).max()


def test_another_matrix_in_one_pass_is_another_answer() -> None:
    """So that the test above could fail: the order of the passes matters."""
    assert (by_hand(exact(STACK[1])) != by_hand(exact(STACK[0]))).all()


def test_the_matrices_have_names_and_are_proven(tmp_path: Path) -> None:
    network = ws.compile(SCRIPT, matrices=GIVEN)
    assert [one.name for one in network.program.inputs] == ["x", "y", "A1", "A2", "A3", "P", "Q"]
    network.save(tmp_path / "n")
    assert verify_directory(tmp_path / "n").accepted
    again = ws.load(tmp_path / "n")
    assert str(again) == str(network)
    assert "matrix A2: [d, d] = [[0, 1], [1, 0]]" in network.show()
    wanted = run(
        network.program,
        {**inputs(), **{f"A{k + 1}": exact(a).astype(float) for k, a in enumerate(STACK)}}
        | {"P": exact(P).astype(float), "Q": exact(Q).astype(float)},  # type: ignore[arg-type]
        network.bindings,
    )["output"]
    assert np.allclose(wanted["query"], by_hand(exact(STACK[0])).astype(float))  # type: ignore[index,call-overload]


def refused(directory: Path, change: Callable[[dict[str, Any]], None]) -> set[str]:
    """The kinds of facts that are refused when the template is changed, its hash with it."""
    template = json.loads((directory / "template.json").read_text())
    change(template)
    data = json.dumps(template).encode()
    (directory / "template.json").write_bytes(data)
    path = directory / "certificate.json"
    certificate = json.loads(path.read_text())
    certificate["files"]["template.json"] = sha256(data).hexdigest()
    path.write_text(json.dumps(certificate))
    return {v.kind for v in verify_directory(directory).verdicts if not v.accepted}


def swap_views(template: dict[str, Any]) -> None:
    """Pass 1 with the matrix of pass 2, and the other way round: another network."""
    other = {"A1": "A2", "A2": "A1"}
    for view in template["views"]:
        view["matrix"] = other.get(view["matrix"], view["matrix"])


def swap_entries(template: dict[str, Any]) -> None:
    """The numbers of A1 and A2 change places: no longer those of the weights."""
    first, second = (one for one in template["matrices"] if one["name"] in ("A1", "A2"))
    first["entries"], second["entries"] = second["entries"], first["entries"]


def change_entry(template: dict[str, Any]) -> None:
    """One number of the matrix of pass 2."""
    (second,) = (one for one in template["matrices"] if one["name"] == "A2")
    second["entries"][0][1] = "2"


@pytest.mark.parametrize(
    ("change", "kind"),
    [(swap_views, "exactness"), (swap_entries, "weights"), (change_entry, "weights")],
)
def test_matrices_of_two_passes_that_change_places_are_refused(
    change: Callable[[dict[str, Any]], None], kind: str, tmp_path: Path
) -> None:
    ws.compile(SCRIPT, matrices=GIVEN).save(tmp_path / "n")
    assert refused(tmp_path / "n", lambda template: None) == set()
    assert kind in refused(tmp_path / "n", change)


def test_the_text_of_the_network_is_equal_to_the_script(tmp_path: Path) -> None:
    network = ws.compile(SCRIPT)  # equal for all numbers of the matrices
    network.export(tmp_path / "n.net")
    (tmp_path / "n.alg").write_text(SCRIPT)
    (tmp_path / "other.alg").write_text(SCRIPT.replace("(P, 1), (Q, tau)", "(Q, 1), (P, tau)"))
    assert ws.compare(tmp_path / "n.net", tmp_path / "n.alg").outcome == "equal"
    assert ws.compare(tmp_path / "n.net", tmp_path / "other.alg").outcome != "equal"


def test_one_name_or_all_of_them() -> None:
    named = {f"A{k + 1}": one for k, one in enumerate(STACK)}
    both = ws.compile(SCRIPT, matrices={**named, "P": P, "Q": Q})
    assert str(both) == str(ws.compile(SCRIPT, matrices=GIVEN))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"A": STACK[:2]}, "expected 3 matrices, an array of three axes, got 2"),
        ({"A": 7}, "expected 3 matrices, an array of three axes, got no"),
        ({"A": STACK, "A2": P}, "'A2' is given twice"),
        ({"A": [P, P, [[1]]]}, "'A3' has 1 along d"),
        ({"A": P}, "an array of three axes, got one matrix"),
        ({"A": [STACK] * 3}, "an array of three axes, got 4 axes"),
        ({"A": []}, "an array of three axes, got 0"),
        ({"A": [P, P, [[1, 2, 3], [4, 5, 6]]]}, r"'A3' is square, \[d, d\]: .* got 2 x 3"),
        ({"A": [P, P, [[1, 2], [float("nan"), 0]]]}, r"'A3' .* no finite number, at \[1, 0\]: nan"),
        ({"A": [P, [[1, float("inf")], [0, 0]], P]}, r"'A2' .* at \[0, 1\]: inf"),
        ({"A": [P, P, [[True, 0], [0, 1]]]}, r"at \[0, 0\]: True"),
        ({"A": np.ones((3, 2, 2)) * 1j}, r"'A1' .* at \[0, 0\]: 1j"),
        ({"A": [P, P, [["1e999999999", 0], [0, 1]]]}, r"'A3' .* at \[0, 0\]: '1e999999999'"),
        ({"A": [P, P, [[10**4000, 0], [0, 1]]]}, r"'A3' has an entry of more than 3600 digits"),
    ],
)
def test_wrong_numbers_of_matrices(given: dict[str, object], message: str) -> None:
    with pytest.raises(BindingError, match=message):
        ws.compile(SCRIPT, matrices=given)


@pytest.mark.parametrize(
    ("entry", "exact"),
    [
        (0.1, Fraction(0.1)),
        (np.float32(0.1), Fraction(float(np.float32(0.1)))),
        (np.longdouble(1) / 3, Fraction(*(np.longdouble(1) / 3).as_integer_ratio())),
        (Decimal("0.1"), Fraction(1, 10)),
        ("0.1", Fraction(1, 10)),
        ("-1e-3/3", Fraction(-1, 3000)),
        (5e-324, Fraction(1, 2**1074)),
        (1.7976931348623157e308, Fraction(1.7976931348623157e308)),
        (2**70, Fraction(2**70)),
    ],
)
def test_no_number_is_rounded(entry: object, exact: Fraction) -> None:
    given = {**GIVEN, "A": [P, P, [[entry, 0], [0, 1]]]}
    (found,) = [m for m in ws.compile(SCRIPT, matrices=given).template.matrices if m.name == "A3"]
    assert found.entries is not None
    assert Fraction(found.entries[0][0]) == exact


@pytest.mark.parametrize(
    ("inputs_", "body", "message", "hint"),
    [
        ("A: fixed[d, d] per pass", "w = 0*y*x'*A over context", "stands in no loop", "repeat 3:"),
        ("A: [d, d] per pass", "w = 0*y*x' over context", "only a fixed", "fixed[k, d] per pass"),
        ("A: fixed[d, d] per pass", "w = y*x' over context", "no loop uses it", "repeat 3:"),
        (
            "A: fixed[d, d] per pass",
            "w = y*x' over context\nrepeat 2:\n    repeat 2:\n        w = w*A",
            "a loop within a loop",
            "for P in P1, P2:",
        ),
        (
            "A: fixed[d, d] per pass",
            "w = y*x' over context\nrepeat 2:\n    w = w*A\nrepeat 3:\n    w = w*A",
            "has 2 in an earlier loop: this one has 3 passes",
            "as many passes",
        ),
        (
            "A: fixed[d, d] per pass",
            "param n = 2\nw = y*x' over context\nrepeat n:\n    w = w*A",
            "no number of passes yet",
            "repeat 3:",
        ),
        (
            "A: fixed[d, d] per pass, A2: fixed[d, d]",
            "w = y*x'*A2 over context\nrepeat 2:\n    w = w*A",
            "'A2' has a meaning already",
            "another name",
        ),
        (
            "A: fixed[d, d] per pass",
            "assume norm(A) <= 1\nw = y*x' over context\nrepeat 2:\n    w = w*A",
            "stands in no loop",
            "repeat 3:",
        ),
        (
            "A: [d, d], B: fixed[d, d]",
            "w = y*x' over context\nfor S in B, A:\n    w = w*S",
            "expected a fixed matrix in every pass, got A",
            "A: fixed[k, d]",
        ),
        (
            "A: fixed[d, k], B: fixed[d, d]",
            "w = y*x' over context\nfor S in B, A:\n    w = w*S",
            "have one shape: B is [d, d] but A is [d, k]",
            "",
        ),
        (
            "B: fixed[d, d]",
            "w = y*x' over context\nfor S in B, 1/2:\n    w = w*S",
            "got the number 1/2",
            "for P in P1, P2, P3:",
        ),
        (
            "B: fixed[d, d]",
            "w = y*x' over context\nfor S in 1/2, B:\n    w = w*S",
            "expected a number, got the matrix B",
            "",
        ),
        (
            "B: fixed[d, d]",
            "w = y*x' over context\nfor S in B, B:\n    w = w*S\nw = w*S",
            "'S' is a matrix of a 'for' loop",
            "in the block",
        ),
        (
            "B: fixed[d, d]",
            "w = y*x' over context\nfor S in B, B:\n    S = w*S",
            "a matrix of this 'for' loop and cannot be assigned",
            "another name",
        ),
    ],
)
def test_mistakes_name_what_to_write(inputs_: str, body: str, message: str, hint: str) -> None:
    with pytest.raises(DiagnosticError) as found:
        ws.compile(f"{HEAD}{inputs_})\n{body}\nreturn w*x on query\n")
    assert message in str(found.value)
    assert hint in str(found.value)


def test_limits_out_of_order_in_one_pass() -> None:
    body = "w = y*x' over context\nfor S, c in (B, 1), (B, -1):\n    w = soft(w*S, c)"
    with pytest.raises(DiagnosticError, match="in pass 2"):
        ws.compile(f"{HEAD}B: fixed[d, d])\n{body}\nreturn w*x on query\n")


def test_inner_loops_stay_loops() -> None:
    body = "w = y*x' over context\nfor S in B, B:\n    repeat 3:\n        w = w*S"
    network = ws.compile(f"{HEAD}B: fixed[d, d])\n{body}\nreturn w*x on query\n")
    assert network.show().count("repeat 3:") == 2


PAPER = """algorithm f(x: [d] per token, y: [1] per context, A: fixed[d, d] per pass)
w = 0
repeat {passes}:
    w = w - (w*x - y)*x'*A  over context
return w*x on query
"""


@pytest.mark.parametrize("passes", [2, 8, 20])
def test_a_step_is_one_head_that_reads_a_matrix(passes: int, tmp_path: Path) -> None:
    """As in Ahn et al. 2023: w*x - y is carried in all passes, though each has weights of its own.

    A matrix is a weight and has no degree: in the data that of w*x grows by two in each pass.
    """
    stack = np.random.default_rng(passes).normal(size=(passes, 2, 2)) / 8
    network = ws.compile(PAPER.format(passes=passes), matrices={"A": stack})
    report = network.report
    assert (report.layers, report.heads, report.width_text) == (passes, 1, "d + 1")
    assert report.degree == 2 * passes + 1
    lines = network.show().splitlines()
    assert sum(line.strip().endswith("at context, query") for line in lines) == passes
    network.save(tmp_path / "n")
    assert verify_directory(tmp_path / "n").accepted
    answer, wanted = (f(inputs())["output"]["query"] for f in (network.run, network.interpret))  # type: ignore[index,call-overload,operator]
    assert np.abs(answer - wanted).max() <= 1e-12 * np.abs(wanted).max()


def test_nothing_is_lost_where_no_loop_runs_twice() -> None:
    """Passes that cannot be held as the script has them are still searched for."""
    body = "w = y*x' over context\nrepeat 1:\n    w = w - (w*x - y)*x'*B over context"
    network = ws.compile(f"{HEAD}B: fixed[d, d])\n{body}\nreturn w*x on query\n")
    assert network.report.layers == 3
