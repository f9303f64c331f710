"""Numbers that a user gives, as float64 matrices that hold them exactly."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from weightsmith.backends.data.given import plain_array
from weightsmith.backends.enclose.matrices.near import Array, NoBoundError
from weightsmith.backends.errors import shown_name

DOUBLE = 8  # bytes
FLOAT64, FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)
WHOLE = 2**53  # whole numbers up to this are floats
INEXACT = "{} holds numbers that float64 does not hold exactly"


def exact_array(value: object, what: str) -> Array:
    """The same numbers in float64; of a float array also those that are not finite.

    Raises NoBoundError where rounding would change a number, LayoutError on what is no numbers.
    """
    if type(value) is np.ndarray and value.dtype == np.float64:
        return value
    is_plain = type(value) is np.ndarray and value.dtype.kind == "f"
    array = value if isinstance(value, np.ndarray) and is_plain else plain_array(value, what)
    if array.dtype.kind == "O" or (array.dtype.kind in "iu" and _is_long(array)):
        return _of_exact(array, what)
    with np.errstate(over="ignore"):
        found = array.astype(np.float64, copy=False)
    if array.dtype.itemsize <= DOUBLE:
        return found
    if array.dtype.kind == "f" and not np.array_equal(
        found.astype(array.dtype), array, equal_nan=True
    ):
        raise NoBoundError(INEXACT.format(what))
    return found


def floats_of(array: Array) -> Array | None:
    """The same numbers in float64; None of any type but that and float32."""
    if array.dtype == FLOAT64:
        return array
    return array.astype(FLOAT64) if array.dtype == FLOAT32 else None


def is_single(value: Array) -> bool:
    """Do the numbers look like float32?  Only what is tried first depends on it."""
    if not len(value):
        return True
    few = value[0, :2]
    return bool(few.astype(np.float32).tolist() == few.tolist())


def inexact(inputs: Mapping[str, object]) -> str:
    """Which input holds a number that is no float64, "" if none does; raises LayoutError."""
    for name, value in inputs.items():
        pieces = value.values() if isinstance(value, Mapping) else (value,)
        try:
            for piece in pieces:
                exact_array(piece, f"'{shown_name(name)}'")
        except NoBoundError as why:
            return str(why)
    return ""


def _is_long(array: Array) -> bool:
    return bool(array.size) and not -WHOLE <= int(array.min()) <= int(array.max()) <= WHOLE


def _of_exact(array: Array, what: str) -> Array:
    found = np.empty(array.shape)
    for place, number in np.ndenumerate(array):
        exact = Fraction(number.item() if isinstance(number, np.generic) else number)
        try:
            found[place] = float(exact)
        except OverflowError:
            raise NoBoundError(INEXACT.format(what)) from None
        if Fraction(float(found[place])) != exact:
            raise NoBoundError(INEXACT.format(what))
    return found
