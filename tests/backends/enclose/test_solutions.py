"""L·F·inv(G·F)·Q beside its answer: no bound below the truth, and none far above it."""

from __future__ import annotations

import sys
from typing import Any

import flint
import numpy as np
import pytest
from tests.backends.enclose.truth import enclosed, exactly, precise, size_of

from weightsmith.backends.enclose.answers import solutions

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


def test_a_singular_matrix_has_no_bound() -> None:
    script = HEAD.format(shape="k, m") + "return X approximates L*F*inv(F'*F)*Q\n"
    given = inputs_of(0)
    given["F"][:, 0] = 0
    answer = np.ones((len(given["L"]), given["Q"].shape[1]))
    found = enclosed(script, {**given, "X": answer}, answer)
    assert found.bound is None
    assert "singular" in str(found.reason)
