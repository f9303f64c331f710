"""Bounds for one input: how near to the true error, how often below it, and what they cost.

    python benchmarks/instance_bounds.py                    # a few runs of everything
    python benchmarks/instance_bounds.py --runs 10000       # so many runs of every target
    python benchmarks/instance_bounds.py --small            # as in CI: under ten seconds

An answer is what NumPy computes of the target in float32 or float64: nothing comes nearer to it, so
nothing is harder to bound tightly.  The true error is measured against FLINT's arb with BITS bits.
Every run draws another matrix: of singular values spread over the condition number, in clusters, or
all but one equal; as they are, or scaled by a power of two.

The overhead is the time of ``enclose``, all checks of the inputs included, over that of NumPy for
the target in float64 (the answer rounded to float32, or not): the medians of interleaved calls in
process time.  Below some size it is the cost of Python's calls.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

import flint
import numpy as np

from weightsmith.backends.enclose import enclose
from weightsmith.dsl import check
from weightsmith.dsl.core import Program
from weightsmith.dsl.source import Source

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Inputs: TypeAlias = dict[str, Any]
Matrix: TypeAlias = flint.arb_mat
BITS = 400
DTYPES = ("float32", "float64")
TINY = 2.0**-300  # an error below is none
CONDITIONS = (1e1, 1e4, 1e8)
CHECKED = (1, 2, 3, 5, 8)  # sizes of the runs that are compared with the truth
TIMED = (4, 16, 32, 64, 128, 256)
REPEATS = 15


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


@dataclass(frozen=True)
class Line:
    """Ratios of bound and true error; ``below`` counts bounds that are less."""

    ratios: list[float]
    below: int
    none: int


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
    return flint.arb_mat(*array.shape, [flint.arb(one) for one in array.ravel().tolist()])


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


# -- runs ------------------------------------------------------------------------------------------


def as_floats(inputs: Inputs, dtype: str) -> Inputs:
    return {
        name: as_floats(value, dtype) if isinstance(value, dict) else value.astype(dtype)
        for name, value in inputs.items()
    }


def bound_of(target: Target, program: Program, inputs: Inputs, answer: Array) -> float | None:
    report = enclose(program, target.bindings, inputs, target.answer(answer))
    return report[target.output].bound


def errors(target: Target, dtype: str, condition: float, runs: int) -> Line:
    """Draw data, compute, bound, and compare with the truth."""
    program, line = target.program(), Line([], 0, 0)
    below = none = 0
    for run in range(runs):
        draw = np.random.default_rng([run, int(condition), len(dtype)])
        inputs = target.data(draw, CHECKED[run % len(CHECKED)], condition)
        with np.errstate(all="ignore"):
            answer = target.compute(as_floats(inputs, dtype))
        bound = bound_of(target, program, inputs, answer)
        if bound is None:
            none += 1
            continue
        with flint.ctx.workprec(BITS):
            true = size_of(exactly(answer) - target.truth(inputs))
        below += bool(flint.arb(bound) < true)
        if true > TINY:
            line.ratios.append(float(flint.arb(bound) / true))
    return Line(line.ratios, below, none)


def overhead(target: Target, dtype: str, size: int, repeats: int) -> tuple[float, float]:
    """NumPy's and the bound's time in seconds: medians of interleaved calls."""
    program = target.program()
    inputs = target.data(np.random.default_rng(size), size, 100.0)
    answer = target.compute(inputs).astype(dtype)
    bound_of(target, program, inputs, answer)
    calls = max(1, 64 // size)
    computing: Callable[[], object] = lambda: target.compute(inputs)  # noqa: E731
    bounding: Callable[[], object] = lambda: bound_of(target, program, inputs, answer)  # noqa: E731
    times = [(_seconds(computing, calls), _seconds(bounding, calls)) for _ in range(repeats)]
    return statistics.median(one for one, _ in times), statistics.median(one for _, one in times)


def _seconds(call: Callable[[], object], calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - start) / calls


def rows(runs: int) -> Iterator[tuple[Target, str, float, Line]]:
    for target in TARGETS:
        for dtype in DTYPES:
            share = max(1, runs // (2 * len(CONDITIONS)))
            for condition in CONDITIONS:
                yield target, dtype, condition, errors(target, dtype, condition, share)


def print_errors(runs: int) -> int:
    print("bound / true error, bounds below it, and answers without a bound")
    print(
        f"{'target':<20} {'dtype':<8} {'kappa':>6} {'runs':>6} {'median':>9} {'largest':>9}"
        " below none"
    )
    total = 0
    for target, dtype, condition, line in rows(runs):
        ratios = line.ratios or [float("nan")]
        total += line.below
        print(
            f"{target.name:<20} {dtype:<8} {condition:>6.0e} {len(line.ratios) + line.none:>6} "
            f"{statistics.median(ratios):>9.5f} {max(ratios):>9.5f} {line.below:>5} {line.none:>4}"
        )
    print(f"bounds below the true error: {total}")
    return total


def print_overhead(sizes: tuple[int, ...], repeats: int) -> None:
    print("\ntime of the bound / time of NumPy for the target, and NumPy's in milliseconds")
    print(f"{'target':<20} {'answer':<8}" + "".join(f"{f'd = {size}':>18}" for size in sizes))
    for target in TARGETS:
        for dtype in DTYPES:
            cells = []
            for size in sizes:
                plain, bounded = overhead(target, dtype, size, repeats)
                cells.append(f"{bounded / plain:>8.2f} ({plain * 1e3:6.3f})")
            print(f"{target.name:<20} {dtype:<8}" + "".join(f"{cell:>18}" for cell in cells))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=120, help="of every target")
    parser.add_argument("--small", action="store_true", help="few runs, no large matrices")
    chosen = parser.parse_args()
    below = print_errors(12 if chosen.small else chosen.runs)
    print_overhead((4, 32) if chosen.small else TIMED, 3 if chosen.small else REPEATS)
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
