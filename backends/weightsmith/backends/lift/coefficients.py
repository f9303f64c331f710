"""What a float was: a fraction, or a product of small powers of the layout's numbers.

A fraction is claimed only as far as the float can tell it: as many denominators are tried as a
random number would be within its error of some fraction in less than ``CHANCE`` of cases (there are
about 3 Q²/π² fractions with denominators up to Q between two whole numbers), and at most ``LIMIT``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from weightsmith.backends.errors import LiftError
from weightsmith.backends.lift.blocks import Estimate
from weightsmith.backends.lift.given.layout import Layout
from weightsmith.compiler.nets.cursor import times
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers.scalars import ScalarError, evaluate

LIMIT = 200  # of the denominator of a fraction
CHANCE = 0.016
FACTOR = 12  # of the numerator and the denominator in front of numbers
POWER, DEGREE = 2, 3  # of one number, of all
COARSE = 1e-4  # relative: beyond this nothing but a whole number is claimed
FINE = 1e-6  # relative, of the decimals of trained weights
DIGITS = 17


@dataclass(frozen=True, slots=True)
class Form:
    """A product of powers of numbers, or an expression of the layout, and its value."""

    text: str
    value: Fraction


def forms_of(layout: Layout) -> tuple[Form, ...]:
    """What coefficients may be multiples of.  Raises LiftError where one has no value."""
    found = []
    for text in layout.forms:
        try:
            value = evaluate(parse_scalar(text), {**layout.bindings, **layout.numbers})
        except ScalarError as error:
            raise LiftError(f"forms: '{text}' has no value: {error}.") from error
        if value:
            found.append(Form(text, value))
    names = [name for name, value in layout.numbers.items() if value]
    for powers in product(range(-POWER, POWER + 1), repeat=len(names)):
        if 0 < sum(map(abs, powers)) <= DEGREE:
            value, parts = Fraction(1), []
            for name, power in zip(names, powers, strict=True):
                if power:
                    value *= layout.numbers[name] ** power
                    parts.append(f"{name}^({power})" if power != 1 else name)
            found.append(Form("*".join(parts), value))
    return tuple(found)


def candidates(estimate: Estimate, forms: Sequence[Form]) -> tuple[str, ...]:
    """Every text that the float may stand for, as the language prints it."""
    value, slack = Fraction(estimate.value), Fraction(estimate.slack)
    found = []
    near = value.limit_denominator(_limit(estimate))
    if near and abs(near - value) <= slack:
        found.append(str(near))
    if slack <= COARSE * abs(value):
        for form in forms:
            factor = (value / form.value).limit_denominator(FACTOR)
            if factor and abs(factor.numerator) <= FACTOR:
                off = abs(factor * form.value - value)
                if off <= slack:
                    found.append(
                        times(str(factor), form.text) if factor != 1 else times(form.text, "1")
                    )
    if len(found) > 1 and near and max(abs(near.numerator), near.denominator) > FACTOR:
        found = [text for text in found if text != str(near)]  # numbers are there to explain it
    return tuple(dict.fromkeys(found))


def _limit(estimate: Estimate) -> int:
    most = math.sqrt(CHANCE * math.pi**2 / (6 * max(estimate.slack, 1e-300)))
    return max(1, min(LIMIT, int(most)))


def decimal_of(estimate: Estimate) -> str:
    """The shortest decimal that the float can be told from no other by, as p/q."""
    for digits in range(DIGITS):
        found = Fraction(f"{estimate.value:.{digits}e}")
        if abs(found - Fraction(estimate.value)) <= Fraction(estimate.slack):
            return str(found)
    return str(Fraction(estimate.value))


def nearest(estimate: Estimate, forms: Sequence[Form]) -> Claim:
    """What the coefficient of trained weights is near: a form, a whole number or a decimal."""
    value, slack = Fraction(estimate.value), Fraction(estimate.slack)
    near = [
        (abs(sign * form.value - value), times(str(sign), form.text))
        for form in forms
        for sign in (1, -1)
    ]
    near += [(abs(round(value) - value), str(round(value)))] if round(value) else []
    off, text = min(near, default=(slack + 1, ""))
    if off <= slack:
        return Claim(text, (estimate.value,), True)
    fine = Estimate(estimate.value, FINE * abs(estimate.value))
    return Claim(decimal_of(fine), (estimate.value,), False)


@dataclass(frozen=True, slots=True)
class Claim:
    """A coefficient as it is written; ``was``: the floats, one a size; ``claimed``: was it
    recognised, or is it only a decimal?"""

    text: str
    was: tuple[float, ...]
    claimed: bool


def claim(estimates: Sequence[Estimate], forms: Sequence[Sequence[Form]], where: str) -> Claim:
    """One coefficient from its floats at every size.

    Raises LiftError where more than one text fits, or at several sizes none.
    """
    each = [candidates(one, own) for one, own in zip(estimates, forms, strict=True)]
    both = [text for text in each[0] if all(text in other for other in each[1:])]
    was = tuple(one.value for one in estimates)
    for plain in ("1", "-1"):
        if plain in both:
            return Claim(plain, was, True)
    if len(both) == 1:
        return Claim(both[0], was, True)
    if len(both) > 1:
        raise LiftError(
            f"{where}: {was[0]:.9g} may be {' or '.join(both)}. Lift a second size, at which they "
            "differ, or leave numbers out of [numbers]."
        )
    texts = [decimal_of(one) for one in estimates]
    if len(set(texts)) > 1 and len(set(was)) > 1:
        raise LiftError(
            f"{where}: {' and '.join(f'{one:.9g}' for one in was)} at the two sizes are not one "
            f"coefficient ({'; '.join(' or '.join(one) or 'nothing known' for one in each)})."
        )
    return Claim(texts[0], was, False)
