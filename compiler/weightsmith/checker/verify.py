"""Verify a compiled directory: every claim of its certificate, each with a verdict of its own."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar, cast

from weightsmith.checker import (
    approximation,
    error_claims,
    exactness,
    promises,
    restructuring,
    truncation,
)
from weightsmith.checker.certificate import (
    FILES,
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
from weightsmith.checker.compiled_files import Files, InMemory
from weightsmith.checker.directory import Content, opened
from weightsmith.checker.refusal import (
    DIRECTORY_UNITS,
    SHARE,
    Budget,
    OverBudgetError,
    RefusedError,
    quoted,
    require,
)
from weightsmith.checker.sentences import truncation_sentence
from weightsmith.checker.strict_json import as_number, read_json
from weightsmith.checker.tables import Gated, Table, read_tables
from weightsmith.checker.template import Template, read_template
from weightsmith.checker.wording import approximation_statement
from weightsmith.dsl import DiagnosticError, Source, check, core
from weightsmith.dsl.bindings import open_orders, restricted_to

PIECE = 1 << 22  # bytes that are hashed at once
LARGE = 64 << 20  # bytes of weights that are not hashed before their numbers are compared
CERTIFICATE = "certificate.json"
SCRIPT, TEMPLATE, WEIGHTS = "script.alg", "template.json", "model.safetensors"
NO_VALUE = (
    "The formula is derived. Its side conditions (signs, ends of the spectrum, rate*high <= n) "
    "could not be checked: a symbol has no value."
)
BOUNDED = ("propagation", "truncation")  # claims that bound the error of a returned value
Outcome = Literal["proven", "open", "refused"]
Read = TypeVar("Read")
DERIVED = {"domain": error_claims.check_domain, "propagation": error_claims.check_propagation}
KNOWN = "What the checker has derived for these files."
INTEGRITY = "The files are those of which the certificate speaks."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one claim; ``claim`` is its id, 0 for what the certificate as a whole owes.

    An accepted claim that is not ``proven`` is open: the certificate says so itself.
    """

    claim: int
    kind: str
    statement: str
    accepted: bool
    reason: str
    seconds: float
    proven: bool = True
    over_budget: bool = False  # not accepted since its check costs too much: not shown to be wrong


@dataclass(frozen=True, slots=True)
class Found:
    """What a check that did not fail has found; the statement where it is more than was claimed."""

    reason: str
    statement: str = ""
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    directory: str
    verdicts: tuple[Verdict, ...]

    @property
    def accepted(self) -> bool:
        """True if there are verdicts and none is a refusal."""
        return bool(self.verdicts) and all(verdict.accepted for verdict in self.verdicts)

    @property
    def open(self) -> tuple[Verdict, ...]:
        """What is owed and not proven, and not claimed to be."""
        return tuple(one for one in self.verdicts if one.accepted and not one.proven)

    @property
    def outcome(self) -> Outcome:
        """``proven``: all that is owed; ``open``: some of it is not; ``refused``: a claim fails."""
        if not self.accepted:
            return "refused"
        return "open" if self.open else "proven"


def verify_directory(path: str | os.PathLike[str]) -> Report:
    """Re-derive every claim; whatever is wrong with the files becomes a verdict, never an error.

    All files are those of one save, also if others replace the directory meanwhile.
    """
    begin = time.perf_counter()
    try:
        whole = Budget(DIRECTORY_UNITS).active()
        with whole, opened(Path(path), (CERTIFICATE, NETWORK, *FILES)) as files:
            return Report(str(path), _verdicts(files, ()))
    except FileNotFoundError:
        return Report(str(path), (_unreadable(f"There is no file {CERTIFICATE}.", begin),))
    except Exception as error:
        return Report(str(path), (_unreadable(_reason(error), begin),))


def verify_files(
    files: Mapping[str, bytes], derived: Sequence[Mapping[str, object]] = ()
) -> tuple[Verdict, ...]:
    """The verdicts on files that are not written yet, by the same checks as of a directory.

    ``derived`` are claims, without their ids, that functions of ``prove`` have just returned for
    these very files: the checker has derived them, and does not do it a second time.  What is left
    has a share of the budget of a directory, so that ``verify_directory`` has enough for all.
    """
    with Budget(SHARE).active():
        return _verdicts(InMemory(files), derived)


