"""The graph as a picture: hand-written SVG, level by level, the same bytes each time.

A node stands one level below the lowest of its operands (the longest path to it).  A loop is a box
with its own columns, so that nothing else stands within it; within a level nodes are in the order
of their operands above.  Dashed arrows are what one pass hands to the next, a double border is a
returned value, a dotted one is a node on which no returned value depends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from weightsmith.compiler.ir.graph import Graph, GraphLoop, homes
from weightsmith.compiler.reports.graph_text import node_texts
from weightsmith.dsl.checking.schedules import loop_text

MOST_NODES = 400  # more are no picture any more
LONGEST = 30  # characters of a line in a node
LETTER, LINE = 7, 15  # the width of a character, the height of a line, in pixels
GAP, MARGIN, PAD = 18, 12, 10  # between columns, around the picture, around a loop
HEAD = 18  # above a loop's nodes, for what it repeats
BETWEEN = 52  # from one level to the next
STYLE = (
    'font-family="monospace" font-size="11" fill="none" stroke="currentColor" stroke-width="1" '
    'text-anchor="middle"'
)
ARROW = (
    '<defs><marker id="ws-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="currentColor" stroke="none"/>'
    "</marker></defs>"
)


@dataclass(frozen=True)
class _Box:
    """A rectangle, in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        return self.left + self.width // 2

    @property
    def bottom(self) -> int:
        return self.top + self.height

    @property
    def right(self) -> int:
        return self.left + self.width

    def rectangle(self, style: str, inset: int = 0) -> str:
        return (
            f'<rect x="{self.left + inset}" y="{self.top + inset}" '
            f'width="{self.width - 2 * inset}" height="{self.height - 2 * inset}" {style}/>'
        )


def graph_svg(graph: Graph, name: str, returns: Sequence[str]) -> str:
    """One ``svg`` element, for a page or a file; of a graph that is too large, a line of text."""
    if len(graph.nodes) > MOST_NODES:
        said = f"{name}: a graph of {len(graph.nodes)} nodes is not drawn; --emit graph prints it"
        style = 'fill="currentColor" stroke="none" text-anchor="start"'
        text = f'<text x="12" y="20" {style}>{said}</text>'
        return _document((len(said) + 4) * LETTER, 32, name, [text])
    picture = _Picture(graph, returns)
    return _document(picture.width, picture.height, name, [ARROW, *picture.lines()])


def _document(width: int, height: int, name: str, lines: Sequence[str]) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {STYLE}>'
    return "\n".join([head, f"<title>{escape(name)}</title>", *lines, "</svg>"]) + "\n"


