"""Core program to graph: statements become operations, names disappear.

A variable is carried by a loop if the loop's body assigns it and it had a value before.
"""

from __future__ import annotations

from dataclasses import replace

from weightsmith.compiler.ir.graph import (
    CarriedOperation,
    CombineOperation,
    EntrywiseOperation,
    ExitOperation,
    FunctionOperation,
    Graph,
    GraphLoop,
    HadamardOperation,
    IdentityOperation,
    InputOperation,
    MultiplyOperation,
    OnesOperation,
    Operation,
    TransposeOperation,
    ZeroOperation,
)
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import assigned_names

Environment = dict[str, int]


def build_graph(program: core.Program) -> Graph:
    graph = Graph()
    environment = {
        given.name: graph.add(
            InputOperation(given.name, given.symmetric), given.shape, (), given.span
        )
        for given in program.inputs
    }
    graph.assumptions = [
        _node(graph, assumption.of, environment)
        for assumption in program.assumptions
        if isinstance(assumption, core.SpectrumAssumption)
    ]
    _run(graph, program.body, environment, None)
    graph.returns = [_node(graph, returned.value, environment) for returned in program.returns]
    graph.targets = [
        None
        if returned.target is None or isinstance(returned.target, core.Root)
        else _node(graph, returned.target, environment)
        for returned in program.returns
    ]
    return graph


def _run(
    graph: Graph,
    statements: tuple[core.Statement, ...],
    environment: Environment,
    loop: int | None,
) -> None:
    for statement in statements:
        if isinstance(statement, core.Assign):
            values = [_node(graph, value, environment) for value in statement.values]
            environment.update(zip(statement.names, values, strict=True))
        else:
            _repeat(graph, statement, environment, loop)


def _repeat(
    graph: Graph, statement: core.Repeat, environment: Environment, parent: int | None
) -> None:
    index = len(graph.loops)
    carried = sorted(assigned_names(statement.body) & environment.keys())
    initial = {name: environment[name] for name in carried}
    inside = dict(environment)
    for name in carried:
        operation = CarriedOperation(index, name)
        shape = _kept_groups(graph.shape(initial[name]), name, statement.body)
        inside[name] = graph.add(operation, shape, (initial[name],), statement.span)
    start = {name: inside[name] for name in carried}
    loop = GraphLoop(index, parent, statement.count, statement.span, (), statement.schedule)
    graph.loops.append(loop)
    _run(graph, statement.body, inside, index)
    rows = tuple((name, initial[name], start[name], inside[name]) for name in carried)
    graph.loops[index] = replace(loop, carried=rows)
    for name in carried:
        operands = (inside[name], start[name])
        environment[name] = graph.add(
            ExitOperation(index, name), graph.shape(start[name]), operands, statement.span
        )


def _kept_groups(shape: core.Shape, name: str, body: tuple[core.Statement, ...]) -> core.Shape:
    """A loop keeps the token groups that its variable has before it and after every pass."""
    while True:
        after = _shape_after(shape, name, body)
        rows = tuple(group for group in shape.row_groups if group in after.row_groups)
        columns = tuple(group for group in shape.column_groups if group in after.column_groups)
        kept = replace(shape, row_groups=rows, column_groups=columns)
        if kept == shape:
            return shape
        shape = kept


def _shape_after(
    shape: core.Shape, name: str, statements: tuple[core.Statement, ...]
) -> core.Shape:
    """Return the shape of a variable after some statements."""
    for statement in statements:
        if isinstance(statement, core.Repeat):
            shape = _kept_groups(shape, name, statement.body)
        elif name in statement.names:
            shape = statement.values[statement.names.index(name)].shape
    return shape


def _node(graph: Graph, value: core.Node, environment: Environment) -> int:
    operation: Operation
    parts: tuple[core.Node, ...] = ()
    match value:
        case core.Name(name=name):
            return environment[name]
        case core.Identity():
            operation = IdentityOperation()
        case core.Zero():
            operation = ZeroOperation()
        case core.Ones():
            operation = OnesOperation()
        case core.Transpose(of=of):
            operation, parts = TransposeOperation(), (of,)
        case core.Combination(terms=terms):
            operation = CombineOperation(tuple(scalar for scalar, _ in terms))
            parts = tuple(term for _, term in terms)
        case core.Product(factors=factors, over=over):
            operation, parts = MultiplyOperation(over), factors
        case core.Function(function=function, of=of, exponent=exponent, formula=formula):
            operation, parts = FunctionOperation(function, exponent, formula), (of,)
        case core.Entrywise(label=label, function=entry, of=of, site=site):
            operation, parts = EntrywiseOperation(entry, label, site), (of,)
        case core.Hadamard(left=left, right=right, tolerance=tolerance, site=site):
            operation, parts = HadamardOperation(tolerance, site), (left, right)
        case core.Root():
            raise TypeError("a root is a target of its own, and has no node")
    operands = tuple(_node(graph, part, environment) for part in parts)
    if isinstance(operation, TransposeOperation):
        known = _transposed(graph, operands[0])
        if known is not None and graph.shape(known) == value.shape:
            return known
    node = graph.add(operation, value.shape, operands, value.span)
    if isinstance(operation, EntrywiseOperation | HadamardOperation):
        graph.sites[operation.site] = node
    return node


def _transposed(graph: Graph, node: int) -> int | None:
    """The node that is the transpose of this one already: the twice transposed, the symmetric."""
    match graph.operation(node):
        case InputOperation(symmetric=True) | IdentityOperation():
            return node
        case TransposeOperation():
            return graph.operands(node)[0]
    return None
