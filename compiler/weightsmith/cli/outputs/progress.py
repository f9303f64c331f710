"""A line that says that work is under way: on a terminal, after a second, gone at the end."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 1.0  # seconds before the line appears
EVERY = 0.5  # seconds between its changes
CLEAR = "\r\x1b[K"


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show ``what`` and the seconds on stderr while the block runs; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    shower = threading.Thread(target=_show, args=(what, done), daemon=True)
    shower.start()
    try:
        yield
    finally:
        done.set()
        shower.join()


def _show(what: str, done: threading.Event) -> None:
    start = time.monotonic()
    if done.wait(PATIENCE):
        return
    stream = sys.stderr
    while True:
        stream.write(f"{CLEAR}{what} … {time.monotonic() - start:.0f} s")
        stream.flush()
        if done.wait(EVERY):
            break
    stream.write(CLEAR)
    stream.flush()
