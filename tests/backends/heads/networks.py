"""Networks with one head of a kind, on tokens ``x`` (context and query) with labels ``y``."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from weightsmith.backends.template.layout import Inputs
from weightsmith.compiler.ir.template import (
    Block,
    Head,
    Hidden,
    Layer,
    Matrix,
    Mlp,
    Output,
    Repeat,
    Scores,
    Source,
    Template,
    View,
)

TOKENS = ("context", "query")
Floats = NDArray[np.float64]


def head(scores: Scores, groups: tuple[str, ...] = TOKENS) -> Head:
    """out −= y·scores/16, x += x·scores/64, scores = N(M ∘ f(xᵀ·x + (¼y + ⅛r)ᵀ·y))."""
    return Head(
        keys=((("x", "1"),), (("y", "1/4"), ("out", "1/8"))),
        queries=((("x", "1"),), (("y", "1"),)),
        values=((("y", "1"), ("out", "1/3")), (("x", "1"),)),
        outputs=(("out", 0, "-1/16"), ("x", 1, "1/64")),
        key_groups=groups,
        query_groups=groups,
        scores=scores,
    )


def network(
    scores: Scores, groups: tuple[str, ...] = TOKENS, passes: int = 2, mlp: Mlp | None = None
) -> Template:
    """The head in a loop."""
    return Template(
        algorithm="head",
        groups=TOKENS,
        sources=(
            Source("x", "input", "x", "d", TOKENS),
            Source("y", "input", "y", "2", TOKENS),
        ),
        blocks=(Block("x", "d"), Block("y", "2"), Block("out", "2")),
        read_in=(("x", (("x", "1"),)), ("y", (("y", "1"),))),
        body=(Repeat(str(passes), (Layer((head(scores, groups),), mlp),)),),
        read_out=(Output("out", (("out", "1"),), "2", TOKENS, False),),
        bindings=(),
    )


def with_views(template: Template) -> Template:
    """The same with keys, queries, values and an MLP that read fixed matrices times blocks."""
    blocks = template.blocks
    matrices = (
        Matrix("W", "k", "d", (("1", "-1/3", "1/2"), ("0", "1/7", "3"))),
        Matrix("B.2", "2", "2", (("1/3", "1"), ("-1", "1/5"))),
        Matrix("row", "1", "d", (("1", "2", "-1/9"),)),
    )
    views = (
        View("W x", "W", False, "x"),
        View("B y", "B.2", True, "y"),
        View("B out", "B.2", False, "out"),
        View("row x", "row", False, "x"),
    )
    (repeat,) = template.body
    assert isinstance(repeat, Repeat)
    (layer,) = repeat.body
    assert isinstance(layer, Layer)
    one = layer.heads[0]
    changed = replace(
        one,
        keys=(one.keys[0], (("B y", "1/2"), ("y", "1/3")), (("W x", "1"),)),
        queries=(one.queries[0], (("B out", "1"), ("y", "1")), (("W x", "1/4"),)),
        values=((("B y", "1"), ("B out", "-1/2"), ("y", "1/9")), one.values[1]),
    )
    mlp = Mlp(
        hidden=(
            Hidden("2", (("B y", "1"), ("row x", "1/3"), ("y", "1/7")), "1/5", (), "0"),
            Hidden("1", (("B out", "1"), ("row x", "-1"), ("x", "1/2")), "0", (), "0"),
        ),
        outputs=(("out", 0, "1/3"), ("x", 1, "1/8")),
        bias=(),
    )
    output = Output("mixed", (("B out", "1"), ("out", "-1/3")), "2", TOKENS, False)
    return replace(
        template,
        blocks=blocks,
        matrices=matrices,
        views=views,
        body=(Repeat(repeat.count, (Layer((changed,), mlp),)),),
        read_out=(*template.read_out, output),
    )


def data(tokens: int = 5, queries: int = 3, seed: int = 0) -> dict[str, dict[str, Floats]]:
    random = np.random.default_rng(seed)
    counts = dict(zip(TOKENS, (tokens, queries), strict=True))
    return {
        name: {g: random.integers(1, 9, size=(rows, n)) / 16 for g, n in counts.items()}
        for name, rows in (("x", 3), ("y", 2))
    }


def exact(inputs: dict[str, dict[str, Floats]]) -> Inputs:
    """The same data as Fractions."""
    return {
        name: {g: np.vectorize(Fraction, otypes=[object])(a) for g, a in groups.items()}
        for name, groups in inputs.items()
    }
