"""A script of functions of one operator, run on one eigenvalue with 400-bit balls.

Matrices are numbers then: I is 1, a transpose is itself.  What it returns encloses the exact value.
"""

from __future__ import annotations

import re
from fractions import Fraction

import flint

from weightsmith.dsl import Source, check, core
from weightsmith.dsl.scalars import evaluate

Ball = flint.arb


def ball(value: Fraction) -> Ball:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def run(text: str, inputs: dict[str, Fraction], bits: int = 400) -> dict[str, Ball]:
    program = check(Source("synthesised.alg", unrolled(text)))
    with flint.ctx.workprec(bits):
        values = {name: ball(value) for name, value in inputs.items()}
        _statements(program.body, values)
        return {one.name: _value(one.value, values) for one in program.returns}


def _statements(body: tuple[core.Statement, ...], values: dict[str, Ball]) -> None:
    for statement in body:
        match statement:
            case core.Assign(_, names, nodes):
                values.update(zip(names, [_value(n, values) for n in nodes], strict=True))
            case core.Repeat():
                for _ in range(int(evaluate(statement.count, {}))):
                    _statements(statement.body, values)


def _value(node: core.Node, values: dict[str, Ball]) -> Ball:
    match node:
        case core.Name():
            return values[node.name]
        case core.Identity():
            return flint.arb(1)
        case core.Zero():
            return flint.arb(0)
        case core.Transpose():
            return _value(node.of, values)
        case core.Combination():
            total = flint.arb(0)
            for scalar, term in node.terms:
                total += ball(evaluate(scalar, {})) * _value(term, values)
            return total
        case core.Product():
            product = flint.arb(1)
            for factor in node.factors:
                product *= _value(factor, values)
            return product
        case _:
            raise TypeError(node)


def unrolled(text: str) -> str:
    """Write ``for`` loops out as ``repeat 1:`` with the numbers in place of the names."""
    lines, found, at = text.split("\n"), [], 0
    while at < len(lines):
        match = re.match(r"for (.+?) in (.*):$", lines[at])
        if match is None:
            found.append(lines[at])
            at += 1
            continue
        end = at + 1
        while end < len(lines) and lines[end].startswith(" "):
            end += 1
        names = match[1].split(", ")
        numbers = re.findall(r"[^\s,()]+", match[2])
        for k in range(0, len(numbers), len(names)):
            body = "\n".join(lines[at + 1 : end])
            for name, number in zip(names, numbers[k : k + len(names)], strict=True):
                body = re.sub(rf"\b{name}\b", f"({number})", body)
            found += ["repeat 1:", body]
        at = end
    return "\n".join(found)
