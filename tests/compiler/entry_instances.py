"""Random instances of the examples with functions of entries, within their assumptions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from .instances import Array, Instance, sizes, symmetric


def columns(random: np.random.Generator, rows: int, count: int, bound: float = 1.0) -> Array:
    """Columns of norm up to ``bound``, some of them exactly at it, some zero."""
    value = random.normal(size=(rows, count))
    value /= np.linalg.norm(value, axis=0)
    return value * bound * random.choice([0.0, 0.3, 0.9, 1.0], count) * (1 - 1e-12)


def tokens(random: np.random.Generator, bound: float = 1.0) -> tuple[Array, Array]:
    d, n, m = sizes(random), sizes(random), int(random.integers(1, 4))
    return columns(random, d, n, bound), columns(random, d, m, bound)


def least_squares(random: np.random.Generator) -> tuple[dict[str, object], float]:
    """Data of a regression, and a step size that is safe for it."""
    context, query = tokens(random, 2.0)
    largest = float(np.linalg.norm(context, 2)) ** 2 + 0.01
    labels = random.normal(size=(1, context.shape[1]))
    return {"x": {"context": context, "query": query}, "y": {"context": labels}}, largest


def safe(value: float) -> str:
    return str(Fraction(value).limit_denominator(1000))


def lasso(random: np.random.Generator) -> Instance:
    inputs, largest = least_squares(random)
    lam = safe(float(random.uniform(0, 1)))
    settings = {"eta": safe(1 / largest), "lam": lam, "steps": int(random.integers(0, 40))}
    return settings, inputs


def lista(random: np.random.Generator) -> Instance:
    settings, inputs = lasso(random)
    del settings["steps"]
    return settings, inputs


def learned(random: np.random.Generator) -> Instance:
    """For the matrices of ``MATRICES``, which are 3 x 3."""
    context, query = (random.normal(size=(3, int(random.integers(1, 9)))) for _ in range(2))
    labels = random.normal(size=(1, context.shape[1]))
    return {}, {"x": {"context": context, "query": query}, "y": {"context": labels}}


def fista(random: np.random.Generator) -> Instance:
    settings, inputs = lasso(random)
    data = {name: {"context": value["context"]} for name, value in inputs.items()}  # type: ignore[index]
    return settings, data


def nonnegative(random: np.random.Generator) -> Instance:
    settings, inputs = lasso(random)
    del settings["lam"]
    return settings, inputs


def box(random: np.random.Generator) -> Instance:
    settings, inputs = fista(random)
    kept = {name: settings[name] for name in ("eta", "steps")}
    return {**kept, "low": "-1/3", "high": "1/2"}, inputs


def huber(random: np.random.Generator) -> Instance:
    inputs, largest = least_squares(random)
    data = {name: {"context": value["context"]} for name, value in inputs.items()}  # type: ignore[index]
    steps = int(random.integers(0, 30))
    settings = {"n": count(data), "L": str(Fraction(largest * 1.001)), "steps": steps}
    return settings, data


def quantile(random: np.random.Generator) -> Instance:
    settings, data = huber(random)
    return {**settings, "mu": "1/10"}, data


def labels(random: np.random.Generator, count: int) -> Array:
    return random.choice([0.0, 1.0, 0.5], (1, count))


def classification(random: np.random.Generator, *, query: bool = False) -> dict[str, object]:
    context, other = tokens(random)
    x = {"context": context, "query": other} if query else {"context": context}
    return {"x": x, "y": {"context": labels(random, context.shape[1])}}


def count(inputs: dict[str, object]) -> int:
    return int(inputs["x"]["context"].shape[1])  # type: ignore[index]


def logistic(random: np.random.Generator) -> Instance:
    inputs = classification(random)
    return {"n": count(inputs), "steps": int(random.integers(0, 12))}, inputs


def newton(random: np.random.Generator) -> Instance:
    inputs = classification(random)
    x = inputs["x"]["context"]  # type: ignore[index]
    largest = float(np.linalg.norm(x, 2)) ** 2 / x.shape[1]
    settings = {
        "n": x.shape[1],
        "m": x.shape[0],
        "ell": str(Fraction(largest * 1.0001 + 1e-6).limit_denominator(10**6) + Fraction(1, 10**5)),
        "steps": int(random.integers(0, 7)),
    }
    return settings, inputs


def softmax(random: np.random.Generator) -> Instance:
    inputs = classification(random, query=True)
    n, k = count(inputs), int(random.integers(2, 5))
    one_hot = np.eye(k)[:, random.integers(0, k, n)]
    inputs = {**inputs, "y": {"context": one_hot}}
    return {"n": n, "classes": k, "steps": int(random.integers(0, 5))}, inputs


def poisson(random: np.random.Generator) -> Instance:
    inputs = classification(random)
    n = count(inputs)
    inputs = {**inputs, "y": {"context": random.integers(0, 9, (1, n)).astype(float)}}
    return {"n": n, "steps": int(random.integers(0, 12))}, inputs


def two_layers(random: np.random.Generator) -> Instance:
    inputs = classification(random, query=True)
    x = inputs["x"]["context"]  # type: ignore[index]
    units = int(random.integers(1, 6))
    weights = random.normal(size=(units, x.shape[0]))
    second = random.normal(size=(1, units))
    inputs = {
        "x": inputs["x"],
        "y": {"context": random.uniform(-1, 1, (1, x.shape[1]))},
        "W0": weights / np.linalg.norm(weights, 2) * (1 - 1e-12),
        "v0": second / np.linalg.norm(second) * (1 - 1e-12),
    }
    return {"n": x.shape[1], "units": units, "steps": int(random.integers(0, 3))}, inputs


def normalised(random: np.random.Generator) -> Instance:
    value = random.normal(size=(sizes(random), 5))
    value *= random.uniform(0.5, 2, 5) / np.linalg.norm(value, axis=0) * (1 - 1e-12)
    return {}, {"x": {"query": value}}


def quotient(random: np.random.Generator) -> Instance:
    shape = (sizes(random), 5)
    return {}, {
        "a": {"query": random.uniform(-1, 1, shape)},
        "b": {"query": random.uniform(0.25, 2, shape)},
    }


def top_eigenvector(random: np.random.Generator) -> Instance:
    matrix = symmetric(random, sizes(random))
    start = random.normal(size=(matrix.shape[0], 1))
    start /= np.linalg.norm(start) * (1 + 1e-12)
    steps = int(random.integers(1, 4))
    settings = {"mu": "1/4", "L": 2, "m": matrix.shape[0], "steps": steps}
    return settings, {"A": matrix, "v0": start}


def function_of_two(random: np.random.Generator) -> Instance:
    values = random.uniform(0, 1, (2, 1, 20))
    values[:, :, :4] = [[[0, 0, 1, 1]], [[0, 1, 0, 1]]]
    return {}, {"s": {"query": values[0]}, "t": {"query": values[1]}}


def causal(random: np.random.Generator) -> Instance:
    """Data of a recurrence over tokens, keys of norm up to 1."""
    d, m, n = sizes(random), sizes(random), sizes(random)
    data = {name: {"context": columns(random, d, n)} for name in "kq"}
    values = {"v": {"context": random.normal(size=(m, n))}}
    return {"eta": safe(float(random.uniform(0, 1))), "steps": n}, {**values, **data}


def prefixes(random: np.random.Generator) -> Instance:
    settings, inputs = causal(random)
    return settings, {"x": inputs["k"], "y": inputs["v"]}


def smoother(random: np.random.Generator) -> Instance:
    inputs, _ = least_squares(random)
    return {"sharpness": safe(float(random.uniform(0, 5)))}, inputs


EXACT_MAKERS = {
    "lasso_ista": lasso,
    "lista": lista,
    "lasso_fista": fista,
    "nonnegative_least_squares": nonnegative,
    "box_least_squares": box,
    "huber_regression": huber,
    "quantile_regression": quantile,
    "delta_rule": causal,
    "prefix_gradient_descent": prefixes,
    "softmax_attention": smoother,
    "learned_preconditioners": learned,
}
TABLE_MAKERS = {
    "logistic_gradient_descent": logistic,
    "logistic_newton": newton,
    "softmax_regression": softmax,
    "poisson_regression": poisson,
    "two_layer_network": two_layers,
    "normalise": normalised,
    "divide": quotient,
    "power_iteration": top_eigenvector,
    "approximate_function": function_of_two,
}
