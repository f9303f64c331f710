"""``return synthesize TARGET within TOL`` and ``ensure error <= TOL``."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from weightsmith.dsl import Checked, Source, check, node_text, program_text
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.program import core
from weightsmith.dsl.running.interpreter import run, target

Look = Callable[..., Checked]
HEAD = """\
algorithm f(A: symmetric[d, d], x: [d] per token)
assume spectrum(A) in [mu, L]
param c = 1/2
"""


def test_value_and_target_are_the_target() -> None:
    text = "return synthesize inv(A + c*I) within 1e-6, synthesize A^(1/2) within c/100"
    program = check(Source("s", HEAD + text))
    first, second = program.returns
    for one in program.returns:
        assert one.value == one.target
    assert [one.name for one in program.returns] == ["output1", "output2"]
    assert first.synthesize == core.Synthesis(q.Number(Fraction(1, 10**6)))
    assert second.synthesize is not None
    assert second.synthesize.tolerance is not None
    assert q.free_symbols(second.synthesize.tolerance) == {"c"}


def test_others_have_no_tolerance() -> None:
    program = check(Source("s", f"{HEAD}return A approximates inv(A), 2*A"))
    assert [one.synthesize for one in program.returns] == [None, None]
    assert program.ensure is None


def test_names_stand_for_what_was_assigned() -> None:
    text = "G = x*x'/10 + c*I over context\nreturn synthesize inv(G)*x on query within 1e-3"
    program = check(Source("s", HEAD + text))
    (one,) = program.returns
    assert one.groups == (core.QUERY,)
    assert node_text(one.value) == "inv(1/10*x*x' + c*I)*x over context"


@pytest.mark.parametrize(
    "text",
    [
        "return synthesize inv(A) within 1/1000000",
        "return synthesize exp(-2*A) within 1/100, synthesize sign(A) within c",
        "ensure error <= 1/100000\n\nreturn synthesize A^(-1/2) within 1/7",
        "ensure error <= 1/3*c\n\nreturn A approximates inv(A)",
        "return synthesize inv(x*x' + A)*x on query over context within 1/10",
        "return synthesize inv(x*x' + A)*x over tokens within 1/10",
        "P = synthesize A^(-1/2) within 1/100\nX = P*P\nreturn X approximates inv(A)",
        "ensure error <= 1/100\n\nP = synthesize inv(A + c*I)\nreturn P, synthesize A^(1/2)",
        "X = A\nrepeat 2:\n    X = X*A\nreturn synthesize inv(A) within 1/7, X",
        "P = synthesize (inv(x*x' + A)*x on query) over context within 1/7\nreturn P",
        "function h(t) = 1/(c + t^2)\n\nP = synthesize 2*spectral(h, A) within 1/7\nreturn P*A",
    ],
)
def test_programs_print_and_read_back(text: str) -> None:
    program = check(Source("s", HEAD + text))
    printed = program_text(program)
    assert printed.endswith(f"{text}\n")
    again = check(Source("p", printed))
    assert program_text(again) == printed
    errors = [None if p.ensure is None else p.ensure.error for p in (again, program)]
    assert errors[0] == errors[1]
    assert [o.synthesize for o in again.returns] == [o.synthesize for o in program.returns]
    assert len(again.synthesized) == len(program.synthesized) == text.count("synthesize")


def test_an_assigned_target_is_written_with_the_inputs() -> None:
    text = "G = A + c*I\nP = synthesize inv(G) within 1e-3\nY = P*x\nreturn Y approximates P*x"
    program = check(Source("s", HEAD + text))
    _, second, third = program.body
    assert isinstance(second, core.Assign)
    assert isinstance(third, core.Assign)
    assert node_text(second.values[0]) == "inv(A + c*I)"
    assert second.synthesize == core.Synthesis(q.Number(Fraction(1, 1000)))
    assert node_text(third.values[0]) == "P*x"
    target_ = program.returns[0].target
    assert target_ is not None
    assert node_text(target_) == "inv(A + c*I)*x"  # P stands for what it is to be
    chance = np.random.default_rng(1)
    x = {"context": chance.normal(size=(3, 5)), "query": chance.normal(size=(3, 2))}
    inputs = {"A": np.diag([1.0, 2, 3]), "x": x}
    value = run(program, inputs, {"c": Fraction(1, 2)})["Y"]
    assert isinstance(value, dict)
    exact = np.diag(1 / (np.array([1.0, 2, 3]) + 0.5)) @ x["query"]
    np.testing.assert_allclose(value["query"], exact, atol=1e-12)


def test_the_interpreter_computes_the_target() -> None:
    text = "G = x*x'/4 + c*I over context\nreturn synthesize inv(G + A)*x on query within 1e-3"
    program = check(Source("s", HEAD + text))
    chance = np.random.default_rng(1)
    context, query = chance.normal(size=(3, 5)), chance.normal(size=(3, 2))
    inputs = {"A": np.diag([1.0, 2, 3]), "x": {"context": context, "query": query}}
    bindings = {"c": Fraction(1, 2)}
    gram = context @ context.T / 4 + np.eye(3) / 2 + inputs["A"]
    for found in (run(program, inputs, bindings), target(program, inputs, bindings)):
        value = found["output"]
        assert isinstance(value, dict)
        np.testing.assert_allclose(value["query"], np.linalg.solve(gram, query), atol=1e-12)


MISTAKES = [
    ("return synthesize inv(A)", 4, 8, "synthesize inv(A)", "nothing says how near",
     "write within 1e-6"),
    ("return synthesize inv(A) within 0", 4, 33, "0", "a tolerance is above 0", "within 1e-6"),
    ("return synthesize inv(A) within A", 4, 33, "A", "expected a number as tolerance", ""),
    ("return synthesize within 1e-6", 4, 19, "within", "expected a value, got 'within'",
     "another name"),
    ("return synthesize inv(A) approximates A within 1", 4, 26, "approximates",
     "got 'approximates'", "the target is the value"),
    ("return synthesize 2 within 1", 4, 19, "2", "expected a matrix, got the number 2", "2*I"),
    ("return synthesize sigmoid(A) within 1", 4, 19, "sigmoid(A)", "works on entries", "root"),
    ("return synthesize root(X: X*A - I) within 1", 4, 19, "root(X: X*A - I)",
     "root(…) stands only as a whole target", ""),
    ("return synthesize g(A) within 1", 4, 19, "g", "cannot be called in a target", "inv(A)"),
    ("X = 2*synthesize inv(A) within 1", 4, 7, "synthesize", "a word of the language",
     "write: P = synthesize inv(A) within 1e-6"),
    ("X, Y = synthesize inv(A) within 1, A", 4, 34, ",", "got ','", "one value"),
    ("X = synthesise inv(A) within 1", 4, 5, "synthesise", "unknown word", "synthesize"),
    ("X = synthesize inv(A)\nreturn X", 4, 1, "X = synthesize inv(A)", "nothing says how near",
     "write within 1e-6 at its end, or above the first statement: ensure error <= 1e-6"),
    ("X, Y = synthesize inv(A) within 1\nreturn X", 4, 1, "X, Y = synthesize inv(A) within 1",
     "'synthesize' gives one value, but 2 names", "a line for each"),
    ("X = A\nrepeat 2:\n  X = synthesize inv(A) within 1\nreturn X", 6, 3,
     "X = synthesize inv(A) within 1", "cannot stand inside a loop", "above the loop"),
    ("for c2 in 1, 2:\n  X = synthesize inv(A + c2*I) within 1\nreturn X", 5, 3,
     "X = synthesize inv(A + c2*I) within 1", "cannot stand inside a loop", "above the loop"),
    ("X = A\nrepeat 2:\n  X = X*A\nY = synthesize inv(X) within 1\nreturn Y", 7, 16, "inv(X)",
     "which an iteration computes", "with the inputs"),
    ("A = synthesize inv(A) within 1\nreturn A", 4, 1, "A", "'A' is an input", "another name"),
    ("X = synthesize inv(A) within 0\nreturn X", 4, 30, "0", "a tolerance is above 0", "1e-6"),
    ("X = synthesize sigmoid(A) within 1\nreturn X", 4, 16, "sigmoid(A)", "on entries", "root"),
    ("X = h(A)\nreturn X", 4, 5, "h", "'h' has no steps to write out", "by itself"),
    ("X = A\nrepeat 2:\n  X = X*A\nreturn synthesize inv(X) within 1", 7, 19, "inv(X)",
     "which an iteration computes", "with the inputs"),
    ("X = relu(A)\nreturn synthesize inv(A + X*X') within 1", 5, 19, "inv(A + X*X')",
     "applies a function to entries", ""),
    ("X = g(A)\nreturn synthesize inv(A) within 1", 4, 5, "g",
     "'g' has no steps to write out", "by itself"),
    ("ensure accuracy <= 1\nreturn A", 4, 8, "accuracy", "expected 'error' after 'ensure'",
     "write ensure error <= 1e-6"),
    ("ensure error <= 0\nreturn A", 4, 17, "0", "a tolerance is above 0", "ensure error"),
    ("ensure error\nreturn A", 4, 13, "", "expected '<=', got the end of the line",
     "write: ensure error <= 1e-6"),
    ("ensure error <= 1\nensure error <= 2\nreturn A", 5, 1, "ensure error <= 2",
     "a second 'ensure' line", "keep one"),
    ("X = A\nensure error <= 1\nreturn X", 5, 1, "ensure error <= 1",
     "'ensure' stands after a statement", "above"),
    ("X = A\nrepeat 2:\n  ensure error <= 1\nreturn X", 6, 3, "ensure",
     "'ensure' cannot stand inside", "above"),
    ("X = (A\nensure error <= 1\nreturn X", 4, 5, "(", "never closed", "')'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "underlined", "message", "hint"), MISTAKES)
def test_a_mistake(
    text: str, line: int, column: int, underlined: str, message: str, hint: str, look: Look
) -> None:
    callee = "\n\nalgorithm g(A: symmetric[d, d])\nreturn synthesize inv(A) within 1\n"
    inner = "algorithm h(A: symmetric[d, d])\nP = synthesize inv(A) within 1\nreturn P*P\n"
    used = f"{HEAD}{text}\n"
    checked = look(f'use g from "g.alg"\nuse h from "h.alg"\n{used}', g=callee, h=inner)
    assert checked.program is None
    errors = [one for one in checked.diagnostics if one.severity == "error"]
    found = next(one for one in errors if message in one.message)
    assert (found.line, found.column, found.underlined) == (line + 2, column, underlined)
    assert hint in (found.hint or "")
