"""Programs and nodes as text."""

from __future__ import annotations

import pytest

from weightsmith.dsl import Source, check, core, node_text, program_text

HEAD = "algorithm f(A: symmetric[d, d], B: [d, m], x: [d] per token, y: [k] per context)\nparam s\n"


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "2*A - A*A",
        "-A",
        "-(A + I)*A",
        "s/(1 + s)*A",
        "(1 - s)*A",
        "(A*A)*A",
        "(2*A + A)'",
        "A - (A + A)",
        "B*B'*A",
        "x*x' over tokens",
        "y*x'*x over context",
        "A + x*x' over context",
    ],
)
def test_a_node_prints_as_it_was_written(text: str) -> None:
    program = check(Source("s", f"{HEAD}return {text}"))
    assert node_text(program.returns[0].value) == text


def test_what_cannot_share_a_clause_gets_brackets() -> None:
    text = "X = x*x' + (x*x' over query) over context"
    printed = program_text(check(Source("s", f"{HEAD}{text}\nreturn X")))
    assert text in printed


def test_a_restriction_is_printed() -> None:
    text = "u = (x on context)\nreturn x on query, u"
    printed = program_text(check(Source("s", HEAD + text)))
    assert "u = (x on context)" in printed
    assert "return x on query, u" in printed


def test_what_a_loop_loses_it_loses_when_it_is_read_back() -> None:
    text = "u = x\nrepeat 2:\n    u = (u on context)\nreturn u"
    program = check(Source("s", HEAD + text))
    again = check(Source("p", program_text(program)))
    assert program.returns[0].groups == again.returns[0].groups == (core.CONTEXT,)


def test_parameters_are_printed_where_their_order_needs_it() -> None:
    text = (
        "algorithm f(A: symmetric[d, d])\nparam s\nassume spectrum(A) in [mu, L]\nreturn s*mu*L*A"
    )
    printed = program_text(check(Source("s", text)))
    assert "param s, mu, L\n" in printed
    again = check(Source("p", printed))
    assert [one.name for one in again.parameters] == ["s", "mu", "L"]


def test_a_range_assumption_is_printed() -> None:
    text = "assume y in range(y*x' over context)"
    program = check(Source("s", f"{HEAD}{text}\nreturn A"))
    assert text in program_text(program)
    assert isinstance(program.assumptions[0], core.RangeAssumption)