def _verdicts(files: Files, derived: Sequence[Mapping[str, object]]) -> tuple[Verdict, ...]:
    begin = time.perf_counter()
    try:
        certificate = read_certificate(read_json(files.text(CERTIFICATE), CERTIFICATE))
    except Exception as error:
        return (_unreadable(_reason(error), begin),)
    return tuple(_Verifier(files, certificate, derived).verdicts())


def _unreadable(reason: str, begin: float) -> Verdict:
    seconds = time.perf_counter() - begin
    return Verdict(0, "certificate", "The certificate is readable.", False, reason, seconds)


class _Verifier:
    """Reads each file once; an unreadable one refuses every claim that needs it."""

    def __init__(
        self, files: Files, certificate: Certificate, derived: Sequence[Mapping[str, object]]
    ) -> None:
        self._files = files
        self._certificate = certificate
        self._known = derived
        self._read: dict[str, object] = {}  # what was read, or why it could not be

    def verdicts(self) -> Iterator[Verdict]:
        yield _judge(0, "integrity", INTEGRITY, partial(_told, self._integrity))
        seen: set[tuple[str, str | None]] = set()
        bounds: dict[str, Fraction | None] = {}
        for claim in self._certificate.claims:
            key = (claim.kind, claim.subject)
            verdict = self._claim(claim, key in seen)
            yield verdict
            seen.add(key)
            if claim.kind in BOUNDED and claim.subject is not None:
                known = verdict.proven and bounds.get(claim.subject, 0) is not None
                bounds[claim.subject] = _bound(claim) if known else None
        yield from self._missing(seen)
        yield from self._promises(bounds)

    def _once(self, what: str, read: Callable[[], Read]) -> Read:
        """Read something once; what cannot be read is not tried again."""
        if what not in self._read:
            try:
                self._read[what] = read()
            except Exception as error:
                self._read[what] = error
        found = self._read[what]
        if isinstance(found, Exception):
            raise found.with_traceback(None)
        return cast("Read", found)

    def _file(self, name: str) -> bytes:
        return self._once(name, lambda: self._files.text(name))

    def _weights_file(self) -> Content:
        """The weights, read where they are looked at: they may be large."""
        return self._once(WEIGHTS, lambda: self._files.weights(WEIGHTS))

    def _read_program(self, name: str = SCRIPT) -> core.Program:
        return self._once(f"program of {name}", lambda: self._program(name))

    def _program(self, name: str) -> core.Program:
        try:
            text = self._file(name).decode("utf-8")
            return check(Source(name, text), read=_no_other_script)
        except UnicodeDecodeError:
            raise RefusedError("The script is not UTF-8 text.") from None
        except DiagnosticError as error:
            raise RefusedError(f"The script has an error: {quoted(str(error))}.") from None

    @property
    def _restructured(self) -> bool:
        """Is the network that of network.alg, and not of the user's script?"""
        return self._certificate.hashes[NETWORK] is not None

    def _compiled_program(self) -> core.Program:
        """The program of which the network is."""
        return self._read_program(NETWORK if self._restructured else SCRIPT)

    def _read_template(self) -> Template:
        return self._once(
            "template", lambda: read_template(read_json(self._file(TEMPLATE), "The template"))
        )

    def _read_tables(self) -> Mapping[str, Table]:
        return self._once("tables", self._tables)

    def _tables(self) -> Mapping[str, Table]:
        program, template = self._compiled_program(), self._read_template()
        return read_tables(self._certificate.tables, program, template.bindings)

    def _integrity(self) -> str:
        for name, claimed in self._certificate.hashes.items():
            if claimed is None:
                absent = not self._files.has(name)
                require(absent, f"{name} is there, but the certificate knows of no such file.")
                continue
            found = self._weights_hash() if name == WEIGHTS else _hash(self._file(name))
            require(found == claimed, f"{name} is not the file that the certificate speaks of.")
        return f"The hashes agree{self._bindings_agree()}."

    def _weights_hash(self) -> str:
        """The hash of the weights; if they are large, only of those that are the template's."""
        content = self._weights_file()
        if len(content) > LARGE:
            from weightsmith.checker import tensors, weights

            file = tensors.read_tensors(content)
            weights.check_numbers(self._read_template(), file, Budget())
        return _hash(content)

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
        stated, run = self._check_of(claim)
        return _judge(claim.number, claim.kind, stated, run)

    def _check_of(self, claim: Claim) -> tuple[str, Callable[[], Found]]:
        """What the claim states before it is checked, and its check."""
        if {key: value for key, value in claim.parts.items() if key != "id"} in self._known:
            return KNOWN, partial(_numbered, claim)
        if is_unproven(claim):
            what = "its target" if claim.kind == "truncation" else "what the script says"
            stated = f"How far {quoted(claim.subject or '')} is from {what}."
            return stated, partial(self._unproven, claim)
        if claim.kind in DERIVED or self._is_root(claim):
            return "", partial(self._derived, claim)
        checks: dict[str, tuple[str, Callable[[Claim], Found]]] = {
            "exactness": (self._exact_statement(), self._exactness),
            "weights": ("", self._weights),
            "restructuring": (restructuring.STATEMENT, self._restructuring),
            "truncation": (truncation.STATEMENT, self._truncation),
            "approximation": ("", self._approximation),
        }
        if claim.kind not in checks:
            return "", partial(_unknown, claim)
        stated, run = checks[claim.kind]
        return stated, partial(run, claim)

    def _exactness(self, claim: Claim) -> Found:
        statement = self._exact_statement()
        steps = check_form(claim, statement)
        program, template = self._compiled_program(), self._read_template()
        exactness.check_exactness(program, template, steps, Budget(), self._read_tables())
        return Found("Proven layer by layer in the free algebra.", statement)

    def _open_orders(self) -> tuple[str, ...]:
        """The limits of ``clip`` and ``soft`` that no number puts in order."""
        try:
            return open_orders(self._compiled_program(), self._read_template().bindings)
        except Exception:
            return ()  # the claim's own check says what is wrong with the script

    def _exact_statement(self) -> str:
        tables = bool(self._certificate.tables)
        statement = exactness.WITH_TABLES if tables else exactness.STATEMENT
        statement = restricted_to(statement, self._open_orders())
        return statement.replace(SCRIPT, NETWORK) if self._restructured else statement

    def _restructuring(self, claim: Claim) -> Found:
        steps = check_form(claim, restructuring.STATEMENT)
        require(self._restructured, f"There is no {NETWORK}.")
        script, network = self._read_program(), self._read_program(NETWORK)
        bindings = self._read_template().bindings
        restructuring.check_restructuring(script, network, bindings, steps, Budget())
        return Found("Both scripts were followed, pass by pass, to the same polynomials.")

    def _approximation(self, claim: Claim) -> Found:
        table = self._read_tables().get(claim.subject or "")
        if table is None or isinstance(table, Gated):
            raise RefusedError(f"There is no table of site {quoted(claim.subject)}.")
        steps = check_form(claim, approximation.statement(table))
        bindings = self._read_template().bindings
        approximation.check_approximation(table, bindings, steps, Budget())
        reason = f"Proven for the {len(table.knots) - 1} pieces of the table."
        return Found(reason, approximation_statement(table))

    def _weights(self, claim: Claim) -> Found:
        from weightsmith.checker import tensors, weights  # NumPy is loaded only where it is used

        statement = weights.statement(_dtype(claim))
        steps = check_form(claim, statement)
        require(
            self._certificate.hashes[WEIGHTS] is not None,
            "The certificate claims weights without a file of them.",
        )
        file = tensors.read_tensors(self._files.weights(WEIGHTS))
        dtype = weights.check_weights(self._read_template(), file, steps, Budget())
        return Found(f"{len(file.tensors)} tensors agree bit for bit in {dtype}.", statement)

    def _is_root(self, claim: Claim) -> bool:
        """True of a truncation whose target is the root of an equation."""
        try:
            root = error_claims.has_root(self._read_program(), claim.subject)
        except Exception:
            return False  # the claim's own check says what is wrong with the script
        return claim.kind == "truncation" and root

    def _derived(self, claim: Claim) -> Found:
        """A claim that the checker derives by itself."""
        program, bindings = self._read_program(), self._read_template().bindings
        run = DERIVED.get(claim.kind, error_claims.check_root)
        statement = run(claim, program, bindings, self._read_tables())
        return Found("Derived anew from the script.", statement)

    def _unproven(self, claim: Claim) -> Found:
        """What is said not to be proven must be something that the certificate owes."""
        reason = unproven_reason(claim)
        self._check_owed(claim.subject or "", claim.kind == "truncation")
        return Found(f"Not proven, and not claimed: {reason}.", proven=False)

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
            reason = "Nothing is moved by tables, or the distance from the target is proven."
            require(needed, reason)

    def _proven_targets(self) -> set[str | None]:
        """The values of which a claim bounds the distance to their target."""
        return {
            claim.subject
            for claim in self._certificate.claims
            if claim.kind == "truncation" and not is_unproven(claim)
        }

    def _truncation(self, claim: Claim) -> Found:
        program, template = self._read_program(), self._read_template()
        check_form(claim, truncation.STATEMENT)
        result = truncation.check_truncation(program, template.bindings, claim.parts, Budget())
        proven = result.value is not None
        statement = truncation_sentence(result, program, template.bindings)
        return Found("Proven." if proven else NO_VALUE, statement, proven)

    def _promises(self, bounds: promises.Bounds) -> Iterator[Verdict]:
        """What the script says of errors, compared with what is proven."""
        try:
            program, bindings = self._read_program(), self._read_template().bindings
            tables = self._read_tables()
        except Exception:
            return  # the claims say what is wrong with the files
        for promise in promises.promises(program):
            statement = f"The script's line '{promise.text}' is kept."
            kept = partial(promises.check_promise, promise, bindings, bounds)
            yield _judge(0, "promise", statement, partial(_told, kept))
        if error_claims.needs_domain(tables):
            near = partial(promises.check_tables, program, bindings, tables)
            statement = "The tolerances of the script are kept."
            yield _judge(0, "promise", statement, partial(_told, near))

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


