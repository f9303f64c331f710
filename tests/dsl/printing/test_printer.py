"""Programs and nodes as text."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from weightsmith.dsl import Source, check, node_text, program_text
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.program import core
from weightsmith.dsl.program.piecewise import table

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


def test_a_table_in_place_of_a_function_is_declared_under_its_site() -> None:
    program = check(Source("s", f"{HEAD}return relu(A) + sigmoid(A)"))
    knots = [(-4, 0), (0, Fraction(1, 2)), (4, 1)]
    points = [(q.Number(Fraction(a)), q.Number(Fraction(b))) for a, b in knots]
    (returned,) = program.returns
    assert isinstance(returned.value, core.Combination)
    (one, first), (two, second) = returned.value.terms
    assert isinstance(second, core.Entrywise)
    lowered = replace(second, function=table(points))
    value = replace(returned.value, terms=((one, first), (two, lowered)))
    printed = program_text(replace(program, returns=(replace(returned, value=value),)))
    assert "table site2.sigmoid = (-4, 0), (4, 1)\n" in printed
    assert "return relu(A) + site2.sigmoid(A)\n" in printed
    (again,) = check(Source("p", printed)).returns
    assert isinstance(again.value, core.Combination)
    site = again.value.terms[1][1]
    assert isinstance(site, core.Entrywise)
    assert (site.label, site.site, site.function) == ("sigmoid", "2", lowered.function)


@pytest.mark.parametrize(
    "text",
    [
        "soft(A - s*A*B*B', 2*s)",
        "(exp.(A) .* A)*B",
        "-(A .* A) + 2*(A .* A)",
        "2*max(A, s)",
        "sum(A)*A",
        "x .* x within 1/7",
        "(sigmoid(x) within s) + tanh(x)",
        "ones + 2*ones' - A",
    ],
)
def test_functions_of_entries_print_as_they_were_written(text: str) -> None:
    program = check(Source("s", f"{HEAD}return {text}"))
    printed = program_text(program).splitlines()[-1].removeprefix("return ")
    assert printed == text.replace("(sigmoid(x) within s) + tanh(x)",
                                   "sigmoid(x) + (tanh(x) within 1/1000) within s")  # fmt: skip


def test_sites_within_one_line_may_differ_in_tolerance() -> None:
    program = check(Source("s", f"{HEAD}return sigmoid(tanh(x) within 1/9) within 1/7"))
    again = check(Source("p", program_text(program)))
    assert node_text(again.returns[0].value) == node_text(program.returns[0].value)
