"""``ensure``, ``repeat until`` and ``within`` are kept or nothing is compiled; verify asks too."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.compiler.forging import put_script

from weightsmith import api
from weightsmith.checker.prove import prove_propagation
from weightsmith.checker.semantics.tables import read_tables
from weightsmith.dsl import DiagnosticError

NEWTON = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1, 10]
{head}
X = 2/11 * I
{loop}:
    X = 2*X - X*A*X
return X approximates inv(A)
"""
UNTIL = NEWTON.format(head="", loop="repeat until error <= 1e-6")
ENSURE = NEWTON.format(head="param steps\nensure error <= 1e-6\n", loop="repeat steps")
TABLE = """algorithm f(x: [d] per token)
assume entries(x) in [-2, 2]
return sigmoid(x) within 1e-3
"""
INSIDE = """algorithm f(x: [d] per token, y: [k] per context)
assume spectrum(x*x' over context) in [1, 10]
P = synthesize invsqrt(x*x') within 1e-3 over context
w = y*x'*P over context
return w*P*x
"""


@pytest.mark.parametrize(
    ("text", "settings", "hint"),
    [
        (UNTIL, {"passes": 2}, "leave 'passes' to the compiler"),
        (ENSURE, {"steps": 2}, "leave a count without a value"),
        (UNTIL, {"passes": 0}, "leave 'passes' to the compiler"),
    ],
)
def test_a_promise_broken_by_hand_is_an_error(
    text: str, settings: dict[str, int], hint: str
) -> None:
    with pytest.raises(DiagnosticError) as caught:
        api.compile(text, settings=settings)
    (diagnostic,) = caught.value.diagnostics
    assert hint in (diagnostic.hint or "")
    assert "error <= 1e-6" in diagnostic.span.source.text.split("\n")[diagnostic.line - 1]


def test_enough_passes_set_by_hand_are_taken() -> None:
    for text, settings in ((UNTIL, {"passes": 9}), (UNTIL, {}), (ENSURE, {"steps": 9})):
        bound = api.compile(text, settings=settings).bounds[0].value
        assert bound is not None
        assert bound <= 1e-6


def test_the_error_of_a_synthesised_value_inside_is_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from weightsmith.compiler.choosing import promises

    seen: list[Any] = []
    real = promises.worst_error

    def worst_error(claims: list[Any]) -> Any:
        seen.append((claims, real(claims)))
        return seen[-1][1]

    monkeypatch.setattr(promises, "worst_error", worst_error)
    api.compile(INSIDE)
    ((claims, worst),) = seen
    assert [claim.output for claim in claims] == ["P"]
    assert 0 < worst <= 1e-3
    monkeypatch.setattr(promises, "worst_error", lambda claims: 2 * worst_error(claims))
    with pytest.raises(DiagnosticError, match="is proven"):
        api.compile(INSIDE)


def verdicts(directory: Path) -> list[tuple[bool, str]]:
    found = api.verify(directory).verdicts
    return [(one.accepted, one.statement) for one in found if one.kind == "promise"]


@pytest.mark.parametrize(
    ("text", "line"), [(UNTIL, "repeat until error"), (ENSURE, "ensure error")]
)
def test_verify_asks_for_promises_too(text: str, line: str, tmp_path: Path) -> None:
    api.compile(text).save(tmp_path / "net")
    assert verdicts(tmp_path / "net") == [
        (True, f"The script's line '{line} <= 1/1000000' is kept.")
    ]
    put_script(tmp_path / "net", "1e-6", "1e-300")
    assert verdicts(tmp_path / "net")[0][0] is False


def test_verify_asks_whether_tables_are_as_near_as_the_script_says(tmp_path: Path) -> None:
    api.compile(TABLE).save(tmp_path / "net")
    assert verdicts(tmp_path / "net") == [(True, "The tolerances of the script are kept.")]
    put_script(tmp_path / "net", "1e-3", "1e-4")
    assert verdicts(tmp_path / "net")[0][0] is False


def test_an_open_error_keeps_no_promise(tmp_path: Path) -> None:
    api.compile(UNTIL).save(tmp_path / "net")
    path = tmp_path / "net" / "certificate.json"
    document = json.loads(path.read_text())
    for line in document["facts"]:
        if line["fact"]["is"] == "truncation":
            open_one = {"is": "open", "of": ["truncation", "X"]}
            line |= {"fact": open_one, "by": "unproven", "from": [], "with": {"why": "no-rule"}}
    path.write_text(json.dumps(document))
    report = api.verify(tmp_path / "net")
    assert report.outcome == "refused"
    (reason,) = [one.reason for one in report.verdicts if one.kind == "promise"]
    assert reason == "The error of 'X' is not proven."


MARGIN = """algorithm margin(x: [d] per context, y: [1] per context)
assume norm(x) <= 1
assume entries(y) in [0, 1]
assume size(context) <= 3
param mu = 1/10, eta = 40/9
within 1e-4
ensure error <= 1
w = 0
repeat 3:
    w = w - eta * ((sigmoid(w*x) - y)*x'/3 + mu*w)  over context
return w approximates root(w: (sigmoid(w*x) - y)*x'/3 + mu*w over context)
"""


@pytest.mark.parametrize("first", [True, False])
def test_what_tables_move_keeps_no_promise_of_the_distance_from_a_target(
    first: bool, tmp_path: Path
) -> None:
    """A bound of 0.86 from the root is not within 1/10, though the tables move less than that."""
    network = api.compile(MARGIN)
    (bound,) = network.bounds
    assert bound.value is not None
    assert Fraction(1, 10) < bound.value <= 1
    network.save(tmp_path / "net")
    path = tmp_path / "net" / "certificate.json"
    document = json.loads(path.read_text())
    tables = read_tables(document["tables"], network.program, network.bindings)
    moved = prove_propagation(network.program, network.bindings, tables, "w")
    assert Fraction(moved["bound"]["value"]) < Fraction(1, 10)  # type: ignore[index]
    *others, last = document["facts"]
    line = {"fact": moved, "by": "telescope", "from": last["from"], "with": {}}
    ordered = [line, last] if first else [last, line]
    document["facts"] = [{**one, "n": n} for n, one in enumerate([*others, *ordered], 1)]
    path.write_text(json.dumps(document))
    assert api.verify(tmp_path / "net").outcome == "proven"
    put_script(tmp_path / "net", "error <= 1", "error <= 1/10")
    refused = [one for one in api.verify(tmp_path / "net").verdicts if not one.accepted]
    assert [one.kind for one in refused] == ["promise"]
    assert "The error of 'w' is only proven to be at most 0.8582" in refused[0].reason


def test_what_tables_move_is_not_open_where_the_target_is_near(tmp_path: Path) -> None:
    api.compile(MARGIN).save(tmp_path / "net")
    path = tmp_path / "net" / "certificate.json"
    document = json.loads(path.read_text())
    fact = {"is": "open", "of": ["propagation", "w"]}
    line = {"fact": fact, "by": "unproven", "from": [], "with": {"why": "not-derived"}}
    document["facts"].append({**line, "n": len(document["facts"]) + 1})
    path.write_text(json.dumps(document))
    refused = [one for one in api.verify(tmp_path / "net").verdicts if not one.accepted]
    assert [one.kind for one in refused] == ["propagation"]
