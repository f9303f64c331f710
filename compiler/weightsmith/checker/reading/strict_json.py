"""What stands where in a JSON document: objects of known keys, lists, texts, exact numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from fractions import Fraction
from typing import TypeVar

from weightsmith.checker.heads import ALL, MASKS, NORMALISATIONS, OF_SUMS
from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.dsl.text.documents import DocumentError, read_document

MAX_NUMBER = 2000  # characters of an exact number "p/q"
MAX_BITS = 6600  # of numerator and denominator together: their text is short enough
_NUMBER = re.compile(r"(-?[0-9]+)(?:/(0*[1-9][0-9]*))?", re.ASCII)
Item = TypeVar("Item")


def read_json(data: bytes, what: str, *, lines: bool = False) -> object:
    """Read one JSON document; anything out of the ordinary is refused in a sentence.

    ``lines``: texts may have several lines.
    """
    try:
        return read_document(data, lines=lines)
    except DocumentError as reason:
        raise RefusedError(f"{what} cannot be read: {reason}.") from None


def as_object(
    value: object, what: str, keys: Collection[str], optional: Collection[str] = ()
) -> dict[str, object]:
    """An object with exactly these keys; the optional ones may be absent."""
    if not isinstance(value, dict):
        raise RefusedError(f"{what}: expected an object, got {quoted(value)}.")
    if len(value) == len(keys) and all(key in value for key in keys):
        return value
    for key in value:
        require(key in keys or key in optional, f"{what} has the unknown key {quoted(key)}.")
    for key in keys:
        require(key in value, f"{what} lacks the key '{key}'.")
    return value


def as_list(value: object, what: str) -> list[object]:
    if not isinstance(value, list):
        raise RefusedError(f"{what}: expected a list, got {quoted(value)}.")
    return value


def as_items(value: object, what: str, read: Callable[[object, str], Item]) -> tuple[Item, ...]:
    """A list, each item read by ``read`` with its place in the message."""
    items = as_list(value, what)
    return tuple(read(item, f"{what}, item {place}") for place, item in enumerate(items))


def as_text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise RefusedError(f"{what}: expected a text, got {quoted(value)}.")
    return value


def as_integer(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RefusedError(f"{what}: expected a whole number, got {quoted(value)}.")
    return value


def as_boolean(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise RefusedError(f"{what}: expected true or false, got {quoted(value)}.")
    return value


def as_texts(value: object, what: str) -> tuple[str, ...]:
    return as_items(value, what, as_text)


def as_number(value: object, what: str) -> Fraction:
    """An exact number ``"p/q"`` or ``"p"``, in lowest terms, written canonically."""
    text = as_text(value, what)
    if len(text) > MAX_NUMBER:
        raise RefusedError(f"{what}: the number {quoted(text)} is too long.")
    plain = _NUMBER.fullmatch(text)
    if plain is None:
        raise RefusedError(f"{what}: {quoted(text)} is not a number p/q.")
    top, bottom = plain.groups()
    number = Fraction(int(top), 1 if bottom is None else int(bottom))
    if str(number) != text:
        raise RefusedError(f"{what}: {quoted(text)} is not in lowest terms, as p/q.")
    return number


def exact_text(value: Fraction, what: str) -> str:
    """The text that ``as_number`` reads; a number too long for it is refused, not written."""
    bits = value.numerator.bit_length() + value.denominator.bit_length()
    require(bits <= MAX_BITS, f"{what} is an exact number of more than {MAX_NUMBER} characters.")
    return str(value)


def read_mask(value: object, what: str) -> str:
    """The mask of a JSON; raises RefusedError on any other value."""
    known = (ALL, *MASKS)
    is_known = isinstance(value, str) and value in known
    shown = quoted(value) if isinstance(value, str) else "no word"
    require(is_known, f"{what}: the mask {shown} is not one of {', '.join(known)}.")
    return str(value)


def read_normalisation(value: object, what: str) -> str:
    """The normalisation of a JSON: false is none, true that by sums, else its word.

    Raises RefusedError on any other value.
    """
    if isinstance(value, bool):
        return OF_SUMS if value else ""
    others = [one for one in NORMALISATIONS if one != OF_SUMS]
    listed = ", ".join(("true", "false", *others))
    require(isinstance(value, str) and value in others, f"{what} is not one of {listed}.")
    return str(value)
