"""Networks as pictures: layers and blocks, what a run holds and sees, curves; SVG and HTML."""

from weightsmith.backends.pictures.network_picture import network_svg

__all__ = ["network_svg"]
