"""erf, one file, and gelu, one formula: tables, targets and texts, against mpmath at 50 digits."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
import sympy

from weightsmith import api
from weightsmith.checker.balls.table_error import table_error
from weightsmith.compiler.approximate.fitting.fit import Table, fit_table
from weightsmith.dsl.elementary import DEFINED
from weightsmith.dsl.numbers.formulas import formula_text, parse_formula

F = Fraction
erf = np.vectorize(math.erf)
GELU = DEFINED["gelu"]
TRUTHS = {
    "erf(t)": mpmath.erf,
    "erf(t)*exp(-t^2)": lambda t: mpmath.erf(t) * mpmath.exp(-t * t),
    GELU: lambda t: t * mpmath.ncdf(t),
}


def largest_error(text: str, table: Table) -> F:
    """The largest |f − table| at 32 places of every piece, from mpmath's 50 digits."""
    worst = mpmath.mpf(0)
    for (low, _), (high, _) in pairwise(table.knots):
        for share in range(33):
            place = low + (high - low) * share / 32
            value = table.at(place)
            truth = TRUTHS[text](mpmath.mpf(place.numerator) / place.denominator)
            worst = max(worst, abs(truth - mpmath.mpf(value.numerator) / value.denominator))
    return F(mpmath.nstr(worst, 40))


@pytest.mark.parametrize("text", TRUTHS)
@pytest.mark.parametrize(("low", "high"), [(-4, 4), (F(-1, 3), 7), (-30, 30)])
def test_the_error_of_a_table_is_proven_and_hardly_above_the_truth(
    text: str, low: F | int, high: F | int
) -> None:
    formula = parse_formula(text)
    table = fit_table(formula, {}, F(low), F(high), F(1, 1000))
    with mpmath.workdps(50):
        true = largest_error(text, table)
    assert true <= table_error(formula, {}, table.knots) <= table.error <= F(1, 1000)
    assert table.error <= true * F(101, 100)


def test_a_script_with_erf_compiles_and_is_verified() -> None:
    script = (
        "algorithm f(x: [d] per query)\nassume entries(x) in [-4, 4]\nwithin 1/1000\n"
        "return erf(x) - 1/4*erf.(2*x)\n"
    )
    network = api.compile(script)
    verdict = network.verify()
    assert verdict.accepted
    (bound,) = network.bounds
    places = np.linspace(-4, 4, 4001)[None]
    found = np.asarray(network.run({"x": places})["output"]["query"])
    off = np.abs(found - (erf(places) - erf(2 * places) / 4)).max()
    assert bound.value is not None
    assert 0.9 * float(bound.value) < off <= float(bound.value) <= 1.25e-3


def test_gelu_is_known_to_scripts_and_a_formula_of_erf_in_the_certificate() -> None:
    head = "algorithm f(x: [d] per query)\nassume entries(x) in [-6, 6]\nwithin 1/1000\n"
    network = api.compile(f"{head}return gelu(x)\n")
    assert network.verify().accepted
    (table,) = network.certificate["tables"]
    assert table["function"] == formula_text(parse_formula(GELU)) == "1/2*t*(1 + erf(t/sqrt(2)))"
    places = np.linspace(-6, 6, 4001)[None]
    found = np.asarray(network.run({"x": places})["output"]["query"])
    (bound,) = network.bounds
    assert bound.value is not None
    off = np.abs(found - places / 2 * (1 + erf(places / math.sqrt(2)))).max()
    assert 0.9 * float(bound.value) < off <= float(bound.value) <= 1e-3
    declared = api.compile(f"{head}function g(t) = {GELU}\nreturn g(x)\n")
    assert declared.certificate["tables"] == [table]


def test_erf_of_an_operator_is_synthesized_and_its_error_proven_by_complex_balls() -> None:
    script = (
        "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [-2, 1]\n"
        "return synthesize spectral(erf, A) within 1e-4\n"
    )
    network = api.compile(script)
    assert network.verify().accepted
    (bound,) = network.bounds
    axes, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(7, 7)))
    spectrum = np.linspace(-2, 1, 7)
    (found,) = network.run({"A": axes * spectrum @ axes.T}).values()
    assert bound.value is not None
    off = np.linalg.norm(np.asarray(found) - axes * erf(spectrum) @ axes.T, 2)
    assert off <= float(bound.value) <= 1e-4


@pytest.mark.parametrize("written", ["erf(3*s)*t", sympy.erf(3 * sympy.Symbol("s"))], ids=str)
def test_erf_stands_in_texts_and_expressions_of_sympy(written: str | sympy.Expr) -> None:
    box = {"s": (-1, 1), "t": (0, 1)} if isinstance(written, str) else {"s": (-1, 1)}
    network = api.approximate(written, within="1e-2", **box)
    assert network.verify().accepted
    given = {"s": np.linspace(-1, 1, 101)[None], "t": np.linspace(0, 1, 101)[None]}
    found = network.run({name: given[name] for name in box})["output"]["query"]
    exact = erf(3 * given["s"]) * (given["t"] if "t" in box else 1)
    assert np.abs(np.asarray(found) - exact).max() <= 1e-2
