"""Small operations on core nodes and on the text they come from."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Node, Shape
from weightsmith.dsl.program.parts import parts_of
from weightsmith.dsl.text.source import Span

if TYPE_CHECKING:
    from weightsmith.dsl.reading import syntax as s

MAX_FACTORS = 10_000
MAX_LEVELS = 100  # of a value that a statement assigns, calls written out
DEEP = f"written out, this value is nested more than {MAX_LEVELS} levels deep"
DEEP_HINT = "give a part of it a name of its own: X = …"


def split(node: Node) -> tuple[Scalar, Node]:
    """Take the coefficient off a multiple of one matrix."""
    if isinstance(node, core.Combination) and len(node.terms) == 1 and not _is_restricted(node):
        return node.terms[0]
    return q.ONE, node


def scaled(coefficient: Scalar, node: Node, span: Span) -> Node:
    own, inner = split(node)
    coefficient = algebra.times((coefficient, own))
    if coefficient == q.ONE:
        return inner
    return core.Combination(span, bare(inner.shape), ((coefficient, inner),))


def bare(shape: Shape) -> Shape:
    """The shape without groups: before ``finish``, groups on a node are a restriction."""
    return Shape(shape.rows, shape.columns)


def _is_restricted(node: Node) -> bool:
    return bool(node.shape.row_groups or node.shape.column_groups)


def written_size(node: Node) -> int:
    """Count the factors of a node, written out; stops at MAX_FACTORS."""
    waiting, count = [node], 0
    while waiting and count <= MAX_FACTORS:
        one = waiting.pop()
        count += 1
        waiting.extend(parts_of(one))
    return count


def is_deep(node: Node) -> bool:
    """True if the tree has more levels than recursion over it may meet."""
    waiting = [(node, 1)]
    while waiting:
        one, level = waiting.pop()
        if level > MAX_LEVELS:
            return True
        waiting.extend((part, level + 1) for part in parts_of(one))
    return False


def with_parts(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return the node with its parts changed, one after the other."""
    match node:
        case core.Name() | core.Identity() | core.Zero() | core.Ones():
            return node
        case core.Transpose(of=of) | core.Function(of=of) | core.Entrywise(of=of):
            new = change(of)
            return node if new is of else replace(node, of=new)
        case core.Product(factors=factors):
            changed = tuple(map(change, factors))
            return node if _same(changed, factors) else replace(node, factors=changed)
        case core.Combination(terms=terms):
            parts = tuple(part for _, part in terms)
            changed = tuple(map(change, parts))
            scales = (scale for scale, _ in terms)
            if _same(changed, parts):
                return node
            return replace(node, terms=tuple(zip(scales, changed, strict=True)))
        case core.Hadamard(left=left, right=right):
            return replace(node, left=change(left), right=change(right))
        case core.Attention(value=value, scores=scores):
            return replace(node, value=change(value), scores=change(scores))
        case core.Root(equation=equation):
            return replace(node, equation=change(equation))


def _same(new: tuple[Node, ...], old: tuple[Node, ...]) -> bool:
    return all(map(operator.is_, new, old))


def text_of(expression: s.Expression) -> str:
    """What was written, on one line and not too long."""
    span = expression.span
    text = " ".join(span.source.text[span.start : span.end].split())
    return text if len(text) <= 60 else f"{text[:28]} … {text[-28:]}"


def bracketed(expression: s.Expression, text: str) -> str:
    """The text of a factor: a sum gets brackets, unless it was written with them."""
    from weightsmith.dsl.reading.syntax import (
        SumExpression,  # a checker of core programs needs no syntax
    )

    if not isinstance(expression, SumExpression):
        return text
    return f"({text})" if expression.span.start == expression.terms[0][1].span.start else text


def too_long(value: Scalar | Node | None) -> str | None:
    """What is wrong with the numbers of a value that its parts have made too long."""
    scalars: Iterable[Scalar] = ()
    match value:
        case core.Combination(terms=terms):
            scalars = [scale for scale, _ in terms]
        case q.Add() | q.Multiply() | q.Power():
            scalars = [value]
        case _:
            pass
    scalars = tuple(scalars)
    if any(map(algebra.has_long_number, scalars)):
        return f"a number with more than {q.MAX_NUMBER_BITS * 3 // 10} digits"
    if any(map(algebra.is_long, scalars)):
        return f"a formula of more than {algebra.MAX_NODES} numbers, names and signs"
    return None
