"""Random templates with everything that a ``.net`` file can say: loops in loops, odd names."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from weightsmith.compiler.ir.template import (
    Block,
    Head,
    Hidden,
    Item,
    Layer,
    Mlp,
    Repeat,
    Template,
    Terms,
    View,
)
from weightsmith.dsl.elementary import NAMES

from ...backends.strategies import templates

SIZES = {"d": 3, "m": 2, "context": 4}
SCORES = ("", "relu", *NAMES)
ODD = (
    *("w*x-y", "x'", "[", "]][[", "a]", '"', '"]', '["a"]', "y|output", "relu", "eta", "x[1]"),
    *("argument of soft[1]", "layer", "head", "at", "sum", "ones", "I[d]", "x.y", "3", "ä", "xᵀ"),
    *("W0", "1/2 x", "a # b", "(nothing)", "table", "f1", "g", "context", "repeat", "'", "\\", " "),
)
NUMBERS = ("3/2", "-2", "eta", "2/(L + mu)", "0", "1 - eta")


@st.composite
def networks(draw: st.DrawFn) -> Template:
    """Any template: fixed matrices, every kind of head, schedules, sizes of groups, odd names."""
    found = draw(templates(SIZES, SCORES))
    body = found.body
    for _ in range(draw(st.integers(0, 2))):  # loops around what there is
        body = (draw(_loop(body)), *draw(st.sampled_from(((), body[:1]))))
    names = draw(st.permutations(ODD))
    renamed = {block.name: name for block, name in zip(found.blocks, names, strict=False)}
    bindings = tuple(one for one in found.bindings if one[0] != "n" or draw(st.booleans()))
    sizes = (("n", draw(st.sampled_from(("context", "d")))),) if draw(st.booleans()) else ()
    if sizes:
        bindings = tuple(one for one in bindings if one[0] != "n")
    return _renamed(replace(found, body=body, bindings=bindings, sizes=sizes), renamed)


@st.composite
def _loop(draw: st.DrawFn, body: tuple[Item, ...]) -> Repeat:
    if draw(st.booleans()):
        return Repeat(draw(st.sampled_from(("2", "n", "n + 1"))), body)
    names = draw(st.sampled_from((("g",), ("g", "h"))))
    passes = draw(st.integers(1, 3))
    number = st.sampled_from(NUMBERS)
    schedule = tuple((name, tuple(draw(number) for _ in range(passes))) for name in names)
    return Repeat(str(passes), tuple(_scaled(item, names[0]) for item in body), schedule)


def _scaled(item: Item, name: str) -> Item:
    """The same with a number that changes with the pass in its first layer's outputs."""
    if isinstance(item, Repeat):
        return item
    heads = tuple(
        replace(head, outputs=tuple((block, index, name) for block, index, _ in head.outputs))
        for head in item.heads
    )
    return replace(item, heads=heads)


def _renamed(template: Template, names: dict[str, str]) -> Template:
    def terms(old: Terms) -> Terms:
        return tuple((names.get(name, name), one) for name, one in old)

    def head(old: Head) -> Head:
        return replace(
            old,
            keys=tuple(map(terms, old.keys)),
            queries=tuple(map(terms, old.queries)),
            values=tuple(map(terms, old.values)),
            outputs=tuple((names[block], index, one) for block, index, one in old.outputs),
        )

    def hidden(old: Hidden) -> Hidden:
        return replace(old, terms=terms(old.terms), gate=terms(old.gate))

    def mlp(old: Mlp | None) -> Mlp | None:
        if old is None:
            return None
        outputs = tuple((names[block], index, one) for block, index, one in old.outputs)
        return Mlp(tuple(map(hidden, old.hidden)), outputs, terms(old.bias))

    def item(old: Item) -> Item:
        if isinstance(old, Repeat):
            return replace(old, body=tuple(map(item, old.body)))
        return Layer(tuple(map(head, old.heads)), mlp(old.mlp))

    return replace(
        template,
        algorithm=next(iter(names.values())),
        blocks=tuple(Block(names[one.name], one.rows) for one in template.blocks),
        read_in=tuple((names[block], one) for block, one in template.read_in),
        body=tuple(map(item, template.body)),
        read_out=tuple(
            replace(one, name=f"{one.name} of {names['b0']}", terms=terms(one.terms))
            for one in template.read_out
        ),
        views=tuple(
            View(one.name, one.matrix, one.transposed, names[one.block]) for one in template.views
        ),
    )
