"""Random whole templates, with data that fits them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from weightsmith.compiler.ir.template import (
    Block,
    Head,
    Hidden,
    Item,
    Layer,
    Matrix,
    Mlp,
    Output,
    Repeat,
    Scores,
    Source,
    Template,
    Terms,
    View,
)
from weightsmith.dsl.heads import ALL, MASKS, NORMALISATIONS, OF_SUMS

TOKENS = ("context", "query")
AXES = ("d", "m", "2", "1")
SOURCES = (
    Source("x", "input", "x", "d", TOKENS),
    Source("y", "input", "y", "2", ("context",)),
    Source("A", "input", "A", "m", ("d",)),
    Source("A'", "transposed", "A", "d", ("m",)),
    Source("I[d]", "identity", "d", "d", ("d",)),
    Source("1[d]", "ones", "", "d", ("query", "m")),
    Source("1[2]", "ones", "", "2", ("1",)),
    Source("1[1]", "ones", "", "1", (*TOKENS, "d")),
)
GROUPS = (*TOKENS, "d", "m", "1")
BINDINGS = (("L", "3/2"), ("eta", "-1/3"), ("mu", "1/10"), ("n", "2"))
COEFFICIENTS = ("1", "-1", "0", "1/2", "-1/3", "eta", "2/(L + mu)", "1 - eta", "1/3^n")
COUNTS = ("1", "2", "n", "0")

# for every test that draws: the same examples each time, however slow the machine
repeatable = settings(
    deadline=None,
    derandomize=True,
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow],
)

Data = dict[str, NDArray[np.float64] | dict[str, NDArray[np.float64]]]


@dataclass(frozen=True)
class Case:
    template: Template
    dims: dict[str, int]
    inputs: Data


def coefficients() -> st.SearchStrategy[str]:
    return st.sampled_from(COEFFICIENTS)


def combinations(names: list[str], least: int = 1) -> st.SearchStrategy[Terms]:
    if not names:
        return st.just(())
    term = st.tuples(st.sampled_from(names), coefficients())
    return st.lists(term, min_size=least, max_size=3).map(tuple)


def groups() -> st.SearchStrategy[tuple[str, ...]]:
    chosen = st.sets(st.sampled_from(GROUPS), min_size=1)
    some = chosen.map(lambda names: tuple(group for group in GROUPS if group in names))
    return st.sampled_from((GROUPS, TOKENS, ("context",))) | some


@dataclass(frozen=True)
class _Blocks:
    """``of`` and ``joined`` name what is read, views too; those of ``alone`` blocks only."""

    blocks: tuple[Block, ...]
    matrices: tuple[Matrix, ...] = ()
    views: tuple[View, ...] = ()

    @property
    def alone(self) -> _Blocks:
        return _Blocks(self.blocks)

    def rows(self) -> list[str]:
        return sorted({block.rows for block in self.blocks})

    def of(self, rows: str) -> list[str]:
        return [name for name, own in self._read().items() if own == rows]

    def joined(self, rows: str) -> list[str]:
        """The blocks that an mlp may join to these rows."""
        same = {rows, "1"}
        return [name for name, own in self._read().items() if rows == "1" or own in same]

    def _read(self) -> dict[str, str]:
        known = {one.name: one for one in self.matrices}
        views = {
            view.name: known[view.matrix].columns if view.transposed else known[view.matrix].rows
            for view in self.views
        }
        return {block.name: block.rows for block in self.blocks} | views


@st.composite
def heads(draw: st.DrawFn, blocks: _Blocks) -> Head:
    key_rows = draw(st.sampled_from(blocks.rows()))
    value_rows = draw(st.lists(st.sampled_from(blocks.rows()), min_size=1, max_size=2))
    outputs = [
        (draw(st.sampled_from(blocks.alone.of(rows))), index, draw(coefficients()))
        for index, rows in enumerate(value_rows)
        for _ in range(draw(st.sampled_from((1, 2, 0))))
    ]
    return Head(
        keys=(draw(combinations(blocks.of(key_rows))),),
        queries=(draw(combinations(blocks.of(key_rows))),),
        values=tuple(draw(combinations(blocks.of(rows))) for rows in value_rows),
        outputs=tuple(outputs),
        key_groups=draw(groups()),
        query_groups=draw(groups()),
    )


@st.composite
def scored_heads(draw: st.DrawFn, blocks: _Blocks, functions: tuple[str, ...]) -> Head:
    """A head with up to three stacked keys, a function, a mask; normalised where that is exp."""
    head = draw(heads(blocks))
    rows = draw(st.lists(st.sampled_from(blocks.rows()), max_size=2))
    more = [(draw(combinations(blocks.of(r))), draw(combinations(blocks.of(r)))) for r in rows]
    function, mask = draw(st.sampled_from(functions)), draw(st.sampled_from((ALL, *MASKS)))
    divided = [one for one in NORMALISATIONS if one != OF_SUMS or function == "exp"] or [""]
    alone = (draw(st.sampled_from(GROUPS)),)
    return replace(
        head,
        keys=(*head.keys, *(keys for keys, _ in more)),
        queries=(*head.queries, *(queries for _, queries in more)),
        key_groups=head.key_groups if mask == ALL else alone,
        query_groups=head.query_groups if mask == ALL else alone,
        scores=Scores(function, mask, draw(st.sampled_from(divided))),
    )


@st.composite
def with_views(draw: st.DrawFn, sizes: dict[str, int], blocks: _Blocks) -> _Blocks:
    """The blocks and views of them: of a matrix, of its transpose, and of one to other rows."""
    matrices, views = [], []
    for number, block in enumerate(draw(st.lists(st.sampled_from(blocks.blocks), max_size=3))):
        rows = draw(st.sampled_from(blocks.rows()))
        transposed = draw(st.booleans())
        axes = (block.rows, rows) if transposed else (rows, block.rows)
        high, wide = (int(axis) if axis.isdigit() else sizes[axis] for axis in axes)
        entry = st.sampled_from(("1", "-1/3", "0", "5/7"))
        entries = tuple(tuple(draw(entry) for _ in range(wide)) for _ in range(high))
        matrices.append(Matrix(f"W{number}", *axes, entries))
        views.append(View(f"v{number}", f"W{number}", transposed, block.name))
    return replace(blocks, matrices=tuple(matrices), views=tuple(views))


@st.composite
def hiddens(draw: st.DrawFn, blocks: _Blocks) -> Hidden:
    """A hidden block, in one case of three gated; one in five repeats or sums rows."""
    axis = draw(st.sampled_from(blocks.rows()))
    names = blocks.joined(axis) if draw(st.integers(0, 4)) == 0 else blocks.of(axis)
    terms, bias = draw(combinations(names, least=0)), draw(coefficients())
    gate: Terms = ()
    gate_bias = "0"
    if draw(st.integers(0, 2)) == 0:
        gate, gate_bias = draw(combinations(names, least=0)), draw(coefficients())
    return Hidden(axis, terms, bias if terms or bias != "0" else "1/2", gate, gate_bias)


@st.composite
def mlps(draw: st.DrawFn, blocks: _Blocks) -> Mlp:
    """An mlp of up to four hidden blocks, some of them alike but for the bias."""
    hidden = draw(st.lists(hiddens(blocks), max_size=3))
    if hidden and draw(st.booleans()):
        hidden.append(replace(hidden[0], bias=draw(st.sampled_from(("1", "-1/2", "eta")))))
    outputs = tuple(
        (draw(st.sampled_from(blocks.alone.joined(each.rows))), index, draw(coefficients()))
        for index, each in enumerate(hidden)
        for _ in range(draw(st.sampled_from((1, 2, 0))))
    )
    least = 0 if hidden else 1
    bias = draw(combinations([block.name for block in blocks.blocks], least=least))
    return Mlp(tuple(hidden), outputs, bias if draw(st.booleans()) or not hidden else ())


@st.composite
def layers(draw: st.DrawFn, blocks: _Blocks, functions: tuple[str, ...] = ()) -> Layer:
    one = heads(blocks) | scored_heads(blocks, functions) if functions else heads(blocks)
    found = draw(st.lists(one, min_size=draw(st.sampled_from((2, 1, 0))), max_size=2))
    return Layer(tuple(found), draw(st.none() | mlps(blocks)))


@st.composite
def templates(
    draw: st.DrawFn, sizes: dict[str, int] | None = None, functions: tuple[str, ...] = ()
) -> Template:
    """A whole template over the inputs x, y (per token) and A, of at most four layers as run.

    With ``sizes`` it may have fixed matrices, with ``functions`` heads that apply one of them.
    """
    rows = ["d", *draw(st.lists(st.sampled_from(AXES), min_size=1, max_size=3))]
    blocks = _Blocks(tuple(Block(f"b{index}", axis) for index, axis in enumerate(rows)))
    read_in = [
        (block.name, draw(combinations([s.name for s in SOURCES if s.rows == block.rows])))
        for block in blocks.blocks
        if draw(st.sampled_from((True, True, False)))
    ]
    if sizes is not None:
        blocks = draw(with_views(sizes, blocks))
    body: list[Item] = [draw(layers(blocks, functions))]
    if draw(st.booleans()):
        body.append(Repeat(draw(st.sampled_from(COUNTS)), (draw(layers(blocks, functions)),)))
    read_out = tuple(
        Output(
            f"out{index}",
            draw(combinations(blocks.of(axis), least=draw(st.integers(0, 1)))),
            axis,
            draw(groups()),
            draw(st.booleans()),
        )
        for index, axis in enumerate(blocks.rows())
    )
    return Template(
        algorithm="random",
        sources=SOURCES,
        blocks=blocks.blocks,
        groups=GROUPS,
        read_in=tuple(read_in),
        body=tuple(body),
        read_out=read_out,
        bindings=BINDINGS,
        matrices=blocks.matrices,
        views=blocks.views,
    )


@st.composite
def cases(draw: st.DrawFn, functions: tuple[str, ...] = ()) -> Case:
    """A template with small data for it; entries are multiples of 1/8 in [−1, 1].

    With ``functions`` it has heads that apply one of them, and fixed matrices.
    """
    sizes = {axis: draw(st.integers(1, 3)) for axis in ("d", "m", "context")}
    queries = draw(st.integers(0, 2))
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> NDArray[np.float64]:
        return random.integers(-8, 9, size=(rows, columns)) / 8

    inputs: Data = {
        "x": {
            "context": matrix(sizes["d"], sizes["context"]),
            "query": matrix(sizes["d"], queries),
        },
        "y": {"context": matrix(2, sizes["context"])},
        "A": matrix(sizes["m"], sizes["d"]),
    }
    known = sizes if functions else None
    return Case(draw(templates(known, functions)), sizes | {"query": queries}, inputs)


def rationals(bits: int = 1200) -> st.SearchStrategy[Fraction]:
    """Rationals over the whole range of the float formats, and beyond it."""
    power = st.integers(-bits, bits)
    return st.builds(
        lambda p, q, e: Fraction(p, q) * Fraction(2) ** e,
        st.integers(-(2**60), 2**60),
        st.integers(1, 2**60),
        power,
    )
