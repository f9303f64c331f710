"""A script of functions of one operator, run on one eigenvalue with 400-bit balls.

Matrices are numbers then: I is 1, a transpose is itself.  What it returns encloses the exact value.
"""

from __future__ import annotations

from fractions import Fraction

import flint

from weightsmith.dsl import Source, check
from weightsmith.dsl.numbers.scalars import evaluate
from weightsmith.dsl.program import core

Ball = flint.arb


def ball(value: Fraction) -> Ball:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def run(text: str, inputs: dict[str, Fraction], bits: int = 400) -> dict[str, Ball]:
    return run_program(check(Source("synthesised.alg", text)), inputs, bits)


def run_program(
    program: core.Program, inputs: dict[str, Fraction], bits: int = 400
) -> dict[str, Ball]:
    with flint.ctx.workprec(bits):
        values = {name: ball(value) for name, value in inputs.items()}
        _statements(program.body, values, {})
        return {one.name: _value(one.value, values, {}) for one in program.returns}


def _statements(
    body: tuple[core.Statement, ...], values: dict[str, Ball], numbers: dict[str, Fraction]
) -> None:
    for statement in body:
        match statement:
            case core.Assign(_, names, nodes):
                found = [_value(node, values, numbers) for node in nodes]
                values.update(zip(names, found, strict=True))
            case core.Repeat():
                for k in range(int(evaluate(statement.count, {}))):
                    given = {one.name: evaluate(one.values[k], {}) for one in statement.schedule}
                    _statements(statement.body, values, {**numbers, **given})


def _value(node: core.Node, values: dict[str, Ball], numbers: dict[str, Fraction]) -> Ball:
    match node:
        case core.Name():
            return values[node.name]
        case core.Identity():
            return flint.arb(1)
        case core.Zero():
            return flint.arb(0)
        case core.Transpose():
            return _value(node.of, values, numbers)
        case core.Combination():
            total = flint.arb(0)
            for scalar, term in node.terms:
                total += ball(evaluate(scalar, numbers)) * _value(term, values, numbers)
            return total
        case core.Product():
            product = flint.arb(1)
            for factor in node.factors:
                product *= _value(factor, values, numbers)
            return product
        case _:
            raise TypeError(node)
