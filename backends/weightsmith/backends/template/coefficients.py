"""Exact coefficients: their text, their value, and the one rounding to a float format."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from weightsmith.backends.errors import InstantiationError, TemplateError
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers.scalars import Number, Scalar, ScalarError, evaluate, free_symbols
from weightsmith.dsl.text.shown import number_text

DType = Literal["float64", "float32"]
RATIONAL = re.compile(r"-?[0-9]+(/0*[1-9][0-9]*)?")
MAX_BITS = 1 << 17  # of a value
MAX_WORK = 5_000_000  # microseconds, roughly, of arithmetic on the values of one template
MAX_DIGITS = 4_000  # of a number in text; Python converts no more than 4300


@dataclass(frozen=True, slots=True)
class Format:
    """A binary float format: significant bits, and the exponents of its extreme numbers."""

    bits: int
    smallest: int  # 2^smallest is the least positive (subnormal) number
    largest: int  # every finite number is below 2^largest


FORMATS: Mapping[str, Format] = {
    "float64": Format(53, -1074, 1024),
    "float32": Format(24, -149, 128),
}


def float_format(dtype: str) -> Format:
    """Return the format of ``dtype``.  Raises InstantiationError on any other than two."""
    if dtype not in FORMATS:
        raise InstantiationError(f"expected the dtype 'float64' or 'float32', got '{dtype}'.")
    return FORMATS[dtype]


def round_fraction(value: Fraction, form: Format) -> float:
    """Round to nearest, ties to even, once; the result is held exactly by a Python float.

    Raises OverflowError where the rounded value is not finite in the format.
    """
    top, bottom = abs(value.numerator), value.denominator
    if top == 0:
        return 0.0
    exponent = top.bit_length() - bottom.bit_length()
    if exponent > form.largest:  # before a very long integer is made
        raise OverflowError
    above, below = _times_power(top, bottom, -exponent)
    if above < below:
        exponent -= 1
    unit = max(exponent - form.bits + 1, form.smallest)
    above, below = _times_power(top, bottom, -unit)
    count, rest = divmod(above, below)
    count += 2 * rest > below or (2 * rest == below and count % 2 == 1)
    if count.bit_length() + unit > form.largest:
        raise OverflowError
    rounded = math.ldexp(count, unit)
    return -rounded if value < 0 else rounded


def _times_power(top: int, bottom: int, exponent: int) -> tuple[int, int]:
    """top/bottom · 2^exponent."""
    return (top << exponent, bottom) if exponent >= 0 else (top, bottom << -exponent)


def is_rational(text: str) -> bool:
    return len(text) <= MAX_DIGITS and RATIONAL.fullmatch(text) is not None


def shortened(text: str) -> str:
    return text if len(text) <= 70 else text[:67] + "..."


def fraction_text(value: Fraction) -> str:
    """Return p/q for a message, or about how large it is where that is too long to be read."""
    return number_text(value)


@lru_cache(maxsize=1 << 16)
def parse_coefficient(text: str) -> Scalar:
    """Read a coefficient.  Raises TemplateError where the text is no scalar of the language."""
    if is_rational(text):
        top, _, bottom = text.partition("/")
        return Number(Fraction(int(top), int(bottom or 1)))
    try:
        return parse_scalar(text)
    except ScalarError as error:
        raise TemplateError(
            f"'{shortened(text)}' is not an exact number of the language: {error}."
        ) from error


def parse_rational(text: str) -> Fraction:
    """Read ``p/q`` in lowest terms.  Raises ValueError on anything else."""
    if not is_rational(text) or str(Fraction(text)) != text:
        raise ValueError(text)
    return Fraction(text)


Bindings = Mapping[str, Fraction | int | str]


class Values:
    """The exact value of every coefficient of a template; each distinct text is read once."""

    def __init__(self, template: Template, bindings: Bindings | None = None) -> None:
        self.bindings = {name: Fraction(text) for name, text in template.bindings}
        for name, value in (bindings or {}).items():
            self.bindings[name] = _exact(name, value)
        self._scalars: dict[str, Scalar] = {}
        self._values: dict[str, Fraction] = {}
        self._work = 0

    def scalar(self, text: str) -> Scalar:
        if text not in self._scalars:
            self._scalars[text] = parse_coefficient(text)
        return self._scalars[text]

    def missing(self, text: str) -> frozenset[str]:
        """The symbols of a coefficient that have no value."""
        return free_symbols(self.scalar(text)) - self.bindings.keys()

    def __getitem__(self, text: str) -> Fraction:
        """Return the exact value.  Raises InstantiationError where there is none."""
        if text not in self._values:
            try:
                scalar = self.scalar(text)
                self._values[text] = evaluate(
                    scalar, self.bindings, most_bits=MAX_BITS, spend=self._spend
                )
            except ScalarError as error:
                raise InstantiationError(
                    f"the coefficient '{shortened(text)}' has no value: {error}."
                ) from error
        return self._values[text]

    def _spend(self, bits: int) -> None:
        self._work += 2 + bits // 100 + (bits // 500) ** 2
        if self._work > MAX_WORK:
            raise InstantiationError("the exact values of the coefficients take too long.")


def _exact(name: str, value: Fraction | int | str) -> Fraction:
    if isinstance(value, (Fraction, int)) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, str):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            pass
    raise InstantiationError(
        f"expected an exact number for '{name}', got {value!r}; "
        "write a whole number, a Fraction, or text such as '1/10' or '0.1'."
    )
