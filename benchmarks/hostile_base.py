"""Honest compiled directories that attacks start from, and how an attack changes one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from weightsmith import api

EXAMPLES = Path(__file__).parents[1] / "examples"
Json = dict[str, "Value"] | list["Value"]
Value = None | bool | int | str | dict[str, "Value"] | list["Value"]
HASHED = ("script.alg", "network.alg", "template.json", "model.safetensors")

SQUARES = """\
algorithm squares(s: [1] per query, t: [1] per query)
assume entries(s) in [0, 1]
assume entries(t) in [0, 1]
within 1/50

return exp.(-s) .* tanh(t)
"""


@dataclass(frozen=True)
class Base:
    """A script with settings, and data to run it on: the sizes of each input, by name."""

    script: str  # the name of an example, or a text
    settings: dict[str, str]
    data: dict[str, tuple[int, int]]  # "diagonal" for a symmetric matrix, by name
    fewest: str | None = None


BASES = {
    "newton": Base("newton_inverse", {"mu": "1/120", "L": "5", "steps": "6"}, {"A": (4, 4)}),
    "open": Base("newton_inverse", {}, {"A": (4, 4)}),
    "fewest": Base(
        "gradient_descent",
        {"mu": "1", "L": "4", "steps": "20"},
        {"x.context": (3, 6), "y.context": (1, 6), "x.query": (3, 2)},
        "layers",
    ),
    "tables": Base(SQUARES, {}, {"s.query": (1, 3), "t.query": (1, 3)}),
    "root": Base(
        "logistic_gradient_descent",
        {"n": "4", "steps": "3"},
        {"x.context": (2, 4), "y.context": (1, 4)},
    ),
    "synthesized": Base("synthesized_inverse", {"mu": "1/10", "L": "1"}, {"A": (4, 4)}),
}


def compile_base(base: Base, place: Path) -> None:
    """Write the honest directory of a base."""
    path = EXAMPLES / f"{base.script}.alg"
    script = base.script if "\n" in base.script else path
    api.compile(script, settings=dict(base.settings), fewest=base.fewest).save(place)


@dataclass(frozen=True)
class Directory:
    """A copy of an honest directory, to be changed."""

    path: Path

    def content(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def text(self, name: str) -> str:
        return self.content(name).decode()

    def json(self, name: str) -> dict[str, Value]:
        found: dict[str, Value] = json.loads(self.content(name))
        return found

    def write(self, name: str, content: bytes | str) -> None:
        (self.path / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def write_json(self, name: str, document: Value) -> None:
        self.write(name, json.dumps(document))

    def rehash(self) -> None:
        """Let the certificate be about the files as they are: a forger would."""
        try:
            certificate = self.json("certificate.json")
            files = certificate["files"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        if not isinstance(files, dict):
            return
        for name in HASHED:
            path = self.path / name
            if path.is_file() and path.stat().st_size < 1 << 28 and files.get(name) is not None:
                files[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        self.write_json("certificate.json", certificate)


@dataclass(frozen=True)
class Attack:
    """One change of an honest directory; ``rehash`` makes the certificate agree with it.

    ``harmless``: the script is long and says the same, so that it may be accepted.
    """

    name: str
    base: str
    change: Callable[[Directory], None]
    rehash: bool = True
    harmless: bool = False

    def apply(self, honest: Path, place: Path) -> None:
        """Make the hostile directory at ``place``, from the honest one."""
        shutil.copytree(honest, place)
        directory = Directory(place)
        self.change(directory)
        if self.rehash:
            directory.rehash()


def remove(path: Path) -> None:
    """Remove a hostile directory, whatever stands in it."""
    shutil.rmtree(path, ignore_errors=True)
    if os.path.lexists(path):
        os.unlink(path)
