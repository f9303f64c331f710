"""Where a formula has no finite value on an interval, or a proof that there is no such place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.compiler.approximate.enclosures.formula_balls import (
    JetAt,
    Place,
    jets,
    working_bits,
)
from weightsmith.dsl.elementary.enclosure import UndefinedError, Word
from weightsmith.dsl.numbers.formulas import Formula

DEEPEST = 60  # halvings
MOST_CELLS = 20_000


@dataclass(frozen=True, slots=True)
class Singularity:
    """A place, and why there is no finite value: "not proven finite" if it may be there."""

    place: float
    word: Word

    @property
    def says(self) -> str:
        """What a message says of the function: "has a pole at 0"."""
        verb = "has a pole" if self.word == "pole" else f"is {self.word}"
        return f"{verb} at {self.place:.6g}"


def find_singularity(
    formula: Formula, bindings: Mapping[str, Fraction], low: Fraction, high: Fraction
) -> Singularity | None:
    """Return None only if f is proven finite and continuous on all of [low, high]."""
    with flint.ctx.workprec(working_bits(low, high)):
        try:
            at = jets(formula, bindings)
        except UndefinedError as undefined:
            return Singularity(float(low), undefined.word)
        return _search(at, Place(low, high))


def _search(at: JetAt, whole: Place) -> Singularity | None:
    cells = [(whole, 0)]
    for _ in range(MOST_CELLS):
        if not cells:
            return None
        cell, depth = cells.pop()
        failure = _failure(at, cell)
        if failure is None:
            continue
        if failure.certain:
            return Singularity(float(cell.low), failure.word)
        if depth == DEEPEST or cell.low == cell.high:
            return _at_end(at, cell, failure)
        first, second = cell.halves()
        cells += [(second, depth + 1), (first, depth + 1)]
    return Singularity(float(cells[-1][0].low), "not proven finite")


def _failure(at: JetAt, cell: Place) -> UndefinedError | None:
    try:
        jet = at(cell)
    except UndefinedError as undefined:
        return undefined
    if jet.value.is_finite:
        return None
    return UndefinedError("not proven finite", certain=False)


def _at_end(at: JetAt, cell: Place, failure: UndefinedError) -> Singularity:
    """The end of a tiny cell where f fails surely, or its middle."""
    for end in (cell.low, cell.high):
        exact = _failure(at, Place(end, end))
        if exact is not None and exact.certain:
            return Singularity(float(end), exact.word)
    return Singularity(float((cell.low + cell.high) / 2), failure.word)
