"""Programs that leave the steps to the compiler are replaced by those that have them."""

from __future__ import annotations

from fractions import Fraction

from weightsmith.compiler.synthesize.expand import expand
from weightsmith.dsl import core


def write_out(
    program: core.Program, text: str, bindings: dict[str, Fraction]
) -> tuple[core.Program, str, dict[str, Fraction]]:
    """Return the program, its text and its bindings; the synthesised ones if it synthesises."""
    if all(one.synthesize is None for one in program.returns):
        return program, text, bindings
    found = expand(program, bindings)
    return found.program, found.text, {}
