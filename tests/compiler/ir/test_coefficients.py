"""The field of coefficients: exact, printable, and a power with a symbol is a symbol."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.polys.domains import QQ

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.compiler.ir.coefficients import (
    Coefficient,
    CoefficientField,
    at,
    denominator_names,
)
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers.scalars import ScalarError, evaluate

NAMES = ("mu", "L", "k")
SYMBOLS = {name: sympy.Symbol(name) for name in ("A", "B", "L", "mu")}
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


@settings(max_examples=60, deadline=None)
@given(st.lists(expressions, min_size=4, max_size=4))
def test_the_text_is_that_of_sympy(texts: list[str]) -> None:
    """One fraction in lowest terms, its numbers whole, terms in order of the alphabet."""
    _, (p, q, r, s) = field_of(*texts)
    a, b = p / q if q else p, r / s if s else r
    domain = QQ.frac_field(*map(sympy.Symbol, sorted(SYMBOLS))).field
    for found in (a + b, a - b, a * b):
        text = str(found)
        text = text.replace("(2^k)", "A").replace("(3^k)", "B")
        wanted = domain(sympy.sympify(text.replace("^", "**"), locals=SYMBOLS))
        assert str(wanted).replace("**", "^") == text


def test_a_power_with_a_symbol() -> None:
    field, (one, other) = field_of("3^(k + 2)", "9*3^k")
    assert one == other
    assert str(one) == "9*(3^k)"
    assert field.of(parse_scalar("3^k")) / one == field.number(Fraction(1, 9))


@pytest.mark.parametrize("number", ["0", "1", "5/3"])
def test_a_number_for_a_symbol(number: str) -> None:
    """Zero too: a coefficient that is zero is not a missing one."""
    field, (element,) = field_of("mu^2 + 2*mu*L + 3")
    found = at(element, {"mu": Fraction(number), "other": Fraction(2)})
    text = f"({number})^2 + 2*({number})*L + 3"
    assert found == field.of(parse_scalar(text))


def test_no_number_for_a_symbol_in_an_exponent() -> None:
    _, (element,) = field_of("3^k + mu")
    assert str(at(element, {"mu": Fraction(2)})) == "(3^k) + 2"
    with pytest.raises(RefusedError, match="exponent"):
        at(element, {"k": Fraction(2)})


def test_a_field_with_further_variables() -> None:
    """Powers that are met later are moved too."""
    field = CoefficientField(map(parse_scalar, ("mu", "L", "3^k", "2^k")))
    element = field.of(parse_scalar("(3^k + mu)/(2*L)"))
    other = field.extended(("f", "lambda"))
    assert str(other.moved(element)) == str(element)
    later = field.of(parse_scalar("2^k"))
    product = other.moved(later) * other.variable("f")
    assert str(product) == "(2^k)*f"
    assert product.names == {"k", "f"}


def test_the_names_of_a_denominator() -> None:
    _, (element,) = field_of("(2*mu + 3)/(L - 3^k)")
    assert denominator_names(element) == {"L", "k"}
    assert element.names == {"mu", "L", "k"}


def test_division_by_zero_is_an_error() -> None:
    with pytest.raises(ScalarError, match="zero"):
        field_of("1/(mu - mu)")


def test_nothing_is_too_large_for_a_compiler() -> None:
    """The checker's limits are the checker's."""
    field, (element,) = field_of("(mu + 2*L)^500")
    assert field.of(parse_scalar("2^20000")).number == 2**20000
    assert element == field.of(parse_scalar("mu + 2*L")) ** 500
    names = [f"p{k}" for k in range(200)]
    sum_ = CoefficientField(map(parse_scalar, names))
    assert len(str(sum_.sum(map(sum_.variable, names))).split(" + ")) == 200
    powers = [f"{base}^k" for base in range(2, 40)]
    assert len(field_of(*powers)[0].powers) == 38
