"""``assume spectrum(A) in [a, b] or [c, d]``: read, printed, refused, passed to a callee."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from weightsmith.dsl import (
    BindingError,
    Checked,
    Source,
    check,
    diagnose,
    program_text,
    resolve_bindings,
)
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.program import core

Look = Callable[..., Checked]
HEAD = "algorithm f(A: symmetric[d, d], B: [d, m])\n"
SIGN = """\
algorithm signed(A: symmetric[d, d])
assume singular_values(A) in [smin, smax]
X = 1/smax*A
return (smin + smax)*X

"""


def spectrum(text: str) -> core.SpectrumAssumption:
    (one,) = check(Source("s", f"{HEAD}{text}\nreturn A*B")).assumptions
    assert isinstance(one, core.SpectrumAssumption)
    return one


def texts(ends: tuple[q.Scalar, ...] | None) -> list[str]:
    return [q.to_text(end) for end in ends or ()]


def test_the_ends_are_those_of_both_and_the_gap_is_between() -> None:
    one = spectrum("assume spectrum(A) in [-3, -1] or [1/2, 2]")
    assert texts((one.low, one.high)) == ["-3", "2"]  # the whole lies between
    assert texts(one.gap) == ["-1", "1/2"]
    assert texts(one.second) == ["1/2", "2"]
    assert texts(one.ends) == ["-3", "-1", "1/2", "2"]
    single = spectrum("assume spectrum(A) in [1/2, 2]")
    assert (single.gap, single.second, texts(single.ends)) == (None, None, ["1/2", "2"])


@pytest.mark.parametrize(
    "text",
    [
        "assume spectrum(A) in [-L, -mu] or [mu, L]",
        "assume spectrum(A) in [-b, -a] or [c, e]",
        "assume nonzero_spectrum(B*B') in [1/3, 1/2] or [2, L]",
        "assume singular_values(B) in [0, 1/3] or [1, L]",
        "assume entries(B) in [-R, R]",
    ],
)
def test_assumptions_print_and_read_back(text: str) -> None:
    program = check(Source("s", f"{HEAD}{text}\nreturn A*B"))
    printed = program_text(program)
    assert text + "\n\n" in printed  # no parameter is declared besides
    again = check(Source("p", printed))
    assert program_text(again) == printed
    assert [one.name for one in again.parameters] == [one.name for one in program.parameters]


def test_a_bare_name_below_a_minus_becomes_a_parameter() -> None:
    program = check(Source("s", f"{HEAD}assume spectrum(A) in [-b, -a] or [c, e]\nreturn A*B"))
    assert [one.name for one in program.parameters] == ["b", "a", "c", "e"]


MISTAKES = [
    ("assume spectrum(A) in [-1, 1] or [1/2, 2]", 1, "assume spectrum(A) in [-1, 1] or [1/2, 2]",
     "the second interval begins at 1/2, not above the end 1 of the first", "[a, b] or [c, d]"),
    ("assume spectrum(A) in [-1, 1] or [1, 2]", 1, "assume spectrum(A) in [-1, 1] or [1, 2]",
     "the second interval begins at 1, not above", "b below c"),
    ("assume spectrum(A) in [-1, -2] or [1, 2]", 1, "assume spectrum(A) in [-1, -2] or [1, 2]",
     "the low end -1 of this interval is above its high end -2", "[a, b] or [c, d]"),
    ("assume spectrum(A) in [-2, -1] or [p, 2]\nparam p = 3", 1,
     "assume spectrum(A) in [-2, -1] or [p, 2]", "the low end 3", "[a, b] or [c, d]"),
    ("assume singular_values(A) in [-2, -1] or [1, 2]", 1,
     "assume singular_values(A) in [-2, -1] or [1, 2]", "never below 0", "[0, high]"),
    ("assume entries(B) in [-2, -1] or [1, 2]", 22, "[-2, -1] or [1, 2]",
     "only a spectrum lies in two intervals", "entries(y) in [low, high]"),
    ("assume spectrum(B) in [-2, -1] or [1, 2]", 8, "spectrum(B)", "only a square matrix", ""),
    ("assume spectrum(A) in [-2, -1] or 1", 35, "1", "expected '[', got '1'", "spectrum(A)"),
    ("assume spectrum(A) in [0, 1] or [2, 3] or [4, 5]", 40, "or",
     "expected the end of the line, got 'or'", "'or' stands between two intervals"),
    ("or = A", 1, "or", "'or' is a word of the language", "NAME = EXPR"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "underlined", "message", "hint"), MISTAKES)
def test_a_mistake(
    text: str, column: int, underlined: str, message: str, hint: str, look: Look
) -> None:
    checked = look(f"{HEAD}{text}\nreturn A*B")
    assert checked.program is None
    (found,) = [one for one in checked.diagnostics if one.severity == "error"]
    assert (found.line, found.column, found.underlined) == (2, column, underlined)
    assert message in found.message
    assert hint in (found.hint or "")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": 1, "b": 2, "c": "1/2", "e": 1}, None),
        ({"a": 2, "b": 1, "c": 1, "e": 2},
         r"lie in \[-1, -2\] or \[1, 2\], but the low end is above the high end"),
        ({"a": -1, "b": 2, "c": 1, "e": 2},
         r"lie in \[-2, 1\] or \[1, 2\], but the second interval does not begin above the end"),
        ({"a": -2, "c": 1}, r"lie in \[\(-1\)\*b, 2\] or \[1, e\], but the second"),
    ],
)  # fmt: skip
def test_numbers_must_keep_the_order(given: dict[str, str | int], message: str | None) -> None:
    program = check(Source("s", f"{HEAD}assume spectrum(A) in [-b, -a] or [c, e]\nreturn A*B"))
    if message is None:
        assert resolve_bindings(program, given)["c"] == Fraction(1, 2)
        return
    with pytest.raises(BindingError, match=message):
        resolve_bindings(program, given)


@pytest.mark.parametrize(
    ("assumed", "wanted"),
    [
        ("spectrum(A) in [-L, -mu] or [mu, L]", "(mu + L)*signed.X"),
        ("spectrum(A) in [-3, -1] or [2, 5/2]", "4*signed.X"),
        ("singular_values(A) in [1, 5]", "6*signed.X"),
    ],
)
def test_singular_values_follow_from_two_intervals(assumed: str, wanted: str) -> None:
    caller = f"algorithm g(A: symmetric[d, d])\nassume {assumed}\nreturn signed(A)"
    printed = program_text(check(Source("s", SIGN + caller)))
    assert f"return {wanted}\n" in printed


@pytest.mark.parametrize("assumed", ["[1, 2] or [3, 4]", "[-3, -mu] or [1, L]", "[-2, 2]"])
def test_they_do_not_follow_elsewhere(assumed: str, look: Look) -> None:
    caller = f"algorithm g(A: symmetric[d, d])\nassume spectrum(A) in {assumed}\nreturn signed(A)"
    checked = look(SIGN + caller)
    (found,) = [one for one in checked.diagnostics if one.severity == "error"]
    assert "'signed' needs a value for smin, smax" in found.message


def test_a_callee_gets_what_holds_both_or_both() -> None:
    callee = "algorithm h(A: symmetric[d, d])\nassume spectrum(A) in {}\nreturn ({})*A\n\n"
    caller = (
        "algorithm g(A: symmetric[d, d])\nassume spectrum(A) in [1, 2] or [4, 5]\n"
        "return h(1/2*A + I)"
    )
    one = program_text(check(Source("s", callee.format("[p, r]", "p + 100*r") + caller)))
    both = callee.format("[p, u] or [v, r]", "p + 10*u + 100*v + 1000*r")
    two = program_text(check(Source("s", both + caller)))
    assert "703/2*" in one  # 3/2 + 100·7/2
    assert "7643/2*" in two  # 3/2 + 10·2 + 100·3 + 1000·7/2


def test_a_wider_interval_is_not_split() -> None:
    text = (
        "algorithm h(A: symmetric[d, d])\nassume spectrum(A) in [p, u] or [v, r]\n"
        "return (p + u + v + r)*A\n\n"
        "algorithm g(A: symmetric[d, d])\nassume spectrum(A) in [1, 5]\nreturn h(A)"
    )
    with pytest.raises(Exception, match="needs a value for p, u, v, r"):
        check(Source("s", text))


CONTRADICTIONS = [
    ("assume spectrum(A) in [1, 2]\nassume spectrum(A) in [3, 4]", 3, "line 2"),
    ("assume spectrum(A) in [1, 2]\nassume spectrum(A') in [3, 4]", 3, "line 2"),
    ("assume spectrum(2*A) in [1, 2]\nassume spectrum(A + A) in [3, 4]", 3, "line 2"),
    ("assume spectrum(A) in [-2, -1] or [1, 2]\nassume spectrum(A) in [-1/2, 1/2]", 3, "line 2"),
    ("assume singular_values(B) in [1, 2]\nassume singular_values(B) in [0, 1/2]", 3, "line 2"),
    ("assume entries(B) in [1, 2]\nassume entries(B) in [0, 1/2]", 3, "line 2"),
    ("param c = 3\nassume entries(B) in [1, 2]\nassume entries(B) in [c, 4]", 4, "line 3"),
]


@pytest.mark.parametrize(("head", "line", "other"), CONTRADICTIONS)
def test_assumptions_that_no_input_meets(head: str, line: int, other: str) -> None:
    text = f"algorithm f(A: symmetric[d, d], B: [d, m])\n{head}\nreturn A*B\n"
    errors = [d for d in diagnose(Source("s.alg", text)).diagnostics if d.severity == "error"]
    assert [(one.line, one.message) for one in errors] == [
        (line, f"no input meets this assumption and that of {other}")
    ]


@pytest.mark.parametrize(
    "head",
    [
        "assume spectrum(A) in [1, 2]\nassume spectrum(A) in [2, 4]",
        "assume spectrum(A) in [1, 2]\nassume spectrum(A) in [mu, L]",
        "assume spectrum(A) in [1, 2]\nassume spectrum(A*A) in [3, 4]",
        "assume spectrum(A) in [-2, -1] or [1, 2]\nassume spectrum(A) in [-1, 1/2]",
        "assume entries(A) in [1, 2]\nassume entries(B) in [3, 4]",
    ],
)
def test_assumptions_that_some_input_may_meet(head: str) -> None:
    text = f"algorithm f(A: symmetric[d, d], B: [d, m])\n{head}\nreturn A*B\n"
    assert diagnose(Source("s.alg", text)).program is not None