class _Picture:
    """Where each node and each loop stands, and how it is drawn."""

    def __init__(self, graph: Graph, returns: Sequence[str]) -> None:
        self.graph, self.alive, self.homes = graph, graph.alive(), homes(graph)
        self.returned = set(graph.returns)
        self.texts = {node: node_texts(graph, node) for node in graph.nodes}
        for name, node in zip(returns, graph.returns, strict=True):
            self.texts[node].append(f"return {name}")
        longest = max((len(_cut(t)) for texts in self.texts.values() for t in texts), default=1)
        self.cell = longest * LETTER + 14
        self.levels = levels(graph)
        self.tops = self._tops()
        self.nodes: dict[int, _Box] = {}
        self.loops: dict[int, _Box] = {}
        self.width = self._place(None, MARGIN) + MARGIN
        bottom = max(
            (box.bottom for box in (*self.nodes.values(), *self.loops.values())), default=0
        )
        self.height = bottom + MARGIN

    def _place(self, loop: GraphLoop | None, left: int) -> int:
        """Give a loop (the program: None) and those within it their columns; the right end."""
        index = None if loop is None else loop.index
        own = [node for node in self.graph.nodes if self.homes[node] == index]
        rows: dict[int, list[int]] = {}
        for node in own:
            rows.setdefault(self.levels[node], []).append(node)
        column = self.cell + GAP
        band = max(map(len, rows.values()), default=0) * column
        for level in sorted(rows):
            row = sorted(rows[level], key=lambda node: (self._wanted(node, left), node))
            first = left + (band - len(row) * column) // 2
            for place, node in enumerate(row):
                self.nodes[node] = self._box(node, first + place * column, level)
        right = left + band
        inner = [one for one in self.graph.loops if one.parent == index]
        for one in inner:
            right = self._place(one, right + PAD) + GAP
        if loop is None:
            return right
        within = [self.nodes[node] for node in own] + [self.loops[one.index] for one in inner]
        self.loops[loop.index] = box = _around(within, left, _said(loop))
        return max(right, box.right)

    def _tops(self) -> list[int]:
        """Where each level begins; a level is as high as its highest node."""
        tops = [MARGIN + HEAD]
        for level in range(max(self.levels.values(), default=-1) + 1):
            own = [node for node, at in self.levels.items() if at == level]
            tops.append(tops[-1] + max(map(self._height, own)) + BETWEEN)
        return tops

    def _height(self, node: int) -> int:
        return LINE * len(self.texts[node]) + 8

    def _box(self, node: int, left: int, level: int) -> _Box:
        return _Box(left, self.tops[level], self.cell, self._height(node))

    def _wanted(self, node: int, otherwise: int) -> float:
        """The middle of the operands that stand already."""
        known = [self.nodes[one].middle for one in self.graph.operands(node) if one in self.nodes]
        return sum(known) / len(known) if known else otherwise

    def lines(self) -> Iterator[str]:
        """Loops, outer ones first, then arrows, then nodes."""
        for loop in self.graph.loops:
            box = self.loops[loop.index]
            yield box.rectangle('rx="6" fill="currentColor" fill-opacity=".06" stroke-opacity=".5"')
            yield _text(box.left + 8, box.top + 13, _said(loop), ' text-anchor="start"')
        for operand, node in self.graph.edges():
            yield self._arrow(self.nodes[operand], self.nodes[node])
        for after, start in self.graph.back_edges():
            yield self._back(self.nodes[after], self.nodes[start])
        for node in self.graph.nodes:
            yield from self._node(node)

    def _node(self, node: int) -> Iterator[str]:
        box, texts = self.nodes[node], self.texts[node]
        dotted = "" if node in self.alive else ' stroke-dasharray="2 3"'
        yield f"<g><title>{escape(' '.join(texts))}</title>"
        yield box.rectangle(f'rx="3" fill="var(--ws-paper,#fff)"{dotted}')
        if node in self.returned:
            yield box.rectangle('rx="2"', inset=2)
        for number, text in enumerate(texts, 1):
            yield _text(box.middle, box.top + number * LINE, text)
        yield "</g>"

    def _arrow(self, start: _Box, end: _Box) -> str:
        middle = (start.bottom + end.top) // 2
        return (
            f'<path d="M{start.middle} {start.bottom}C{start.middle} {middle} '
            f'{end.middle} {middle} {end.middle} {end.top}" marker-end="url(#ws-arrow)"/>'
        )

    def _back(self, after: _Box, start: _Box) -> str:
        side = max(after.right, start.right) + 24
        ends = after.top + after.height // 2, start.top + start.height // 2
        return (
            f'<path d="M{after.right} {ends[0]}C{side} {ends[0]} {side} {ends[1]} '
            f'{start.right} {ends[1]}" stroke-dasharray="5 4" marker-end="url(#ws-arrow)"/>'
        )


def levels(graph: Graph) -> dict[int, int]:
    """Of each node: the operations on the longest path to it."""
    found: dict[int, int] = {}
    for node in graph.nodes:
        found[node] = max((found[one] + 1 for one in graph.operands(node)), default=0)
    return found


def _around(boxes: Sequence[_Box], left: int, said: str) -> _Box:
    """The box of a loop, wide enough for what it repeats."""
    start = min((one.left for one in boxes), default=left + PAD) - PAD
    top = min((one.top for one in boxes), default=MARGIN + HEAD) - HEAD
    right = max((one.right for one in boxes), default=start) + PAD
    bottom = max((one.bottom for one in boxes), default=top + HEAD) + PAD
    return _Box(start, top, max(right - start, len(said) * LETTER + 16), bottom - top)


def _said(loop: GraphLoop) -> str:
    return _cut(loop_text(loop.count, loop.schedule))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _text(x: int, y: int, text: str, more: str = "") -> str:
    return (
        f'<text x="{x}" y="{y}" fill="currentColor" stroke="none"{more}>{escape(_cut(text))}</text>'
    )
