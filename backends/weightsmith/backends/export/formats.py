"""The table of formats, and ``export``.  A new format is one file and one line here."""

from __future__ import annotations

from pathlib import Path

from weightsmith.backends.errors import ExportError, shown_name, suggestion
from weightsmith.backends.export import (
    huggingface,
    net_file,
    npz_file,
    onnx_file,
    pt2_file,
    safetensors_export,
)
from weightsmith.backends.export.base.format import Format, Options, reason_of
from weightsmith.backends.export.base.subject import Subject
from weightsmith.backends.export.base.whole_folder import write_folder
from weightsmith.backends.export.python import python_file
from weightsmith.backends.storage.whole_file import replacing
from weightsmith.backends.template.unroll import refuse_open

FORMATS: tuple[Format, ...] = (
    onnx_file.FORMAT,
    python_file.FORMAT,
    npz_file.FORMAT,
    safetensors_export.FORMAT,
    pt2_file.FORMAT,
    huggingface.FORMAT,
    net_file.FORMAT,
)


def export(subject: Subject, path: str | Path, options: Options, name: str | None = None) -> None:
    """Write the network to ``path``, whole or not at all, in the format ``name``.

    Without a name the suffix of the path decides.  Raises ExportError.
    """
    chosen = format_of(path, name)
    chosen.check(options)
    if not chosen.symbolic:
        refuse_open(subject.template)
    place = Path(path)
    try:
        check_place(place, is_folder=chosen.write_folder is not None)
        if chosen.write_folder is not None:
            write_folder(place, chosen.write_folder(subject, options))
        elif chosen.write is not None:
            content = chosen.write(subject, options)
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
                f"there is no format '{shown_name(name)}'; the formats are {', '.join(names)}."
                + suggestion(name, names)
            )
        return names[name]
    found = next((one for one in FORMATS if str(path).endswith(one.suffix)), None)
    if found is not None:
        return found
    suffix = Path(path).suffix
    known = ", ".join(f"{one.suffix} ({one.what})" for one in FORMATS)
    what = f"the suffix '{suffix}'" if suffix else f"no suffix in '{path}'"
    raise ExportError(
        f"{what} names no format; the formats are {known}."
        + suggestion(suffix, [one.suffix for one in FORMATS])
    )


def check_place(path: Path, *, is_folder: bool) -> None:
    """Raise ExportError, before any work, where nothing can be written."""
    if not path.parent.is_dir():
        raise ExportError(f"there is no directory '{path.parent}'.")
    if not is_folder and path.is_dir():
        raise ExportError(f"'{path}' is a directory; name a file in it.")
    if is_folder and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ExportError(f"'{path}' is there already, and not an empty folder; name another one.")
