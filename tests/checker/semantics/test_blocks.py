"""Blocks: what two scripts return is compared on every group of tokens where it is returned."""

from __future__ import annotations

import pytest
from checker_core import BOTH, given, name, program, times

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.semantics.blocks import compare_returned
from weightsmith.checker.semantics.meaning import read_meaning
from weightsmith.dsl.program import core

FIELD = Field(())
TOKENS = "token:context,query"
X, Y = name("x", "d", TOKENS), name("y", "d", TOKENS)
INPUTS = (given("x", "d", TOKENS), given("y", "d", TOKENS), given("A", "d", "d"))


def returning(value: core.Node, groups: tuple[str, ...]) -> core.Program:
    return program(inputs=INPUTS, returns=value, groups=groups)


def compare(one: core.Program, two: core.Program) -> None:
    meanings = read_meaning(one, FIELD, {}), read_meaning(two, FIELD, {})
    compare_returned((one, two), meanings, ({}, {}))


@pytest.mark.parametrize("groups", [BOTH, ("query",), ()])
def test_another_value_is_refused_wherever_it_is_returned(groups: tuple[str, ...]) -> None:
    """Without a group a value is returned on all its tokens."""
    compare(returning(X, groups), returning(X, groups))
    with pytest.raises(RefusedError, match="return different values of 'output'"):
        compare(returning(X, groups), returning(Y, groups))


def test_a_matrix_is_compared_too() -> None:
    square = times(name("A", "d", "d"), name("A", "d", "d"))
    with pytest.raises(RefusedError, match="different values"):
        compare(returning(square, ()), returning(name("A", "d", "d"), ()))


def test_a_value_that_is_not_returned_on_the_same_tokens_is_refused() -> None:
    with pytest.raises(RefusedError, match="not returned on the same tokens"):
        compare(returning(X, BOTH), returning(X, ("query",)))
    only = name("x", "d", "token:context")
    with pytest.raises(RefusedError, match="has no value on its tokens"):
        compare(returning(only, BOTH), returning(X, BOTH))
