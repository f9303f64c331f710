"""The picture of a network."""

from __future__ import annotations

from weightsmith.backends.pictures import network_svg
from weightsmith.compiler.ir.template import Template


def drawn(template: Template) -> str:
    """An SVG of the network: the one place that says which picture a page has."""
    return network_svg(template)
