"""The meaning of an MLP that is linear: every relu(s) stands beside -relu(-s), and that is s.

    out_b += Σ_i down[b, i] · relu(hidden_i) + bias_b,    hidden_i = Σ coefficient · block

A block of one row enters every row of a hidden block, a block of r rows enters a hidden block of
one row as the sum of its rows; likewise the way out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import Polynomial, PolynomialKey, ones_word, polynomial_key
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.reading.template import Mlp, Terms, meets
from weightsmith.dsl.numbers.scalars import ZERO, Scalar

Materialised = Mapping[str, Polynomial]  # what every block holds at the group
Read = Callable[[Scalar], Rational]


@dataclass(slots=True)
class _Pair:
    """Σ plus_b·relu(s) + minus_b·relu(-s), by block b."""

    argument: Polynomial
    plus: dict[str, Rational] = attribute(default_factory=dict)
    minus: dict[str, Rational] = attribute(default_factory=dict)

    @property
    def blocks(self) -> frozenset[str]:
        return frozenset((*self.plus, *self.minus))


def linear_changes(
    mlp: Mlp, held: Materialised, group: str, field: Field
) -> list[tuple[str, Polynomial]] | None:
    """What is added to blocks at the group; None if that is not linear, or not seen to be."""
    if any(unit.gated or unit.bias != ZERO for unit in mlp.hidden):
        return None
    pairs: dict[PolynomialKey, _Pair] = {}
    arguments = (argument(unit.rows, unit.terms, held, group, field) for unit in mlp.hidden)
    found = [_pair(one, pairs) for one in arguments]
    for block, index, scalar in mlp.outputs:
        pair, is_minus = found[index]
        side = pair.minus if is_minus else pair.plus
        side[block] = side.get(block, field.zero) + field.read(scalar)
    if any(not _is_linear(pair, field) for pair in pairs.values()):
        return None
    return [*_linear(pairs, held), *biases(mlp, held, group, field)]


def _pair(value: Polynomial, pairs: dict[PolynomialKey, _Pair]) -> tuple[_Pair, bool]:
    """The pair in which relu(value) is, and whether it is the relu(-s) of the pair."""
    opposite = pairs.get(polynomial_key(value.scaled(-value.field.one)))
    if opposite is not None:
        return opposite, True
    return pairs.setdefault(polynomial_key(value), _Pair(value)), False


def _is_linear(pair: _Pair, field: Field) -> bool:
    """Is all of it c·relu(s) - c·relu(-s), which is c·s?"""
    sums = (pair.plus.get(b, field.zero) + pair.minus.get(b, field.zero) for b in pair.blocks)
    return all(one.is_zero for one in sums)


def _linear(
    pairs: Mapping[PolynomialKey, _Pair], held: Materialised
) -> Iterator[tuple[str, Polynomial]]:
    for pair in pairs.values():
        for block, coefficient in pair.plus.items():
            yield block, mapped(pair.argument.scaled(coefficient), held[block].rows)


def biases(
    mlp: Mlp, held: Materialised, group: str, field: Field
) -> Iterator[tuple[str, Polynomial]]:
    """What is added to blocks whatever they hold."""
    for block, scalar in mlp.bias:
        yield block, Polynomial.ones(field, held[block].rows, group).scaled(field.read(scalar))


def argument(
    rows: str, terms: Terms, held: Materialised, group: str, field: Field, read: Read | None = None
) -> Polynomial:
    """Σ coefficient · block, of so many rows; ``read`` may know coefficients already."""
    value = read or field.read
    parts = (mapped(held[block], rows).scaled(value(scalar)) for block, scalar in terms)
    return sum(parts, Polynomial.zero(field, rows, group))


def mapped(value: Polynomial, rows: str) -> Polynomial:
    """The same rows; or one row repeated; or the sum of all rows as one."""
    if value.rows == rows:
        return value
    require(meets(value.rows, rows), f"{value.rows} rows enter a block of {rows} rows.")
    ones = ones_word(rows, value.rows)  # one of the two is "1": a column or a row of ones
    return Polynomial(value.field, rows, value.rows, {ones: value.field.one}) @ value
