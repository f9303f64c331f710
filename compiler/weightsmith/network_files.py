"""The files of a compiled directory: script, template, weights, and a certificate that holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from weightsmith.backends.errors import TooLargeError
from weightsmith.backends.storage.files import CERTIFICATE, MODEL, NETWORK, SCRIPT, TEMPLATE
from weightsmith.backends.storage.safetensors_file import weights_to_bytes
from weightsmith.backends.template.instantiate import dense_weights, structured_weights
from weightsmith.backends.template.template_json import canonical_json, template_to_json
from weightsmith.backends.template.unroll import missing_symbols, unroll
from weightsmith.checker.reading.open_claims import NOT_ACCEPTED, OVER_BUDGET
from weightsmith.compiler.choosing.fixed_matrices import Fixed, with_matrices
from weightsmith.compiler.pipeline import Compilation, compile_program
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import Diagnostic, DiagnosticError, error

if TYPE_CHECKING:
    from weightsmith.checker.facts.table_proof import TableProof
    from weightsmith.checker.reading.verdicts import Verdict
    from weightsmith.compiler.certify.stated import Details
    from weightsmith.compiler.ir.template import Template
    from weightsmith.compiler.restructure.attempt import Restructured


Json = dict[str, object]
Bindings = dict[str, Fraction]
Opened = dict[tuple[str, str], tuple[str, str]]  # kind, output: why it is not proven, details
DERIVED = ("intervals", "telescope", "rewriting", "descent", "logistic_newton")  # asked before
STEPS = ("spectrum", "recurrence")  # kinds of facts from which distances follow, and nothing else
REFUSED = "the checker does not accept the bound that was found"
SIMPLER = "give loops smaller counts, or the script fewer and shorter numbers"
HINTS = {  # by the claim that is not accepted
    "exactness": "rewrite the step so that every product stands between values held on tokens",
    "approximation": "allow the function a larger error, or give its argument a shorter interval",
}


class Making(Protocol):
    """Files that are made with a certificate, which may have to leave distances open."""

    def files(self, opened: Opened | None = None) -> tuple[dict[str, bytes], Details]:
        """The files by name, and details of what the certificate leaves open.

        ``opened`` are distances that it shall leave open.
        """
        ...

    @property
    def proofs(self) -> tuple[TableProof, ...]:
        """What the checker has proven of tables while they were made."""
        ...


@dataclass(frozen=True)
class Proven:
    """A network of whose files the checker accepts every claim; ``details`` of the open ones."""

    compilation: Compilation
    found: Restructured
    files: dict[str, bytes]
    details: Details


def proven_files(
    program: core.Program,
    bindings: Bindings,
    found: Restructured,
    script: bytes,
    *,
    dtype: str,
    dims: Mapping[str, int] | None,
    gated: bool,
    fewest: str | None,
    matrices: Fixed,
) -> Proven:
    """The first network of whose files the checker accepts every claim; no other is handed out.

    A distance from a target that it does not accept is open, with its reason; whatever else it does
    not accept leads to the next network.  Tried are the restructured one, then the one of the
    script, then that without a search for values that are cheaper to hold.  Raises DiagnosticError.
    """
    first: Verdict | None = None
    given_up = ""
    tried: list[tuple[Template, bool]] = []
    for compiled, kept in _networks(program, bindings, found, gated, fewest):
        filled = with_matrices(compiled.template, matrices)
        compilation = replace(compiled, template=filled)
        if (compilation.template, kept.changed) in tried:
            continue
        tried.append((compilation.template, kept.changed))
        made = NetworkFiles(compilation, kept, bindings, script, dtype, dims)
        try:
            files, details, failed = accepted(made)
        except TooLargeError:
            continue  # a number that the dtype does not hold
        if failed is None:
            note = (f"another network was given up: {given_up}",) if given_up else ()
            return Proven(compilation, replace(kept, notes=(*kept.notes, *note)), files, details)
        first = first or failed
        given_up = given_up or (failed.reason if failed.over_budget else "")
    raise DiagnosticError([_none_proven(program, first, dtype)])


def _none_proven(program: core.Program, failed: Verdict | None, dtype: str) -> Diagnostic:
    """``failed``: the first claim that is not accepted; None if the dtype holds no network."""
    if failed is None:
        message = f"a number of the network is too large for {dtype}"
        return error(
            "coefficient", program.span, message, "scale the script's numbers, or its inputs"
        )
    message = f"no network is proven to hold the values of '{program.name}': {failed.reason}"
    hint = SIMPLER if failed.over_budget else HINTS.get(failed.kind)
    return error("not-proven", program.returns[0].span, message, hint)


def _networks(
    program: core.Program,
    bindings: Bindings,
    found: Restructured,
    gated: bool,
    fewest: str | None,
) -> Iterator[tuple[Compilation, Restructured]]:
    if found.compilation is not None:
        yield found.compilation, found
        note = "as written: the restructured network is not proven"
        found = replace(found, changed=False, notes=(note,), claim=None, written=None, text="")
    for search in (True, False):
        compiled = compile_program(program, bindings, gated=gated, fewest=fewest, search=search)
        yield compiled, found


@dataclass(frozen=True)
class NetworkFiles:
    """What the files are made of.

    ``script`` is the user's; ``found`` says whether its loops were restructured; ``dims`` makes the
    weights the full matrices.
    """

    compilation: Compilation
    found: Restructured
    bindings: Bindings
    script: bytes
    dtype: str
    dims: Mapping[str, int] | None

    def files(self, opened: Opened | None = None) -> tuple[dict[str, bytes], Details]:
        """The files by name, and details of what the certificate leaves open.

        ``opened`` are distances that it shall leave open.
        """
        from weightsmith.checker.reading.refusal import SHARE, Budget
        from weightsmith.compiler.certify.certificate import certificate as make_certificate

        with Budget(SHARE).active():
            document, details = make_certificate(
                self.compilation,
                self.bindings,
                {**self._named, MODEL: self._named.get(MODEL)},
                layers=len(unroll(self.compilation.template)) if MODEL in self._named else None,
                dtype=self.dtype,
                written=self.found.written,
                restructuring=self.found.claim,
                refused=opened,
            )
        written = canonical_json(document).encode()  # type: ignore[arg-type]
        return {**self._named, CERTIFICATE: written}, details

    @property
    def proofs(self) -> tuple[TableProof, ...]:
        """What the checker has proven of tables while they were made."""
        tables = [one.table for one in self.compilation.lowered.tables]
        found = (None if table is None else table.proof for table in tables)
        return tuple(proof for proof in found if proof is not None)

    @cached_property
    def _named(self) -> dict[str, bytes]:
        """All but the certificate; weights only if every symbol has a value."""
        template = self.compilation.template
        files = {SCRIPT: self.script, TEMPLATE: template_to_json(template).encode()}
        if self.found.changed:
            files[NETWORK] = self.found.text.encode()
        return {**files, **weights_of(template, self.dtype, self.dims)}


def weights_of(template: Template, dtype: str, dims: Mapping[str, int] | None) -> dict[str, bytes]:
    """The file of weights; none while a symbol has no value, or a fixed matrix no numbers."""
    filled = all(matrix.entries for matrix in template.matrices)
    if not filled or missing_symbols(template):
        return {}
    weights = (
        structured_weights(template, dtype=dtype)  # type: ignore[arg-type]
        if dims is None
        else dense_weights(template, dims, dtype=dtype)  # type: ignore[arg-type]
    )
    return {MODEL: weights_to_bytes(weights)}


def accepted(made: Making) -> tuple[dict[str, bytes], Details, Verdict | None]:
    """The files, what they leave open, and the verdict that refuses them: None if all are well."""
    opened: Opened = {}
    while True:
        files, details = made.files(opened)
        more, failed = _refused(files, made.proofs)
        if failed is not None or not more:
            return files, details, failed
        opened |= more


def _refused(
    files: Mapping[str, bytes], proofs: Sequence[TableProof]
) -> tuple[Opened, Verdict | None]:
    """The distances that the checker does not accept, or the verdict that rules the network out.

    What the checker itself derived while tables and facts were made is not derived again.
    """
    from weightsmith.checker.verify import verify_files

    lines = json.loads(files[CERTIFICATE])["facts"]
    parts = [{key: line[key] for key in ("fact", "by", "with")} for line in lines]
    derived = [one for one in parts if one["by"] in DERIVED]
    opened: Opened = {}
    first: Verdict | None = None  # on what a distance was to follow from
    for verdict in verify_files(files, derived, proofs):
        if verdict.accepted or verdict.kind == "promise":
            continue  # promises are judged of the network as a whole, with their places
        if verdict.kind in STEPS:
            first = first or verdict
            continue
        fact: Json = parts[verdict.claim - 1]["fact"] if verdict.claim else {}
        if fact.get("is") != "truncation":
            return {}, verdict
        why = first or verdict
        over = why.over_budget
        detail = why.reason if over else f"{REFUSED}: {why.reason}"
        reason = OVER_BUDGET if over else NOT_ACCEPTED
        opened["truncation", str(fact["of"])] = reason, detail
    return opened, None
