"""The table of formats, and ``export``.  A new format is one file and one line here."""

from __future__ import annotations

from pathlib import Path

from weightsmith.backends.errors import ExportError, suggestion
from weightsmith.backends.export import (
    npz_file,
    onnx_file,
    pt2_file,
    python_file,
    safetensors_export,
)
from weightsmith.backends.export.format import Format, Options, reason_of
from weightsmith.backends.export.subject import Subject
from weightsmith.backends.whole_file import replacing

FORMATS: tuple[Format, ...] = (
    onnx_file.FORMAT,
    python_file.FORMAT,
    npz_file.FORMAT,
    safetensors_export.FORMAT,
    pt2_file.FORMAT,
)


def export(subject: Subject, path: str | Path, options: Options, name: str | None = None) -> None:
    """Write the network to ``path``, whole or not at all, in the format ``name``.

    Without a name the suffix of the path decides.  Raises ExportError.
    """
    chosen = format_of(path, name)
    chosen.check(options)
    if chosen.write is None:
        raise ExportError(f"no way to write {chosen.what}.")
    place = Path(path)
    _check_place(place)
    content = chosen.write(subject, options)
    try:
        with replacing(place) as file:
            file.write(content)
    except OSError as error:
        raise reason_of(error, place) from error


def format_of(path: str | Path, name: str | None) -> Format:
    """The format called ``name``, or that of the path's suffix.  Raises ExportError."""
    names = {one.name: one for one in FORMATS}
    if name is not None:
        if name not in names:
            raise ExportError(
                f"there is no format '{name}'; the formats are {', '.join(names)}."
                + suggestion(name, names)
            )
        return names[name]
    suffixes = {one.suffix: one for one in FORMATS}
    found = next((one for suffix, one in suffixes.items() if str(path).endswith(suffix)), None)
    if found is None:
        suffix = Path(path).suffix
        known = ", ".join(f"{one.suffix} ({one.what})" for one in FORMATS)
        what = f"the suffix '{suffix}'" if suffix else f"no suffix in '{path}'"
        raise ExportError(
            f"{what} names no format; the formats are {known}." + suggestion(suffix, suffixes)
        )
    return found


def _check_place(path: Path) -> None:
    """Raise ExportError, before any work, where no file can be written."""
    if path.is_dir():
        raise ExportError(f"'{path}' is a directory; name a file in it.")
    if not path.parent.is_dir():
        raise ExportError(f"there is no directory '{path.parent}'.")
