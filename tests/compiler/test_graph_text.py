"""The graph as a drawing: whole, well-formed, and the same each time; and what is shared in it."""

from __future__ import annotations

import re

import pytest

import weightsmith.api as ws
from weightsmith.compiler.ir.graph import Graph, InputOperation, homes
from weightsmith.compiler.passes.normalizing.build_graph import build_graph
from weightsmith.compiler.reports.graph_text import graph_dot, graph_text
from weightsmith.dsl import Source, check, load_source
from weightsmith.dsl.program.core import Shape
from weightsmith.dsl.text.source import Span

from .instances import EXAMPLES

NESTED = """algorithm nested(A: symmetric[d, d], B: [d, d])
X, Y, Z = A, B, B
repeat 3:
    X = X*A'*X
    repeat 2:
        Y = relu.(Y*X) + Y
    for c in 1/2, 1/3:
        Z = c*Z*A
W = A*B
out, same = Y, Y
return X, out, same
"""
STRING = r'"(?:[^"\\]|\\.)*"'
LINE = re.compile(
    rf"\s*(?:(?P<open>digraph {STRING} \{{|subgraph cluster_\d+ \{{)|(?P<close>\}})"
    rf"|(?P<edge>n\d+ -> n\d+)(?P<back> \[style=dashed, constraint=false\])?;"
    rf"|(?P<node>n\d+) \[label={STRING}(?:, \w+=\w+)*\];|label={STRING};|node \[shape=box\];)"
)


def graph_of(text: str) -> Graph:
    return build_graph(check(Source("test.alg", text)))


def parsed(dot: str) -> dict[str, list[str]]:
    """The nodes, edges and dashed edges of a drawing; every line must be one that is known."""
    found: dict[str, list[str]] = {"node": [], "edge": [], "back": []}
    depth = 0
    for line in dot.splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        depth += bool(match["open"]) - bool(match["close"])
        assert depth >= 0
        if match["node"]:
            found["node"].append(match["node"])
        if match["edge"]:
            found["back" if match["back"] else "edge"].append(match["edge"])
    assert depth == 0
    return found


def check_drawn(graph: Graph, dot: str) -> None:
    found = parsed(dot)
    assert sorted(found["node"]) == sorted(f"n{node}" for node in graph.nodes)
    assert sorted(found["edge"]) == sorted(f"n{a} -> n{b}" for a, b in graph.edges())
    assert sorted(found["back"]) == sorted(f"n{a} -> n{b}" for a, b in graph.back_edges())


@pytest.mark.parametrize("name", ["gradient_descent", "heat_kernel", "muon", "ridge"])
def test_every_node_and_edge_is_drawn_once(name: str) -> None:
    program = check(load_source(EXAMPLES / f"{name}.alg"))
    names = [returned.name for returned in program.returns]
    dot = graph_dot(build_graph(program), program.name, names)
    check_drawn(build_graph(program), dot)
    assert dot == graph_dot(build_graph(program), program.name, names)


def test_loops_are_boxes_within_boxes() -> None:
    graph = graph_of(NESTED)
    dot = graph_dot(graph, "nested", ["X", "out", "same"])
    check_drawn(graph, dot)
    boxes: list[str] = []
    homes_drawn = {}
    for line in dot.splitlines()[1:-1]:
        if opened := re.match(r"\s*subgraph cluster_(\d+)", line):
            boxes.append(opened[1])
        elif line.strip() == "}":
            boxes.pop()
        elif node := re.match(r"\s*n(\d+) \[", line):
            homes_drawn[int(node[1])] = int(boxes[-1]) if boxes else None
    assert homes_drawn == homes(graph)
    texts = [f'label="{text}";' for text in ("repeat 3", "repeat 2", "for c in 1/2, 1/3")]
    assert all(text in dot for text in texts)
    assert r"\nreturn out\nreturn same" in dot


def test_what_nothing_returned_depends_on_is_dotted() -> None:
    graph = graph_of(NESTED)
    dotted = re.findall(
        r"n(\d+) \[.*style=dotted", graph_dot(graph, "nested", ["X", "out", "same"])
    )
    assert set(map(int, dotted)) == set(graph.nodes) - graph.alive()
    kinds = {str(vars(graph.operation(int(node))).get("variable")) for node in dotted}
    assert "Z" in kinds
    assert "X" not in kinds


def test_a_variable_that_only_the_next_pass_reads_is_alive() -> None:
    graph = graph_of(
        "algorithm f(A: [d, d], B: [d, d])\nX, Y, Z = A, B, B\nrepeat 3:\n"
        "    X, Y, Z = X*Y, Y*A, Z*A\nreturn X\n"
    )
    alive = {vars(graph.operation(node)).get("variable") for node in graph.alive()}
    assert alive == {"X", "Y", None}


def test_quotes_and_backslashes_are_escaped() -> None:
    graph = Graph()
    here = Span(Source("", ""), 0, 0)
    graph.returns.append(graph.add(InputOperation('a"\\', False), Shape("d", "d"), (), here))
    dot = graph_dot(graph, 'b"; n7', ['c\\"'])
    assert parsed(dot)["node"] == ["n0"]
    assert 'digraph "b\\"; n7" {' in dot
    assert r'[label="%0 = input(a\"\\)\n[d, d]\nreturn c\\\"", peripheries=2]' in dot


def test_tables_take_one_short_line() -> None:
    settings = {"low": "1/2"}
    text = ws.emit(EXAMPLES / "divide.alg", "graph", settings=settings)
    assert re.search(r"entrywise\(\d+ breakpoints, ", text)
    assert max(map(len, text.splitlines())) < 100


def test_transposes_of_what_is_symmetric_or_transposed_are_no_operations() -> None:
    graph = graph_of("algorithm f(A: symmetric[d, d], B: [d, d])\nX = A*B + A'*B''\nreturn X\n")
    assert graph_text(graph) == (
        "%0 = input(A, True) : [d, d]\n"
        "%1 = input(B) : [d, d]\n"
        "%2 = multiply %0 %1 : [d, d]\n"
        "%3 = transpose %1 : [d, d]\n"  # from which the one of it is taken back
        "%4 = combine(1 1) %2 %2 : [d, d]\n"
        "return %4\n"
    )
