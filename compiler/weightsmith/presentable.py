"""How a network is shown: as text, as a page, in a notebook, as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from weightsmith.backends.template.layout import Inputs
    from weightsmith.cli.outputs.data_bounds import DataBound
    from weightsmith.network import Network
    from weightsmith.network_plot import Kind


class Presentable:
    """What a network has for people."""

    def show(self) -> str:
        """The network as a person wants to see it: the text of a .net file (docs/net.md)."""
        from weightsmith.network_text import network_text

        return network_text(cast("Network", self))

    def depth(self) -> str:
        """Where each layer went, the lower bound by degree, and what keeps the network above it."""
        from weightsmith.network_text import depth_text

        return depth_text(cast("Network", self))

    __repr__ = show

    def bounds_on(self, inputs: Inputs) -> tuple[DataBound, ...]:
        """The certified bounds in numbers on these data, and what they depend on there.

        Measures the data first, as ``check``.  Raises LayoutError where they do not fit.
        """
        from weightsmith.cli.outputs.data_bounds import data_bounds

        return data_bounds(cast("Network", self), inputs)

    def html(self, inputs: Inputs | None = None) -> str:
        """A page of HTML with pictures; with data also of a run on them: docs/pictures.md."""
        from weightsmith.network_page import page

        return page(cast("Network", self), inputs)

    def plot(self, kind: Kind = "blocks", inputs: Inputs | None = None) -> Figure:
        """A figure of Matplotlib: "blocks", "bounds", or with data "errors" or "attention".

        Raises MissingPackageError without Matplotlib, ValueError where there is nothing to draw.
        """
        from weightsmith.network_plot import plot

        return plot(cast("Network", self), kind, inputs)

    def _repr_html_(self) -> str:
        from weightsmith.network_page import notebook_html

        return notebook_html(cast("Network", self))
