"""Random instances of the example scripts that meet their assumptions, with hard spectra."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Instance = tuple[dict[str, object], dict[str, object]]  # settings, inputs

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LOW, HIGH = 0.25, 2.0
MATRICES = {"learned_preconditioners": {"A": np.random.default_rng(4).normal(size=(4, 3, 3)) / 8}}


def spectrum(random: np.random.Generator, size: int) -> Array:
    """Eigenvalues in [LOW, HIGH]: spread, clustered at an end, repeated, or only the ends."""
    kind = random.integers(4)
    if kind == 0:
        values = random.uniform(LOW, HIGH, size)
    elif kind == 1:
        values = LOW + (HIGH - LOW) * np.geomspace(1e-9, 1, size)
    elif kind == 2:
        values = np.full(size, random.choice([LOW, 1.0, HIGH]))
    else:
        values = random.choice([LOW, HIGH], size)
    values[0], values[-1] = LOW, HIGH
    return values if size > 1 else np.array([random.choice([LOW, HIGH])])


def orthogonal(random: np.random.Generator, size: int) -> Array:
    return np.linalg.qr(random.normal(size=(size, size)))[0]


def symmetric(random: np.random.Generator, size: int) -> Array:
    basis = orthogonal(random, size)
    value = (basis * spectrum(random, size)) @ basis.T
    return (value + value.T) / 2


def with_singular_values(random: np.random.Generator, rows: int, columns: int) -> Array:
    size = min(rows, columns)
    left, right = orthogonal(random, rows)[:, :size], orthogonal(random, columns)[:, :size]
    return (left * spectrum(random, size)) @ right.T


def sizes(random: np.random.Generator, *, least: int = 1) -> int:
    return int(random.integers(least, 9))


def inverse(random: np.random.Generator) -> Instance:
    return {"mu": "1/4", "L": 2, "steps": int(random.integers(0, 7))}, {
        "A": symmetric(random, sizes(random))
    }


def general_inverse(random: np.random.Generator) -> Instance:
    size = sizes(random)
    settings = {"smin": "1/4", "smax": 2, "steps": int(random.integers(0, 9))}
    return settings, {"A": with_singular_values(random, size, size)}


def rectangle(name: str) -> Callable[[np.random.Generator], Instance]:
    def make(random: np.random.Generator) -> Instance:
        settings = {"smin": "1/4", "smax": 2, "steps": int(random.integers(0, 7))}
        columns = sizes(random)
        rows = columns + int(random.integers(0, 4))
        return settings, {name: with_singular_values(random, rows, columns)}

    return make


def heat(random: np.random.Generator) -> Instance:
    settings = {"L": 2, "s": "3/2", "k": int(random.integers(1, 8))}
    return settings, {"A": symmetric(random, sizes(random))}


def regression(random: np.random.Generator) -> dict[str, object]:
    d, k = sizes(random), sizes(random)
    n, m = d + int(random.integers(0, 6)), int(random.integers(1, 5))
    gram = np.sqrt(spectrum(random, d))[:, None] * orthogonal(random, n)[:d]
    x = orthogonal(random, d) @ gram
    return {
        "x": {"context": x, "query": random.normal(size=(d, m))},
        "y": {"context": random.normal(size=(k, n))},
    }


def least_squares(random: np.random.Generator) -> Instance:
    steps = int(random.integers(0, 12))
    return {"mu": "1/4", "L": 2, "steps": steps}, regression(random)


def preconditioned(random: np.random.Generator) -> Instance:
    settings, inputs = least_squares(random)
    d = inputs["x"]["context"].shape[0]  # type: ignore[index]
    scale = float(random.uniform(0.5, 1.0))
    return {**settings, "mu": "1/8"}, {**inputs, "P": scale * np.eye(d)}


def momentum(random: np.random.Generator) -> Instance:
    settings, inputs = least_squares(random)
    return {**settings, "eta": "9/10", "beta": "2/9"}, inputs


def plus_plus(random: np.random.Generator) -> Instance:
    settings, inputs = least_squares(random)
    x, y = inputs["x"], inputs["y"]
    labels = np.zeros((y["context"].shape[0], x["query"].shape[1]))  # type: ignore[index]
    return settings, {"x": x, "y": {**y, "query": labels}}  # type: ignore[dict-item]


def ridge(random: np.random.Generator) -> Instance:
    settings, inputs = least_squares(random)
    return {**settings, "lam": "1/8"}, inputs


def graph(random: np.random.Generator) -> Instance:
    size = sizes(random, least=2)
    edges = [(i, i + 1) for i in range(size - 1)]
    edges += [(i, j) for i in range(size) for j in range(i + 2, size) if random.random() < 0.4]
    incidence = np.zeros((size, len(edges)))
    for column, (i, j) in enumerate(edges):
        incidence[i, column], incidence[j, column] = 1, -1
    weighted = incidence * random.uniform(0.5, 2, len(edges))
    values = np.linalg.eigvalsh(weighted @ incidence.T)
    demand = random.normal(size=(size, sizes(random)))
    settings = {
        "mu": float(np.nextafter(values[1] * (1 - 1e-9), 0)),
        "L": float(values[-1] * (1 + 1e-9)),
        "steps": int(random.integers(0, 30)),
    }
    return settings, {"B": incidence, "C": weighted, "psi": demand - demand.mean(axis=0)}


def synthesized(name: str, **settings: object) -> Callable[[np.random.Generator], Instance]:
    """A symmetric matrix, or a rectangle where singular values are assumed."""

    def make(random: np.random.Generator) -> Instance:
        rows = sizes(random)
        if "smin" in settings:
            return dict(settings), {name: with_singular_values(random, rows + 2, rows)}
        return dict(settings), {name: symmetric(random, rows)}

    return make


def with_gap(random: np.random.Generator) -> Instance:
    """Eigenvalues in [0, 1/2] and in [1, 2], at least one of each."""
    size = sizes(random, least=2)
    below = int(random.integers(1, size))
    values = [*random.choice([0, 0.25, 0.5], below), *random.choice([1.0, 1.5, 2.0], size - below)]
    basis = orthogonal(random, size)
    value = (basis * np.array(values)) @ basis.T
    return {"low": "1/2", "high": 1, "L": 2}, {"A": (value + value.T) / 2}


def whitened(random: np.random.Generator) -> Instance:
    return {"mu": "1/4", "L": 2}, regression(random)


SYNTHESIZED: dict[str, Callable[[np.random.Generator], Instance]] = {
    "synthesized_inverse": synthesized("A", mu="1/4", L=2),
    "synthesized_polar": synthesized("A", smin="1/4", smax=2),
    "synthesized_heat_kernel": synthesized("A", s="3/2", L=2),
    "synthesized_roots": synthesized("A", mu="1/4", L=2),
    "resolvents": synthesized("A", L=2),
    "projector": with_gap,
    "whitened_regression": whitened,
}
MAKERS: dict[str, Callable[[np.random.Generator], Instance]] = {
    "newton_inverse": inverse,
    "newton_inverse_general": general_inverse,
    "polar": rectangle("A"),
    "polar_quintic": rectangle("A"),
    "halley_polar": rectangle("A"),
    "muon": rectangle("G"),
    "square_root": inverse,
    "heat_kernel": heat,
    "gradient_descent": least_squares,
    "preconditioned_gradient_descent": preconditioned,
    "heavy_ball": momentum,
    "gd_plus_plus": plus_plus,
    "ridge": ridge,
    "electric_potentials": graph,
    "electric_flows": graph,
}
