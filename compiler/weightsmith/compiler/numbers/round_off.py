"""What a number format carries: units of round-off against condition numbers.

A floor for what may be asked for, not a bound: the claims are about exact arithmetic.
"""

from __future__ import annotations

from fractions import Fraction

UNITS = {"float64": Fraction(1, 2**53), "float32": Fraction(1, 2**24)}
CARRIED = 1000  # times the unit round-off and the condition number: what a format carries


def carried(dtype: str, condition: Fraction) -> Fraction:
    """The least error that networks of this format reach, as a rule."""
    return CARRIED * UNITS[dtype] * condition
