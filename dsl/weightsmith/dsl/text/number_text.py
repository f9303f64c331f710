"""The length of an exact number's text, known before it is written.

Python refuses to write an integer of more than 4300 digits; what may be longer is asked here first.
"""

from __future__ import annotations

from fractions import Fraction

BITS_A_CHARACTER = 4  # a digit takes 3.32 bits: a part of more bits has more digits than characters


def is_short(value: Fraction, characters: int) -> bool:
    """Is the text ``p/q`` of at most so many characters (up to 3000)?"""
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    return bits <= BITS_A_CHARACTER * characters and len(str(value)) <= characters
