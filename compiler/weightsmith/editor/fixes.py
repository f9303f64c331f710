"""Hints that say, word for word, what stands in place of what is underlined."""

from __future__ import annotations

import re

from weightsmith.dsl.text.diagnostics import Diagnostic

_NEAR = re.compile(r"did you mean '([A-Za-z_][A-Za-z_0-9.]*)'\?")
_WRITE = re.compile(r"write '([^'A-Za-z…]+)'")
_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9.]*")


def replacement(found: Diagnostic) -> str | None:
    """The text that a hint puts in place of the underlined one; None if it says something else."""
    hint, underlined = found.hint or "", found.underlined
    if (near := _NEAR.fullmatch(hint)) and _NAME.fullmatch(underlined):
        return near.group(1)
    if (sign := _WRITE.fullmatch(hint)) and underlined and not underlined.isalnum():
        return sign.group(1)
    return None
