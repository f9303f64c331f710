"""Arrays in files: .npy, .npz and .csv, in and out, with a message for each way it can fail."""

from __future__ import annotations

import csv
import os
import zipfile
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click
import numpy as np

from weightsmith.cli.inputs.mistakes import Mistake

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.generic]
    Given = dict[str, Array | dict[str, Array]]
    Answer = Mapping[str, Array | Mapping[str, Array]]

READ = (".npy", ".npz", ".csv")
FORMS = "A=a.npy, x.context=x.csv or data.npz"


def read_matrices(sources: Iterable[str], single: Container[str]) -> dict[str, Array | list[Array]]:
    """Return whole matrices by their names, from the ``NAME=FILE`` texts of ``--matrix``.

    A name that comes several times is a matrix per pass, in the order of the passes, unless it is
    that of a ``single`` matrix.
    """
    found: dict[str, list[Array]] = {}
    for name, array in _named_arrays(sources, "--matrix", "W=w.npy, W=w.csv or data.npz"):
        if name in found and name in single:
            raise Mistake("option", f"the matrix '{name}' is given twice.")
        found.setdefault(name, []).append(array)
    return {name: arrays[0] if len(arrays) == 1 else arrays for name, arrays in found.items()}


def read_inputs(sources: Iterable[str], per_token: frozenset[str], *, rows: bool = False) -> Given:
    """Return ``{"A": array, "x": {"context": array, …}}`` from ``NAME=FILE`` texts.

    With ``rows`` the inputs named in ``per_token`` are transposed: one token a row.  A line of
    numbers is for them one row, a number a token.
    """
    inputs: Given = {}
    for name, array in _named_arrays(sources):
        base, dot, group = name.partition(".")
        value = array.T if rows and base in per_token else array
        if value.ndim == 1 and base in per_token:
            value = value[None]  # one number a token
        if not dot:
            _put(inputs, name, value, name)
            continue
        groups = inputs.setdefault(base, {})
        if not isinstance(groups, dict):
            raise Mistake("option", f"'{base}' is given both as a whole and as '{name}'.")
        _put(groups, group, value, name)
    return inputs


def _put(where: dict[str, Array] | Given, key: str, value: Array, name: str) -> None:
    if key in where:
        raise Mistake("option", f"the input '{name}' is given twice.")
    where[key] = value


def _named_arrays(
    sources: Iterable[str], option: str = "--input", forms: str = FORMS
) -> Iterator[tuple[str, Array]]:
    for source in sources:
        name, equals, place = source.partition("=")
        path = Path(place if equals else source)
        if path.suffix not in READ:
            raise Mistake(
                "file-kind",
                f"expected a .npy, .npz or .csv file in {option}, as {forms}; got '{source}'.",
            )
        if path.suffix != ".npz":
            if not equals:
                what = option.removeprefix("--")
                cut = "; a table of several is cut before" if option == "--input" else ""
                raise Mistake("option", f"say which {what} '{path}' is: {option} NAME={path}{cut}")
            yield name, _read_csv(path) if path.suffix == ".csv" else _read_npy(path)
            continue
        arrays = _read_npz(path)
        yield from [(name, _only(arrays, name, path))] if equals else arrays.items()


def _read_npy(path: Path) -> Array:
    try:
        loaded: Array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as problem:
        raise Mistake("data-file", f"'{path}' is not a .npy file of numbers: {problem}") from None
    return loaded


def _read_npz(path: Path) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as problem:
        raise Mistake("data-file", f"'{path}' is not an .npz file of numbers: {problem}") from None


def _only(arrays: dict[str, Array], name: str, path: Path) -> Array:
    """The array called ``name``, or the only one there is."""
    if name in arrays:
        return arrays[name]
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    raise Mistake(
        "data-file",
        f"'{path}' has no array '{name}'; it has {', '.join(sorted(arrays)) or 'none'}.",
    )


