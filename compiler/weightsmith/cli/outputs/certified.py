"""What a certificate says of the result on these data, as lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from weightsmith.cli.outputs.bounds import distance, inequality
from weightsmith.cli.outputs.data_bounds import DataBound, data_bounds
from weightsmith.compiler.reports.bound import upward

if TYPE_CHECKING:
    from weightsmith.api import DataReport, Network
    from weightsmith.backends.template.layout import Inputs


def certified_lines(network: Network, inputs: Inputs, report: DataReport) -> Iterator[str]:
    """One line for each bound that has a number, with what it depends on and nobody measured."""
    for one in data_bounds(network, inputs, report):
        yield f"certified, before round-off: {_shown(one)}" + (
            f", if {', '.join(one.depends_on)}" if one.depends_on else ""
        )


def _shown(one: DataBound) -> str:
    """``||X - target|| <= 1.2e-6 * norm(target) = 1.2e-6 * 0.83 = 1.0e-6``."""
    bound = one.bound
    if bound.scale == "1" or one.scale is None or one.value is None or bound.value is None:
        return inequality(bound)
    factor = upward(bound.value)
    return (
        f"{distance(bound)} <= {factor} * {bound.scale} = {factor} * {upward(one.scale)}"
        f" = {upward(one.value)} ({bound.scale} is computed in float64)"
    )
