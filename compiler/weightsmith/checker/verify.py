"""Verify a compiled directory: every claim of its certificate, each with a verdict of its own."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from weightsmith.checker import (
    approximation,
    error_claims,
    exactness,
    restructuring,
    truncation,
)
from weightsmith.checker.certificate import (
    KEYS,
    NETWORK,
    Certificate,
    Claim,
    check_form,
    check_number,
    is_unproven,
    read_certificate,
    unproven_reason,
)
from weightsmith.checker.compiled_files import Directory, Files, InMemory
from weightsmith.checker.refusal import Deadline, RefusedError, quoted, require
from weightsmith.checker.strict_json import read_json
from weightsmith.checker.tables import Gated, Table, read_tables
from weightsmith.checker.template import Template, read_template
from weightsmith.checker.wording import approximation_statement, truncation_statement
from weightsmith.dsl import DiagnosticError, Source, check, core

CERTIFICATE = "certificate.json"
SCRIPT, TEMPLATE, WEIGHTS = "script.alg", "template.json", "model.safetensors"
NO_VALUE = (
    "The formula is derived. Its side conditions (signs, ends of the spectrum, rate*high <= n) "
    "could not be checked: a symbol has no value."
)
DERIVED = {"domain": error_claims.check_domain, "propagation": error_claims.check_propagation}
KNOWN = "What the checker has derived for these files."
INTEGRITY = "The files are those of which the certificate speaks."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one claim; ``claim`` is its id, 0 for what the certificate as a whole owes."""

    claim: int
    kind: str
    statement: str
    accepted: bool
    reason: str
    seconds: float
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    directory: str
    verdicts: tuple[Verdict, ...]

    @property
    def accepted(self) -> bool:
        """True if there are verdicts and none is a refusal."""
        return bool(self.verdicts) and all(verdict.accepted for verdict in self.verdicts)


def verify_directory(path: str | os.PathLike[str]) -> Report:
    """Re-derive every claim; whatever is wrong with the files becomes a verdict, never an error."""
    return Report(str(path), _verdicts(Directory(path), ()))


def verify_files(
    files: Mapping[str, bytes], derived: Sequence[Mapping[str, object]] = ()
) -> tuple[Verdict, ...]:
    """The verdicts on files that are not written yet, by the same checks as of a directory.

    ``derived`` are claims, without their ids, that functions of ``prove`` have just returned for
    these very files: the checker has derived them, and does not do it a second time.
    """
    return _verdicts(InMemory(files), derived)


def _verdicts(files: Files, derived: Sequence[Mapping[str, object]]) -> tuple[Verdict, ...]:
    begin = time.perf_counter()
    try:
        certificate = read_certificate(read_json(files.text(CERTIFICATE), CERTIFICATE))
    except Exception as error:
        reason = _reason(error)
        seconds = time.perf_counter() - begin
        verdict = Verdict(0, "certificate", "The certificate is readable.", False, reason, seconds)
        return (verdict,)
    return tuple(_Verifier(files, certificate, derived).verdicts())


