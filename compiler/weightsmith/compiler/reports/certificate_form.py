"""The form of a certificate, as far as a reader of it counts on: whether it is true is not asked.

What ``show`` and ``run`` print of a certificate, they find in the places that are looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from weightsmith.compiler.reports.bound import AGAINST

MAX_CLAIMS = 2000  # as in checker/reading/certificate.py
MAX_DIGITS = 4000  # of a numerator or a denominator
_NUMBER = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS}}}(/0*[1-9][0-9]{{0,{MAX_DIGITS}}})?", re.ASCII)
TABLES = {"gated": (), "product": ("left", "right", "error")}
OTHER_TABLES = ("low", "high", "error")  # of a formula


def check_certificate(document: object) -> dict[str, object]:
    """Return the certificate.  Raises ValueError, naming the place that is not as it should be."""
    certificate = _object(document, "the certificate")
    for key in ("claims", "tables", "files", "bindings"):
        if key not in certificate:
            raise ValueError(f"the certificate has no '{key}'")
    _texts(certificate["bindings"], "the bindings of the certificate")
    files = _object(certificate["files"], "the files of the certificate")
    _texts({name: one for name, one in files.items() if one is not None}, "the files")
    claims = _list(certificate["claims"], "the claims")
    if len(claims) > MAX_CLAIMS:
        raise ValueError(f"the certificate has {len(claims)} claims; it may have {MAX_CLAIMS}")
    for number, claim in enumerate(claims, 1):
        _check_claim(_object(claim, f"claim {number}"), f"claim {number}")
    for number, table in enumerate(_list(certificate["tables"], "the tables"), 1):
        _check_table(_object(table, f"table {number}"), f"table {number}")
    return certificate


def _check_claim(claim: Mapping[str, object], what: str) -> None:
    kind = _text(claim, "kind", what)
    if kind not in AGAINST:
        return
    _text(claim, "output", what)
    if "unproven" in claim:
        _text(claim, "unproven", what)
        return
    bound = _object(claim.get("bound"), f"the bound of {what}")
    _text(bound, "formula", f"the bound of {what}")
    if bound.get("value") is not None:
        _number(bound, "value", f"the bound of {what}")
    if "scale" in claim:
        _text(claim, "scale", what)
    hypotheses = _list(claim.get("hypotheses"), f"the hypotheses of {what}")
    if not all(map(_is_premise, hypotheses)):
        raise ValueError(f"the hypotheses of {what} are not all pairs of a kind and what it is of")


def _is_premise(value: object) -> bool:
    """["assumption", 0], as in checker/semantics/premises.py"""
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
        return False
    return isinstance(value[1], int | str) and not isinstance(value[1], bool)


def _check_table(table: Mapping[str, object], what: str) -> None:
    _text(table, "site", what)
    function = _text(table, "function", what)
    numbers = TABLES.get(function, OTHER_TABLES)
    for key in numbers:
        _number(table, key, what)
    if numbers:
        _list(table.get("knots"), f"the knots of {what}")


def _object(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object")
    return value


def _list(value: object, what: str) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"{what} should be a list, and is none")
    return value


def _texts(value: object, what: str) -> None:
    if not all(isinstance(one, str) for one in _object(value, what).values()):
        raise ValueError(f"{what} are not all texts")


def _text(parts: Mapping[str, object], key: str, what: str) -> str:
    value = parts.get(key)
    if not isinstance(value, str):
        raise ValueError(f"the '{key}' of {what} is not a text")
    return value


def _number(parts: Mapping[str, object], key: str, what: str) -> None:
    if not _NUMBER.fullmatch(_text(parts, key, what)):
        raise ValueError(f"the '{key}' of {what} is not a number p/q")
