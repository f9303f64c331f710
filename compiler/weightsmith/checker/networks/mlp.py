"""The meaning of an MLP at one token group: what it adds to every block.

    out_b += Σ_i down[b, i] · relu(hidden_i) + bias_b,    hidden_i = Σ coefficient · block + bias_i
    gated:   hidden_i = (Σ coefficient · block + bias_i) ⊙ (Σ gate · block + gate_bias_i), no relu

A block of one row enters every row of a hidden block, a block of r rows enters a hidden block of
one row as the sum of its rows; likewise the way out.  Hidden blocks that differ by scale and bias
only add up to one piecewise-linear function (``entries.py``); c·relu(s) − c·relu(−s) is c·s there.
"""

from __future__ import annotations

from collections.abc import Iterator

from weightsmith.checker.algebra.piecewise import PiecewiseSum
from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import Polynomial, PolynomialKey
from weightsmith.checker.networks.linear_mlp import Materialised, argument, biases, mapped
from weightsmith.checker.reading.template import Hidden, Mlp, Terms
from weightsmith.checker.semantics.entries import (
    Direction,
    apply_to,
    direction_of,
    multiply_entries,
)
from weightsmith.dsl.numbers.scalars import Number, Scalar


def mlp_changes(
    mlp: Mlp, held: Materialised, group: str, field: Field
) -> Iterator[tuple[str, Polynomial]]:
    """What is added to blocks at the group, piece by piece."""
    down: dict[int, list[tuple[str, Rational]]] = {}
    for block, index, scalar in mlp.outputs:
        down.setdefault(index, []).append((block, field.read(scalar)))
    reader = _HiddenReader(held, group, field)
    sums: dict[tuple[str, str, PolynomialKey], tuple[Direction, PiecewiseSum]] = {}
    for index, unit in enumerate(mlp.hidden):
        if unit.gated:
            product = reader.product(unit)
            for block, factor in down.get(index, ()):
                yield block, mapped(product, held[block].rows).scaled(factor)
            continue
        direction, key = reader.direction(unit.rows, unit.terms)
        offset = direction.offset + reader.scalar(unit.bias)
        for block, factor in down.get(index, ()):
            place = (block, unit.rows, key)
            if place not in sums:
                sums[place] = direction, PiecewiseSum(field)
            sums[place][1].add_relu(direction.scale, offset, factor)
    for (block, _, _), (direction, total) in sums.items():
        yield block, mapped(apply_to(total.result(), direction), held[block].rows)
    yield from biases(mlp, held, group, field)


class _HiddenReader:
    """Reads the arguments of hidden blocks, those with equal terms once."""

    def __init__(self, held: Materialised, group: str, field: Field) -> None:
        self._held = held
        self._group = group
        self._field = field
        self._directions: dict[tuple[str, Terms], tuple[Direction, PolynomialKey]] = {}
        self._last: tuple[str, Terms] = "", ()  # most have the terms of the one before
        self._found: tuple[Direction, PolynomialKey] | None = None
        self._scalars: dict[Scalar, Rational] = {}

    def scalar(self, scalar: Scalar) -> Rational:
        """Its value; what is no number is evaluated once."""
        if isinstance(scalar, Number):
            return self._field.read(scalar)
        if scalar not in self._scalars:
            self._scalars[scalar] = self._field.read(scalar)
        return self._scalars[scalar]

    def direction(self, rows: str, terms: Terms) -> tuple[Direction, PolynomialKey]:
        if self._found is None or self._last != (rows, terms):
            self._last = rows, terms
            if self._last not in self._directions:
                direction = direction_of(self._argument(rows, terms))
                self._directions[self._last] = direction, direction.key
            self._found = self._directions[self._last]
        return self._found

    def product(self, unit: Hidden) -> Polynomial:
        ones = Polynomial.ones(self._field, unit.rows, self._group)
        left, right = (
            self._argument(unit.rows, terms) + ones.scaled(self.scalar(bias))
            for terms, bias in ((unit.terms, unit.bias), (unit.gate, unit.gate_bias))
        )
        return multiply_entries(left, right)

    def _argument(self, rows: str, terms: Terms) -> Polynomial:
        return argument(rows, terms, self._held, self._group, self._field, self.scalar)
