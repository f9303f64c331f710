"""The error that a program's certificate would state, before any layer is made."""

from __future__ import annotations

from fractions import Fraction

from weightsmith.compiler.certify.certificate import error_facts
from weightsmith.compiler.certify.stated import ERRORS, Stated
from weightsmith.compiler.pipeline import front
from weightsmith.dsl.program import core


class UnprovenError(Exception):
    """There is no proof of the error, for this reason."""


def error_facts_of(
    program: core.Program, bindings: dict[str, Fraction], *, gated: bool
) -> list[Stated]:
    """What bounds the distance from the targets, or from the script."""
    facts = error_facts(front(program, bindings, gated=gated), bindings)
    return [one for one in facts if one.kind in ERRORS]


def worst_error(facts: list[Stated]) -> Fraction:
    """The largest bound, of facts that are proven with numbers.  Raises UnprovenError."""
    worst = Fraction(0)
    for one in facts:
        if one.unproven is not None:
            raise UnprovenError(one.unproven)
        if one.value is None:
            raise UnprovenError("a symbol has no value")
        worst = max(worst, one.value)
    return worst
