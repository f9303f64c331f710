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


def assumption(*letters: str, number: int = 0) -> dict[str, object]:
    """``assumption("C", "B'")``: what is assumed of the spectrum of C·B'."""
    return {"rule": "assumption", "number": number, "of": list(letters)}


def forms(**letters: list[tuple[list[str], str, list[str]]]) -> dict[str, object]:
    """``forms(X=[([], "X", [])])``: of loop 0; ``r_context`` stands for ``r#0@context``."""
    named: dict[str, object] = {}
    for key, items in letters.items():
        name, _, group = key.partition("_")
        full = f"{name}#0" + (f"@{group}" if group else "")
        named[full] = [{"left": a, "scalar": s, "right": b} for a, s, b in items]
    return named


def loop(
    of_letters: dict[str, object], start: dict[str, str], after: dict[str, str], number: int = 0
) -> dict[str, object]:
    """The forms of a loop's letters, where their scalars begin and what a pass makes of them."""
    return {"rule": "loop", "loop": number, "forms": of_letters, "start": start, "pass": after}
