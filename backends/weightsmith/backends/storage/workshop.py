"""A directory beside a target, in which one save at a time makes what takes the target's name.

For the target ``net`` it is ``.net.saving``, and it holds a file ``lock``.  Whoever holds the lock
of that file, while the file has its name, may use the directory.  The system gives the lock back
when its holder ends, also when it is killed; the next save then finds the directory as it was left,
and clears it.  So a target has at most one leftover, whatever was killed.

* Linux, macOS: ``flock``.  Only the holder removes the file, so a process that gets the lock of a
  file that lost its name has waited for a save that is over, and begins anew.
* Windows: the file is made exclusively, and the system deletes it when its holder ends.
* A file system without locks: the file is made exclusively.  After a kill it stays, and a sentence
  asks for it to be removed: nobody can know whether its maker lives.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl

LOCK = "lock"
TRIES = 1000
PAUSE = 0.02  # seconds between looks at a lock, where the system cannot wait for one
LOCKLESS = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP}


def place_of(target: Path) -> Path:
    """The directory beside a target; its name stands in checker/reading/directory.py too."""
    return target.parent / f".{target.name}.saving"


@contextlib.contextmanager
def workshop(target: Path) -> Iterator[Path]:
    """Wait until no other save to the target is under way, and give the directory.

    Raises OSError.
    """
    place = place_of(target)
    try:
        with _enter(place):
            try:
                yield place
            finally:
                with contextlib.suppress(OSError):  # Windows deletes it when it is closed
                    os.unlink(place / LOCK)
    finally:
        with contextlib.suppress(OSError):  # something may be left in it
            os.rmdir(place)


def _enter(place: Path) -> BinaryIO:
    """Make the directory, and return its file, locked.

    Where the system can wait for a lock, every try that fails means that another save is over.
    """
    for _ in range(TRIES):
        with contextlib.suppress(FileExistsError):
            os.mkdir(place)
        with contextlib.suppress(FileNotFoundError):  # the save before this one has removed it
            lock = _take(place / LOCK)
            if lock is not None:
                return lock
    reason = "another save is under way; if that was cut off, remove this directory"
    raise OSError(errno.EBUSY, reason, str(place))


def _take(path: Path) -> BinaryIO | None:
    """Make or open the file, and lock it; None if it is another's, or has lost its name."""
    made = _make(path)
    if sys.platform == "win32":
        return made
    with ExitStack() as stack:
        lock = stack.enter_context(made or path.open("r+b"))
        there_are_locks = _wait(lock)
        is_there = os.path.samestat(os.fstat(lock.fileno()), os.stat(path))
        if is_there and (there_are_locks or made is not None):
            stack.pop_all()
            return lock
    return None


def _make(path: Path) -> BinaryIO | None:
    try:
        return open(path, "xb", opener=_temporary)
    except FileExistsError:
        pass
    except PermissionError:
        if sys.platform != "win32":  # there: it is being deleted
            raise
    if sys.platform == "win32":
        time.sleep(PAUSE)
    return None


def _temporary(path: str, flags: int) -> int:
    """Open a file that Windows deletes when it is closed."""
    return os.open(path, flags | getattr(os, "O_TEMPORARY", 0), 0o666)


def _wait(lock: BinaryIO) -> bool:
    """Wait for the lock of an open file; False, after a pause, where there are no locks."""
    if sys.platform != "win32":
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return True
        except OSError as error:
            if error.errno not in LOCKLESS:
                raise
    time.sleep(PAUSE)
    return False
