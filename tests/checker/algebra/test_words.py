"""Polynomials and coefficients against brute force: exact matrices of random rational entries."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter, Polynomial, read_word, word_key
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers.scalars import (
    Add,
    Multiply,
    Number,
    Power,
    Scalar,
    ScalarError,
    Symbol,
)
from weightsmith.dsl.numbers.scalars import evaluate as evaluate_scalar

Matrix = list[list[Fraction]]
SIZES = {"d": 2, "n": 3}
LETTERS = {
    "A": Letter("A", "d", "d", symmetric=True),
    "B": Letter("B", "d", "n"),
    "X": Letter("X", "d", "d"),
    "Y": Letter("Y", "n", "n"),
}


def product(left: Matrix, right: Matrix) -> Matrix:
    return [
        [
            sum((a * b for a, b in zip(row, column, strict=True)), Fraction(0))
            for column in zip(*right, strict=True)
        ]
        for row in left
    ]


def random_matrix(letter: Letter, seed: int) -> Matrix:
    source = random.Random(f"{letter.name}{seed}")
    rows, columns = SIZES[letter.rows], SIZES[letter.columns]
    full = [
        [Fraction(source.randint(-5, 5), source.randint(1, 4)) for _ in range(columns)]
        for _ in range(rows)
    ]
    if letter.symmetric:
        return [[full[min(i, j)][max(i, j)] for j in range(columns)] for i in range(rows)]
    return full


def value_of(polynomial: Polynomial, bindings: dict[str, Fraction], seed: int) -> Matrix:
    rows, columns = SIZES[polynomial.rows], SIZES[polynomial.columns]
    total = [[Fraction(0)] * columns for _ in range(rows)]
    for word, coefficient in polynomial.terms.items():
        one = [[Fraction(i == j) for j in range(rows)] for i in range(rows)]
        for letter in word:
            matrix = random_matrix(letter.plain(), seed)
            one = product(
                one, [list(r) for r in zip(*matrix, strict=True)] if letter.transposed else matrix
            )
        scale = polynomial.field.evaluate(coefficient, bindings)
        total = [
            [t + scale * o for t, o in zip(a, b, strict=True)]
            for a, b in zip(total, one, strict=True)
        ]
    return total


scalars = st.recursive(
    st.one_of(
        st.sampled_from([Symbol("a"), Symbol("b")]),
        st.fractions(-3, 3, max_denominator=4).map(Number),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Add(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Multiply(tuple(parts))),
        st.tuples(inner, st.integers(-2, 3)).map(
            lambda pair: Power(pair[0], Number(Fraction(pair[1])))
        ),
    ),
    max_leaves=8,
)
BINDINGS = {"a": Fraction(7, 3), "b": Fraction(-11, 5)}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(scalars)
def test_a_coefficient_has_the_value_of_its_scalar(scalar: Scalar) -> None:
    field = Field(("a", "b"))
    try:
        wanted = evaluate_scalar(scalar, BINDINGS)
        found = field.read(scalar)
    except (ScalarError, RefusedError):
        return
    assert field.evaluate(found, BINDINGS) == wanted


@settings(max_examples=100, deadline=None, derandomize=True)
@given(scalars, scalars, scalars)
def test_coefficients_are_a_field(one: Scalar, two: Scalar, three: Scalar) -> None:
    field = Field(("a", "b"))
    try:
        x, y, z = field.read(one), field.read(two), field.read(three)
    except RefusedError:
        return
    assert x * (y + z) == x * y + x * z
    assert x + y - y == x
    if not y.is_zero:
        assert x / y * y == x


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("3^(k + 1)", "3*3^k", True),
        ("(3^k)^(-1)", "3^(-k)", True),
        ("3^(2*k)", "(3^k)^2", True),
        ("3^k", "3^j", False),
        ("3^k*3^j", "3^(j + k)", True),
        ("(a^2 - b^2)/(a - b)", "a + b", True),
        ("a/b", "b/a", False),
        ("2^k", "3^k", False),
        ("1^k", "1", True),
    ],
)
def test_equality_of_scalars(left: str, right: str, same: bool) -> None:
    field = Field(("a", "b", "j", "k"))
    assert (field.read(parse_scalar(left)) == field.read(parse_scalar(right))) is same


@pytest.mark.parametrize(
    "text", ["1/(a - a)", "a^(1/2)", "(a + b + 1)^1000", "c", "a^(10^9)", "1/(3^k - 3^k)"]
)
def test_scalars_without_a_value_are_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        Field(("a", "b", "k")).read(parse_scalar(text))


def test_a_vanishing_denominator_at_the_bindings_is_refused() -> None:
    field = Field(("a", "b"))
    value = field.read(parse_scalar("1/(a - b)"))
    with pytest.raises(RefusedError, match="vanishes"):
        field.evaluate(value, {"a": Fraction(1), "b": Fraction(1)})


FIELD = Field(("a", "b"), budget=Budget(10**9))
leaves = st.sampled_from(["A", "X"]).map(lambda n: Polynomial.letter(FIELD, LETTERS[n]))
bridges = st.just(Polynomial.letter(FIELD, LETTERS["B"])).map(lambda b: b @ b.transpose())
squares = st.recursive(
    st.one_of(leaves, bridges, st.just(Polynomial.identity(FIELD, "d"))),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: pair[0] + pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] @ pair[1]),
        inner.map(Polynomial.transpose),
        inner.map(lambda p: p.scaled(FIELD.read(parse_scalar("a/2 - b")))),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(squares, squares, st.integers(0, 5))
def test_operations_agree_with_matrices(left: Polynomial, right: Polynomial, seed: int) -> None:
    one, two = (value_of(p, BINDINGS, seed) for p in (left, right))
    assert value_of(left @ right, BINDINGS, seed) == product(one, two)
    assert value_of(left.transpose(), BINDINGS, seed) == [list(r) for r in zip(*one, strict=True)]
    assert value_of(left - right, BINDINGS, seed) == [
        [x - y for x, y in zip(a, b, strict=True)] for a, b in zip(one, two, strict=True)
    ]
    assert left.equals(right) is (left - right).is_zero
    replaced = left.replace_letters({"X": right})
    direct = value_of(left, BINDINGS, seed)
    if all(letter.name != "X" for letter in left.letters()):
        assert value_of(replaced, BINDINGS, seed) == direct


def test_shapes_are_checked() -> None:
    b, y = (Polynomial.letter(FIELD, LETTERS[name]) for name in "BY")
    with pytest.raises(RefusedError, match="do not meet"):
        b @ b
    with pytest.raises(RefusedError, match="do not meet"):
        b + y
    assert (b @ y @ b.transpose()).shape == ("d", "d")


def test_words_are_read_strictly() -> None:
    assert [letter.text for letter in read_word(("B", "Y'", "B'"), LETTERS, "it")] == [
        "B", "Y'", "B'",
    ]  # fmt: skip
    for texts in (("A'",), ("Z",), ("X''",), ("",), ("B@q",)):
        with pytest.raises(RefusedError):
            read_word(texts, LETTERS, "it")
    assert word_key(read_word(("A", "X'"), LETTERS, "it")) == ["A", "X'"]


def test_growth_is_refused() -> None:
    value = Polynomial.letter(FIELD, LETTERS["A"]) + Polynomial.letter(FIELD, LETTERS["X"])
    for _ in range(3):
        value = value @ value
    with pytest.raises(RefusedError, match="too many words"):
        value @ value @ value
