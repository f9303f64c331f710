"""What a command found, as one JSON document: docs/command_line.md has the keys."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weightsmith.dsl.text.codes import Code
    from weightsmith.dsl.text.diagnostics import Diagnostic
    from weightsmith.dsl.text.source import Span

SCHEMA = 1
FAILED = {1: "wrong", 2: "usage", 3: "open", 4: "data", 5: "machine", 130: "interrupted"}


@dataclass
class Result:
    """Filled while a command runs; printed at its end if ``--json`` was given, whatever happened.

    ``color``: what ``--color`` and the environment say, None where it depends on the terminal.
    """

    command: str = ""
    is_json: bool = False
    color: bool | None = None
    fields: dict[str, object] = field(default_factory=dict)
    diagnostics: list[dict[str, object]] = field(default_factory=list)

    def add(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics += [as_json(one) for one in diagnostics]

    def fail(self, code: Code, message: str) -> None:
        """Add a mistake that has no place in a text."""
        place = dict.fromkeys(("file", "line", "column", "end"))
        told: dict[str, object] = {"message": message, "hint": None, "notes": []}
        self.diagnostics.append({"severity": "error", "code": code, **place, **told})

    def document(self, status: int) -> str:
        """The document, with the exit status; the outcome is a failure unless a command said."""
        head = {"schema": SCHEMA, "command": self.command, "status": status}
        outcome = {"outcome": FAILED.get(status, "done"), **self.fields}
        whole = {**head, **outcome, "diagnostics": self.diagnostics}
        return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)


def as_json(one: Diagnostic) -> dict[str, object]:
    """A diagnostic; lines and columns count from 1, the end is the place after the last one."""
    from weightsmith.dsl.text.diagnostics import position
    from weightsmith.dsl.text.shown import printable

    line, column = position(one.span)
    end_line, end_column = position(_end(one.span))
    return {
        "severity": one.severity,
        "code": one.code,
        "file": printable(one.span.source.name),
        "line": line,
        "column": column,
        "end": {"line": end_line, "column": end_column},
        "message": one.message,
        "hint": one.hint or None,
        "notes": list(one.notes),
    }


def _end(span: Span) -> Span:
    from weightsmith.dsl.text.source import Span

    return Span(span.source, max(span.end, span.start), max(span.end, span.start))
