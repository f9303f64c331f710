"""Strict reading of ``certificate.json``: format, version, claims and steps numbered from 1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from weightsmith.checker.reading.open_claims import REASONS
from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.checker.reading.strict_json import as_integer, as_list, as_object, as_text

FORMAT = "weightsmith-certificate"
VERSION = 2
SCRIPT = "script.alg"
FILES = (SCRIPT, "template.json", "model.safetensors")
NETWORK = "network.alg"  # there if the network is of another script than the user's
STEPS_KEYS = ("id", "kind", "steps")
KEYS = {
    "exactness": STEPS_KEYS,
    "restructuring": STEPS_KEYS,
    "weights": STEPS_KEYS,
    "approximation": (*STEPS_KEYS, "site"),
    "domain": (*STEPS_KEYS, "hypotheses"),
    "propagation": (*STEPS_KEYS, "output", "bound", "norm", "hypotheses"),
    "truncation": (*STEPS_KEYS, "output", "bound", "scale", "hypotheses"),
}
MAX_CLAIMS = 2000  # one of each table, two of each returned value, and four of the whole
MAY_BE_UNPROVEN = ("propagation", "truncation")
# of what a kind has many claims
SUBJECTS = {"approximation": "site", "propagation": "output", "truncation": "output"}
_HASH = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, its form not yet checked."""

    number: int
    kind: str
    parts: Mapping[str, object]

    @property
    def subject(self) -> str | None:
        """The output or the site that it speaks of, if claims of its kind speak of one."""
        value = self.parts.get(SUBJECTS.get(self.kind, ""))
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Certificate:
    hashes: Mapping[str, str | None]  # None: there is no such file (only the weights)
    bindings: Mapping[str, str]  # the numbers it speaks of
    programs: Mapping[str, object]  # of the scripts, in their core form, not yet read
    tables: tuple[object, ...]  # of approximated sites, not yet read
    claims: tuple[Claim, ...]


def read_certificate(document: object) -> Certificate:
    """Read the frame of a certificate; each claim's own form is checked when it is verified."""
    keys = ("format", "version", "files", "bindings", "program", "network", "tables", "claims")
    parts = as_object(document, "The certificate", keys)
    require(parts["format"] == FORMAT, f"The certificate's format is {quoted(parts['format'])}.")
    version = as_integer(parts["version"], "The certificate's version")
    require(version == VERSION, f"The certificate's version is {version}, not {VERSION}.")
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
    claims = as_list(parts["claims"], "The certificate's claims")
    few = len(claims) <= MAX_CLAIMS
    require(few, f"The certificate has {len(claims)} claims; it may have {MAX_CLAIMS}.")
    numbered = tuple(_claim(value, at + 1) for at, value in enumerate(claims))
    tables = tuple(as_list(parts["tables"], "The certificate's tables"))
    return Certificate(hashes, texts, programs, tables, numbered)


def _hash(value: object, name: str) -> str | None:
    if value is None and name in ("model.safetensors", NETWORK):
        return None
    found = _HASH.fullmatch(as_text(value, f"The hash of {name}"))
    if found is None:
        raise RefusedError(f"The hash of {name} is not a SHA-256 in hexadecimal digits.")
    return found.group(1)


def _claim(value: object, number: int) -> Claim:
    if not isinstance(value, dict):
        raise RefusedError(f"Claim {number} is not an object.")
    kind = value.get("kind")
    return Claim(number, kind if isinstance(kind, str) else "unknown", value)


def check_form(claim: Claim) -> list[object]:
    """Check the keys, the number and the steps' numbers; return the steps."""
    what = f"Claim {claim.number}"
    parts = as_object(claim.parts, what, KEYS.get(claim.kind, STEPS_KEYS))
    check_number(claim)
    steps = as_list(parts["steps"], f"{what}, steps")
    for place, step in enumerate(steps):
        if not isinstance(step, dict):
            raise RefusedError(f"{what}, step {place + 1} is not an object.")
        number = as_integer(step.get("step"), f"{what}, the number of step {place + 1}")
        require(number == place + 1, f"{what}: step {place + 1} has the number {number}.")
    return steps


def check_number(claim: Claim) -> None:
    number = as_integer(claim.parts.get("id"), f"The id of claim {claim.number}")
    require(number == claim.number, f"Claim {claim.number} has the id {number}.")


def is_unproven(claim: Claim) -> bool:
    """True if the claim says that it is not proven."""
    return claim.kind in MAY_BE_UNPROVEN and "unproven" in claim.parts


def unproven_reason(claim: Claim) -> str:
    """Why a claim is open, as a sentence; such a claim has no evidence."""
    what = f"Claim {claim.number}"
    keys = ("id", "kind", "output", "unproven")
    parts = as_object(claim.parts, what, keys)
    check_number(claim)
    reason = as_text(parts["unproven"], f"{what}, unproven")
    known = ", ".join(REASONS)
    require(reason in REASONS, f"{what} is unproven for no reason of the list: {known}.")
    return REASONS[reason]
