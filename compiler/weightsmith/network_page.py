"""A network as HTML: the graph of its script as a picture, and what ``show`` prints below it.

One file of its own, without a date or a script; the same bytes each time.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from weightsmith.compiler.passes.normalizing.build_graph import build_graph
from weightsmith.compiler.reports.graph_picture import graph_svg

if TYPE_CHECKING:
    from weightsmith.network import Network

STYLE = "body{font-family:sans-serif;margin:2em;color:#123}svg{max-width:100%;height:auto}"
LEGEND = (
    "Each box is an operation, with its operands and its shape, below what it is made of. "
    "A shaded box is a loop; a dashed arrow goes to the next pass. A double border is a returned "
    "value; on what is dotted no returned value depends, as on targets and assumptions."
)


def picture(network: Network) -> str:
    """The graph of the script, as one ``svg`` element."""
    program = network.program
    return graph_svg(build_graph(program), program.name, [one.name for one in program.returns])


def notebook_html(network: Network) -> str:
    """What a notebook shows of a network."""
    return f"{picture(network)}<pre>{escape(network.show())}</pre>"


def page(network: Network) -> str:
    """The whole document."""
    name = escape(network.program.name)
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f"<title>{name}</title><style>{STYLE}</style></head><body>",
            f"<h1>{name}</h1>",
            f"<h2>The graph of the script</h2><p>{LEGEND}</p>",
            picture(network).rstrip("\n"),
            f"<h2>The network</h2><pre>{escape(network.show())}</pre>",
            f"<h2>Its depth</h2><pre>{escape(network.depth())}</pre>",
            "</body></html>",
        ]
    )
