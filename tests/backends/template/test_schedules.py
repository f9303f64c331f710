"""Loops whose numbers change from pass to pass, written out in the templates that run."""

from __future__ import annotations

from weightsmith.backends.template.schedules import _substitution
from weightsmith.dsl import parse_scalar


def test_a_coefficient_without_the_numbers_of_a_pass_stays_as_it_is() -> None:
    """However deep it is: it is neither compared nor written anew."""
    change = _substitution({"g": parse_scalar("3")})
    nested = "(" * 140 + "mu" + " + L)^2" * 140
    assert change(nested) == nested
    assert parse_scalar(change("g*mu + 1")) == parse_scalar("3*mu + 1")
