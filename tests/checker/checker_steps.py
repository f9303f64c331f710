"""The steps of a truncation claim, and the scalar maps that the examples share."""

from __future__ import annotations

from fractions import Fraction

from checker_writing import (
    EXAMPLES,
)

F = Fraction
TOKENS = ["context", "query"]


def script(name: str) -> str:
    return (EXAMPLES / f"{name}.alg").read_text()


def square(e: Fraction) -> Fraction:
    return e * e


def cubic(e: Fraction) -> Fraction:
    return F(3, 2) * e**2 - F(1, 2) * e**3


def operator(word: list[str], low: str, high: str, symmetric: str = "yes") -> dict[str, object]:
    return {
        "rule": "operator",
        "assumption": 0,
        "word": word,
        "symmetric": symmetric,
        "low": low,
        "high": high,
    }


def forms(**letters: list[tuple[list[str], str, list[str]]]) -> dict[str, object]:
    """``forms(X=[([], "X", [])])``: of loop 0; ``r_context`` stands for ``r#0@context``."""
    named = {}
    for key, items in letters.items():
        name, _, group = key.partition("_")
        full = f"{name}#0" + (f"@{group}" if group else "")
        named[full] = [{"left": a, "scalar": s, "right": b} for a, s, b in items]
    return {"rule": "forms", "loop": 0, "forms": named}


def recurrence(initial: dict[str, str], following: dict[str, str]) -> dict[str, object]:
    return {"rule": "recurrence", "loop": 0, "initial": initial, "next": following}


def output(left: list[str], name: str, right: list[str], **target: object) -> dict[str, object]:
    return {"rule": "output", "left": left, "scalar": name, "right": right, "target": target}
