"""A compiled network as a directory, written whole or not at all, and read whole.

A save makes the files in a directory of its own, ``.NAME.saving/new-…`` beside the target, forces
them to disk, and lets that take the target's name.  One save at a time does so: see workshop.py.

**Invariant.**  The target, or if there is none ``.NAME.saving/old``, is what was there before the
first save, or a directory that a save has completed; and no save changes what is in it.

* The system can exchange two names (Linux, macOS): the target is at every moment the old directory
  or the new one.  A kill before the exchange leaves the old one, and a part of the new in
  ``new-…``; a kill after it leaves the new one, and the old, or a part of it, in ``new-…``.
* There is no target: the same, with one rename.
* The system cannot exchange: the target becomes ``old``, and ``new-…`` the target.  A kill in
  between leaves no target, and ``old`` whole: readers take that, and the next save puts it back.
  Only while there is a target ``old`` becomes a ``new-…``.
* A ``new-…`` belongs to no one once its save is over, and the next save removes it.

**Readers** open all files, then look whether the directory that they opened still has its name, the
target's or ``old``.  If so no file was taken out of it: a save does that only in a ``new-…``, and
none comes back from there that was the target.  What was opened is then one network, whole, and
stays readable whatever becomes of its name.  If not they begin anew.

**The user's files.**  Only a directory that is empty, or holds a network and nothing else, is
replaced.  A file that comes in during the replacement is moved into the new directory.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from weightsmith.backends.errors import DamagedError, DirectoryError, OccupiedError, listed
from weightsmith.backends.storage.exchange import exchange
from weightsmith.backends.storage.lazy_files import LazyFiles, pieces_of
from weightsmith.backends.storage.workshop import LOCK, place_of, workshop
from weightsmith.backends.template.template_json import parse_json
from weightsmith.compiler.ir.template import SCHEMA
from weightsmith.dsl.text.documents import MAX_BYTES

SCRIPT = "script.alg"
NETWORK = "network.alg"  # the script of the network, where it is not the user's
TEMPLATE = "template.json"
MODEL = "model.safetensors"
CERTIFICATE = "certificate.json"
FILENAMES = (SCRIPT, NETWORK, TEMPLATE, MODEL, CERTIFICATE)
LARGE = 64 << 20  # bytes of weights that stay on disk until they are asked for
OLD = "old"  # in the directory of a save; weightsmith/checker/reading/directory.py knows it too
TRIES = 1000  # a reader begins anew only if a save was completed meanwhile
PAUSE = 0.02  # seconds until a name is asked for again that Windows does not let go
STILL_OPEN = (".nfs", ".fuse_hidden")  # what a file becomes there that a reader has open
READ_BYTES: int = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
PIN: int = getattr(os, "O_PATH", os.O_RDONLY)  # needs no permission to list the directory


def write_directory(path: str | os.PathLike[str], files: Mapping[str, bytes]) -> None:
    """Write ``files`` as the directory ``path``, atomically.

    Missing parents are made.  A directory that is empty, or holds a network and nothing else, is
    replaced.  Raises DirectoryError, with nothing changed, on a target that is anything else, on a
    file name that is no part of a network, and where the file system refuses.
    """
    unknown = sorted(set(files) - set(FILENAMES))
    if unknown or TEMPLATE not in files:
        raise DirectoryError(
            f"expected '{TEMPLATE}' and files out of {listed(FILENAMES)}, got {listed(files)}."
        )
    target = _resolved(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with workshop(target) as place:
            _write(target, files, place)
    except OSError as error:
        raise DirectoryError(f"cannot write '{path}': {_reason(error)}.") from error


def read_directory(path: str | os.PathLike[str]) -> Mapping[str, bytes]:
    """Return the files of a network by name; large weights are read when they are asked for.

    Raises DirectoryError where there is none.
    """
    target = _resolved(path)
    try:
        with _opened(target) as files:
            found = _read(files)
    except (FileNotFoundError, NotADirectoryError):
        raise DirectoryError(
            f"'{path}' is not a directory; pass the one that 'weightsmith compile -o' wrote."
        ) from None
    except OSError as error:
        raise DirectoryError(f"cannot read '{path}': {_reason(error)}.") from error
    if TEMPLATE not in found:
        raise DirectoryError(f"'{path}' holds no compiled network: it has no '{TEMPLATE}'.")
    return found


def _read(files: Mapping[str, BinaryIO]) -> Mapping[str, bytes]:
    """The bytes of each file; weights may be of any size, and large ones stay where they are."""
    model = files.get(MODEL)
    if model is None or _size(model) <= LARGE:
        return {name: read_bounded(name, file) for name, file in files.items()}
    length = int.from_bytes(model.read(8), "little")
    known = length <= MAX_BYTES and announced_size(model.read(length)) == _size(model) - 8 - length
    if not known:
        raise DamagedError(f"'{MODEL}' is damaged: its header does not state {_size(model)} bytes.")
    others = {name: read_bounded(name, file) for name, file in files.items() if name != MODEL}
    return LazyFiles(others, MODEL, model)


def read_bounded(name: str, file: BinaryIO) -> bytes:
    """The bytes of a file of a network.  Raises DirectoryError on one that is too large for it."""
    most = LARGE if name == MODEL else MAX_BYTES
    if _size(file) > most:
        raise DamagedError(f"'{name}' is larger than {most >> 20} MB.")
    return file.read(most) or b""  # None: a file that has nothing yet


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def are_intact(files: Mapping[str, bytes], certificate: Mapping[str, object]) -> bool:
    """Are these the files that the certificate is about, all of them, bit for bit?"""
    named = certificate.get("files")
    known = {} if not isinstance(named, dict) else named
    present = {name: _digest(files, name) for name in files if name != CERTIFICATE}
    return present == {name: digest for name, digest in known.items() if digest is not None}


def _digest(files: Mapping[str, bytes], name: str) -> str:
    digest = hashlib.sha256()
    for piece in pieces_of(files, name):
        digest.update(piece)
    return digest.hexdigest()


def is_directory(path: str | os.PathLike[str]) -> bool:
    """Is there a directory to read, also while a save replaces it, or after one was killed?"""
    target = _resolved(path)
    if target.is_file():
        return False
    places = (target, place_of(target) / OLD)
    return any(place.is_dir() for _ in range(TRIES) for place in places)


def announced_size(header: bytes) -> int | None:
    """How many bytes of numbers a header of safetensors states; None if it cannot be read."""
    try:
        document = parse_json(header.rstrip(b" "), lines=True)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    tensors = (entry for name, entry in document.items() if name != "__metadata__")
    ends = [entry.get("data_offsets") for entry in tensors if isinstance(entry, dict)]
    lasts = [pair[1] for pair in ends if isinstance(pair, list) and len(pair) == 2]
    return max((last for last in lasts if isinstance(last, int)), default=0)


class _ReplacedError(OSError):
    """A directory lost its name while its files were opened."""

    def __init__(self) -> None:
        super().__init__("it is replaced again and again")


if os.name == "nt":  # where a name that is being given up is refused
    PASSING: tuple[type[OSError], ...] = (_ReplacedError, FileNotFoundError, PermissionError)
else:
    PASSING = (_ReplacedError, FileNotFoundError, NotADirectoryError)


@contextlib.contextmanager
def _opened(target: Path) -> Iterator[Mapping[str, BinaryIO]]:
    """Open the files of one network.  Raises OSError."""
    problem: OSError = _ReplacedError()
    for _ in range(TRIES):
        with ExitStack() as stack:
            try:
                folder = target if target.is_dir() else place_of(target) / OLD
                files = _open_files(folder, stack)
            except PASSING as error:
                problem = error
                continue
            yield files
            return
    raise problem


def _open_files(folder: Path, stack: ExitStack) -> dict[str, BinaryIO]:
    """Open the files of a directory, all while it has its name."""
    pin = _pinned(folder, stack)
    before = os.stat(folder if pin is None else pin)
    files: dict[str, BinaryIO] = {}
    for name in FILENAMES:
        path = folder / name if pin is None else Path(name)
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISREG(os.stat(path, dir_fd=pin).st_mode):
                descriptor = os.open(path, READ_BYTES, dir_fd=pin)
                files[name] = stack.enter_context(os.fdopen(descriptor, "rb"))
    if not os.path.samestat(before, os.stat(folder)):
        raise _ReplacedError
    return files


def _pinned(folder: Path, stack: ExitStack) -> int | None:
    """Keep a directory open, so that its number stays its own; None where the system cannot."""
    if os.open not in os.supports_dir_fd:
        return None  # there a directory with an open file keeps its name
    pin = os.open(folder, PIN)
    stack.callback(os.close, pin)
    return pin


def _resolved(path: str | os.PathLike[str]) -> Path:
    """The place itself: a link to a directory stays a link.  Raises DirectoryError."""
    try:
        return Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as problem:
        raise DirectoryError(f"{str(path)!r} is no path of a directory: {problem}.") from None


def _there(path: Path) -> bool:
    return path.is_file()


def _check_replaceable(target: Path) -> None:
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise OccupiedError(f"'{target}' is a file; choose another directory.")
    names = sorted(os.listdir(target))
    if not names:
        return
    foreign = [name for name in names if name not in FILENAMES or not _there(target / name)]
    if foreign:
        raise OccupiedError(
            f"'{target}' also holds {listed(foreign[:3])}, which no network has, and is not "
            "replaced; choose another directory, or move these files away."
        )
    if not _is_template(target / TEMPLATE):
        raise OccupiedError(
            f"'{target}' holds {listed(names)}, but no '{TEMPLATE}' of a network, and is not "
            "replaced; choose another directory."
        )


def _is_template(path: Path) -> bool:
    if not _there(path):
        return False
    try:
        value = parse_json(path.read_bytes())
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("format") == SCHEMA


def _write(target: Path, files: Mapping[str, bytes], place: Path) -> None:
    """Make the directory in the place of this save, and let it take the target's name."""
    old = place / OLD
    if old.is_dir() and not os.path.lexists(target):
        _rename(old, target)  # a save was killed between its two renames
    _clear(place, target)
    _check_replaceable(target)
    fresh = _unused(place)
    try:
        fresh.mkdir()
        for name, content in files.items():
            _write_file(fresh / name, content)
        _sync(fresh)
        _check_replaceable(target)  # nothing came in since the first look
        _take_name(fresh, target, old)
        _sync(target.parent)
    finally:
        _clear(place, target)


