"""The functions of formulas with their first two derivatives, enclosed on intervals of any width.

Values are exact up to rounding: a monotone function by its ends, sin and cos with their extremes.
The derivatives of sigmoid, tanh and softplus are products that keep their sign in the far tails:
sigmoid'(t) = sigmoid(t) sigmoid(-t), sigmoid''(t) = -sigmoid'(t) tanh(t/2).
"""

from __future__ import annotations

from collections.abc import Callable

import flint

from weightsmith.compiler.approximate.enclosure import (
    EVERYTHING,
    INFINITY,
    ONE,
    ZERO,
    Enclosure,
    UndefinedError,
    Word,
    hull,
    increasing,
    inverse,
    union,
    whole_power,
)

Derivatives = tuple[Enclosure, Enclosure, Enclosure]

TWO = Enclosure(flint.arb(2), flint.arb(2))
HALF = Enclosure(flint.arb(1) / 2, flint.arb(1) / 2)
UNIT = Enclosure(flint.arb(-1), flint.arb(1))


def sigmoid(t: flint.arb) -> flint.arb:
    if t > 0:
        return 1 / (1 + (-t).exp())
    grown = t.exp()
    return grown / (1 + grown)


def softplus(t: flint.arb) -> flint.arb:
    if t > 0:
        return t + (-t).exp().log1p()
    return t.exp().log1p()


POINTS: dict[str, Callable[[flint.arb], flint.arb]] = {
    "exp": flint.arb.exp,
    "log": flint.arb.log,
    "sqrt": lambda t: t.nonnegative_part().sqrt(),
    "sin": flint.arb.sin,
    "cos": flint.arb.cos,
    "tanh": flint.arb.tanh,
    "atan": flint.arb.atan,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "abs": abs,
}


def _exp(of: Enclosure) -> Derivatives:
    value = increasing(flint.arb.exp, of)
    return value, value, value


def _log(of: Enclosure) -> Derivatives:
    if of.low <= 0:
        word: Word = "pole" if of.low == 0 else "not defined"
        raise UndefinedError(word, certain=bool(of.high <= 0))
    slope = inverse(of)
    return increasing(flint.arb.log, of), slope, -(slope * slope)


def _sqrt(of: Enclosure) -> Derivatives:
    if of.low < 0:
        raise UndefinedError("not defined", certain=bool(of.high < 0))
    value = increasing(flint.arb.sqrt, of)
    if value.high == 0:
        return value, EVERYTHING, EVERYTHING
    if value.low > 0:
        slope = inverse(TWO * value)
        return value, slope, -(slope * inverse(TWO * of))
    least = hull(1 / (2 * value.high), INFINITY)
    most = hull(1 / (4 * of.high * value.high), INFINITY)
    return value, least, -most


def _sin(of: Enclosure) -> Derivatives:
    value = _wave(of, quarter=flint.arb(1) / 2, function=flint.arb.sin)
    return value, _cosine(of), -value


def _cos(of: Enclosure) -> Derivatives:
    value = _cosine(of)
    return value, -_wave(of, quarter=flint.arb(1) / 2, function=flint.arb.sin), -value


def _cosine(of: Enclosure) -> Enclosure:
    return _wave(of, quarter=flint.arb(0), function=flint.arb.cos)


def _wave(
    of: Enclosure, *, quarter: flint.arb, function: Callable[[flint.arb], flint.arb]
) -> Enclosure:
    """The image under a wave that is (-1)^k at π(k + quarter), and monotone between those."""
    if not of.is_finite:
        return UNIT
    first = (of.low / flint.arb.pi() - quarter).lower().ceil().unique_fmpz()
    last = (of.high / flint.arb.pi() - quarter).upper().floor().unique_fmpz()
    if first is None or last is None or last - first >= 1:
        return UNIT
    ends = union(*(hull(end, end) for end in (function(of.low), function(of.high))))
    if first > last:
        return ends
    return union(ends, ONE if int(first) % 2 == 0 else -ONE)


def _atan(of: Enclosure) -> Derivatives:
    slope = inverse(ONE + whole_power(of, 2))
    return increasing(flint.arb.atan, of), slope, -(TWO * of * (slope * slope))


def _sigmoid(of: Enclosure) -> Derivatives:
    value = increasing(sigmoid, of)
    slope = _bell(of)
    return value, slope, -(slope * increasing(flint.arb.tanh, HALF * of))


def _tanh(of: Enclosure) -> Derivatives:
    value = increasing(flint.arb.tanh, of)
    slope = TWO * TWO * _bell(TWO * of)
    return value, slope, -(TWO * value * slope)


def _softplus(of: Enclosure) -> Derivatives:
    return increasing(softplus, of), increasing(sigmoid, of), _bell(of)


def _bell(of: Enclosure) -> Enclosure:
    """sigmoid(t) sigmoid(-t), which falls with |t|."""
    near, far = of.smallest(), of.largest()
    return hull(sigmoid(far) * sigmoid(-far), sigmoid(near) * sigmoid(-near))


def _abs(of: Enclosure) -> Derivatives:
    if of.sign:
        sign = ONE if of.sign > 0 else -ONE
        return sign * of, sign, ZERO
    return Enclosure(of.smallest(), of.largest()), UNIT, EVERYTHING


ENCLOSURES: dict[str, Callable[[Enclosure], Derivatives]] = {
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "sin": _sin,
    "cos": _cos,
    "tanh": _tanh,
    "atan": _atan,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "abs": _abs,
}
