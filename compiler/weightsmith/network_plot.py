"""Pictures of a network as figures of Matplotlib, which is loaded only here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from weightsmith.backends.errors import MissingPackageError
from weightsmith.backends.pictures import Curve
from weightsmith.backends.pictures.heat_maps import Panel
from weightsmith.backends.pictures.lifetimes import lives
from weightsmith.backends.pictures.runs import attention_panels
from weightsmith.network_page import bound_curves, distance_curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from weightsmith.backends.template.layout import Inputs
    from weightsmith.network import Network

Kind = Literal["blocks", "bounds", "errors", "attention"]
KINDS: tuple[Kind, ...] = ("blocks", "bounds", "errors", "attention")
ACROSS = 5  # patterns in a row


def plot(network: Network, kind: Kind, inputs: Inputs | None = None) -> Figure:
    """Draw one kind.  Raises MissingPackageError, ValueError where there is nothing to draw."""
    if kind not in KINDS:
        raise ValueError(f"expected a kind of plot, {', '.join(KINDS)}; got {kind!r}")
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as problem:
        if not (problem.name or "").startswith("matplotlib"):
            raise
        raise MissingPackageError("Matplotlib", "plot") from None
    if kind in ("errors", "attention") and inputs is None:
        raise ValueError(f"'{kind}' needs data: network.plot({kind!r}, inputs)")
    figure = Figure(layout="constrained")
    if kind == "blocks":
        _draw_blocks(figure.add_subplot(), network)
    elif kind == "bounds":
        _draw_curves(figure.add_subplot(), bound_curves(network), "passes")
    elif inputs is not None:
        traced = network.trace(inputs)
        if kind == "errors":
            _draw_curves(figure.add_subplot(), distance_curves(network, inputs, traced), "layers")
        else:
            _draw_panels(figure, attention_panels(network.template, traced.blocks, traced.places))
    return figure


def _draw_blocks(axes: Axes, network: Network) -> None:
    """The spans over which blocks hold what is read later, over layers."""
    names = [block.name for block in network.template.blocks]
    for life in lives(network.template):
        wide = (life.end - life.start) / 2
        axes.barh(names.index(life.block), wide, left=life.start / 2, edgecolor="white")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("layers, loops once")


def _draw_curves(axes: Axes, curves: Sequence[Curve], axis: str) -> None:
    shown = [(one, [(x, y) for x, y in one.points if y > 0]) for one in curves]
    if not any(points for _, points in shown):
        raise ValueError("there is nothing to draw: no bound or target that depends on it")
    for curve, points in shown:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        style = "--" if curve.is_bound else "o-"
        axes.semilogy(xs, ys, style, color=f"C{curve.place}", label=curve.name, markersize=3)
    axes.set_xlabel(axis)
    axes.legend()


def _draw_panels(figure: Figure, panels: Sequence[Panel]) -> None:
    if not panels:
        raise ValueError("there is nothing to draw: the network has no heads")
    rows = -(-len(panels) // ACROSS)
    for number, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(rows, min(ACROSS, len(panels)), number)
        largest = max(abs(panel.matrix).max(initial=0), 1e-300)
        axes.imshow(panel.matrix, cmap="PuOr_r", vmin=-largest, vmax=largest, aspect="auto")
        axes.set_title(f"{panel.caption}\n{panel.under}", fontsize=7)
        axes.set_xticks([])
        axes.set_yticks([])
