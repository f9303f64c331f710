"""How far a network on data is from its target, in the certificate's terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from weightsmith import api
from weightsmith.cli.demonstration.demo_data import Problem
from weightsmith.cli.outputs.scale import matrix_of, norm, scale_of, truncations

Against = Literal["target", "script"]


@dataclass(frozen=True)
class Promise:
    """What is certified of one returned value, before round-off.

    ``target``: ‖returned − target‖₂ ≤ value · scale.  ``script``: every entry of
    |returned − script| ≤ value; 0 where the certificate says that the two are equal.
    """

    output: str
    against: Against
    value: float | None
    formula: str
    scale: str


def promises(network: api.Network) -> list[Promise]:
    """What the certificate says of every returned value."""
    bounds = {bound.output: bound for bound in network.bounds}
    found = []
    for returned in network.program.returns:
        bound = bounds.get(returned.name)
        if bound is None:
            found.append(Promise(returned.name, "script", 0.0, "0", "1"))
            continue
        value = None if bound.value is None else float(api.upward(bound.value))
        against: Against = "target" if bound.against == "target" else "script"
        found.append(Promise(bound.output, against, value, bound.formula, bound.scale))
    return found


def observed_errors(network: api.Network, problem: Problem, dtype: str) -> dict[str, float]:
    """The error of each returned value, as its promise counts it."""
    answer = network.run(problem.inputs, dtype)
    script, target = network.interpret(problem.inputs), network.target(problem.inputs)
    scaled = {one.output: one for one in truncations(network.certificate)}
    known = network.script_inputs(problem.inputs)
    errors = {}
    for promise in promises(network):
        name = promise.output
        found = matrix_of(answer[name]).astype(np.float64)
        if promise.against == "script":
            errors[name] = float(np.abs(found - matrix_of(script[name])).max())
            continue
        wanted = matrix_of(target[name])
        scale = norm(wanted)
        if name in scaled:
            scale = scale_of(scaled[name], network.program, known, wanted, network.bindings)
        errors[name] = norm(found - wanted) / scale
    return errors
