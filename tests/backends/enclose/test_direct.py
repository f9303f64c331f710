"""The short way to a bound: the same report as the long one, and no bound below the truth."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from fractions import Fraction

import flint
import numpy as np
import pytest
from tests.backends.enclose.truth import exactly, polar_of, precise, roots_of, size_of

from weightsmith.backends.enclose import Enclosures, enclose
from weightsmith.backends.enclose.direct import directly
from weightsmith.dsl import check
from weightsmith.dsl.program.core import Program
from weightsmith.dsl.text.source import Source

__all__ = ["precise"]
pytestmark = pytest.mark.usefixtures("precise")
MODULE = sys.modules["weightsmith.backends.enclose.enclose"]  # its function has the same name
Compute = Callable[[np.ndarray], np.ndarray]
Exact = Callable[[flint.arb_mat], flint.arb_mat]
TALL, GENERAL, SYMMETRIC = "[m, n]", "[d, d]", "symmetric[d, d]"


def by_eigenvalues(function: Compute) -> Compute:
    def compute(matrix: np.ndarray) -> np.ndarray:
        values, vectors = np.linalg.eigh(matrix)
        result: np.ndarray = vectors * function(values) @ vectors.T
        return result

    return compute


def singular(matrix: np.ndarray) -> np.ndarray:
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    result: np.ndarray = left @ right
    return result


TARGETS: Mapping[str, tuple[str, Compute, Exact]] = {
    "inv(A)": (GENERAL, np.linalg.inv, flint.arb_mat.inv),
    "inv(-A)": (SYMMETRIC, lambda a: np.linalg.inv(-a), lambda a: (-a).inv()),
    "polar(A)": (TALL, singular, polar_of),
    "sqrt(A)": (SYMMETRIC, by_eigenvalues(lambda w: np.sqrt(abs(w))), lambda a: roots_of(a)[0]),
    "A^(-1/2)": (SYMMETRIC, by_eigenvalues(lambda w: abs(w) ** -0.5), lambda a: roots_of(a)[1]),
    "exp(-A)": (SYMMETRIC, by_eigenvalues(lambda w: np.exp(-w)), lambda a: (-a).exp()),
    "exp(A)": (SYMMETRIC, by_eigenvalues(np.exp), flint.arb_mat.exp),
}


def program_of(target: str) -> Program:
    return check(
        Source("<test>", f"algorithm a(A: {TARGETS[target][0]})\nreturn A approximates {target}\n")
    )


PROGRAMS = {target: program_of(target) for target in TARGETS}


def drawn(target: str, seed: int) -> np.ndarray:
    """Well or ill conditioned, equal eigenvalues, d = 1, whole numbers; in any layout."""
    draw = np.random.default_rng(seed)
    size = (1, 2, 3, 5, 9)[seed % 5]
    rows = size + 2 if TARGETS[target][0] == TALL and seed % 2 else size
    left, right = np.linalg.qr(draw.normal(size=(rows, size)))[0], np.eye(size)
    if TARGETS[target][0] != SYMMETRIC:
        right = np.linalg.qr(draw.normal(size=(size, size)))[0]
    condition = (1.0, 10.0, 1e4, 1e9)[seed // 5 % 4]
    matrix = left * np.geomspace(1, 1 / condition, size) @ (right if rows > size else left.T)
    if seed % 7 == 3:
        matrix = np.round(matrix * 8) + 9 * np.eye(rows, size)
    if TARGETS[target][0] == SYMMETRIC:
        matrix = (matrix + matrix.T) / 2
    if seed % 3 == 1:
        matrix = np.asfortranarray(matrix)
    elif seed % 3 == 2:
        wide = np.empty((2 * rows, 3 * size))
        wide[::2, ::3] = matrix
        matrix = wide[::2, ::3]
    return matrix


def require_same(soon: Enclosures, late: Enclosures) -> float:
    """A matrix negated at once is exact; the rules of sums make it a little less so."""
    first, second = soon["A"], late["A"]
    if "-A" not in first.target:
        assert first == second
    assert (first.target, first.how, first.reason) == (second.target, second.how, "")
    assert len(first.bounds) == 1
    assert first.bound is not None
    assert second.bound is not None
    assert first.bound <= second.bound * (1 + 2.0**-50)
    assert second.bound <= first.bound * 1.07
    return first.bound


def both(
    target: str, matrix: np.ndarray, answer: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> tuple[Enclosures | None, Enclosures]:
    """The report of the short way, if there is one, and that of the long way."""
    soon = directly(PROGRAMS[target], {"A": matrix}, {"A": answer})
    with monkeypatch.context() as patched:
        patched.setattr(MODULE, "directly", lambda *_: None)
        return soon, enclose(PROGRAMS[target], {}, {"A": matrix}, {"A": answer})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("target", TARGETS)
def test_the_report_is_that_of_the_long_way(
    target: str, dtype: type[np.floating], monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = 0
    _, compute, exact = TARGETS[target]
    for seed in range(60):
        matrix = drawn(target, seed)
        if seed % 4 == 0:
            matrix = matrix.astype(np.float32)
        computed = compute(matrix.astype(np.float64))
        answer = (computed.astype(dtype).T.copy().T, computed.astype(dtype))[seed % 2]
        soon, late = both(target, matrix, answer, monkeypatch)
        if soon is not None:
            reached += 1
            bound = require_same(soon, late)
            error = size_of(exactly(answer) - exact(exactly(matrix)))
            assert flint.arb(bound) >= error, (seed, bound)
            assert flint.arb(bound) <= 4 * error + size_of(exactly(answer)) * flint.arb(2) ** -60
    assert reached >= 30


@pytest.mark.parametrize("exponent", [-240, -120, -60, 60, 120, 240])
@pytest.mark.parametrize("target", ["inv(A)", "polar(A)", "sqrt(A)", "A^(-1/2)"])
def test_tiny_and_huge_numbers(target: str, exponent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Powers of four have exact roots, so the same problem is solved in another unit."""
    _, compute, exact = TARGETS[target]
    reached = 0
    for seed in range(10):
        matrix = drawn(target, seed) * 2.0**exponent
        answer = compute(matrix)
        soon, late = both(target, matrix, answer, monkeypatch)
        if soon is None:
            continue
        reached += 1
        bound = require_same(soon, late)
        error = size_of(exactly(answer) - exact(exactly(matrix)))
        assert flint.arb(bound) >= error, (seed, bound)
    assert reached >= (6 if abs(exponent) < 100 else 0)  # others may be exact, or out of range


