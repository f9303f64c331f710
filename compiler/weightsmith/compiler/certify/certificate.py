"""The certificate as a document: claims with their evidence, tied to the bytes they speak of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from fractions import Fraction

from weightsmith.checker.prove import prove_domain, prove_propagation, prove_root
from weightsmith.checker.reading.open_claims import (
    NOT_DERIVED,
    OVER_BUDGET,
    SAYS_NOTHING,
)
from weightsmith.checker.reading.refusal import OverBudgetError, RefusedError, SaysNothingError
from weightsmith.checker.semantics.tables import Table, read_tables
from weightsmith.compiler.certify.approximation import approximation_claims, tables_json
from weightsmith.compiler.certify.exactness import exactness_steps
from weightsmith.compiler.certify.open_claim import (
    Details,
    details_of,
    for_certificate,
    open_claim,
)
from weightsmith.compiler.certify.truncation import truncation_claim
from weightsmith.compiler.pipeline import Compilation, Front
from weightsmith.dsl.printing.core_form import core_form
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import DiagnosticError, error

Json = dict[str, object]
Refused = Mapping[tuple[str, str], tuple[str, str]]  # kind, output: reason for it, and details
Tables = Mapping[str, Table]  # as the checker reads them
Prover = Callable[[core.Program, Mapping[str, Fraction], Tables, str], Json]
FORMAT, VERSION = "weightsmith-certificate", 2


def certificate(
    compilation: Compilation,
    bindings: dict[str, Fraction],
    files: dict[str, bytes | None],
    *,
    layers: int | None,
    dtype: str,
    written: Front | None = None,
    restructuring: Json | None = None,
    refused: Refused | None = None,
) -> tuple[Json, Details]:
    """Return the certificate, and details of what it leaves open.

    ``layers`` is None if there are no weights to speak of.

    If the network is of a restructured script, ``written`` is the user's, and ``restructuring`` the
    claim that both are equal.  ``refused`` are distances that the checker did not accept: they are
    said not to be proven.
    """
    steps = exactness_steps(compilation.normal, compilation.candidate, compilation.template)
    tables = tables_json(compilation.lowered)
    claims: list[Json] = [{"kind": "exactness", "steps": _numbered(steps)}]
    if restructuring is not None:
        claims.append(restructuring)
    if layers is not None:
        rounding: Json = {"rule": "rounding", "dtype": dtype, "layers": layers}
        claims.append({"kind": "weights", "steps": _numbered([rounding])})
    claims += approximation_claims(compilation.lowered)
    claims += error_claims(written or compilation, bindings, refused or {})
    document: Json = {
        "format": FORMAT,
        "version": VERSION,
        "bindings": dict(compilation.template.bindings),
        "files": {name: _digest(content) for name, content in files.items()},
        "program": core_form((written or compilation).program),
        "network": None if restructuring is None else core_form(compilation.program),
        "tables": tables,
        "claims": [{"id": n, **for_certificate(claim)} for n, claim in enumerate(claims, 1)],
    }
    return document, details_of(claims)


def error_claims(
    front: Front, bindings: dict[str, Fraction], refused: Refused | None = None
) -> list[Json]:
    """What is proven about the distance from the script, and from the targets."""
    claims: list[Json] = []
    try:
        tables = read_tables(tables_json(front.lowered), front.program, bindings)
        if any(table.table is not None for table in front.lowered.tables):
            claims.append(prove_domain(front.program, bindings, tables))
    except (RefusedError, OverBudgetError) as reason:
        message = f"it is not proven that the tables' arguments stay in their intervals: {reason}"
        raise DiagnosticError([error(front.program.span, message)]) from None
    for position, returned in enumerate(front.program.returns):
        to_target = _to_target(front, position, bindings, refused or {}, tables)
        claims += to_target
        if tables and all("unproven" in claim for claim in to_target):
            proven = _proven(
                "propagation", prove_propagation, front, bindings, returned.name, tables
            )
            claims.append(proven)
    return claims


def _to_target(
    front: Front,
    position: int,
    bindings: dict[str, Fraction],
    refused: Refused,
    tables: Tables,
) -> list[Json]:
    """The claim about the distance from the target, if the returned value has one."""
    returned = front.program.returns[position]
    if returned.target is None:
        return []
    found = refused.get(("truncation", returned.name))
    if found is not None:
        return [open_claim("truncation", returned.name, *found)]
    if isinstance(returned.target, core.Root):
        return [_proven("truncation", prove_root, front, bindings, returned.name, tables)]
    return [truncation_claim(front.program, front.normal, position, bindings)]


def _proven(
    kind: str,
    prove: Prover,
    front: Front,
    bindings: dict[str, Fraction],
    output: str,
    tables: Tables,
) -> Json:
    """Ask the checker what it can prove, in these claims that need no witness."""
    try:
        return prove(front.program, bindings, tables, output)
    except OverBudgetError as problem:
        return open_claim(kind, output, OVER_BUDGET, str(problem))
    except RefusedError as problem:
        reason = SAYS_NOTHING if isinstance(problem, SaysNothingError) else NOT_DERIVED
        return open_claim(kind, output, reason, str(problem))


def _digest(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def _numbered(steps: list[Json]) -> list[Json]:
    return [{"step": number, **step} for number, step in enumerate(steps, 1)]
