"""Python's collector of cycles, told to look less often: compilers make much and few cycles.

By default it looks at all that lives as soon as a quarter is new, which takes a fifth of the time
that a large table needs.  Memory is freed as ever, but for what refers to itself.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = 100_000  # objects made and kept, before new ones are looked at; Python's own is 700


@contextmanager
def collected_rarely() -> Iterator[None]:
    """Within the block, or the function that this decorates."""
    before = gc.get_threshold()
    if not 0 < before[0] < RARELY:  # 0: never; what is rare already is another block's to end
        yield
        return
    gc.set_threshold(RARELY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
