"""The two ways a claim fails, each a full sentence: it is refused, or its check costs too much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

UNITS = 20_000_000  # of work on one claim, each about a microsecond; speed only, not soundness
DIRECTORY_UNITS = 18_000_000  # of work on all claims of a directory together; speed only
SHARE = DIRECTORY_UNITS // 3  # of a compiler that makes claims, proves them and restructures loops
LONGEST_QUOTE = 80


class RefusedError(Exception):
    """The claim is not accepted; the message says why."""


class SaysNothingError(RefusedError):
    """A bound is larger than all numbers that are ever computed."""


class OverBudgetError(Exception):
    """The work that a claim may cost was spent before it was decided: neither proven nor wrong.

    No RefusedError, so that whoever tries one rule after the other cannot take it for "no proof".
    """


class Budget:
    """Counts the work on one claim, the same on every machine; every long loop spends of it.

    A budget that is made while another is active is a part of it: what it spends counts there too.
    """

    __slots__ = ("_whole", "spent", "units")

    def __init__(self, units: int = UNITS) -> None:
        self.units = units
        self._whole = _ACTIVE.get()
        self.spent = 0

    def spend(self, units: int = 1) -> None:
        """Count so many units of work, each about a microsecond.  Raises OverBudgetError."""
        self.spent += units
        if self.spent > self.units:
            raise OverBudgetError(
                f"Out of budget: the check needs more than {self.units:,} units of work, "
                "so the claim is neither proven nor shown to be wrong."
            )
        if self._whole is not None:
            self._whole.spend(units)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Within the block, ``spend`` counts here."""
        before = _ACTIVE.set(self)
        try:
            yield
        finally:
            _ACTIVE.reset(before)


_ACTIVE: ContextVar[Budget | None] = ContextVar("active budget", default=None)


def spend(units: int) -> None:
    """Count work on numbers that belong to no claim by themselves.  Raises OverBudgetError."""
    budget = _ACTIVE.get()
    if budget is not None:
        budget.spend(units)


def require(condition: bool, message: str) -> None:
    """Refuse the claim unless the condition holds."""
    if not condition:
        raise RefusedError(message)


def quoted(value: object) -> str:
    """Show a value of the certificate in a message, shortened if it is long."""
    text = value if isinstance(value, str) else repr(value)
    shown = text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
    return f"'{shown}'"