@pytest.mark.parametrize("target", ["inv(A)", "polar(A)", "sqrt(A)", "exp(-A)"])
def test_entries_that_are_hardly_numbers(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Subnormal entries beside whole ones, as inputs and in the answer."""
    _, compute, exact = TARGETS[target]
    for size in (1, 2, 4):
        for tiny in (2.0**-1074, 2.0**-1030, 2.0**-600):
            matrix = np.diag(np.arange(1.0, size + 1)) + tiny
            near = compute(matrix) * (1 + 2.0**-40)
            for answer in (near, near + tiny):
                soon, late = both(target, matrix, answer, monkeypatch)
                assert soon is not None
                bound = require_same(soon, late)
                assert flint.arb(bound) >= size_of(exactly(answer) - exact(exactly(matrix)))


SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
NEARLY = np.array([[1.0, 1.0], [1.0, 1.0 + 2.0**-52]])


@pytest.mark.parametrize(
    ("target", "matrix", "answer"),
    [
        ("inv(A)", SINGULAR, np.eye(2)),
        ("polar(A)", SINGULAR, np.eye(2)),
        ("sqrt(A)", -SINGULAR, np.eye(2)),
        ("A^(-1/2)", SINGULAR, np.eye(2)),
        ("inv(A)", np.zeros((3, 3)), np.eye(3)),
        ("inv(A)", np.eye(2), np.full((2, 2), np.nan)),
        ("exp(A)", np.eye(2), np.full((2, 2), -np.inf)),
        ("polar(A)", np.eye(2), np.full((2, 2), np.inf)),
        ("inv(A)", np.eye(2) * 2.0**260, np.eye(2)),
        ("exp(A)", np.eye(2) * 400.0, np.eye(2)),
        ("sqrt(A)", np.array([[1.0, 0.5], [np.nextafter(0.5, 1), 1.0]]), np.eye(2)),
    ],
)
def test_what_has_no_bound_is_left_to_the_long_way(
    target: str, matrix: np.ndarray, answer: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon, late = both(target, matrix, answer, monkeypatch)
    assert soon is None
    assert late["A"].bound is None
    assert late["A"].reason


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_nearly_singular(dtype: type[np.floating], monkeypatch: pytest.MonkeyPatch) -> None:
    for target in ("inv(A)", "polar(A)", "sqrt(A)", "A^(-1/2)"):
        _, compute, exact = TARGETS[target]
        answer = compute(NEARLY).astype(dtype)
        soon, late = both(target, NEARLY, answer, monkeypatch)
        for found in filter(None, (soon, late)):
            if found["A"].bound is not None:
                error = size_of(exactly(answer) - exact(exactly(NEARLY)))
                assert flint.arb(found["A"].bound) >= error, target


BARE = 3 * np.eye(2)
ANSWER = np.eye(2) / 3


@pytest.mark.parametrize(
    ("inputs", "answer"),
    [
        ({}, {"A": ANSWER}),
        ({"A": BARE, "B": BARE}, {"A": ANSWER}),
        ({"B": BARE}, {"A": ANSWER}),
        ({"A": BARE}, {"B": ANSWER}),
        ({"A": BARE.tolist()}, {"A": ANSWER}),
        ({"A": BARE}, {"A": ANSWER.tolist()}),
        ({"A": BARE}, {"A": {"": ANSWER}}),
        ({"A": BARE[None]}, {"A": BARE[None]}),
        ({"A": BARE.astype(int)}, {"A": ANSWER}),
        ({"A": BARE.astype(np.longdouble)}, {"A": ANSWER}),
        ({"A": BARE.astype(np.float16)}, {"A": ANSWER}),
        ({"A": BARE}, {"A": np.eye(3)}),
        ({"A": np.ones((2, 3))}, {"A": np.ones((2, 3))}),
        ({"A": np.empty((0, 0))}, {"A": np.empty((0, 0))}),
    ],
)
def test_unusual_data_are_left_to_the_long_way(
    inputs: dict[str, object], answer: dict[str, object]
) -> None:
    assert directly(PROGRAMS["inv(A)"], {"A": BARE}, {"A": ANSWER}) is not None
    assert directly(PROGRAMS["inv(A)"], inputs, answer) is None


@pytest.mark.parametrize(
    "script",
    [
        "algorithm a(A: [d, d], B: [d, d])\nreturn A approximates inv(A*B)\n",
        "algorithm a(A: [d, d])\nreturn A approximates inv(2*A)\n",
        "algorithm a(A: [d, d])\nreturn A approximates inv(A + I)\n",
        "algorithm a(A: [d, d])\nreturn A approximates inv(A')\n",
        "algorithm a(A: [3, 3])\nreturn A approximates inv(A)\n",
        "algorithm a(A: [d, d])\nreturn A approximates pinv(A)\n",
        "algorithm a(A: [d, d])\nreturn A approximates 2*A\n",
        "algorithm a(A: [d, d])\nreturn A\n",
        "algorithm a(A: [d, d])\nreturn A approximates inv(A), A approximates inv(A)\n",
    ],
)
def test_other_scripts_are_left_to_the_long_way(script: str) -> None:
    program = check(Source("<test>", script))
    inputs = {one.name: np.eye(3) for one in program.inputs}
    assert directly(program, inputs, {"A": np.eye(3)}) is None


def test_a_matrix_of_floats_is_not_changed() -> None:
    for target in TARGETS:
        matrix = drawn(target, 5)
        answer = TARGETS[target][1](matrix) * (1 + 2.0**-40)
        copies = matrix.copy(), answer.copy()
        assert directly(PROGRAMS[target], {"A": matrix}, {"A": answer}) is not None
        np.testing.assert_array_equal(matrix, copies[0])
        np.testing.assert_array_equal(answer, copies[1])


def test_parameters_do_not_matter() -> None:
    found = enclose(PROGRAMS["inv(A)"], {"c": Fraction(1, 3)}, {"A": BARE}, {"A": ANSWER})
    assert found["A"].bound is not None
    assert found["A"].bound < 2.0**-53
