"""One construction of the literature: what stands in its file of ``entries/``.

A file says what no program can know: the paper, its statement and counts in our words, which script
and which published network belong to it, on which data it runs, and what was found wrong in print.
Everything else of a page is computed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "docs" / "gallery_source"
THEMES = {
    "least_squares": "Least squares in context",
    "inverses": "Inverses, powers and recurrences",
    "functions_of_matrices": "Functions of matrices",
    "graphs": "Graphs",
    "functions_of_entries": "Functions of entries",
}


@dataclass(frozen=True, slots=True)
class Paper:
    """Where it was published, and what it claims, in a sentence or two of our own."""

    authors: str
    year: int
    title: str
    claim: str
    venue: str = ""
    arxiv: str = ""
    where: str = ""
    also: str = ""

    @property
    def short(self) -> str:
        return f"{self.authors} {self.year}"

    @property
    def citation(self) -> str:
        """``Fu et al. 2023, *Title*, NeurIPS 2024, [arXiv …](…), Theorem 5.1``."""
        link = f"[arXiv {self.arxiv}](https://arxiv.org/abs/{self.arxiv})" if self.arxiv else ""
        title = f"*{self.title}*" if self.title else ""
        return ", ".join(part for part in (self.short, title, self.venue, link, self.where) if part)


@dataclass(frozen=True, slots=True)
class Counts:
    """The paper's figures as it states them; ``per_step`` and ``more`` make a number of layers.

    All are empty where the paper describes an algorithm and no network.
    """

    layers: str = ""
    heads: str = ""
    width: str = ""
    error: str = ""
    per_step: int | None = None
    more: int = 0

    @property
    def is_stated(self) -> bool:
        return bool(self.layers or self.heads or self.width or self.error)

    def layers_at(self, steps: int | None) -> int | None:
        """The number of layers, if the paper says it; ``steps`` is None where nothing repeats."""
        if self.per_step is None or (self.per_step and steps is None):
            return None
        return self.more + self.per_step * (steps or 0)


@dataclass(frozen=True, slots=True)
class Printed:
    """A network written down from the paper, and the script that it claims to be."""

    network: Path
    script: Path
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What changes along the plot: a parameter, or a part of the script that is replaced.

    ``names`` are what stands below the axis; without them it is the number of layers.
    """

    values: tuple[str, ...]
    parameter: str = ""
    replace: str = ""
    names: tuple[str, ...] = ()
    axis: str = "layers"


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the gallery.

    ``problem`` names a function of ``problems.py``, ``reference`` one of ``references.py``, for a
    script whose certificate names no target; ``fewest``: at how many of the sweep's last values the
    fewest layers are asked for; ``steps`` is the parameter that the paper counts.
    """

    name: str
    theme: str
    title: str
    paper: Paper
    counts: Counts
    script: Path
    problem: str
    data: str
    sweep: Sweep
    settings: Mapping[str, str] = field(default_factory=dict)
    output: str = ""
    reference: str = ""
    fewest: int = 8
    steps: str = "steps"
    printed: tuple[Printed, ...] = ()
    found: str = ""
    note: str = ""

    @property
    def script_name(self) -> str:
        """The script's path as a user types it."""
        return self.script.relative_to(ROOT).as_posix()


def entries() -> list[Entry]:
    """Every entry, in the order of the index: by theme, then by year."""
    paths = sorted((SOURCE / "entries").glob("*/*.toml"))
    found = [read_entry(path) for path in paths]
    themes = list(THEMES)
    return sorted(found, key=lambda one: (themes.index(one.theme), one.paper.year, one.name))


def read_entry(path: Path) -> Entry:
    """Read one file.  Raises ValueError with the file where something is missing or unknown."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        sweep = given.pop("sweep")
        values, names = (tuple(sweep.pop(name, ())) for name in ("values", "names"))
        return Entry(
            name=path.stem,
            theme=path.parent.name,
            paper=Paper(**given.pop("paper")),
            counts=Counts(**given.pop("counts", {})),
            script=ROOT / given.pop("script"),
            sweep=Sweep(values, names=names, **sweep),
            printed=tuple(_printed(one) for one in given.pop("printed", ())),
            **given,
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"{path}: {problem}") from problem


def _printed(given: Mapping[str, str]) -> Printed:
    return Printed(ROOT / given["network"], ROOT / given["script"], given.get("note", ""))
