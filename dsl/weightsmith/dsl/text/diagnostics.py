"""What is wrong with a script, where, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from weightsmith.dsl.text.characters import is_unsafe
from weightsmith.dsl.text.codes import STATUS, Code
from weightsmith.dsl.text.shown import printable, shown
from weightsmith.dsl.text.source import Span

Severity = Literal["error", "warning"]
SHOWN_WIDTH = 100  # longer source lines are cut around the place
MAX_ERRORS = 50
MAX_WARNINGS = 200
MAX_NEAR = 60  # characters of a name that near names are looked for
MAX_SUGGESTIONS = 20  # looking for near names is not free: only for the first mistakes


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message; ``hint`` says what to write, ``notes`` add what is known.

    ``code`` is its kind, which ``weightsmith explain`` explains.
    """

    severity: Severity
    code: Code
    span: Span
    message: str
    hint: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.code not in STATUS:
            raise ValueError(f"{self.code!r} is no code of dsl/text/codes.py")

    @property
    def line(self) -> int:
        """The line, from 1."""
        return position(self.span)[0]

    @property
    def column(self) -> int:
        """The column, from 1, in characters."""
        return position(self.span)[1]

    @property
    def underlined(self) -> str:
        """The source text the message is about."""
        return self.span.source.text[self.span.start : self.span.end]

    def render(self) -> str:
        """Return ``file:line:column: error[code]: …``, the line, its underline and the help."""
        line, column = position(self.span)
        place = f"{printable(self.span.source.name)}:{line}:{column}"
        parts = [
            f"{place}: {self.severity}[{self.code}]: {shown(self.message)}",
            *_excerpt(self.span),
        ]
        parts += [f"help: {shown(self.hint)}"] if self.hint else []
        parts += [f"note: {shown(note)}" for note in self.notes]
        return "\n".join(parts)


class DiagnosticError(Exception):
    """A script that has no meaning; ``diagnostics`` say why, in the order of the source."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n\n".join(diagnostic.render() for diagnostic in self.diagnostics))


def error(code: Code, span: Span, message: str, hint: str | None = None, *notes: str) -> Diagnostic:
    shown_notes = tuple(map(shown, notes))
    return Diagnostic("error", code, span, shown(message), hint and shown(hint), shown_notes)


def mistake(
    code: Code, span: Span, message: str, hint: str | None = None, *notes: str
) -> DiagnosticError:
    """Return the exception of one error: ``raise mistake("syntax", span, "expected …")``."""
    return DiagnosticError([error(code, span, message, hint, *notes)])


class Report:
    """Collects diagnostics; the same message is not given twice for one place."""

    def __init__(self) -> None:
        self._found: dict[tuple[Span, str], Diagnostic] = {}
        self._errors = 0
        self._warnings = 0

    def error(
        self, code: Code, span: Span, message: str, hint: str | None = None, *notes: str
    ) -> None:
        """Add an error.  Raises DiagnosticError when there are too many to be of use."""
        found = error(code, span, message, hint, *notes)
        if (span, found.message) in self._found:
            return
        self._add(found)
        self._errors += 1
        if self._errors == MAX_ERRORS:
            self._add(error("too-many-errors", span, f"stopped after {MAX_ERRORS} errors"))
            self.raise_errors()

    def warning(self, code: Code, span: Span, message: str, hint: str | None = None) -> None:
        self._warnings += 1
        if self._warnings == MAX_WARNINGS:
            message, hint = f"stopped after {MAX_WARNINGS - 1} warnings", None
            code = "too-many-errors"
        if self._warnings <= MAX_WARNINGS:
            self._add(Diagnostic("warning", code, span, shown(message), hint and shown(hint)))

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self._add(diagnostic)
            self._errors += diagnostic.severity == "error"

    def _add(self, diagnostic: Diagnostic) -> None:
        self._found.setdefault((diagnostic.span, diagnostic.message), diagnostic)

    @property
    def errors(self) -> int:
        return self._errors

    def near(self, name: str, candidates: Iterable[str]) -> str | None:
        """Return the hint that names the nearest candidate, if one is near."""
        return near_hint(name, candidates) if self._errors < MAX_SUGGESTIONS else None

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them: source by source as first seen, each in the order of its text."""
        order = {name: i for i, name in enumerate(d.span.source.name for d in self._found.values())}
        return tuple(
            sorted(self._found.values(), key=lambda d: (order[d.span.source.name], d.span.start))
        )

    def raise_errors(self) -> None:
        """Raise DiagnosticError if there is an error among them."""
        if self._errors:
            raise DiagnosticError(self.diagnostics)


def one_of(words: Iterable[str]) -> str:
    """Return ``a, b or c``."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def near_hint(name: str, candidates: Iterable[str]) -> str | None:
    """Return ``did you mean 'steps'?`` for ``step``; nothing for names that are very long."""
    if len(name) > MAX_NEAR:
        return None
    by_case = [one for one in candidates if abs(len(one) - len(name)) <= 3][:500]
    found = difflib.get_close_matches(name, by_case, n=1, cutoff=0.6)
    found = found or [one for one in by_case if one.lower() == name.lower()]
    return f"did you mean '{found[0]}'?" if found else None


def position(span: Span) -> tuple[int, int]:
    """Return line and column, both from 1; \\n, \\r\\n and \\r end a line."""
    text, start = span.source.text, span.start
    breaks = text.count("\n", 0, start) + text.count("\r", 0, start)
    line = breaks - text.count("\r\n", 0, start) + 1
    column = start - _line_start(text, start) + 1
    return line, column - (line == 1 and start > 0 and text.startswith("\ufeff"))


def _line_start(text: str, place: int) -> int:
    return max(text.rfind("\n", 0, place), text.rfind("\r", 0, place)) + 1


def _excerpt(span: Span) -> list[str]:
    text = span.source.text
    start = _line_start(text, span.start)
    ends = (text.find(one, span.start) for one in "\r\n")
    stop = min((end for end in ends if end >= 0), default=len(text))
    if start == stop:
        return []
    place, end = span.start, max(min(span.end, stop), span.start + 1)
    left, right = _window(start, stop, place, end)
    line = "".join(_printable(character) for character in text[left:right])
    head, tail = "…" if left > start else "", "…" if right < stop else ""
    underline = " " * (len(head) + place - left) + "^" + "~" * (min(end, right) - place - 1)
    return [f"    {head}{line}{tail}", f"    {underline}"]


def _window(start: int, stop: int, place: int, end: int) -> tuple[int, int]:
    """Choose at most SHOWN_WIDTH characters of the line, with the place among them."""
    if stop - start <= SHOWN_WIDTH:
        return start, stop
    middle = (place + min(end, place + SHOWN_WIDTH // 2)) // 2
    left = max(start, min(middle - SHOWN_WIDTH // 2, stop - SHOWN_WIDTH))
    return left, min(left + SHOWN_WIDTH, stop)


def _printable(character: str) -> str:
    if character == "\t":
        return " "
    return "\ufffd" if is_unsafe(character) else character
