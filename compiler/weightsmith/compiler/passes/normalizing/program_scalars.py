"""Every scalar that stands in a program."""

from __future__ import annotations

from collections.abc import Iterator

from weightsmith.dsl.numbers.scalars import Scalar, Symbol
from weightsmith.dsl.program import core
from weightsmith.dsl.program.piecewise import scalars_of


def all_scalars(program: core.Program) -> Iterator[Scalar]:
    """Every scalar of the program: coefficients, counts, ends of spectra, parameters."""
    for parameter in program.parameters:
        yield Symbol(parameter.name)
    for assumption in program.assumptions:
        if isinstance(assumption, core.SpectrumAssumption):
            yield from assumption.ends
            yield from _node_scalars(assumption.of)
    yield from _statement_scalars(program.body)
    for returned in program.returns:
        yield from _node_scalars(returned.value)
        if returned.target is not None:
            yield from _node_scalars(returned.target)


def _statement_scalars(statements: tuple[core.Statement, ...]) -> Iterator[Scalar]:
    for statement in statements:
        if isinstance(statement, core.Assign):
            for value in statement.values:
                yield from _node_scalars(value)
        else:
            yield statement.count
            for one in statement.schedule:
                yield from (Symbol(one.name), *one.values)
            yield from _statement_scalars(statement.body)


def _node_scalars(node: core.Node) -> Iterator[Scalar]:
    match node:
        case core.Transpose(of=of) | core.Function(of=of) | core.Root(equation=of):
            yield from _node_scalars(of)
        case core.Entrywise(function=function, of=of):
            yield from _function_scalars(function)
            yield from _node_scalars(of)
        case core.Hadamard(left=left, right=right, tolerance=tolerance):
            yield tolerance
            yield from _node_scalars(left)
            yield from _node_scalars(right)
        case core.Combination(terms=terms):
            for scalar, term in terms:
                yield scalar
                yield from _node_scalars(term)
        case core.Product(factors=factors):
            for factor in factors:
                yield from _node_scalars(factor)
        case _:
            return


def _function_scalars(function: core.PiecewiseLinear | core.Approximated) -> Iterator[Scalar]:
    if isinstance(function, core.Approximated):
        yield function.tolerance
        return
    yield from scalars_of(function)
