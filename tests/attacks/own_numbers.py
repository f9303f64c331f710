"""Matrices of fractions, and scalars from their texts: shared with nothing of the project."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import mpmath
import numpy as np

Array = np.ndarray  # of Fractions, or of mpmath's numbers where a function is not rational
Number = Fraction
NAUGHT = Fraction(0)
PRECISE = mpmath.MPContext()  # of its own, so that nobody else's precision changes
PRECISE.dps = 40


def scalar(text: str, symbols: Mapping[str, Fraction]) -> Fraction:
    """The value of a coefficient; names with dots are not known here."""
    return _value(ast.parse(text.strip().replace("^", "**"), mode="eval").body, symbols)


def _value(node: ast.expr, symbols: Mapping[str, Fraction]) -> Fraction:
    match node:
        case ast.Constant(value=value):
            return Fraction(str(value))
        case ast.Name(id=name):
            return symbols[name]
        case ast.UnaryOp(operand=of):
            return -_value(of, symbols)
        case ast.BinOp(left=left, op=operation, right=right):
            one, two = _value(left, symbols), _value(right, symbols)
            match operation:
                case ast.Add():
                    return one + two
                case ast.Sub():
                    return one - two
                case ast.Mult():
                    return one * two
                case ast.Div():
                    return one / two
                case ast.Pow():
                    return one ** int(two)
    raise ValueError(ast.dump(node))


def filled(rows: int, columns: int, value: Fraction = NAUGHT) -> Array:
    made = np.empty((rows, columns), dtype=object)
    made.fill(value)
    return made


def identity(size: int) -> Array:
    made = filled(size, size)
    for place in range(size):
        made[place, place] = Fraction(1)
    return made


def times(one: Array, two: Array) -> Array:
    """The product; a sum over nothing is 0."""
    assert one.shape[1] == two.shape[0], (one.shape, two.shape)
    empty = 0 in (*one.shape, *two.shape)
    return filled(one.shape[0], two.shape[1]) if empty else np.dot(one, two)


def of_entries(function: Callable[[Fraction], object], of: Array) -> Array:
    made = np.empty(of.shape, dtype=object)
    for place in np.ndindex(of.shape):
        made[place] = function(of[place])
    return made


def precise(value: object) -> mpmath.mpf:
    if isinstance(value, Fraction):
        return PRECISE.mpf(value.numerator) / value.denominator
    return PRECISE.mpf(value)


def _relu(value: Fraction) -> Fraction:
    return value if value > 0 else NAUGHT


FUNCTIONS: Mapping[str, Callable[[Fraction], object]] = {
    "": lambda t: t,
    "relu": _relu,
    "abs": abs,
    "exp": lambda t: PRECISE.exp(precise(t)),
    "tanh": lambda t: PRECISE.tanh(precise(t)),
    "sigmoid": lambda t: 1 / (1 + PRECISE.exp(-precise(t))),
}


def _sees(mask: str, key: int, query: int) -> bool:
    return {
        "all": True,
        "upto": key <= query,
        "before": key < query,
        "after": key > query,
    }[mask]


def scores(
    function: str, mask: str, normalised: bool | str, products: Sequence[Array]
) -> list[Array]:
    """f of every entry, where a query sees the key; each column over its sum, of all groups."""
    found = [of_entries(FUNCTIONS[function], one) for one in products]
    for one in found:
        for key, query in np.ndindex(one.shape):
            if not _sees(mask, key, query):
                one[key, query] = NAUGHT
    if normalised:
        assert normalised is True
        for query in range(found[0].shape[1]):
            seen = [
                (one, key)
                for one in found
                for key in range(one.shape[0])
                if _sees(mask, key, query)
            ]
            total = sum((one[key, query] for one, key in seen), NAUGHT)
            for one, key in seen:
                one[key, query] = one[key, query] / total
    return found


def same(one: Array, two: Array) -> bool:
    """Equal: exactly if all is rational, to 25 digits elsewhere."""
    if one.shape != two.shape:
        return False
    for left, right in zip(one.flat, two.flat, strict=True):
        if left != right:
            a, b = (PRECISE.convert(precise(one)) for one in (left, right))
            if abs(a - b) > PRECISE.mpf(10) ** -25 * (1 + abs(a)):
                return False
    return True
