"""The lanes of a picture: one for every block of the residual stream, from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from weightsmith.backends.pictures import svg
from weightsmith.compiler.ir.template import Template
from weightsmith.compiler.nets.write_layers import joined, scaled

MOST = 48  # blocks that have a lane of their own
PITCH = 25  # from lane to lane where names stand aslant
WIDEST = 440  # pixels of lanes whose names stand upright
UPRIGHT, ASLANT = 10, 22  # characters of a name, at most
SIDE = 0.71  # of a name at 45 degrees


class Lanes:
    """Where each block has its lane, and what stands above the lanes.

    Blocks beyond the first ``MOST`` share the last lane.
    """

    def __init__(self, template: Template, names: Mapping[str, str], left: float) -> None:
        self.template, self.names = template, names
        blocks = [block.name for block in template.blocks]
        self.shared = blocks[MOST:] if len(blocks) > MOST + 1 else []
        self.own = blocks[: len(blocks) - len(self.shared)]
        count = len(self.own) + bool(self.shared)
        longest = max(map(len, self.own), default=0)
        upright = max(longest * svg.LETTER + 14, PITCH + 11)
        self.is_aslant = longest > UPRIGHT or upright * count > WIDEST
        self.pitch = PITCH if self.is_aslant else upright
        self.left, self.right = left, left + count * self.pitch
        self.place = {name: left + self.pitch * (i + 0.5) for i, name in enumerate(self.own)}
        self.place |= dict.fromkeys(self.shared, self.right - self.pitch / 2)
        shown = min(longest, ASLANT)
        self.height = 22 + (shown * svg.LETTER * SIDE + 8 if self.is_aslant else svg.LINE)

    def heads(self, top: float) -> Iterator[str]:
        """The names, and what each block starts as; the lanes begin ``height`` below."""
        starts = dict(self.template.read_in)
        rows = {block.name: block.rows for block in self.template.blocks}
        bottom = top + self.height
        for name in self.own:
            terms = starts.get(name, ())
            initial = joined([scaled(one, source) for source, one in terms if one != "0"])
            title = f"block {self.names[name]}: {rows[name]} rows, starts as {initial}"
            yield from svg.titled(title, self._head(name, name, bottom, initial == "0"))
        if self.shared:
            said = f"{len(self.shared)} more blocks: {', '.join(self.shared)}"
            text = f"{len(self.shared)} more"
            yield from svg.titled(
                svg.cut(said, 400), self._head(self.shared[0], text, bottom, True)
            )

    def lines(self, top: float, bottom: float) -> Iterator[str]:
        """The lanes themselves."""
        yield '<g stroke-width="2" stroke-opacity=".3">'
        ends = svg.number(top), svg.number(bottom)
        for x in sorted(set(self.place.values())):
            yield svg.path(f"M{svg.number(x)} {ends[0]}V{ends[1]}")
        yield "</g>"

    def _head(self, name: str, text: str, bottom: float, is_empty: bool) -> list[str]:
        x = self.place[name]
        filled = "" if is_empty else 'fill="currentColor"'
        mark = svg.circle(x, bottom - 5, 4, filled)
        if not self.is_aslant:
            return [mark, svg.text(x, bottom - 16, text, 'text-anchor="middle"')]
        turned = f'transform="rotate(-45 {svg.number(x + 3)} {svg.number(bottom - 13)})"'
        return [mark, svg.text(x + 3, bottom - 13, svg.cut(text, ASLANT), turned)]
