"""Networks and scripts that agree under one reading of their names, and differ."""

from __future__ import annotations

import pytest

from weightsmith import api
from weightsmith.compiler.against.sides import MismatchError

MEAN = """
network mean
input x: [d] per token
param PARAM
tokens  context, query
stream  x  d rows, starts as x
layer   head  x += (1/n) x·xᵀ·x   sum over context; at query
return  z = x at query tokens
"""
SCRIPT = """
algorithm mean(x: [d] per token)
param n = size(context)
w = x*x'/n  over context
return x + w*x on query
"""


def test_a_number_that_is_one_of_tokens_in_the_script_only() -> None:
    """With n = 20 the network is the script's at 20 tokens, and at no other number."""
    found = api.compare(MEAN.replace("PARAM", "n = 20"), SCRIPT)
    assert found.is_equal
    assert "where n is the number of context tokens" in found.text


def test_numbers_of_other_tokens() -> None:
    with pytest.raises(MismatchError, match="of query tokens in the network, and of context"):
        api.compare(MEAN.replace("PARAM", "n = size(query)"), SCRIPT)


FIXED = """
network fixed
input x: [d] per token
matrix A: [d, d] = [[1, 2], [3, 4]]
tokens  context, query
stream  x  d rows, starts as x
        z  d rows, starts as 0
layer   mlp   z += Aᵀ x
return  z = z at query tokens
"""


def test_a_matrix_of_numbers_is_no_input() -> None:
    """Least of all one that is called symmetric, and is not."""
    for given in ("symmetric[d, d]", "[d, d]"):
        script = f"algorithm fixed(x: [d] per token, A: {given})\nreturn A'*x on query\n"
        with pytest.raises(MismatchError, match="'A' is a matrix of numbers"):
            api.compare(FIXED, script)
    script = "algorithm fixed(x: [d] per token, A: fixed[d, d])\nreturn A'*x on query\n"
    assert api.compare(FIXED, script).is_equal
    script = "algorithm fixed(x: [d] per token, A: [d, d])\nreturn A'*x on query\n"
    assert api.compare(FIXED.replace(" = [[1, 2], [3, 4]]", ""), script).is_equal


TWO = """
network two
input x: [d] per token
tokens  context, query
stream  x  d rows, starts as x
        y  d rows, starts as 2 x
return  a = x at query tokens
return  b = y at query tokens
"""
BOTH = "algorithm two(x: [d] per token)\na = 1*x\nb = 2*x\nreturn a on query, b on query\n"


def test_a_value_under_the_name_of_another() -> None:
    """a = b compares the network's a, not its b, which has the same name."""
    assert api.compare(TWO, BOTH).is_equal
    for returns in ({"a": "b"}, {"b": "a"}, {"a": "b", "b": "a"}):
        assert api.compare(TWO, BOTH, returns=returns).outcome == "different", returns
    with pytest.raises(MismatchError, match="Two values of the network"):
        api.compare(TWO, BOTH, returns={"a": "b", "b": "b"})


def test_the_other_way_round_all_values_are_kept() -> None:
    script = "algorithm two(x: [d] per token)\nu = 1*x\nv = 3*x\nreturn u on query, v on query\n"
    for returns in ({"a": "u", "b": "v"}, {"u": "a", "v": "b"}):
        assert api.compare(TWO, script, returns=returns).outcome == "different", returns
        same = script.replace("3*x", "2*x")
        assert api.compare(TWO, same, returns=returns).is_equal
