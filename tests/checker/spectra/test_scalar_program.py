"""Loops as maps of numbers: what no rule of several loops may be given."""

from __future__ import annotations

from fractions import Fraction

import flint
import pytest

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.semantics.meaning import Loop
from weightsmith.checker.spectra.recurrence import INTERNAL, Recurrence
from weightsmith.checker.spectra.scalar_program import (
    MAX_PASSES,
    ScalarProgram,
    Stage,
    Term,
    read_program,
)
from weightsmith.dsl import parse_scalar

FIELD = Field(("g",), (*INTERNAL, "X"))


def program(count: int, following: str, *numbers: str) -> ScalarProgram:
    """X = 1, and so many passes of X <- following; ``numbers`` are those of g."""
    schedule = {"g": tuple(map(parse_scalar, numbers))} if numbers else {}
    loop = Loop(0, parse_scalar(str(count)), {}, {}, {}, {}, (), schedule)
    after = FIELD.read(parse_scalar(following))
    recurrence = Recurrence(loop, {"X": FIELD.one}, {"X": after})
    return read_program(FIELD, [recurrence], FIELD.variable("X"), {"g": Fraction(0)})


@pytest.mark.parametrize("numbers", [("1",), ("1", "2", "3")])
def test_a_loop_has_one_number_for_every_pass(numbers: tuple[str, ...]) -> None:
    assert len(program(2, "g*X", "1", "2").stages[0].maps) == 2
    with pytest.raises(RefusedError, match="'g' has not one number for every pass"):
        program(2, "g*X", *numbers)


def test_only_an_affine_loop_may_have_very_many_passes() -> None:
    """An affine one is the power of a matrix; any other is followed pass by pass."""
    assert program(MAX_PASSES + 1, "2*X + lambda").stages[0].is_power
    assert program(MAX_PASSES, "X^2").stages[0].count == MAX_PASSES
    with pytest.raises(RefusedError, match="more than 20000 passes is not affine"):
        program(MAX_PASSES + 1, "X^2")


def term(coefficient: int, *factors: tuple[int, int]) -> Term:
    return Term(flint.fmpq(coefficient), 0, factors)


def one_scalar(after: Term, count: int) -> Stage:
    """x begins at 3, and a pass takes it to a term."""
    return Stage(0, ((term(3),),), (((after,),),), count)


def test_a_loop_is_affine_if_no_term_multiplies_two_of_its_own_scalars() -> None:
    assert one_scalar(term(2, (0, 1)), 1).is_affine
    assert not one_scalar(term(2, (0, 2)), 1).is_affine
    earlier = Stage(
        1, ((term(3),), (term(1),)), (((term(1, (0, 2), (1, 1)), term(1, (2, 1))),),), 1
    )
    assert earlier.is_affine  # x of the loop before is a number here
    both = Stage(1, ((term(3),), (term(1),)), (((term(1, (1, 1), (2, 1)),), ()),), 1)
    assert not both.is_affine


def test_squares_are_not_taken_for_a_matrix() -> None:
    """x <- x² and x <- 2·x, three times from 3."""
    for after, wanted in ((term(1, (0, 2)), 3**8), (term(2, (0, 1)), 24)):
        program = ScalarProgram((one_scalar(after, 3),), (term(1, (0, 1)),))
        assert program.evaluator()(flint.arb(1)) == wanted
