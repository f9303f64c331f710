"""Exact arithmetic on scalar trees: numbers are folded, everything else is kept as written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import PowerError, Scalar, ScalarError
from weightsmith.dsl.text.shown import number_text

MAX_FOLDED_BITS = q.MAX_NUMBER_BITS  # longer numbers stay products, sums and powers
MAX_NODES = 2_000
MAX_DEPTH = 60


def plus(terms: Iterable[Scalar]) -> Scalar:
    """Add; nested sums are flattened and the numbers among the terms become one."""
    parts: list[Scalar] = []
    for term in terms:
        parts.extend(term.terms if isinstance(term, q.Add) else (term,))
    total = Fraction(0)
    for part in parts:
        if isinstance(part, q.Number):
            total += part.value
            if _is_long(total):
                return q.Add(tuple(parts))
    first = next((i for i, part in enumerate(parts) if isinstance(part, q.Number)), 0)
    kept: list[Scalar] = [part for part in parts if not isinstance(part, q.Number)]
    if total:
        kept.insert(min(first, len(kept)), q.Number(total))
    return _joined(kept, q.Add, q.ZERO)


def times(factors: Iterable[Scalar]) -> Scalar:
    """Multiply; nested products are flattened and the numbers become one, in front."""
    factors = [factor for factor in factors if factor is not q.ONE]
    if len(factors) < 2:
        return factors[0] if factors else q.ONE
    parts: list[Scalar] = []
    for factor in factors:
        parts.extend(factor.factors if isinstance(factor, q.Multiply) else (factor,))
    number = Fraction(1)
    for part in parts:
        if isinstance(part, q.Number):
            number *= part.value
            if _is_long(number):
                return q.Multiply(tuple(parts))
    if number == 0:
        return q.ZERO
    kept: list[Scalar] = [part for part in parts if not isinstance(part, q.Number)]
    if number != 1:
        kept.insert(0, q.Number(number))
    return _joined(kept, q.Multiply, q.ONE)


def negated(scalar: Scalar) -> Scalar:
    if isinstance(scalar, q.Number):
        return q.Number(-scalar.value)
    return times((q.MINUS_ONE, scalar))


def power(base: Scalar, exponent: Scalar) -> Scalar:
    """Raise to a power.  Raises ScalarError where the value would not be rational or not exist."""
    if exponent == q.ONE:
        return base
    if isinstance(exponent, q.Number) and exponent.value.denominator != 1:
        raise ScalarError(f"the exponent {number_text(exponent.value)} is not a whole number")
    if isinstance(base, q.Number) and isinstance(exponent, q.Number):
        size = q.bits(base.value)
        if size <= 1 or size * abs(exponent.value) <= MAX_FOLDED_BITS:
            return q.Number(q.evaluate(q.Power(base, exponent), {}))
        if size * abs(exponent.value) > q.MAX_POWER_BITS:
            raise PowerError("this power is too large to hold exactly")
    return q.Power(base, exponent)


def divided(numerator: Scalar, denominator: Scalar) -> Scalar:
    """Divide.  Raises ScalarError on a division by zero."""
    return times((numerator, power(denominator, q.MINUS_ONE)))


def constant(scalar: Scalar) -> Fraction | None:
    """Return the value of a scalar that names nothing, if it has one."""
    if q.free_symbols(scalar):
        return None
    try:
        return q.evaluate(scalar, {})
    except ScalarError:
        return None


def has_long_number(scalar: Scalar) -> bool:
    """True of a sum, product or power of numbers that was not folded: it is too long."""
    match scalar:
        case q.Add(parts) | q.Multiply(parts):
            return sum(isinstance(part, q.Number) for part in parts) > 1
        case q.Power(q.Number(), q.Number()):
            return True
    return False


def written_nodes(scalar: Scalar, sizes: Mapping[str, int]) -> int:
    """The nodes of the tree with symbols replaced by trees of these sizes."""
    match scalar:
        case q.Number():
            return 1
        case q.Symbol(name):
            return sizes.get(name, 1)
        case q.Add(parts) | q.Multiply(parts):
            return 1 + sum(written_nodes(part, sizes) for part in parts)
        case q.Power(base, exponent):
            return 1 + written_nodes(base, sizes) + written_nodes(exponent, sizes)


def is_long(scalar: Scalar) -> bool:
    """True if the tree has grown beyond what may be substituted into other trees."""
    waiting: list[tuple[Scalar, int]] = [(scalar, 1)]
    count = 0
    while waiting:
        part, depth = waiting.pop()
        count += 1
        if count > MAX_NODES or depth > MAX_DEPTH:
            return True
        match part:
            case q.Add(parts) | q.Multiply(parts):
                waiting.extend((one, depth + 1) for one in parts)
            case q.Power(base, exponent):
                waiting.extend(((base, depth + 1), (exponent, depth + 1)))
    return False


def same(left: Scalar, right: Scalar) -> bool:
    """True if the two are equal up to order and folding; False says nothing."""
    return left == right or sorted_text(left) == sorted_text(right)


def sorted_text(scalar: Scalar) -> str:
    """Return a text that does not depend on the order of terms and factors."""
    match scalar:
        case q.Add(parts):
            return "(" + " + ".join(sorted(map(sorted_text, parts))) + ")"
        case q.Multiply(parts):
            return "(" + "*".join(sorted(map(sorted_text, parts))) + ")"
        case q.Power(base, exponent):
            return f"{sorted_text(base)}^{sorted_text(exponent)}"
    return q.to_text(scalar)


def substituted(scalar: Scalar, replacements: dict[str, Scalar]) -> Scalar:
    """Substitute and fold.  Raises ScalarError, as ``power`` does."""
    match scalar:
        case q.Number():
            return scalar
        case q.Symbol(name):
            return replacements.get(name, scalar)
        case q.Add(terms):
            return plus([substituted(term, replacements) for term in terms])
        case q.Multiply(factors):
            return times([substituted(factor, replacements) for factor in factors])
        case q.Power(base, exponent):
            return power(substituted(base, replacements), substituted(exponent, replacements))


def _is_long(number: Fraction) -> bool:
    return q.bits(number) > MAX_FOLDED_BITS


def _joined(parts: list[Scalar], join: type[q.Add] | type[q.Multiply], empty: q.Number) -> Scalar:
    if not parts:
        return empty
    return parts[0] if len(parts) == 1 else join(tuple(parts))
