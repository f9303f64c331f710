"""A compiled network as a directory, written whole or not at all.

The files go to a new directory beside the target, are forced to disk, and take the target's name
in one rename.  A target that exists is moved aside first and removed last; it is replaced only if
it holds a network and nothing else, so no file of the user's is ever deleted.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from weightsmith.backends.errors import DirectoryError, listed
from weightsmith.backends.template_json import parse_json
from weightsmith.compiler.ir.template import SCHEMA

SCRIPT = "script.alg"
NETWORK = "network.alg"  # the script of the network, where it is not the user's
TEMPLATE = "template.json"
MODEL = "model.safetensors"
CERTIFICATE = "certificate.json"
FILENAMES = (SCRIPT, NETWORK, TEMPLATE, MODEL, CERTIFICATE)


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
    target = Path(path).expanduser().resolve()
    try:
        _check_replaceable(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, files)
    except OSError as error:
        raise DirectoryError(f"cannot write '{path}': {_reason(error)}.") from error


def read_directory(path: str | os.PathLike[str]) -> dict[str, bytes]:
    """Return the files of a network by name.  Raises DirectoryError where there is none."""
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise DirectoryError(
            f"'{path}' is not a directory; pass the one that 'weightsmith compile -o' wrote."
        )
    try:
        found = {name: (folder / name).read_bytes() for name in FILENAMES if _there(folder / name)}
    except OSError as error:
        raise DirectoryError(f"cannot read '{path}': {_reason(error)}.") from error
    if TEMPLATE not in found:
        raise DirectoryError(f"'{path}' holds no compiled network: it has no '{TEMPLATE}'.")
    return found


def _there(path: Path) -> bool:
    return path.is_file()


def _check_replaceable(target: Path) -> None:
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise DirectoryError(f"'{target}' is a file; choose another directory.")
    names = sorted(os.listdir(target))
    if not names:
        return
    foreign = [name for name in names if name not in FILENAMES or not _there(target / name)]
    if foreign:
        raise DirectoryError(
            f"'{target}' also holds {listed(foreign[:3])}, which no network has, and is not "
            "replaced; choose another directory, or move these files away."
        )
    if not _is_template(target / TEMPLATE):
        raise DirectoryError(
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


def _write(target: Path, files: Mapping[str, bytes]) -> None:
    mark = secrets.token_hex(4)
    fresh = target.with_name(f".{target.name}.{mark}.new")
    try:
        fresh.mkdir()
        for name, content in files.items():
            _write_file(fresh / name, content)
        _sync(fresh)
        _take_name(fresh, target, target.with_name(f".{target.name}.{mark}.old"))
    finally:
        _remove(fresh)
    _sync(target.parent)


def _write_file(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _take_name(fresh: Path, target: Path, old: Path) -> None:
    """Rename ``fresh`` to ``target``; one that exists is put back if that fails."""
    if not target.exists():
        fresh.rename(target)
        return
    target.rename(old)
    try:
        _check_replaceable(old)  # nothing came in since the first look
        fresh.rename(target)
    except BaseException:
        old.rename(target)
        raise
    _remove(old)


def _remove(folder: Path) -> None:
    """Remove the network files of a folder, and the folder when nothing else is in it."""
    with contextlib.suppress(OSError):
        for name in FILENAMES:
            (folder / name).unlink(missing_ok=True)
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
    return error.strerror or str(error)
