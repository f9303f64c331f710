"""What data must meet, in the script's own words, and what the assumptions presume."""

from __future__ import annotations

import pytest

from weightsmith.dsl import Source, check, diagnose
from weightsmith.dsl.printing.hypotheses import hypotheses, presumptions

WORDS = [
    ("A: symmetric[d, d]", "spectrum(A) in [mu, L]", "A is symmetric; spectrum(A) in [mu, L]"),
    (
        "A: [m, k], B: [k, n]",
        "singular_values(A*B) in [1/2, 1]",
        "singular_values(A*B) in [1/2, 1]",
    ),
    (
        "A: symmetric[d, d]",
        "spectrum(A) in [-2, -1] or [1, 3]",
        "A is symmetric; spectrum(A) in [-2, -1] or [1, 3]",
    ),
    ("x: [d] per token", "norm(x) <= 1", "norm(x) <= 1 for every token"),
    ("A: [m, n]", "norm(A) <= 2", "norm(A) <= 2"),
    ("x: [d] per context", "entries(x) in [-1, 1]", "entries(x) in [-1, 1]"),
    ("A: [m, n]", "size(m) <= 5", "size(m) <= 5"),
    (
        "x: [d] per context",
        "spectrum(x*x' over context) in [1, 2]",
        "spectrum(x*x' over context) in [1, 2]",
    ),
]


def program_of(inputs: str, assumption: str) -> str:
    name = inputs.split(":")[0]
    return f"algorithm f({inputs})\nassume {assumption}\nreturn {name}\n"


@pytest.mark.parametrize(("inputs", "assumption", "wanted"), WORDS)
def test_the_words_are_those_of_the_script(inputs: str, assumption: str, wanted: str) -> None:
    program = check(Source("f.alg", program_of(inputs, assumption)))
    texts = [one.text for one in hypotheses(program) if not one.text.endswith(">= 1")]
    assert "; ".join(texts) == wanted


PRESUMED = [
    ("A: [d, d]", "spectrum(A) in [1, 2]", ["A is symmetric"]),
    ("A: [d, d]", "nonzero_spectrum(A) in [1, 2]", ["A is symmetric"]),
    ("A: [d, d]", "singular_values(A) in [1, 2]", []),
    ("A: [d, e]", "spectrum(A*A') in [1, 2]", []),
    ("A: [d, e], B: [e, d]", "spectrum(A*B) in [1, 2]", ["A*B is symmetric"]),
    ("A: [d, e], P: symmetric[e, e]", "spectrum(A*P*A') in [1, 2]", []),
    ("A: [d, e], P: symmetric[d, d]", "spectrum(A*A'*P) in [1, 2]", ["P is positive definite"]),
    (
        "A: symmetric[d, d], B: symmetric[d, d]",
        "spectrum(A*B) in [1, 2]",
        ["B is positive definite"],
    ),
    ("A: [d, d], P: symmetric[d, d]", "spectrum(A*P) in [1, 2]", ["A*P is symmetric"]),
    ("A: symmetric[d, d], B: [d, d]", "spectrum(A*B) in [1, 2]", ["A*B is symmetric"]),
    ("A: [d, d]", "spectrum(A + A') in [1, 2]", []),
    ("A: [d, d]", "spectrum(A - A') in [1, 2]", ["A - A' is symmetric"]),
]


@pytest.mark.parametrize(("inputs", "assumption", "wanted"), PRESUMED)
def test_what_a_spectrum_presumes(inputs: str, assumption: str, wanted: list[str]) -> None:
    source = Source("f.alg", program_of(inputs, assumption))
    assert [one.text for one in presumptions(check(source))] == wanted
    warnings = [d for d in diagnose(source).diagnostics if "presumes that" in d.message]
    assert [d.message for d in warnings] == [
        f"this presumes that {text}, which nothing states" for text in wanted
    ]
    assert all(d.line == 2 for d in warnings)
