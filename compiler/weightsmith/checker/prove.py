"""What the checker proves by itself, for the compiler: claims whose evidence it derives anew.

Each function returns a claim without its ``id``, and raises RefusedError with a reason for the
reader where there is no proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from weightsmith.checker.claims import domain, exactness, propagation, restructuring, root_claim
from weightsmith.checker.reading.refusal import Budget
from weightsmith.checker.reading.strict_json import as_list, read_json
from weightsmith.checker.reading.template import read_template
from weightsmith.checker.semantics.premises import as_json
from weightsmith.checker.semantics.tables import Table, read_tables
from weightsmith.dsl.program import core

Json = dict[str, object]
Tables = list[Json] | Mapping[str, Table]  # as a certificate has them, or read


def prove_domain(program: core.Program, bindings: Mapping[str, Fraction], tables: Tables) -> Json:
    """The claim that every argument of a table lies in the table's interval."""
    read = _read(tables, program, bindings)
    hypotheses = domain.derive_domain(program, bindings, read, Budget())
    return {
        "kind": "domain",
        "hypotheses": as_json(hypotheses),
        "steps": [{"step": 1, "rule": domain.RULE}],
    }


def prove_propagation(
    program: core.Program, bindings: Mapping[str, Fraction], tables: Tables, output: str
) -> Json:
    """The claim how far a returned value is from what the script says with exact functions."""
    read = _read(tables, program, bindings)
    derived = propagation.derive_propagation(program, bindings, read, output, Budget())
    return {
        "kind": "propagation",
        "output": output,
        "hypotheses": as_json(derived.hypotheses),
        "steps": [{"step": 1, "rule": propagation.RULE}],
        "bound": {"formula": derived.formula, "value": str(derived.value)},
        "norm": propagation.NORM,
    }


def prove_root(
    program: core.Program, bindings: Mapping[str, Fraction], tables: Tables, output: str
) -> Json:
    """The claim how far a returned value is from the root that is its target."""
    read = _read(tables, program, bindings)
    derived = root_claim.derive_root(program, bindings, read, output, Budget())
    return {
        "kind": "truncation",
        "output": output,
        "hypotheses": as_json(derived.hypotheses),
        "steps": [derived.step],
        "bound": {"formula": derived.formula, "value": str(derived.value)},
        "scale": "1",
    }


def _read(
    tables: Tables, program: core.Program, bindings: Mapping[str, Fraction]
) -> Mapping[str, Table]:
    return read_tables(tables, program, bindings) if isinstance(tables, list) else tables


def prove_exactness(
    program: core.Program, template: bytes, steps: list[object], tables: list[object]
) -> None:
    """Refuse unless the steps show that the template computes the program."""
    read = read_template(read_json(template, "The template"))
    known = read_tables(tables, program, read.bindings)
    exactness.check_exactness(program, read, steps, Budget(), known)


def prove_restructuring(
    script: core.Program,
    network: core.Program,
    bindings: Mapping[str, Fraction],
    claim: Json,
) -> None:
    """Refuse unless the claim's steps show that both scripts return the same values."""
    steps = as_list(claim["steps"], "The steps")
    restructuring.check_restructuring(script, network, bindings, steps, Budget())
