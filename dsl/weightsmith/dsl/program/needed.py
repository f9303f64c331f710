"""The parameters a call must give a value: all but bounds that only assumptions state."""

from __future__ import annotations

from collections.abc import Iterable

from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.formulas import formula_symbols
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import nodes_of, scalars_of


def needed_parameters(program: core.Program) -> frozenset[str]:
    """Every parameter but the bounds of norms, entries and sizes that nothing computes with."""
    bounds: set[str] = set()
    others: set[str] = set()
    for one in program.assumptions:
        match one:
            case core.NormAssumption(bound=bound) | core.SizeAssumption(bound=bound):
                bounds |= q.free_symbols(bound)
            case core.EntryAssumption(low=low, high=high):
                bounds |= q.free_symbols(low) | q.free_symbols(high)
            case core.SpectrumAssumption(ends=ends):
                others = others.union(*map(q.free_symbols, ends))
            case core.RangeAssumption():
                pass
    for parameter in program.parameters:
        if parameter.default is not None:
            others |= q.free_symbols(parameter.default)
    names = frozenset(one.name for one in program.parameters)
    if not bounds - others:
        return names
    return names - (bounds - others - _computed_with(program))


def _computed_with(program: core.Program) -> set[str]:
    found = _of_statements(program.body)
    for returned in program.returns:
        found |= _of_node(returned.value)
    return found


def _of_statements(body: Iterable[core.Statement]) -> set[str]:
    found: set[str] = set()
    for statement in body:
        if isinstance(statement, core.Repeat):
            found |= q.free_symbols(statement.count) | _of_statements(statement.body)
            for one in statement.schedule:
                found -= {one.name}
                found |= {name for value in one.values for name in q.free_symbols(value)}
        else:
            for value in statement.values:
                found |= _of_node(value)
    return found


def _of_node(node: core.Node) -> set[str]:
    found = {name for scalar in scalars_of(node) for name in q.free_symbols(scalar)}
    for part in nodes_of(node):
        match part:
            case core.Entrywise(function=core.Approximated(formula=formula)):
                found |= formula_symbols(formula)
            case core.Function(formula=formula) if formula is not None:
                found |= formula_symbols(formula)
    return found
