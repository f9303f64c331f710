"""An operator T = w·w: the scalars of words, where w moves past functions of T, exactly."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import Letter, Polynomial, Word, word_shape
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.spectra.spectral import LAMBDA, Form, FormScalariser, Operator
from weightsmith.dsl.program.core import SpectrumKind

Matrix = NDArray[np.object_]
A = Letter("A", "d", "d", symmetric=True)
B = Letter("B", "d", "n")
C = Letter("C", "d", "d")
X = Letter("X", "d", "d")
HALVES: dict[str, Word] = {"A": (A,), "B*B'": (B, B.transpose())}


def matrix_of(word: Word, values: dict[str, Matrix]) -> Matrix:
    parts = [
        values[one.name].T if one.transposed else values[one.name] for one in word
    ]  # an empty word is the identity
    return reduce(lambda left, right: left @ right, parts, _exact(np.eye(3, dtype=int)))


def _exact(matrix: NDArray[np.int_]) -> Matrix:
    return np.vectorize(Fraction, otypes=[object])(matrix)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(HALVES)),
    st.lists(st.sampled_from(["A", "B", "B'", "C", "C'", "X", "X'"]), min_size=1, max_size=8),
    st.integers(0, 1000),
)
def test_a_word_is_what_it_is_scalarised_to(which: str, names: list[str], seed: int) -> None:
    """X = w·(2 + 3T) where T = w·w."""
    word = tuple(
        letter.transpose() if name.endswith("'") else letter
        for name in names
        for letter in (A, B, C, X)
        if letter.name == name[0]
    )
    shape = word_shape(word)
    if shape is None or shape[0] != "d":
        return
    half = HALVES[which]
    field = Field((), (LAMBDA, "x"))
    operator = Operator(half + half, "yes", SpectrumKind.SPECTRUM, field.number(1), field.number(2))
    forms = {"X": (Form(half, (), "x", field.variable("x")),)}
    scalariser = FormScalariser(field, operator, forms, {one.name: one for one in (A, B, C)})
    assert tuple(scalariser.half) == half
    try:
        found = scalariser.scalarise(Polynomial(field, *shape, {word: field.one}))
    except RefusedError:
        return  # two functions that do not meet: nothing is said
    chance = np.random.default_rng(seed)
    sizes = {"A": (3, 3), "B": (3, 2), "C": (3, 3)}
    values = {name: _exact(chance.integers(-3, 4, size)) for name, size in sizes.items()}
    values["A"] = values["A"] + values["A"].T
    square = matrix_of(half + half, values)
    values["X"] = matrix_of(half, values) @ (2 * matrix_of((), values) + 3 * square)
    total = matrix_of(word, values) * 0
    for (left, right), scalar in found.framed.items():
        total = total + _framed(left, scalar, right, square, field, values)
    for plain, scalar in found.plain.items():
        total = total + _framed(plain, scalar, (), matrix_of((), values), field, values)
    assert (total == matrix_of(word, values)).all()


def _framed(
    left: Word,
    scalar: Rational,
    right: Word,
    square: Matrix,
    field: Field,
    values: dict[str, Matrix],
) -> Matrix:
    """left · f(T) · right, or left alone."""
    lam = field.variable(LAMBDA)
    polynomial = field.substitute(scalar, {"x": field.number(2) + field.number(3) * lam})
    middle = square * 0
    power = matrix_of((), values)
    coefficients = field.coefficients(polynomial, LAMBDA)
    if set(coefficients) == {0} and not right:
        return matrix_of(left, values) * _number(coefficients[0])
    for degree in range(max(coefficients) + 1):
        middle = middle + power * _number(coefficients.get(degree, field.zero))
        power = power @ square
    last = matrix_of(right, values) if right else matrix_of((), values)
    return matrix_of(left, values) @ middle @ last


def _number(value: Rational) -> Fraction:
    assert value.as_number is not None
    return value.as_number


@pytest.mark.parametrize("word", [(A, B, B.transpose()), (A,), (C, C, C), (C, C.transpose())])
def test_other_operators_are_no_squares(word: Word) -> None:
    field = Field((), (LAMBDA,))
    one = field.number(1)
    operator = Operator(word, "yes", SpectrumKind.SPECTRUM, one, one)
    assert not FormScalariser(field, operator, {}, {}).half


def test_the_half_moves_to_the_left() -> None:
    field = Field((), (LAMBDA, "x"))
    one, lam, x = field.number(1), field.variable(LAMBDA), field.variable("x")
    operator = Operator((A, A), "yes", SpectrumKind.SPECTRUM, one, one)
    scalariser = FormScalariser(field, operator, {"X": (Form((A,), (), "x", x),)}, {"A": A, "C": C})
    for word, left, scalar, right in (
        ((X, X, X), (A,), lam * x * x * x, ()),
        ((X, A, X), (A,), lam * x * x, ()),
        ((X, A, C), (), lam * x, (C,)),
        ((C, A, X, X, C), (C, A), lam * x * x, (C,)),
    ):
        found = scalariser.scalarise(Polynomial(field, "d", "d", {word: field.one}))
        assert found.framed == {(left, right): scalar}
        assert not found.plain
