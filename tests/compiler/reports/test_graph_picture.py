"""The picture of a graph: whole, well-formed, nothing on top of anything else, always the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree

import networkx as nx
import pytest
from tests.compiler.instances import EXAMPLES
from tests.compiler.test_graph_text import NESTED, graph_of

import weightsmith.api as ws
from weightsmith.compiler.ir.graph import Graph, InputOperation, homes
from weightsmith.compiler.passes.normalizing.build_graph import build_graph
from weightsmith.compiler.reports.graph_picture import MOST_NODES, graph_svg, levels
from weightsmith.dsl import Source, check, load_source
from weightsmith.dsl.program.core import Shape
from weightsmith.dsl.text.source import Span
from weightsmith.network_page import page

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["X", "out", "same"]
WRITTEN_OUT = [
    path.stem for path in sorted(EXAMPLES.glob("*.alg")) if "synthesize " not in path.read_text()
]


@dataclass(frozen=True)
class Rectangle:
    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: Rectangle) -> bool:
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom

    def meets(self, other: Rectangle) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def rectangle(element: ElementTree.Element) -> Rectangle:
    x, y, width, height = (float(element.attrib[key]) for key in ("x", "y", "width", "height"))
    return Rectangle(x, y, x + width, y + height)


@dataclass(frozen=True)
class Drawn:
    nodes: dict[int, Rectangle]
    loops: list[Rectangle]
    double: set[int]
    dotted: set[int]
    arrows: int
    dashed: int
    whole: Rectangle


def drawn(svg: str) -> Drawn:
    root = ElementTree.fromstring(svg)
    nodes: dict[int, Rectangle] = {}
    double, dotted = set(), set()
    for group in root.iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        assert title is not None
        assert title.text is not None
        number = re.match(r"%(\d+) = ", title.text)
        assert number is not None
        boxes = group.findall(f"{SVG}rect")
        nodes[int(number[1])] = rectangle(boxes[0])
        double |= {int(number[1])} if len(boxes) == 2 else set()
        dotted |= {int(number[1])} if "stroke-dasharray" in boxes[0].attrib else set()
    paths = root.findall(f"{SVG}path")
    dashed = sum("stroke-dasharray" in path.attrib for path in paths)
    whole = Rectangle(0, 0, float(root.attrib["width"]), float(root.attrib["height"]))
    loops = [rectangle(one) for one in root.findall(f"{SVG}rect")]
    return Drawn(nodes, loops, double, dotted, len(paths) - dashed, dashed, whole)


def check_drawn(graph: Graph, svg: str) -> None:
    """Every node once, no two on one place, each loop around its own nodes and no others."""
    found = drawn(svg)
    assert sorted(found.nodes) == sorted(graph.nodes)
    assert found.arrows == len(graph.edges())
    assert found.dashed == len(graph.back_edges())
    assert found.double == set(graph.returns)
    assert found.dotted == set(graph.nodes) - graph.alive()
    for one, other in combinations(found.nodes.values(), 2):
        assert not one.meets(other)
    boxes = (*found.nodes.values(), *found.loops)
    assert all(found.whole.holds(box) for box in boxes)
    parents = {loop.index: loop.parent for loop in graph.loops}
    for node, home in homes(graph).items():
        around = set()
        while home is not None:
            around.add(home)
            home = parents[home]
        for loop, box in zip(graph.loops, found.loops, strict=True):
            inside = loop.index in around
            assert box.holds(found.nodes[node]) == inside == box.meets(found.nodes[node])
    for start, end in graph.edges():
        assert found.nodes[start].bottom < found.nodes[end].top


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_the_picture_of_every_example(name: str) -> None:
    program = check(load_source(EXAMPLES / f"{name}.alg"))
    names = [returned.name for returned in program.returns]
    graph = build_graph(program)
    svg = graph_svg(graph, program.name, names)
    check_drawn(graph, svg)
    assert svg == graph_svg(build_graph(program), program.name, names)


def test_loops_within_loops_are_boxes_within_boxes() -> None:
    graph = graph_of(NESTED)
    svg = graph_svg(graph, "nested", NAMES)
    check_drawn(graph, svg)
    outer, *inner = drawn(svg).loops
    assert len(inner) == 2
    assert all(outer.holds(one) for one in inner)
    assert not inner[0].meets(inner[1])
    for text in ("repeat 3", "repeat 2", "for c in 1/2, 1/3", "return out", "return same"):
        assert f">{text}</text>" in svg


def test_a_level_is_the_longest_path() -> None:
    graph = graph_of(NESTED)
    found = levels(graph)
    sources = [node for node in graph.nodes if not graph.operands(node)]
    drawn = nx.DiGraph(graph.edges())
    drawn.add_nodes_from(graph.nodes)
    for node in graph.nodes:
        paths = (path for one in sources for path in nx.all_simple_paths(drawn, one, node))
        assert found[node] == max((len(path) - 1 for path in paths), default=0)


def test_what_is_written_in_a_script_is_text() -> None:
    graph = Graph()
    here = Span(Source("", ""), 0, 0)
    graph.returns.append(graph.add(InputOperation("a<&", False), Shape("d", "d"), (), here))
    svg = graph_svg(graph, "<b>", ["&amp;"])
    check_drawn(graph, svg)
    assert "%0 = input(a&lt;&amp;)" in svg
    assert "return &amp;amp;" in svg
    assert "<title>&lt;b&gt;</title>" in svg


def test_a_large_graph_is_a_line_of_text() -> None:
    graph = Graph()
    here = Span(Source("", ""), 0, 0)
    for number in range(MOST_NODES + 1):
        node = graph.add(InputOperation(f"A{number}", False), Shape("d", "d"), (), here)
    graph.returns.append(node)
    svg = graph_svg(graph, "large", ["X"])
    assert f"a graph of {MOST_NODES + 1} nodes is not drawn" in svg
    assert ElementTree.fromstring(svg).findall(f"{SVG}g") == []


def test_the_page_has_the_picture_and_what_is_shown() -> None:
    network = ws.compile(EXAMPLES / "newton_inverse.alg", settings={"mu": "1/10", "L": 2})
    text = page(network)
    graph = build_graph(network.program)
    svg = graph_svg(graph, network.program.name, ["X"])
    assert svg.rstrip("\n") in text
    check_drawn(graph, svg)
    shown = network.show().splitlines()[0]
    assert f"<pre>{shown}" in text.replace("&lt;", "<").replace("&gt;", ">").replace("&#x27;", "'")
    assert text == page(
        ws.compile(EXAMPLES / "newton_inverse.alg", settings={"mu": "1/10", "L": 2})
    )
