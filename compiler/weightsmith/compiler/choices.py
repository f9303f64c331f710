"""What a script leaves to the compiler: counts of ``repeat until``, and what ``ensure`` asks."""

from __future__ import annotations

from fractions import Fraction

from weightsmith.compiler.ensure import resolve_ensure
from weightsmith.compiler.until import resolve_until
from weightsmith.dsl import core


def resolve_choices(
    program: core.Program,
    bindings: dict[str, Fraction],
    *,
    gated: bool = False,
    dtype: str = "float64",
) -> dict[str, Fraction]:
    """Return the bindings with all that the compiler chooses.  Raises DiagnosticError."""
    bindings = resolve_until(program, bindings, gated=gated)
    return resolve_ensure(program, bindings, gated=gated, dtype=dtype)
