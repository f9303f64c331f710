"""``weightsmith fmt``: write scripts and networks in the one layout."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from weightsmith.dsl.text.source import Source

SUFFIXES = (".alg", ".net")
STANDARD = Path("-")
MARK = b"\xef\xbb\xbf"  # a byte order mark


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True, path_type=Path)
)
@click.option("--check", is_flag=True, help="Write nothing; say which files would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.pass_context
def fmt(ctx: click.Context, files: tuple[Path, ...], check: bool, diff: bool) -> None:
    """Lay out FILES anew: spaces, indentation, blank lines.

    Comments stay, and what a file means stays.  A directory stands for the .alg and .net files in
    it; '-' is the standard input, which goes to the standard output.  A file is written whole or
    not at all; one with a mistake of syntax is left as it is.

    Exits with status 1 if a file has a mistake, or would change under --check or --diff.
    """
    tally = _Tally(check=check, diff=diff)
    for file in _each(files):
        tally.add(file)
    click.echo(tally.summary(), err=True)
    ctx.exit(1 if tally.mistaken or (tally.changed and (check or diff)) else 0)


def _each(files: tuple[Path, ...]) -> Iterator[Path]:
    """The files, once each; of directories those within that are scripts, but nothing hidden."""
    seen: set[Path] = set()
    for file in files:
        for one in _scripts(file) if file != STANDARD and file.is_dir() else [file]:
            key = one if one == STANDARD else one.resolve()
            if key not in seen:
                seen.add(key)
                yield one


def _scripts(directory: Path) -> Iterator[Path]:
    for one in sorted(directory.rglob("*")):
        within = one.relative_to(directory).parts
        is_hidden = any(part.startswith(".") for part in within)
        if one.suffix in SUFFIXES and not is_hidden and one.is_file():
            yield one


@dataclass
class _Tally:
    """Does what was asked for, file by file, and counts."""

    check: bool
    diff: bool
    changed: int = 0
    same: int = 0
    mistaken: int = 0

    def add(self, file: Path) -> None:
        from weightsmith.dsl.formatting.written import LayoutError
        from weightsmith.dsl.text.diagnostics import DiagnosticError

        name = _name(file)
        try:
            self._format(file, name)
        except DiagnosticError as problem:
            self._mistake(str(problem))
        except LayoutError as problem:
            self._mistake(f"{name}: error: {problem}; please report it")
        except OSError as problem:
            self._mistake(f"{name}: error: {problem.strerror or problem}")

    def _mistake(self, text: str) -> None:
        self.mistaken += 1
        click.echo(f"{text}\n", err=True)

    def _format(self, file: Path, name: str) -> None:
        from weightsmith.dsl.reading.library import source_of

        data = _read(file)
        source = source_of(name, data)
        text = source.text
        result = _laid_out(source, file)
        written = (MARK if data.startswith(MARK) else b"") + result.encode()
        is_same = result == text
        if self.diff:
            _show(name, text, result)
        elif file == STANDARD and not self.check:
            sys.stdout.buffer.write(written)
        elif not is_same:
            if not self.check:
                _write(file, written)
            click.echo(f"{'would lay out' if self.check else 'laid out'} {name}", err=True)
        self.same += is_same
        self.changed += not is_same

    def summary(self) -> str:
        verb = "would change" if self.check or self.diff else "changed"
        parts = [f"{self.changed} {verb}", f"{self.same} as it should be"]
        parts += [f"{self.mistaken} with a mistake"] if self.mistaken else []
        return ", ".join(parts)


def _laid_out(source: Source, file: Path) -> str:
    """A script or a network, by the name of its file, else by how it begins."""
    from weightsmith.compiler.nets.format_net import format_net
    from weightsmith.compiler.nets.read_net import is_net
    from weightsmith.dsl.formatting.format_script import format_script

    as_net = is_net(source.text) if file == STANDARD else file.suffix == ".net"
    return format_net(source) if as_net else format_script(source)


def _name(file: Path) -> str:
    from weightsmith.dsl.text.shown import printable

    return "standard input" if file == STANDARD else printable(str(file))


def _read(file: Path) -> bytes:
    from weightsmith.dsl.reading.library import MAX_BYTES

    if file == STANDARD:
        return sys.stdin.buffer.read(MAX_BYTES)
    with file.open("rb") as script:
        return script.read(MAX_BYTES)


def _write(file: Path, data: bytes) -> None:
    from weightsmith.backends.storage.whole_file import replacing

    with replacing(file) as whole:
        whole.write(data)


def _show(name: str, before: str, after: str) -> None:
    """Print what would change, as ``diff -u`` does."""
    rows = before.splitlines(), after.splitlines()
    for line in difflib.unified_diff(*rows, name, name, lineterm=""):
        click.echo(line)
