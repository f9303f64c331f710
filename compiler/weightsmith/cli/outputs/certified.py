"""What a certificate says of the result on these data: its bounds as absolute numbers.

The factor is proven and rounded up.  The scale is that of the data, computed in float64 and said
to be: its last digits are not proven.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from weightsmith.backends.measure import Verdict
from weightsmith.backends.measure.data import Data, read_data, reads_of
from weightsmith.backends.measure.decimals import rounded
from weightsmith.backends.measure.enclosure import WORK
from weightsmith.cli.outputs.bounds import distance, inequality
from weightsmith.cli.outputs.scale import Scaled, matrix_of, scale_of, truncations
from weightsmith.compiler.reports.bound import upward
from weightsmith.dsl.numbers.scalars import ScalarError
from weightsmith.dsl.running.interpreter import InputError

if TYPE_CHECKING:
    from weightsmith.api import Bound, DataReport, Network
    from weightsmith.backends.template.layout import Inputs

LEAST_WORK = 2**17  # multiply-adds that evaluating a target is counted as, at the least


def certified_lines(network: Network, inputs: Inputs, report: DataReport) -> Iterator[str]:
    """One line for each bound that has a number, with what it depends on and nobody measured."""
    scaled = {one.output: one for one in truncations(network.certificate)}
    for bound in network.bounds:
        if bound.value is None:
            continue
        scale = None
        if bound.scale != "1" and bound.output in scaled:
            scale = _scale(network, scaled[bound.output], inputs)
        open_ones = _open_conditions(bound, report)
        yield f"certified, before round-off: {_shown(bound, bound.value, scale)}" + (
            f", if {', '.join(open_ones)}" if open_ones else ""
        )


def _shown(bound: Bound, value: Fraction, scale: Fraction | None) -> str:
    """``||X - target|| <= 1.2e-6 * norm(target) = 1.2e-6 * 0.83 = 1.0e-6``."""
    if scale is None:
        return inequality(bound)
    factor = Fraction(upward(value))
    return (
        f"{distance(bound)} <= {upward(value)} * {bound.scale} = {upward(value)} * {upward(scale)}"
        f" = {upward(factor * scale)} ({bound.scale} is computed in float64)"
    )


def _open_conditions(bound: Bound, report: DataReport) -> list[str]:
    """What the bound depends on and was not found to hold of the data."""
    met = {row.hypothesis for row in report.rows if row.verdict is not Verdict.UNMEASURED}
    unmeasured = [row.hypothesis for row in report.unmeasured]
    named = [text for text in bound.hypotheses if text not in met]
    return list(dict.fromkeys([*named, *unmeasured]))


def _scale(network: Network, fact: Scaled, inputs: Inputs) -> Fraction | None:
    """The largest scale of a batch, rounded up; None if it is too large or has no value."""
    data = read_data(network.program, inputs, reads_of(network.template))
    work = sum(one[0].size * min(one.shape[-2:]) for one in data.matrices.values()) + LEAST_WORK
    if work * data.problems > WORK:
        return None
    output = fact.output
    try:
        found = []
        for problem in range(data.problems):
            own = _problem(data, problem)
            target = matrix_of(network.target(own)[output])
            known = network.script_inputs(own)
            found.append(scale_of(fact, network.program, known, target, network.bindings))
    except (KeyError, ValueError, InputError, ScalarError, np.linalg.LinAlgError):
        return None
    largest = max(found)
    return rounded(Fraction(largest), up=True) if np.isfinite(largest) else None


def _problem(data: Data, problem: int) -> dict[str, np.ndarray | Mapping[str, np.ndarray]]:
    """One problem of a batch as the inputs of a script."""
    own: dict[str, np.ndarray | Mapping[str, np.ndarray]] = {}
    groups: dict[str, dict[str, np.ndarray]] = {}
    for (name, group), matrices in data.matrices.items():
        if group:
            groups.setdefault(name, {})[group] = matrices[problem]
        else:
            own[name] = matrices[problem]
    return {**own, **groups}
