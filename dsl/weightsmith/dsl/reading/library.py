"""Scripts and the scripts they use: reading files, finding algorithms, refusing cycles."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.reading.parser import MAX_CHARACTERS, parse
from weightsmith.dsl.text.diagnostics import DiagnosticError, Report, mistake, near_hint
from weightsmith.dsl.text.source import Source, Span

Read = Callable[[str], Source]
MAX_FILES = 100
MAX_BYTES = 4 * MAX_CHARACTERS + 1  # of a file; a script of so many has too many characters


def load_source(path: str | os.PathLike[str]) -> Source:
    """Read a script.  Raises DiagnosticError if it cannot be read as UTF-8 text."""
    name = os.fspath(path)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES)
    except (OSError, ValueError) as reason:
        text = getattr(reason, "strerror", None) or str(reason)
        nowhere = Span(Source(name, ""), 0, 0)
        hint = f"its script is {name}/script.alg" if os.path.isdir(name) else None
        raise mistake("file-unreadable", nowhere, f"cannot read the script: {text}", hint) from None
    return source_of(name, data)


def source_of(name: str, data: bytes) -> Source:
    """Return the script that these bytes are.  Raises DiagnosticError if they are not UTF-8."""
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as reason:
        line = data.count(b"\n", 0, reason.start) + 1
        message = f"the script is not UTF-8 text: byte {data[reason.start]:#04x} in line {line}"
        nowhere = Span(Source(name, ""), 0, 0)
        raise mistake("file-unreadable", nowhere, message, "save it as UTF-8") from None


@dataclass(frozen=True, slots=True)
class Used:
    """``use NAME from …``, resolved: the script that holds the algorithm."""

    declaration: s.UseDeclaration
    script: s.Script


@dataclass
class Library:
    """All scripts that one script needs, each parsed once, those that are used first."""

    read: Read
    report: Report
    scripts: dict[str, s.Script] = field(default_factory=dict)
    uses: dict[str, list[Used]] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def add(self, source: Source) -> s.Script:
        """Parse a script and, before it is entered, every script that it uses."""
        script = parse(source)
        key = _key(source.name)
        self._open.append(key)
        used = [one for use in script.uses if (one := self._use(source, use)) is not None]
        self._open.pop()
        self.uses[key] = used
        self.scripts[key] = script
        return script

    def used_by(self, script: s.Script) -> list[Used]:
        return self.uses.get(_key(script.source.name), [])

    def _use(self, source: Source, use: s.UseDeclaration) -> Used | None:
        path = os.path.join(os.path.dirname(source.name), use.path.text)
        key = _key(path)
        if key in self._open:
            message = f'"{use.path.text}" uses this script in turn'
            self.report.error("use", use.path.span, message, "a script cannot use itself")
            return None
        script = self.scripts.get(key) or self._read(path, use)
        if script is None:
            return None
        names = [algorithm.name.text for algorithm in script.algorithms]
        if use.name.text not in names:
            message = f"\"{use.path.text}\" has no algorithm '{use.name.text}'"
            hint = near_hint(use.name.text, names) or f"it has {', '.join(names) or 'none'}"
            self.report.error("use", use.name.span, message, hint)
            return None
        return Used(use, script)

    def _read(self, path: str, use: s.UseDeclaration) -> s.Script | None:
        span, text = use.path.span, use.path.text
        if len(self._open) + len(self.scripts) >= MAX_FILES:
            self.report.error("use", span, f"more than {MAX_FILES} scripts use one another")
            return None
        try:
            source = self.read(path)
        except (OSError, KeyError, ValueError):
            self.report.error(
                "use", span, f'cannot read "{text}"', "the path is relative to this script"
            )
            return None
        except DiagnosticError as reason:
            notes = [diagnostic.message for diagnostic in reason.diagnostics]
            hint = "the path is relative to this script"
            self.report.error("use", span, f'cannot read "{text}"', hint, *notes)
            return None
        try:
            return self.add(Source(path, source.text))
        except DiagnosticError as reason:
            self.report.extend(reason.diagnostics)
            return None


def _key(name: str) -> str:
    return os.path.normpath(name)
