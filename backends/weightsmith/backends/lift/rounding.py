"""How far numbers may be from what they should be: roundings of the dtype, and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weightsmith.backends.lift.given.tensors import Tensor

ROUNDINGS = 16  # of every number of a product, before its error is called damage

COMPUTED = 8 * 2.0**-53  # the error of products that are computed in float64, here and before
SPARSE = 0.3  # the share of zeros from which on a matrix counts as written down


@dataclass(frozen=True, slots=True)
class Rounding:
    """``unit``: the relative error of one rounding.  ``noise``: an absolute error on top, of
    trained weights."""

    unit: float
    noise: float = 0.0

    def slack(self, *factors: Tensor) -> Tensor:
        """What a product of these may be off, entry by entry.

        The less of two bounds: the product of the magnitudes of their entries, which is zero where
        they are; and the lengths of rows and columns, times the norms of what is between.
        """
        found = magnitude(factors[0])
        for factor in factors[1:]:
            found = found @ magnitude(factor)
        if len(factors) > 1 and found.size:
            norms = [float(np.linalg.norm(factor, 2)) for factor in factors[1:-1]]
            rows = np.linalg.norm(factors[0], axis=1, keepdims=True)
            columns = np.linalg.norm(factors[-1], axis=0, keepdims=True)
            found = np.minimum(found, rows * columns * np.prod(norms))
        return ROUNDINGS * (self.unit + COMPUTED) * found + self.noise


def magnitude(matrix: Tensor) -> Tensor:
    """What the roundings of an entry are relative to.

    Of a matrix that was written down, the entry; of one that was multiplied, as a rotated one is,
    the root mean square of its row or its column.  The first kind has zeros.
    """
    found = np.abs(matrix)
    if found.ndim < 2 or not found.size:
        return found
    rows, columns = found.any(axis=1), found.any(axis=0)
    inside = found[np.ix_(rows, columns)]
    if not inside.size or (inside == 0).mean() >= SPARSE:
        return found
    means = [np.sqrt((inside**2).mean(axis=axis, keepdims=True)) for axis in (0, 1)]
    found[np.ix_(rows, columns)] = np.maximum(inside, np.maximum(*means))
    return found
