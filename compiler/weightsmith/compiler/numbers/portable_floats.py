"""Functions of floats with one result on every machine: from balls, rounded once.

The C library's logarithms differ in the last bit between processors.  Where floats decide what is
written, only +, −, ·, / and √, which are rounded to nearest everywhere, and these are used.
"""

from __future__ import annotations

from fractions import Fraction

import flint

BITS = 128


def log(value: float) -> float:
    with flint.ctx.workprec(BITS):
        return float(flint.arb(value).log().mid())


def log2(value: Fraction) -> float:
    with flint.ctx.workprec(BITS):
        exact = flint.arb(flint.fmpq(value.numerator, value.denominator))
        return float((exact.log() / flint.arb.const_log2()).mid())


def exp2(value: float) -> float:
    """2^value."""
    with flint.ctx.workprec(BITS):
        return float((flint.arb(value) * flint.arb.const_log2()).exp().mid())


def exp(value: float) -> float:
    with flint.ctx.workprec(BITS):
        return float(flint.arb(value).exp().mid())


def expm1(value: float) -> float:
    """e^value − 1."""
    with flint.ctx.workprec(BITS):
        return float(flint.arb(value).expm1().mid())
