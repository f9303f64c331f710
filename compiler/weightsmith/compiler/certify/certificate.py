"""The certificate as a document: facts with their witnesses, tied to the bytes they are about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.prove import prove_domain, prove_propagation, prove_root
from weightsmith.checker.reading.open_claims import (
    NO_RULE,
    NOT_DERIVED,
    OVER_BUDGET,
    SAYS_NOTHING,
)
from weightsmith.checker.reading.refusal import OverBudgetError, RefusedError, SaysNothingError
from weightsmith.checker.semantics.tables import Table, read_tables
from weightsmith.compiler.certify.approximation import approximation_facts, tables_json
from weightsmith.compiler.certify.exactness import exactness_witness
from weightsmith.compiler.certify.stated import Details, Stated, details_of, listed, open_fact
from weightsmith.compiler.certify.truncation import truncation_stated
from weightsmith.compiler.pipeline import Compilation, Front, front
from weightsmith.dsl.printing.core_form import core_form
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import DiagnosticError, mistake

Json = dict[str, object]
Refused = Mapping[tuple[str, str], tuple[str, str]]  # kind, output: reason for it, and details
Tables = Mapping[str, Table]  # as the checker reads them
FORMAT, VERSION = "weightsmith-certificate", 3


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

    ``layers`` is None if there are no weights.

    If the network is of a restructured script, ``written`` is the user's, and ``restructuring`` the
    claim that both are equal.  ``refused`` are distances that the checker did not accept: they are
    said not to be proven.
    """
    witness = exactness_witness(compilation.normal, compilation.candidate, compilation.template)
    script = "script.alg" if restructuring is None else "network.alg"
    facts = [Stated({"is": "exactness", "of": script}, "simulation", witness)]
    if restructuring is not None:
        steps: Json = {"steps": restructuring["steps"]}
        facts.append(Stated({"is": "restructuring", "of": script}, "rewriting", steps))
    facts += _weights(layers, dtype)
    facts += approximation_facts(compilation.lowered)
    facts += error_facts(written or compilation, bindings, refused or {})
    document = _document(
        (written or compilation).program,
        None if restructuring is None else compilation.program,
        dict(compilation.template.bindings),
        files,
        tables_json(compilation.lowered),
        facts,
    )
    return document, details_of(facts)


def certificate_of_equality(
    program: core.Program,
    exactness: Stated,
    bindings: dict[str, Fraction],
    files: dict[str, bytes | None],
    *,
    layers: int | None,
    dtype: str,
    refused: Refused,
) -> tuple[Json, Details]:
    """The certificate of a network that was not compiled, and is equal to a script without tables.

    ``layers`` and ``refused`` as of ``certificate``.
    """
    facts = [exactness, *_weights(layers, dtype)]
    if any(one.target is not None for one in program.returns):
        facts += _distances(program, bindings, refused)
    numbers = {name: str(value) for name, value in bindings.items()}
    return _document(program, None, numbers, files, [], facts), details_of(facts)


def _distances(
    program: core.Program, bindings: dict[str, Fraction], refused: Refused
) -> list[Stated]:
    """How far returned values are from their targets; open where there is no normal form."""
    try:
        return error_facts(front(program, bindings), bindings, refused)
    except DiagnosticError as problem:
        return [
            open_fact("truncation", one.name, NO_RULE, problem.diagnostics[0].message)
            for one in program.returns
            if one.target is not None
        ]


def _weights(layers: int | None, dtype: str) -> list[Stated]:
    if layers is None:
        return []
    fact: Json = {"is": "weights", "of": "model.safetensors", "dtype": dtype, "layers": layers}
    return [Stated(fact, "rounding")]


def _document(
    program: core.Program,
    network: core.Program | None,
    bindings: dict[str, str],
    files: dict[str, bytes | None],
    tables: list[Json],
    facts: list[Stated],
) -> Json:
    return {
        "format": FORMAT,
        "version": VERSION,
        "bindings": bindings,
        "files": {name: _digest(content) for name, content in files.items()},
        "program": core_form(program),
        "network": None if network is None else core_form(network),
        "tables": tables,
        "facts": listed(facts),
    }


def error_facts(
    front: Front, bindings: dict[str, Fraction], refused: Refused | None = None
) -> list[Stated]:
    """What is proven about the distance from the script, and from the targets."""
    facts: list[Stated] = []
    near = tuple(approximation_facts(front.lowered))
    try:
        tables = read_tables(tables_json(front.lowered), front.program, bindings)
        if near:
            inside = prove_domain(front.program, bindings, tables)
            facts.append(Stated(inside, "intervals", premises=near))
    except (RefusedError, OverBudgetError) as reason:
        message = f"it is not proven that the tables' arguments stay in their intervals: {reason}"
        raise mistake("table-range", front.program.span, message) from None
    proving = _Proving(front, bindings, tables, (*facts, *near))
    for position, returned in enumerate(front.program.returns):
        to_target = proving.to_target(position, refused or {})
        facts += to_target
        if tables and all(one.is_open for one in to_target):
            facts.append(proving.of("propagation", returned.name))
    return facts


@dataclass(frozen=True)
class _Proving:
    """What the checker is asked of a script; ``known`` are the facts about its tables."""

    front: Front
    bindings: dict[str, Fraction]
    tables: Tables
    known: tuple[Stated, ...]

    def to_target(self, position: int, refused: Refused) -> list[Stated]:
        """The distance from the target, if the returned value has one."""
        program = self.front.program
        returned = program.returns[position]
        if returned.target is None:
            return []
        found = refused.get(("truncation", returned.name))
        if found is not None:
            return [open_fact("truncation", returned.name, *found)]
        if isinstance(returned.target, core.Root):
            return [self.of("truncation", returned.name)]
        return [truncation_stated(program, self.front.normal, position, self.bindings)]

    def of(self, kind: str, output: str) -> Stated:
        """Ask the checker what it can prove, of what needs no witness that is sought here."""
        given = self.front.program, self.bindings, self.tables, output
        try:
            if kind == "propagation":
                return Stated(prove_propagation(*given), "telescope", premises=self.known)
            fact, rule, witness = prove_root(*given)
            return Stated(fact, rule, witness, self.known)
        except OverBudgetError as problem:
            return open_fact(kind, output, OVER_BUDGET, str(problem))
        except RefusedError as problem:
            reason = SAYS_NOTHING if isinstance(problem, SaysNothingError) else NOT_DERIVED
            return open_fact(kind, output, reason, str(problem))


def _digest(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()
