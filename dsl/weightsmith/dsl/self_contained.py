"""One self-contained text for a script: the algorithms it uses stand above it."""

from __future__ import annotations

from weightsmith.dsl.front_end import diagnose
from weightsmith.dsl.program import core
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.reading.library import Read
from weightsmith.dsl.text.diagnostics import DiagnosticError
from weightsmith.dsl.text.source import Source


def bundle(source: Source, *, read: Read | None = None) -> str:
    """Return a script without ``use`` that checks to the same program.

    A script that uses nothing is returned as it is.  Raises DiagnosticError if the script has
    errors: a bundle is always sound.
    """
    return checked_bundle(source, read=read)[1]


def checked_bundle(source: Source, *, read: Read | None = None) -> tuple[core.Program, str]:
    """Check a script once; return its program, and its bundle.  Raises DiagnosticError."""
    checked = diagnose(source, read=read)
    if checked.program is None:
        raise DiagnosticError(checked.diagnostics)
    *others, main = checked.scripts
    if not main.uses:
        return checked.program, source.text
    return checked.program, "\n".join(_own_text(script) for script in (*others, main))


def _own_text(script: s.Script) -> str:
    """The text of a script without its ``use`` lines and the empty lines around."""
    text = script.source.text
    for use in reversed(script.uses):
        end = use.span.end
        while end < len(text) and text[end] not in "\r\n":
            end += 1
        text = text[: use.span.start] + text[end:].removeprefix("\r\n").removeprefix("\n")
    return text.removeprefix("\ufeff").strip("\r\n") + "\n"
