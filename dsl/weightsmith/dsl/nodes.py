"""Small operations on core nodes and on the text they come from."""

from __future__ import annotations

from weightsmith.dsl import core
from weightsmith.dsl import scalar_algebra as algebra
from weightsmith.dsl import scalars as q
from weightsmith.dsl import syntax as s
from weightsmith.dsl.core import Node, Shape
from weightsmith.dsl.scalars import Scalar
from weightsmith.dsl.source import Span

MAX_FACTORS = 10_000


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
        match one:
            case core.Product(factors=parts):
                waiting.extend(parts)
            case core.Combination(terms=terms):
                waiting.extend(part for _, part in terms)
            case core.Transpose(of=of) | core.Function(of=of):
                waiting.append(of)
    return count


def text_of(expression: s.Expression) -> str:
    """What was written, on one line and not too long."""
    span = expression.span
    text = " ".join(span.source.text[span.start : span.end].split())
    return text if len(text) <= 60 else f"{text[:28]} … {text[-28:]}"


def bracketed(expression: s.Expression, text: str) -> str:
    """The text of a factor: a sum gets brackets, unless it was written with them."""
    if not isinstance(expression, s.SumExpression):
        return text
    return f"({text})" if expression.span.start == expression.terms[0][1].span.start else text
