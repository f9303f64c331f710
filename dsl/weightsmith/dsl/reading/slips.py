"""Slips of the pen in numbers, as the tokens around them show: ``0.1.2``, ``0,1``, ``1_000``."""

from __future__ import annotations

import re

from weightsmith.dsl.reading.lexer import Token

_LAST = re.compile(r"(?<![\w.])[0-9]+\Z")
_FIRST = re.compile(r",([0-9]+)(?![\w.])")


def run_together(before: Token, token: Token) -> tuple[str, str] | None:
    """What is wrong where ``token`` stands right behind a number, and what to write; or None.

    ``2w`` is a product without its sign, and no slip in the number.
    """
    if before.type != "NUMBER" or before.end != token.start:
        return None
    text = before.text + token.text
    if token.type == "NUMBER":
        return f"'{text}' is no number", "a number has one point, its exponent none: 0.12, 1e-3"
    if token.type == "NAME" and token.text in ("e", "E"):
        return f"'{text}' is no number: its exponent is missing", f"write {before.text}e-3"
    if token.type == "NAME" and token.text[0] == "_" and token.text.replace("_", "").isdigit():
        return f"'{text}' is no number", f"write {text.replace('_', '')}"
    return None


def decimal_comma(text: str, place: int) -> str | None:
    """Say how a decimal is written, if the comma at ``place`` has a digit on either side."""
    left, right = _LAST.search(text, max(0, place - 20), place), _FIRST.match(text, place)
    if left is None or right is None:
        return None
    return f"a decimal has a point: {left.group()}.{right.group(1)}"
