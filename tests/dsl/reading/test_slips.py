"""Slips of the pen: numbers with a comma or two points, a capital, a missing sign."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from weightsmith.dsl import Checked
from weightsmith.dsl.reading.lexer import Token
from weightsmith.dsl.reading.slips import decimal_comma, run_together

Look = Callable[..., Checked]
HEAD = """\
algorithm f(x: [d] per token, y: [1] per context)
param eta, steps = 3
"""
STEP = "w = 0\nrepeat steps:\n    w = w - {0}*(w*x - y)*x' over context\nreturn w*x on query"

SLIPS = [
    (STEP.format("0.1.2"), "'0.1.2' is no number", "one point"),
    (STEP.format("1e-3.5"), "'1e-3.5' is no number", "its exponent none"),
    (STEP.format("1e"), "its exponent is missing", "write 1e-3"),
    (STEP.format("1_000"), "'1_000' is no number", "write 1000"),
    (STEP.format("2eta"), "between '2' and 'eta'", "write the product as 2*eta"),
    (STEP.format("0,1"), "expected one value", "a decimal has a point: 0.1"),
    ("param lam = 0,25\nreturn x", "got '25'", "a decimal has a point: 0.25"),
    ("W = 0\nX = w*x\nw = 0\nreturn X", "'w' has no value here", "did you mean 'W'?"),
    ("w = 0\nw = w - eta(w*x)\nreturn w", "'eta' is a value", "a product: eta*(…)"),
    ("return x on query approx x", "unknown word 'approx'", "did you mean 'approximates'?"),
    ("c = sqrt(2)\nreturn c*x", "not a rational number", "--set c=1.414"),
]


@pytest.mark.parametrize(("lines", "message", "hint"), SLIPS, ids=lambda case: case[-24:])
def test_what_was_meant_is_said(lines: str, message: str, hint: str, look: Look) -> None:
    errors = [one for one in look(HEAD + lines).diagnostics if one.severity == "error"]
    assert message in errors[0].message
    assert hint in (errors[0].hint or "")


def test_a_value_that_is_called_counts_as_used(look: Look) -> None:
    found = look(HEAD + STEP.replace("{0}*", "eta"))
    assert [one.code for one in found.diagnostics] == ["unknown-function"]


def test_an_input_without_rows_is_told_the_form(look: Look) -> None:
    found = look("algorithm f(x: [d] per token, y: per context)\nreturn x")
    assert found.diagnostics[0].message == "expected how many rows 'y' has, got 'per'"
    assert found.diagnostics[0].hint == "write y: [1] per …, or [d] per …"


def test_a_matrix_of_tokens_in_a_target_is_reported_once(look: Look) -> None:
    target = " approximates y*pinv(x)*x over context"
    found = look(HEAD + STEP.format("eta") + target)
    assert [one.code for one in found.diagnostics] == ["token-rows"]


@pytest.mark.parametrize("text", ["[0, 1]", "[mu,1]", "[1,L]", "f(x.1,2)", "0.5,1", "1,2.5"])
def test_other_commas_are_no_decimals(text: str) -> None:
    assert decimal_comma(text, text.index(",")) is None


def test_numbers_apart_are_not_run_together() -> None:
    assert run_together(Token("NUMBER", "2", 0, 1), Token("NUMBER", ".5", 2, 4)) is None
    assert run_together(Token("NUMBER", "2", 0, 1), Token("NAME", "eta", 1, 4)) is None
