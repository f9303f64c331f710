"""L·F·inv(G·F)·Q beside its answer: no bound below the truth, and none far above it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
from tests.backends.enclose.truth import enclosed, exactly, precise, size_of

from weightsmith.backends.enclose import Enclosed, direct_solutions, enclose
from weightsmith.backends.enclose.answers import solutions
from weightsmith.backends.enclose.matrices import products
from weightsmith.backends.enclose.matrices.near import Digits
from weightsmith.backends.enclose.matrices.solve import CheckedInverse
from weightsmith.backends.enclose.values.evaluate import Evaluator
from weightsmith.dsl import check
from weightsmith.dsl.program.core import Program
from weightsmith.dsl.text.source import Source

__all__ = ["precise"]
pytestmark = pytest.mark.usefixtures("precise")
HEAD = "algorithm a(L: [k, n], F: [n, d], G: [d, n], Q: [d, m], X: [{shape}])\n"
FORMS = {  # the target, its shape, and whether the rule is for it
    "normal equations": ("L*F*inv(F'*F)*Q", "k, m"),
    "without Q": ("L*F*inv(F'*F)", "k, d"),
    "another G": ("L*F*inv(G*F)*Q", "k, m"),
    "mirrored": ("Q'*inv(F'*F)*F'*L'", "m, k"),
    "mirrored without Q": ("inv(F'*F)*F'*L'", "d, k"),
    "mirrored, another G": ("Q'*inv(F'*G')*F'*L'", "m, k"),
}
MODULE = sys.modules["weightsmith.backends.enclose.enclose"]  # its function has the same name
DTYPES = (np.float32, np.float64)
RETURNED = {  # a value of the right shape, of the inputs alone
    "normal equations": "L*F*Q",
    "without Q": "L*F",
    "another G": "L*F*Q",
    "mirrored": "Q'*F'*L'",
    "mirrored without Q": "F'*L'",
    "mirrored, another G": "Q'*F'*L'",
}


def inputs_of(seed: int) -> dict[str, np.ndarray]:
    """Of all sizes and scales; graded, clustered or whole; a G near to F'."""
    draw = np.random.default_rng(seed)
    d = int(draw.integers(1, 6))
    n, k, m = d + int(draw.integers(1, 40)), int(draw.integers(1, 3)), int(draw.integers(1, 8))
    F, L, Q = draw.normal(size=(n, d)), draw.normal(size=(k, n)), draw.normal(size=(d, m))
    if seed % 3 == 1:
        F, L = np.round(4 * F) + 9 * np.eye(n, d), np.round(4 * L)
    elif seed % 3 == 2:
        F = np.linalg.qr(F)[0] * np.geomspace(1, 1e-3, d)
    scale = 2.0 ** draw.integers(-60, 60, size=3)
    G = F.T + 1e-3 * draw.normal(size=(d, n)) * np.abs(F).max()
    return {"L": L * scale[0], "F": F * scale[1], "G": G * scale[1], "Q": Q * scale[2]}


