"""Reading a file that somebody else wrote: a regular one, of a size that is looked at first.

A named pipe would block, a device never end, and a link may lead to either; what is opened is
looked at through its descriptor, so that nothing can take its place in between.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol


class NotRegularError(OSError):
    """The name is not that of a regular file; ``strerror`` says so."""


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file without waiting for anybody.  Raises OSError."""
    _check_regular(os.stat(path), path)  # opening a device may already do something
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        _check_regular(os.fstat(descriptor), path)
        yield file


def _check_regular(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise NotRegularError(None, f"{path.name} is not a regular file", str(path))


def read_regular(path: Path, most: int | None = None) -> bytes:
    """Return the bytes of a regular file.  Raises OSError, also on more than ``most`` bytes."""
    with open_regular(path) as file:
        if most is None:
            return file.read()
        size = os.fstat(file.fileno()).st_size
        content = file.read(most + 1) if size <= most else b""
        if max(size, len(content)) > most:
            reason = f"{path.name} is larger than {most >> 20} MB"
            raise NotRegularError(None, reason, str(path))
        return content


class Content(Protocol):
    """Bytes, read where they are asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


class FileContent:
    """The bytes of a regular file that may be too large for memory, as large as it was at first."""

    def __init__(self, path: Path) -> None:
        with open_regular(path) as file:
            self._descriptor = os.dup(file.fileno())
            self._size = os.fstat(self._descriptor).st_size

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):
            os.close(self._descriptor)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        begin, end, _ = part.indices(self._size)
        pieces = []
        while begin < end:
            piece = os.pread(self._descriptor, end - begin, begin)
            if not piece:
                raise OSError(None, "the file became shorter while it was read")
            pieces.append(piece)
            begin += len(piece)
        return b"".join(pieces)
