"""Elements of SVG as text: no ids, no scripts, colours that stand on white and on black.

Ink is ``currentColor``: that of the page around, or, where the picture is a file of its own, what
the reader's colour scheme wants (``svg:root`` is a picture that stands alone).
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

LETTER = 7.3  # the width of a character of 12 pixels, in pixels
LINE = 15  # the height of a line of text
ALONE = (
    "<style>svg:root{color:#1b2733;background:#fff}@media (prefers-color-scheme:dark)"
    "{svg:root{color:#dfe7ee;background:#14191f}}</style>"
)
FONT = "ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace"
CONTROL = {code: "\N{REPLACEMENT CHARACTER}" for code in range(32) if code not in (9, 10, 13)} | {
    0xFFFE: "\N{REPLACEMENT CHARACTER}",
    0xFFFF: "\N{REPLACEMENT CHARACTER}",
    **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"),
}


def escaped(text: str) -> str:
    """Text as XML has it; what XML cannot hold is a replacement character."""
    return escape(text.translate(CONTROL))


def document(width: float, height: float, name: str, lines: Sequence[str]) -> str:
    """One ``svg`` element with its name, for a page or a file."""
    size = f'width="{number(width)}" height="{number(height)}"'
    box = f'viewBox="0 0 {number(width)} {number(height)}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} role="group" '
        f'aria-label="{escaped(name)}" fill="none" stroke="currentColor" font-size="12" '
        f'font-family="{FONT}">'
    )
    return "\n".join([head, f"<title>{escaped(name)}</title>", ALONE, *lines, "</svg>"]) + "\n"


def titled(title: str, lines: Sequence[str]) -> list[str]:
    """A part that says what it is, on hover and to a screen reader."""
    return [f'<g role="img"><title>{escaped(title)}</title>', *lines, "</g>"]


def text(x: float, y: float, content: str, more: str = "") -> str:
    place = f'x="{number(x)}" y="{number(y)}"'
    return f'<text {place} fill="currentColor" stroke="none"{_more(more)}>{escaped(content)}</text>'


def rectangle(x: float, y: float, width: float, height: float, more: str = "") -> str:
    place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f"<rect {place}{_more(more)}/>"


def path(steps: str, more: str = "") -> str:
    return f'<path d="{steps}"{_more(more)}/>'


def circle(x: float, y: float, radius: float, more: str = "") -> str:
    place = f'cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"'
    return f"<circle {place}{_more(more)}/>"


def number(value: float) -> str:
    """A place in pixels, to a tenth."""
    rounded = round(value, 1)
    return str(int(rounded)) if rounded == int(rounded) else str(rounded)


def cut(content: str, most: int) -> str:
    """The text, or its beginning and ``…``."""
    return content if len(content) <= most else content[: max(most - 1, 0)] + "…"


def _more(more: str) -> str:
    return f" {more}" if more else ""