def truth_of(name: str, given: dict[str, np.ndarray]) -> flint.arb_mat:
    L, F, G, Q = (exactly(given[one]) for one in "LFGQ")
    other = G if "another" in name else F.transpose()
    found = L * F * (other * F).inv()
    found = found if "without" in name else found * Q
    return found.transpose() if "mirrored" in name else found


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FORMS)
def test_no_bound_is_below_the_distance(
    name: str, dtype: type[np.floating], monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[bool] = []
    distance = solutions.solution_distance

    def counted(*arguments: Any) -> object:
        found = distance(*arguments)
        reached.append(found is not None)
        return found

    monkeypatch.setattr(MODULE, "solution_distance", counted)
    target, shape = FORMS[name]
    script = HEAD.format(shape=shape) + f"return X approximates {target}\n"
    for seed in range(24):
        given = inputs_of(seed)
        truth = truth_of(name, given)
        answer = np.array(
            [[float(truth[i, j]) for j in range(truth.ncols())] for i in range(truth.nrows())]
        )
        answer *= 1 + 1e-12 * np.random.default_rng(seed).normal(size=answer.shape)
        rounded = answer.astype(dtype)
        if not np.isfinite(rounded).all():
            continue
        found = enclosed(script, {**given, "X": answer}, rounded)
        error = size_of(exactly(rounded.astype(np.float64)) - truth)
        assert found.bound is not None
        assert flint.arb(found.bound) >= error, (seed, found.bound)
        assert flint.arb(found.bound) <= 4 * error + size_of(truth) * flint.arb(2) ** -60, seed
    assert sum(reached) >= 12, reached


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> Spy:
    return Spy(monkeypatch)


class Spy:
    """What the rule is asked: of which sizes and digits, and by which way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batched: list[tuple[int, int]] = []  # rows and chunks that are multiplied at once
        self.digits: list[Digits] = []  # with which the long way comes to the rule
        self.rho: list[float] = []
        self.calls = 0
        self._patch = monkeypatch
        monkeypatch.setattr(products, "_at_once", self._wrap_at_once(products._at_once))
        for module in (MODULE, direct_solutions, solutions):
            for name in ("solution_distance", "distance_of_solution", "inverse_of"):
                if hasattr(module, name):
                    own = getattr(module, name)
                    monkeypatch.setattr(module, name, getattr(self, f"_{name}")(own))

    def long_way(self) -> None:
        self._patch.setattr(MODULE, "solved_directly", lambda *_: None)

    def _wrap_at_once(self, own: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
        def at_once(left: np.ndarray, right: np.ndarray, step: int) -> np.ndarray:
            self.batched.append((len(left), left.shape[1] // step))
            return own(left, right, step)

        return at_once

    def _solution_distance(self, own: Callable[..., object]) -> Callable[..., object]:
        def asked(evaluator: Evaluator, *rest: object) -> object:
            self.digits.append(evaluator.digits)
            return own(evaluator, *rest)

        return asked

    def _distance_of_solution(self, own: Callable[..., object]) -> Callable[..., object]:
        def asked(*arguments: object) -> object:
            self.calls += 1
            return own(*arguments)

        return asked

    def _inverse_of(self, own: Callable[..., CheckedInverse]) -> Callable[..., CheckedInverse]:
        def asked(*arguments: object) -> CheckedInverse:
            found = own(*arguments)
            self.rho.append(found.rho)
            return found

        return asked


def program_of(name: str) -> Program:
    head = "algorithm a(L: [k, n], F: [n, d], G: [d, n], Q: [d, m])\n"
    return check(Source("<test>", f"{head}return {RETURNED[name]} approximates {FORMS[name][0]}\n"))


PROGRAMS = {name: program_of(name) for name in FORMS}


def used_of(name: str, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {one: value for one, value in given.items() if one in FORMS[name][0]}


def solved(name: str, given: dict[str, np.ndarray], answer: np.ndarray) -> Enclosed:
    return enclose(PROGRAMS[name], {}, used_of(name, given), {"output": answer})["output"]


def require_held(found: Enclosed, answer: np.ndarray, truth: flint.arb_mat, most: float) -> None:
    """At least the distance, and at most so many times it."""
    error = size_of(exactly(answer.astype(np.float64)) - truth)
    assert found.bound is not None, found.reason
    assert flint.arb(found.bound) >= error
    assert flint.arb(found.bound) <= most * error + size_of(truth) * flint.arb(2) ** -90


def shaped(seed: int, *, k: int, n: int, d: int, m: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    F = draw.normal(size=(n, d))
    G = F.T + 1e-3 * draw.normal(size=(d, n))
    return {"L": draw.normal(size=(k, n)), "F": F, "G": G, "Q": draw.normal(size=(d, m))}


def rounded_truth(truth: flint.arb_mat, dtype: type[np.floating]) -> np.ndarray:
    entries = [float(one) for one in truth.entries()]
    return np.array(entries).reshape(truth.nrows(), truth.ncols()).astype(dtype)


@pytest.mark.parametrize("long_way", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(("k", "n"), [(1, 129), (2, 160), (4, 300), (5, 160), (1, 64)])
def test_many_tokens(
    name: str, dtype: type[np.floating], k: int, n: int, long_way: bool, spied: Spy
) -> None:
    """Few rows of more than a chunk are multiplied in small chunks, all of them at once."""
    if long_way:
        spied.long_way()
    given = shaped(n, k=k, n=n, d=7, m=2)
    truth = truth_of(name, given)
    answer = rounded_truth(truth, dtype)
    require_held(solved(name, given, answer), answer, truth, 4)
    assert spied.calls
    expected = k <= 4 and n > 128
    assert bool(spied.batched) == expected
    assert all(pair == (k, n // 32) for pair in spied.batched)


@pytest.mark.parametrize("dtype", DTYPES)
def test_as_many_rows_as_columns_are_left_to_other_rules(
    dtype: type[np.floating], spied: Spy
) -> None:
    for k, reached in ((5, True), (6, False), (9, False)):
        spied.calls = 0
        given = shaped(k, k=k, n=20, d=6, m=2)
        truth = truth_of("normal equations", given)
        answer = rounded_truth(truth, dtype)
        require_held(solved("normal equations", given, answer), answer, truth, 4)
        assert bool(spied.calls) == reached


@pytest.mark.parametrize("long_way", [False, True])
@pytest.mark.parametrize("name", ["normal equations", "mirrored"])
def test_no_queries(name: str, long_way: bool, spied: Spy) -> None:
    """An answer without columns is right."""
    if long_way:
        spied.long_way()
    given = shaped(0, k=2, n=9, d=3, m=0)
    answer = np.empty((0, 2) if name == "mirrored" else (2, 0))
    found = solved(name, given, answer)
    assert found.bound is not None
    assert 0 <= found.bound <= 2.0**-400


@pytest.mark.parametrize("long_way", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_both_sides_of_what_is_close(dtype: type[np.floating], long_way: bool, spied: Spy) -> None:
    """The rule is used where ρ ≤ CLOSE, others where it is more and still less than 1/2."""
    if long_way:
        spied.long_way()
    sides: set[bool] = set()
    for exponent in np.linspace(5.0, 7.4, 25):
        given = shaped(1, k=1, n=8, d=3, m=2)
        given["F"] = np.linalg.qr(given["F"])[0] * np.array([1, 0.1, 10**-exponent])
        spied.rho.clear()
        spied.calls = 0
        truth = truth_of("normal equations", given)
        answer = rounded_truth(truth, dtype)
        found = solved("normal equations", given, answer)
        assert spied.rho or found.bound is None
        if not spied.rho or found.bound is None:
            continue
        near = spied.rho[0] <= solutions.CLOSE
        assert bool(spied.calls) == near
        sides.add(near)
        error = size_of(exactly(answer.astype(np.float64)) - truth)
        assert flint.arb(found.bound) >= error
    assert sides == {True, False}


def test_long_digits(spied: Spy) -> None:
    """An exact answer has a bound that is all radius, so every kind of digits is tried."""
    given = {
        "L": np.array([[4.0, 2.0, 0.0, 0.0]]),
        "F": np.array([[2.0, 0.0], [0.0, 4.0], [0.0, 0.0], [0.0, 0.0]]),
        "Q": np.array([[1.0], [8.0]]),
    }
    given["G"] = given["F"].T.copy()
    truth = truth_of("normal equations", given)
    assert [float(one) for one in truth.entries()] == [6.0]
    found = solved("normal equations", given, np.array([[6.0]]))
    assert spied.digits == [Digits.SHORT, Digits.DOUBLE, Digits.LONG]
    assert found.bound is not None
    assert 0 <= found.bound <= 2.0**-90
    spied.digits.clear()
    third = solved("normal equations", given, np.array([[6.1]]))
    assert spied.digits == []  # by the short way
    require_held(third, np.array([[6.1]]), truth, 1.001)


def test_exact_fractions() -> None:
    """Whole numbers, so that the target is a fraction: by another arithmetic than arb's."""
    for seed in range(20):
        draw = np.random.default_rng(seed)
        F = draw.integers(-9, 9, size=(7, 2)).astype(float)
        L, Q = draw.integers(-9, 9, size=(1, 7)), draw.integers(-9, 9, size=(2, 1))
        (a, b), (_, c) = ([int(one) for one in row] for row in F.T @ F)
        if a * c == b * b:
            continue
        right = [int(one) for one in (L @ F)[0]]
        x, y = (int(one) for one in Q[:, 0])
        value = Fraction(right[0] * (c * x - b * y) + right[1] * (a * y - b * x), a * c - b * b)
        answer = np.array([[float(value) * (1 + 1e-13)]])
        given = {"L": L.astype(float), "F": F, "G": F.T.copy(), "Q": Q.astype(float)}
        found = solved("normal equations", given, answer)
        error = abs(Fraction(float(answer[0, 0])) - value)
        assert found.bound is not None
        assert error <= Fraction(found.bound) <= error * Fraction(101, 100) + Fraction(1, 10**18)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FORMS)
