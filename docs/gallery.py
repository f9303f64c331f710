"""Writes docs/gallery/: one page for each construction of the literature, and their index.

    python docs/gallery.py              write all pages
    python docs/gallery.py NAME ...     write these pages alone (the index stays)
    python docs/gallery.py --check ...  say which pages are stale, exit status 1 if one is

Each page follows from a file of docs/gallery_source/entries, a script and real data: verdicts,
bounds, counts and pictures are computed, and come out byte for byte the same.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from gallery_source.entry import ROOT, Entry, entries
from gallery_source.index import index
from gallery_source.measure import measured
from gallery_source.page import files_of

PAGES = ROOT / "docs" / "gallery"
INDEX = "index.md"


def made(chosen: Sequence[Entry], *, whole: bool) -> dict[str, str]:
    """The files of these entries by name, and the index where they are all."""
    found = [(entry, measured(entry)) for entry in chosen]
    texts = {name: text for one in found for name, text in files_of(*one).items()}
    return {**texts, INDEX: index(found)} if whole else texts


def stale(texts: Mapping[str, str], *, whole: bool) -> list[str]:
    """Files that are not what the sources say, or that nothing writes."""
    there = {path.name for path in PAGES.iterdir()} if whole and PAGES.exists() else set()
    return sorted(name for name in {*texts, *there} if texts.get(name) != written(name))


def written(name: str) -> str | None:
    path = PAGES / name
    return path.read_text(encoding="utf-8") if path.exists() else None


def named(names: Sequence[str]) -> list[Entry]:
    """The entries of these names, or all.  Raises SystemExit on a name that is none."""
    known = {entry.name: entry for entry in entries()}
    for name in names:
        if name not in known:
            raise SystemExit(f"there is no page '{name}'; the pages are {', '.join(known)}")
    return [known[name] for name in names] if names else list(known.values())


def main(arguments: list[str]) -> int:
    names = [one for one in arguments if one != "--check"]
    whole = not names
    texts = made(named(names), whole=whole)
    old = stale(texts, whole=whole)
    if "--check" in arguments:
        for name in old:
            print(f"docs/gallery/{name} is stale: run python docs/gallery.py")
        return int(bool(old))
    PAGES.mkdir(exist_ok=True)
    for name in old:
        if name in texts:
            (PAGES / name).write_text(texts[name], encoding="utf-8", newline="\n")
        else:
            (PAGES / name).unlink()
    print(f"{len(texts)} files, {len(old)} of them new or changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
