"""How names, numbers and texts of a file are shown in messages: short, and safe to print.

``shown`` is for whole messages: it shortens the words in them, so that any name and number may be
put into a message.  ``number_text`` is for numbers that may be too long for ``str``.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import log10

from weightsmith.dsl.text.characters import character_name, is_unsafe

MAX_WORD = 80  # of a name; longer ones keep their beginning and their end
MAX_DIGITS = 40  # of a number
MAX_MESSAGE = 1_200
BEGINNING, END = 900, 200  # what is kept of a longer one
MAX_SHOWN_BITS = 130  # about 40 digits
_DIGITS = re.compile(rf"[0-9]{{{MAX_DIGITS + 1},}}")
_WORD = re.compile(rf"[\w.]{{{MAX_WORD + 1},}}")


def shown(text: str) -> str:
    """Return a message with its long numbers and names shortened, and nothing unprintable in it.

    >>> shown("got " + "7" * 300)
    'got 777777777777…7777 (300 digits)'
    """
    text = _DIGITS.sub(_short_number, printable(text))
    text = _WORD.sub(_short_word, text)
    if len(text) <= MAX_MESSAGE:
        return text
    left_out = len(text) - BEGINNING - END
    return f"{text[:BEGINNING]} … ({left_out} characters left out) … {text[-END:]}"


def printable(text: str) -> str:
    """Return one line of text with the characters that a terminal obeys written as ``<U+001B>``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"<{character_name(one)}>" if is_unsafe(one) else one for one in text)


def number_text(number: Fraction | int) -> str:
    """Return the number, or its first digits and its size if it is too long to be read.

    >>> number_text(Fraction(1, 3)), number_text(3**1000)
    ('1/3', 'about 1.3e477')
    """
    number = Fraction(number)
    if max(number.numerator.bit_length(), number.denominator.bit_length()) <= MAX_SHOWN_BITS:
        return str(number)
    return f"about {_rounded(number)}"


def _rounded(number: Fraction) -> str:
    """Two digits and a power of ten, by logarithms: no long division, no string of digits."""
    sign = "-" if number < 0 else ""
    exponent = _log10(abs(number.numerator)) - _log10(number.denominator)
    power = int(exponent // 1)
    digits = round(10 ** (exponent - power), 1)
    if digits >= 10:
        digits, power = 1.0, power + 1
    return f"{sign}{digits:.1f}e{power}" if power else f"{sign}{digits:.1f}"


def _log10(number: int) -> float:
    """The logarithm of a whole number above 0, from its leading 60 bits."""
    shift = max(number.bit_length() - 60, 0)
    return log10(number >> shift) + shift * log10(2)


def _short_number(found: re.Match[str]) -> str:
    digits = found.group()
    return f"{digits[:12]}…{digits[-4:]} ({len(digits)} digits)"


def _short_word(found: re.Match[str]) -> str:
    word = found.group()
    return f"{word[:40]}…{word[-16:]} ({len(word)} characters)"