def test_both_ways_agree(
    name: str, dtype: type[np.floating], monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = 0
    for seed in range(24):
        given = inputs_of(seed)
        answer = rounded_truth(truth_of(name, given), dtype)
        inputs, answers = used_of(name, given), {"output": answer}
        soon = direct_solutions.solved_directly(PROGRAMS[name], inputs, answers)
        if soon is None:
            continue
        reached += 1
        with monkeypatch.context() as patched:
            patched.setattr(MODULE, "solved_directly", lambda *_: None)
            late = enclose(PROGRAMS[name], {}, inputs, answers)
        first, second = soon["output"], late["output"]
        assert (first.target, first.how) == (second.target, second.how)
        assert first.bound is not None
        assert second.bound is not None
        assert first.bound <= 1.01 * second.bound
        assert second.bound <= 1.01 * first.bound
    assert reached >= 8


def test_a_singular_matrix_has_no_bound() -> None:
    script = HEAD.format(shape="k, m") + "return X approximates L*F*inv(F'*F)*Q\n"
    given = inputs_of(0)
    given["F"][:, 0] = 0
    answer = np.ones((len(given["L"]), given["Q"].shape[1]))
    found = enclosed(script, {**given, "X": answer}, answer)
    assert found.bound is None
    assert "singular" in str(found.reason)
