"""Every mistake: where it is shown, what is underlined, what is said and advised."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from weightsmith.dsl import Checked, Diagnostic, Source, Span

Look = Callable[..., Checked]
HEAD = """\
algorithm f(A: symmetric[d, d], B: [d, m], x: [d] per token, y: [k] per context)
assume spectrum(A) in [mu, L]
param eta, steps = 3
"""
NEWTON = """\
algorithm newton(A: symmetric[d, d])
assume spectrum(A) in [mu, L]
param steps = 12
X = 2/(mu + L)*I
repeat steps:
    X = 2*X - X*A*X
return X approximates inv(A)

algorithm two(A: [m, n], z: [m] per token)
return A, A*A'

"""

# The text after HEAD; line (from 1, after HEAD), column, underlined text; message; advice.
Case = tuple[str, int, int, str, str, str]

SYNTAX: list[Case] = [
    (
        "repeat steps\n  X = A",
        1,
        13,
        "",
        "expected ':' after the count of 'repeat'",
        "repeat steps:",
    ),
    ("X = (A + B\nY = A", 1, 5, "(", "this '(' is never closed", "add the missing ')'"),
    ("X = (A + B\nreturn A", 1, 5, "(", "this '(' is never closed", "add the missing ')'"),
    ("X = (A]", 1, 7, "]", "expected ')' to close '(', got ']'", "write ')'"),
    ("X = A)", 1, 6, ")", "this ')' closes nothing", "remove"),
    ("X 2*A", 1, 3, "2", "expected '=' after 'X', got '2'", "NAME = EXPR"),
    ("for i 3:\n  X = A", 1, 7, "3", "expected", "write: for g in 3/2, 2, 3:"),
    ("for i in 3\n  X = A", 1, 11, "", "expected ':' after the numbers of 'for'", "for g in"),
    ("for i in 3:\nX = A", 2, 1, "X", "expected an indented block", "indent"),
    ("X == A", 1, 3, "==", "unexpected '=='", "one '=' assigns"),
    ("X += A", 1, 3, "+=", "unexpected '+='", "X = X + "),
    ("X = 2 A", 1, 7, "A", "expected an operator between '2' and 'A'", "2*A"),
    ("X = A'A", 1, 7, "A", "expected an operator between the transpose ' and 'A'", "'*'"),
    ("X = A +", 1, 8, "", "expected a value, got the end of the line", ""),
    ("X = [A]", 1, 5, "[", "expected a value, got '['", ""),
    ("X = in", 1, 5, "in", "a word of the language", "another name"),
    ("over = A", 1, 1, "over", "begins no statement", "NAME = EXPR"),
    ("1 = A", 1, 1, "1", "expected a statement, got '1'", "NAME = EXPR"),
    ("  X = A", 1, 1, "  ", "no block begins here", "below 'repeat"),
    ("repeat 3:\nX = A", 2, 1, "X", "expected an indented block below ':'", "indent"),
    ("repeat 3: X = A", 1, 11, "X", "expected the end of the line after ':'", "next lines"),
    ("repeat 3:\n    X = A\n  Y = A", 3, 1, "  ", "indented by 2, which is neither", "line it up"),
    ("repeat 3:\n\tX = A\n  Y = A", 3, 1, "  ", "mixes tabs and spaces", "spaces only"),
    ("repeat 3:\n  param z", 2, 3, "param", "cannot stand inside a loop", "above"),
    ("X = A×A", 1, 6, "×", "unexpected '×'", "write '*'"),
    ("X = η*A", 1, 5, "η", "letters A-Z", "write eta"),
    ("X = A;", 1, 6, ";", "unexpected ';'", "line of its own"),
    ("X = Ω*A", 1, 5, "Ω", "letters A-Z", "write omega"),
    ("X = A over context over query", 1, 20, "over query", "'over' stands twice", "keep one"),
    ("X = A over", 1, 11, "", "expected a name", "context, query or tokens"),
    ("assume spectrum(A) in [mu L]", 1, 27, "L", "expected ',' between 'mu' and 'L'", "[mu, L]"),
    ("param 3", 1, 7, "3", "expected a name, got '3'", "param eta"),
    ("X = f(A, steps = 3, B)", 1, 21, "B", "an input cannot follow", "inputs first"),
    ("use g from f.alg", 1, 12, "f.alg", "expected a file name in double quotes", "use NAME"),
]

NAMES: list[Case] = [
    ("X = stpes*A", 1, 5, "stpes", "unknown name 'stpes'", "did you mean 'steps'?"),
    ("X = Q*A", 1, 5, "Q", "unknown name 'Q'", "declare it"),
    ("X = Z\nZ = A", 1, 5, "Z", "'Z' has no value here", "assign it before"),
    ("repeat 3:\n  S = A\nX = S", 3, 5, "S", "'S' has no value here", "only inside 'repeat'"),
    ("X = inv", 1, 5, "inv", "'inv' is a function", "inv(A)"),
    ("A = 2*A", 1, 1, "A", "'A' is an input", "another name"),
    ("eta = 2", 1, 1, "eta", "'eta' is a parameter", "another name"),
    ("d = A", 1, 1, "d", "'d' is a dimension", "another name"),
    ("I = A", 1, 1, "I", "a word of the language", "another name"),
    ("X, X = A, A", 1, 4, "X", "assigned twice in one statement", ""),
    ("X = d*A", 1, 5, "d", "'d' is a dimension, not a number", "param"),
    ("param eta", 1, 7, "eta", "'eta' is declared twice", "another name"),
    ("param inv = 2", 1, 7, "inv", "a word of the language", "another name"),
    ("param d = 2", 1, 7, "d", "already a dimension", "another name"),
    ("X = spectrum(A)", 1, 5, "spectrum", "stands only in an assumption", "assume"),
    ("X = f(A)", 1, 5, "f", "'f' calls itself", "repeat"),
    ("X = gg(A)", 1, 5, "gg", "unknown algorithm or function 'gg'", "use gg from"),
]

SHAPES: list[Case] = [
    ("X = B + A", 1, 9, "A", "B is [d, m] but A is [d, d]", ""),
    ("X = B + B'", 1, 9, "B'", "B is [d, m] but B' is [m, d]", "the transpose, B''?"),
    ("X = A*B*x", 1, 7, "B*x", "B is [d, m] but x is [d, token]", "columns of B"),
    ("X = A + 1", 1, 9, "1", "the number 1 is added to a matrix", "write 1*I"),
    ("X = A - (eta + 1)", 1, 9, "(eta + 1)", "is added to a matrix", "(eta + 1)*I"),
    ("X = A/B", 1, 7, "B", "cannot divide by the matrix B", "inv(B) in a target"),
    ("X = A^-1", 1, 5, "A", "cannot divide by the matrix A", "inv(A) in a target"),
    ("X = A^(1/2)", 1, 7, "(1/2)", "whole number from 1 to 32", "repeat"),
    ("X = B^2", 1, 5, "B^2", "these do not multiply: B is [d, m]", ""),
    ("X = A^eta", 1, 7, "eta", "whole number from 1 to 32, got eta", ""),
    ("X = A*eta'", 1, 7, "eta'", "cannot transpose the number eta", "remove"),
    ("X = 2^A", 1, 7, "A", "expected a number, got the matrix A [d, d]", ""),
    ("X = A/0", 1, 7, "0", "division by zero", ""),
    ("X = 2^(1/2)*A", 1, 5, "2^(1/2)", "has no exact value", "param"),
    ("c = sqrt(2)", 1, 5, "sqrt(2)", "not a rational number", "param"),
    ("X = inv(A)", 1, 5, "inv(A)", "not a polynomial", "after 'approximates'"),
    ("X = A\nX = B", 2, 1, "X", "'X' is [d, d] since line 4, but this value is [d, m]", "keeps"),
    ("X = A\nrepeat 3:\n  X = X*B", 3, 3, "X", "since line 4", "keeps its shape"),
    ("X = eta\nX = A", 2, 1, "X", "'X' is a number", "another name"),
    ("X = A\nX = 2", 2, 1, "X", "'X' is a matrix [d, d]", "another name"),
    ("c = 1\nrepeat 3:\n  c = c/2", 3, 3, "c", "would change from step to step", "carried"),
    ("X = I", 1, 5, "I", "the size of I cannot be worked out", "0*A"),
    ("w = 0", 1, 5, "0", "the size of 0 cannot be worked out", "0*A"),
    ("X, Y = A", 1, 1, "X, Y = A", "expected 2 values", "A, B = E1, E2"),
    ("repeat A:\n  X = A", 1, 8, "A", "expected a number of repetitions", ""),
    ("repeat -1:\n  X = A", 1, 8, "-1", "whole number of steps, 0 or more, got -1", "steps"),
    ("repeat 3/2:\n  X = A", 1, 8, "3/2", "whole number of steps", "steps"),
]

TOKENS: list[Case] = [
    ("w = y*x'", 1, 5, "y*x'", "nothing says over which", "over context"),
    ("w = y*x' over query", 1, 5, "y*x'", "both defined on context only", "over context"),
    ("w = y*x' over all", 1, 15, "all", "expected context, query or tokens", ""),
    ("w = y*x' over tokns", 1, 15, "tokns", "expected context", "did you mean 'tokens'?"),
    ("K = x'*x", 1, 5, "x'*x", "width would grow with the number of tokens", "x*x', not x'*x"),
    ("z = y + (y*x'*x on query over context)", 1, 9, "(y*x'*x on query over context)",
     "no tokens in common", "per token"),
    ("z = (y on query)", 1, 5, "(y on query)", "context only, but here it is needed on query", ""),
    ("Z = (A on query)", 1, 5, "(A on query)", "no tokens to select", "remove"),
]  # fmt: skip

HEADS: list[Case] = [
    ("assume spectrum(B) in [1, 2]", 1, 8, "spectrum(B)", "only a square matrix", "singular"),
    ("assume spectrm(A) in [1, 2]", 1, 8, "spectrm(A)", "expected spectrum", "mean 'spectrum'?"),
    ("assume spectrum(A, A) in [1, 2]", 1, 8, "spectrum(A, A)", "takes one matrix", ""),
    ("assume spectrum(A) in [2, 1]", 1, 1, "assume spectrum(A) in [2, 1]", "above its high", "low"),
    ("assume spectrum(A) in [A, 1]", 1, 24, "A", "expected a number, got the matrix", ""),
    ("assume spectrum(A) in [nu + 1, 9]", 1, 24, "nu", "unknown name 'nu'", ""),
    ("assume singular_values(B) in [-1, 2]", 1, 1, "assume singular_values(B) in [-1, 2]",
     "never below 0", ""),
    ("assume A in B", 1, 13, "B", "expected [low, high] or range", "assume psi in range"),
    ("assume y in range(A)", 1, 1, "assume y in range(A)", "columns cannot lie in the range", ""),
    ("assume spectrum(A) in range(A)", 1, 23, "range(A)", "not in a range", "[mu, L]"),
    ("param a = b, b = a", 1, 7, "a = b", "the defaults of a, b need one another", "a number"),
    ("param a = a", 1, 7, "a = a", "need one another", "a number"),
    ("param c = A", 1, 11, "A", "expected a number, got the matrix", ""),
    ("param h = 1/2\nrepeat h:\n  X = A", 1, 7, "h = 1/2", "its default is 1/2", "whole"),
    ("X = A\nparam z = 1\nX = z*A", 2, 1, "param z = 1", "stands after a statement", "above"),
]  # fmt: skip


@pytest.mark.parametrize("case", SYNTAX + NAMES + SHAPES + TOKENS + HEADS, ids=lambda case: case[0])
def test_a_mistake_among_statements(case: Case, look: Look) -> None:
    text, line, column, underlined, message, hint = case
    after = "" if case in SYNTAX else "\nreturn A\n"
    found = _errors(look(HEAD + text + after))[0]
    _expect(found, (line + 3, column, underlined, message, hint))


RETURNS: list[Case] = [
    ("return x'", 1, 8, "x'", "rows of a returned value cannot be tokens", "transpose"),
    ("return x'*x", 1, 8, "x'*x", "cannot be held in the residual stream", ""),
    ("return A on query", 1, 8, "A on query", "no tokens to select", "remove"),
    ("return y on query", 1, 8, "y on query", "defined on context only", "on context"),
    ("return eta", 1, 8, "eta", "expected a matrix, got the number eta", "eta*I"),
    ("return A approximates B", 1, 23, "B", "A is [d, d] but B is [d, m]", ""),
    ("return x approximates y*x'*x over context", 1, 23, "y*x'*x", "another shape", ""),
    ("return A approximates inv(B)", 1, 27, "B", "inv needs a square matrix", "pinv"),
    ("return A approximates sqrt(A*B*B')", 1, 28, "A*B*B'", "need not be symmetric", "symmetric"),
    ("return x approximates polar(x)", 1, 23, "polar(x)", "indexed by tokens", "x*x'"),
    ("return A approximates inv(A, A)", 1, 23, "inv(A, A)", "inv takes one matrix", ""),
    ("X = A\nrepeat 2:\n  X = X*A\nreturn A approximates X", 4, 23, "X", "an iteration computes",
     "inputs"),
    ("return A\nX = A", 2, 1, "X = A", "stands after 'return'", "above"),
    ("return A\nreturn A", 2, 1, "return A", "a second 'return'", "several"),
    ("repeat 2:\n  return A", 2, 3, "return A", "cannot stand inside a loop", "after the loop"),
    ("X = A", -2, 11, "f", "algorithm 'f' returns nothing", "return X"),
]  # fmt: skip


@pytest.mark.parametrize("case", RETURNS, ids=lambda case: case[0])
def test_a_mistake_in_the_return(case: Case, look: Look) -> None:
    text, line, column, underlined, message, hint = case
    found = _errors(look(HEAD + text))[0]
    _expect(found, (line + 3, column, underlined, message, hint))


DECLARATIONS: list[Case] = [
    ("X = A", 1, 1, "X", "expected 'algorithm' or 'use', got 'X'", "algorithm NAME"),
    ("algorithm f(A: [d])\nreturn A", 1, 13, "A: [d]", "a matrix has two dimensions", "per token"),
    ("algorithm f(A: [d, d, d])\nreturn A", 1, 13, "A: [d, d, d]", "two dimensions, got 3", ""),
    ("algorithm f(A: [d, d] per token)\nreturn A", 1, 13, "A: [d, d] per token", "one dimension",
     "per token"),
    ("algorithm f(A: [d] per tokn)\nreturn A", 1, 24, "tokn", "expected per token", "'token'?"),
    ("algorithm f(A: symmetrc[d, d])\nreturn A", 1, 16, "symmetrc", "unknown kind", "symmetric"),
    ("algorithm f(A: symmetric[d, e])\nreturn A", 1, 13, "A: symmetric[d, e]", "is square", ""),
    ("algorithm f(A: [d, d], A: [d, d])\nreturn A", 1, 24, "A", "'A' is declared twice", ""),
    ("algorithm f(A: [d, d], d: [d, d])\nreturn A", 1, 24, "d", "already a dimension", ""),
    ("algorithm f(A: [0, d])\nreturn A", 1, 17, "0", "a whole number above 0", ""),
    ("algorithm f(A: [1.5, d])\nreturn A", 1, 17, "1.5", "a whole number above 0", ""),
    ("algorithm f(A: [token, d])\nreturn A", 1, 17, "token", "a word of the language", ""),
    ("algorithm f(I: [d, d])\nreturn I", 1, 13, "I", "a word of the language", ""),
    ("algorithm f A\nreturn A", 1, 13, "A", "expected '(', got 'A'", "algorithm NAME("),
    ("algorithm f(A: [d, d]):\n  return A", 1, 23, ":", "expected the end of the line", "no ':'"),
    ("algorithm f(A: [d, d])\nreturn A\nalgorithm f(A: [d, d])\nreturn A", 3, 11, "f",
     "there is already an algorithm 'f'", "another name"),
]  # fmt: skip


@pytest.mark.parametrize("case", DECLARATIONS, ids=lambda case: case[0])
def test_a_mistake_in_a_declaration(case: Case, look: Look) -> None:
    _expect(_errors(look(case[0]))[0], case[1:])


CALLS: list[Case] = [
    ("X = newton(A*A)", 1, 5, "newton(A*A)", "'newton' needs a value for mu, L", "pass mu"),
    ("X = newton(eta*A)", 1, 5, "newton(eta*A)", "needs a value for mu, L", "pass mu"),
    ("X = newton(B)", 1, 12, "B", "is symmetric[d, d], but B is [d, m]", ""),
    ("X = newton(A, A)", 1, 5, "newton(A, A)", "takes 1 input (A), got 2", "by name"),
    ("X = newton(A, step = 4)", 1, 15, "step", "no parameter 'step'", "mean 'steps'?"),
    ("X = newton(A, steps = 4, steps = 4)", 1, 26, "steps", "passed twice", ""),
    ("X = newton(A, A = 3)", 1, 15, "A", "inputs are passed by position", ""),
    ("X = newton(A, steps = A)", 1, 23, "A", "expected a number for 'steps'", ""),
    ("X = newton(A, steps = -4)", 1, 5, "newton(A, steps = -4)", "would run -4 times", ""),
    ("X = newton(A, mu = -1, L = 1)", 1, 5, "newton(A, mu = -1, L = 1)", "division by zero", ""),
    ("X = two(B, x)", 1, 5, "two(B, x)", "returns 2 values, here one is needed", "X, Y = two"),
    ("X, Y, Z = two(B, x)", 1, 1, "X, Y, Z = two(B, x)", "but 3 names are assigned", ""),
    ("X, Y = two(x, x)", 1, 12, "x", "is [m, n], but x is [d, token]", ""),
    ("X, Y = two(B, y)", 1, 15, "y", "is [m, token], but y is [k, token]", ""),
    ("X, Y = two(y, y)", 1, 12, "y", "is [m, n], but y is [k, token]", ""),
    ("X, Y = inv(A)", 1, 8, "inv(A)", "not a polynomial", ""),
    ("c = newton(A, steps = newton(A))", 1, 23, "newton(A)", "expected a number for", ""),
    ("repeat newton(A):\n  X = A", 1, 8, "newton", "cannot be called in a number", ""),
]


@pytest.mark.parametrize("case", CALLS, ids=lambda case: case[0])
def test_a_mistake_in_a_call(case: Case, look: Look) -> None:
    text, line, column, underlined, message, hint = case
    found = _errors(look(NEWTON + HEAD + text + "\nreturn A"))[0]
    _expect(found, (line + 14, column, underlined, message, hint))


def test_a_call_in_a_target_or_an_assumption(look: Look) -> None:
    found = _errors(look(NEWTON + HEAD + "return A approximates newton(A)"))[0]
    assert found.message == "an algorithm cannot be called in a target"
    found = _errors(look(NEWTON + HEAD + "assume spectrum(newton(A)) in [1, 2]\nreturn A"))[0]
    assert found.message == "an algorithm cannot be called in an assumption"


def test_a_call_to_a_later_algorithm(look: Look) -> None:
    text = "algorithm f(A: [d, d])\nreturn g(A)\nalgorithm g(A: [d, d])\nreturn A"
    (found,) = _errors(look(text))
    _expect(found, (2, 8, "g", "called before it is written", "move algorithm g above"))


def test_all_mistakes_are_reported_in_order(look: Look) -> None:
    text = HEAD + "w = y*x'\nX = Q*A\nY = A + 1\nZ = B + A\nV = X + Y\nreturn W"
    lines = [(one.line, one.message.split()[0]) for one in _errors(look(text))]
    assert [line for line, _ in lines] == [4, 5, 6, 7, 9]


def test_one_mistake_is_one_message(look: Look) -> None:
    assert len(_errors(look(HEAD + "X = Q*A\nY = X*A\nrepeat 2:\n  X = X*Y\nreturn X"))) == 1


def test_unused_declarations_are_warnings(look: Look) -> None:
    checked = look("algorithm f(A: [d, d], B: [d, d])\nparam s = 1\nreturn A")
    assert checked.program is not None
    found = [(one.severity, one.underlined, one.message) for one in checked.diagnostics]
    assert found == [
        ("warning", "B: [d, d]", "the input 'B' is not used"),
        ("warning", "s = 1", "the parameter 's' is not used"),
    ]


def test_rendering() -> None:
    source = Source("a.alg", "X = A\nY = stpes*A\n")
    found = Diagnostic(
        "error",
        "unknown-name",
        Span(source, 10, 15),
        "unknown name 'stpes'",
        "did you mean?",
        ("n",),
    )
    assert found.render() == (
        "a.alg:2:5: error[unknown-name]: unknown name 'stpes'\n"
        "    Y = stpes*A\n"
        "        ^~~~~\n"
        "help: did you mean?\n"
        "note: n"
    )


def test_rendering_of_endless_lines_and_of_nothing() -> None:
    source = Source("a.alg", "A" * 5000 + "\x07\tB" + "C" * 5000)
    found = Diagnostic("error", "syntax", Span(source, 5000, 5003), "here").render().splitlines()
    assert all(len(line) < 120 for line in found)
    assert found[1][found[2].index("^") :].startswith("\ufffd B")
    assert found[2].strip() == "^~~"
    assert (
        Diagnostic("error", "syntax", Span(Source("a", ""), 0, 0), "m").render()
        == "a:1:1: error[syntax]: m"
    )


def test_a_place_over_several_lines_is_underlined_to_the_end_of_the_first() -> None:
    source = Source("a.alg", "X = (A\n + B)")
    lines = Diagnostic("error", "syntax", Span(source, 4, 12), "m").render().splitlines()
    assert lines[2] == "        ^~"


def _errors(checked: Checked) -> list[Diagnostic]:
    assert checked.program is None
    return [one for one in checked.diagnostics if one.severity == "error"]


def _expect(found: Diagnostic, wanted: tuple[int, int, str, str, str]) -> None:
    line, column, underlined, message, hint = wanted
    assert (found.line, found.column, found.underlined) == (line, column, underlined)
    assert message in found.message
    assert hint in (found.hint or "")
    assert found.render().startswith(f"script.alg:{line}:{column}: error[{found.code}]: ")
