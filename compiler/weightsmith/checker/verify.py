"""Verify a compiled directory: every claim of its certificate, each with a verdict of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from weightsmith.checker.claims import exactness
from weightsmith.checker.claims.owed import kept, missing, needs_propagation, proven_targets
from weightsmith.checker.claims.read_files import WEIGHTS, ReadFiles
from weightsmith.checker.reading.certificate import (
    FILES,
    KEYS,
    NETWORK,
    SCRIPT,
    Certificate,
    Claim,
    check_form,
    check_number,
    is_unproven,
    read_certificate,
    unproven_reason,
)
from weightsmith.checker.reading.compiled_files import Files, InMemory
from weightsmith.checker.reading.directory import opened
from weightsmith.checker.reading.refusal import (
    DIRECTORY_UNITS,
    SHARE,
    Budget,
    RefusedError,
    quoted,
    require,
)
from weightsmith.checker.reading.strict_json import as_number, read_json
from weightsmith.checker.reading.verdicts import (
    Found,
    Report,
    Verdict,
    judge,
    reason_of,
    refused,
    told,
    unreadable,
)
from weightsmith.dsl.program import core

if TYPE_CHECKING:
    from weightsmith.checker.claims.approximation import TableProof
    from weightsmith.checker.claims.following import Truncation

CERTIFICATE = "certificate.json"
NO_VALUE = (
    "The formula is derived. Its side conditions (signs, ends of the spectrum, rate*high <= n) "
    "could not be checked: a symbol has no value."
)
BOUNDED = ("propagation", "truncation")  # claims that bound the error of a returned value
DERIVED = ("domain", "propagation")  # claims without evidence
RESTRUCTURED = (
    "network.alg returns what script.alg says, for every size, every input and every value of the "
    "symbols that are not bound at which no denominator vanishes."
)
KNOWN = "What the checker has derived for these files."
INTEGRITY = "The files are those of which the certificate speaks."
READ = "The scripts say what the programs of the certificate say."


def verify_directory(path: str | os.PathLike[str], *, kernel: bool = False) -> Report:
    """Re-derive every claim; whatever is wrong with the files becomes a verdict, never an error.

    All files are those of one save, also if others replace the directory meanwhile.  The ``kernel``
    checks the claims for the programs of the certificate, and does not read the scripts.
    """
    begin = time.perf_counter()
    try:
        whole = Budget(DIRECTORY_UNITS).active()
        with whole, opened(Path(path), (CERTIFICATE, NETWORK, *FILES)) as files:
            return Report(str(path), _verdicts(files, kernel=kernel))
    except FileNotFoundError:
        return Report(str(path), (unreadable(f"There is no file {CERTIFICATE}.", begin),))
    except Exception as error:
        return Report(str(path), (unreadable(reason_of(error), begin),))


def verify_files(
    files: Mapping[str, bytes],
    derived: Sequence[Mapping[str, object]] = (),
    tables: Sequence[TableProof] = (),
) -> tuple[Verdict, ...]:
    """The verdicts on files that are not written yet, by the same checks as of a directory.

    ``derived`` are claims, without their ids, that functions of ``prove`` have just returned for
    these very files: the checker has derived them, and does not do it a second time.  ``tables``
    are proofs of ``prove_table``, each used only for the very table of which it is.  What is left
    has a share of the budget of a directory, so that ``verify_directory`` has enough for all.
    """
    with Budget(SHARE).active():
        return _verdicts(InMemory(files), derived, tables)


def _verdicts(
    files: Files,
    derived: Sequence[Mapping[str, object]] = (),
    tables: Sequence[TableProof] = (),
    *,
    kernel: bool = False,
) -> tuple[Verdict, ...]:
    begin = time.perf_counter()
    try:
        certificate = read_certificate(read_json(files.text(CERTIFICATE), CERTIFICATE))
    except Exception as error:
        return (unreadable(reason_of(error), begin),)
    return tuple(_Verifier(files, certificate, derived, tables, kernel=kernel).verdicts())


class _Verifier:
    """Reads each file once; an unreadable one refuses every claim that needs it."""

    def __init__(
        self,
        files: Files,
        certificate: Certificate,
        derived: Sequence[Mapping[str, object]],
        tables: Sequence[TableProof],
        *,
        kernel: bool,
    ) -> None:
        self._read = ReadFiles(files, certificate)
        self._certificate = certificate
        self._known = derived
        self._proofs = tables
        self._kernel = kernel

    def verdicts(self) -> Iterator[Verdict]:
        yield judge(0, "integrity", INTEGRITY, partial(told, self._read.check_hashes))
        if not self._kernel:
            yield judge(0, "script", READ, partial(told, self._read.check_scripts))
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
        yield from missing(self._read, self._certificate, seen)
        yield from kept(self._read, bounds)

    def _claim(self, claim: Claim, again: bool) -> Verdict:
        if again:
            return refused(claim.number, claim.kind, "This claim is made twice.")
        stated, run = self._check_of(claim)
        return judge(claim.number, claim.kind, stated, run)

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
            "restructuring": (RESTRUCTURED, self._restructuring),
            "truncation": ("", self._truncation),
            "approximation": ("", self._approximation),
        }
        if claim.kind not in checks:
            return "", partial(_unknown, claim)
        stated, run = checks[claim.kind]
        return stated, partial(run, claim)

    def _exactness(self, claim: Claim) -> Found:
        steps = check_form(claim)
        program, template = self._read.compiled_program(), self._read.template()
        facts = exactness.check_exactness(program, template, steps, Budget(), self._read.tables())
        return Found("Proven layer by layer in the free algebra.", facts=facts)

    def _open_orders(self) -> tuple[str, ...]:
        """The limits of ``clip`` and ``soft`` that no number puts in order."""
        try:
            program, bindings = self._read.compiled_program(), self._read.template().bindings
            if not exactness.has_limits(program):
                return ()
            from weightsmith.dsl.running.bindings import (
                open_orders,  # loaded where there are limits
            )

            return open_orders(program, bindings)
        except Exception:
            return ()  # the claim's own check says what is wrong with the script

    def _exact_statement(self) -> str:
        tables = bool(self._certificate.tables)
        statement = exactness.WITH_TABLES if tables else exactness.STATEMENT
        orders = self._open_orders()
        statement = f"{statement[:-1]}, and {', '.join(orders)}." if orders else statement
        return statement.replace(SCRIPT, NETWORK) if self._read.restructured else statement

    def _restructuring(self, claim: Claim) -> Found:
        from weightsmith.checker.claims import restructuring

        steps = check_form(claim)
        require(self._read.restructured, f"There is no {NETWORK}.")
        script, network = self._read.program(), self._read.program(NETWORK)
        bindings = self._read.template().bindings
        restructuring.check_restructuring(script, network, bindings, steps, Budget())
        return Found("Both scripts were followed, pass by pass, to the same polynomials.")

    def _approximation(self, claim: Claim) -> Found:
        from weightsmith.checker.claims import approximation
        from weightsmith.checker.claims.wording import approximation_statement
        from weightsmith.checker.semantics.tables import Gated

        table = self._read.tables().get(claim.subject or "")
        if table is None or isinstance(table, Gated):
            raise RefusedError(f"There is no table of site {quoted(claim.subject)}.")
        steps = check_form(claim)
        bindings = self._read.template().bindings
        approximation.check_approximation(table, bindings, steps, Budget(), self._proofs)
        reason = f"Proven for the {len(table.knots) - 1} pieces of the table."
        return Found(reason, approximation_statement(table))

    def _weights(self, claim: Claim) -> Found:
        from weightsmith.checker.claims import weights  # NumPy is loaded only where it is used
        from weightsmith.checker.reading import tensors

        steps = check_form(claim)
        require(
            self._certificate.hashes[WEIGHTS] is not None,
            "The certificate claims weights without a file of them.",
        )
        file = tensors.read_tensors(self._read.weights())
        dtype = weights.check_weights(self._read.template(), file, steps, Budget())
        agree = f"{len(file.tensors)} tensors agree bit for bit in {dtype}."
        return Found(agree, weights.statement(dtype))

    def _is_root(self, claim: Claim) -> bool:
        """True of a truncation whose target is the root of an equation."""
        try:
            returns = self._read.program().returns
        except Exception:
            return False  # the claim's own check says what is wrong with the script
        targets = (one.target for one in returns if one.name == claim.subject)
        return claim.kind == "truncation" and any(isinstance(one, core.Root) for one in targets)

    def _derived(self, claim: Claim) -> Found:
        """A claim that the checker derives by itself."""
        from weightsmith.checker.claims import error_claims

        program, bindings = self._read.program(), self._read.template().bindings
        checks = {
            "domain": error_claims.check_domain,
            "propagation": error_claims.check_propagation,
        }
        run = checks.get(claim.kind, error_claims.check_root)
        statement = run(claim, program, bindings, self._read.tables())
        return Found("Derived anew from the script.", statement)

    def _unproven(self, claim: Claim) -> Found:
        """What is said not to be proven must be something that the certificate owes."""
        reason = unproven_reason(claim)
        self._check_owed(claim.subject or "", claim.kind == "truncation")
        return Found(f"Not proven, and not claimed: {reason}.", proven=False)

    def _check_owed(self, name: str, target: bool) -> None:
        """A distance from the target or, where none is proven, from what the script says."""
        found = [one for one in self._read.program().returns if one.name == name]
        owed = bool(found) and (found[0].target is not None or not target)
        kind = " with a target" if target else ""
        require(owed, f"The script returns no {quoted(name)}{kind}.")
        if not target:
            proven = name in proven_targets(self._certificate)
            needed = needs_propagation(self._read.tables(), to_target=proven)
            reason = "Nothing is moved by tables, or the distance from the target is proven."
            require(needed, reason)

    def _truncation(self, claim: Claim) -> Found:
        from weightsmith.checker.claims import truncation

        program, template = self._read.program(), self._read.template()
        check_form(claim)
        result = truncation.check_truncation(program, template.bindings, claim.parts, Budget())
        proven = result.value is not None
        statement = self._truncation_statement(result)
        return Found("Proven." if proven else NO_VALUE, statement, proven, result.facts)

    def _truncation_statement(self, result: Truncation) -> str:
        """A sentence; of the kernel alone the parts, for which it needs no words of the script."""
        if self._kernel:
            return result.parts
        from weightsmith.checker.claims.sentences import truncation_sentence

        return truncation_sentence(result, self._read.program(), self._read.template().bindings)


def _unknown(claim: Claim) -> Found:
    known = ", ".join(KEYS)
    raise RefusedError(f"The kind {quoted(claim.kind)} is not known; it may be {known}.")


def _numbered(claim: Claim) -> Found:
    check_number(claim)
    return Found("Derived while the claim was made.")


def _bound(claim: Claim) -> Fraction | None:
    """The number of an accepted claim; None if a symbol has no value."""
    bound = claim.parts.get("bound")
    value = bound.get("value") if isinstance(bound, dict) else None
    return None if value is None else as_number(value, "The bound's value")
