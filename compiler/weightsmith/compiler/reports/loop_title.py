"""The first line of a loop as a person reads it, its numbers shortened."""

from __future__ import annotations

import re
from fractions import Fraction

from weightsmith.compiler.ir.template import Repeat, Template
from weightsmith.dsl.text.shown import number_text

RATIONAL = re.compile(r"-?[0-9]+(/[0-9]+)?")
FLOATS = 10**300  # numbers from here on may be too large for a float


def loop_title(item: Repeat, template: Template) -> str:
    """``repeat steps = 12``, or ``for g in 1.5, 2`` with the numbers shortened."""
    if item.schedule:
        names = ", ".join(name for name, _ in item.schedule)
        rows = [
            ", ".join(_short(value) for value in row)
            for row in zip(*(values for _, values in item.schedule), strict=True)
        ]
        many = len(item.schedule) > 1
        return f"for {names} in {', '.join(f'({row})' if many else row for row in rows)}"
    value = template.binding(item.count)
    times = item.count if value in (None, item.count) else f"{item.count} = {value}"
    return f"repeat {times}"


def _short(coefficient: str) -> str:
    """A number of many digits as a person reads it; the template has it exactly."""
    if len(coefficient) <= 4 or not RATIONAL.fullmatch(coefficient):
        return coefficient
    number = Fraction(coefficient)
    if abs(number) >= FLOATS:
        return number_text(number)
    decimal = f"{float(number):.6g}"
    return decimal if len(coefficient) > 9 or Fraction(decimal) == number else coefficient