class _Verifier:
    """Reads each file once; an unreadable one refuses every claim that needs it."""

    def __init__(
        self, files: Files, certificate: Certificate, derived: Sequence[Mapping[str, object]]
    ) -> None:
        self._files = files
        self._certificate = certificate
        self._known = derived
        self._programs: dict[str, core.Program] = {}
        self._template: Template | None = None
        self._tables: Mapping[str, Table] | None = None

    def verdicts(self) -> Iterator[Verdict]:
        yield _judge(0, "integrity", INTEGRITY, self._integrity)
        seen: set[tuple[str, str | None]] = set()
        for claim in self._certificate.claims:
            key = (claim.kind, claim.subject)
            yield self._claim(claim, key in seen)
            seen.add(key)
        yield from self._missing(seen)

    def _read_program(self, name: str = SCRIPT) -> core.Program:
        if name not in self._programs:
            try:
                text = self._files.text(name).decode("utf-8")
                self._programs[name] = check(Source(name, text), read=_no_other_script)
            except UnicodeDecodeError:
                raise RefusedError("The script is not UTF-8 text.") from None
            except DiagnosticError as error:
                raise RefusedError(f"The script has an error: {quoted(str(error))}.") from None
        return self._programs[name]

    @property
    def _restructured(self) -> bool:
        """Is the network that of network.alg, and not of the user's script?"""
        return self._certificate.hashes[NETWORK] is not None

    def _compiled_program(self) -> core.Program:
        """The program of which the network is."""
        return self._read_program(NETWORK if self._restructured else SCRIPT)

    def _read_template(self) -> Template:
        if self._template is None:
            self._template = read_template(read_json(self._files.text(TEMPLATE), "The template"))
        return self._template

    def _read_tables(self) -> Mapping[str, Table]:
        if self._tables is None:
            program, template = self._compiled_program(), self._read_template()
            self._tables = read_tables(self._certificate.tables, program, template.bindings)
        return self._tables

    def _integrity(self) -> str:
        for name, claimed in self._certificate.hashes.items():
            if claimed is None:
                absent = not self._files.has(name)
                require(absent, f"{name} is there, but the certificate knows of no such file.")
                continue
            data = self._files.weights(name) if name == WEIGHTS else self._files.text(name)
            found = hashlib.sha256(data).hexdigest()
            require(found == claimed, f"{name} is not the file that the certificate speaks of.")
        return f"The hashes agree{self._bindings_agree()}."

    def _bindings_agree(self) -> str:
        try:
            template = self._read_template()
        except RefusedError:
            return ""  # exactness says what is wrong with it
        spoken_of = {name: str(value) for name, value in template.bindings.items()}
        same = spoken_of == dict(self._certificate.bindings)
        require(same, "The template's bindings are not those that the certificate speaks of.")
        return ", and the bindings"

    def _claim(self, claim: Claim, again: bool) -> Verdict:
        if again:
            return _refused(claim.number, claim.kind, "This claim is made twice.")
        if {key: value for key, value in claim.parts.items() if key != "id"} in self._known:
            return _judge(claim.number, claim.kind, KNOWN, lambda: _numbered(claim))
        if claim.kind == "exactness":
            tables = bool(self._certificate.tables)
            statement = exactness.WITH_TABLES if tables else exactness.STATEMENT
            if self._restructured:
                statement = statement.replace(SCRIPT, NETWORK)
            return _judge(
                claim.number, claim.kind, statement, lambda: self._exactness(claim, statement)
            )
        if claim.kind == "weights":
            return self._weights(claim)
        if claim.kind == "restructuring":
            statement = restructuring.STATEMENT
            return _judge(claim.number, claim.kind, statement, lambda: self._restructuring(claim))
        if is_unproven(claim):
            return self._unproven(claim)
        if claim.kind in DERIVED or self._is_root(claim):
            return self._derived(claim)
        if claim.kind == "truncation":
            return self._truncation(claim)
        if claim.kind == "approximation":
            return self._approximation(claim)
        reason = f"The kind {quoted(claim.kind)} is not known; it may be {', '.join(KEYS)}."
        return _refused(claim.number, claim.kind, reason)

    def _exactness(self, claim: Claim, statement: str) -> str:
        steps = check_form(claim, statement)
        program, template = self._compiled_program(), self._read_template()
        exactness.check_exactness(program, template, steps, Deadline(), self._read_tables())
        return "Proven layer by layer in the free algebra."

    def _restructuring(self, claim: Claim) -> str:
        steps = check_form(claim, restructuring.STATEMENT)
        require(self._restructured, f"There is no {NETWORK}.")
        script, network = self._read_program(), self._read_program(NETWORK)
        bindings = self._read_template().bindings
        restructuring.check_restructuring(script, network, bindings, steps, Deadline())
        return "Both scripts were followed, pass by pass, to the same polynomials."

    def _approximation(self, claim: Claim) -> Verdict:
        begin = time.perf_counter()
        statement = ""
        try:
            table = self._read_tables().get(claim.subject or "")
            if table is None or isinstance(table, Gated):
                raise RefusedError(f"There is no table of site {quoted(claim.subject)}.")
            steps = check_form(claim, approximation.statement(table))
            bindings = self._read_template().bindings
            approximation.check_approximation(table, bindings, steps, Deadline())
            statement = approximation_statement(table)
        except Exception as error:
            reason, accepted = _reason(error), False
        else:
            reason, accepted = f"Proven for the {len(table.knots) - 1} pieces of the table.", True
        seconds = time.perf_counter() - begin
        return Verdict(claim.number, claim.kind, statement, accepted, reason, seconds)

    def _weights(self, claim: Claim) -> Verdict:
        from weightsmith.checker import tensors, weights  # NumPy is loaded only where it is used

        statement = weights.statement(_dtype(claim))

        def run() -> str:
            steps = check_form(claim, statement)
            require(
                self._certificate.hashes[WEIGHTS] is not None,
                "The certificate claims weights without a file of them.",
            )
            file = tensors.read_tensors(self._files.weights(WEIGHTS))
            dtype = weights.check_weights(self._read_template(), file, steps, Deadline())
            return f"{len(file.tensors)} tensors agree bit for bit in {dtype}."

        return _judge(claim.number, claim.kind, statement, run)

    def _is_root(self, claim: Claim) -> bool:
        """True of a truncation whose target is the root of an equation."""
        try:
            root = error_claims.has_root(self._read_program(), claim.subject)
        except Exception:
            return False  # the claim's own check says what is wrong with the script
        return claim.kind == "truncation" and root

    def _derived(self, claim: Claim) -> Verdict:
        """A claim that the checker derives by itself."""
        begin = time.perf_counter()
        statement = ""
        try:
            program, bindings = self._read_program(), self._read_template().bindings
            run = DERIVED.get(claim.kind, error_claims.check_root)
            statement = run(claim, program, bindings, self._read_tables())
            reason, accepted = "Derived anew from the script.", True
        except Exception as error:
            reason, accepted = _reason(error), False
        seconds = time.perf_counter() - begin
        return Verdict(claim.number, claim.kind, statement, accepted, reason, seconds)

    def _unproven(self, claim: Claim) -> Verdict:
        """What is said not to be proven must be something that the certificate owes."""
        begin = time.perf_counter()
        name = claim.subject or ""
        target = claim.kind == "truncation"
        what = "its target" if target else "what the script says"
        statement = f"How far '{name}' is from {what}."
        try:
            reason = unproven_reason(claim)
            self._check_owed(name, target)
        except Exception as error:
            seconds = time.perf_counter() - begin
            return Verdict(claim.number, claim.kind, statement, False, _reason(error), seconds)
        seconds = time.perf_counter() - begin
        text = f"Not proven, and not claimed: {reason}"
        return Verdict(claim.number, claim.kind, statement, True, text, seconds, False)

    def _check_owed(self, name: str, target: bool) -> None:
        """A distance from the target or, where none is proven, from what the script says."""
        found = [one for one in self._read_program().returns if one.name == name]
        owed = bool(found) and (found[0].target is not None or not target)
        kind = " with a target" if target else ""
        require(owed, f"The script returns no {quoted(name)}{kind}.")
        if not target:
            needed = error_claims.needs_propagation(
                self._read_tables(), to_target=name in self._proven_targets()
            )
            require(
                needed, "Nothing is moved by tables, or the distance from the target is proven."
            )

    def _proven_targets(self) -> set[str | None]:
        """The values of which a claim bounds the distance to their target."""
        return {
            claim.subject
            for claim in self._certificate.claims
            if claim.kind == "truncation" and not is_unproven(claim)
        }

    def _truncation(self, claim: Claim) -> Verdict:
        begin = time.perf_counter()
        statement = truncation.STATEMENT
        try:
            program, template = self._read_program(), self._read_template()
            check_form(claim, truncation.STATEMENT)
            result = truncation.check_truncation(
                program, template.bindings, claim.parts, Deadline()
            )
            statement = truncation_statement(result)
        except Exception as error:
            seconds = time.perf_counter() - begin
            return Verdict(claim.number, claim.kind, statement, False, _reason(error), seconds)
        reason = "Proven." if result.value is not None else NO_VALUE
        return Verdict(
            claim.number, claim.kind, statement, True, reason, time.perf_counter() - begin
        )

    def _missing(self, seen: set[tuple[str, str | None]]) -> Iterator[Verdict]:
        """What the certificate owes and does not claim."""
        if ("exactness", None) not in seen:
            yield _refused(0, "exactness", "The certificate has no exactness claim.")
        if self._restructured and ("restructuring", None) not in seen:
            yield _refused(0, "restructuring", f"Nothing says that {NETWORK} is {SCRIPT}.")
        if self._certificate.hashes[WEIGHTS] is not None and ("weights", None) not in seen:
            yield _refused(0, "weights", "There are weights, but no claim about them.")
        try:
            program = self._read_program()
        except Exception as error:
            yield _refused(0, "script", _reason(error))
            return
        for returned in program.returns:
            if returned.target is not None and ("truncation", returned.name) not in seen:
                reason = f"'{returned.name}' has a target, but no claim speaks of it."
                yield _refused(0, "truncation", reason)
        try:
            tables = self._read_tables()
        except Exception as error:
            yield _refused(0, "tables", _reason(error))
            return
        if error_claims.needs_domain(tables) and ("domain", None) not in seen:
            yield _refused(0, "domain", "No claim says where the arguments of the tables lie.")
        proven = self._proven_targets()
        for returned in program.returns:
            owed = error_claims.needs_propagation(tables, to_target=returned.name in proven)
            if owed and ("propagation", returned.name) not in seen:
                reason = f"No claim says how far the tables move '{returned.name}'."
                yield _refused(0, "propagation", reason)
        for site, table in tables.items():
            if not isinstance(table, Gated) and ("approximation", site) not in seen:
                yield _refused(0, "approximation", f"No claim speaks of the table of site {site}.")


