"""Targets of ``instance_bounds``: their data, how NumPy computes them, and their values in arb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

import flint
import numpy as np

from weightsmith.dsl import check
from weightsmith.dsl.program.core import Program
from weightsmith.dsl.text.source import Source

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Inputs: TypeAlias = dict[str, Any]
Matrix: TypeAlias = flint.arb_mat


@dataclass(frozen=True)
class Target:
    """A target, its data, how NumPy computes it, and its value in arb."""

    name: str
    script: str
    data: Callable[[np.random.Generator, int, float], Inputs]
    compute: Callable[[Inputs], Array]
    truth: Callable[[Inputs], Matrix]
    output: str = "X"
    group: str = ""
    most: float = 1e8  # condition number
    bindings: Mapping[str, Fraction] = field(default_factory=dict)

    def program(self) -> Program:
        return check(Source("<benchmark>", self.script))

    def answer(self, value: Array) -> Mapping[str, object]:
        return {self.output: {self.group: value} if self.group else value}


# -- data ---------------------------------------------------------------------------------------


def values(draw: np.random.Generator, size: int, condition: float) -> Array:
    """Numbers from 1 down to 1/condition: spread, in two clusters, or all but one equal."""
    kind = draw.integers(3)
    spread = np.geomspace(1.0, 1 / condition, size)
    if kind == 1:
        spread = np.where(np.arange(size) < (size + 1) // 2, spread[0], spread[-1])
    elif kind == 2:
        spread = np.where(np.arange(size) < size - 1, spread[0], spread[-1])
    result: Array = spread * 2.0 ** draw.integers(-20, 20) if draw.integers(4) == 0 else spread
    return result


def orthogonal(draw: np.random.Generator, rows: int, columns: int) -> Array:
    result: Array = np.linalg.qr(draw.normal(size=(rows, columns)))[0]
    return result


def symmetric(draw: np.random.Generator, size: int, condition: float) -> Inputs:
    basis = orthogonal(draw, size, size)
    matrix = basis * values(draw, size, condition) @ basis.T
    return {"A": (matrix + matrix.T) / 2}


def semidefinite(draw: np.random.Generator, size: int, condition: float) -> Inputs:
    """For exp(−A): eigenvalues of at most 5."""
    matrix = symmetric(draw, size, condition)["A"]
    return {"A": matrix * 5 / max(float(np.abs(matrix).max()), 5.0)}


def square(draw: np.random.Generator, size: int, condition: float) -> Inputs:
    left, right = orthogonal(draw, size, size), orthogonal(draw, size, size)
    return {"A": left * values(draw, size, condition) @ right.T}


def tall(draw: np.random.Generator, size: int, condition: float) -> Inputs:
    left, right = orthogonal(draw, size + size // 2, size), orthogonal(draw, size, size)
    return {"A": left * values(draw, size, condition) @ right.T}


def regression(draw: np.random.Generator, size: int, condition: float) -> Inputs:
    basis = orthogonal(draw, 4 * size, size)
    x = orthogonal(draw, size, size) * np.sqrt(values(draw, size, condition)) @ basis.T
    y = draw.normal(size=(1, 4 * size))
    return {"x": {"context": x, "query": draw.normal(size=(size, 3))}, "y": {"context": y}}


def graph(draw: np.random.Generator, size: int, condition: float) -> Inputs:
    """A path and as many random edges; conductances spread over the condition number."""
    size = max(size, 2)
    path = [(vertex, vertex + 1) for vertex in range(size - 1)]
    more = [tuple(draw.choice(size, 2, replace=False)) for _ in range(size)]
    incidence = np.zeros((size, len(path) + len(more)))
    for edge, (one, other) in enumerate([*path, *more]):
        incidence[one, edge], incidence[other, edge] = 1, -1
    weights = np.exp(draw.uniform(-np.log(condition), 0, size=incidence.shape[1]))
    psi = draw.normal(size=(size, 1))
    return {"B": incidence, "C": incidence * weights, "psi": psi - psi.mean()}


def labelled(draw: np.random.Generator, size: int, condition: float) -> Inputs:
    """Features of norm below 1, and labels."""
    x = draw.normal(size=(size, 6 * size))
    x = x / (1.01 * np.linalg.norm(x, axis=0))
    y = (draw.random(size=(1, 6 * size)) < 0.5).astype(float)
    return {"x": x, "y": y}


# -- NumPy ----------------------------------------------------------------------------------------


def by_eigenvalues(matrix: Array, function: Callable[[Array], Array]) -> Array:
    found, vectors = np.linalg.eigh(matrix)
    result: Array = vectors * function(found) @ vectors.T
    return result


def by_singular_vectors(matrix: Array) -> Array:
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    result: Array = left @ right
    return result


def least_squares(inputs: Inputs) -> Array:
    x, query, y = inputs["x"]["context"], inputs["x"]["query"], inputs["y"]["context"]
    result: Array = y @ x.T @ np.linalg.inv(x @ x.T) @ query
    return result


def potentials(inputs: Inputs) -> Array:
    result: Array = np.linalg.pinv(inputs["C"] @ inputs["B"].T, rcond=1e-12) @ inputs["psi"]
    return result


RIDGE = 0.1


def logistic(inputs: Inputs) -> Array:
    """Newton's method."""
    x, y = inputs["x"], inputs["y"]
    w = np.zeros((1, len(x)), dtype=x.dtype)
    for _ in range(12):
        p = 1 / (1 + np.exp(-(w @ x)))
        gradient = (p - y) @ x.T + x.dtype.type(RIDGE) * w
        hessian = x * (p * (1 - p)) @ x.T + x.dtype.type(RIDGE) * np.eye(len(x), dtype=x.dtype)
        w = w - np.linalg.solve(hessian, gradient.T).T
    return w


