"""Numbers under which ``clip`` and ``soft`` are the functions that they say."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.dsl.program import core
from weightsmith.dsl.running import bindings


def check_limits(program: core.Program, values: Mapping[str, Fraction]) -> None:
    """Refuse bindings at which limits are out of order, or a number of a pass has no value."""
    try:
        bindings.check_limits(program, values)
    except bindings.BindingError as problem:
        raise RefusedError(f"At the template's bindings: {problem}") from None
