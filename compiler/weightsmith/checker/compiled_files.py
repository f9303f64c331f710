"""The files that a certificate speaks of: of a directory, or in memory before they are written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Protocol

from weightsmith.checker.refusal import require

MAX_TEXT = 32 << 20  # bytes of a script, a template or a certificate


class Files(Protocol):
    """Files by name.  What is not there, or too large, is refused."""

    def has(self, name: str) -> bool:
        """Is there anything of this name?"""
        ...

    def text(self, name: str) -> bytes:
        """A script, a template or a certificate."""
        ...

    def weights(self, name: str) -> bytes | mmap:
        """A file that may be large."""
        ...


class Directory:
    """The files of a directory, each read once."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._texts: dict[str, bytes] = {}
        self._mapped: dict[str, bytes | mmap] = {}

    def has(self, name: str) -> bool:
        return os.path.lexists(self._path / name)

    def text(self, name: str) -> bytes:
        if name not in self._texts:
            path = self._path / name
            require(path.is_file(), f"There is no file {name}.")
            require(path.stat().st_size <= MAX_TEXT, f"The file {name} is too large.")
            self._texts[name] = path.read_bytes()
        return self._texts[name]

    def weights(self, name: str) -> bytes | mmap:
        """Mapped and not copied."""
        if name not in self._mapped:
            path = self._path / name
            require(path.is_file(), f"There is no file {name}.")
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                found = mmap(file.fileno(), 0, access=ACCESS_READ) if size else b""
            self._mapped[name] = found
        return self._mapped[name]


class InMemory:
    """Files that are not written yet."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def has(self, name: str) -> bool:
        return name in self._files

    def text(self, name: str) -> bytes:
        require(name in self._files, f"There is no file {name}.")
        require(len(self._files[name]) <= MAX_TEXT, f"The file {name} is too large.")
        return self._files[name]

    def weights(self, name: str) -> bytes | mmap:
        require(name in self._files, f"There is no file {name}.")
        return self._files[name]
