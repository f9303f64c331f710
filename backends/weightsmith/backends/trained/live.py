"""The numbers of a script that can be trained, and how the weights are made of them.

A parameter of the script that stands in a coefficient (``eta``, ``mu``) is one number, however
many entries it stands in.  What decides the architecture is none: a symbol in the count of a loop,
or in an exponent.  Every entry of a weight is number · scalar, and entries share their scalars.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from weightsmith.backends.errors import InstantiationError, TooLargeError
from weightsmith.backends.plan.operations.nodes import FIXED
from weightsmith.backends.template.coefficients import (
    MAX_BITS,
    DType,
    Values,
    float_format,
    fraction_text,
    parse_coefficient,
    round_fraction,
)
from weightsmith.backends.template.instantiate import ExactArray, FloatArray, Named, named_tensors
from weightsmith.backends.template.schedules import written_out
from weightsmith.backends.template.unroll import count_symbols
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl.numbers.scalars import (
    Add,
    Multiply,
    Number,
    Power,
    Scalar,
    ScalarError,
    evaluate,
    free_symbols,
)

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LiveWeights:
    """Structured weights as numbers times scalars.

    ``live``: of every entry the place of its scalar in ``scalars``, or FIXED.  Scalars are made of
    ``symbols``, whose values in the template are ``start``.
    """

    start: Mapping[str, Fraction]
    scalars: tuple[Scalar, ...]
    numbers: Mapping[str, FloatArray]
    live: Mapping[str, IntArray]


def trainable_symbols(template: Template) -> dict[str, Fraction]:
    """The parameters of the script that can be trained, with their values, sorted."""
    tensors = {id(tensor): tensor for tensor in named_tensors(template).values()}
    scalars = {_scalar(one) for tensor in tensors.values() for one in _flat(tensor)}
    used = frozenset[str]().union(*(free_symbols(scalar) for scalar in scalars))
    fixed = count_symbols(written_out(template.body)).union(*map(_in_exponents, scalars))
    values = Values(template).bindings
    return {name: values[name] for name in sorted(used - fixed)}


def live_weights(template: Template, dtype: DType = "float64") -> LiveWeights:
    """Split every entry of the structured weights; numbers are rounded once to the dtype."""
    start = trainable_symbols(template)
    known = {n: v for n, v in Values(template).bindings.items() if n not in start}
    places: dict[Scalar, int] = {}
    split: dict[Named, tuple[float, int]] = {}
    made: dict[int, tuple[FloatArray, IntArray]] = {}  # the turns of a loop share theirs
    tensors = named_tensors(template)
    for tensor in tensors.values():
        if id(tensor) not in made:
            for one in _flat(tensor):
                if one not in split:
                    split[one] = _split(one, known, places, dtype)
            pairs = [split[one] for one in _flat(tensor)]
            numbers = np.array([number for number, _ in pairs], dtype=dtype)
            live = np.array([place for _, place in pairs], dtype=np.int64)
            made[id(tensor)] = numbers.reshape(tensor.shape), live.reshape(tensor.shape)
    found = {name: made[id(tensor)] for name, tensor in tensors.items()}
    return LiveWeights(
        start,
        tuple(places),
        {name: numbers for name, (numbers, _) in found.items()},
        {name: live for name, (_, live) in found.items()},
    )


def entry_scalar(named: Named, known: Mapping[str, Fraction]) -> Scalar:
    """The value of an entry as a scalar in the symbols that are not known.

    Raises InstantiationError where it has none.
    """
    try:
        return _folded(_scalar(named), known)
    except ScalarError as error:
        text = " + ".join(named.texts)
        raise InstantiationError(f"the coefficient '{text}' has no value: {error}.") from error


def _split(
    named: Named, known: Mapping[str, Fraction], places: dict[Scalar, int], dtype: DType
) -> tuple[float, int]:
    number, scalar = _factored(entry_scalar(named, known))
    try:
        rounded = round_fraction(number, float_format(dtype))
    except OverflowError:
        raise TooLargeError(
            f"the coefficient {fraction_text(number)} is too large for {dtype}."
        ) from None
    if scalar == Number(Fraction(1)):
        return rounded, FIXED
    return rounded, places.setdefault(scalar, len(places))


def _scalar(named: Named) -> Scalar:
    terms = tuple(parse_coefficient(text) for text in named.texts)
    return terms[0] if len(terms) == 1 else Add(terms)


def _flat(tensor: ExactArray) -> list[Named]:
    found: list[Named] = tensor.ravel().tolist()
    return found


def _in_exponents(scalar: Scalar) -> frozenset[str]:
    match scalar:
        case Add(parts) | Multiply(parts):
            return frozenset[str]().union(*map(_in_exponents, parts))
        case Power(base, exponent):
            return _in_exponents(base) | free_symbols(exponent)
        case _:
            return frozenset()


def _folded(scalar: Scalar, known: Mapping[str, Fraction]) -> Scalar:
    """The same with everything computed that is known."""
    if free_symbols(scalar) <= known.keys():
        return Number(evaluate(scalar, known, most_bits=MAX_BITS))
    match scalar:
        case Add(terms):
            numbers, others = _sorted(terms, known)
            total = sum(numbers, Fraction(0))
            parts = (*others, Number(total)) if total else others
            return parts[0] if len(parts) == 1 else Add(parts)
        case Multiply(factors):
            numbers, others = _sorted(factors, known)
            product = Fraction(1)
            for number in numbers:
                product *= number
            if not product:
                return Number(product)
            parts = (Number(product), *others) if product != 1 else others
            return parts[0] if len(parts) == 1 else Multiply(parts)
        case Power(base, exponent):
            power = evaluate(exponent, known, most_bits=MAX_BITS)
            if power.denominator != 1:
                raise ScalarError(f"the exponent {power} is not a whole number")
            return Power(_folded(base, known), Number(power)) if power else Number(Fraction(1))
        case _:
            return scalar


def _sorted(
    parts: tuple[Scalar, ...], known: Mapping[str, Fraction]
) -> tuple[list[Fraction], tuple[Scalar, ...]]:
    """The numbers among them, and the others."""
    folded = [_folded(part, known) for part in parts]
    numbers = [part.value for part in folded if isinstance(part, Number)]
    return numbers, tuple(part for part in folded if not isinstance(part, Number))


def _factored(scalar: Scalar) -> tuple[Fraction, Scalar]:
    """number · scalar, the number taken out."""
    match scalar:
        case Number(value):
            return value, Number(Fraction(1))
        case Multiply(factors):
            number = Fraction(1)
            others: list[Scalar] = []
            for factor in factors:
                one, rest = _factored(factor)
                number *= one
                others += _factors(rest)
            if not others:
                return number, Number(Fraction(1))
            return number, others[0] if len(others) == 1 else Multiply(tuple(others))
        case _:
            return Fraction(1), scalar


def _factors(scalar: Scalar) -> Iterator[Scalar]:
    match scalar:
        case Multiply(factors):
            yield from factors
        case Number(value) if value == 1:
            return
        case _:
            yield scalar