def _judge(number: int, kind: str, statement: str, run: Callable[[], Found]) -> Verdict:
    """The verdict of a check; ``statement`` is shown where it fails."""
    begin = time.perf_counter()
    try:
        found = run()
    except Exception as error:
        seconds = time.perf_counter() - begin
        over = isinstance(error, OverBudgetError)
        return Verdict(number, kind, statement, False, _reason(error), seconds, False, over)
    seconds = time.perf_counter() - begin
    shown = found.statement or statement
    return Verdict(number, kind, shown, True, found.reason, seconds, found.proven)


def _told(check: Callable[[], str]) -> Found:
    return Found(check())


def _unknown(claim: Claim) -> Found:
    known = ", ".join(KEYS)
    raise RefusedError(f"The kind {quoted(claim.kind)} is not known; it may be {known}.")


def _bound(claim: Claim) -> Fraction | None:
    """The number of an accepted claim; None if a symbol has no value."""
    bound = claim.parts.get("bound")
    value = bound.get("value") if isinstance(bound, dict) else None
    return None if value is None else as_number(value, "The bound's value")


def _refused(number: int, kind: str, reason: str) -> Verdict:
    return Verdict(number, kind, "", False, reason, 0.0)


def _numbered(claim: Claim) -> Found:
    check_number(claim)
    return Found("Derived while the claim was made.")


def _reason(error: Exception) -> str:
    """A sentence for whatever went wrong; what the checker cannot follow it does not accept."""
    if isinstance(error, (RefusedError, OverBudgetError)):
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


def _hash(content: Content) -> str:
    """The SHA-256, piece by piece."""
    found = hashlib.sha256()
    for begin in range(0, len(content), PIECE):
        found.update(content[begin : begin + PIECE])
    return found.hexdigest()


def _no_other_script(path: str) -> Source:
    raise OSError("a compiled script is self-contained")
