"""Adds to a directory by hand what the checker can derive: domain and propagation claims."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from checker_writing import Case
from claims_by_hand import domain_claim, propagation_claim

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.dsl import DiagnosticError, Source, check

DERIVED = ("domain", "propagation")


def complete(case: Case) -> Case:
    """The case with the claims that its tables make it owe, as far as they can be derived."""
    case.claims = [claim for claim in case.claims if claim["kind"] not in DERIVED]
    try:
        program = check(Source("script.alg", case.script))
        case.claims += _claims(case, program)
    except (RefusedError, DiagnosticError):
        pass  # the test is about what is wrong with it
    return case


def _claims(case: Case, program: Any) -> list[dict[str, Any]]:
    bindings = {name: Fraction(value) for name, value in case.template["bindings"].items()}
    claims: list[dict[str, Any]] = []
    if any(table["function"] != "gated" for table in case.tables):
        claims.append(domain_claim(program, bindings, case.tables))
    for returned in program.returns if case.tables else ():
        if returned.target is None:
            claims.append(propagation_claim(program, bindings, case.tables, returned.name))
    return claims
