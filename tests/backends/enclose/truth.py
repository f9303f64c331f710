"""Exact or nearly exact values, in FLINT's arb with BITS bits, and distances from them."""

from __future__ import annotations

from collections.abc import Iterator

import flint
import numpy as np
import pytest

from weightsmith.backends.enclose import Enclosed, enclose
from weightsmith.backends.enclose.matrices.near import Near
from weightsmith.dsl import check
from weightsmith.dsl.text.source import Source

BITS = 2500  # products of doubles, whatever their exponents, are exact
FUNCTIONS = (
    "function cubic(t) = t^3 - 2*t\n"
    "function step(t) = 1/(1 + exp(t))\n"
    "function kink(t) = abs(t)\n"
    "function pole(t) = 1/t\n"
)
Matrix = flint.arb_mat


@pytest.fixture
def precise() -> Iterator[None]:
    with flint.ctx.workprec(BITS):
        yield


def exactly(array: np.ndarray) -> Matrix:
    return flint.arb_mat(*array.shape, [flint.arb(one) for one in array.ravel().tolist()])


def size_of(matrix: Matrix) -> flint.arb:
    return sum((one * one for one in matrix.entries()), flint.arb(0)).sqrt()


def middle(value: Near) -> Matrix:
    hi = exactly(value.hi)
    return hi if value.lo is None else hi + exactly(value.lo)


def holds(value: Near, truth: Matrix) -> bool:
    """Is the truth within the radius, and is what the value says of its own size true?"""
    lows = np.zeros((1, 1)) if value.lo is None else value.lo
    sizes = size_of(exactly(value.hi)) <= value.size and size_of(exactly(lows)) <= value.low_size
    return bool(sizes) and bool(size_of(middle(value) - truth) <= flint.arb(value.radius))


def unit(count: int) -> Matrix:
    entries = [int(i == j) for i in range(count) for j in range(count)]
    return flint.arb_mat(count, count, entries)


def roots_of(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """The square root and its inverse, by Denman and Beavers' iteration on midpoints."""
    root, inverse = matrix.mid(), unit(matrix.nrows())
    while True:
        following = ((root + inverse.inv()) / 2).mid(), ((inverse + root.inv()) / 2).mid()
        if size_of(following[0] - root) <= size_of(root) * flint.arb(2) ** -600:
            return following
        root, inverse = following


def polar_of(matrix: Matrix) -> Matrix:
    return matrix * roots_of(matrix.transpose() * matrix)[1]


def symmetric(seed: int, size: int, condition: float = 10.0) -> np.ndarray:
    """Eigenvalues from 1 down to 1/condition."""
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0]
    matrix = basis * np.geomspace(1.0, 1 / condition, size) @ basis.T
    result: np.ndarray = (matrix + matrix.T) / 2
    return result


def enclosed(script: str, inputs: dict[str, object], answer: object) -> Enclosed:
    """The report on the only value that a script returns."""
    program = check(Source("<test>", script))
    report = enclose(program, {}, inputs, {program.returns[0].name: answer})
    assert len(report.values) == 1
    return report.values[0]


def of_matrix(
    target: str, matrix: np.ndarray, answer: object, kind: str = "symmetric[d, d]"
) -> Enclosed:
    script = f"algorithm a(A: {kind})\n{FUNCTIONS}return A approximates {target}\n"
    return enclosed(script, {"A": matrix}, answer)
