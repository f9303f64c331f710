"""How far numbers may be from what they should be: roundings of the dtype, and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weightsmith.backends.lift.given.tensors import Tensor

ROUNDINGS = 16  # of every number of a product, before its error is called damage

SPARSE = 0.3  # the share of zeros from which on a matrix counts as written down


@dataclass(frozen=True, slots=True)
class Rounding:
    """``unit``: the relative error of one rounding.  ``noise``: an absolute error on top, of
    trained weights."""

    unit: float
    noise: float = 0.0

    def slack(self, *factors: Tensor) -> Tensor:
        """What a product of these may be off, entry by entry."""
        found = magnitude(factors[0])
        for factor in factors[1:]:
            found = found @ magnitude(factor)
        return ROUNDINGS * self.unit * found + self.noise


def magnitude(matrix: Tensor) -> Tensor:
    """What the roundings of an entry are relative to.

    Of a matrix that was written down, the entry; of one that was multiplied, as a rotated one is,
    the lengths of its row and its column.  The first kind has zeros.
    """
    found = np.abs(matrix)
    if found.ndim < 2 or not found.size:
        return found
    rows, columns = found.any(axis=1), found.any(axis=0)
    inside = found[np.ix_(rows, columns)]
    if not inside.size or (inside == 0).mean() >= SPARSE:
        return found
    lengths = [np.sqrt((inside**2).sum(axis=axis, keepdims=True)) for axis in (0, 1)]
    found[np.ix_(rows, columns)] = np.maximum(*lengths)
    return found
