"""Strict reading of ``certificate.json``: format, version, and the facts it states, in order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.checker.reading.strict_json import (
    as_integer,
    as_items,
    as_list,
    as_object,
    as_text,
)

FORMAT = "weightsmith-certificate"
VERSION = 3
SCRIPT = "script.alg"
FILES = (SCRIPT, "template.json", "model.safetensors")
NETWORK = "network.alg"  # there if the network is of another script than the user's
KEYS = ("n", "fact", "by", "from", "with")
MAX_FACTS = 4000  # one of each table, four of each returned value, and four of the whole
_HASH = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.ASCII)
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Line:
    """A fact that is stated, its form not yet checked, by its number."""

    number: int
    parts: Json

    @property
    def fact(self) -> Json:
        found = self.parts.get("fact")
        return found if isinstance(found, dict) else {}

    @property
    def kind(self) -> str:
        found = self.fact.get("is")
        return found if isinstance(found, str) else "unknown"

    @property
    def of(self) -> object:
        return self.fact.get("of")

    @property
    def subject(self) -> str:
        """What it is of, as a key."""
        return self.of if isinstance(self.of, str) else repr(self.of)

    @property
    def rule(self) -> object:
        return self.parts.get("by")

    def check(self) -> tuple[tuple[int, ...], Json]:
        """The numbers of its premises, which stand before it, and its witness."""
        what = f"Fact {self.number}"
        parts = as_object(self.parts, what, KEYS)
        number = as_integer(parts["n"], f"{what}, n")
        require(number == self.number, f"{what} has the number {number}.")
        premises = as_items(parts["from"], f"{what}, from", as_integer)
        before = all(1 <= one < self.number for one in premises)
        require(before, f"{what} follows from facts that do not stand before it.")
        witness = parts["with"]
        if not isinstance(witness, dict):
            raise RefusedError(f"{what}, with: expected an object, got {quoted(witness)}.")
        return premises, witness


@dataclass(frozen=True, slots=True)
class Certificate:
    hashes: Mapping[str, str | None]  # None: there is no such file (only the weights)
    bindings: Mapping[str, str]  # the numbers that it is for
    programs: Mapping[str, object]  # of the scripts, in their core form, not yet read
    tables: tuple[object, ...]  # of approximated sites, not yet read
    lines: tuple[Line, ...]


def read_certificate(document: object) -> Certificate:
    """Read the frame of a certificate; each fact's own form is checked when it is verified."""
    keys = ("format", "version", "files", "bindings", "program", "network", "tables", "facts")
    if isinstance(document, dict) and document.get("format") == FORMAT:
        version = as_integer(document.get("version"), "The certificate's version")
        require(version == VERSION, f"The certificate's version is {version}, not {VERSION}.")
    parts = as_object(document, "The certificate", keys)
    require(parts["format"] == FORMAT, f"The certificate's format is {quoted(parts['format'])}.")
    files = as_object(parts["files"], "The certificate's files", FILES, (NETWORK,))
    hashes = {name: _hash(value, name) for name, value in files.items()}
    hashes.setdefault(NETWORK, None)
    programs = {SCRIPT: parts["program"], NETWORK: parts["network"]}
    same = (programs[NETWORK] is None) == (hashes[NETWORK] is None)
    require(same, f"There is a program of {NETWORK} exactly where there is such a file.")
    bindings = parts["bindings"]
    if not isinstance(bindings, dict):
        raise RefusedError("The certificate's bindings are not an object.")
    texts = {name: as_text(value, f"The binding of {name}") for name, value in bindings.items()}
    stated = as_list(parts["facts"], "The certificate's facts")
    few = len(stated) <= MAX_FACTS
    require(few, f"The certificate has {len(stated)} facts; it may have {MAX_FACTS}.")
    lines = tuple(_line(value, number) for number, value in enumerate(stated, 1))
    tables = tuple(as_list(parts["tables"], "The certificate's tables"))
    return Certificate(hashes, texts, programs, tables, lines)


def _hash(value: object, name: str) -> str | None:
    if value is None and name in ("model.safetensors", NETWORK):
        return None
    found = _HASH.fullmatch(as_text(value, f"The hash of {name}"))
    if found is None:
        raise RefusedError(f"The hash of {name} is not a SHA-256 in hexadecimal digits.")
    return found.group(1)


def _line(value: object, number: int) -> Line:
    if not isinstance(value, dict):
        raise RefusedError(f"Fact {number} is not an object.")
    return Line(number, value)
