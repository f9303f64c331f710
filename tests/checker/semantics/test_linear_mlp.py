"""An MLP is linear only if every relu(s) stands beside its -relu(-s), block by block."""

from __future__ import annotations

from fractions import Fraction

import pytest

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.networks.linear_mlp import linear_changes
from weightsmith.checker.reading.template import Hidden, Mlp
from weightsmith.dsl.numbers.scalars import ZERO, Number

FIELD = Field(())
X = Polynomial.letter(FIELD, Letter("X", "d", "d"))
HELD = {"X": X, "Y": Polynomial.zero(FIELD, "d", "d")}


def changes(*units: tuple[str, int, int, int]) -> list[tuple[str, Polynomial]] | None:
    """Units (output, coefficient, coefficient of X within, bias)."""
    hidden, outputs = [], []
    for place, (block, outside, inside, bias) in enumerate(units):
        terms = (("X", Number(Fraction(inside))),)
        hidden.append(Hidden("d", terms, Number(Fraction(bias)), False, (), ZERO))
        outputs.append((block, place, Number(Fraction(outside))))
    return linear_changes(Mlp(tuple(hidden), tuple(outputs), ()), HELD, "d", FIELD)


def test_a_pair_is_its_argument() -> None:
    found = changes(("Y", 3, 2, 0), ("Y", -3, -2, 0))
    assert found is not None
    ((block, value),) = found
    assert block == "Y"
    assert value.equals(X.scaled(FIELD.number(Fraction(6))))


@pytest.mark.parametrize(
    "units",
    [
        [("Y", 3, 2, 0)],  # relu(2X) alone
        [("Y", 3, 2, 0), ("Y", 3, -2, 0)],  # |2X|
        [("Y", 3, 2, 0), ("Y", -2, -2, 0)],  # another weight
        [("Y", 3, 2, 0), ("X", -3, -2, 0)],  # the two halves in two blocks
        [("Y", 3, 2, 0), ("Y", -3, 2, 0), ("Y", 1, 2, 0)],  # one of them too many
        [("Y", 3, 2, 1), ("Y", -3, -2, -1)],  # a bias: not seen to be linear here
    ],
)
def test_what_is_no_pair_is_not_linear(units: list[tuple[str, int, int, int]]) -> None:
    assert changes(*units) is None
