"""The plans of a network whose coefficients are numbers of tokens: one set for each number."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from weightsmith.backends.errors import LayoutError
from weightsmith.backends.template.layout import Answer, Inputs, fit
from weightsmith.backends.template.token_counts import counted
from weightsmith.backends.torch.plans.engine import Engine
from weightsmith.backends.torch.plans.module import PlannedModule
from weightsmith.compiler.ir.template import Template

MOST = 64  # engines that are kept


class SizedEngine:
    """Stands for an ``Engine``; ``make`` gives that of a template with all numbers.

    Raises LayoutError where a group has tokens that only fill it up, for then there is no number.
    """

    def __init__(
        self, template: Template, make: Callable[[Template], Engine], masked: tuple[str, ...]
    ) -> None:
        for symbol, group in template.sizes:
            if group in masked:
                raise LayoutError(
                    f"'{symbol}' is the number of {group} tokens, so these take no mask."
                )
        self._template = template
        self._make = make
        self._engines: dict[Template, Engine] = {}
        self.masked = masked

    def module(self, sizes: Mapping[str, int]) -> PlannedModule:
        """The plan for these sizes.  Raises LayoutError where a number of tokens is not known."""
        for symbol, group in self._template.sizes:
            if group not in sizes:
                raise LayoutError(
                    f"'{symbol}' is the number of {group} tokens, which is not known."
                )
        return self._engine(sizes).module(sizes)

    def run(
        self, inputs: Inputs, dtype: str | None = None, *, dims: Mapping[str, int] | None = None
    ) -> Answer:
        """As ``Engine.run``."""
        counts = dict(fit(self._template, inputs, dims=dims).groups)
        return self._engine(counts).run(inputs, dtype, dims=dims)

    def _engine(self, counts: Mapping[str, int]) -> Engine:
        template = counted(self._template, counts)
        if template not in self._engines:
            self._engines[template] = self._make(template)
            if len(self._engines) > MOST:
                del self._engines[next(iter(self._engines))]
        return self._engines[template]
