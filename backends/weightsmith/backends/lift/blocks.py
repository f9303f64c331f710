"""Coefficients of blocks: of a product of weights, c times an identity or times ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from weightsmith.backends.lift.fixed import Fixed, combined, fitting
from weightsmith.backends.lift.given.tensors import Tensor

SAMPLES = 9  # entries of a block from which its errors are estimated
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
    text: str = ""  # instead, where nothing is off by a number

    def __str__(self) -> str:
        return self.text or (
            f"{self.where}, {self.above} by {self.beside}: off by {self.off:.3g} at "
            f"{list(self.place)}"
        )


@dataclass(slots=True)
class Blocks:
    """Collects coefficients and what is no block; ``unit`` and ``noise`` as in ``Rounding``.

    ``fixed``: the matrices that blocks may hold.  ``views``: which of them meet which blocks.
    """

    unit: float
    noise: float = 0.0
    fixed: tuple[Fixed, ...] = ()
    views: list[tuple[Fixed, int]] = field(default_factory=list)
    estimates: list[Estimate] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)

    def text(self, estimate: Estimate) -> str:
        """A mark that stands for the coefficient in a template."""
        self.estimates.append(estimate)
        return f"{MARK}{len(self.estimates) - 1}"

    def place(self, matrix: Fixed, block: int) -> int:
        """The number of a view among the views."""
        for number, (one, other) in enumerate(self.views):
            if one is matrix and other == block:
                return number
        self.views.append((matrix, block))
        return len(self.views) - 1

    def parts(
        self, entries: Tensor, slack: Tensor, where: str, sides: Sequence[tuple[str, str]]
    ) -> list[tuple[Fixed | None, Estimate]]:
        """A block as c·I (with None), or with fixed matrices too; nothing for zero."""
        (above, _), (beside, _) = sides
        known = fitting(self.fixed, (above, beside), entries.shape)
        if known and (np.abs(entries) > slack).any():
            fits, rest = combined(entries, slack, known, square=above == beside)
            found = []
            for fit in fits:
                bound = float(fit.spread @ slack.ravel())
                if entries.size >= SAMPLES and not self.noise:
                    seen = 4 * rest * float(fit.spread.sum())
                    bound = min(bound, seen + 4 * self.unit * abs(fit.value))
                found.append((fit.matrix, Estimate(fit.value, bound)))
            if found:
                return found
        one = self.read(entries, slack, where, sides)
        return [] if one is None else [(None, one)]

    def read(
        self,
        entries: Tensor,
        slack: Tensor,
        where: str,
        sides: Sequence[tuple[str, str]],
        *,
        ones: bool = False,
        sharp: bool = False,
    ) -> Estimate | None:
        """c of c·I (or with ``ones`` of c·ones between one row and several), None for zero.

        ``sides``: rows and name of what stands above and beside.
        ``sharp``: the entries stand in a tensor, and were not multiplied.
        """
        (above, _), (beside, _) = sides
        sure = np.abs(entries) > slack
        flat = ones and above != beside and "1" in (above, beside)
        if above == beside and entries.shape[0] == entries.shape[1]:
            wanted = np.eye(len(entries), dtype=bool)
        else:
            wanted = np.full(entries.shape, flat)
        picked = entries[wanted]
        middle = np.mean if self.noise else np.median  # one damaged entry moves no median
        value = float(middle(picked)) if len(picked) else 0.0
        if not sure[wanted].any() or sure[wanted].sum() <= 0.5 * (len(picked) - 1) or not value:
            self.check(np.where(sure, entries, 0.0), slack, where, sides)
            return None
        self.check(entries - value * wanted, slack, where, sides)
        bound = float(np.median(slack[wanted]))
        if sharp and (picked == value).all():
            bound = 2 * self.unit * abs(value) + self.noise
        elif entries.size >= SAMPLES and not self.noise:  # they show their errors themselves
            seen = float(np.abs(entries - value * wanted).max())
            bound = min(bound, 4 * seen + 4 * self.unit * abs(value))
        return Estimate(value, bound)

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
