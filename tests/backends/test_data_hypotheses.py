"""Every kind of hypothesis on data: held, broken, or within round-off of an end; and the advice."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest

from weightsmith.backends.errors import LayoutError
from weightsmith.backends.measure import (
    AssumptionWarning,
    DataReport,
    UnsolvableError,
    Verdict,
    apply_check,
    check_data,
    fitting_settings,
)
from weightsmith.backends.measure import enclosure as enclosures
from weightsmith.dsl import check, resolve_bindings
from weightsmith.dsl.program import core
from weightsmith.dsl.text.source import Source

HOLDS, ROUND_OFF, BROKEN, UNMEASURED = Verdict
Given = dict[str, object]


def program_of(head: str, body: str = "return 1*A") -> core.Program:
    return check(Source("s.alg", f"algorithm f({head}\n\n{body}\n"))


def measured(program: core.Program, inputs: Given, **settings: object) -> DataReport:
    bindings = resolve_bindings(program, {n: Fraction(str(v)) for n, v in settings.items()})
    return check_data(program, bindings, inputs)  # type: ignore[arg-type]


def verdict(report: DataReport, start: str) -> Verdict:
    (row,) = (row for row in report.rows if row.hypothesis.startswith(start))
    return row.verdict


SYMMETRIC = "A: symmetric[d, d])\nassume spectrum(A) in [mu, L]"
GENERAL = "A: [m, n])\nassume singular_values(A) in [mu, L]"
NONZERO = (
    "A: symmetric[d, d], b: [d, k])\nassume nonzero_spectrum(A) in [mu, L]\nassume b in range(A)"
)
WEIGHTED = (
    "x: [d] per context, P: symmetric[d, d])\nassume spectrum(x*x'*P over context) in [mu, L]"
)
GAP = "A: symmetric[d, d])\nassume spectrum(A) in [a, b] or [c, e]"
PATH = np.array([[1.0, -1, 0], [-1, 2, -1], [0, -1, 1]])


def rotated(values: list[float], seed: int = 0) -> np.ndarray:
    size = len(values)
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0]
    value = (basis * np.array(values)) @ basis.T
    return (value + value.T) / 2


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([2, 3, 4], HOLDS),
        ([1, 3, 5], ROUND_OFF),
        ([1, 1, 1], ROUND_OFF),
        ([5, 5, 5], ROUND_OFF),
        ([1, 3, 5 + 1e-12], BROKEN),
        ([1 - 1e-12, 3, 5], BROKEN),
        ([-2, 3], BROKEN),
        ([0, 0], BROKEN),
    ],
)
def test_a_spectrum(values: list[float], wanted: Verdict, seed: int) -> None:
    report = measured(program_of(SYMMETRIC), {"A": rotated(values, seed)}, mu=1, L=5)
    assert verdict(report, "spectrum") is wanted
    assert report.holds is (wanted is not BROKEN)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [([2.0, 3.0], HOLDS), ([1.0, 5.0], ROUND_OFF), ([1.0, 5.1], BROKEN), ([0.0, 3.0], BROKEN)],
)
@pytest.mark.parametrize("shape", [(2, 2), (2, 4), (5, 2)])
def test_singular_values(values: list[float], wanted: Verdict, shape: tuple[int, int]) -> None:
    matrix = np.zeros(shape)
    np.fill_diagonal(matrix, values)
    report = measured(program_of(GENERAL), {"A": matrix}, mu=1, L=5)
    assert verdict(report, "singular_values") is wanted


def test_zeros_are_left_out_of_singular_values_where_only_a_pseudo_inverse_is_wanted() -> None:
    data = {"A": np.diag([0.0, 2.0])}
    for target, wanted in (("pinv(A)", ROUND_OFF), ("inv(A)", BROKEN), ("polar(A)", BROKEN)):
        head = "A: [d, d])\nassume singular_values(A) in [1, 5]"
        program = program_of(head, f"return 1*A approximates {target}")
        assert verdict(measured(program, data), "singular_values") is wanted, target


def test_a_nonzero_spectrum_and_a_range() -> None:
    program = program_of(NONZERO)
    inside = {"A": PATH, "b": np.array([[1.0], [0.0], [-1.0]])}
    report = measured(program, inside, mu=1, L=3)
    assert [row.verdict for row in report.rows[:3]] == [HOLDS, ROUND_OFF, ROUND_OFF]
    assert report.rows[1].measured.endswith("and 1 zero")
    outside = {"A": PATH, "b": np.array([[1.0], [0.0], [-1.001]])}
    report = measured(program, outside, mu=1, L=3)
    assert verdict(report, "b in range") is BROKEN
    assert "b is not in range(A)" in report.problem
    assert verdict(measured(program, inside, mu="1.01", L=3), "nonzero") is BROKEN


def test_a_kernel_of_float32_numbers_is_known_to_their_rounding() -> None:
    """The rows add up to 1e-8 or so: the matrix has full rank, and one eigenvalue is noise."""
    edges = np.diff(np.eye(3), axis=0)
    matrix = (edges.T @ np.diag([0.1, 0.3]) @ edges).astype(np.float32)
    assert np.abs(matrix.sum(axis=0, dtype=np.float64)).max() > 1e-9
    for b, wanted in (([1, 0, -1], ROUND_OFF), ([1, 0, 0], BROKEN)):
        given = {"A": matrix, "b": np.array([b], dtype=np.float32).T}
        report = measured(program_of(NONZERO), given, mu="1/10", L=1)
        assert verdict(report, "b in range") is wanted
        assert verdict(report, "nonzero_spectrum") is ROUND_OFF


def test_a_gram_matrix_of_low_rank_has_zeros() -> None:
    program = program_of("A: [m, n])\nassume spectrum(A*A') in [mu, L]")
    for matrix, wanted in ((np.eye(2, 3), HOLDS), (np.eye(3, 2), BROKEN)):
        report = measured(program, {"A": matrix}, mu="1/2", L=2)
        assert verdict(report, "spectrum") is wanted


def test_a_gram_matrix_is_summed_over_its_tokens_only() -> None:
    head = "x: [d] per token)\nassume spectrum(x*x' over context) in [1/2, 2]"
    x = {"context": np.eye(2), "query": 9 * np.eye(2)}
    assert measured(program_of(head, "return 1*x"), {"x": x}).holds


def test_any_value_is_in_the_range_of_what_has_full_rank() -> None:
    inputs = {"A": np.diag([1.0, 2.0]), "b": np.ones((2, 1))}
    assert verdict(measured(program_of(NONZERO), inputs, mu=1, L=3), "b in range") is HOLDS


def test_a_weighted_product_and_its_weight() -> None:
    program = program_of(WEIGHTED, "return 1*P")
    x = {"context": np.array([[1.0, 0, 0], [0, 2, 0]])}
    weight = np.diag([2.0, 1.0])
    report = measured(program, {"x": x, "P": weight}, mu=1, L=5)
    assert verdict(report, "spectrum") is HOLDS  # 2 and 4
    assert verdict(report, "P is positive definite") is HOLDS
    report = measured(program, {"x": x, "P": 2 * weight}, mu=1, L=5)
    assert verdict(report, "spectrum") is BROKEN
    report = measured(program, {"x": x, "P": np.diag([2.0, -1.0])}, mu=1, L=5)
    assert verdict(report, "P is positive definite") is BROKEN
    assert verdict(report, "spectrum") is UNMEASURED


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([0.5, 2.5], HOLDS),
        ([1, 2], ROUND_OFF),
        ([0, 3], ROUND_OFF),
        ([1.5], BROKEN),
        ([1 + 1e-9], BROKEN),
        ([-0.1], BROKEN),
        ([3.1], BROKEN),
    ],
)
def test_two_intervals(values: list[float], wanted: Verdict) -> None:
    report = measured(program_of(GAP), {"A": rotated(values)}, a=0, b=1, c=2, e=3)
    assert verdict(report, "spectrum") is wanted


@pytest.mark.parametrize(
    ("off", "dtype", "wanted"),
    [
        (0.0, "float64", HOLDS),
        (2.0**-51, "float64", ROUND_OFF),
        (2.0**-48, "float64", BROKEN),
        (2.0**-22, "float32", ROUND_OFF),
        (2.0**-20, "float32", BROKEN),
    ],
)
def test_symmetry(off: float, dtype: str, wanted: Verdict) -> None:
    """The rounding that is forgiven is that of the numbers as they are given."""
    matrix = np.array([[2.0, 1.0], [1.0 + off, 2.0]], dtype=dtype)
    report = measured(program_of(SYMMETRIC), {"A": matrix}, mu="1/2", L=5)
    assert verdict(report, "A is symmetric") is wanted
    assert verdict(report, "spectrum") is (UNMEASURED if wanted is BROKEN else HOLDS)


def test_what_a_spectrum_presumes_is_measured() -> None:
    """The case silent_symmetric: its data meet every assumption that is written."""
    program = program_of("A: [d, d])\nassume spectrum(A) in [1/2, 3/2]")
    crooked = np.array([[1.0, 7.0], [0.0, 1.0]])
    report = measured(program, {"A": crooked})
    assert "A is not symmetric" in report.problem
    product = program_of("A: [d, d], B: [d, d])\nassume spectrum(A*B) in [1/2, 3/2]")
    report = measured(product, {"A": crooked, "B": np.eye(2)})
    assert "A*B is not symmetric" in report.problem
    assert measured(product, {"A": crooked, "B": np.linalg.inv(crooked)}).holds


NORMS = "A: [m, n], x: [d] per token)\nassume norm(A) <= 2\nassume norm(x) <= B"
TOKENS = {"context": np.array([[0.6], [0.8]]), "query": np.array([[3.0, 0.0], [4.0, 0.0]])}


def test_norms() -> None:
    program = program_of(NORMS)
    report = measured(program, {"A": np.diag([2.0, 1.0]), "x": TOKENS}, B=5)
    assert [row.verdict for row in report.rows[:2]] == [ROUND_OFF, ROUND_OFF]
    assert measured(program, {"A": np.diag([1.9, 1.0]), "x": TOKENS}, B=6).holds
    report = measured(program, {"A": np.full((2, 2), 1.01), "x": TOKENS}, B=4)
    assert [row.verdict for row in report.rows[:2]] == [BROKEN, BROKEN]
    assert "the largest norm of a token of x is 5 and B = 4" in report.problem


def test_entries_and_sizes() -> None:
    head = "x: [d] per context)\nassume entries(x) in [low, 1/10]\nassume size(context) <= n"
    program = program_of(head, "return 1*x")
    x = {"context": np.array([[0.1, -1.0, 0.0]])}
    report = measured(program, {"x": x}, low=-1, n=3)
    assert [row.verdict for row in report.rows] == [ROUND_OFF, HOLDS, HOLDS]  # 0.1 > 1/10
    report = measured(program, {"x": x}, low="-0.9", n=2)
    assert [row.verdict for row in report.rows[:2]] == [BROKEN, BROKEN]
    assert "the smallest entry of x is -1 and low = -0.9: compile with --set low=-1" in str(
        report.problem
    )
    assert "the size of context is 3 and n = 2: compile with --set n=3" in report.problem
    report = measured(program, {"x": {"context": np.array([[0.11]])}}, low=-1, n=2)
    assert "is 0.11, and must be at most 0.1 (s.alg, line 2)" in report.problem


def test_the_worst_of_a_batch_is_named() -> None:
    batch = np.stack([np.diag([2.0, 3.0]), np.diag([2.0, 5.21]), np.diag([2.0, 5.1])])
    report = measured(program_of(SYMMETRIC), {"A": batch}, mu=1, L=5)
    assert report.problem.startswith(
        "the largest eigenvalue of A is 5.21 (index 1 of the batch) and L = 5: compile with"
    )


@pytest.mark.parametrize("scale", [1e-200, 1e-3, 1.0, 1e5, 1e200])
def test_any_scale_is_measured(scale: float) -> None:
    head = "A: [m, n])\nassume spectrum(A*A') in [mu, L]"
    data = {"A": scale * np.diag([1.0, 3.0])}
    low, high = Fraction(scale) ** 2, 9 * Fraction(scale) ** 2
    program = program_of(head)
    for factor, wanted in ((Fraction(2), HOLDS), (Fraction(99, 100), BROKEN)):
        bindings = {"mu": low / factor, "L": high * factor}
        report = check_data(program, bindings, data)
        assert report.rows[0].verdict is wanted


def test_data_of_float32_are_known_to_their_own_rounding() -> None:
    values = np.array([0.1, 0.7, 0.3], dtype=np.float32)
    head = "x: [d] per context)\nassume norm(x) <= 1\nassume entries(x) in [0, 7/10]"
    x = (values / np.linalg.norm(values)).reshape(-1, 1) * np.float32(1 + 1e-7)
    report = measured(program_of(head, "return 1*x"), {"x": x})
    assert verdict(report, "norm") is ROUND_OFF
    assert verdict(report, "entries") is BROKEN
    assert verdict(measured(program_of(head, "return 1*x"), {"x": x.astype(float)}), "norm") is (
        BROKEN
    )


def test_what_is_too_large_is_said_not_to_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enclosures, "WORK", 20)
    report = measured(program_of(SYMMETRIC), {"A": 9 * np.eye(3)}, mu=1, L=5)
    assert verdict(report, "spectrum") is UNMEASURED
    assert report.holds
    assert [row.hypothesis for row in report.unmeasured] == ["spectrum(A) in [mu, L]"]
    with pytest.warns(AssumptionWarning, match="is not measured"):
        apply_check(report, "refuse")


def test_a_parameter_without_a_value_leaves_a_hypothesis_open() -> None:
    program = program_of(SYMMETRIC)
    report = check_data(program, {"mu": Fraction(1)}, {"A": np.eye(2)})
    assert verdict(report, "spectrum") is UNMEASURED
    assert "'L' has no value" in str(report)


# -- the advice, and parameters that fit --------------------------------------------------------

FITS: list[tuple[str, Given, dict[str, object]]] = [
    (SYMMETRIC, {"A": rotated([0.3, 1, 5.21])}, {"mu": 1, "L": 5}),
    (GENERAL, {"A": np.diag([0.1, 7.0])}, {"mu": 1, "L": 5}),
    (NONZERO, {"A": PATH, "b": np.array([[1.0], [0], [-1]])}, {"mu": 2, "L": "5/2"}),
    (GAP, {"A": rotated([0.1, 0.3, 2, 2.2])}, {"a": "1/5", "b": "1/4", "c": "21/10", "e": "22/10"}),
    (NORMS, {"A": np.eye(2), "x": TOKENS}, {"B": 1}),
    (
        "x: [d] per context)\nassume size(context) <= n\n"
        "assume spectrum(x*x' over context) in [0, n*ell]\nparam n, ell = 1",
        {"x": {"context": np.ones((2, 3))}},
        {"n": 5, "ell": "1/100"},
    ),
    (
        "A: symmetric[d, d])\nassume spectrum(A) in [L/kappa, L]\nparam L, kappa",
        {"A": rotated([0.5, 3.0])},
        {"L": 2, "kappa": 2},
    ),
    (
        "A: symmetric[d, d])\nassume spectrum(A) in [-L, -mu] or [mu, L]",
        {"A": rotated([-9.0, -8.0, 0.3, 0.7])},
        {"mu": "1/2", "L": 2},
    ),
]


@pytest.mark.parametrize(("head", "inputs", "settings"), FITS)
def test_settings_that_are_measured_fit(
    head: str, inputs: Given, settings: dict[str, object]
) -> None:
    program = program_of(
        head, "return 1*x" if "x" in inputs and "A" not in inputs else "return 1*A"
    )
    assert not measured(program, inputs, **settings).holds
    found = fitting_settings(program, inputs, {})  # type: ignore[arg-type]
    assert found.keys() == settings.keys()
    assert all(len(text) < 12 for text in found.values())
    assert measured(program, inputs, **found).holds


@pytest.mark.parametrize(("head", "inputs", "settings"), FITS[:3] + FITS[4:7])
def test_the_advice_works_when_it_is_followed(
    head: str, inputs: Given, settings: dict[str, object]
) -> None:
    program = program_of(
        head, "return 1*x" if "x" in inputs and "A" not in inputs else "return 1*A"
    )
    for _ in range(3):
        report = measured(program, inputs, **settings)
        advised = re.findall(r"--set (\w+)=([-0-9.e]+)", report.problem)
        if not advised:
            break
        settings = {**settings, **dict(advised)}
    assert report.holds


def test_what_cannot_be_told_from_0_is_taken_for_0() -> None:
    inputs: Given = {"A": rotated([0, 1, 2])}
    report = measured(program_of(SYMMETRIC), inputs, mu=1, L=3)
    sentence = (
        "the smallest eigenvalue of A is 0 within round-off and mu = 1: compile with --set mu=0"
    )
    assert report.problem == sentence
    found = fitting_settings(program_of(SYMMETRIC), inputs, {})  # type: ignore[arg-type]
    assert found == {"mu": "0", "L": "2.001"}


def test_what_is_given_keeps_its_value() -> None:
    head, inputs, _ = FITS[5]
    found = fitting_settings(program_of(head, "return 1*x"), inputs, {"n": Fraction(30)})  # type: ignore[arg-type]
    assert found == {"ell": "0.2001"}


@pytest.mark.parametrize(
    ("head", "inputs", "reason"),
    [
        (
            "A: symmetric[d, d])\nassume spectrum(A) in [0, L]",
            {"A": np.diag([-1.0, 2.0])},
            "the smallest eigenvalue of A is -1, and must be at least 0.",
        ),
        (
            "A: symmetric[d, d])\nassume spectrum(A) in [a*b, 4]\nparam a, b",
            {"A": np.diag([1.0, 2.0])},
            "several unknown parameters, a and b: set all but one of them",
        ),
        (
            "A: symmetric[d, d])\nassume spectrum(A) in [0, L^2]\nparam L",
            {"A": np.diag([1.0, 2.0])},
            "is not linear in L: set L.",
        ),
        (
            "A: symmetric[d, d])\nassume spectrum(A) in [L/2, L]\nparam L",
            {"A": np.diag([1.0, 4.0])},
            "no value of L makes",
        ),
        (SYMMETRIC, {"A": np.array([[1.0, 2.0], [0.0, 1.0]])}, "A is not symmetric"),
        (SYMMETRIC, {"B": np.eye(2)}, "no input 'B'"),
    ],
)
def test_what_no_settings_fit_is_said(head: str, inputs: Given, reason: str) -> None:
    with pytest.raises((UnsolvableError, LayoutError)) as caught:
        fitting_settings(program_of(head), inputs, {})  # type: ignore[arg-type]
    assert reason in str(caught.value)
