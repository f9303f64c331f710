"""Colour for terminals: the severity of a message, its carets, its help.

Text is coloured here whatever it is written to; ``click.echo`` takes the colour off again where
no terminal reads it, or where it is not wanted.
"""

from __future__ import annotations

import os
import re

import click

CHOICES = ("auto", "always", "never")
HEAD = re.compile(r"^(.*:\d+:\d+: |)(error|warning)(\[[a-z-]+\]:) (.*)$")
CARETS = re.compile(r"^( +)(\^~*)$")
TAIL = re.compile(r"^(help|note|see):")
COLOURS = {"error": "red", "warning": "yellow"}


def is_wanted(choice: str) -> bool | None:
    """Is there to be colour?  None: where a terminal reads it.

    ``choice`` is that of ``--color``; for "auto" NO_COLOR and FORCE_COLOR decide, if they are
    set and not empty (no-color.org, force-color.org).
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return False if os.environ.get("TERM") == "dumb" else None


def painted(text: str) -> str:
    """A rendered diagnostic with its colours."""
    colour = "red"
    lines = []
    for line in text.split("\n"):
        if (head := HEAD.match(line)) is not None:
            place, severity, code, message = head.groups()
            colour = COLOURS[severity]
            word = click.style(f"{severity}{code}", fg=colour, bold=True)
            line = f"{click.style(place, bold=True)}{word} {message}"
        elif (carets := CARETS.match(line)) is not None:
            line = f"{carets[1]}{click.style(carets[2], fg=colour, bold=True)}"
        elif (tail := TAIL.match(line)) is not None:
            line = f"{click.style(tail[0], fg='cyan')}{line[tail.end() :]}"
        lines.append(line)
    return "\n".join(lines)
