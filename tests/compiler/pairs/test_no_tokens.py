"""A symbol that is a number of tokens may be 0, or it is said that it is not."""

from __future__ import annotations

import json
from fractions import Fraction
from math import tanh

import pytest

from weightsmith import api

SCRIPT = """
algorithm counted(x: [1] per token)
assume entries(x) in [-1, 1]
assume size(context) <= 1
assume size(query) <= 2
param n = size(context)
z = (COEFFICIENT)*x*x'*x  over query
return z on query
"""


def centred(coefficient: str) -> tuple[Fraction, list[list[object]], str]:
    """Bound, hypotheses and sentence of the fact."""
    script = SCRIPT.replace("COEFFICIENT", coefficient)
    network = api.compile(script, softmax_pairs="1/10")
    lines = json.loads(network.files()["certificate.json"])["facts"]
    (fact,) = (one["fact"] for one in lines if one["fact"]["is"] == "centred")
    (said,) = (one.statement for one in network.verify().verdicts if one.kind == "centred")
    return Fraction(fact["bound"]["value"]), fact["hypotheses"], said


@pytest.mark.parametrize(("coefficient", "without"), [("n - 1", 1), ("n - 3", 3)])
def test_a_coefficient_without_context_tokens(coefficient: str, without: int) -> None:
    """Two queries ±1, no context: the pair adds (2/omega)·tanh(omega)·c, the centred head 2c."""
    bound, hypotheses, _ = centred(coefficient)
    omega = 0.1
    assert ["nonempty", "context"] not in hypotheses
    assert bound >= without * (2 - 2 / omega * tanh(omega))


def test_a_mean_needs_a_token_and_says_so() -> None:
    _, hypotheses, said = centred("1/n")
    assert hypotheses[-1] == ["nonempty", "context"]
    assert "size(context) >= 1" in said


def test_a_network_for_one_number_of_tokens_says_that_it_is_one() -> None:
    """N = 2 is no symbol of the script: with four tokens the pairs are half of what they should."""
    script = SCRIPT.replace("param n = size(context)\n", "").replace("COEFFICIENT", "1/3")
    network = api.compile(script, softmax_pairs="1/10", dims={"query": 2})
    (said,) = (one.statement for one in network.verify().verdicts if one.kind == "centred")
    assert "at N = 2, N the number of query tokens" in said