def _unused(place: Path) -> Path:
    return place / f"new-{secrets.token_hex(4)}"


def _write_file(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _take_name(fresh: Path, target: Path, old: Path) -> None:
    """Let ``fresh`` be the target; the one before it is then ``fresh`` or ``old``."""
    is_here = _is_here(target)
    if not target.exists():
        _rename(fresh, target)
    elif not exchange(fresh, target):
        try:
            _rename(target, old)
            _rename(fresh, target)
        except BaseException:
            if old.is_dir() and not os.path.lexists(target):
                _rename(old, target)
            raise
    if is_here:
        os.chdir(target)  # the one that had this name is about to go


def _is_here(target: Path) -> bool:
    """Is the target the current directory?"""
    try:
        return os.path.samefile(os.curdir, target)
    except OSError:
        return False


def _rename(source: Path, goal: Path) -> None:
    """Rename a directory; Windows is asked again, which refuses while somebody reads in it."""
    for _ in range(TRIES if os.name == "nt" else 0):
        try:
            source.rename(goal)
            return
        except PermissionError:
            time.sleep(PAUSE)
    source.rename(goal)


def _clear(place: Path, target: Path) -> None:
    """Remove what saves have left in their place; the next save tries again what fails."""
    with contextlib.suppress(OSError):
        if target.is_dir() and (place / OLD).is_dir():
            _rename(place / OLD, _unused(place))
        for name in os.listdir(place):
            if name not in (LOCK, OLD):
                _remove(place / name, target)


def _remove(folder: Path, target: Path) -> None:
    """Remove a directory; what is no file of a network came in from the user, and is moved."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name in FILENAMES:
                (folder / name).unlink()
            elif not name.startswith(STILL_OPEN) and not os.path.lexists(target / name):
                (folder / name).rename(target / name)
        folder.rmdir()


def _sync(folder: Path) -> None:
    """Force the names in a folder to disk, where the system lets a folder be opened."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: OSError) -> str:
    """What is wrong, and with which file."""
    reason = error.strerror or str(error)
    return f"{reason} ('{error.filename}')" if error.filename else reason
