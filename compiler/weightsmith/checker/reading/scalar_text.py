"""Scalar texts of the files: read by the front end of the language, within limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from weightsmith.checker.reading.refusal import RefusedError, quoted, require, spend
from weightsmith.checker.reading.strict_json import as_items, as_text
from weightsmith.checker.reading.work import of_fractions
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers import scalars

MAX_TEXT = 2000  # characters; the longest scalars of real scripts have a few dozen
MAX_COUNT = 10**12
SHORT = 4  # characters of a number that is kept, as 0, 1 and -1 are met again and again
COEFFICIENT = 50  # units of work: reading one, and the least that is done with it
MAX_BITS = 1 << 17  # of a value, and of what it is made of
_PLAIN = re.compile(r"(-?\d+)(?:/([1-9]\d*))?", re.ASCII)
_ATOM = re.compile(r"[A-Za-z_][A-Za-z_0-9.]*|\d+", re.ASCII)
_known: dict[str, scalars.Scalar] = {}


def read_scalar(value: object, what: str) -> scalars.Scalar:
    """Read a scalar text such as ``"2/(L + mu)"``."""
    text = as_text(value, what)
    spend(COEFFICIENT)
    if len(text) > MAX_TEXT:
        raise RefusedError(f"{what}: the scalar {quoted(text)} is too long.")
    if text in _known:
        return _known[text]
    plain = _PLAIN.fullmatch(text)
    found = _parse(text, what) if plain is None else _number(*plain.groups())
    if plain is None or len(text) <= SHORT:
        if len(_known) > 4096:
            _known.clear()
        _known[text] = found
    return found


def _number(top: str, bottom: str | None) -> scalars.Number:
    return scalars.Number(Fraction(int(top), int(bottom or 1)))


def _parse(text: str, what: str) -> scalars.Scalar:
    require(text.isprintable(), f"{what}: {quoted(text)} is not a scalar.")
    try:
        return parse_scalar(text)
    except RefusedError:
        raise
    except Exception as error:
        raise RefusedError(
            f"{what}: {quoted(text)} is not a scalar ({type(error).__name__})."
        ) from None


def read_schedule(
    value: object, what: str, count: scalars.Scalar
) -> dict[str, tuple[scalars.Scalar, ...]]:
    """The numbers of each pass, by name: as many as there are passes."""
    if not isinstance(value, dict) or not value:
        raise RefusedError(f"{what}: expected an object of names with their numbers.")
    schedule = {
        name: as_items(numbers, f"{what}, {name}", read_scalar) for name, numbers in value.items()
    }
    for name, numbers in schedule.items():
        enough = count == scalars.Number(Fraction(len(numbers)))
        require(enough, f"{what}, {name}: there must be one number for every pass.")
    return schedule


def is_atom(text: str) -> bool:
    """True for a name or a whole number, which needs no brackets next to an operator."""
    return _ATOM.fullmatch(text) is not None


def value_at(scalar: scalars.Scalar, bindings: Mapping[str, Fraction]) -> Fraction:
    """The exact value at the bindings, as it stands: a vanishing denominator is refused."""
    try:
        return scalars.evaluate(
            scalar, bindings, most_bits=MAX_BITS, spend=lambda bits: spend(of_fractions(bits))
        )
    except scalars.ScalarError as error:
        text = quoted(scalars.to_text(scalar))
        raise RefusedError(f"The scalar {text} has no value: {error}.") from None


def count_at(scalar: scalars.Scalar, bindings: Mapping[str, Fraction]) -> int:
    """The value of a count: a whole number, not negative."""
    value = value_at(scalar, bindings)
    whole = value.denominator == 1 and 0 <= value <= MAX_COUNT
    require(whole, f"The count {quoted(scalars.to_text(scalar))} is not a whole number from 0 up.")
    return int(value)