# -- arb -------------------------------------------------------------------------------------------


def exactly(array: Array) -> Matrix:
    rows, columns = array.shape
    return flint.arb_mat(rows, columns, [flint.arb(one) for one in array.ravel().tolist()])


def size_of(matrix: Matrix) -> flint.arb:
    return sum((one * one for one in matrix.entries()), flint.arb(0)).sqrt()


def roots_of(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """The square root and its inverse: Denman and Beavers' iteration, on midpoints."""
    count = matrix.nrows()
    unit = flint.arb_mat(count, count, [int(i == j) for i in range(count) for j in range(count)])
    root, inverse = matrix.mid(), unit
    while True:
        following = ((root + inverse.inv()) / 2).mid(), ((inverse + root.inv()) / 2).mid()
        if size_of(following[0] - root) <= size_of(root) * flint.arb(2) ** -250:
            return following
        root, inverse = following


def polar_of(matrix: Matrix) -> Matrix:
    return matrix * roots_of(matrix.transpose() * matrix)[1]


def least_squares_of(inputs: Inputs) -> Matrix:
    x, query = exactly(inputs["x"]["context"]), exactly(inputs["x"]["query"])
    y = exactly(inputs["y"]["context"])
    return y * x.transpose() * (x * x.transpose()).inv() * query


def potentials_of(inputs: Inputs) -> Matrix:
    laplacian = exactly(inputs["C"]) * exactly(inputs["B"]).transpose()
    count = laplacian.nrows()
    mean = flint.arb_mat(count, count, [flint.arb(1) / count] * count**2)
    return ((laplacian + mean).inv() - mean) * exactly(inputs["psi"])


def logistic_of(inputs: Inputs) -> Matrix:
    x, y = exactly(inputs["x"]), exactly(inputs["y"])
    w, ridge = exactly(logistic(inputs)), flint.arb(1) / 10
    columns = range(x.ncols())
    for _ in range(6):
        margins = w * x
        p = [1 / (1 + (-margins[0, column]).exp()) for column in columns]
        scaled = flint.arb_mat(
            x.nrows(),
            x.ncols(),
            [
                x[row, column] * p[column] * (1 - p[column])
                for row in range(x.nrows())
                for column in columns
            ],
        )
        hessian = scaled * x.transpose()
        for row in range(x.nrows()):
            hessian[row, row] += ridge
        gradient = (flint.arb_mat(1, x.ncols(), p) - y) * x.transpose() + w * ridge
        w = (w - (hessian.inv() * gradient.transpose()).transpose()).mid()
    return w


TARGETS = (
    Target(
        "inverse, symmetric",
        "algorithm a(A: symmetric[d, d])\nreturn A approximates inv(A)\n",
        symmetric,
        lambda given: np.linalg.inv(given["A"]),
        lambda given: exactly(given["A"]).inv(),
        "A",
    ),
    Target(
        "inverse, general",
        "algorithm a(A: [d, d])\nreturn A approximates inv(A)\n",
        square,
        lambda given: np.linalg.inv(given["A"]),
        lambda given: exactly(given["A"]).inv(),
        "A",
    ),
    Target(
        "polar",
        "algorithm a(A: [m, n])\nreturn A approximates polar(A)\n",
        tall,
        lambda given: by_singular_vectors(given["A"]),
        lambda given: polar_of(exactly(given["A"])),
        "A",
    ),
    Target(
        "heat kernel",
        "algorithm a(A: symmetric[d, d])\nreturn A approximates exp(-A)\n",
        semidefinite,
        lambda given: by_eigenvalues(-given["A"], np.exp),
        lambda given: (-exactly(given["A"])).exp(),
        "A",
    ),
    Target(
        "square root",
        "algorithm a(A: symmetric[d, d])\nreturn A approximates sqrt(A)\n",
        symmetric,
        lambda given: by_eigenvalues(given["A"], lambda found: np.sqrt(np.abs(found))),
        lambda given: roots_of(exactly(given["A"]))[0],
        "A",
    ),
    Target(
        "inverse square root",
        "algorithm a(A: symmetric[d, d])\nreturn A approximates A^(-1/2)\n",
        symmetric,
        lambda given: by_eigenvalues(given["A"], lambda found: 1 / np.sqrt(np.abs(found))),
        lambda given: roots_of(exactly(given["A"]))[1],
        "A",
    ),
    Target(
        "least squares",
        "algorithm a(x: [d] per token, y: [1] per context)\n"
        "return y*x'*x on query over context approximates y*x'*inv(x*x')*x over context\n",
        regression,
        least_squares,
        least_squares_of,
        "output",
        "query",
    ),
    Target(
        "Laplacian",
        "algorithm a(B: [v, e], C: [v, e], psi: [v, k])\nreturn psi approximates pinv(C*B')*psi\n",
        graph,
        potentials,
        potentials_of,
        "psi",
    ),
    Target(
        "logistic",
        "algorithm a(x: [d] per context, y: [1] per context)\n"
        "return y*x' over context"
        " approximates root(w: (sigmoid(w*x) - y)*x' + 1/10*w over context)\n",
        labelled,
        logistic,
        logistic_of,
        "output",
    ),
)
