"""The nodes that a value is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Node


def nodes_in(body: Iterable[core.Statement]) -> Iterator[Node]:
    """Every node that statements assign, operands before what is made of them."""
    for statement in body:
        if isinstance(statement, core.Repeat):
            yield from nodes_in(statement.body)
        else:
            for value in statement.values:
                yield from nodes_of(value)


def nodes_of(node: Node) -> Iterator[Node]:
    """The nodes within a node, operands before what is made of them, itself last."""
    for part in parts_of(node):
        yield from nodes_of(part)
    yield node


def parts_of(node: Node) -> tuple[Node, ...]:
    """The nodes that a node is made of, in the order of evaluation."""
    match node:
        case core.Name() | core.Identity() | core.Zero() | core.Ones():
            return ()
        case core.Transpose(of=of) | core.Function(of=of) | core.Entrywise(of=of):
            return (of,)
        case core.Product(factors=factors):
            return factors
        case core.Combination(terms=terms):
            return tuple(part for _, part in terms)
        case core.Hadamard(left=left, right=right):
            return left, right
        case core.Root(equation=equation):
            return (equation,)


def applies_functions(program: core.Program) -> bool:
    """Is a function applied to entries, or are entries multiplied, outside of targets?"""
    returned = (node for one in program.returns for node in nodes_of(one.value))
    nodes = (*nodes_in(program.body), *returned)
    return any(isinstance(node, core.Entrywise | core.Hadamard) for node in nodes)
