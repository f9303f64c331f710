"""Random expressions of inverses, roots, exponentials, polar factors, products and sums."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

import flint
import numpy as np
import pytest
from tests.backends.enclose.truth import Matrix, exactly, polar_of, roots_of, size_of, unit

from weightsmith.backends.enclose import enclose
from weightsmith.dsl import check
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.program import core
from weightsmith.dsl.running import interpreter
from weightsmith.dsl.text.diagnostics import DiagnosticError
from weightsmith.dsl.text.source import Source

BITS = 600
COUNT = 40
HEAD = "algorithm a(A: [d, d], B: [d, d], S: symmetric[d, d])\n"


def definite(draw: random.Random, levels: int) -> str:
    inner = symmetric(draw, levels - 1) if levels else "S"
    return draw.choice(["S", "(A*A' + 1/2*I)", f"exp(1/5*{inner})", "(S + 3/7*I)"])


def symmetric(draw: random.Random, levels: int) -> str:
    if levels <= 0:
        return "S"
    inner, positive = symmetric(draw, levels - 1), definite(draw, levels - 1)
    forms = [f"(S + {inner})", f"exp(-1/4*{inner})", f"sqrt({positive})", f"invsqrt({positive})"]
    return draw.choice([*forms, f"inv({positive})", "(B*B' + 1/3*I)"])


def expression(draw: random.Random, levels: int) -> str:
    if levels == 0:
        return draw.choice("ABS")
    left, right = (expression(draw, levels - 1) for _ in range(2))
    forms = [f"({left} - 2/3*{right})", f"{left}*{right}", f"polar({left})", f"({left})'"]
    return draw.choice([*forms, f"inv({left} + 5*I)", f"pinv({left})*B", symmetric(draw, levels)])


def truth(node: core.Node, given: Mapping[str, Matrix]) -> Matrix:
    """The value in arb."""
    match node:
        case core.Name(name=name):
            return given[name]
        case core.Identity():
            return unit(next(iter(given.values())).nrows())
        case core.Transpose(of=of):
            return truth(of, given).transpose()
        case core.Combination(terms=terms):
            numbers = [q.evaluate(scale, {}) for scale, _ in terms]
            parts = [truth(of, given) for _, of in terms]
            zero = 0 * parts[0]
            pairs = zip(numbers, parts, strict=True)
            return sum((flint.arb(c.numerator) / c.denominator * part for c, part in pairs), zero)
        case core.Product(factors=factors):
            found = truth(factors[0], given)
            for factor in factors[1:]:
                found = found * truth(factor, given)
            return found
        case core.Function(function=function, of=of):
            return applied(function, truth(of, given))
    raise AssertionError(node)


def applied(function: str, matrix: Matrix) -> Matrix:
    match function:
        case "inv" | "pinv":
            return matrix.inv()
        case "exp":
            return matrix.exp()
        case "polar":
            return polar_of(matrix)
    return roots_of(matrix)[0 if function == "sqrt" else 1]


def programs(seed: int) -> Iterator[core.Program]:
    """Those that the language takes."""
    draw = random.Random(seed)
    while True:
        text = f"{HEAD}return A approximates {expression(draw, 3)}\n"
        try:
            yield check(Source("<test>", text))
        except DiagnosticError:
            continue


@pytest.mark.parametrize("seed", range(4))
def test_a_composed_target_is_enclosed(seed: int) -> None:
    draw = np.random.default_rng(seed)
    found = programs(seed)
    for _ in range(COUNT // 4):
        program, size = next(found), int(draw.integers(1, 5))
        root = draw.normal(size=(size, size))
        matrices = {name: draw.normal(size=(size, size)) for name in "AB"}
        matrices["S"] = root @ root.T / size + 0.1 * np.eye(size)
        matrices["S"] = (matrices["S"] + matrices["S"].T) / 2
        value = np.asarray(interpreter.target(program, matrices, {})["A"])
        with flint.ctx.workprec(BITS):
            exact = truth(program.returns[0].target, {k: exactly(v) for k, v in matrices.items()})
            for dtype in (np.float32, np.float64):
                answer = value.astype(dtype)
                bound = enclose(program, {}, matrices, {"A": answer})["A"].bound
                assert bound is not None
                distance = size_of(exactly(answer.astype(float)) - exact)
                assert distance <= flint.arb(bound)
                assert flint.arb(bound) <= 4 * distance + 1e-24  # the distance may be 0
