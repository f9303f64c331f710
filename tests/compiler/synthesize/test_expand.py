"""``synthesize`` from the script to the certified network."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.checker.claims_by_hand import claims_in

from weightsmith import api
from weightsmith.compiler.synthesize.expand import Synthesized, expand
from weightsmith.dsl import DiagnosticError, Source, check, program_text, resolve_bindings

HEAD = "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in {}\nreturn synthesize {} within {}\n"
GENERAL = (
    "algorithm f(A: [m, n])\nassume singular_values(A) in [1/20, 1]\n"
    "return synthesize {} within 1e-6\n"
)
RIDGE = """
algorithm ridge(x: [d] per token, y: [k] per context)
assume spectrum(x*x' over context) in [mu, L]
param lam = 1/10
return synthesize y*x'*inv(x*x' + lam*I)*x on query over context within 1e-6
"""


def certificate(network: api.Network) -> list[dict[str, Any]]:
    claims: list[dict[str, Any]] = claims_in(json.loads(network.files()["certificate.json"]))
    return claims


def written(text: str, **settings: str) -> Synthesized:
    program = check(Source("f.alg", text))
    return expand(program, resolve_bindings(program, settings))


# spectrum, target, layers, the lower bound
CASES = [
    ("[1/10, 1]", "inv(A)", 3, 3),
    ("[1/100, 1]", "inv(A)", 4, 4),
    ("[0, 1]", "inv(A + 1/10*I)", 3, 3),
    ("[-2, -1] or [1/2, 2]", "inv(A)", 4, 4),
    ("[-1, -1/10] or [1/20, 2]", "inv(A)", 6, 6),
    ("[-100, -1/10] or [1, 2]", "inv(A)", 7, 6),
    ("[-2, -1] or [1/2, 2]", "sign(A)", 4, 4),
    ("[-1, -1/100] or [1/100, 1]", "sign(A)", 7, 7),
    ("[1/10000, 1]", "sqrt(A)", 6, 6),
    ("[1/10000, 1]", "A^(-1/3)", 6, 6),
    ("[1/100000, 1]", "invsqrt(A)", 9, 7),
]
BY_POINTS = Fraction(1, 40)  # by which a bound from the values at points may be above the error


@pytest.mark.parametrize(("spectrum", "target", "layers", "least"), CASES)
def test_the_certificate_shows_what_was_predicted(
    spectrum: str, target: str, layers: int, least: int, tmp_path: Path
) -> None:
    text = HEAD.format(spectrum, target, "1e-6")
    found = written(text)
    assert (found.layers, found.lower_bound_layers) == (layers, least)
    network = api.compile(text)
    assert network.report.layers == layers
    (bound,) = network.bounds
    assert bound.value is not None
    assert bound.value <= Fraction(1, 10**6)
    (claim,) = (one for one in certificate(network) if one["kind"] == "truncation")
    exact = claim["steps"][-1]["rule"] != "chebyshev"
    above = bound.value / found.predicted_error - 1
    assert abs(above) < (Fraction(1, 10**6) if exact else BY_POINTS)
    network.save(str(tmp_path / "net"))
    assert (tmp_path / "net" / "script.alg").read_text(encoding="utf-8") == found.text
    assert all(verdict.accepted for verdict in api.verify(str(tmp_path / "net")).verdicts)


@pytest.mark.parametrize(("target", "layers"), [("polar(A)", 6), ("pinv(A)", 6)])
def test_singular_values_are_enough(target: str, layers: int) -> None:
    network = api.compile(GENERAL.format(target))
    assert network.report.layers == layers
    assert network.bounds[0].value <= Fraction(1, 10**6)
    values = np.linspace(1 / 20, 1, 4)
    rng = np.random.default_rng(0)
    left, right = (np.linalg.qr(rng.normal(size=(size, 4)))[0] for size in (6, 4))
    A = left @ np.diag(values) @ right.T
    (value,) = network.run({"A": A}).values()
    exact = left @ right.T if target == "polar(A)" else np.linalg.pinv(A)
    assert np.linalg.norm(value - exact, 2) <= 1e-6 * np.linalg.norm(exact, 2)


def test_what_stands_around_the_inverse_is_kept() -> None:
    found = written(RIDGE, mu="1/10", L="1")
    network = api.compile(RIDGE, settings={"mu": "1/10", "L": "1"})
    assert network.report.layers == found.layers == 5
    assert network.bounds[0].value <= Fraction(1, 10**6)
    rng = np.random.default_rng(1)
    x = np.linalg.qr(rng.normal(size=(8, 3)))[0].T * np.sqrt([[0.1], [0.5], [1.0]])
    y, query = rng.normal(size=(2, 8)), rng.normal(size=(3, 2))
    (value,) = network.run({"x": {"context": x, "query": query}, "y": {"context": y}}).values()
    exact = y @ x.T @ np.linalg.inv(x @ x.T + np.eye(3) / 10) @ query
    assert np.abs(value["query"] - exact).max() < 1e-6 * np.abs(exact).max() * 10


def test_several_shifts_share_one_loop() -> None:
    text = (
        "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [0, 1]\nreturn "
        + ", ".join(f"synthesize inv(A + 1/{k}*I) within 1e-6" for k in (1, 2, 10))
        + "\n"
    )
    found = written(text)
    assert found.text.count("\nfor ") == 1
    assert found.layers == 3
    assert all(bound.value <= Fraction(1, 10**6) for bound in api.compile(text).bounds)


def test_both_roots_share_one_loop() -> None:
    text = (
        "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [1/100000, 1]\n"
        "return synthesize sqrt(A) within 1e-6, synthesize sqrt(A) within 1e-3\n"
    )
    assert written(text).text.count("\nfor ") == 1


def test_a_series_is_written_in_the_layers_of_its_degree() -> None:
    text = HEAD.format("[0, 10]", "exp(-A)", "1e-6")
    found = written(text)
    assert (found.layers, found.lower_bound_layers) == (3, 3)
    network = api.compile(text)
    assert network.report.layers == 3
    A = np.diag(np.linspace(0, 10, 5))
    (value,) = network.run({"A": A}).values()
    assert np.abs(value - np.diag(np.exp(-np.diag(A)))).max() < 1e-6


def test_a_function_of_the_script_is_synthesised() -> None:
    text = (
        "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [-2, 3]\n"
        "function h(t) = 1/(1 + t^2)\nreturn synthesize spectral(h, A) within 1e-4\n"
    )
    A = np.diag(np.linspace(-2, 3, 7))
    (value,) = api.compile(text).run({"A": A}).values()
    assert np.abs(value - np.diag(1 / (1 + np.diag(A) ** 2))).max() < 1e-4


def test_a_negative_spectrum_is_inverted_too() -> None:
    A = -np.diag([0.01, 0.1, 1.0])
    (value,) = api.compile(HEAD.format("[-1, -1/100]", "inv(A)", "1e-6")).run({"A": A}).values()
    assert np.abs(value @ A - np.eye(3)).max() < 1e-6


def test_a_projector_is_a_sign() -> None:
    text = HEAD.format("[-1, -1/10] or [1/10, 2]", "(I + sign(A))/2", "1e-6")
    A = np.diag([-1.0, -0.1, 0.1, 2.0])
    (value,) = api.compile(text).run({"A": A}).values()
    assert np.abs(value - np.diag([0, 0, 1, 1])).max() < 1e-6


def test_the_text_is_a_script_that_prints_as_itself() -> None:
    for text in (HEAD.format("[1/100, 1]", "A^(-1/3)", "1e-5"), GENERAL.format("pinv(A)")):
        program = written(text).program
        again = check(Source("again.alg", program_text(program)))
        assert program_text(again) == program_text(program)


def test_names_of_the_script_are_kept_apart() -> None:
    text = (
        "algorithm f(X: symmetric[E, E])\nassume spectrum(X) in [1/10, 1]\n"
        "return synthesize inv(X) within 1e-6\n"
    )
    assert api.compile(text).bounds[0].value <= Fraction(1, 10**6)


MISTAKES = [
    ("[-1, 1]", "inv(A + 1/10*I)", "1e-6", "may be 0: it lies in [-9/10, 11/10]"),
    ("[-1, 1]", "sign(A)", "1e-6", "jumps or has a pole at 0"),
    ("[1/10, 1]", "sign(A)", "1e-6", "the sign is I on all of the spectrum"),
    ("[-1, 1]", "sqrt(A)", "1e-6", "a root needs a positive spectrum"),
    ("[1/10000000, 1]", "inv(A)", "1e-12", "float64 does not carry 1e-12"),
    ("[0, 1]", "exp(A)", "1e-17", "float64 carries no error below"),
    ("[0, 1]", "exp(A)", "2", "the tolerance must lie between 0 and 1"),
    ("[0, 1/10000000]", "exp(A)", "1e-3", "the function is constant on the spectrum"),
    ("[mu, 1]", "inv(A)", "1e-6", "'mu' has no value"),
    ("[1/10, 1]", "inv(A)*exp(A)", "1e-6", "here are 2"),
    ("[1/10, 1]", "A", "1e-6", "no function of a matrix"),
    ("[0, 1]", "exp(1000*A)", "1e-6", "the function exceeds 1e+200 there"),
    ("[1e-30, 1]", "inv(A)", "1e-6", "bring the ends nearer"),
]


@pytest.mark.parametrize(("spectrum", "target", "tolerance", "message"), MISTAKES)
def test_a_mistake_is_named(spectrum: str, target: str, tolerance: str, message: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        written(HEAD.format(spectrum, target, tolerance))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("target", "least"),
    [("inv(A)", 3), ("A*inv(A)", 0), ("inv(A)*A", 0), ("B*inv(A)", 3), ("A + 3*inv(A)", 3)],
)
def test_what_may_cancel_has_no_lower_bound(target: str, least: int) -> None:
    text = "algorithm f(A: symmetric[d, d], B: [m, d])\nassume spectrum(A) in [1/10, 1]\n"
    text += f"return synthesize {target} within 1e-6\n"
    assert written(text).lower_bound_layers == least


def test_a_lower_bound_uses_one_interval_of_two() -> None:
    apart = "[1/10, 3/20] or [19/20, 1]"
    found = written(HEAD.format(apart, "inv(A)", "1e-6"))
    assert (found.layers, found.lower_bound_layers) == (3, 2)


def test_a_spectrum_that_nothing_bounds_is_asked_for() -> None:
    text = "algorithm f(A: symmetric[d, d])\nreturn synthesize inv(A + I) within 1e-6\n"
    with pytest.raises(DiagnosticError, match=r"no assumption bounds the spectrum of A \+ I"):
        written(text)


@pytest.mark.parametrize("target", ["inv(A)", "sqrt(A)", "inv(3*A)"])
def test_a_spectrum_of_one_point_takes_one_layer(target: str) -> None:
    network = api.compile(HEAD.format("[2, 2]", target, "1e-6"))
    assert network.report.layers == 1
    assert network.bounds[0].value < Fraction(1, 10**20)


@pytest.mark.parametrize("formula", ["log(t)", "1/(t - 1/3)", "sqrt(t + 1/2)"])
def test_a_function_is_defined_on_the_whole_spectrum(formula: str) -> None:
    text = (
        "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [-1, 1]\n"
        f"function h(t) = {formula}\nreturn synthesize spectral(h, A) within 1e-8\n"
    )
    with pytest.raises(DiagnosticError, match="Chebyshev series does not reach"):
        written(text)


def test_a_breakpoint_is_not_smooth_enough() -> None:
    text = (
        "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [-1, 1]\nfunction h(t) = abs(t)\n"
        "return synthesize spectral(h, A) within 1e-8\n"
    )
    with pytest.raises(DiagnosticError, match="Chebyshev series does not reach"):
        written(text)


KERNEL = """algorithm f(A: symmetric[d, d], b: [d, k])
assume {}
return synthesize {} within 1e-6
"""


@pytest.mark.parametrize("target", ["pinv(A)*b", "inv(A)*b", "exp(A)*b", "sqrt(A)*b"])
def test_an_eigenvalue_0_that_no_step_knows_of_is_refused(target: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        written(KERNEL.format("nonzero_spectrum(A) in [1/10, 1]", target))
    assert "A may have the eigenvalue 0" in str(caught.value)
    assert "assume b in range(A)" in str(caught.value)
    assert ("assume singular_values(A) in" in str(caught.value)) == target.startswith("pinv")


@pytest.mark.parametrize(
    "assumption",
    ["nonzero_spectrum(A) in [1/10, 1]\nassume b in range(A)", "singular_values(A) in [1/10, 1]"],
)
def test_what_the_refusal_says_to_write_is_proven(assumption: str) -> None:
    network = api.compile(KERNEL.format(assumption, "pinv(A)*b"))
    (bound,) = network.bounds
    assert bound.value is not None
    assert bound.value <= Fraction(1, 10**6)
    A, b = np.diag([0, 0.5, 1.0]), np.array([[0.0], [1.0], [2.0]])
    (value,) = network.run({"A": A, "b": b}).values()
    assert np.allclose(value, [[0], [2], [2]], atol=1e-6)
