"""Strict reading of JSON: no duplicate keys, floats, NaN or huge numbers; known keys only."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection
from fractions import Fraction
from typing import TypeVar

from weightsmith.checker.refusal import RefusedError, quoted, require

MAX_BYTES = 32 << 20
MAX_DIGITS = 18  # of an integer in JSON itself: counts and indices
MAX_NUMBER = 2000  # characters of an exact number "p/q"
MAX_BITS = 6600  # of numerator and denominator together: their text is short enough
Item = TypeVar("Item")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise RefusedError(f"The key {quoted(twice)} stands twice in one object.")
    return result


def _integer(text: str) -> int:
    require(len(text) <= MAX_DIGITS, f"The number {quoted(text)} is too long.")
    require(text != "-0", "The number '-0' is not written canonically.")
    return int(text)


def _no_float(text: str) -> object:
    raise RefusedError(f"The number {quoted(text)} is not exact: quote it, as p/q.")


def read_json(data: bytes, what: str) -> object:
    """Read one JSON document; anything out of the ordinary is refused in a sentence."""
    require(len(data) <= MAX_BYTES, f"{what} is larger than {MAX_BYTES} bytes.")
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except RefusedError as refused:
        raise RefusedError(f"{what} cannot be read. {refused}") from None
    except RecursionError:
        raise RefusedError(f"{what} is nested too deeply.") from None
    except ValueError as error:
        raise RefusedError(f"{what} is not valid JSON: {error}.") from None


def as_object(
    value: object, what: str, keys: Collection[str], optional: Collection[str] = ()
) -> dict[str, object]:
    """An object with exactly these keys; the optional ones may be absent."""
    if not isinstance(value, dict):
        raise RefusedError(f"{what}: expected an object, got {quoted(value)}.")
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
    require(len(text) <= MAX_NUMBER, f"{what}: the number {quoted(text)} is too long.")
    plain = text.removeprefix("-").replace("/", "", 1)
    require(plain.isascii() and plain.isdigit(), f"{what}: {quoted(text)} is not a number p/q.")
    try:
        number = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise RefusedError(f"{what}: {quoted(text)} is not a number p/q.") from None
    require(str(number) == text, f"{what}: {quoted(text)} is not in lowest terms, as p/q.")
    return number


def exact_text(value: Fraction, what: str) -> str:
    """The text that ``as_number`` reads; a number too long for it is refused, not written."""
    bits = value.numerator.bit_length() + value.denominator.bit_length()
    require(bits <= MAX_BITS, f"{what} is an exact number of more than {MAX_NUMBER} characters.")
    return str(value)
