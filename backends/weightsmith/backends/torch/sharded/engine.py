"""The plans of a network whose tokens several processes share.

They are the same in every process: they depend on the sizes that all of them know, not on how many
tokens each has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from weightsmith.backends.errors import ShardingError, listed
from weightsmith.backends.plan.build import Form, Plan
from weightsmith.backends.plan.partial_sums import sharded_plan
from weightsmith.backends.template.coefficients import Bindings
from weightsmith.backends.template.instantiate import Weights
from weightsmith.backends.template.layout import axes_of, input_groups
from weightsmith.backends.torch.plans.engine import Engine
from weightsmith.backends.torch.plans.module import PlannedModule
from weightsmith.backends.torch.sharded.processes import Processes
from weightsmith.compiler.ir.template import Template

MANY = 2**20  # tokens of a process, for which plans are made; speed only


def check_axis(template: Template, axis: str) -> None:
    """Raise ShardingError unless an input of the network has the axis."""
    keys = [(name, g) for name, some in input_groups(template).items() for g in some or (None,)]
    told = {one for key in keys for one in axes_of(template, *key) if not one.isdigit()}
    if axis not in told:
        raise ShardingError(
            f"no input of the network has the axis '{axis}' that processes could share; expected "
            f"'over' out of {listed(sorted(told))}."
        )


class ShardedModule(PlannedModule):
    """Runs a plan that has sums over processes.  ``digest``: equal where the plan is the same."""

    def __init__(self, plan: Plan, untold: Mapping[str, int], processes: Processes) -> None:
        super().__init__(plan, untold, processes.all_reduce)
        graph = plan.graph
        text = repr((graph.nodes, graph.loops, list(graph.constants), sorted(untold.items())))
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:12]


class ShardedEngine(Engine):
    """Makes plans in which the axis ``over`` is this process's part."""

    def __init__(
        self,
        template: Template,
        weights: Weights,
        bindings: Bindings | None,
        forms: tuple[Form, ...],
        over: str,
        processes: Processes,
    ) -> None:
        super().__init__(template, weights, bindings, forms)
        self.sharded = frozenset((over,))
        self._processes = processes

    def module(self, sizes: Mapping[str, int]) -> PlannedModule:
        return super().module({**sizes, **dict.fromkeys(self.sharded, MANY)})

    def _plan(self, sizes: Mapping[str, int]) -> Plan:
        return sharded_plan(super()._plan(sizes), self.sharded)

    def _made(
        self, plan: Plan, untold: Mapping[str, int], about: Mapping[str, int]
    ) -> PlannedModule:
        return ShardedModule(plan, untold, self._processes)
