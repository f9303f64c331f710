"""What is measured: numbers that a hypothesis confines to an interval, or a finding of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

import numpy as np

from weightsmith.backends.measure.data import Data
from weightsmith.backends.measure.decimals import DIGITS, text_of
from weightsmith.backends.measure.enclosure import (
    FLOOR,
    MILD,
    WIDER,
    Array,
    Enclosure,
    Interval,
    exact,
    gamma,
    side_by_side,
)
from weightsmith.backends.measure.evaluate import UnknownValueError
from weightsmith.backends.measure.spectra import Values, singular_values


class Verdict(Enum):
    """Does a hypothesis hold of the data?

    HOLDS and BROKEN are proven.  ROUND_OFF: neither is, since the data are within the margin of
    measuring, or within the rounding of the numbers that they are given in, of an end.
    """

    HOLDS = "yes"
    ROUND_OFF = "within round-off"
    BROKEN = "no"
    UNMEASURED = "not measured"


ROUND_OFF = 4  # units of round-off of the numbers given that data may be off by


@dataclass(frozen=True, slots=True)
class Quantity:
    """Numbers with margins, batch × count, called ``noun`` ("eigenvalue") ``of`` something.

    ``slack`` is what the rounding of the data given may make of the largest of them, or with
    ``of_ends`` relative to the ends.  ``without_zeros``: those that are 0 within margin and slack
    are not confined.
    """

    values: Values
    noun: str
    of: str
    slack: float
    of_ends: bool = False
    without_zeros: bool = False

    @property
    def zeros(self) -> Array:
        """Which of the numbers are not confined."""
        near = np.abs(self.values.middle) <= self.values.margin + self.slack
        return near & self.without_zeros

    def place(self, data: Data, problem: int) -> str:
        """Name a problem of a batch; sizes are the same in all."""
        return data.place(problem) if self.noun != SIZE else ""

    def summary(self, digits: int = DIGITS) -> str:
        """The numbers in short: the ends of what encloses them."""
        confined = ~self.zeros
        count = int((~confined).sum(axis=-1).max(initial=0))
        zeros = f"{count} zero{'s' * (count != 1)}" if count else ""
        if not confined.any():
            return zeros or "none"
        values = self.values
        low = exact_value(float(values.low[confined].min()), values.exponent)
        high = exact_value(float(values.high[confined].max()), values.exponent)
        if self.noun == SIZE:
            return str(high)
        top = text_of(high, digits=digits)
        if "norm" in self.noun:
            return f"at most {top}"
        return f"in [{text_of(low, digits=digits)}, {top}]" + (f", and {zeros}" if zeros else "")


@dataclass(frozen=True, slots=True)
class Finding:
    """A hypothesis that has no numbers to be set: what was measured, and what to do about it."""

    verdict: Verdict
    measured: str
    sentence: str = field(default="")

    def summary(self, digits: int = DIGITS) -> str:
        """What was measured, whatever the digits."""
        return self.measured


Measured = Quantity | Finding
SIZE = "size"


def exact_value(number: float, exponent: int) -> Fraction:
    return Fraction(number) * Fraction(2) ** exponent


def slack_of(values: Values, unit: float) -> float:
    """What entries that are off by a few units of round-off make of eigenvalues or norms."""
    return ROUND_OFF * unit * float(np.abs(values.middle).max(initial=0))


def norms(data: Data, name: str) -> Quantity:
    """The 2-norm of a matrix, or of every column of an input per token."""
    groups = _given(data, name)
    if groups == ("",):
        values = _norm(exact(data.matrices[name, ""]))
        return Quantity(values, "norm", name, slack_of(values, data.units[name]))
    tokens = side_by_side([exact(data.matrices[name, group]) for group in groups], -1)
    values = _column_norms(tokens)
    return Quantity(values, "norm of a token", name, slack_of(values, data.units[name]))


def entries(data: Data, name: str) -> Quantity:
    """The least and the largest entry of every problem, exactly."""
    flat = [data.matrices[name, group] for group in _given(data, name)]
    found = np.concatenate([one.reshape(data.problems, one[0].size) for one in flat], axis=-1)
    if found.shape[-1]:
        found = np.stack((found.min(axis=-1), found.max(axis=-1)), axis=-1)
    values = Values(found, np.zeros_like(found), 0)
    return Quantity(values, "entry", name, ROUND_OFF * data.units[name], of_ends=True)


def norms_within(data: Data, name: str, ends: Interval) -> bool:
    """Are the norms at most an end, or more by no more than roundings of the data make them?

    The 2-norm of a matrix is at most its Frobenius norm.
    """
    parts = [data.matrices[name, group] for group in _given(data, name)]
    if data.groups(name) == ("",):
        rows = [part.reshape(len(part), part[0].size) for part in parts]
    else:
        rows = [part.swapaxes(-1, -2) for part in parts]
    largest = max(float(np.vecdot(row, row).max(initial=0)) for row in rows)
    least = math.sqrt(largest) * (1 - ROUND_OFF * data.units[name])
    return largest > MILD and least <= ends.inner(0)[1]


def entries_within(data: Data, name: str, ends: Interval) -> bool:
    """Do the entries lie between two ends?"""
    low, high = ends.inner(0)
    parts = [data.matrices[name, group] for group in _given(data, name)]
    return all(
        low <= part.min(initial=np.inf) and part.max(initial=-np.inf) <= high for part in parts
    )


def size(data: Data, axis: str) -> Quantity:
    """How many tokens a group has, or how long a dimension is."""
    if axis not in data.sizes:
        raise UnknownValueError(f"no input tells the size of '{axis}'")
    values = Values(np.full((1, 1), float(data.sizes[axis])), np.zeros((1, 1)), 0)
    return Quantity(values, SIZE, axis, 0.0)


def _given(data: Data, name: str) -> tuple[str, ...]:
    groups = data.groups(name)
    if not groups:
        raise UnknownValueError(f"{name} is not given")
    return groups


def _norm(matrix: Enclosure) -> Values:
    """The 2-norm of every problem's matrix."""
    rows, columns = matrix.middle.shape[-2:]
    if columns == 1:
        return _column_norms(matrix)
    if rows == 1:
        return _column_norms(matrix.transposed)
    values = singular_values(matrix).values
    return Values(values.middle[:, :1], values.margin[:, :1], values.exponent)


def _column_norms(matrix: Enclosure) -> Values:
    """A computed sum of N squares is within γ_N of the exact one, however it is ordered."""
    found = np.sqrt(np.einsum("bij,bij->bj", matrix.middle, matrix.middle))
    margin = found * gamma(matrix.middle.shape[-2]) + matrix.radius[:, np.newaxis] + FLOOR
    return Values(found, margin * WIDER, matrix.exponent)
