"""The picture of the README: a script, its network, and the network's error against its bound.

    python benchmarks/front.py

Writes docs/front.svg.  The network is drawn as on every page; the curves are those of
error_by_layer.py.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from error_by_layer import CERTIFIED, LOWEST, OBSERVED, measure
from picture import picture
from settings import EXAMPLES

from weightsmith import api
from weightsmith.backends.pictures.network_picture import network_svg

TARGET = Path(__file__).parents[1] / "docs" / "front.svg"
WIDTH, HEIGHT, TOP = 1180, 310, 40
SCRIPT_WIDTH, NETWORK_WIDTH, CURVES_WIDTH = 330, 440, 370
HEADINGS = ("a script", "the transformer that it is", "its error, certified and observed")


def main() -> None:
    script = (EXAMPLES / "newton_inverse.alg").read_text(encoding="utf-8")
    network = api.compile(EXAMPLES / "newton_inverse.alg")
    found = measure()
    curves = {curve: found[curve] for curve in (CERTIFIED, OBSERVED["float64"])}
    places = (16, 16 + SCRIPT_WIDTH, 24 + SCRIPT_WIDTH + NETWORK_WIDTH)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="13">',
        f"<title>{', '.join(HEADINGS)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="white"/>',
        *(
            f'<text x="{x}" y="24" font-weight="bold" fill="#333">{heading}</text>'
            for x, heading in zip(places, HEADINGS, strict=True)
        ),
        *script_lines(script[script.index("algorithm") :], places[0]),
        nested(network_svg(network.template), places[1], NETWORK_WIDTH),
        nested(picture(curves, LOWEST, 2), places[2], CURVES_WIDTH),
        "</svg>",
    ]
    TARGET.write_text("\n".join(parts) + "\n", encoding="utf-8")
    print(f"wrote docs/{TARGET.name}")


def script_lines(script: str, x: int) -> list[str]:
    style = 'font-family="monospace" font-size="11.5" fill="#123" xml:space="preserve"'
    return [
        f'<text x="{x}" y="{TOP + 22 + 20 * number}" {style}>{escape(line)}</text>'
        for number, line in enumerate(script.rstrip().splitlines())
    ]


def nested(svg: str, x: int, width: int) -> str:
    """An ``svg`` element within another, as wide as its place."""
    box = re.search(r'viewBox="([\d. -]+)"', svg)
    assert box is not None
    *_, wide, high = map(float, box[1].split())
    height = round(min(HEIGHT - TOP - 8, width * high / wide), 1)
    head, _, rest = svg.partition(">")
    head = re.sub(r' (?:x|y|width|height|style)="[^"]*"', "", head)
    return f'{head} x="{x}" y="{TOP}" width="{width}" height="{height}">{rest}'.rstrip()


if __name__ == "__main__":
    main()
