"""Scripts and networks as text that a command is given: files, directories of them, stdin."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from weightsmith.cli.inputs.mistakes import Mistake

if TYPE_CHECKING:
    from weightsmith.dsl import Source

STDIN = "-"
STDIN_NAME = "<stdin>"
SUFFIXES = (".alg", ".net")


def read_script(path: Path) -> Source:
    """Read a script; ``-`` is stdin.  Raises DiagnosticError if it cannot be read."""
    from weightsmith.dsl import load_source
    from weightsmith.dsl.reading.library import source_of
    from weightsmith.dsl.reading.parser import MAX_CHARACTERS

    if str(path) != STDIN:
        return load_source(path)
    return source_of(STDIN_NAME, sys.stdin.buffer.read(4 * MAX_CHARACTERS + 1))


def with_directories(paths: Iterable[Path]) -> Iterator[Path]:
    """The paths, with the ``.alg`` and ``.net`` files of a directory in its place, sorted.

    Raises Mistake on a directory without one.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(one for one in path.rglob("*") if _is_text(one.relative_to(path), path))
        if not found:
            raise Mistake("file-unreadable", f"'{path}' is a directory without .alg or .net files.")
        yield from found


def _is_text(inside: Path, folder: Path) -> bool:
    is_hidden = any(part.startswith(".") for part in inside.parts)
    return inside.suffix in SUFFIXES and not is_hidden and (folder / inside).is_file()
