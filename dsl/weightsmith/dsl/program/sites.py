"""The last step of checking: sites get their numbers, tolerances that nobody gave their default.

Sites are numbered in the order of evaluation: operands before the operation, statements in order,
returned values, and then what stands inside targets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers.scalars import Scalar, Symbol, free_symbols
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Node
from weightsmith.dsl.program.nodes import with_parts
from weightsmith.dsl.program.parts import assigned_names, nodes_of, nodes_of_program
from weightsmith.dsl.program.tolerances import DEFAULT_TOLERANCE, INHERITED


def numbered(program: core.Program) -> core.Program:
    """Return the program with its sites numbered from "1".

    With ``ensure`` the tolerance that nobody gave is a parameter, ``tolerance``, which the compiler
    chooses.
    """
    name = "tolerance"
    while program.ensure is not None and name in _names(program):
        name += "_"
    default = DEFAULT_TOLERANCE if program.ensure is None else Symbol(name)
    numbers = _Numbers(count(1), default)
    body = tuple(numbers.statement(one) for one in program.body)
    values = [numbers.node(one.value) for one in program.returns]
    numbers.in_target = True
    returns = tuple(
        replace(one, value=value, target=None if one.target is None else numbers.node(one.target))
        for one, value in zip(program.returns, values, strict=True)
    )
    parameters = program.parameters
    if program.ensure is not None and numbers.used_default:
        parameters = (*parameters, core.Parameter(program.ensure.span, name, None, False))
    return replace(program, body=body, returns=returns, parameters=parameters)


def _names(program: core.Program) -> set[str]:
    inputs = (one.name for one in program.inputs)
    return {*program.symbols, *program.dimensions, *inputs, *assigned_names(program.body)}


class _Numbers:
    def __init__(self, numbers: Iterator[int], default: Scalar) -> None:
        self.numbers = numbers
        self.default = default
        self.used_default = False
        self.in_target = False

    def statement(self, statement: core.Statement) -> core.Statement:
        if isinstance(statement, core.Repeat):
            return replace(statement, body=tuple(map(self.statement, statement.body)))
        return replace(statement, values=tuple(map(self.node, statement.values)))

    def node(self, node: Node) -> Node:
        node = with_parts(node, self.node)
        if isinstance(node, core.Entrywise):
            function = node.function
            if isinstance(function, core.Approximated):
                function = replace(function, tolerance=self._tolerance(function.tolerance))
            return replace(node, function=function, site=str(next(self.numbers)))
        if isinstance(node, core.Hadamard):
            tolerance = self._tolerance(node.tolerance)
            return replace(node, tolerance=tolerance, site=str(next(self.numbers)))
        return node

    def _tolerance(self, given: Scalar) -> Scalar:
        """In a target functions are exact: the default stands for any tolerance."""
        if self.in_target:
            return DEFAULT_TOLERANCE
        self.used_default |= INHERITED.name in free_symbols(given)
        return algebra.substituted(given, {INHERITED.name: self.default})


# -- looking them up ----------------------------------------------------------------------------


def entrywise_sites(program: core.Program) -> Iterator[core.Entrywise]:
    """Yield every function that is applied to entries, in the order of the sites."""
    nodes = list(nodes_of_program(program))
    for one in program.returns:
        nodes += nodes_of(one.target) if one.target is not None else ()
    yield from (node for node in nodes if isinstance(node, core.Entrywise))
