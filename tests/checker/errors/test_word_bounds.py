"""Bounds of polynomials: what they cost is counted for letters on either side of an operator."""

from __future__ import annotations

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.balls.bounds import BITS, Bounds
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.errors.assumed import Assumed
from weightsmith.checker.errors.word_bounds import WordBounds
from weightsmith.checker.reading.refusal import Budget
from weightsmith.checker.semantics.meaning import read_meaning
from weightsmith.dsl import Source, check

SCRIPT = """algorithm s(A: symmetric[2, 2], B: [2, 2])
assume spectrum(A) in [1, 2]
assume norm(B) <= 3
return A*B
"""


def nothing(letter: Letter) -> Bounds:
    raise AssertionError(letter.name)


def test_a_word_and_its_transpose_cost_and_are_the_same() -> None:
    field, program = Field(()), check(Source("s.alg", SCRIPT))
    inputs = read_meaning(program, field, {}).inputs
    assumed = Assumed(program, inputs, field, {})
    a, b = (inputs[name].parts["", ""] for name in "AB")
    found: list[Bounds] = []
    costs: list[int] = []
    for polynomial in (a @ b @ b @ b, b.transpose() @ b.transpose() @ b.transpose() @ a):
        budget = Budget()
        words = WordBounds(assumed, budget)
        with precision(BITS):
            words.of(polynomial, nothing)  # planned here
            planned = budget.spent
            found.append(words.of(polynomial, nothing))
        costs.append(budget.spent - planned)
    assert costs[0] == costs[1] > 3 * 30
    assert found[0].norm == found[1].norm == 54


def test_a_zero_polynomial_is_bounded_by_zero() -> None:
    field, program = Field(()), check(Source("s.alg", SCRIPT))
    assumed = Assumed(program, read_meaning(program, field, {}).inputs, field, {})
    with precision(BITS):
        assert WordBounds(assumed).of(Polynomial.zero(field, "2", "2"), nothing).is_zero


def test_a_sum_of_squares_has_a_sign_and_the_identity_of_one_entry_is_one() -> None:
    """x'·x and x'·B·B'·x are not negative, and x'·y, x·x' and x'·A·x may be."""
    script = """algorithm s(B: [2, 2], x: [2, 1], y: [2, 1], A: symmetric[2, 2])
assume norm(B) <= 3
assume norm(x) <= 2
assume norm(y) <= 2
assume norm(A) <= 1
return A*B*x*y'
"""
    field, program = Field(()), check(Source("s.alg", script))
    inputs = read_meaning(program, field, {}).inputs
    assumed = Assumed(program, inputs, field, {})
    a, b, x, y = (inputs[name].parts["", ""] for name in "ABxy")
    row, one = x.transpose(), Polynomial.identity(field, "1")
    with precision(BITS):
        words = WordBounds(assumed)

        def ends(value: Polynomial) -> tuple[int, int]:
            found = words.of(value, nothing)
            return int(found.low.fmpq()), int(found.high.fmpq())

        assert ends(row @ x) == (0, 4)
        assert ends((row @ x).scaled(field.number(-1))) == (-4, 0)
        assert ends(row @ b @ b.transpose() @ x) == (0, 36)
        assert ends(row @ y) == ends(row @ a @ x) == (-4, 4)
        assert ends(row @ b @ b @ x) == (-36, 36)
        assert ends(x @ row) == (-4, 4)
        assert ends(one.scaled(field.number(3))) == (3, 3)
        assert ends(one + row @ x) == (1, 5)
        assert ends(b @ b.transpose()) == (-9, 9)
