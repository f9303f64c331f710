"""Whether bounds that grow from pass to pass of a loop can come to rest, or the loop diverges.

Bounds of wider letters are wider.  So if a pass leads some wider bounds back into themselves, all
further passes stay in there.  Bounds that grow as fast as before, and that no pass leads back
however much they are widened, are taken to grow for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, isfinite

from weightsmith.compiler.approximate.arguments.bounds import Bounds
from weightsmith.dsl.elementary.enclosure import UndefinedError
from weightsmith.dsl.text.diagnostics import DiagnosticError

SETTLED = 1e-13  # relative change from pass to pass that counts as none
SLOWER = 0.9999  # of the last growth: less than this comes to rest some time
OFTEN = 16  # passes between two tries
WIDER = (2.0, 4.0, 16.0, 2.0**8, 2.0**16, 2.0**32)

Key = tuple[str, str]  # letter, token group
State = Mapping[Key, Bounds]


def within(new: State, old: State) -> bool:
    """True if nothing grows that is known."""
    return all(_is_within(bounds, old[key]) for key, bounds in new.items())


def _is_within(new: Bounds, old: Bounds) -> bool:
    pairs = [(new.high, old.high), (-new.low, -old.low), (new.column, old.column)]
    pairs += [(new.row, old.row), (new.norm, old.norm)]
    return all(a <= b + SETTLED * abs(b) if abs(b) < inf else True for a, b in pairs)


class Growth:
    """Watches the bounds of a loop's carried letters; ``follow`` is what a pass makes of some."""

    def __init__(self, follow: Callable[[State], State]) -> None:
        self._follow = follow
        self._last = inf
        self._tries = 0

    def is_endless(self, before: State, after: State) -> bool:
        """True if the bounds grow as fast as before, and no wider ones hold all that follows."""
        grown = sum(_growth(after[key], bounds) for key, bounds in before.items() if key in after)
        steady = isfinite(grown) and grown >= SLOWER * self._last
        self._last = grown
        if not steady:
            return False
        self._tries += 1
        if self._tries % OFTEN != 1:
            return False
        return not any(self._holds(after, factor) for factor in WIDER)

    def _holds(self, state: State, factor: float) -> bool:
        wide = {key: bounds.scaled(factor).hull(bounds) for key, bounds in state.items()}
        try:
            return within(self._follow(wide), wide)
        except (DiagnosticError, UndefinedError):  # outside of where a function is defined
            return False


def _growth(after: Bounds, before: Bounds) -> float:
    return after.high - before.high + before.low - after.low
