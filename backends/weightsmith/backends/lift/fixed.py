"""Fixed matrices that the layout names: blocks of products that are made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from weightsmith.backends.lift.given.dense import DenseMatrix
from weightsmith.backends.lift.given.tensors import Tensor
from weightsmith.compiler.ir.template import View

TERMS = 3  # the most that are tried together


@dataclass(frozen=True, slots=True)
class Fixed:
    """A matrix of the layout, or its transpose; ``entries``: rows × columns, those of it."""

    name: str
    transposed: bool
    rows: str
    columns: str
    entries: Tensor

    def view(self, block: str) -> View:
        """What it makes of a block, named as in a ``.net`` file."""
        return View(
            f"{self.name}{'′' * self.transposed} {block}", self.name, self.transposed, block
        )


@dataclass(frozen=True, slots=True)
class Fit:
    """``matrix``: None for the identity.  ``spread``: how far the number moves, at most, if every
    entry moves by 1."""

    matrix: Fixed | None
    value: float
    spread: Tensor


def both_ways(matrices: Sequence[DenseMatrix]) -> tuple[Fixed, ...]:
    """Every matrix, and its transpose unless that is the same."""
    found = []
    for one in matrices:
        found.append(Fixed(one.name, False, one.rows, one.columns, one.entries))
        if one.rows != one.columns or not np.array_equal(one.entries, one.entries.T):
            found.append(Fixed(one.name, True, one.columns, one.rows, one.entries.T))
    return tuple(found)


def fitting(fixed: Sequence[Fixed], sides: tuple[str, str], shape: tuple[int, ...]) -> list[Fixed]:
    """Those that a block of these rows and columns may hold."""
    return [one for one in fixed if (one.rows, one.columns) == sides and one.entries.shape == shape]


def combined(
    entries: Tensor, slack: Tensor, known: Sequence[Fixed], *, square: bool
) -> tuple[list[Fit], float]:
    """``entries`` as c₀·I + Σ cᵢ·matrixᵢ, of as few terms as fit, and the largest rest.

    No terms where nothing fits, or an identity does alone.  ``square``: may there be an identity?
    """
    for chosen in _choices(known, square=square):
        arrays = [np.eye(len(entries)) if one is None else one.entries for one in chosen]
        table = np.stack([one.ravel() for one in arrays], axis=1)
        inverse = np.asarray(np.linalg.pinv(table), dtype=np.float64)
        numbers = inverse @ entries.ravel()
        rest = np.abs(entries.ravel() - table @ numbers)
        if (rest <= slack.ravel()).all():
            if chosen == (None,):
                break
            fits = [
                Fit(one, float(number), np.abs(row))
                for one, number, row in zip(chosen, numbers, inverse, strict=True)
            ]
            return fits, float(rest.max())
    return [], 0.0


def without(entries: Tensor, known: Sequence[Fixed], *, square: bool) -> Tensor:
    """The rest of a block that is orthogonal to an identity and the matrices."""
    identity = np.eye(len(entries)) if square else np.zeros(entries.shape)
    if not known:
        return entries - np.trace(entries) / len(entries) * identity if square else entries
    table = np.stack([one.ravel() for one in (identity, *(one.entries for one in known))], axis=1)
    near = table @ np.linalg.lstsq(table, entries.ravel(), rcond=None)[0]
    rest: Tensor = entries - near.reshape(entries.shape)
    return rest


def _choices(known: Sequence[Fixed], *, square: bool) -> Iterator[tuple[Fixed | None, ...]]:
    every: tuple[Fixed | None, ...] = (None, *known) if square else tuple(known)
    for count in range(1, TERMS + 1):
        yield from combinations(every, count)
