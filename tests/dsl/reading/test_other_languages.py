"""What people write in Python, NumPy, PyTorch and MATLAB is told what works instead."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from weightsmith.dsl import Checked, Source, check, program_text
from weightsmith.dsl.meaning.entry_functions import BUILT_IN
from weightsmith.dsl.program.scope import MATRIX_FUNCTIONS, RESERVED
from weightsmith.dsl.reading.other_languages import FUNCTIONS, function_hint

Look = Callable[..., Checked]
HEAD = """\
algorithm f(A: symmetric[d, d], B: [d, m], x: [d] per token)
param steps = 3, c = 2
X = A
"""
BLOCK = "\n    X = X*A"

CASES = [
    (f"for i in range(steps):{BLOCK}", "'for' does not count", "repeat steps:"),
    (f"for i in range(0, steps):{BLOCK}", "'for' does not count", "repeat steps:"),
    (f"for i in range(1, steps):{BLOCK}", "'for' does not count", "repeat steps - 1:"),
    (f"for i in range():{BLOCK}", "'for' does not count", "repeat steps:"),
    (f"for i in steps:{BLOCK}", "'for' does not count: 'steps' is one", "repeat steps:"),
    (f"for i in 1:steps:{BLOCK}", "after ':'", "repeat steps:"),
    (f"for i = 1:steps{BLOCK}", "expected 'in'", "repeat steps:"),
    (f"for i, g in enumerate(c):{BLOCK}", "'enumerate'", "written out"),
    (f"while True:{BLOCK}", "after 'while'", "repeat steps:"),
    (f"while error > 1e-6:{BLOCK}", "unexpected '>'", "repeat until error <= 1e-6:"),
    (f"if c > 2:{BLOCK}", "unexpected '>'", "no conditions"),
    (f"if c:{BLOCK}", "after 'if'", "no conditions"),
    (f"else:{BLOCK}", "after 'else'", "no conditions"),
    ("Y = A if c else X", "'if' is no operator", "no conditions"),
    ("break", "after 'break'", "repeat until"),
    ("def g(A): return A", "after 'def'", "algorithm NAME"),
    ("import numpy as np", "after 'import'", "use NAME from"),
    ("print(X)", "after 'print'", "return EXPR"),
    ("X += A", "unexpected '+='", "X = X + "),
    ("Y = A @ A", "unexpected '@'", "'*'"),
    ("Y = A.T", "unknown name 'A.T'", "write A'"),
    ("Y = B.T*A", "unknown name 'B.T'", "write B'"),
    ("Y = A^T", "unknown name 'T'", "write the transpose as A'"),
    ("Y = A^-1", "cannot divide by the matrix A", "inv(A) in a target"),
    ("Y = np.linalg.inv(A)", "'np.linalg.inv'", "write inv(A) after 'approximates'"),
    ("Y = A.inv()", "'A.inv'", "write inv(A) after 'approximates'"),
    ("Y = np.exp(A)", "'np.exp'", "of every entry exp.(E)"),
    ("Y = torch.relu(A)", "'torch.relu'", "write relu(A)"),
    ("Y = B.sum()", "'B.sum'", "write sum(B)"),
    ("Y = np.mean(A)", "'mean' needs a size", "sum(E)/n"),
    ("Y = np.frobnicate(A)", "'np.frobnicate'", "no packages"),
    ("Y = np.pi*A", "unknown name 'np.pi'", "param pi"),
    ("Y = eye(d)", "'eye'", "write I"),
    ("Y = zeros(d, d)", "'zeros'", "write 0, or 0*A"),
    ("Y = transpose(B)", "'transpose'", "write A'"),
    ("Y = B.transpose()", "'B.transpose'", "write B'"),
    ("Y = A/norm(A)", "norm(…) stands only in an assumption", "is a param"),
    ("Y = max(A)", "max takes 2 values", "max(E, F)"),
    ("Y = A.diagonal()", "'A.diagonal'", "write diag(A)"),
    ("Y = np.dot(A, B)", "'np.dot'", "write A*B; of two columns dot(x, y)"),
    ("Y = np.vdot(A, B)", "'np.vdot'", "write dot(x, y)"),
    ("Y = tr(A)", "'tr'", "write trace(A)"),
    ("Y = tril(A)", "'tril'", "A .* M"),
    ("Y = softmax(A)", "'softmax'", "e ./ sum(e)"),
    ("Y = A[0]", "got '['", "whole matrices"),
    ("Y = [A, A]", "got '['", "X, Y = E, F"),
    ("Y = A // 2", "got '/'", "comments begin with '#'"),
    ("// comment", "got '/'", "comments begin with '#'"),
    ("return (X, A)", "got ','", "return X, Y"),
    ("Y = np.zeros((2, 3))", "got ','", "write 0, or 0*A"),
    ("Y = A\\B", "unexpected '\\'", "for A\\b write"),
    ("Y <- A", "unexpected '<-'", "write '='"),
    ("Y = X - grad(X)", "'grad'", "write the gradient out"),
    ("Y = msign(X)", "'msign'", "write polar(G)"),
    (f"repeat 3 times:{BLOCK}", "'times' is no operator", "repeat steps:"),
]


@pytest.mark.parametrize(("line", "message", "hint"), CASES, ids=lambda case: case[:24])
def test_what_works_instead_is_said(line: str, message: str, hint: str, look: Look) -> None:
    errors = [one for one in look(f"{HEAD}{line}\nreturn X").diagnostics if one.severity == "error"]
    assert message in errors[0].message
    assert hint in (errors[0].hint or "")


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_no_word_of_the_language_is_called_foreign(name: str) -> None:
    assert name not in (*MATRIX_FUNCTIONS, *BUILT_IN)
    assert name == "ones" or name not in RESERVED
    assert function_hint(f"np.{name}", BUILT_IN, MATRIX_FUNCTIONS) == FUNCTIONS[name]


@pytest.mark.parametrize(
    "line",
    [
        "Y = A .* I",
        "Y = sum(sum(A .* I)')",
        "e = exp.(B)\nY = e ./ sum(e)",
        "Y = relu(A) - c*relu(-A)",
        "Y = relu(A) + exp.(min(A, 0)) - ones",
        "Y = A .* sigmoid(1.702*A)",
        "Y = (x*x' over context)*x",
        "Y = B + c*ones",
    ],
)
def test_what_the_hints_say_has_a_meaning(line: str, look: Look) -> None:
    assert look(f"{HEAD}{line}\nreturn Y").program is not None


def test_an_algorithm_of_that_name_is_called(look: Look) -> None:
    callee = "algorithm trace(M: [n, n])\nreturn M*M\n"
    assert look(f"{callee}{HEAD}return trace(A)").program is not None
    (found,) = look(f"algorithm f(A: [d, d])\nreturn trace(A)\n{callee}").diagnostics
    assert found.message == "'trace' is called before it is written"


def test_one_pass_with_one_number_is_said_where_the_number_is_not_used(look: Look) -> None:
    found = look(f"{HEAD}for i in 5:{BLOCK}\nreturn X").diagnostics
    assert [one.hint for one in found if "'i' is not used" in one.message] == [
        "write: repeat 5: this is one pass, with the number 5"
    ]


def test_a_pass_with_a_parameter_alone_is_printed_so_that_it_is_read_back() -> None:
    callee = "algorithm g(A: [d, d])\nparam s\nX = A\nfor h in 2*s:\n    X = h*X\nreturn X\n"
    text = f"{callee}algorithm f(A: [d, d])\nparam c\nreturn g(A, s = c/2)\n"
    printed = program_text(check(Source("s.alg", text)))
    assert "for g.h in 1*c:" in printed
    assert program_text(check(Source("p.alg", printed))) == printed
