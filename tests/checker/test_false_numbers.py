"""Claims of truncation that are true at their numbers only: at others each is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from checker_proven import changed, claim_of, proven

from weightsmith.checker.reading.refusal import RefusedError

F = Fraction
FORMULA = "The formula is .*, it must be"
POLE = "pole|not positive|vanish"
NUMBERS: dict[str, tuple[str, dict[str, Fraction | None], str]] = {
    "ends the wrong way round": ("newton", {"mu": F(3)}, "empty"),
    "ends the wrong way round by little": ("newton", {"mu": 2 + F(1, 10**40)}, "empty"),
    "zero is inverted": ("newton", {"mu": F(0)}, POLE),
    "zero inside": ("newton", {"mu": F(-1)}, POLE),
    "all negative": ("newton", {"mu": F(-3), "L": F(-4)}, "empty"),
    "a denominator vanishes": ("newton", {"mu": F(-2)}, "division by zero"),
    "zero is inverted, listed": ("listed", {"mu": F(0)}, POLE),
    "zero is inverted, by a contraction": ("richardson", {"mu": F(0)}, POLE),
    "zero is inverted, by momentum": ("heavy_ball", {"mu": F(-1, 10)}, POLE),
    "zero is inverted, beside g": ("preconditioned", {"mu": F(0)}, POLE),
    "a root of a negative number": ("roots", {"mu": F(-1, 4)}, POLE),
    "a root of zero": ("roots", {"mu": F(0)}, POLE),
    "a polar factor at zero": ("stages", {"smin": F(0)}, POLE),
    "no momentum": ("heavy_ball", {"beta": F(0)}, "momentum of 'w' is not positive"),
    "a negative momentum": ("heavy_ball", {"beta": F(-1, 3)}, "momentum of 'w' is not positive"),
    "a negative spectrum": ("heat", {"low": F(-1)}, "low end is negative"),
    "a negative rate": ("heat", {"s": F(-2)}, "rate is negative"),
    "too few pieces": ("heat", {"k": F(1)}, "larger than power"),
    "a gap that is none": ("sign", {"low": F(1, 2)}, "does not lie between the two intervals"),
    "a gap without the jump": ("sign", {"low": F(1, 10)}, "does not lie between the two intervals"),
    "a gap at the jump": ("sign", {"low": F(0)}, "does not lie between the two intervals"),
    "a start that is negative": ("sign", {"high": F(0)}, "does not lie between the two intervals"),
    "half a pass": ("newton", {"steps": F(9, 2)}, "whole number from 0"),
    "fewer than no passes": ("newton", {"steps": F(-1)}, "whole number from 0"),
    "very many passes": ("newton", {"steps": F(10) ** 13}, "whole number from 0"),
    "no pass": ("newton", {"steps": F(0)}, "below the true value"),
    "a pass less": ("newton", {"steps": F(3)}, "below the true value"),
    "a pass more": ("newton", {"steps": F(5)}, "larger than the evidence gives"),
    "no pass, listed first": ("stages", {"first": F(0)}, FORMULA),
    "no pass of momentum": ("heavy_ball", {"steps": F(0)}, "below the true value"),
    "no pass of a contraction": ("richardson", {"steps": F(0)}, "below the true value"),
    "no cube": ("heat", {"k": F(0)}, "larger than power"),
    "passes without a number": ("newton", {"steps": None}, "exactly where every symbol has one"),
    "an end without a number": ("newton", {"mu": None}, "exactly where every symbol has one"),
    "stages without a number": ("stages", {"first": None}, "needs a value for every symbol"),
    "a wider spectrum": ("newton", {"mu": F(1, 20)}, "below the true value"),
    "a wider spectrum of momentum": ("heavy_ball", {"mu": F(1, 20)}, "below the true|larger than"),
    "a wider spectrum of a contraction": ("richardson", {"L": F(4)}, "below the true value"),
    "a wider spectrum of stages": ("stages", {"smin": F(1, 5)}, "below the true value"),
    "a wider spectrum, listed": ("listed", {"mu": F(1, 3)}, "below the true value"),
}


@pytest.mark.parametrize("what", NUMBERS)
def test_a_claim_does_not_hold_at_other_numbers(what: str) -> None:
    name, bindings, said = NUMBERS[what]
    with pytest.raises(RefusedError, match=said):
        proven(name).judge(claim_of(name), **bindings)


@pytest.mark.parametrize("name", ["newton", "richardson", "heavy_ball", "heat", "roots"])
def test_without_a_number_there_is_a_formula_and_no_value(name: str) -> None:
    """What is assumed beside the spectrum is then said."""
    count = "k" if name == "heat" else "steps"
    claim = changed(claim_of(name), ("bound", "value"), None)
    with pytest.raises(RefusedError, match="hypotheses"):
        proven(name).judge({**claim, "hypotheses": []}, **{count: None})
    with pytest.raises(RefusedError, match="exactly where every symbol has one"):
        proven(name).judge(claim)
    claim["bound"]["formula"] = "0"
    with pytest.raises(RefusedError, match=FORMULA):
        proven(name).judge(claim, **{count: None})


def test_one_point_is_an_interval() -> None:
    """Ends that are equal are honest, and the bound is the error there."""
    claim = claim_of("newton")
    claim["bound"]["value"] = "0"
    assert proven("newton").judge(claim, mu=F(2)).value == 0
