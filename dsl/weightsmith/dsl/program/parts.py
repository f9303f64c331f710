"""What a program is made of: its nodes, the scalars in them, the names that it assigns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weightsmith.dsl.numbers.scalars import Scalar, Symbol
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Node


def nodes_of_program(program: core.Program) -> Iterator[Node]:
    """Every node that is assigned or returned, outside of targets."""
    yield from nodes_in(program.body)
    for returned in program.returns:
        yield from nodes_of(returned.value)


def nodes_in(body: Iterable[core.Statement]) -> Iterator[Node]:
    """Every node that statements assign, operands before what is made of them."""
    for statement in body:
        if isinstance(statement, core.Repeat):
            yield from nodes_in(statement.body)
        else:
            for value in statement.values:
                yield from nodes_of(value)


def nodes_of_return(one: core.Return) -> Iterator[Node]:
    """The nodes of a returned value and of its target."""
    yield from nodes_of(one.value)
    if one.target is not None:
        yield from nodes_of(one.target)


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
        case core.Attention(value=value, scores=scores):
            return value, scores
        case core.Root(equation=equation):
            return (equation,)


def applies_functions(program: core.Program) -> bool:
    """Is a function applied to entries, or are entries multiplied, outside of targets?"""
    return any(
        isinstance(node, core.Entrywise | core.Hadamard) for node in nodes_of_program(program)
    )


def has_attention(program: core.Program) -> bool:
    """Are there scores of tokens by tokens, with a function or a mask?"""
    return any(isinstance(node, core.Attention) for node in nodes_of_program(program))


def assigned_names(body: Iterable[core.Statement]) -> frozenset[str]:
    """The variables that statements assign."""
    names: set[str] = set()
    for statement in body:
        if isinstance(statement, core.Repeat):
            names |= assigned_names(statement.body)
        else:
            names |= set(statement.names)
    return frozenset(names)


def scalars_of_program(program: core.Program) -> Iterator[Scalar]:
    """Every scalar of the statements, of what is returned, and of the targets."""
    yield from _scalars_in(program.body)
    for returned in program.returns:
        yield from scalars_of(returned.value)
        if returned.target is not None:
            yield from scalars_of(returned.target)


def _scalars_in(body: Iterable[core.Statement]) -> Iterator[Scalar]:
    for statement in body:
        if isinstance(statement, core.Repeat):
            yield statement.count
            for one in statement.schedule:
                yield from (Symbol(one.name), *one.values)
            yield from _scalars_in(statement.body)
        else:
            for value in statement.values:
                yield from scalars_of(value)


def scalars_of(node: Node) -> Iterator[Scalar]:
    """Coefficients, tolerances and the numbers of piecewise-linear functions, not of formulas."""
    for one in nodes_of(node):
        match one:
            case core.Combination(terms=terms):
                yield from (scalar for scalar, _ in terms)
            case (
                core.Hadamard(tolerance=tolerance)
                | core.Entrywise(function=core.Approximated(tolerance=tolerance))
            ):
                yield tolerance
            case core.Entrywise(function=core.PiecewiseLinear() as line):
                yield from line_scalars(line)


def line_scalars(function: core.PiecewiseLinear) -> Iterator[Scalar]:
    """Every scalar that the function is made of."""
    yield from (function.constant, function.slope)
    for point in function.breakpoints:
        yield from point
