"""The field of coefficients: exact, printable, and a power with a symbol is a symbol."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightsmith.compiler.ir.coefficients import Coefficient, CoefficientField
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers.scalars import ScalarError, evaluate

NAMES = ("mu", "L", "k")
AT = {"mu": Fraction(1, 3), "L": Fraction(7, 2), "k": Fraction(4)}


def field_of(*texts: str) -> tuple[CoefficientField, list[Coefficient]]:
    scalars = [parse_scalar(text) for text in texts]
    field = CoefficientField([*scalars, *map(parse_scalar, NAMES)])
    return field, [field.of(scalar) for scalar in scalars]


expressions = st.recursive(
    st.sampled_from(["1", "2", "1/3", "mu", "L", "3^k", "2^(k + 1)"]),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*"]), inner),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(expressions)
def test_text_reads_back_to_the_same_element(text: str) -> None:
    field, (element,) = field_of(text)
    assert field.of(parse_scalar(str(element))) == element
    assert evaluate(parse_scalar(str(element)), AT) == evaluate(parse_scalar(text), AT)


@settings(max_examples=80, deadline=None)
@given(expressions, expressions)
def test_field_operations_are_those_of_numbers(first: str, second: str) -> None:
    _, (a, b) = field_of(first, second)
    x, y = (evaluate(parse_scalar(text), AT) for text in (first, second))
    for element, number in ((a + b, x + y), (a - b, x - y), (a * b, x * y)):
        assert evaluate(parse_scalar(str(element)), AT) == number


@settings(max_examples=150, deadline=None)
@given(st.lists(expressions, min_size=4, max_size=4))
def test_the_lowest_terms_are_those_of_sympy(texts: list[str]) -> None:
    """Sums and products that need no gcd of polynomials are made without one."""
    _, (p, q, r, s) = field_of(*texts)
    a, b = p / q if q else p, r / s if s else r
    x, y = a._element, b._element
    for found, wanted in ((a + b, x + y), (a - b, x - y), (a * b, x * y)):
        assert (found._element.numer, found._element.denom) == (wanted.numer, wanted.denom)
    if b:
        assert (a / b)._element == x / y


def test_a_power_with_a_symbol() -> None:
    field, (one, other) = field_of("3^(k + 2)", "9*3^k")
    assert one == other
    assert str(one) == "9*(3^k)"
    assert field.of(parse_scalar("3^k")) / one == field.number(Fraction(1, 9))


@pytest.mark.parametrize("replacement", ["0", "1", "L"])
def test_replacing_a_symbol(replacement: str) -> None:
    """Zero too: a coefficient that is zero is not a missing one."""
    field, (element, new) = field_of("mu^2 + 2*mu*L + 3", replacement)
    found = field.put(element, lambda name: new if name == "mu" else None)
    text = f"({replacement})^2 + 2*({replacement})*L + 3"
    assert found == field.of(parse_scalar(text))


def test_division_by_zero_is_an_error() -> None:
    with pytest.raises(ScalarError, match="zero"):
        field_of("1/(mu - mu)")


def test_coefficients_in_one_symbol() -> None:
    _, (element,) = field_of("(2*mu^2*L + 1)/L")
    assert element.degree("mu") == 2
    assert element.degree("L") == -1
    assert element.coefficients("mu", AT.__getitem__) == [Fraction(2, 7), 0, 2]
