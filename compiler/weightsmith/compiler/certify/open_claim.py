"""A claim that is owed and not proven: its reason for the certificate, and details for the user.

Details name the user's lines and numbers.  They are said when the network is compiled, and are in
no file: a certificate has only reasons of the checker's list.
"""

from __future__ import annotations

from collections.abc import Iterable

Json = dict[str, object]
Details = dict[tuple[str, str], str]  # by the kind of the claim and the output


def open_claim(kind: str, output: str, reason: str, detail: str) -> Json:
    """``reason`` is a key of ``checker.open_claims.REASONS``."""
    return {"kind": kind, "output": output, "unproven": detail, "reason": reason}


def details_of(claims: Iterable[Json]) -> Details:
    """The details of the open claims."""
    found = (claim for claim in claims if "unproven" in claim)
    return {(str(c["kind"]), str(c["output"])): str(c["unproven"]) for c in found}


def for_certificate(claim: Json) -> Json:
    """The claim as it is written."""
    if "unproven" not in claim:
        return claim
    written = {**claim, "unproven": claim["reason"]}
    del written["reason"]
    return written
