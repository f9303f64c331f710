"""The form of a certificate, as far as a reader of it counts on: whether it is true is not asked.

What ``show`` and ``run`` print of a certificate, they find in the places that are looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from weightsmith.compiler.reports.bound import AGAINST

MAX_FACTS = 4000  # as in checker/facts/certificate.py
MAX_DIGITS = 4000  # of a numerator or a denominator
_NUMBER = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS}}}(/0*[1-9][0-9]{{0,{MAX_DIGITS}}})?", re.ASCII)
TABLES = {"gated": (), "product": ("left", "right", "error")}
OTHER_TABLES = ("low", "high", "error")  # of a formula


def check_certificate(document: object) -> dict[str, object]:
    """Return the certificate.  Raises ValueError, naming the place that is not as it should be."""
    certificate = _object(document, "the certificate")
    for key in ("facts", "tables", "files", "bindings"):
        if key not in certificate:
            raise ValueError(f"the certificate has no '{key}'")
    _texts(certificate["bindings"], "the bindings of the certificate")
    files = _object(certificate["files"], "the files of the certificate")
    _texts({name: one for name, one in files.items() if one is not None}, "the files")
    lines = _list(certificate["facts"], "the facts")
    if len(lines) > MAX_FACTS:
        raise ValueError(f"the certificate has {len(lines)} facts; it may have {MAX_FACTS}")
    for number, line in enumerate(lines, 1):
        _check_line(_object(line, f"fact {number}"), number)
    for number, table in enumerate(_list(certificate["tables"], "the tables"), 1):
        _check_table(_object(table, f"table {number}"), f"table {number}")
    return certificate


def _check_line(line: Mapping[str, object], number: int) -> None:
    what = f"fact {number}"
    if line.get("n") != number:
        raise ValueError(f"{what} has another number")
    _text(line, "by", what)
    before = _list(line.get("from"), f"what {what} follows from")
    if not all(type(one) is int and 1 <= one < number for one in before):
        raise ValueError(f"{what} follows from something that does not stand before it")
    witness = _object(line.get("with"), f"the witness of {what}")
    fact = _object(line.get("fact"), what)
    kind = _text(fact, "is", what)
    if kind == "open":
        of = _list(fact.get("of"), what)
        if len(of) != 2 or of[0] not in AGAINST or not isinstance(of[1], str):
            raise ValueError(f"{what} says of nothing that is owed that it is open")
        _text(witness, "why", what)
    elif kind == "spectrum":
        _texts(dict(enumerate(_list(fact.get("of"), what))), f"the letters of {what}")
        if type(witness.get("number")) is not int:
            raise ValueError(f"the number of {what} is not a whole number")
    elif kind in AGAINST:
        _check_bound(fact, what)


def _check_bound(fact: Mapping[str, object], what: str) -> None:
    _text(fact, "of", what)
    bound = _object(fact.get("bound"), f"the bound of {what}")
    _text(bound, "formula", f"the bound of {what}")
    if bound.get("value") is not None:
        _number(bound, "value", f"the bound of {what}")
    if "scale" in fact or fact["is"] == "truncation":
        _text(fact, "scale", what)
    hypotheses = _list(fact.get("hypotheses"), f"the hypotheses of {what}")
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
