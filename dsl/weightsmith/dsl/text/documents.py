"""Strict reading of the JSON that a directory holds, whoever wrote it: bounded, exact, printable.

Refused are bytes that are not UTF-8, more of anything than a network has, keys that stand twice,
floats, NaN and long whole numbers (exact numbers are texts), deep nesting, and every text with a
character that a terminal would obey or nobody would see.  The limits keep what is read below about
200 MB of memory and a few seconds.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import NoReturn

from weightsmith.dsl.text.characters import character_name, unsafe_character

MAX_BYTES = 32 << 20
MAX_PARTS = 2_000_000  # items of lists, and objects threefold: about 100 bytes of memory each
MAX_DEPTH = 200
MAX_TEXT = 1 << 18  # characters of one text
MAX_DIGITS = 18  # of a whole number that is no text: counts and indices
SHOWN = 60


class DocumentError(ValueError):
    """The document is not read; the message is the end of a sentence about it, without a stop."""


def read_document(data: bytes, *, lines: bool = False) -> object:
    """Return what the JSON says; with ``lines`` its texts may have several.

    Raises DocumentError.
    """
    if len(data) > MAX_BYTES:
        raise DocumentError(f"it is larger than {MAX_BYTES >> 20} MB")
    parts = 3 * data.count(b"{") + data.count(b"[") + data.count(b",")
    if parts > MAX_PARTS:
        raise DocumentError(f"it has more than {MAX_PARTS:,} parts")
    document = _parsed(data)
    _check_texts(document, lines)
    return document


def _parsed(data: bytes) -> object:
    try:
        value: object = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except DocumentError:
        raise
    except UnicodeDecodeError:
        raise DocumentError("it is not UTF-8 text") from None
    except RecursionError:
        raise DocumentError("it is nested too deep") from None
    except ValueError as reason:
        raise DocumentError(f"it is not valid JSON: {reason}") from None
    return value


def _check_texts(document: object, lines: bool) -> None:
    """Every key and every text is short and printable; level by level, so nothing recurses."""
    level, depth = [document], 0
    while level:
        if depth > MAX_DEPTH:
            raise DocumentError("it is nested too deep")
        inner: list[object] = []
        for item in level:
            if isinstance(item, str):
                _check_text(item, lines)
            elif isinstance(item, dict):
                inner.extend(item)
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level, depth = inner, depth + 1


def _check_text(text: str, lines: bool) -> None:
    if len(text) > MAX_TEXT:
        raise DocumentError(f"the text '{text[:SHOWN]}…' is longer than {MAX_TEXT:,} characters")
    if text.isascii() and text.isprintable():
        return
    offset = unsafe_character(text, lines=lines)
    if offset is not None:
        before = text[max(0, offset - SHOWN) : offset]
        name = character_name(text[offset])
        raise DocumentError(f"the character {name} after '{before}' may not stand in a text")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice = _first_twice(name for name, _ in pairs)
        raise DocumentError(f"the key {_quoted(twice)} stands twice in one object")
    return result


def _first_twice(names: Iterable[str]) -> str:
    return next(name for name, count in Counter(names).items() if count > 1)


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise DocumentError(f"the number {_quoted(text)} is too long")
    if text == "-0":
        raise DocumentError("the number '-0' is not written canonically")
    return int(text)


def _no_float(text: str) -> NoReturn:
    raise DocumentError(f"the number {_quoted(text)} is not exact: quote it, as p/q")


def _quoted(text: str) -> str:
    """A text for a message: short, and printable whatever stands in it."""
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return f"'{shown}'" if unsafe_character(shown, lines=False) is None else ascii(shown)
