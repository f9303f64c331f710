"""What is looked at before a run refuses exactly what the whole report calls broken."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from weightsmith import dsl
from weightsmith.backends.measure import DataMeter
from weightsmith.dsl.text.source import Source

LETTERS = "algorithm a({})\nassume {}\nreturn {}\n"
SCRIPTS = {
    "symmetric": LETTERS.format("A: symmetric[d, d]", "spectrum(A) in [mu, L]", "A*A"),
    "presumed": LETTERS.format("A: [d, d]", "spectrum(A) in [mu, L]", "A*A"),
    "singular": LETTERS.format("A: [m, d]", "singular_values(A) in [mu, L]", "A*A'"),
    "gram": LETTERS.format("A: [m, d]", "spectrum(A*A') in [mu, L]", "A*A'"),
    "tokens": LETTERS.format(
        "x: [d] per context", "spectrum(x*x' over context) in [mu, L]", "x*x' over context"
    ),
    "weighted": LETTERS.format(
        "x: [d] per context, P: symmetric[d, d]",
        "spectrum(x*x'*P over context) in [mu, L]",
        "x*x'*P over context",
    ),
    "gap": LETTERS.format("A: symmetric[d, d]", "spectrum(A) in [-9, mu] or [L, 9]", "A*A"),
    "gap of singular values": LETTERS.format(
        "A: [m, d]", "singular_values(A) in [1/10^9, mu] or [L, 9]", "A*A'"
    ),
    "norms": LETTERS.format("x: [d] per context", "norm(x) <= L", "x*x' over context"),
    "norm": LETTERS.format("A: [m, d]", "norm(A) <= L", "A*A'"),
    "entries": LETTERS.format("A: [m, d]", "entries(A) in [mu, L]", "A*A'"),
    "laplacian": LETTERS.format(
        "A: symmetric[d, d], y: [d, 1]",
        "nonzero_spectrum(A) in [mu, L]\nassume y in range(A)",
        "A*y",
    ),
}


def spectrum(random: np.random.Generator, size: int) -> np.ndarray:
    return np.sort(10.0 ** random.uniform(random.choice([-6, -1]), 0, size))


def turned(random: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    matrix: np.ndarray = np.linalg.qr(random.normal(size=(max(rows, columns),) * 2))[0]
    return matrix[:rows, :columns]


def drawn(kind: str, random: np.random.Generator) -> tuple[dict[str, object], np.ndarray]:
    """Data, and the numbers that the assumption confines, as computed."""
    size, wide = int(random.integers(1, 7)), int(random.integers(0, 3))
    values = spectrum(random, size)
    basis = turned(random, size, size)
    symmetric = (basis * values) @ basis.T
    symmetric = (symmetric + symmetric.T) / 2
    matrix = (basis * values) @ turned(random, size, size + wide)
    match kind:
        case "symmetric":
            return {"A": symmetric}, np.linalg.eigvalsh(symmetric)
        case "presumed":
            off = symmetric.copy()
            off[0, -1] *= 1 + random.choice([0.0, 2.0**-52, 1e-9])
            return {"A": off}, np.linalg.eigvalsh((off + off.T) / 2)
        case "singular":
            return {"A": matrix}, np.linalg.svd(matrix)[1]
        case "gap" | "gap of singular values":
            numbers = np.sort(values)
            place = int(random.integers(0, size))
            two = np.append(numbers, 2 + random.random())[place : place + 2]
            whole = symmetric if kind == "gap" else matrix
            if place == size - 1 and size > 1:
                return {"A": whole}, np.array([numbers[-2], numbers[-1]])
            return {"A": whole}, two
        case "norms" | "norm" | "entries":
            found = {"norms": np.linalg.norm(matrix, axis=0), "norm": np.linalg.svd(matrix)[1]}
            numbers = found.get(kind, matrix)
            data = {"x": {"context": matrix}} if kind == "norms" else {"A": matrix}
            return data, numbers.ravel()
        case "laplacian":
            return laplacian(random, size + 1)
        case "gram":
            return {"A": matrix}, np.linalg.svd(matrix)[1] ** 2
        case "tokens":
            return {"x": {"context": matrix}}, np.linalg.svd(matrix)[1] ** 2
    other = turned(random, size, size)
    weight = (other * random.uniform(0.5, 2, size)) @ other.T
    weight = (weight + weight.T) / 2
    found = np.linalg.eigvals(matrix @ matrix.T @ weight).real
    return {"x": {"context": matrix}, "P": weight}, found


def laplacian(random: np.random.Generator, size: int) -> tuple[dict[str, object], np.ndarray]:
    """That of a graph, often connected, sometimes with weights that rounding makes inexact."""
    weights = np.triu(random.integers(0, 3, (size, size)), 1) * random.choice([1.0, 0.3])
    matrix = np.diag((weights + weights.T).sum(axis=0)) - weights - weights.T
    column = np.round(random.normal(size=(size, 1)))
    column[0] -= column.sum() * random.choice([1.0, 1.0, 1 + 1e-15, 1.5])
    found = np.linalg.eigvalsh(matrix)
    found = found[found > 1e-9 * max(found.max(), 1)]
    return {"A": matrix, "y": column}, found if found.size else np.ones(1)


@pytest.mark.parametrize("kind", SCRIPTS)
def test_the_short_way_and_the_long_one_agree(kind: str) -> None:
    """Ends at the least and the largest number, moved by shares of it down to round-off."""
    random = np.random.default_rng(len(kind))
    program = dsl.check(Source("<script>", SCRIPTS[kind]))
    seen = {True: 0, False: 0}
    for _ in range(60):
        data, numbers = drawn(kind, random)
        shares = 10.0 ** random.uniform(-17, -2, 2) * random.choice([-1, 1, 1], 2)
        sign = -1 if "gap" in kind else 1  # its ends lie between numbers
        ends = numbers.min(), numbers.max()
        ends = tuple(
            end + abs(end) * side * sign * share
            for end, side, share in zip(ends, (-1, 1), shares, strict=True)
        )
        bindings = {name: Fraction(float(end)) for name, end in zip(("mu", "L"), ends, strict=True)}
        meter = DataMeter(program, bindings, {})
        found, whole = meter.problems(data), meter.report(data)  # type: ignore[arg-type]
        fine = not (whole.broken or whole.unmeasured)
        assert (not found.rows) == fine, str(whole)
        assert not found.rows or found == whole
        assert hash(whole.rows[0]) == hash(meter.report(data).rows[0])  # type: ignore[arg-type]
        seen[fine] += 1
    assert seen[True] > 10
    assert seen[False] > 10
