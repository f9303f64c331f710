"""Examples, each compiled once at the same settings for all tests of a process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import weightsmith.api as ws

from .instances import EXAMPLES, MATRICES


def compiled(name: str, settings: Mapping[str, object]) -> ws.Network:
    """Not for tests of compiling itself: they compile on their own."""
    return _compiled(name, tuple(sorted(settings.items())))


@lru_cache(maxsize=256)
def _compiled(name: str, settings: tuple[tuple[str, object], ...]) -> ws.Network:
    return ws.compile(
        EXAMPLES / f"{name}.alg", settings=dict(settings), matrices=MATRICES.get(name)
    )
