"""Packages of others, installed into a temporary folder that is importable for a while."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check", "install")


class NotInstalledError(Exception):
    """pip could not install a package."""


@contextmanager
def installed(*packages: str) -> Iterator[None]:
    """Make these pinned packages importable, with what they need and this environment lacks.

    The folder stands behind the environment, which stays as it is.
    """
    with tempfile.TemporaryDirectory() as place:
        _pip("--no-deps", "--target", place, *_lacking(packages))
        sys.path.append(place)
        try:
            yield
        finally:
            sys.path.remove(place)


def _lacking(packages: Sequence[str]) -> list[str]:
    """What pip would install here for them, each with its version."""
    report = json.loads(_pip("--dry-run", "--report", "-", *packages))
    found = (one["metadata"] for one in report["install"])
    return [f"{one['name']}=={one['version']}" for one in found]


def _pip(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *PIP, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise NotInstalledError(f"pip cannot install {arguments[-1]}: {' '.join(errors)}")
    return done.stdout
