"""Calls: names, parameters, and the spectrum that follows from the caller's assumptions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from weightsmith.dsl import Checked, Source, check, parse_scalar, program_text
from weightsmith.dsl.numbers.scalar_printer import scalar_text
from weightsmith.dsl.numbers.scalars import evaluate
from weightsmith.dsl.program import core

Look = Callable[..., Checked]
NEWTON = """\
algorithm newton(A: symmetric[d, d])
assume spectrum(A) in [mu, L]
param eta = 2/(mu + L), steps = 12
X = eta*I
repeat steps:
    X = 2*X - X*A*X
return X approximates inv(A)
"""
HEAD = """
algorithm f(A: symmetric[d, d], P: [d, m], x: [d] per token)
assume spectrum(A) in [a, b]
assume spectrum(x*x' over context) in [lo, hi]
assume singular_values(P) in [p, q]
param s
"""

NUMBERS = {name: Fraction(n, 3) for n, name in enumerate(["a", "b", "lo", "hi", "s"], start=10)}


def _step(assign: core.Assign) -> Fraction:
    """The coefficient of I that Newton's iteration starts with."""
    value = assign.values[0]
    assert isinstance(value, core.Combination)
    return evaluate(value.terms[0][0], NUMBERS)


@pytest.mark.parametrize(
    ("argument", "ends"),
    [
        ("A", ("a", "b")),
        ("A'", ("a", "b")),
        ("2*A - 3*I", ("2*a - 3", "2*b - 3")),
        ("-A", ("-b", "-a")),
        ("I - A/2", ("-1/2*b + 1", "-1/2*a + 1")),
        ("A + s*I", ("a + s", "b + s")),
        ("(x*x' over context) + s*I", ("lo + s", "hi + s")),
        ("3*(A + I)", ("3*a + 3", "3*b + 3")),
    ],
)
def test_the_spectrum_of_an_affine_image(argument: str, ends: tuple[str, str], look: Look) -> None:
    program = look(NEWTON + HEAD + f"X = newton({argument})\nreturn X").program
    assert program is not None
    start = next(
        one for one in program.body if isinstance(one, core.Assign) and "newton.X" in one.names
    )
    assert _step(start) == 2 / sum(evaluate(parse_scalar(end), NUMBERS) for end in ends)


@pytest.mark.parametrize(
    "argument", ["A*A", "s*A", "(x*x' over tokens)", "P*P'", "A + (x*x' over context)"]
)
def test_where_no_spectrum_follows_the_ends_must_be_passed(argument: str, look: Look) -> None:
    checked = look(NEWTON + HEAD + f"X = newton({argument})\nreturn X")
    assert [one.message for one in checked.diagnostics if one.severity == "error"] == [
        "'newton' needs a value for mu, L"
    ]
    assert look(NEWTON + HEAD + f"X = newton({argument}, mu = 1, L = b^2)\nreturn X").program


def test_a_variable_stands_for_what_it_was_assigned(look: Look) -> None:
    text = "G = 2*A\nH = G + I\nX = newton(H)\nreturn X"
    program = look(NEWTON + HEAD + text).program
    assert program is not None
    start = program.body[2]
    assert isinstance(start, core.Assign)
    assert _step(start) == 2 / (2 * NUMBERS["a"] + 1 + 2 * NUMBERS["b"] + 1)


def test_a_variable_that_a_loop_changes_has_no_known_spectrum(look: Look) -> None:
    text = "G = A\nrepeat 2:\n  G = G*G\nX = newton(G)\nreturn X"
    messages = [one.message for one in look(NEWTON + HEAD + text).diagnostics]
    assert "'newton' needs a value for mu, L" in messages


def test_singular_values_scale_and_transpose(look: Look) -> None:
    polar = (
        "algorithm polar_(G: [m, n])\nassume singular_values(G) in [lo, hi]\nX = 1/hi*G\nreturn X\n"
    )
    for argument, scale in [("P", "1/q"), ("P'", "1/q"), ("-2*P", "1/2/q")]:
        checked = look(polar + HEAD + f"X = polar_({argument})\nreturn X")
        assert checked.program is not None
        text = program_text(checked.program)
        assert f"polar_.X = {scale}*" in text or "polar_.X = 1/(2*q)*" in text


def test_repeated_calls_have_names_of_their_own(look: Look) -> None:
    text = "X = newton(A)\nY = newton(A, steps = 3)\nreturn X, Y"
    program = look(NEWTON + HEAD + text).program
    assert program is not None
    names = {name for one in program.body if isinstance(one, core.Assign) for name in one.names}
    assert names == {"newton.X", "newton2.X", "X", "Y"}
    counts = [one.count for one in program.body if isinstance(one, core.Repeat)]
    assert [scalar_text(count) for count in counts] == ["12", "3"]


def test_a_call_inside_a_loop_runs_in_the_loop(look: Look) -> None:
    text = "X = A\nrepeat s:\n  X = newton(X, mu = 1, L = 2)*A\nreturn X"
    program = look(NEWTON + HEAD + text).program
    assert program is not None
    loop = program.body[1]
    assert isinstance(loop, core.Repeat)
    assert [type(one).__name__ for one in loop.body] == ["Assign", "Repeat", "Assign"]
    assert {one.name for one in program.parameters if one.is_count} == {"s"}


def test_calls_within_calls_and_several_results(look: Look) -> None:
    middle = """
algorithm both(A: symmetric[e, e])
assume spectrum(A) in [lo, hi]
Y = newton(A + I)
return Y, A*Y
"""
    text = "Y, Z = both(2*A)\nreturn Y, Z"
    program = look(NEWTON + middle + HEAD + text).program
    assert program is not None
    printed = program_text(program)
    assert "both.A = 2*A" in printed
    assert "both.newton.A = both.A + I" in printed
    assert "both.newton.X = 2/(2*a + 2 + 2*b)*I" in printed


def test_a_value_returned_on_some_tokens_is_defined_there(look: Look) -> None:
    callee = "algorithm g(z: [e] per token, M: [e, e])\nreturn M*z on query\n"
    program = look(callee + HEAD + "u = g(x, A)\nreturn u").program
    assert program is not None
    assert program.returns[0].groups == (core.QUERY,)
    checked = look(callee + HEAD + "u = g(x, A)\nreturn u on context")
    assert checked.diagnostics[-1].message == "this value is defined on query only"


def test_an_argument_needs_the_tokens_that_the_callee_declares(look: Look) -> None:
    callee = "algorithm g(z: [e] per token)\nreturn z\n"
    head = "algorithm f(y: [k] per context)\n"
    (found,) = look(callee + head + "return g(y)").diagnostics
    assert found.message == (
        "this value is defined on context only, but here it is needed on context and query"
    )


def test_a_symmetric_input_that_gets_another_matrix_is_a_warning(look: Look) -> None:
    checked = look(NEWTON + HEAD + "M = A*(A + P*P')\nX = newton(M, mu = 1, L = 2)\nreturn X")
    assert checked.program is not None
    assert [one.severity for one in checked.diagnostics if one.underlined == "M"] == ["warning"]


def test_calls_do_not_grow_without_bound(look: Look) -> None:
    text = "algorithm f0(A: [d, d])\nX = A*A\nreturn X\n"
    for n in range(1, 40):
        text += f"algorithm f{n}(A: [d, d])\nX = f{n - 1}(A)\nY = f{n - 1}(X)\nreturn Y\n"
    assert "more than 30000 statements" in look(text).diagnostics[0].message


# -- names that collide -------------------------------------------------------------------------

RETURNED = [
    ("return A*A", ["output"]),
    ("return A*A, 2*A", ["output1", "output2"]),
    ("output2 = A\nreturn output2, A*A", ["output2", "output3"]),
    ("output2 = A\nreturn A*A, output2, 2*A", ["output1", "output2", "output3"]),
    ("output = A\nreturn A*output", ["output2"]),
    ("output1, output2 = A, A\nreturn A*A, output1*A", ["output3", "output4"]),
    ("X = A\nreturn X, X, X", ["X", "output2", "output3"]),
    ("return I + 0*A, A, ones + 0*A", ["output1", "A", "output3"]),
]


@pytest.mark.parametrize(("text", "names"), RETURNED)
def test_no_output_has_the_name_of_another_value(text: str, names: list[str]) -> None:
    program = check(Source("s.alg", f"algorithm f(A: [d, d])\n{text}\n"))
    assert [one.name for one in program.returns] == names
    assert len(set(names)) == len(names)


def test_an_algorithm_with_the_name_of_a_matrix_function_is_called_in_statements() -> None:
    callee = "algorithm polar(M: [n, m])\nreturn M - M*M'*M approximates polar(M)\n"
    text = f"{callee}algorithm f(A: [d, d])\nX = polar(A)\nreturn X approximates polar(A)\n"
    program = check(Source("s.alg", text))
    assert "polar.M" in program_text(program) or "A*A'*A" in program_text(program)
    assert program_text(program).endswith("approximates polar(A)\n")


def test_the_variable_of_a_function_hides_no_parameter(look: Look) -> None:
    text = "algorithm f(x: [d] per token)\nparam s = 2\nfunction g(s) = s^2\nreturn g(x)\n"
    found = [one.message for one in look(text).diagnostics if one.severity == "error"]
    assert found == ["'s' is a parameter, and would be the variable of this function too"]
