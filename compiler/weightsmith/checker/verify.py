"""Verify a compiled directory: every fact of its certificate, each with a verdict of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from weightsmith.checker.facts.certificate import (
    FILES,
    NETWORK,
    Certificate,
    Line,
    read_certificate,
)
from weightsmith.checker.facts.fact import Fact, Json, fact_text
from weightsmith.checker.facts.owed import kept, missing
from weightsmith.checker.facts.read_files import WEIGHTS, ReadFiles
from weightsmith.checker.facts.rule import check_kinds
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
from weightsmith.checker.reading.strict_json import as_number, as_object, read_json
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
from weightsmith.checker.rules import find

if TYPE_CHECKING:
    from weightsmith.checker.facts.table_proof import TableProof

CERTIFICATE = "certificate.json"
BOUNDED = ("propagation", "truncation")  # facts that bound the error of a returned value
SEVERAL = ("spectrum", "recurrence")  # kinds of which there may be many with one subject
Bounds = Mapping[tuple[str, str], Fraction | None]  # by kind and output; None: not proven
KNOWN = "What the checker has derived for these files."
INTEGRITY = "The files are those of which the certificate speaks."
READ = "The scripts say what the programs of the certificate say."


def verify_directory(path: str | os.PathLike[str], *, kernel: bool = False) -> Report:
    """Derive every fact anew; whatever is wrong with the files becomes a verdict, never an error.

    All files are those of one save, also if others replace the directory meanwhile.  The ``kernel``
    checks the facts for the programs of the certificate, and does not read the scripts.
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
    files: Mapping[str, bytes], derived: Sequence[Json] = (), tables: Sequence[TableProof] = ()
) -> tuple[Verdict, ...]:
    """The verdicts on files that are not written yet, by the same checks as of a directory.

    ``derived`` are lines of the certificate whose facts functions of ``prove`` have just returned
    for these very files: the checker has derived them, and does not do it a second time.
    ``tables`` are proofs of ``prove_table``, each used only for the very table of which it is.
    What is left has a share of the budget of a directory, so that ``verify_directory`` has enough
    for all.
    """
    with Budget(SHARE).active():
        return _verdicts(InMemory(files), derived, tables)


def _verdicts(
    files: Files,
    derived: Sequence[Json] = (),
    tables: Sequence[TableProof] = (),
    *,
    kernel: bool = False,
) -> tuple[Verdict, ...]:
    begin = time.perf_counter()
    try:
        certificate = read_certificate(read_json(files.text(CERTIFICATE), CERTIFICATE))
    except Exception as error:
        return (unreadable(reason_of(error), begin),)
    read = ReadFiles(files, certificate, tables)
    return tuple(_Verifier(read, certificate, derived, kernel=kernel).verdicts())


class _Verifier:
    """Derives one fact after the other; a rule is asked with the facts that were derived before."""

    def __init__(
        self, read: ReadFiles, certificate: Certificate, known: Sequence[Json], *, kernel: bool
    ) -> None:
        self._read, self._lines = read, certificate.lines
        self._known, self._kernel = known, kernel
        self._facts: dict[int, Fact] = {}  # those that are proven

    def verdicts(self) -> Iterator[Verdict]:
        yield judge(0, "integrity", INTEGRITY, partial(told, self._hashes))
        if not self._kernel:
            yield judge(0, "script", READ, partial(told, self._read.check_scripts))
        seen: dict[tuple[str, str], bool] = {}
        bounds: dict[tuple[str, str], Fraction | None] = {}
        for line in self._lines:
            verdict = self._verdict(line, _key(line) in seen)
            yield verdict
            seen[_key(line)] = line.kind != "open"
            if _key(line)[0] in BOUNDED:
                bounds[_key(line)] = _number(line) if verdict.proven else None
        yield from missing(self._read, seen)
        yield from kept(self._read, _errors(bounds))

    def _hashes(self) -> str:
        return self._read.check_hashes(lambda: find("rounding").fact(self._read, WEIGHTS, (), {}))

    def _verdict(self, line: Line, again: bool) -> Verdict:
        if again and line.kind not in SEVERAL:
            return refused(line.number, _key(line)[0], "This is stated twice.")
        return judge(line.number, _key(line)[0], "", partial(self._check, line))

    def _check(self, line: Line) -> Found:
        numbers, witness = line.check()
        rule = find(line.rule)
        require(
            rule.kind == line.kind, f"By {rule.name} no fact of kind {quoted(line.kind)} follows."
        )
        as_object(witness, f"The witness of {rule.name}", rule.keys, rule.optional)
        premises = [self._premise(number) for number in numbers]
        check_kinds(rule, premises)
        if {key: line.parts[key] for key in ("fact", "by", "with")} in self._known:
            self._facts[line.number] = Fact(line.kind, line.of, {})
            return Found("Derived while it was stated.", KNOWN)
        with Budget().active():
            fact = rule.fact(self._read, line.of, premises, witness)
            fact.check(line.fact)
        if fact.proven:
            self._facts[line.number] = fact
        sentence = fact_text(line.fact) if self._kernel else fact.sentence()
        way = (*fact.way, f"So it follows by the rule {rule.name}{_from(numbers)}.")
        return Found(fact.reason, sentence, fact.proven, way)

    def _premise(self, number: int) -> Fact:
        if number not in self._facts:
            raise RefusedError(f"Fact {number}, from which it is to follow, is not proven.")
        return self._facts[number]


def _key(line: Line) -> tuple[str, str]:
    """Kind and subject; of an open one those of the fact that is owed."""
    of = line.of
    if line.kind == "open" and isinstance(of, list) and len(of) == 2:
        return str(of[0]), str(of[1])
    return line.kind, line.subject


def _errors(bounds: Bounds) -> dict[str, Fraction | None]:
    """The error of each output: from its target, if a fact states that, else from the script."""
    found = {output: value for (_, output), value in bounds.items()}
    to_target = {output: value for (kind, output), value in bounds.items() if kind == "truncation"}
    return {**found, **to_target}


def _number(line: Line) -> Fraction | None:
    """The number of the bound of an accepted fact; None if a symbol has no value."""
    bound = line.fact.get("bound")
    value = bound.get("value") if isinstance(bound, dict) else None
    return None if value is None else as_number(value, "The bound's value")


def _from(numbers: Sequence[int]) -> str:
    facts = "claim" if len(numbers) == 1 else "claims"
    return f" from {facts} {', '.join(map(str, numbers))}" if numbers else ""
