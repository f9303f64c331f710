"""Saves that are killed or that fail at a chosen call of the operating system."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from weightsmith.backends import DirectoryError
from weightsmith.backends.storage import exchange, files

# What changes something, or waits; then what only looks.
CHANGING: tuple[tuple[ModuleType, str], ...] = (
    *((os, name) for name in ("mkdir", "open", "rename", "replace", "unlink", "rmdir", "fsync")),
    (io, "open"),
    (fcntl, "flock"),
    (exchange, "_call"),
)
LOOKING = tuple((os, name) for name in ("stat", "lstat", "listdir", "fstat"))
NEVER = 10**9


class Faults:
    """Counts the calls; ``at`` the call of that number, it does ``fault`` in its place."""

    def __init__(self, at: int, fault: Callable[[], None]) -> None:
        self.at, self.fault, self.calls = at, fault, 0

    def before(self) -> None:
        self.calls += 1
        if self.calls == self.at:
            self.fault()


@contextmanager
def faults(
    at: int, fault: Callable[[], None], which: tuple[tuple[ModuleType, str], ...]
) -> Iterator[Faults]:
    """Put a fault in front of one of the calls."""
    found = Faults(at, fault)
    with pytest.MonkeyPatch.context() as patch:
        for module, name in which:
            patch.setattr(module, name, _counted(found, getattr(module, name), name))
        yield found


def _counted(found: Faults, real: Callable[..., object], name: str) -> Callable[..., object]:
    def call(*arguments: object, **options: object) -> object:
        found.before()
        if name == "fsync":
            return None  # it says when the disk has it, and only takes time here
        return real(*arguments, **options)

    return call


def full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupted() -> None:
    raise KeyboardInterrupt


def killed() -> None:
    os._exit(9)


def count(save: Callable[[], None], which: tuple[tuple[ModuleType, str], ...]) -> int:
    """How many calls a save makes."""
    with faults(NEVER, killed, which) as found:
        save()
    return found.calls


def save_and_be_killed(save: Callable[[], None], at: int) -> None:
    """Save in a process of its own, which ends at a call as if by SIGKILL."""

    def run() -> None:
        with faults(at, killed, CHANGING):
            save()

    os.waitpid(forked(run), 0)


def forked(run: Callable[[], None]) -> int:
    """Run in a process of its own, and return its number."""
    child = os.fork()
    if child == 0:
        try:
            run()
        finally:
            os._exit(0)
    return child


def no_exchange(one: bytes, other: bytes) -> int:
    """What a system says that cannot exchange two names."""
    ctypes.set_errno(errno.ENOSYS)
    return -1


def snapshot(folder: Path) -> dict[str, bytes] | None:
    """What any program reads there."""
    if not folder.exists():
        return None
    return {name: (folder / name).read_bytes() for name in os.listdir(folder)}


def leftovers(target: Path) -> list[str]:
    return sorted(set(os.listdir(target.parent)) - {target.name})


def read(target: Path) -> dict[str, bytes] | None:
    """What a reader of ours gets: nothing where there is no directory, or an empty one."""
    try:
        return files.read_directory(target)
    except DirectoryError:
        return {} if files.is_directory(target) else None
