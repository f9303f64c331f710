"""Loops as maps of numbers: which of them are affine, so that a matrix has their powers."""

from __future__ import annotations

import flint

from weightsmith.checker.scalar_program import ScalarProgram, Stage, Term


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
