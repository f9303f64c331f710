"""``for`` loops: their numbers, their names, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from weightsmith.dsl import Source, check, diagnose, program_text
from weightsmith.dsl.numbers.scalars import Number, Symbol
from weightsmith.dsl.program import core
from weightsmith.dsl.running import interpreter

SCRIPT = """algorithm f(A: symmetric[d, d])
param a = 2
X = A
for g in 3/2, 2*a, 0.1:
    X = X + g*A*X
for g, h in (1, 2), (3, -4):
    X = g*X + h*I
return X
"""


def program(text: str) -> core.Program:
    return check(Source("script.alg", text))


def test_schedules_of_the_core() -> None:
    first, second = core.repeats(program(SCRIPT).body)
    (g,) = first.schedule
    assert (g.name, first.count) == ("g", Number(Fraction(3)))
    assert g.values[::2] == (Number(Fraction(3, 2)), Number(Fraction(1, 10)))
    assert [one.name for one in second.schedule] == ["g2", "h"]  # another g is another symbol
    assert program(SCRIPT).symbols == ("a", "g", "g2", "h")


def test_a_pass_has_its_own_numbers() -> None:
    a = np.array([[1.0, 2.0], [2.0, -1.0]])
    wanted = a
    for g in (1.5, 4, 0.1):
        wanted = wanted + g * a @ wanted
    for g, h in ((1, 2), (3, -4)):
        wanted = g * wanted + h * np.eye(2)
    found = interpreter.run(program(SCRIPT), {"A": a}, {"a": Fraction(2)})["X"]
    assert np.allclose(found, wanted, rtol=1e-14)


def test_the_text_checks_to_the_same_program() -> None:
    text = program_text(program(SCRIPT))
    assert "for g2, h in (1, 2), (3, -4):" in text
    assert program_text(program(text)) == text


def test_a_call_has_numbers_of_its_own() -> None:
    text = SCRIPT + "\nalgorithm main(A: symmetric[d, d])\nreturn f(f(A))\n"
    loops = list(core.repeats(program(text).body))
    names = [one.name for loop in loops for one in loop.schedule]
    assert len(set(names)) == len(names) == 6
    assert Symbol("f.g").name in names
    a = np.array([[0.5, 0.25], [0.25, -0.5]])
    once = interpreter.run(program(SCRIPT), {"A": a}, {"a": Fraction(2)})["X"]
    twice = interpreter.run(program(SCRIPT), {"A": once}, {"a": Fraction(2)})["X"]
    found = interpreter.run(program(text), {"A": a}, {})["output"]
    assert np.allclose(found, twice, rtol=1e-13)


HEAD = "algorithm f(A: symmetric[d, d], x: [d] per context)\nparam a = 2\nX = A\n"
MISTAKES = [
    ("for g, h in (1, 2), 3:\n    X = g*X*h", 4, "3", "expected 2 numbers in brackets"),
    ("for g in (1, 2):\n    X = g*X", 4, "(1, 2)", "expected one number for every pass"),
    ("for a in 1, 2:\n    X = a*X", 4, "a", "'a' has a meaning already"),
    ("for X in 1, 2:\n    X = 2*X", 4, "X", "'X' has a meaning already"),
    ("for I in 1, 2:\n    X = 2*X", 4, "I", "a word of the language"),
    ("for g, g in (1, 2):\n    X = g*X", 4, "g", "'g' stands twice"),
    ("for g in A:\n    X = g*X", 4, "A", "expected a fixed matrix in every pass, got A"),
    ("for g in b:\n    X = g*X", 4, "b", "unknown name 'b'"),
    ("for g in 1, 2:\n    X = g*X\nX = g*X", 6, "g", "no value outside of it"),
    (
        "for g in 1, 2:\n    g = 3\n    X = g*X",
        5,
        "g",
        "a number of this 'for' loop and cannot be assigned",
    ),
    ("for g in range(3):\n    X = g*X", 4, "range", "'for' does not count"),
    ("for g in 1, -2:\n    X = soft(X, g)", 5, "soft(X, g)", "in pass 2, the threshold of soft"),
    ("for g in 3, 1:\n    X = clip(X, 2, g)", 5, "clip(X, 2, g)", "in pass 2, the low end 2 of"),
    ("for g in 1, 0:\n    X = X .* X/g", 4, "for g in 1, 0:\n    X = X .* X/g", "no value in some"),
    ("for g in 1, 2:\n    return X", 5, "return X", "'return' cannot stand inside a loop"),
]


@pytest.mark.parametrize(("text", "line", "underlined", "message"), MISTAKES)
def test_mistakes(text: str, line: int, underlined: str, message: str) -> None:
    checked = diagnose(Source("script.alg", f"{HEAD}{text}\nreturn X\n"))
    assert checked.program is None
    errors = [one for one in checked.diagnostics if one.severity == "error"]
    places = [(one.line, one.underlined) for one in errors if message in one.message]
    assert (line, underlined) in places, [one.render() for one in errors]


def test_a_number_that_is_not_used_is_a_warning() -> None:
    text = f"{HEAD}for g in 1, 2:\n    X = g*X\nfor g in 1, 2:\n    X = a*X\nreturn X*x\n"
    checked = diagnose(Source("script.alg", text))
    assert checked.program is not None
    (warning,) = checked.diagnostics
    assert (warning.line, warning.underlined) == (6, "g")
    assert "write: repeat 2:" in warning.render()
