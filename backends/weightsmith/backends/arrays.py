"""A user's array, checked: numbers, finite, two-dimensional, in the dtype of the network."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from weightsmith.backends.errors import LayoutError

Array: TypeAlias = NDArray[Any]  # float64, float32, or object (Fractions)


def checked_array(value: ArrayLike, what: str, dtype: np.dtype[Any]) -> Array:
    """Return the value as (batch ×) rows × columns of ``dtype``.

    ``dtype`` object gives exact Fractions.  Raises LayoutError, naming ``what``, on ragged,
    complex, non-numeric or non-finite data, and on any number of dimensions but 2 and 3.
    """
    array = _numeric(value, what)
    if array.ndim not in (2, 3):
        raise LayoutError(
            f"expected a matrix (or a batch of matrices) for {what}, got "
            f"{array.ndim} dimension{'' if array.ndim == 1 else 's'} of shape {array.shape}."
            + (" Reshape it to one row or one column." if array.ndim == 1 else "")
        )
    if array.ndim == 3 and array.shape[0] == 0:
        raise LayoutError(f"expected at least one problem in the batch of {what}, got none.")
    if dtype == np.dtype(object):
        return _exact(array)
    with np.errstate(over="ignore"):
        cast: Array = array.astype(dtype, copy=False)
    if not np.isfinite(cast).all():
        raise LayoutError(f"{what} holds a number that is too large for {dtype}.")
    return cast


def _numeric(value: ArrayLike, what: str) -> Array:
    try:
        array: Array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise LayoutError(f"{what} is not an array: {error}") from error
    if array.dtype.kind == "c":
        raise LayoutError(f"expected real numbers for {what}, got complex ones.")
    if array.dtype.kind == "O" and all(isinstance(x, (Fraction, int)) for x in array.flat):
        return array
    if array.dtype.kind not in "biuf":
        raise LayoutError(f"expected numbers for {what}, got {array.dtype}.")
    if not np.isfinite(array).all():
        raise LayoutError(f"{what} holds a NaN or an infinity; every entry must be finite.")
    return array


def _exact(array: Array) -> Array:
    exact = np.empty(array.shape, dtype=object)
    for index, entry in enumerate(array.flat):
        number = entry.item() if isinstance(entry, np.generic) else entry
        exact.flat[index] = Fraction(number)
    return exact
