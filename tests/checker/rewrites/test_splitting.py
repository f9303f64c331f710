"""Passes as sequences of loops of one pass: what is split, and what stays as it is."""

from __future__ import annotations

import pytest

from weightsmith.checker.rewrites.splitting import split
from weightsmith.dsl import Source, check
from weightsmith.dsl.program import core

HEAD = "algorithm s(A: symmetric[d, d])\nX = A\nrepeat 3:\n"


def body(text: str) -> tuple[core.Statement, ...]:
    program = split(check(Source("s.alg", HEAD + text + "return X\n")))
    (loop,) = (one for one in program.body if isinstance(one, core.Repeat))
    return loop.body


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("    X = X*A\n", [core.Assign]),
        ("    X = X*A\n    X = A*X\n", [core.Repeat, core.Repeat]),
        ("    Z = X*A\n    X = A*Z\n", [core.Assign, core.Repeat]),
        ("    Z = X*A\n    Z = A*Z\n    X = Z*A\n", [core.Assign, core.Repeat, core.Repeat]),
    ],
)
def test_a_statement_that_changes_a_variable_is_a_loop_unless_it_is_the_pass(
    text: str, kinds: list[type[core.Statement]]
) -> None:
    assert [type(one) for one in body(text)] == kinds
