"""Any script of reasonable size has an answer: what could grow without bound has a limit."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from importlib import import_module

import pytest

from weightsmith.dsl import (
    BindingError,
    Checked,
    Source,
    check,
    program_text,
    resolve_bindings,
)
from weightsmith.dsl.checking.calls import Budget
from weightsmith.dsl.checking.default_order import in_cycles, in_order
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalar_text import parse_scalar

Look = Callable[..., Checked]
HEAD = "algorithm f(A: symmetric[d, d])\n"
BIG = "3^500000"


def _errors(checked: Checked) -> list[str]:
    return [one.message for one in checked.diagnostics if one.severity == "error"]


# -- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        f"X = {'*'.join([BIG] * 60)}*A",
        f"X = ({' + '.join([BIG] * 60)})*A",
        f"X = {'/'.join([BIG] * 60)}*A",
        f"X = A\nrepeat {BIG}:\n    X = X*A",
        f"for g in {BIG}, 1:\n    X = g*A",
        f"c = {BIG}\nX = c*A",
        f"X = clip(A, 0, {BIG})",
        f"X = A within 1/{BIG}",
        "X = 2^2^2^2^2^2^2*A",
        "X = 10^4000*A*10^4000",
        "X = 10^3000*(10^3000*A)",
        "c = 10^3000\ne = c*c\nX = e*A",
        "X = (" + " + ".join(f"1/{10**12 + i}" for i in range(2000)) + ")*A",
    ],
    ids=lambda line: line[:24],
)
def test_a_number_with_too_many_digits_is_refused_where_it_stands(line: str, look: Look) -> None:
    found = _errors(look(f"{HEAD}{line}\nreturn A"))
    assert found
    assert "more than 3600 digits" in found[0] or "too large to hold exactly" in found[0]


def test_numbers_that_people_need_are_kept(look: Look) -> None:
    text = f"{HEAD}X = 10^300*A + 1/3^700*A - {'7' * 900}/{'3' * 900}*A\nreturn X"
    assert look(text).program is not None


def test_squares_of_squares_of_defaults_are_refused(look: Look) -> None:
    chain = ", ".join(f"p{i + 1} = p{i}*p{i}" for i in range(33))
    (found,) = [
        one
        for one in look(f"{HEAD}param p0 = 2, {chain}\nreturn 0*p33*A").diagnostics
        if one.severity == "error"
    ]
    assert found.message.startswith("the default of 'p14' has no value: this number has more than")
    assert (found.line, found.underlined) == (2, "p14 = p13*p13")


def test_squares_of_squares_of_settings_are_refused() -> None:
    chain = ", ".join(f"p{i + 1} = p{i}*p{i}" for i in range(33))
    program = check(Source("s.alg", f"{HEAD}param p0, {chain}\nreturn p33*A"))
    with pytest.raises(BindingError, match=r"p14 = p13\*p13 has no value here: this number has"):
        resolve_bindings(program, {"p0": 2})
    assert resolve_bindings(program, {"p0": 1})["p33"] == 1


@pytest.mark.parametrize("given", ["3^500000", 3**20_000, Fraction(1, 7**20_000)], ids=type)
def test_a_setting_has_a_limit(given: str | int | Fraction) -> None:
    program = check(Source("s.alg", f"{HEAD}param c\nreturn c*A"))
    with pytest.raises(BindingError, match=r"digits|too large"):
        resolve_bindings(program, {"c": given})


def test_values_that_grow_on_the_way_are_refused() -> None:
    product = parse_scalar("*".join([BIG] * 60))
    with pytest.raises(q.LongNumberError):
        q.evaluate(product, {})
    with pytest.raises(q.LongNumberError):
        q.evaluate(parse_scalar("2^100 + 1"), {}, most_bits=128)
    assert q.evaluate(parse_scalar("2^60 + 1"), {}, most_bits=128) == 2**60 + 1


# -- formulas and names -------------------------------------------------------------------------


def test_a_coefficient_of_ten_thousand_parameters_is_too_long(look: Look) -> None:
    names = [f"p{i}" for i in range(10_000)]
    (found,) = _errors(look(f"{HEAD}param {', '.join(names)}\nreturn ({' + '.join(names)})*A"))
    assert found.startswith("a formula of more than 2000 numbers, names and signs in (p0 + p1")


@pytest.mark.parametrize("is_reversed", [False, True])
def test_defaults_that_need_one_another_in_a_long_row(is_reversed: bool, look: Look) -> None:
    parts = ["p0 = 1", *(f"p{i + 1} = p{i} + 1" for i in range(3000))]
    parts = parts[::-1] if is_reversed else parts
    program = look(f"{HEAD}param {', '.join(parts)}\nreturn p3000*A").program
    assert program is not None
    assert resolve_bindings(program, {})["p3000"] == 3001


def test_the_order_of_defaults() -> None:
    needs = {"a": {"b"}, "b": {"c", "z"}, "c": set[str](), "d": {"e"}, "e": {"d"}, "f": {"e"}}
    assert in_order(needs) == ["c", "b", "a"]
    assert in_cycles(needs) == ["d", "e"]
    assert in_cycles({"a": {"a"}}) == ["a"]


def test_warnings_have_a_limit(look: Look) -> None:
    found = look(HEAD + "".join(f"param p{i}\n" for i in range(1000)) + "return A").diagnostics
    assert len(found) == 200
    assert found[-1].message == "stopped after 199 warnings"


# -- what calls write out -----------------------------------------------------------------------


@pytest.fixture
def small_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundredth of the budget of calls, so that the tests are short."""
    module = import_module("weightsmith.dsl.front_end")
    monkeypatch.setattr(module, "Budget", lambda: Budget(300, 3_000))


