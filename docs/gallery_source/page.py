"""The Markdown of one page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from gallery_source.drawing import drawn
from gallery_source.entry import ROOT, Entry
from gallery_source.measure import Compared, Measured, Point, Size
from gallery_source.plot import LOWEST, Curve, plot
from gallery_source.references import REFERENCES

COLUMNS = 100
MOST_LINES = 60  # of a network on the page; a longer one is a file beside it
NOTE = "<!-- Written by docs/gallery.py: change docs/gallery_source and run it. -->"
DASHED, DOTTED = ' stroke-dasharray="6 4"', ' stroke-dasharray="2 3"'
ENDS = {"proven": "every claim holds", "open": "some claims are open", "refused": "refused"}


def files_of(entry: Entry, found: Measured) -> dict[str, str]:
    """The files of one page by name: Markdown, the network as text, its picture and the plot."""
    name = entry.name
    made = {
        f"{name}.md": page(entry, found),
        f"{name}.net": found.shown,
        f"{name}.network.svg": drawn(found.template),
    }
    for number, one in enumerate(found.compared, 1):
        made[f"{name}.paper{number}.svg"] = drawn(one.template)
    if picture := plotted(entry, found):
        made[f"{name}.plot.svg"] = picture
    return made


def page(entry: Entry, found: Measured) -> str:
    parts = [
        f"# {entry.title}",
        NOTE,
        wrapped(f"{entry.paper.citation}. {entry.paper.also}".strip()),
        wrapped(entry.paper.claim),
        table(entry, found),
        *([wrapped(words)] if (words := layers_sentence(entry, found)) else []),
        *([wrapped(entry.note)] if entry.note else []),
        "## The script",
        f"`{entry.script_name}`:",
        fenced("alg", entry.script.read_text(encoding="utf-8")),
        "## The network",
        *network_part(entry, found),
        *printed_part(entry, found),
        "## Bound and error",
        *error_part(entry, found),
    ]
    if entry.found:
        parts += ["## What was found in print", *paragraphs(entry.found)]
    return "\n\n".join([*parts, "[All constructions](index.md)"]) + "\n"


def wrapped(text: str) -> str:
    lines = textwrap.wrap(
        " ".join(text.split()), COLUMNS, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


def paragraphs(text: str) -> list[str]:
    return [wrapped(one) for one in text.strip().split("\n\n")]


def fenced(kind: str, text: str) -> str:
    return f"```{kind}\n{text.rstrip()}\n```"


# -- counts ---------------------------------------------------------------------------------------


def table(entry: Entry, found: Measured) -> str:
    """Layers, heads, width and error: the paper's, ours as written, with the fewest layers."""
    counts, steps = entry.counts, found.steps
    at = counts.layers_at(steps)
    layers = f"{counts.layers}: {at}" if at is not None and counts.per_step else counts.layers
    fewest = found.fewest
    rows = [
        ("layers", layers, found.written.layers, fewest and fewest.layers, lower_text(found)),
        ("heads", counts.heads, found.written.heads, fewest and fewest.heads, ""),
        ("width", counts.width, width_text(found.written), fewest and width_text(fewest), ""),
        ("error", counts.error, error_text(found.written), fewest and error_text(fewest), ""),
    ]
    lines = [
        "| | paper | as written | `--fewest layers` | lower bound by degree |",
        "|---|---|---|---|---|",
    ]
    unknown = "not stated" if counts.is_stated else "no network"
    for name, paper, ours, best, lower in rows:
        cells = (name, paper or unknown, ours, "–" if best is None else best, lower or "–")
        lines.append(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def lower_text(found: Measured) -> str:
    sizes = [one.lower for one in (found.fewest, found.written) if one is not None]
    return str(next((one for one in sizes if one is not None), ""))


def width_text(size: Size) -> str:
    hidden = f", `{size.hidden}` hidden" if size.hidden != "0" else ""
    return f"`{size.width}`{hidden}"


def error_text(size: Size) -> str:
    if size.is_exact:
        return "none: it is the script"
    if not size.bound:
        return "not proven"
    if size.promise.against == "script":
        return f"≤ {size.bound} an entry, from the script"
    return f"≤ {size.bound}" + ("" if size.promise.scale == "1" else ", relative")


def layers_sentence(entry: Entry, found: Measured) -> str:
    """The counts beside each other, in words; a count that is worse than the paper's is said."""
    ours, steps = found.written.layers, found.steps
    best = found.fewest.layers if found.fewest is not None else ours
    theirs = entry.counts.layers_at(steps)
    chosen = ", ".join(f"{name} = {value}" for name, value in found.settings.items())
    at = f"Numbers are at {chosen}." if chosen else ""
    words = [] if theirs is None else [compared_words("As written", ours, theirs)]
    words += [] if theirs is None else extra(best, ours, theirs)
    return " ".join(one for one in (at, *words) if one)


def extra(best: int, ours: int, theirs: int) -> Iterator[str]:
    if best < ours:
        yield compared_words("With `--fewest layers`", best, theirs)


def compared_words(what: str, ours: int, theirs: int) -> str:
    if ours == theirs:
        return f"{what} the network has as many layers as the paper's."
    number = abs(ours - theirs)
    layers = f"{number} layer{'s' * (number != 1)}"
    if ours > theirs:
        return f"{what} the network has **{layers} more than the paper's**."
    return f"{what} the network has {layers} fewer than the paper's."


# -- the network ----------------------------------------------------------------------------------


def network_part(entry: Entry, found: Measured) -> Iterator[str]:
    lines = found.shown.splitlines()
    if len(lines) <= MOST_LINES:
        yield f"What `weightsmith show` prints ([as a file]({entry.name}.net)):"
        yield fenced("net", found.shown)
    else:
        yield wrapped(
            f"What `weightsmith show` prints has {len(lines)} lines, most of them tables: "
            f"[the file]({entry.name}.net). It begins:"
        )
        yield fenced("net", "\n".join(head(lines)))
    yield f"![The network of {entry.name} as a picture]({entry.name}.network.svg)"
    kinds = ", ".join(found.kinds)
    yield wrapped(f"`weightsmith verify` on it: {ENDS[found.verdict]}. Proven are {kinds}.")


def head(lines: list[str]) -> list[str]:
    """The lines before the first layer."""
    place = next((i for i, line in enumerate(lines) if line.lstrip().startswith("layer")), 20)
    return [*lines[:place], "# …"]


def printed_part(entry: Entry, found: Measured) -> Iterator[str]:
    """The networks of the paper, and what the comparison with their scripts says."""
    if found.compared:
        yield "## The paper's network"
    shown = [entry.script.read_text(encoding="utf-8")]
    for number, one in enumerate(found.compared, 1):
        if one.printed.note:
            yield wrapped(one.printed.note)
        yield fenced("net", one.text)
        yield f"![The network from the paper as a picture]({entry.name}.paper{number}.svg)"
        script = one.printed.script.read_text(encoding="utf-8")
        if script not in shown:
            shown.append(script)
            yield "The script that it claims to be:"
            yield fenced("alg", script)
        yield fenced("console", console(one))


def console(one: Compared) -> str:
    network, script = (
        path.relative_to(ROOT).as_posix() for path in (one.printed.network, one.printed.script)
    )
    verdict = [line for text in one.verdict.splitlines() for line in folded(text)]
    return "\n".join([f"$ weightsmith verify {network} \\\n    --against {script}", *verdict])


def folded(line: str) -> list[str]:
    return textwrap.wrap(line, COLUMNS, subsequent_indent="    ", break_on_hyphens=False) or [""]


# -- errors ---------------------------------------------------------------------------------------


def error_part(entry: Entry, found: Measured) -> Iterator[str]:
    yield wrapped(f"{entry.data} {measured_words(entry, found)}")
    if plotted(entry, found):
        yield f"![Bound and error of {entry.name}]({entry.name}.plot.svg)"
        if any(one.observed < LOWEST for one in found.points):
            yield wrapped(f"Errors below {LOWEST:g}, where floats add round-off, are not drawn.")
    yield "The command that writes this page, its pictures and its numbers:"
    yield f"    python docs/gallery.py {entry.name}"


def measured_words(entry: Entry, found: Measured) -> str:
    last = found.points[-1]
    seen = f"{last.observed:.1e}" if last.observed >= LOWEST else f"below {LOWEST:g}"
    if entry.reference:
        what = REFERENCES[entry.reference].what
        known = f"; {REFERENCES[entry.reference].bound}: {last.known:.1e}" if last.known else ""
        return (
            f"The certificate says that the network is the script, exactly. Measured is {what}: "
            f"{seen} at the end{known}."
        )
    promise = found.written.promise
    ends = f"At the end, certified {found.written.bound or 'nothing'}, observed {seen}"
    if promise.against == "script":
        return f"{ends}: the largest entry of network − script."
    return f"{ends}{relative(promise.scale)}."


def relative(scale: str) -> str:
    """What the distance from the target is divided by."""
    if scale == "1":
        return ": the distance from the target"
    link = "[scale](../format.md#115-scale-hypotheses-bound)"
    return f": the distance from the target over its {link} `{scale}`"


def plotted(entry: Entry, found: Measured) -> str:
    """The plot, or "" where there is nothing above round-off to draw."""
    where = places(entry, found.points)
    curves = [
        Curve("observed", "seen", [(x, one.observed) for x, one in where if one.observed > 0]),
    ]
    if any(one.certified for one in found.points):
        sure = [(x, one.certified) for x, one in where if one.certified]
        curves.insert(0, Curve("certified", "proven", sure, DASHED))
    if any(one.known for one in found.points):
        known = [(x, one.known) for x, one in where if one.known]
        curves.append(Curve(REFERENCES[entry.reference].bound, "known", known, DOTTED))
    if fewer := [] if entry.sweep.names else best_of(found):
        curves.append(Curve("certified, --fewest layers", "fewer", fewer, DASHED))
    drawable = [curve for curve in curves if any(error >= LOWEST for _, error in curve.points)]
    if not drawable:
        return ""
    title = f"{entry.title}: bound and error"
    return plot(title, drawable, entry.sweep.axis, entry.sweep.names)


def places(entry: Entry, points: tuple[Point, ...]) -> list[tuple[float, Point]]:
    """Where the points stand: at their layers, or one after the other under their names."""
    if entry.sweep.names:
        return [(float(number), one) for number, one in enumerate(points)]
    return [(float(one.layers), one) for one in points]


def best_of(found: Measured) -> list[tuple[float, float]]:
    """The least certified error of each number of layers, if that is a curve of its own."""
    known = [(layers, error) for layers, error in found.fewer if error]
    if not known or found.fewest is None or found.fewest.layers == found.written.layers:
        return []
    layers = sorted({one for one, _ in known})
    return [(float(n), min(error for m, error in known if m == n)) for n in layers]
