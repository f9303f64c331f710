"""From a script to its meaning: parse, find what it uses, give every algorithm its meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from weightsmith.dsl.checking.algorithm import elaborate
from weightsmith.dsl.checking.calls import Budget
from weightsmith.dsl.printing.hypotheses import warn_of_presumptions
from weightsmith.dsl.program import core
from weightsmith.dsl.program.sites import numbered
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.reading.library import Library, Read, load_source
from weightsmith.dsl.text.diagnostics import Diagnostic, DiagnosticError, Report, error, near_hint
from weightsmith.dsl.text.source import Source, Span

REMEMBERED = 20_000  # characters; of longer scripts nothing is kept
USES = re.compile(r"^[ \t]*use\b", re.MULTILINE)  # a line that most likely uses another script
Algorithms = dict[str, core.Program | None]


@dataclass(frozen=True, slots=True)
class Checked:
    """The program, if there is one, and everything there is to say about the script.

    ``scripts``: what was parsed, those that it uses before itself.  ``drafts``: its own algorithms
    in their order, each with what could be read of it, mistakes or not.
    """

    program: core.Program | None
    diagnostics: tuple[Diagnostic, ...]
    scripts: tuple[s.Script, ...]
    drafts: tuple[core.Program, ...] = ()


def check(source: Source, *, read: Read | None = None, main: str | None = None) -> core.Program:
    """Return the program of a script.  Raises DiagnosticError if it has none.

    The last algorithm of the script is its program, or the one named ``main``.  ``read`` opens
    the scripts that ``use`` names, by a path relative to ``source.name``; the default reads files.
    """
    checked = diagnose(source, read=read, main=main)
    if checked.program is None:
        raise DiagnosticError(checked.diagnostics)
    return checked.program


def diagnose(source: Source, *, read: Read | None = None, main: str | None = None) -> Checked:
    """Check without raising: errors and warnings are in the result.

    What was found of a short script that uses no other is remembered: the text says it all.
    """
    short = len(source.text) <= REMEMBERED and not USES.search(source.text)
    alone = _alone(source, main) if short else None
    return alone or _diagnosed(source, read or load_source, main)


@lru_cache(maxsize=16)
def _alone(source: Source, main: str | None) -> Checked | None:
    """Check a script that uses no other; None of one that does, as files may change."""
    asked: list[str] = []

    def read(path: str) -> Source:
        asked.append(path)
        raise OSError

    checked = _diagnosed(source, read, main)
    return None if asked else checked


def _diagnosed(source: Source, read: Read, main: str | None) -> Checked:
    report = Report()
    library = Library(read, report)
    drafts: list[core.Program] = []
    try:
        program = _program(source, library, main, report, drafts)
        program = None if program is None else numbered(program)
        if program is not None:
            warn_of_presumptions(program, report)
    except DiagnosticError as reason:
        report.extend(reason.diagnostics)
        program = None
    scripts = tuple(library.scripts.values())
    program = None if report.errors else program
    return Checked(program, report.diagnostics, scripts, tuple(drafts))


def _program(
    source: Source,
    library: Library,
    main: str | None,
    report: Report,
    drafts: list[core.Program],
) -> core.Program | None:
    """The meaning of a script; the drafts are those of the script itself when this is done."""
    script = library.add(source)
    meanings: dict[int, Algorithms] = {}
    budget = Budget()
    for one in library.scripts.values():
        used = {
            use.declaration.name.text: meanings[id(use.script)].get(use.declaration.name.text)
            for use in library.used_by(one)
        }
        drafts.clear()
        meanings[id(one)] = _script(one, used, budget, report, drafts)
    _distinct(library, report)
    return _chosen(script, meanings[id(script)], main, report)


def _script(
    script: s.Script,
    used: Algorithms,
    budget: Budget,
    report: Report,
    drafts: list[core.Program],
) -> Algorithms:
    """Give every algorithm of one script its meaning; each may call those above it."""
    callable_ = {**{use.name.text: None for use in script.uses}, **used}
    _unique_uses(script, report)
    names = frozenset(algorithm.name.text for algorithm in script.algorithms)
    found: Algorithms = {}
    for algorithm in script.algorithms:
        name = algorithm.name
        if name.text in callable_:
            message = f"there is already an algorithm '{name.text}'"
            report.error("name-taken", name.span, message, "choose another name")
        draft = elaborate(algorithm, callable_, names, budget, report)
        drafts.append(draft.program)
        meaning = draft.program if draft.is_sound else None
        callable_[name.text] = found[name.text] = meaning
    return found


def _unique_uses(script: s.Script, report: Report) -> None:
    seen: set[str] = set()
    for use in script.uses:
        if use.name.text in seen:
            message = f"there is already an algorithm '{use.name.text}'"
            report.error("name-taken", use.name.span, message, "use it once")
        seen.add(use.name.text)


def _distinct(library: Library, report: Report) -> None:
    """One name, one algorithm: else the scripts could not be put into one file."""
    owners: dict[str, str] = {}
    for script in library.scripts.values():
        for algorithm in script.algorithms:
            owner = owners.setdefault(algorithm.name.text, script.source.name)
            if owner != script.source.name:
                message = f"'{algorithm.name.text}' is also an algorithm of {owner}"
                report.error("name-taken", algorithm.name.span, message, "rename one of the two")


def _chosen(
    script: s.Script, found: Algorithms, main: str | None, report: Report
) -> core.Program | None:
    if not script.algorithms:
        message = "the script has no algorithm"
        hint = "write: algorithm NAME(A: symmetric[d, d])"
        report.extend([error("no-algorithm", Span(script.source, 0, 0), message, hint)])
        return None
    if main is not None and main not in found:
        message = f"the script has no algorithm '{main}'"
        hint = near_hint(main, found) or f"it has {', '.join(found)}"
        report.error("no-algorithm", Span(script.source, 0, 0), message, hint)
        return None
    return found[main or script.algorithms[-1].name.text]


__all__ = ["Checked", "check", "diagnose", "load_source"]
