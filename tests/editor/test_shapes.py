"""Which values are symmetric, and where names get their values from."""

from __future__ import annotations

import pytest

from weightsmith.dsl import Source
from weightsmith.editor.analysis import Analysis, analysed
from weightsmith.editor.hover import hover
from weightsmith.editor.outline import Kind

HEAD = "algorithm f(A: symmetric[d, d], B: [d, d], x: [d] per token)\n"


def look(text: str, before: Analysis | None = None) -> Analysis:
    return analysed(Source("script.alg", text), before=before)


def declared(analysis: Analysis, part: str, skip: int = 0) -> tuple[int, str] | None:
    """Line (from 1) and kind of where the name at a part comes from."""
    offset = analysis.source.text.index(part) + skip
    token = analysis.outline.token_at(offset)
    found = None if token is None else analysis.outline.nearest(token)
    if found is None:
        return None
    return analysis.source.text.count("\n", 0, found.start) + 1, found.kind.value


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("X = A\nrepeat 3:\n    X = 2*X - X*A*X\n", {"X"}),
        ("X = B\nrepeat 3:\n    X = 2*X - X*A*X\n", set()),
        ("X = A\nrepeat 3:\n    X = X*A\n", set()),
        ("X, Y = A, B\nrepeat 3:\n    X, Y = Y, X\n", set()),
        ("X, Y = A, I\nrepeat 3:\n    X, Y = Y, X\n", {"X", "Y"}),
        ("X = B*B'\nY = B + B'\nZ = B - B'\n", {"X", "Y"}),
        ("X = x*x' over context\nY = relu(A) + A .* X\n", {"X", "Y"}),
        ("X = A*A\nrepeat 2:\n    Y = X*B\n    X = Y*Y'\n", {"X"}),
        ("X = 0*B\nr = x\n", {"X"}),
    ],
)
def test_symmetric_values(body: str, wanted: set[str]) -> None:
    analysis = look(HEAD + body + "return A\n")
    assert analysis.known["f"].symmetric - {"A"} == wanted


def test_values_survive_a_broken_text() -> None:
    sound = look(HEAD + "X = x on context\nreturn X\n")
    broken = look(HEAD + "X = (x on context\nreturn X\n", sound)
    value = broken.value("X", broken.source.text.index("return X") + 7)
    assert value is not None
    assert (value.written, value.tokens) == ("[d] per context", "context")
    assert look("X = (").value("X", 0) is None


def test_names_of_loops_functions_and_roots_are_local() -> None:
    analysis = look(
        HEAD
        + "function f1(t) = t + g\nfor g, h in (1, 2), (3, 4):\n    X = g*A\nY = g*A\n"
        + "return Y approximates root(w: w*A + B)\n"
    )
    assert declared(analysis, "t + g") == (2, "argument")
    assert declared(analysis, "g\nfor") is None
    assert declared(analysis, "g*A\nY") == (3, "number of a for loop")
    assert declared(analysis, "g*A\nreturn") is None
    assert declared(analysis, "w*A") == (6, Kind.UNKNOWN.value)
    assert declared(analysis, "A + B") == (1, "input")


def test_a_keyword_of_a_call_is_a_parameter_of_the_algorithm_called() -> None:
    inner = "algorithm inner(A: [d, d])\nparam steps = 2\nreturn A\n\n"
    text = inner + HEAD + "param steps = 3\nreturn inner(A, steps = 2*steps)\n"
    analysis = look(text)
    assert declared(analysis, "steps = 2*") == (2, "parameter")
    assert declared(analysis, "steps)") == (6, "parameter")
    assert declared(analysis, "inner(A, ") == (1, "algorithm")


def test_an_end_that_is_declared_below_is_a_param() -> None:
    text = HEAD + "assume spectrum(A) in [mu, 2*L]\nassume norm(x) <= R\nparam mu = 1\nreturn A\n"
    analysis = look(text)
    assert declared(analysis, "mu, ") == (4, "parameter")
    assert declared(analysis, "R\nparam") == (3, Kind.END.value)
    assert declared(analysis, "L]") is None


def test_hover_shows_text_and_nothing_that_a_client_obeys() -> None:
    analysis = look("# \u202e ``` é\nalgorithm f(A: [d, d])\nreturn A\n")
    found = hover(analysis, analysis.source.text.index("f(A"))
    assert found is not None
    assert "\u202e" not in found[0]
