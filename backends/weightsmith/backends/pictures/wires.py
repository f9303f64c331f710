"""The wires between a unit and the lanes of the blocks that it reads, or adds to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from weightsmith.backends.pictures import svg
from weightsmith.backends.pictures.units import ADDING, Wire

WIRE = 12  # from wire to wire
COLOURS = {
    "values": "#2f7fd6",
    "keys": "#c4701a",
    "queries": "#25956a",
    "reads": "#8069e0",
    "gates": "#b5651d",
    "adds": "#d23f77",
    "clears": "#84898f",
}
LETTERS = {
    "values": "V",
    "keys": "K",
    "queries": "Q",
    "reads": "in",
    "gates": "×",
    "adds": "+",
    "clears": "0",
}
MEANINGS = {
    "values": "values",
    "keys": "keys",
    "queries": "queries",
    "reads": "what an MLP reads",
    "gates": "times this",
    "adds": "added to a block",
    "clears": "old content taken away",
}


def wire_lines(wire: Wire, y: float, box: float, place: Mapping[str, float]) -> Iterator[str]:
    """A wire from its lanes to the left side of a box, with a letter for its role.

    A dot reads a block, a square reads it through a fixed matrix, ⊕ adds to it, ⊗ empties it.
    """
    colour = COLOURS[wire.role]
    yield svg.text(
        box + 5,
        y + 3.5,
        LETTERS[wire.role],
        f'style="fill:{colour}" font-size="10" font-weight="bold"',
    )
    places = sorted((place[name], through) for name, through in set(wire.blocks))
    if not places:
        return
    yield f'<g stroke="{colour}" stroke-width="1.5">'
    yield svg.path(f"M{svg.number(places[0][0])} {svg.number(y)}H{svg.number(box)}")
    for x, through in places:
        if wire.role in ADDING:
            yield svg.circle(x, y, 4.5, f'fill="{colour}" fill-opacity=".3"')
            yield svg.path(_cross(x, y, upright=wire.role == "adds"))
        elif through:
            yield svg.rectangle(x - 4, y - 4, 8, 8, f'fill="{colour}"')
        else:
            yield svg.circle(x, y, 3, f'fill="{colour}"')
    yield "</g>"


def _cross(x: float, y: float, *, upright: bool) -> str:
    if upright:
        return f"M{svg.number(x - 4.5)} {svg.number(y)}h9M{svg.number(x)} {svg.number(y - 4.5)}v9"
    return (
        f"M{svg.number(x - 3)} {svg.number(y - 3)}l6 6M{svg.number(x + 3)} {svg.number(y - 3)}l-6 6"
    )
