"""Tables at their limits: numbers beyond floats, tolerances of nothing, intervals of one point."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import flint
import pytest

import weightsmith.api as ws
from weightsmith.compiler.approximate.enclosures.formula_balls import Place, working_bits
from weightsmith.compiler.approximate.fitting.fit import TooManyPiecesError, fit_table
from weightsmith.compiler.approximate.fitting.grid import Sampler
from weightsmith.compiler.approximate.fitting.links import shortest_path
from weightsmith.dsl.numbers.formulas import parse_formula
from weightsmith.dsl.text.diagnostics import DiagnosticError

HEAD = "algorithm f(x: [d] per query)\n"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("assume entries(x) in [-709, 709]\nreturn exp.(x)\n", ["[-710, 710]", "'exp'"]),
        ("assume entries(x) in [-800, 800]\nreturn exp.(x)\n", ["'exp'", "[-801, 801]"]),
        ("assume entries(x) in [0, 10^400]\nreturn sigmoid(x)\n", ["'sigmoid'"]),
        ("assume entries(x) in [0, 10^305]\nreturn sigmoid(x)\n", ["'sigmoid'", "1e+305"]),
        ("assume entries(x) in [0, 1]\nwithin 10^-400\nreturn sigmoid(x)\n", ["'sigmoid'"]),
        ("assume entries(x) in [0, 10^200]\nwithin 10^-200\nreturn x .* x\n", ["'.*'"]),
        ("assume entries(x) in [0, 10^200]\nreturn square(x)\n", ["'square'"]),
    ],
)
def test_what_no_table_reaches_is_a_diagnostic(script: str, words: list[str]) -> None:
    with pytest.raises(DiagnosticError) as caught:
        ws.compile(HEAD + script)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("within", ["1e-2", "1e-9"])
def test_a_refused_tolerance_is_not_told_a_smaller_one(within: str) -> None:
    script = f"{HEAD}assume entries(x) in [-700, 700]\nwithin {within}\nreturn exp.(x)\n"
    with pytest.raises(DiagnosticError, match="allow a larger error than") as caught:
        ws.compile(script)
    assert "1e-3" not in str(caught.value)


@pytest.mark.parametrize("eps", ["0", "-1/10"])
@pytest.mark.parametrize("value", ["sigmoid(x)", "x .* x"])
def test_a_tolerance_bound_to_nothing_is_a_diagnostic(eps: str, value: str) -> None:
    script = "algorithm f(x: [d] per query)\nparam eps\nassume entries(x) in [0, 1]\n"
    with pytest.raises((DiagnosticError, ValueError)) as caught:
        ws.compile(f"{script}within eps\nreturn {value}\n", settings={"eps": eps})
    assert type(caught.value) is not ZeroDivisionError


@pytest.mark.parametrize(
    ("ends", "value", "exact"),
    [
        ("[0, 0]", "sqrt.(x)", 0.0),
        ("[1, 1]", "exp.(x)", 2.718281828459045),
        ("[2, 2]", "reciprocal(x)", 0.5),
        ("[0, 1]", "sqrt.(x)", None),
    ],
)
def test_an_interval_of_one_point_has_a_table(ends: str, value: str, exact: float | None) -> None:
    network = ws.compile(f"{HEAD}assume entries(x) in {ends}\nreturn {value}\n")
    assert network.verify().accepted
    if exact is not None:
        (bound,) = network.bounds
        point = float(ends.split(",")[0].strip("["))
        found = network.run({"x": [[point]]})["output"]["query"]
        assert bound.value is not None
        assert abs(float(found[0][0]) - exact) <= float(bound.value) + 1e-12


@pytest.mark.parametrize(
    ("text", "low", "high", "error"),
    [
        ("1/t", "1/100", "5", 1e-3),
        ("sin(t)", "0", "20", 1e-3),
        ("abs(t - 1/4) + t^2", "-1", "2", 1e-3),
        ("sqrt(t)", "0", "4", 1e-3),
        ("sigmoid(t)*(1 - sigmoid(t))", "-8", "8", 1e-4),
        ("exp(t)", "-3", "3", 1e-4),
    ],
)
def test_marched_links_are_no_more_than_those_found_point_by_point(
    text: str, low: str, high: str, error: float
) -> None:
    whole = Place(Fraction(low), Fraction(high))
    with flint.ctx.workprec(working_bits(whole.low, whole.high)):
        sampler = Sampler.of(parse_formula(text), {}, whole)
        marched = shortest_path(sampler.grid(error * 2 / 64**2), error, 5000)
        plain = shortest_path(replace(sampler, jet=None).grid(error * 2 / 64**2), error, 5000)
    assert len(marched.links) <= len(plain.links)
    assert len(marched.links) >= len(plain.links) - 1  # the grid's chords lose a little


def test_impossible_tolerances_are_refused() -> None:
    for tolerance in (Fraction(1, 10**400), Fraction(1, 10**30)):
        with pytest.raises(TooManyPiecesError):
            fit_table(parse_formula("exp(t)"), {}, Fraction(-3), Fraction(3), tolerance)
    wide = fit_table(parse_formula("exp(t)"), {}, Fraction(-3), Fraction(3), Fraction(10**400))
    assert wide.pieces == 1
