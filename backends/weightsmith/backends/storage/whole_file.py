"""A file that is written whole or not at all: made beside its place, and renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from weightsmith.backends.storage.workshop import workshop

NEW = "new"  # in the directory of a save


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write, which becomes ``path`` when that is done; a link stays a link.

    If writing ends in an error, or is killed, the file at ``path`` is as before.  What is no
    regular file, a pipe, is written as it is.  Raises OSError.
    """
    target = path.resolve()
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
    with workshop(target) as place:
        fresh = place / NEW
        try:
            with fresh.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, fresh)
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