def _read_csv(path: Path) -> Array:
    """Read numbers between commas; a first line of words is a heading."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            lines = [(number, line) for number, line in enumerate(csv.reader(file), 1) if line]
    except (UnicodeDecodeError, csv.Error) as problem:
        raise Mistake("data-file", f"'{path}' is not a .csv file: {problem}") from None
    if lines and _is_heading(lines[0][1]):
        lines = lines[1:]
    if not lines:
        raise Mistake("data-file", f"'{path}' holds no numbers.")
    width = len(lines[0][1])
    for number, line in lines:
        if len(line) != width:
            raise Mistake(
                "data-file", f"'{path}', line {number}: expected {width} numbers, got {len(line)}."
            )
        if not _is_numbers(line):
            raise Mistake(
                "data-file",
                f"'{path}', line {number}: expected numbers, got '{','.join(line)[:60]}'.",
            )
    return np.array([[float(cell) for cell in line] for _, line in lines])


def _is_heading(cells: list[str]) -> bool:
    """A line that nobody could mean as numbers: ``1,nan`` and ``1;2`` are mistakes, not names."""
    return not any(_is_like_a_number(cell.strip()) for cell in cells)


def _is_like_a_number(cell: str) -> bool:
    if cell[:1] in set("0123456789+-."):
        return True
    try:
        float(cell)
    except ValueError:
        return cell == ""
    return True


def _is_numbers(cells: list[str]) -> bool:
    try:
        return all(np.isfinite(float(cell)) for cell in cells)
    except ValueError:
        return False


def check_output(path: Path) -> None:
    """Raise Mistake, before anything is computed, if the file cannot be written."""
    if path.suffix not in READ:
        raise Mistake("file-kind", f"expected an output file .npz, .npy or .csv, got '{path}'.")
    if path.is_dir():
        raise Mistake("file-exists", f"'{path}' is a directory; name a file.")
    if not path.parent.is_dir():
        raise Mistake("file-unreadable", f"the directory '{path.parent}' does not exist.")
    for place in (path, path.resolve().parent):
        if place.exists() and not os.access(place, os.W_OK):
            raise Mistake(
                "file-unreadable", f"'{place}' must not be written to; choose another place."
            )


def write_outputs(answer: Answer, path: Path | None) -> None:
    """Write the returned values, or print them."""
    arrays = dict(_flat(answer))
    if path is None:
        for name, array in arrays.items():
            click.echo(f"{name} {array.shape[0]}x{array.shape[1]}" if array.ndim == 2 else name)
            click.echo(np.array2string(array, max_line_width=100, threshold=200))
        return
    from weightsmith.backends.storage.whole_file import replacing

    with replacing(path) as file:
        _write(file, path.suffix, arrays)


def as_lists(answer: Answer) -> dict[str, object]:
    """The returned values as lists of rows, by name (``w``, or ``w.query``)."""
    return {name: array.tolist() for name, array in _flat(answer)}


def _write(file: BinaryIO, suffix: str, arrays: Mapping[str, Array]) -> None:
    if suffix == ".npz":
        _write_npz(file, arrays)
        return
    if len(arrays) > 1:
        raise Mistake(
            "file-kind", f"the network returns {', '.join(arrays)}; write them to an .npz file."
        )
    array = next(iter(arrays.values()))
    if suffix == ".npy":
        np.save(file, array)
    elif array.ndim == 2:
        np.savetxt(file, array, delimiter=",", fmt="%.17g")
    else:
        raise Mistake("file-kind", "a batch has no .csv form; write it to an .npz or .npy file.")


def _write_npz(place: BinaryIO, arrays: Mapping[str, Array]) -> None:
    """As np.savez, for any name: its own would not take an output called 'file'."""
    with zipfile.ZipFile(place, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def _flat(answer: Answer) -> Iterator[tuple[str, Array]]:
    for name, value in answer.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{group}", array) for group, array in value.items())
        else:
            yield name, value
