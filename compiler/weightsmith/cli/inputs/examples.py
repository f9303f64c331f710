"""Where the example scripts are: beside an installed wheel, or in the checkout."""

from __future__ import annotations

import re
from pathlib import Path

from weightsmith.cli.inputs.mistakes import Mistake, suggestion

PLACES = (
    Path(__file__).resolve().parents[2] / "examples",
    Path(__file__).resolve().parents[4] / "examples",
)
USED = re.compile(r'^use \w+ from "([^"/\\]+)"', re.MULTILINE)
SENTENCE = re.compile(r"[.:](?:\s|$)|,?\s+after\s+(?=[A-Z])")  # what ends the first sentence
SOURCE = re.compile(
    r"\(((?:[^()]*[,: ])?[A-Z][^()]* (?:19|20)\d\d\b[^()]*)\)|after ([A-Z].*? (?:19|20)\d\d\b)"
)


def example(name: str) -> Path:
    """Return the script of an example: ``example("ridge")``.  Raises Mistake."""
    plain = name.removesuffix(".alg")
    known = {script.stem: script for script in all_examples()}
    if plain not in known:
        advice = suggestion(plain, known) or " 'weightsmith examples' lists them."
        raise Mistake("option", f"there is no example '{plain}'.{advice}")
    return known[plain]


def all_examples() -> list[Path]:
    """The scripts, in the order of their names.  Raises Mistake if there are none."""
    for place in PLACES:
        if found := sorted(place.glob("*.alg")):
            return found
    raise Mistake("machine", "the example scripts are missing; install weightsmith again.")


def with_used(script: Path) -> list[Path]:
    """A script, and those beside it that it uses, they in turn too."""
    found = [script]
    for one in found:
        text = one.read_text(encoding="utf-8")
        found += [place for name in USED.findall(text) if (place := one.parent / name) not in found]
    return found


def about(text: str) -> tuple[str, str]:
    """What the heading comment of a script says it computes, and its source, if it names one.

    >>> about("# Heavy-ball momentum (Polyak 1964).\\nalgorithm f(A: [d, d])")
    ('Heavy-ball momentum', 'Polyak 1964')
    """
    lines = text.split("\n")
    count = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    words = " ".join(" ".join(line.lstrip("#") for line in lines[:count]).split())
    sources = [one or other for one, other in SOURCE.findall(words)]
    sentence = SENTENCE.split(SOURCE.sub("", words), maxsplit=1)[0]
    return sentence.strip().replace(" ,", ","), "; ".join(sources)
