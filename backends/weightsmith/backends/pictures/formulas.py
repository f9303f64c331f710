"""The formulas of a picture: exact in titles, and short enough to be read beside a box."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from fractions import Fraction

from weightsmith.backends.pictures.svg import cut
from weightsmith.compiler.ir.template import Repeat, Template
from weightsmith.compiler.nets.write_layers import LayerWriter, loop_text
from weightsmith.compiler.nets.write_net import layer_writer

RATIONAL = re.compile(r"(?<![\w.])([0-9]+)/([0-9]+)(?![\w.])")
LONGEST = 11  # characters of a rational that is shown as it is
MOST_DIGITS = 400  # of a number that becomes a float
MOST_TITLE = 2_000  # characters of a title


def writer_of(template: Template) -> LayerWriter:
    """What writes its layers; names that a .net file cannot hold are written as they are."""
    try:
        return layer_writer(template)
    except ValueError:
        names = {name: name for name in template.readable}
        writer = LayerWriter(template, names, frozenset(names))
        writer.items(template.body)
        return writer


def shortened(formula: str) -> str:
    """A formula with long rationals as decimals of four digits, marked ``≈``."""

    def short(found: re.Match[str]) -> str:
        text = found.group()
        if len(text) <= LONGEST or len(text) > MOST_DIGITS or not int(found[2]):
            return cut(text, MOST_DIGITS)
        return f"≈{float(Fraction(int(found[1]), int(found[2]))):.4g}"

    return RATIONAL.sub(short, formula)


def shown_lines(formulas: Sequence[str], width: int, most: int) -> list[str]:
    """The formulas in ``most`` lines of ``width`` characters; what is left out is counted."""
    lines: list[str] = []
    for number, formula in enumerate(formulas):
        wrapped = textwrap.wrap(
            shortened(formula), width, subsequent_indent="  ", break_on_hyphens=False
        )
        left = len(formulas) - number
        room = most - len(lines) - (left > 1)
        if len(wrapped) > room and lines:
            return [*lines, f"… and {left} more"]
        if len(wrapped) > room:
            wrapped = [*wrapped[: room - 1], cut(wrapped[room - 1], width - 2) + " …"]
        lines += wrapped
    return lines


def titled_text(text: str) -> str:
    """A title that does not grow without end."""
    if len(text) <= MOST_TITLE:
        return text
    return f"{text[:MOST_TITLE]}… and {len(text) - MOST_TITLE} more characters; 'show' has them"


def loop_lines(loop: Repeat, template: Template) -> tuple[str, str]:
    """What a loop repeats, short and whole, with the value of its count."""
    whole = loop_text(loop)
    value = template.binding(loop.count)
    if loop.schedule:
        passes = len(loop.schedule[0][1])
        return f"{cut(whole, 60)} ({passes} passes)", whole
    if loop.count.isdecimal():
        whole = f"repeat {loop.count} time{'s' * (loop.count != '1')}"
    elif value is not None:
        whole = f"{whole} = {value} times"
    return cut(whole, 72), whole
