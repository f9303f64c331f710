"""Correct rounding of exact rationals to binary floating point: once, to nearest, ties to even.

Of p/q the whole quotient of p·2^k by q is taken, k such that it has as many bits as the format
keeps (fewer where it is subnormal), and the remainder says which neighbour is nearer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.reading.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class FloatFormat:
    """A binary format of IEEE 754: bits of the fraction field and of the exponent field."""

    name: str
    fraction_bits: int
    exponent_bits: int
    unsigned: str  # NumPy's little-endian integers of the same width

    @property
    def bias(self) -> int:
        return (1 << (self.exponent_bits - 1)) - 1


FORMATS: Mapping[str, FloatFormat] = {
    "float64": FloatFormat("float64", 52, 11, "<u8"),
    "float32": FloatFormat("float32", 23, 8, "<u4"),
}


def nearest(value: Fraction, form: FloatFormat, what: str = "A number") -> int:
    """The bit pattern of the nearest float; zero is +0, overflow is refused."""
    if value == 0:
        return 0
    sign = 1 if value < 0 else 0
    above, below = abs(value.numerator), value.denominator
    exponent = max(_floor_log2(above, below), 1 - form.bias)
    mantissa = _half_even(*_scaled(above, below, form.fraction_bits - exponent))
    # adding the mantissa to the shifted exponent carries into it where rounding reaches 2^(k+1)
    pattern = mantissa + ((exponent + form.bias - 1) << form.fraction_bits)
    if pattern >> form.fraction_bits >= (1 << form.exponent_bits) - 1:
        raise RefusedError(f"{what} is too large for {form.name}.")
    return (sign << (form.fraction_bits + form.exponent_bits)) | pattern


def _scaled(above: int, below: int, bits: int) -> tuple[int, int]:
    """above/below · 2^bits."""
    return (above << bits, below) if bits >= 0 else (above, below << -bits)


def _floor_log2(above: int, below: int) -> int:
    guess = above.bit_length() - below.bit_length()
    one, other = _scaled(above, below, -guess)
    return guess if one >= other else guess - 1


def _half_even(above: int, below: int) -> int:
    whole, rest = divmod(above, below)
    if 2 * rest > below or (2 * rest == below and whole % 2 == 1):
        return whole + 1
    return whole
