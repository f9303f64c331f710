"""The error that a program's certificate would claim, before any layer is made."""

from __future__ import annotations

from fractions import Fraction

from weightsmith.compiler.certify.certificate import error_claims
from weightsmith.compiler.pipeline import front
from weightsmith.dsl.program import core

Json = dict[str, object]


class UnprovenError(Exception):
    """There is no proof of the error, for this reason."""


def error_claims_of(
    program: core.Program, bindings: dict[str, Fraction], *, gated: bool
) -> list[Json]:
    """The claims about the distance from the targets, or from the script."""
    claims = error_claims(front(program, bindings, gated=gated), bindings)
    return [claim for claim in claims if claim["kind"] in ("truncation", "propagation")]


def worst_error(claims: list[Json]) -> Fraction:
    """The largest bound, of claims that are proven with numbers.  Raises UnprovenError."""
    worst = Fraction(0)
    for claim in claims:
        if "unproven" in claim:
            raise UnprovenError(str(claim["unproven"]))
        bound = claim["bound"]
        value = bound["value"] if isinstance(bound, dict) else None
        if value is None:
            raise UnprovenError("a symbol has no value")
        worst = max(worst, Fraction(str(value)))
    return worst
