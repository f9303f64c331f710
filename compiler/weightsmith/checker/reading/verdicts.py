"""What became of the claims of a certificate: verdicts, and the report of all of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from weightsmith.checker.reading.refusal import OverBudgetError, RefusedError

Outcome = Literal["proven", "open", "refused"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one claim; ``claim`` is its id, 0 for what the certificate as a whole owes.

    An accepted claim that is not ``proven`` is open: the certificate says so itself.
    """

    claim: int
    kind: str
    statement: str
    accepted: bool
    reason: str
    seconds: float
    proven: bool = True
    over_budget: bool = False  # not accepted since its check costs too much: not shown to be wrong
    way: tuple[str, ...] = ()  # what was derived on the way, in the order of the proof


@dataclass(frozen=True, slots=True)
class Found:
    """What a check that did not fail has found; the statement where it is more than was claimed."""

    reason: str
    statement: str = ""
    proven: bool = True
    way: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    directory: str
    verdicts: tuple[Verdict, ...]

    @property
    def accepted(self) -> bool:
        """True if there are verdicts and none is a refusal."""
        return bool(self.verdicts) and all(verdict.accepted for verdict in self.verdicts)

    @property
    def open(self) -> tuple[Verdict, ...]:
        """What is owed and not proven, and not claimed to be."""
        return tuple(one for one in self.verdicts if one.accepted and not one.proven)

    @property
    def outcome(self) -> Outcome:
        """``proven``: all that is owed; ``open``: some of it is not; ``refused``: a claim fails."""
        if not self.accepted:
            return "refused"
        return "open" if self.open else "proven"


def judge(number: int, kind: str, statement: str, run: Callable[[], Found]) -> Verdict:
    """The verdict of a check; ``statement`` is shown where it fails."""
    begin = time.perf_counter()
    try:
        found = run()
    except Exception as error:
        seconds = time.perf_counter() - begin
        over = isinstance(error, OverBudgetError)
        return Verdict(number, kind, statement, False, reason_of(error), seconds, False, over)
    seconds = time.perf_counter() - begin
    shown = found.statement or statement
    return Verdict(number, kind, shown, True, found.reason, seconds, found.proven, way=found.way)


def told(check: Callable[[], str]) -> Found:
    return Found(check())


def refused(number: int, kind: str, reason: str) -> Verdict:
    return Verdict(number, kind, "", False, reason, 0.0)


def unreadable(reason: str, begin: float) -> Verdict:
    seconds = time.perf_counter() - begin
    return Verdict(0, "certificate", "The certificate is readable.", False, reason, seconds)


def reason_of(error: Exception) -> str:
    """A sentence for whatever went wrong; what the checker cannot follow it does not accept."""
    if isinstance(error, (RefusedError, OverBudgetError)):
        return str(error)
    if isinstance(error, OSError):
        return f"A file cannot be read: {error.strerror or type(error).__name__}."
    if isinstance(error, RecursionError):
        return "The claim is nested too deeply to be checked."
    return f"The checker could not follow the claim ({type(error).__name__}: {error})."
