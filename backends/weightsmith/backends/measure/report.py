"""What came out of measuring data: a table, and a sentence for every hypothesis that is broken."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

from weightsmith.backends.errors import LayoutError
from weightsmith.backends.measure.decimals import DIGITS
from weightsmith.backends.measure.quantities import Measured, Verdict
from weightsmith.dsl.text.codes import Code

DataCheck = Literal["refuse", "warn", "off"]
BROKEN_DIGITS = 8  # enough to see by how much, as a rule
HEADINGS = ("hypothesis", "measured", "holds")
CHANGED = "the certificate is not of these files, so it says nothing of the result"


UNKNOWN = "'{}' is not measured ({}), and the certificate depends on it"


class AssumptionWarning(UserWarning):
    """A network ran on data for which its certificate says nothing."""


class AssumptionError(LayoutError):
    """The data given break a hypothesis of the certificate; ``report`` has them all."""

    code: Code = "data-assumption"

    def __init__(self, message: str, report: DataReport) -> None:
        super().__init__(message)
        self.report = report


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Row:
    """One hypothesis; ``sentence`` says what is wrong if it is broken, and what to do.

    ``found`` is what was measured, ``note`` a text in its place or after it.
    """

    hypothesis: str
    found: Measured
    verdict: Verdict
    sentence: str = ""
    note: str = ""

    @property
    def measured(self) -> str:
        """What was measured, in short."""
        return self.found.summary(BROKEN_DIGITS if self.sentence else DIGITS) + self.note

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and self._told == other._told

    def __hash__(self) -> int:
        return hash(self._told)

    def __repr__(self) -> str:
        return f"Row{self._told}"

    @property
    def _told(self) -> tuple[str, str, str, str]:
        return *self.cells, self.sentence

    @property
    def cells(self) -> tuple[str, str, str]:
        return self.hypothesis, self.measured, self.verdict.value


@dataclass(frozen=True, slots=True)
class DataReport:
    """Every hypothesis of a network, on data; ``intact`` if its files are the certificate's."""

    rows: tuple[Row, ...]
    intact: bool = True

    @property
    def holds(self) -> bool:
        """No hypothesis is broken; one that is not measured may be."""
        return not self.broken

    @property
    def broken(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.verdict is Verdict.BROKEN)

    @property
    def unmeasured(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.verdict is Verdict.UNMEASURED)

    @property
    def problem(self) -> str:
        """Why the certificate says nothing of these data, or may not; empty if it does."""
        reasons = [row.sentence for row in self.broken] + [CHANGED] * (not self.intact)
        if not reasons:
            reasons = [UNKNOWN.format(row.hypothesis, row.measured) for row in self.unmeasured]
        return "; ".join(reasons)

    def __str__(self) -> str:
        lines = [HEADINGS, *(row.cells for row in self.rows)] if self.rows else []
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = [_line(cells, widths) for cells in lines]
        note = [] if self.rows else ["no hypothesis: any data will do"]
        changed = [] if self.intact else [CHANGED]
        return "\n".join([*table, *note, *changed])


def apply_check(report: DataReport, check: DataCheck) -> None:
    """Refuse data that break a hypothesis, or warn; warn of what is not measured, or not intact.

    Raises AssumptionError, with a sentence for each hypothesis that is broken.
    """
    if check not in ("refuse", "warn"):
        raise ValueError(f"expected 'refuse', 'warn' or 'off' for check, got {check!r}.")
    if report.broken and check == "refuse":
        raise AssumptionError("; ".join(row.sentence for row in report.broken) + ".", report)
    if report.problem:
        warnings.warn(f"{report.problem}.", AssumptionWarning, stacklevel=3)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()
