"""Packages of others, installed into a temporary folder that is importable for a while."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target")


class NotInstalledError(Exception):
    """pip could not install a package."""


@contextmanager
def installed(packages: Sequence[str]) -> Iterator[None]:
    """Make these pinned packages importable, behind those that are there.

    Without what they depend on: name that, too, where it is not there.
    """
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, *PIP, place, *packages]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = next((line for line in done.stderr.splitlines() if "ERROR" in line), "")
            raise NotInstalledError(f"{packages[0]} could not be installed: {reason}")
        sys.path.append(place)
        try:
            yield
        finally:
            sys.path.remove(place)
