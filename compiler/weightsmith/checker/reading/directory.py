"""The files of a compiled directory, opened as one network also while a save replaces it.

A save, backends/storage/files.py, makes a new directory and lets it take the name of the old one;
between two renames the old one may be ``.NAME.saving/old``.  It takes files only out of a
directory that has lost its name for good.  So if the directory still has its name when all its
files are open, they are one network, whole, and stay readable whatever becomes of the name.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from weightsmith.checker.reading.refusal import RefusedError, require

MAX_TEXT = 32 << 20  # bytes of a script, a template or a certificate
TRIES = 1000  # each that fails means that a save was completed meanwhile
READ_BYTES: int = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
PIN: int = getattr(os, "O_PATH", os.O_RDONLY)  # needs no permission to list the directory


class Content(Protocol):
    """Bytes, read where they are asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class FileContent:
    """The bytes of an open file, as many as it had at first."""

    file: BinaryIO
    size: int

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, part: slice) -> bytes:
        begin, end, _ = part.indices(self.size)
        self.file.seek(begin)
        found = self.file.read(max(0, end - begin))
        require(len(found) >= end - begin, "A file became shorter while it was read.")
        return found


@dataclass(frozen=True, slots=True)
class OpenFiles:
    """The files by name, and the names under which there is something, be it no file."""

    files: Mapping[str, BinaryIO]
    names: frozenset[str]

    def has(self, name: str) -> bool:
        """Is there anything of this name?"""
        return name in self.names

    def text(self, name: str) -> bytes:
        """The bytes of a script, a template or a certificate.  Raises RefusedError."""
        file = self._file(name)
        require(_size(file) <= MAX_TEXT, f"The file {name} is larger than {MAX_TEXT >> 20} MB.")
        return file.read(MAX_TEXT) or b""  # None of a file that has nothing yet

    def weights(self, name: str) -> Content:
        """The bytes of a file that may be larger than memory.  Raises RefusedError."""
        file = self._file(name)
        return FileContent(file, _size(file))

    def _file(self, name: str) -> BinaryIO:
        require(name in self.files, f"There is no file {name}.")
        return self.files[name]


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


class _ReplacedError(OSError):
    """A directory lost its name while its files were opened."""


if os.name == "nt":  # where a name that is being given up is refused
    PASSING: tuple[type[OSError], ...] = (_ReplacedError, FileNotFoundError, PermissionError)
else:
    PASSING = (_ReplacedError, FileNotFoundError, NotADirectoryError)


def is_directory(path: Path) -> bool:
    """Is there a directory to read, also while a save replaces it, or after one was killed?"""
    target = Path(os.path.realpath(path))
    places = (target, _aside(target))
    return any(place.is_dir() for _ in range(TRIES) for place in places)


@contextmanager
def opened(path: Path, names: tuple[str, ...]) -> Iterator[OpenFiles]:
    """Open the files of these names.  Raises OSError, RefusedError."""
    target = Path(os.path.realpath(path))
    problem: OSError = _ReplacedError()
    for _ in range(TRIES):
        with ExitStack() as stack:
            try:
                folder = target if target.is_dir() else _aside(target)
                found = _open(folder, names, stack)
            except PASSING as error:
                problem = error
                continue
            yield found
            return
    if isinstance(problem, _ReplacedError):
        raise RefusedError("The directory is replaced again and again.")
    raise problem


def _aside(target: Path) -> Path:
    return target.parent / f".{target.name}.saving" / "old"


def _open(folder: Path, names: tuple[str, ...], stack: ExitStack) -> OpenFiles:
    """Open files of a directory, all while it has its name."""
    pin = _pinned(folder, stack)
    before = os.stat(folder if pin is None else pin)
    files: dict[str, BinaryIO] = {}
    there: set[str] = set()
    for name in names:
        path = folder / name if pin is None else Path(name)
        with suppress(FileNotFoundError):
            os.lstat(path, dir_fd=pin)
            there.add(name)
            if stat.S_ISREG(os.stat(path, dir_fd=pin).st_mode):
                descriptor = os.open(path, READ_BYTES, dir_fd=pin)
                files[name] = stack.enter_context(os.fdopen(descriptor, "rb"))
    if not os.path.samestat(before, os.stat(folder)):
        raise _ReplacedError
    return OpenFiles(files, frozenset(there))


def _pinned(folder: Path, stack: ExitStack) -> int | None:
    """Keep a directory open, so that its number stays its own; None where the system cannot."""
    if os.open not in os.supports_dir_fd:
        return None  # there a directory with an open file keeps its name
    pin = os.open(folder, PIN)
    stack.callback(os.close, pin)
    return pin
