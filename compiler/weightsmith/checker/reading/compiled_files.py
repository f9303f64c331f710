"""The files that a certificate is about: of a directory, or in memory before they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from weightsmith.checker.reading.directory import MAX_TEXT, Content
from weightsmith.checker.reading.refusal import require


class Files(Protocol):
    """Files by name.  What is not there, or too large, is refused."""

    def has(self, name: str) -> bool:
        """Is there anything of this name?"""
        ...

    def text(self, name: str) -> bytes:
        """A script, a template or a certificate."""
        ...

    def weights(self, name: str) -> Content:
        """A file that may be large."""
        ...


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

    def weights(self, name: str) -> Content:
        require(name in self._files, f"There is no file {name}.")
        return self._files[name]
