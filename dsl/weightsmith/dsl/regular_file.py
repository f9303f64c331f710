"""Reading a file that somebody else wrote: a regular one, of a size that is looked at first.

A named pipe would block, a device never end, and a link may lead to either; what is opened is
looked at through its descriptor, so that nothing can take its place in between.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class NotRegularError(OSError):
    """The name is not that of a regular file; ``strerror`` says so."""


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file without waiting for anybody.  Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotRegularError(None, f"{path.name} is not a regular file", str(path))
        yield file


def size_of(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def read_regular(path: Path, most: int | None = None) -> bytes:
    """Return the bytes of a regular file.  Raises OSError, also on more than ``most`` bytes."""
    with open_regular(path) as file:
        if most is None:
            return file.read()
        content = file.read(most + 1) if size_of(file) <= most else b"" 
        if size_of(file) > most or len(content) > most:
            reason = f"{path.name} is larger than {most >> 20} MB"
            raise NotRegularError(None, reason, str(path))
        return content
