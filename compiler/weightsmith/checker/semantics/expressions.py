"""The value of an expression of a script: a family of polynomials, one for each token group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core

if TYPE_CHECKING:
    from weightsmith.checker.semantics.sites import Sites

Part = tuple[str, str]  # the row group and the column group; "" where the axis is not TOKEN


@dataclass(frozen=True, slots=True)
class Value:
    """A matrix of the script: its axes (TOKEN among them) and one polynomial for each part."""

    rows: str
    columns: str
    parts: Mapping[Part, Polynomial]

    def transpose(self) -> Value:
        transposed = {(c, r): polynomial.transpose() for (r, c), polynomial in self.parts.items()}
        return Value(self.columns, self.rows, transposed)


Environment = dict[str, Value]


def parts_of(shape: core.Shape) -> tuple[Part, ...]:
    """The group pairs on which a value of this shape is defined."""
    rows = shape.row_groups if shape.rows == core.TOKEN else ("",)
    columns = shape.column_groups if shape.columns == core.TOKEN else ("",)
    return tuple((row, column) for row in rows for column in columns)


def evaluate(
    node: core.Node,
    environment: Mapping[str, Value],
    field: Field,
    sites: Sites | None = None,
) -> Value:
    """The value of an expression, checked against the shape that the front end gave it.

    ``sites`` has the tables of what is approximated, and takes down the value of every site.
    """
    return restrict(_evaluate(node, environment, field, sites), node.shape)


def restrict(value: Value, shape: core.Shape) -> Value:
    same = (value.rows, value.columns) == (shape.rows, shape.columns)
    require(
        same,
        f"A value of the script is {value.rows} by {value.columns} where its shape says "
        f"{shape.rows} by {shape.columns}.",
    )
    for part in parts_of(shape):
        require(part in value.parts, "A value of the script is not defined on all its tokens.")
    return Value(value.rows, value.columns, {part: value.parts[part] for part in parts_of(shape)})


def _identities(shape: core.Shape, field: Field) -> dict[Part, Polynomial]:
    """The identity; on the token axis that of each group, and zero between two groups."""
    family = {}
    for row, column in parts_of(shape):
        spaces = (row or shape.rows, column or shape.columns)
        same = row == column
        family[row, column] = (
            Polynomial.identity(field, spaces[0]) if same else Polynomial.zero(field, *spaces)
        )
    return family


def _evaluate(
    node: core.Node, environment: Mapping[str, Value], field: Field, sites: Sites | None
) -> Value:
    shape = node.shape
    match node:
        case core.Name(name=name):
            require(name in environment, f"The name '{name}' has no value here.")
            return environment[name]
        case core.Identity():
            require(shape.rows == shape.columns, "An identity of the script is not square.")
            return Value(shape.rows, shape.columns, _identities(shape, field))
        case core.Zero():
            return _zero(shape, field)
        case core.Ones():
            return _ones(shape, field)
        case core.Transpose(of=of):
            return evaluate(of, environment, field, sites).transpose()
        case core.Combination(terms=terms):
            return _combination(terms, shape, environment, field, sites)
        case core.Product(factors=factors, over=over):
            values = [evaluate(factor, environment, field, sites) for factor in factors]
            result = values[0]
            for value in values[1:]:
                result = multiply(result, value, over)
            return result
        case core.Entrywise(of=of):
            value = restrict(evaluate(of, environment, field, sites), shape)
            apply = _applying(sites, field).apply
            applied = {p: apply(node, p, one) for p, one in value.parts.items()}
            return Value(shape.rows, shape.columns, applied)
        case core.Hadamard():
            return _hadamard(node, environment, field, sites)
        case core.Attention():
            value, scores = (
                evaluate(one, environment, field, sites) for one in (node.value, node.scores)
            )
            return _applying(sites, field).attend(node, value, scores)
        case core.Function(function=function):
            raise RefusedError(f"The function '{function}' stands outside a target.")
        case core.Root():
            raise RefusedError("There is no rule for the root of an equation.")


def _applying(sites: Sites | None, field: Field) -> Sites:
    if sites is not None:
        return sites
    from weightsmith.checker.semantics.sites import (
        Sites,  # loaded where there are functions of entries
    )

    return Sites({}, field)


def _hadamard(
    node: core.Hadamard, environment: Mapping[str, Value], field: Field, sites: Sites | None
) -> Value:
    left, right = (
        restrict(evaluate(factor, environment, field, sites), node.shape)
        for factor in (node.left, node.right)
    )
    multiply = _applying(sites, field).multiply
    products = {p: multiply(node, p, one, right.parts[p]) for p, one in left.parts.items()}
    return Value(left.rows, left.columns, products)


def _ones(shape: core.Shape, field: Field) -> Value:
    parts = {
        (row, column): Polynomial.ones(field, row or shape.rows, column or shape.columns)
        for row, column in parts_of(shape)
    }
    return Value(shape.rows, shape.columns, parts)


def _zero(shape: core.Shape, field: Field) -> Value:
    parts = {
        (row, column): Polynomial.zero(field, row or shape.rows, column or shape.columns)
        for row, column in parts_of(shape)
    }
    return Value(shape.rows, shape.columns, parts)


def _combination(
    terms: tuple[tuple[Scalar, core.Node], ...],
    shape: core.Shape,
    environment: Mapping[str, Value],
    field: Field,
    sites: Sites | None,
) -> Value:
    total = _zero(shape, field)
    for scalar, node in terms:
        value = restrict(evaluate(node, environment, field, sites), shape)
        coefficient = field.read(scalar)
        parts = {
            part: polynomial + value.parts[part].scaled(coefficient)
            for part, polynomial in total.parts.items()
        }
        total = Value(total.rows, total.columns, parts)
    return total


def multiply(left: Value, right: Value, over: tuple[str, ...]) -> Value:
    """left · right; a contraction of the TOKEN axis sums the groups in ``over``."""
    require(
        left.columns == right.rows,
        f"A product of the script joins the axes {left.columns} and {right.rows}.",
    )
    contracted = left.columns == core.TOKEN
    require(bool(over) or not contracted, "A product over tokens does not say over which.")
    require(len(set(over)) == len(over), "A product names a group of tokens twice.")
    parts: dict[Part, Polynomial] = {}
    for row in sorted({row for row, _ in left.parts}):
        for column in sorted({column for _, column in right.parts}):
            for group in over if contracted else ("",):
                known = (row, group) in left.parts and (group, column) in right.parts
                require(known, f"A product sums over '{group}', where a factor is not defined.")
                term = left.parts[row, group] @ right.parts[group, column]
                parts[row, column] = parts[row, column] + term if (row, column) in parts else term
    return Value(left.rows, right.columns, parts)
