"""A user's array, checked: numbers, finite, two-dimensional, in the dtype of the network."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

import numpy as np

from weightsmith.backends.data.given import Array, plain_array, rounded_array
from weightsmith.backends.errors import LayoutError

__all__ = ["Array", "checked_array"]


def checked_array(value: object, what: str, dtype: np.dtype[Any], *, finite: bool = False) -> Array:
    """Return the value as (batch ×) rows × columns of ``dtype``.

    ``dtype`` object gives exact Fractions; ``finite`` says that the value is an array of finite
    floats.  Raises LayoutError, naming ``what``, on whatever is no array of finite real numbers,
    and on any number of dimensions but 2 and 3.
    """
    array = cast("Array", value) if finite else plain_array(value, what)
    if finite and array.ndim == 2 and array.dtype == dtype:
        return array  # as in most calls: soon
    if array.ndim not in (2, 3):
        raise LayoutError(
            f"expected a matrix (or a batch of matrices) for {what}, got "
            f"{array.ndim} dimension{'' if array.ndim == 1 else 's'} of shape {array.shape}."
            + (
                " Reshape it: value[None] is one row, value[:, None] one column."
                if array.ndim == 1
                else ""
            )
        )
    if array.ndim == 3 and array.shape[0] == 0:
        raise LayoutError(f"expected at least one problem in the batch of {what}, got none.")
    return _exact(array) if dtype == np.dtype(object) else rounded_array(array, what, dtype)


def _exact(array: Array) -> Array:
    exact = np.empty(array.shape, dtype=object)
    for index, entry in enumerate(array.flat):
        number = entry.item() if isinstance(entry, np.generic) else entry
        exact.flat[index] = Fraction(number)
    return exact
