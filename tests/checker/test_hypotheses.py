"""Hypotheses of claims are the script's own words, whatever operator a rule makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from claims_by_hand import claims_in

from weightsmith import api
from weightsmith.dsl.printing.hypotheses import hypotheses, premise_text

HEADS = {
    "two letters": (
        "algorithm f(A: [m, n], B: [n, k])\nassume singular_values(A*B) in [1/2, 1]\n"
        "X = A*B\nrepeat 4:\n    X = 3/2*X - 1/2*X*X'*X\nreturn X approximates polar(A*B)\n",
        ["singular_values(A*B) in [1/2, 1]"],
    ),
    "two letters, two intervals": (
        "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [-1, -1/2] or [1/2, 1]\n"
        "X = A\nrepeat 4:\n    X = 3/2*X - 1/2*X*X*X\nreturn X approximates sign(A)\n",
        ["spectrum(A) in [-1, -1/2] or [1/2, 1]"],
    ),
    "presumed": (
        "algorithm f(A: [d, d], b: [d, 1])\nassume spectrum(A) in [1/2, 3/2]\nx = 0*b\n"
        "repeat 10:\n    x = x + (b - A*x)\nreturn x approximates inv(A)*b\n",
        ["spectrum(A) in [1/2, 3/2]", "A is symmetric"],
    ),
    "weighted": (
        "algorithm f(A: [d, e], P: symmetric[d, d])\nassume spectrum(A*A'*P) in [1/2, 3/2]\n"
        "X = A*A'*P\nY = I\nrepeat 10:\n    Y = Y + (I - Y*X)\nreturn Y approximates inv(A*A'*P)\n",
        ["spectrum(A*A'*P) in [1/2, 3/2]", "P is positive definite"],
    ),
    "range": (
        "algorithm f(B: [d, e], C: [d, e], b: [d, 1])\nassume nonzero_spectrum(C*B') in [1/2, 1]\n"
        "assume b in range(C*B')\nx = 0*b\nrepeat 10:\n    x = x + (b - C*(B'*x))\n"
        "return x approximates pinv(C*B')*b\n",
        ["nonzero_spectrum(C*B') in [1/2, 1]", "C*B' is symmetric", "b in range(C*B')"],
    ),
}


def truncation(network: api.Network) -> dict[str, Any]:
    (claim,) = [one for one in claims_in(network.certificate) if one["kind"] == "truncation"]
    return claim


@pytest.mark.parametrize("name", HEADS)
def test_a_claim_lists_the_words_of_the_script(name: str, tmp_path: Path) -> None:
    text, wanted = HEADS[name]
    network = api.compile(text)
    claim = truncation(network)
    assert [premise_text(network.program, one) for one in claim["hypotheses"]] == wanted
    assert set(wanted) <= {one.text for one in hypotheses(network.program)}
    network.save(tmp_path / "net")
    (verdict,) = [one for one in api.verify(tmp_path / "net").verdicts if one.kind == "truncation"]
    assert verdict.proven, verdict.reason
    assert f"if {'; '.join(wanted)}" in verdict.statement


@pytest.mark.parametrize("name", HEADS)
def test_other_hypotheses_are_refused(name: str, tmp_path: Path) -> None:
    """Words in place of data, another assumption, one too many, one too few."""
    network = api.compile(HEADS[name][0])
    known = truncation(network)["hypotheses"]
    first = known[0]
    for others in (
        ["spectrum(A) in [0, 9]"],
        [],
        known[:-1],
        [*known, first],
        [["assumption", 1 - first[1]], *known[1:]],
        [["assumption", False], *known[1:]],
        [["assumption", 0.0], *known[1:]],
        [["assumption", "0"], *known[1:]],
        [["symmetric", 0], *known[1:]],
    ):
        network.save(tmp_path / "net")
        path = tmp_path / "net" / "certificate.json"
        document = json.loads(path.read_text())
        for line in document["facts"]:
            if line["fact"]["is"] == "truncation":
                line["fact"]["hypotheses"] = others
        path.write_text(json.dumps(document))
        assert api.verify(tmp_path / "net").outcome == "refused"


def test_a_parameter_with_a_name_that_proofs_use_is_named() -> None:
    text, _ = HEADS["two letters"]
    (bound,) = api.compile(text.replace("X = A*B", "param e = 1\nX = e*A*B")).bounds
    assert bound.unproven == "the parameter e has a name that proofs use"
