"""The files of a network by name; large weights stay on disk until somebody asks for them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

from weightsmith.backends.errors import DirectoryError

PIECE = 1 << 22  # bytes that are read at once where the whole is not needed


class LazyFiles(Mapping[str, bytes]):
    """Files by name: those in memory, and one on disk that is read again at each look.

    ``file`` was opened while it was part of the network, and stays that file whatever becomes of
    its name.  A copy or a pickle holds all in memory.
    """

    def __init__(self, known: Mapping[str, bytes], name: str, file: BinaryIO) -> None:
        self._known = dict(known)
        self._name = name
        self._file = os.fdopen(os.dup(file.fileno()), "rb", buffering=0)
        self._size = os.fstat(self._file.fileno()).st_size
        self._lock = threading.Lock()  # of the place in the file

    def __getitem__(self, name: str) -> bytes:
        """Return the bytes.  Raises DirectoryError where there is no memory for them."""
        if name != self._name:
            return self._known[name]
        try:
            return self.start(self._size)
        except MemoryError:
            message = f"cannot read '{name}': its weights need more memory than there is."
            raise DirectoryError(message) from None

    def __contains__(self, name: object) -> bool:
        return name == self._name or name in self._known

    def __iter__(self) -> Iterator[str]:
        yield from self._known
        yield self._name

    def __len__(self) -> int:
        return len(self._known) + 1

    def __reduce__(self) -> tuple[Callable[..., dict[str, bytes]], tuple[dict[str, bytes]]]:
        return dict, (dict(self),)

    def start(self, count: int) -> bytes:
        """The first ``count`` bytes of the file on disk."""
        return b"".join(self._read(0, count))

    def pieces(self) -> Iterator[bytes]:
        """The file on disk, piece by piece."""
        return self._read(0, self._size)

    def _read(self, place: int, end: int) -> Iterator[bytes]:
        while place < end:
            with self._lock:
                self._file.seek(place)
                piece = self._file.read(min(PIECE, end - place))
            if not piece:
                return  # somebody cut the file
            place += len(piece)
            yield piece

    def is_on_disk(self, name: str) -> bool:
        return name == self._name


def pieces_of(files: Mapping[str, bytes], name: str) -> Iterator[bytes]:
    """A file's bytes, in pieces where it is on disk."""
    if isinstance(files, LazyFiles) and files.is_on_disk(name):
        return files.pieces()
    return iter((files[name],))


def start_of(files: Mapping[str, bytes], name: str, count: int) -> bytes:
    """The first ``count`` bytes of a file."""
    if isinstance(files, LazyFiles) and files.is_on_disk(name):
        return files.start(count)
    return files[name][:count]
