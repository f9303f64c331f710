"""Coefficients of blocks: of a product of weights, c times an identity or times ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from weightsmith.backends.lift.tensors import Tensor

MARK = "?"  # of a coefficient that has no text yet: its number follows


@dataclass(frozen=True, slots=True)
class Estimate:
    """A coefficient as a float, and how far off it may be."""

    value: float
    slack: float

    def times(self, other: Estimate) -> Estimate:
        slack = abs(self.value) * other.slack + abs(other.value) * self.slack
        return Estimate(self.value * other.value, slack)

    def over(self, other: Estimate) -> Estimate:
        relative = self.slack / abs(self.value or 1) + other.slack / abs(other.value)
        value = self.value / other.value
        return Estimate(value, abs(value) * relative)

    @property
    def size(self) -> Estimate:
        return Estimate(abs(self.value), self.slack)

    def is_near(self, other: Estimate) -> bool:
        return abs(self.value - other.value) <= self.slack + other.slack


ONE = Estimate(1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Defect:
    """A block that is none: ``where``, its two sides, how far its worst entry is off."""

    where: str
    above: str
    beside: str
    place: tuple[int, int]
    off: float

    def __str__(self) -> str:
        return (
            f"{self.where}, {self.above} by {self.beside}: off by {self.off:.3g} at "
            f"{list(self.place)}"
        )


@dataclass(slots=True)
class Blocks:
    """Collects coefficients and what is no block.  ``exact``: entries are read as they stand, so
    that one is known to its own rounding."""

    unit: float
    estimates: list[Estimate] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)

    def text(self, estimate: Estimate) -> str:
        """A mark that stands for the coefficient in a template."""
        self.estimates.append(estimate)
        return f"{MARK}{len(self.estimates) - 1}"

    def read(
        self,
        entries: Tensor,
        slack: Tensor,
        where: str,
        sides: Sequence[tuple[str, str]],
        *,
        ones: bool = False,
    ) -> Estimate | None:
        """c of c·I (or with ``ones`` of c·ones between one row and several), None for zero.

        ``sides``: rows and name of what stands above and beside.
        """
        (above, _), (beside, _) = sides
        sure = np.abs(entries) > slack
        flat = ones and above != beside and "1" in (above, beside)
        if above == beside and entries.shape[0] == entries.shape[1]:
            wanted = np.eye(len(entries), dtype=bool)
        else:
            wanted = np.full(entries.shape, flat)
        picked = entries[wanted]
        if not sure[wanted].any() or sure[wanted].sum() <= 0.5 * (len(picked) - 1):
            self.check(np.where(sure, entries, 0.0), slack, where, sides)
            return None
        value = float(np.median(picked))
        self.check(entries - value * wanted, slack, where, sides)
        spread = float(np.median(np.abs(picked - value))) if len(picked) > 2 else 0.0
        exact = bool((np.abs(picked - value) <= 2 * self.unit * abs(value)).all())
        near = (2 * self.unit * abs(value)) if exact else 4 * spread
        bound = float(np.median(slack[wanted]))
        if not exact and len(picked) <= 2:
            near = bound
        return Estimate(value, min(max(near, 2 * self.unit * abs(value)), bound))

    def check(
        self, off: Tensor, slack: Tensor, where: str, sides: Sequence[tuple[str, str]]
    ) -> None:
        beyond = np.where(np.abs(off) > slack, np.abs(off), 0.0)
        if beyond.any():
            row, column = np.unravel_index(int(beyond.argmax()), beyond.shape)
            self.defects.append(
                Defect(
                    where,
                    sides[0][1],
                    sides[1][1],
                    (int(row), int(column)),
                    float(beyond[row, column]),
                )
            )
