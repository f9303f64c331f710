"""A folder that is written whole or not at all: made beside its place, and renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from weightsmith.backends.storage.workshop import workshop

NEW = "folder"  # in the directory of a save


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Make the folder; there is none yet, or an empty one.  Raises OSError."""
    target = path.resolve()
    with workshop(target) as place:
        fresh = place / NEW
        shutil.rmtree(fresh, ignore_errors=True)  # of a write that was killed
        try:
            fresh.mkdir()
            for name, content in files.items():
                with (fresh / name).open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            if target.is_dir() and os.name == "nt":
                target.rmdir()
            fresh.rename(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
