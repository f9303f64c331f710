"""What the script assumes of its inputs, and of nothing else."""

from __future__ import annotations

from fractions import Fraction

import pytest
from checker_networks import read_program

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter
from weightsmith.checker.balls.bounds import BITS, CONTRADICTION, exact
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.errors.assumed import Assumed
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.semantics.expressions import Environment
from weightsmith.checker.semantics.meaning import read_meaning
from weightsmith.checker.semantics.site_letters import read_script
from weightsmith.dsl import Source, check
from weightsmith.dsl.program import core

SCRIPT = """algorithm f(x: [d] per token, B: [d, d])
assume norm(x) <= 2
assume entries(B) in [-1, 3]
X = B
repeat 2:
    X = B*X
return X*x on query
"""


def test_nothing_is_known_of_what_is_no_input() -> None:
    """X#0 is what a loop carries: no assumption is of it, nor of a letter of that name."""
    program = check(Source("script.alg", SCRIPT))
    field = Field(())
    assumed = Assumed(program, read_meaning(program, field, {}).inputs, field, {})
    assert assumed.letter(Letter("x@context", "d", "context")).column == 2
    bounds = assumed.letter(Letter("B", "d", "d"))
    assert bounds.low == -1
    assert bounds.high == 3
    for name in ("X#0", "sigmoid[1]", "Bx", "target B"):
        assert not assumed.is_known(Letter(name, "d", "d"))
        with pytest.raises(RefusedError, match="Nothing is known of"):
            assumed.letter(Letter(name, "d", "d"))


F = Fraction
SMALL = F(1, 1 << 100)


def assumed(text: str) -> Assumed:
    script = f"algorithm s(A: [2, 3])\n{text}return A\n"
    program: core.Program = check(Source("s.alg", script))
    field = Field(())
    inputs: Environment = read_meaning(program, field, {}).inputs
    return Assumed(program, inputs, field, {})


@pytest.mark.parametrize("low", [F(-1, 3), F(1, 7)])
def test_entries_are_bounded_by_numbers_rounded_outward(low: F) -> None:
    with precision(BITS):
        found = assumed(f"assume entries(A) in [{low}, 5/7]\n").letter(Letter("A", "2", "3"))
        assert low - SMALL < exact(found.low) < low
        assert F(5, 7) < exact(found.high) < F(5, 7) + SMALL
        for bound, number in ((found.column, 2), (found.row, 3), (found.norm, 6)):
            wanted = F(5, 7) ** 2 * number
            assert wanted < exact(bound) ** 2 < wanted + SMALL


def test_a_norm_is_rounded_up() -> None:
    with precision(BITS):
        found = assumed("assume norm(A) <= 1/3\n").letter(Letter("A", "2", "3"))
        for bound in (found.norm, found.column, found.row, found.high, -found.low):
            assert F(1, 3) < exact(bound) < F(1, 3) + SMALL


def norm_of(name: str, *assumptions: str) -> float:
    """The bound of an input's norm, at c = 1."""
    lines = "".join(f"assume {one}\n" for one in assumptions)
    head = "algorithm a(A: symmetric[d, d], x: [d, 1])\nparam c\n"
    program, bindings = read_program(f"{head}{lines}return c*A*x\n", c=1)
    with precision(BITS):
        script = read_script(program, bindings, Budget())
        assumed = Assumed(program, script.meaning.inputs, script.field, bindings)
        letters = script.meaning.inputs[name].parts["", ""].letters()
        return float(assumed.letter(next(iter(letters))).norm)


def test_a_spectrum_may_be_one_point_and_a_norm_may_be_zero() -> None:
    assert norm_of("A", "spectrum(A) in [3, 3]") == 3
    assert norm_of("A", "spectrum(A) in [1, 3]", "spectrum(A) in [-4, 1]") == 1
    assert norm_of("x", "norm(x) <= 0") == 0


@pytest.mark.parametrize(
    "assumptions",
    [
        ("spectrum(A) in [1, 2]", "spectrum(A) in [2 + c, 4]"),
        ("norm(x) <= c - 2",),
    ],
)
def test_assumptions_that_no_input_meets_are_refused(assumptions: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError, match=CONTRADICTION):
        norm_of("x", *assumptions)
