"""The picture of a network."""

from __future__ import annotations

from weightsmith import api
from weightsmith.compiler.reports.emit import STAGES


def drawn(network: api.Network, shown: str) -> str:
    """An SVG of the network: the one place that says which picture a page has."""
    return STAGES["svg"](network.compilation)
