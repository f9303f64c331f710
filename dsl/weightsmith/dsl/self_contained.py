"""One self-contained text for a script: the algorithms it uses stand above it."""

from __future__ import annotations

from weightsmith.dsl.front_end import check
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.reading.library import Library, Read, load_source
from weightsmith.dsl.text.diagnostics import Report
from weightsmith.dsl.text.source import Source


def bundle(source: Source, *, read: Read | None = None) -> str:
    """Return a script without ``use`` that checks to the same program.

    A script that uses nothing is returned as it is.  Raises DiagnosticError if the script has
    errors: a bundle is always sound.
    """
    check(source, read=read)
    report = Report()
    library = Library(read or load_source, report)
    main = library.add(source)
    report.raise_errors()
    if not main.uses:
        return source.text
    others = [script for script in library.scripts.values() if script is not main]
    return "\n".join([*(_own_text(script) for script in others), _own_text(main)])


def _own_text(script: s.Script) -> str:
    """The text of a script without its ``use`` lines and the empty lines around."""
    text = script.source.text
    for use in reversed(script.uses):
        end = use.span.end
        while end < len(text) and text[end] not in "\r\n":
            end += 1
        text = text[: use.span.start] + text[end:].removeprefix("\r\n").removeprefix("\n")
    return text.removeprefix("\ufeff").strip("\r\n") + "\n"
