"""What a certificate says of the result on given data: its bounds as absolute numbers.

The factor is proven and rounded up.  The scale is that of the data, computed in float64 and said
to be: its last digits are not proven.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from weightsmith.backends.measure import DataReport, Verdict
from weightsmith.backends.measure.data import Data, read_data, reads_of
from weightsmith.backends.measure.decimals import rounded
from weightsmith.backends.measure.enclosure import WORK
from weightsmith.cli.outputs.scale import Scaled, matrix_of, scale_of, truncations
from weightsmith.compiler.reports.bound import Bound, upward
from weightsmith.dsl.numbers.scalars import ScalarError
from weightsmith.dsl.running.interpreter import InputError

if TYPE_CHECKING:
    from weightsmith.api import Network
    from weightsmith.backends.template.layout import Inputs

LEAST_WORK = 2**17  # multiply-adds that evaluating a target is counted as, at the least


@dataclass(frozen=True)
class DataBound:
    """A bound of the certificate and its numbers on given data, before round-off.

    ‖value − target‖₂ ≤ ``value`` = factor · ``scale``, both rounded up.  ``scale`` is 1 where the
    bound is absolute already.  Both are None where the scale costs too much, or has no value.
    ``depends_on`` names the hypotheses that nobody measured, or that these data do not meet: the
    number holds if they do.
    """

    bound: Bound
    scale: Fraction | None
    value: Fraction | None
    depends_on: tuple[str, ...]


def data_bounds(
    network: Network, inputs: Inputs, report: DataReport | None = None
) -> tuple[DataBound, ...]:
    """The bounds that have a number, on these data; ``report`` is ``network.check(inputs)``."""
    report = network.check(inputs) if report is None else report
    scaled = {one.output: one for one in truncations(network.certificate)}
    found = []
    for bound in network.bounds:
        if bound.value is None:
            continue
        scale: Fraction | None = Fraction(1)
        if bound.scale != "1":
            fact = scaled.get(bound.output)
            scale = None if fact is None else _scale(network, fact, inputs)
        value = None if scale is None else Fraction(upward(bound.value)) * scale
        found.append(DataBound(bound, scale, value, _open_conditions(bound, report)))
    return tuple(found)


def _open_conditions(bound: Bound, report: DataReport) -> tuple[str, ...]:
    """What the bound depends on and was not found to hold of the data."""
    fine = (Verdict.HOLDS, Verdict.ROUND_OFF)
    met = {row.hypothesis for row in report.rows if row.verdict in fine}
    unmeasured = [row.hypothesis for row in report.unmeasured]
    named = [text for text in bound.hypotheses if text not in met]
    return tuple(dict.fromkeys([*named, *unmeasured]))


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
