"""Targets C + b·left·f*·right: b and C are those of the script, and b scales the bound."""

from __future__ import annotations

from fractions import Fraction

import pytest
from claims_by_hand import followed, targeted

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.balls.ranges import Real
from weightsmith.checker.facts.fact import Bound
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.rules import find
from weightsmith.checker.spectra.affine import scaled_bound, without_shift
from weightsmith.checker.spectra.following import Following
from weightsmith.checker.spectra.targets import Target
from weightsmith.dsl import Source, check, parse_scalar

F = Fraction
FIELD = Field(("mu",))
A, B = (Polynomial.letter(FIELD, Letter(name, "d", "d")) for name in "AB")
HALF = FIELD.read(parse_scalar("mu/2"))
SHIFT = A.scaled(HALF) + B @ A
TARGET = Target((), (), 1, FIELD.one, None, shift=SHIFT)
SCRIPT = """algorithm f(A: symmetric[d, d], B: [d, d])
assume spectrum(A) in [1/2, 1]
param mu = 3
X = 0*I
repeat 2:
    X = X + (I - A*X)
return {} approximates mu/2*A + B*A - 2*inv(A)
"""
ASSUMED = {"rule": "assumption", "number": 0, "of": ["A"]}
LOOP = {
    "rule": "loop",
    "loop": 0,
    "forms": {"X#0": [{"left": [], "scalar": "X", "right": []}]},
}


def returned(value: str) -> Following:
    program = check(Source("script.alg", SCRIPT.format(value)))
    return followed(program, {"mu": F(3)}, program.returns[0].name, ASSUMED, [LOOP])


def test_the_part_without_a_function_is_the_script_s() -> None:
    program = check(Source("script.alg", SCRIPT.format("X")))
    found = targeted(program, {"mu": F(3)}, "X", ASSUMED)
    assert found.target.shift is not None
    letters = {
        tuple(letter.text for letter in word): coefficient
        for word, coefficient in found.target.shift.terms.items()
    }
    mu = found.field.variable("mu")
    assert letters == {("A",): mu / found.field.number(2), ("B", "A"): found.field.one}
    assert found.target.factor == found.field.number(-2)


@pytest.mark.parametrize(
    "shift", ["mu/2*A", "B*A", "1/2*A + B*A", "mu/2*A + A*B", "mu/2*A + B*A + B*B", "B + B*A"]
)
def test_another_part_is_a_distance_that_no_rule_bounds(shift: str) -> None:
    """With another C the distance of the value from the target would have C - C' in it."""
    assert returned("mu/2*A + B*A - 2*X").bounded(find("contraction"), {}).value == F(1, 4)
    with pytest.raises(RefusedError):
        returned(f"{shift} - 2*X").bounded(find("contraction"), {})


def test_a_shift_is_taken_from_the_value() -> None:
    assert not without_shift(SHIFT, TARGET).terms
    assert without_shift(SHIFT + B, TARGET).terms == B.terms
    plain = Target((), (), 1, FIELD.one, None)
    assert without_shift(A, plain) is A


@pytest.mark.parametrize(
    ("factor", "scale", "formula", "value"),
    [
        ("-3*mu/2", "1", "abs(-3/2*mu)*(g)", F(9, 2)),
        ("-3*mu/2", "norm(left)*norm(right)", "abs(-3/2*mu)*(g)", F(9, 2)),
        ("-3*mu/2", "norm(target)", "g", F(1)),
        ("1", "1", "g", F(1)),
        (None, "1", "g", F(1)),
    ],
)
def test_a_bound_is_scaled_where_the_scale_is_not_the_target_s(
    factor: str | None, scale: str, formula: str, value: Fraction
) -> None:
    read = None if factor is None else FIELD.read(parse_scalar(factor))
    target = Target((), (), 1, FIELD.one, None, factor=read)
    for exact in (Real.of(F(1)), None):
        found = scaled_bound(Bound("g", exact), target, scale, FIELD, {"mu": F(3)})
        assert found.formula == formula
        assert (found.value is None) == (exact is None)
        assert found.value is None or found.value.exact == value
