"""The page that lists all others."""

from __future__ import annotations

from collections.abc import Sequence

from gallery_source.entry import THEMES, Entry
from gallery_source.measure import Measured
from gallery_source.page import NOTE, lower_text, wrapped

BEFORE = """
Each page has one construction of the literature: what the paper states, its counts beside ours, the
script, the network as text and as a picture, and the certified bound beside the error on real data.
Verdicts, bounds and counts of ours are computed. Where a paper describes an algorithm and no
network, its columns are empty; where our network has more layers than the paper's, the number is
bold."""
AFTER = """
Layers are those at the settings of the page: of the paper, of the script as it is written, with
`--fewest layers`, and the fewest that any network of linear attention needs, by the degree of what
is computed, for all values of fixed matrices."""
HEADS = (
    "construction",
    "paper",
    "its layers",
    "its heads",
    "its width",
    "layers",
    "fewest",
    "lower bound",
    "heads",
    "width",
)


def index(found: Sequence[tuple[Entry, Measured]]) -> str:
    parts = ["# Gallery", NOTE, wrapped(BEFORE)]
    for theme, heading in THEMES.items():
        rows = [row(entry, one) for entry, one in found if entry.theme == theme]
        if rows:
            lines = [f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|"]
            lines += [f"| {' | '.join(cells)} |" for cells in rows]
            parts += [f"## {heading}", "\n".join(lines)]
    return "\n\n".join([*parts, wrapped(AFTER), commands()]) + "\n"


def row(entry: Entry, found: Measured) -> tuple[str, ...]:
    counts, ours, best = entry.counts, found.written, found.fewest
    theirs = counts.layers_at(found.steps)
    layers = str(ours.layers)
    if theirs is not None and ours.layers > theirs:
        layers = f"**{layers}**"
    return (
        f"[{entry.title}]({entry.name}.md)",
        entry.paper.short,
        counts.layers if theirs is None else str(theirs),
        counts.heads,
        counts.width,
        layers,
        "" if best is None else str(best.layers),
        lower_text(found),
        str(ours.heads),
        f"`{ours.width}`",
    )


def commands() -> str:
    return "\n".join(
        [
            "Write the gallery, or see whether a page is stale:",
            "",
            "    python docs/gallery.py",
            "    python docs/gallery.py --check",
        ]
    )
