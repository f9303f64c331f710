"""Networks as pictures: layers and blocks, what a run holds and sees, curves; SVG and HTML."""

from weightsmith.backends.pictures.block_map import block_map_svg
from weightsmith.backends.pictures.curves import Curve, curves_svg
from weightsmith.backends.pictures.document import Section
from weightsmith.backends.pictures.network_picture import network_svg

__all__ = ["Curve", "Section", "block_map_svg", "curves_svg", "network_svg"]
