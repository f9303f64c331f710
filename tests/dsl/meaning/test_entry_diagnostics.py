"""Mistakes with functions of entries: where they are shown, what is said and advised."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from weightsmith.dsl import Checked

Look = Callable[..., Checked]
HEAD = """\
algorithm f(A: symmetric[d, d], B: [d, m], x: [d] per token, y: [k] per context)
assume spectrum(A) in [mu, L]
param eta, steps = 3
"""

# The text after HEAD; line (from 1, after HEAD), column, underlined text; message; advice.
Case = tuple[str, int, int, str, str, str]

CALLS: list[Case] = [
    ("X = sigmod(A)", 1, 5, "sigmod", "unknown algorithm or function 'sigmod'", "mean 'sigmoid'"),
    ("X = sigmod.(A)", 1, 5, "sigmod", "unknown function 'sigmod'", "did you mean 'sigmoid'?"),
    ("X = gg.(A)", 1, 5, "gg", "unknown function 'gg'", "declare it: function gg(t) = …"),
    ("X = exp(A)", 1, 5, "exp(A)", "exp is not a polynomial", "for every entry: write exp.(A)"),
    ("X = sqrt(A)", 1, 5, "sqrt(A)", "not a polynomial", "for every entry: write sqrt.(A)"),
    ("X = exp .(A)", 1, 5, "exp .(A)", "a space between 'exp' and its dot", "write exp.(E)"),
    ("X = exp. (A)", 1, 8, ".", "unexpected '.'", "write f.(E)"),
    ("X = relu(A, A)", 1, 5, "relu(A, A)", "relu takes one value, got 2", "write relu(E)"),
    ("X = relu()", 1, 5, "relu()", "relu takes one value, got 0", "write relu(E)"),
    ("X = clip(A, 1)", 1, 5, "clip(A, 1)", "clip takes 3 values, got 2", "clip(E, low, high)"),
    ("X = clip(A, 1, 0)", 1, 5, "clip(A, 1, 0)", "low end 1 of clip is above its high end 0", ""),
    ("X = clip(A, A, 1)", 1, 13, "A", "expected a number, got A", "clip(E, low, high)"),
    ("X = soft(A, -1)", 1, 5, "soft(A, -1)", "never below 0, got -1", "soft(E, tau)"),
    ("X = max(A, B)", 1, 5, "max(A, B)", "A is [d, d] and B is [d, m]", ""),
    ("X = relu(2)", 1, 5, "relu(2)", "the entries of a matrix, got 2", "param"),
    ("X = relu(A, s = 2)", 1, 5, "relu(A, s = 2)", "takes no named numbers", "relu(E)"),
    ("X = relu", 1, 5, "relu", "'relu' is a function", "write relu(E)"),
    ("X, Y = relu(A)", 1, 1, "X, Y = relu(A)", "expected 2 values on the right", ""),
    ("X = sign(A)", 1, 5, "sign", "'sign' is discontinuous at 0, and a ReLU network is continuous",
     "write clip(c*E, -1, 1)"),
    ("X = floor(A)", 1, 5, "floor", "discontinuous at whole numbers", "table"),
    ("X = ceil(A)", 1, 5, "ceil", "discontinuous at whole numbers", "table"),
    ("X = round.(A)", 1, 5, "round", "discontinuous at whole numbers", "table"),
    ("X = step(A)", 1, 5, "step", "'step' is discontinuous at 0", "write clip(c*E, 0, 1)"),
    ("X = softmax(A)", 1, 5, "softmax(A)", "is of scores of tokens by tokens, but this is [d, d]",
     "e = exp.(E), then e ./ sum(e)"),
    ("X = norm(A)", 1, 5, "norm", "stands only in an assumption", "assume norm(x) <= B"),
    ("X = root(w: A)", 1, 5, "root(w: A)", "only as a whole target", "return w approximates"),
    ("X = rot(w: A)", 1, 5, "rot(w: A)", "unknown form rot(w: …)", "did you mean 'root'?"),
    ("X = relu(x'*x)", 1, 5, "relu(x'*x)", "rows and columns of this one are indexed by tokens",
     "value per token"),
    ("X = relu(A) within 0", 1, 20, "0", "a tolerance is above 0, got 0", "within 1e-4"),
    ("X = relu(A) within A", 1, 20, "A", "expected a number as tolerance", ""),
    ("X = A within eta within eta", 1, 18, "within eta", "'within' stands twice", "keep one"),
    ("X = A within", 1, 13, "", "expected a value, got the end of the line", ""),
]  # fmt: skip

PRODUCTS: list[Case] = [
    ("X = B*B", 1, 5, "B*B", "these do not multiply", "B .* B is the product entry by entry"),
    ("X = x .* B", 1, 5, "x .* B", "x is [d, token] but B is [d, m]", "one row is repeated"),
    (
        "X = 1 + A",
        1,
        5,
        "1",
        "the number 1 is added to a matrix",
        "1*ones to add it to every entry",
    ),
    ("X = A ./ 0", 1, 10, "0", "division by zero", ""),
    ("X = A .^ 2", 1, 7, ".^", "unexpected '.^'", "square(E)"),
    ("X = A.'", 1, 6, ".'", "unexpected", "x'"),
    ("X = x ⊙ x", 1, 7, "⊙", "unexpected '⊙'", "E .* F"),
    ("X = A .*", 1, 9, "", "expected a value, got the end of the line", ""),
    ("X = .* A", 1, 5, ".*", "expected a value, got '.*'", ""),
    ("X = ones", 1, 5, "ones", "the size of ones cannot be worked out", "ones + 0*A"),
    ("X = A <= A", 1, 7, "<=", "got '<='", "assume norm(x) <= B"),
    ("X = exp.(A\nY = A", 1, 8, ".(", "this '.(' is never closed", "add the missing ')'"),
]

DECLARATIONS: list[Case] = [
    ("table t = (0, 1)", 1, 1, "table t = (0, 1)", "at least two points, got 1", "table ramp"),
    ("table t = (1, 1), (0, 2)", 1, 20, "0", "increase, but 0 comes after 1", "table ramp"),
    ("table t = (0, 1), (0, 2)", 1, 20, "0", "increase, but 0 comes after 0", "table ramp"),
    ("table t = 1, 2", 1, 11, "1", "expected '(', got '1'", "table ramp"),
    ("table relu = (0, 1), (1, 2)", 1, 7, "relu", "already a function of the language", "another"),
    ("table A = (0, 1), (1, 2)", 1, 7, "A", "'A' is declared twice", "another name"),
    ("function inv(t) = t^2", 1, 10, "inv", "a word of the language", "another name"),
    ("function f(t) = t^2", 1, 10, "f", "there is already an algorithm 'f'", "another name"),
    ("function g(t, u) = t", 1, 1, "function g(t, u) = t", "one variable, got t, u", "param"),
    ("function g(t) = A*t", 1, 17, "A", "of one number, got the matrix A", "variable is t"),
    ("function g(t) = ones*t", 1, 17, "ones", "got the matrix ones", ""),
    ("function g(t) = 2", 1, 1, "function g(t) = 2", "'g' does not depend on t", "param"),
    ("function g(t) = s*t", 1, 17, "s", "unknown name 's'", "param s"),
    ("function g(t) = t^(1/2)", 1, 17, "t^(1/2)", "is a whole number", "write sqrt(t)"),
    ("function g(t) = t'", 1, 17, "t'", "a formula of one number", "transpose"),
    ("function g(t) = sigmod(t)", 1, 17, "sigmod", "unknown function 'sigmod'", "mean 'sigmoid'"),
    ("function g(t) = g(t)", 1, 17, "g", "unknown function 'g'", "declare it above"),
    ("function g(t) = sign(t)", 1, 17, "sign", "discontinuous at 0", "clip"),
    ("function g(t):", 1, 14, ":", "expected '=' after 'function …'", "function f(t) = …"),
    ("function g = 3", 1, 12, "=", "expected '(', got '='", "function step(t)"),
    ("function = 2", 1, 10, "=", "'function' is a word of the language", "another name"),
    ("within 0", 1, 8, "0", "a tolerance is above 0", "within 1e-4"),
    ("within 1\nwithin 2", 2, 1, "within 2", "a second 'within' line", "keep one"),
    ("X = A\ntable g = (0, 0), (1, 1)", 2, 1, "table g = (0, 0), (1, 1)",
     "'table' stands after a statement", "above"),
    ("repeat 2:\n    function g(t) = t", 2, 5, "function", "cannot stand inside a loop", "above"),
]  # fmt: skip

BOUNDS: list[Case] = [
    ("assume norm(A*A) <= 2", 1, 8, "norm(A*A)", "assumed of an input", "write norm(x)"),
    ("assume norm(z) <= 2", 1, 13, "z", "unknown name 'z'", ""),
    ("assume norm(A) in [1, 2]", 1, 8, "norm(A)", "expected spectrum(…)", "norm(A) <= B"),
    ("assume norm(A) <= -1", 1, 19, "-1", "never below 0, got -1", ""),
    ("assume norm(A) < 1", 1, 16, "<", "unexpected '<'", "norm(x) <= B"),
    ("assume norm(A) ≤ 1", 1, 16, "≤", "unexpected '≤'", "write '<='"),
    ("assume spectrum(A) <= 2", 1, 8, "spectrum(A)", "expected norm(…)", "spectrum(A) in [low, 2]"),
    ("assume entries(A) <= 2", 1, 8, "entries(A)", "expected norm(…)", "entries(A) in [low, 2]"),
    ("assume entries(A) in [1, 0]", 1, 1, "assume entries(A) in [1, 0]", "above its high end", ""),
    ("assume size(foo) <= 2", 1, 8, "size(foo)", "tokens or of a dimension", "context, query, d"),
    ("assume size(d) <= 0", 1, 19, "0", "a size is at least 1, got 0", ""),
    ("assume spectrum(relu(A)) in [0, 1]", 1, 17, "relu(A)", "cannot stand in an assumption", ""),
    ("repeat until err <= 1:\n    X = A", 1, 14, "err", "expected 'error' after 'until'", "error"),
    ("repeat until error <= 0:\n    X = A", 1, 23, "0", "a tolerance is above 0", "repeat until"),
    ("repeat until error:\n    X = A", 1, 19, ":", "expected '<=' after 'until error'", "1e-6"),
    ("repeat 2:\n  repeat until error <= 1:\n    X = A", 2, 10, "until error <= 1",
     "cannot stand inside another loop", "repeat steps:"),
]  # fmt: skip


@pytest.mark.parametrize("case", CALLS + PRODUCTS + DECLARATIONS + BOUNDS, ids=lambda case: case[0])
def test_a_mistake_with_entries(case: Case, look: Look) -> None:
    text, line, column, underlined, message, hint = case
    _expect(look(f"{HEAD}{text}\nreturn A\n"), (line, column, underlined, message, hint))


TARGETS: list[Case] = [
    ("return A approximates relu(A)", 1, 23, "relu(A)", "cannot stand in a target", "inside root("),
    ("return A approximates A .* A", 1, 23, "A .* A", "cannot stand in a target", "inside root("),
    ("H = relu(A)\nreturn A approximates inv(H)", 2, 23, "inv(H)", "applies a function to entries",
     "root(w: …)"),
    ("return A approximates root(w: w - A) within 1", 1, 45, "1", "belongs to the returned value",
     "before 'approximates'"),
    ("return A approximates root(A: relu(A))", 1, 28, "A", "'A' is an input", "another name"),
    ("return A approximates root(w: w*B)", 1, 31, "w*B", "w is [d, d] but w*B is [d, m]", ""),
    ("return A approximates root(w: B*B')", 1, 23, "root(w: B*B')", "'w' does not stand in", ""),
    ("return A approximates 2*root(w: w)", 1, 25, "root(w: w)", "only as a whole target", ""),
    ("w = A\nrepeat 2:\n  w = w*A\nreturn w approximates root(u: w*A - u)", 4, 23,
     "root(u: w*A - u)", "an iteration computes", "inputs"),
]  # fmt: skip


@pytest.mark.parametrize("case", TARGETS, ids=lambda case: case[0])
def test_a_mistake_in_a_target(case: Case, look: Look) -> None:
    text, line, column, underlined, message, hint = case
    _expect(look(HEAD + text), (line, column, underlined, message, hint))


def test_functions_and_tables_that_are_not_used_are_warnings(look: Look) -> None:
    text = "algorithm f(A: [d, d])\nparam c\nfunction g(t) = c/(c + t)\ntable h = (0, 0), (1, 1)\n"
    checked = look(f"{text}return A")
    assert [one.message for one in checked.diagnostics] == [
        "the function 'g' is not used",
        "the table 'h' is not used",
    ]
    assert look(f"{text}return g(A) + h(A)").diagnostics == ()


def test_a_parameter_called_as_the_variable_cannot_stand_in_a_function(look: Look) -> None:
    text = "algorithm f(A: [d, d])\nparam t\nfunction g(u) = t*u\nreturn t*g(A)"
    (found, *_) = look(text).diagnostics
    assert "a parameter called 't' cannot stand in a function" in found.message


def test_a_formula_that_doubles_without_end_is_refused(look: Look) -> None:
    lines = ["function f0(t) = exp(t) + exp(-t)"]
    lines += [f"function f{i + 1}(t) = f{i}(f{i}(t))" for i in range(20)]
    text = "algorithm g(A: [d, d])\n" + "\n".join(lines) + "\nreturn f20(A)"
    assert any("this formula is too long" in one.message for one in look(text).diagnostics)


def test_one_mistake_in_a_function_is_one_message(look: Look) -> None:
    text = "algorithm g(A: [d, d])\nfunction f(t) = sigmod(t)\nreturn f(A) + f(f(A))"
    assert len([one for one in look(text).diagnostics if one.severity == "error"]) == 1


def _expect(checked: Checked, wanted: tuple[int, int, str, str, str]) -> None:
    line, column, underlined, message, hint = wanted
    assert checked.program is None
    found = next(one for one in checked.diagnostics if one.severity == "error")
    assert (found.line, found.column, found.underlined) == (line + 3, column, underlined)
    assert message in found.message
    assert hint in (found.hint or "")
