"""What an exact network is measured against: the limit of the algorithm, or its recurrence.

The certificate of such a network says that it *is* the script; how near the script is to its limit
is no part of it.  Each function takes the entry's problem, the settings, and the returned values,
and gives the distance on this data, and the bound that the literature proves for it, if any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from weightsmith.cli.demonstration.demo_data import Array, Problem
from weightsmith.cli.outputs.scale import matrix_of, norm

Settings = Mapping[str, Fraction]
Answer = Mapping[str, object]
MANY = 20_000  # steps of ISTA after which the minimum is known beyond what is drawn
FIRST = 50  # tokens before which a prefix has too few people for six features


@dataclass(frozen=True, slots=True)
class Distance:
    """``observed``, and ``known``: the bound of the literature, None if there is none."""

    observed: float
    known: float | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """``what`` is measured, and the name of the bound beside it."""

    what: str
    measure: Callable[[Problem, Settings, Answer], Distance]
    bound: str = ""


def context(problem: Problem, name: str, group: str = "context") -> Array:
    given = problem.inputs[name]
    if not isinstance(given, Mapping):
        raise TypeError(f"expected '{name}' by token group")
    return np.asarray(given[group], dtype=np.float64)


def lasso_gap(problem: Problem, settings: Settings, answer: Answer) -> float:
    """F(w) − F* for F(w) = ½‖w x − y‖² + lam ‖w‖₁."""
    x, y = context(problem, "x"), context(problem, "y")
    lam = float(settings["lam"])

    def loss(w: Array) -> float:
        return float(((w @ x - y) ** 2).sum() / 2 + lam * np.abs(w).sum())

    return loss(matrix_of(answer["w"])) - loss(lasso_minimum(problem, settings))


def lasso_minimum(problem: Problem, settings: Settings) -> Array:
    x, y = context(problem, "x"), context(problem, "y")
    eta, lam = float(settings["eta"]), float(settings["lam"])
    gram, right = x @ x.T, y @ x.T
    w: Array = np.zeros_like(right)
    for _ in range(MANY):
        moved = w - eta * (w @ gram - right)
        following = np.sign(moved) * np.maximum(np.abs(moved) - eta * lam, 0)
        if (following == w).all():
            break
        w = following
    return w


def ista(problem: Problem, settings: Settings, answer: Answer) -> Distance:
    """Beck and Teboulle 2009, Theorem 3.1: F(w_k) − F* ≤ L ‖w*‖² / (2 k), L = 1/eta."""
    start = norm(lasso_minimum(problem, settings)) ** 2 / float(settings["eta"])
    known = start / (2 * float(settings["steps"]))
    return Distance(lasso_gap(problem, settings, answer), known)


def fista(problem: Problem, settings: Settings, answer: Answer) -> Distance:
    """Beck and Teboulle 2009, Theorem 4.4: F(w_k) − F* ≤ 2 L ‖w*‖² / (k + 1)²."""
    start = norm(lasso_minimum(problem, settings)) ** 2 / float(settings["eta"])
    known = 2 * start / (float(settings["steps"]) + 1) ** 2
    return Distance(lasso_gap(problem, settings, answer), known)


def lista(problem: Problem, settings: Settings, answer: Answer) -> Distance:
    return Distance(lasso_gap(problem, settings, answer))


def least_squares(problem: Problem, settings: Settings, answer: Answer) -> Distance:
    """Relative distance from the predictions of least squares."""
    x, y, query = (context(problem, *one) for one in (("x",), ("y",), ("x", "query")))
    wanted = np.linalg.solve(x @ x.T, x @ y.T).T @ query
    return Distance(norm(matrix_of(answer["output"]) - wanted) / norm(wanted))


def delta_rule(problem: Problem, settings: Settings, answer: Answer) -> Distance:
    """‖network − recurrence‖/‖recurrence‖, W ← W + (v − eta W k) k' token after token."""
    v, k, q = (context(problem, name) for name in ("v", "k", "q"))
    eta = float(settings["eta"])
    w, read = np.zeros((len(v), len(k))), np.zeros_like(v)
    for token in range(v.shape[1]):
        key = k[:, token]
        w = w + np.outer(v[:, token] - eta * w @ key, key)
        read[:, token] = w @ q[:, token]
    return Distance(norm(matrix_of(answer["output"]) - read) / norm(read))


def prefixes(problem: Problem, settings: Settings, answer: Answer) -> Distance:
    """The largest distance from least squares on a prefix of FIRST tokens or more."""
    x, y = context(problem, "x"), context(problem, "y")
    found = matrix_of(answer["z"])
    gaps, scale = [], 0.0
    for last in range(FIRST, x.shape[1]):
        seen, labels = x[:, : last + 1], y[:, : last + 1]
        wanted = labels @ seen.T @ np.linalg.inv(seen @ seen.T) @ x[:, last]
        gaps.append(norm(found[:, last : last + 1] - wanted[:, np.newaxis]))
        scale = max(scale, float(np.abs(wanted).max()))
    return Distance(max(gaps) / scale)


def centred_step(problem: Problem, settings: Settings, answer: Answer) -> Distance:
    """Relative distance from one step of gradient descent on centred features and labels."""
    x, y = context(problem, "x"), context(problem, "y")
    centred, labels = x - x.mean(1, keepdims=True), y - y.mean(1, keepdims=True)
    wanted = float(settings["eta"]) * labels @ centred.T @ context(problem, "x", "query")
    return Distance(norm(matrix_of(answer["output"]) - wanted) / norm(wanted))


def consensus(problem: Problem, settings: Settings, answer: Answer) -> Distance:
    """‖(I + S)^(2^s − 1) − J/n‖ for S = −L/c: (1 − λ/c)^(2^s − 1), λ the least eigenvalue of L
    that is not 0."""
    walk = np.asarray(problem.inputs["S"])
    size = len(walk)
    second = np.linalg.eigvalsh(np.eye(size) + walk)[-2]
    power = 2 ** int(settings["s"]) - 1
    observed = norm(matrix_of(answer["P"]) - np.full((size, size), 1 / size))
    return Distance(observed, float(second**power))


LOSS = "the loss above its minimum"
REFERENCES: Mapping[str, Reference] = {
    "ista": Reference(LOSS, ista, "Beck–Teboulle, Theorem 3.1"),
    "fista": Reference(LOSS, fista, "Beck–Teboulle, Theorem 4.4"),
    "lista": Reference(LOSS, lista),
    "least_squares": Reference("the distance from the predictions of least squares", least_squares),
    "delta_rule": Reference("the distance from the recurrence", delta_rule),
    "prefixes": Reference("the distance from least squares on the prefix", prefixes),
    "centred_step": Reference("the distance from the centred gradient step", centred_step),
    "consensus": Reference(
        "the distance from the average", consensus, "the second eigenvalue's power"
    ),
}