@pytest.mark.usefixtures("small_budget")
def test_calls_that_double_in_statements(look: Look) -> None:
    text = "algorithm f0(A: [d, d])\nreturn A*A\n"
    for i in range(1, 40):
        text += f"algorithm f{i}(A: [d, d])\nX = f{i - 1}(A)\nreturn f{i - 1}(X)\n"
    found = _errors(look(text))[0]
    assert found == "written out, the calls come to more than 30000 statements"


@pytest.mark.usefixtures("small_budget")
def test_calls_that_double_in_an_expression(look: Look) -> None:
    text = "algorithm f0(A: [d, d])\nreturn A*A\n"
    for i in range(1, 40):
        text += f"algorithm f{i}(A: [d, d])\nreturn f{i - 1}(A)*f{i - 1}(A)\n"
    found = _errors(look(text))[0]
    assert found == "written out, the calls come to more than 300000 operations"


def test_calls_that_nest_deeply(look: Look) -> None:
    text = "algorithm f0(A: [d, d], B: [d, d])\nreturn A*B\n"
    for i in range(1, 200):
        text += f"algorithm f{i}(A: [d, d], B: [d, d])\nreturn A*f{i - 1}(A, B) + B\n"
    found = _errors(look(text))[0]
    assert found == "written out, this value is nested more than 100 levels deep"


def test_an_expression_of_the_greatest_depth_can_be_printed(look: Look) -> None:
    program = look(HEAD + "X = " + "max(" * 30 + "A" + ", A)" * 30 + "\nreturn X").program
    assert program is not None
    assert program_text(program).count("relu(") == 30
    (found,) = _errors(look(HEAD + "X = " + "max(" * 40 + "A" + ", A)" * 40 + "\nreturn X"))
    assert found == "written out, this value is nested more than 100 levels deep"


def test_numbers_that_a_call_makes_too_long(look: Look) -> None:
    callee = "algorithm g(A: [d, d])\nparam c = 2\nreturn c^400*A\n"
    (found,) = _errors(look(f"{callee}{HEAD}return g(A, c = 10^30)"))
    assert found == "'g' cannot run with these numbers: a number gets more than 3600 digits"


def test_formulas_that_calls_make_too_long(look: Look) -> None:
    text = "algorithm f0(A: [d, d])\nparam s = 2\nreturn s*A\n"
    for i in range(1, 30):
        text += f"algorithm f{i}(A: [d, d])\nparam s = 2\nreturn f{i - 1}(A, s = s*s + 1)\n"
    found = _errors(look(text))
    assert found
    assert "too long a formula" in found[0]


def test_a_number_of_an_assumption_that_is_none(look: Look) -> None:
    callee = "algorithm g(A: symmetric[d, d])\nparam c\nassume spectrum(1/c*A) in [m, M]\n"
    (found,) = _errors(look(f"{callee}return m*M*A\n{HEAD}return g(A, c = 0)"))
    assert found == "'g' cannot run with these numbers: division by zero"


# -- functions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", ["g{0}(t)*g{0}(t + 1)", "g{0}(g{0}(t))", "max(g{0}(t), g{0}(2*t - 1/3))"]
)
@pytest.mark.parametrize("start", ["sigmoid(t)", "abs(t)"])
def test_functions_composed_again_and_again(body: str, start: str, look: Look) -> None:
    lines = [f"function g0(t) = {start}"]
    lines += [f"function g{i + 1}(t) = {body.format(i)}" for i in range(40)]
    found = _errors(look("algorithm f(x: [d] per token)\n" + "\n".join(lines) + "\nreturn g40(x)"))
    assert all("too long" in one or "unknown" in one for one in found)
    assert found or body == "g{0}(g{0}(t))"  # abs(abs(t)) is a long formula as well


def test_a_function_with_too_many_bends(look: Look) -> None:
    body = " + ".join(f"relu(t - {i})" for i in range(6000))
    text = f"algorithm f(x: [d] per token)\nfunction g(t) = {body}\nreturn g(x)"
    assert "bends at more than 5000 places" in _errors(look(text))[0]


# -- lengths ------------------------------------------------------------------------------------


def test_a_script_of_too_many_words(look: Look) -> None:
    (found,) = look(HEAD + "X = A\n" + "X = 2*X\n" * 50_000 + "return X").diagnostics
    assert found.message == "this script has more than 300000 names, numbers and signs"
    assert found.hint == "write steps that are alike with 'repeat'"


def test_loops_within_loops_have_a_budget_of_passes() -> None:
    numbers = ", ".join(["1/3"] * 100)
    text = f"{HEAD}X = A\nfor a in {numbers}:\n  for b in {numbers}:\n    for c in {numbers}:\n"
    program = check(Source("s.alg", f"{text}      X = X + a*b*c*A\nreturn X"))
    with pytest.raises(BindingError, match="come to 1010100 passes, more than 200000"):
        resolve_bindings(program, {})
