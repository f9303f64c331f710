"""How far numbers may be from what they should be: roundings of the dtype, and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weightsmith.backends.lift.tensors import Tensor

ROUNDINGS = 16  # of every number of a product, before its error is called damage


@dataclass(frozen=True, slots=True)
class Rounding:
    """``unit``: the relative error of one rounding.  ``noise``: an absolute error on top, of
    trained weights."""

    unit: float
    noise: float = 0.0

    def slack(self, *factors: Tensor) -> Tensor:
        """What a product of these may be off, entry by entry."""
        found = np.abs(factors[0])
        for factor in factors[1:]:
            found = found @ np.abs(factor)
        return ROUNDINGS * self.unit * found + self.noise
