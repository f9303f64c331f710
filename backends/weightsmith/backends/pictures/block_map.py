"""The residual stream over the layers: which block holds what is still read, and when it is reused.

A row is a block, a column a layer (its heads, then its MLP); loops are drawn once, with a bracket
above.  A bar is a span in which the block holds something that is read later; where one bar ends
and the next begins, the old content was taken away and the block serves anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from weightsmith.backends.pictures import svg
from weightsmith.backends.pictures.formulas import loop_lines, writer_of
from weightsmith.backends.pictures.lifetimes import Life, lives
from weightsmith.compiler.ir.template import Item, Layer, Template, layers_of

MOST_BLOCKS, MOST_LAYERS = 80, 80
ROW = 18  # the height of a row
LEAST, MOST, WIDTH = 17, 60, 320  # of half a layer, and of all where that is within them
MARGIN, NAME = 10, 26  # around the picture; characters of a block's name
HUES = ("#2f7fd6", "#25956a", "#c4701a", "#8069e0", "#d23f77")


def block_map_svg(template: Template) -> str:
    """One ``svg`` element, for a page or a file of its own."""
    names = writer_of(template).names
    layers = sum(1 for _ in layers_of(template.body))
    title = f"The blocks of {template.algorithm} over its layers"
    if len(template.blocks) > MOST_BLOCKS or layers > MOST_LAYERS:
        said = f"{len(template.blocks)} blocks over {layers} layers are not drawn"
        return svg.document(len(said) * 8, 34, title, [svg.text(MARGIN, 22, said)])
    blocks = [block.name for block in template.blocks]
    longest = min(max((len(name) for name in blocks), default=0), NAME)
    left = MARGIN + longest * svg.LETTER + 12
    depth = _depth(template.body)
    top = MARGIN + ROW * depth + 20
    step = min(max(WIDTH / (2 * layers + 2), LEAST), MOST)
    right = left + step * (2 * layers + 2)
    lines = list(_columns(template, left, top, top + ROW * len(blocks), step))
    spans: dict[str, list[Life]] = {}
    for life in lives(template):
        spans.setdefault(life.block, []).append(life)
    for number, block in enumerate(blocks):
        y = top + ROW * number
        said = svg.text(left - 8, y + 13, svg.cut(block, NAME), 'text-anchor="end"')
        lines += svg.titled(f"block {names[block]}", [said])
        own = spans.get(block, [])
        for place, life in enumerate(own):
            colour = HUES[place % len(HUES)]
            lines += svg.titled(
                _span_text(life, _tenant(block, place, len(own)), layers),
                [
                    svg.rectangle(
                        left + step * life.start + 1,
                        y + 2,
                        step * (life.end - life.start) - 2,
                        ROW - 4,
                        f'rx="3" fill="{colour}" fill-opacity=".45" stroke="{colour}"',
                    )
                ],
            )
    height = top + ROW * len(blocks) + MARGIN
    return svg.document(right + MARGIN, height, title, lines)


def _columns(
    template: Template, left: float, top: float, bottom: float, step: float
) -> Iterator[str]:
    """The numbers of the layers, lines between them, and the brackets of loops."""
    count = sum(1 for _ in layers_of(template.body))
    every = 1 if count <= 40 else 5
    for layer in range(count):
        x = left + step * (2 * layer + 1)
        ends = svg.number(top), svg.number(bottom)
        yield svg.path(f"M{svg.number(x)} {ends[0]}V{ends[1]}", 'stroke-opacity=".25"')
        if layer % every == 0:
            yield svg.text(x + step, top - 5, str(layer + 1), 'text-anchor="middle" font-size="10"')
    yield from _brackets(template, template.body, left + step, MARGIN, step)


def _brackets(
    template: Template, items: tuple[Item, ...], left: float, y: float, step: float
) -> Iterator[str]:
    for item in items:
        if isinstance(item, Layer):
            left += 2 * step
            continue
        width = 2 * step * sum(1 for _ in layers_of(item.body))
        short, whole = loop_lines(item, template)
        steps = f"M{svg.number(left + 2)} {svg.number(y + 20)}v-6H{svg.number(left + width - 2)}v6"
        said = svg.text(left + 2, y + 11, f"↻ {_fitting(short, width)}", 'font-size="10"')
        yield from svg.titled(whole, [svg.path(steps), said])
        yield from _brackets(template, item.body, left, y + ROW, step)
        left += width


def _fitting(short: str, width: float) -> str:
    """What a loop repeats, as far as the bracket is wide."""
    room = int((width - 20) / 6.2)
    brief = short.removeprefix("repeat ")
    return next((one for one in (short, brief) if len(one) <= room), svg.cut(brief, max(room, 3)))


def _span_text(life: Life, tenant: str, layers: int) -> str:
    return f"{tenant}: {_moment(life.start, layers)} to {_moment(life.end, layers)}"


def _moment(moment: int, layers: int) -> str:
    if moment == 0:
        return "the start"
    if moment >= 2 * layers:
        return "the end"
    part = "heads" if moment % 2 else "MLP"
    return f"the {part} of layer {(moment + 1) // 2}"


def _tenant(block: str, place: int, spans: int) -> str:
    """The value that a block holds in a span, where its name has one for each."""
    values = block.split("|")
    return values[place] if len(values) == spans else block


def _depth(items: tuple[Item, ...]) -> int:
    return max((1 + _depth(one.body) for one in items if not isinstance(one, Layer)), default=0)
