"""The graph as text, a line a node, and as a drawing in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from weightsmith.compiler.ir.graph import Graph, GraphLoop, homes
from weightsmith.dsl.checking.schedules import loop_text, schedule_text
from weightsmith.dsl.numbers.formulas import Formula, formula_text
from weightsmith.dsl.numbers.scalars import Scalar, to_text
from weightsmith.dsl.program.core import PiecewiseLinear


def graph_text(graph: Graph) -> str:
    """One line a node: number, operation, operands, shape."""
    lines = [" : ".join(node_texts(graph, node)) for node in graph.nodes]
    lines += [
        f"loop {loop.index}: {to_text(loop.count)} passes, "
        + (f"for {schedule_text(loop.schedule)}, " if loop.schedule else "")
        + ", ".join(f"{name}: %{a} -> %{b} <- %{c}" for name, a, b, c in loop.carried)
        for loop in graph.loops
    ]
    lines += [f"return %{node}" for node in graph.returns]
    return "\n".join(lines) + "\n"


def graph_dot(graph: Graph, name: str, returns: Sequence[str]) -> str:
    """The graph for Graphviz: a loop is a box, and what a pass hands to the next is dashed.

    Returned values have a double border; what no returned value depends on (targets, and what
    is assumed of, among others) a dotted one.
    """
    lines = [f"digraph {_quoted(name)} {{", "    node [shape=box];"]
    lines += _cluster_lines(graph, _Drawn(graph, returns), None, "    ")
    lines += [f"    n{operand} -> n{node};" for operand, node in graph.edges()]
    lines += [
        f"    n{after} -> n{start} [style=dashed, constraint=false];"
        for after, start in graph.back_edges()
    ]
    return "\n".join([*lines, "}"]) + "\n"


class _Drawn:
    """What is drawn of each node, and within which loop."""

    def __init__(self, graph: Graph, returns: Sequence[str]) -> None:
        self.graph, self.alive, self.homes = graph, graph.alive(), homes(graph)
        self._names: dict[int, list[str]] = {}
        for name, node in zip(returns, graph.returns, strict=True):
            self._names.setdefault(node, []).append(name)

    def line(self, node: int) -> str:
        names = self._names.get(node, [])
        texts = [*node_texts(self.graph, node), *(f"return {name}" for name in names)]
        marks = ", peripheries=2" * bool(names) + ", style=dotted" * (node not in self.alive)
        return f"n{node} [label={_quoted(*texts)}{marks}];"


def _cluster_lines(
    graph: Graph, drawn: _Drawn, loop: GraphLoop | None, indent: str
) -> Iterator[str]:
    """The nodes of a loop (of the program: None), and the loops within it."""
    index = None if loop is None else loop.index
    for node in graph.nodes:
        if drawn.homes[node] == index:
            yield indent + drawn.line(node)
    for inner in graph.loops:
        if inner.parent == index:
            yield f"{indent}subgraph cluster_{inner.index} {{"
            yield f"{indent}    label={_quoted(loop_text(inner.count, inner.schedule))};"
            yield from _cluster_lines(graph, drawn, inner, indent + "    ")
            yield f"{indent}}}"


def _quoted(*lines: str) -> str:
    """A string of Graphviz, in which a backslash begins an escape; the lines stand centred."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'


def node_texts(graph: Graph, node: int) -> list[str]:
    """What is said of a node: its number, operation and operands; its shape."""
    shape = graph.shape(node)
    operands = " ".join(f"%{operand}" for operand in graph.operands(node))
    text = f"%{node} = {_operation_text(graph, node)} {operands}".rstrip()
    return [text, f"[{shape.rows}, {shape.columns}]"]


def _operation_text(graph: Graph, node: int) -> str:
    """``combine(2 -1)``."""
    operation = graph.operation(node)
    name = type(operation).__name__.removesuffix("Operation").lower()
    details = ", ".join(
        _detail_text(value) for value in vars(operation).values() if value not in ((), False, None)
    )
    return f"{name}({details})" if details else name


def _detail_text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(_detail_text, value))
    if isinstance(value, PiecewiseLinear):  # a table may have thousands
        return f"{len(value.breakpoints)} breakpoint{'s' * (len(value.breakpoints) != 1)}"
    if isinstance(value, Formula):
        return formula_text(value)
    return to_text(value) if isinstance(value, Scalar) else str(value)
