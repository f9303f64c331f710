"""The one way a claim fails: a full sentence that says what broke and why."""

from __future__ import annotations

import time

SECONDS = 120.0  # a claim that takes longer to check than this is refused, never accepted
LONGEST_QUOTE = 80


class RefusedError(Exception):
    """The claim is not accepted; the message says why."""


class Deadline:
    """A clock that refuses the claim when its time is up; long loops look at it."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() > self._end:
            raise RefusedError(f"Checking this claim took more than {self._seconds:g} seconds.")


def require(condition: bool, message: str) -> None:
    """Refuse the claim unless the condition holds."""
    if not condition:
        raise RefusedError(message)


def quoted(value: object) -> str:
    """Show a value of the certificate in a message, shortened if it is long."""
    text = value if isinstance(value, str) else repr(value)
    shown = text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
    return f"'{shown}'"