def _judge(number: int, kind: str, statement: str, run: Callable[[], str]) -> Verdict:
    begin = time.perf_counter()
    try:
        reason, accepted = run(), True
    except Exception as error:
        reason, accepted = _reason(error), False
    return Verdict(number, kind, statement, accepted, reason, time.perf_counter() - begin)


def _refused(number: int, kind: str, reason: str) -> Verdict:
    return Verdict(number, kind, "", False, reason, 0.0)


def _numbered(claim: Claim) -> str:
    check_number(claim)
    return "Derived while the claim was made."


def _reason(error: Exception) -> str:
    """A sentence for whatever went wrong; what the checker cannot follow it does not accept."""
    if isinstance(error, RefusedError):
        return str(error)
    if isinstance(error, OSError):
        return f"A file cannot be read: {error.strerror or type(error).__name__}."
    if isinstance(error, RecursionError):
        return "The claim is nested too deeply to be checked."
    return f"The checker could not follow the claim ({type(error).__name__}: {error})."


def _dtype(claim: Claim) -> str:
    """The dtype that a weights claim names, or float64 where it names none that is known."""
    steps = claim.parts.get("steps")
    if isinstance(steps, list) and steps and isinstance(steps[0], dict):
        return "float32" if steps[0].get("dtype") == "float32" else "float64"
    return "float64"


def _no_other_script(path: str) -> Source:
    raise OSError("a compiled script is self-contained")
