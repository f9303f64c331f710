"""Data that meet what is printed, and nothing else, stay within the printed bound."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import printed_numbers as n
import pytest
from printed_claims import Subject
from printed_draws import draw, meets
from printed_scripts import random_script
from printed_sweep import (
    PROVEN,
    TABLES,
    Tally,
    entry_script,
    example,
    scripts,
    sweep,
    table_example,
)

from weightsmith import api

TWO_LETTERS = Path(__file__).parents[1] / "scripts" / "two_letters.alg"
SLOW = ("logistic_newton", "normalise", "approximate_function")  # seconds to compile
CHUNK, CHUNKS = 25, 12  # 300 scripts


@pytest.mark.parametrize("name", PROVEN)
def test_no_draw_of_an_example_exceeds_its_bound(name: str) -> None:
    subject = example(name)
    tally = sweep(subject, 25, seed=1)
    assert tally.violations == []
    assert tally.claims > 0
    assert tally.draws >= 24 * tally.claims


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_draw_of_a_random_script_exceeds_its_bound(chunk: int) -> None:
    tally = Tally()
    for subject in scripts(random_script, chunk, CHUNK):
        tally.add(sweep(subject, 6, seed=chunk))
    assert tally.violations == []
    assert tally.undrawn <= tally.draws / 10
    assert max(tally.ratios) > 0.99  # the draws do reach the bounds


@pytest.mark.parametrize("chunk", range(4))
def test_no_draw_of_a_script_with_functions_of_entries_exceeds_its_bound(chunk: int) -> None:
    tally = Tally()
    for subject in scripts(entry_script, chunk, 5):
        tally.add(sweep(subject, 15, seed=chunk))
    assert tally.violations == []
    assert tally.undrawn <= tally.draws / 10
    assert max(tally.ratios) > 0.3


@pytest.mark.parametrize("name", [name for name in TABLES if name not in SLOW])
def test_no_draw_of_an_example_with_functions_of_entries_exceeds_its_bound(name: str) -> None:
    tally = sweep(table_example(name), 15, seed=1)
    assert tally.violations == []
    assert tally.draws >= 15


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_no_draw_of_a_large_example_exceeds_its_bound(name: str) -> None:
    assert sweep(table_example(name), 60, seed=1).violations == []


def test_a_hypothesis_that_names_the_wrong_matrix_is_found() -> None:
    """The fault that was shipped: of singular_values(A*B) only B was named."""
    subject = Subject.of(api.compile(TWO_LETTERS))
    (claim,) = subject.claims
    (right,) = claim.hypotheses[:1]
    assert right.text == "singular_values(A*B) in [1/2, 1]"
    text = claim.sentence.replace("singular_values(A*B)", "singular_values(B)")
    wrong = subject.reading(text)
    assert sweep(replace(subject, claims=[claim]), 30, seed=0).violations == []
    assert len(sweep(replace(subject, claims=[wrong]), 5, seed=0).violations) >= 2


def test_a_bound_that_is_too_small_is_found() -> None:
    subject = example("newton_inverse")
    (claim,) = subject.claims
    smaller = replace(claim, size=claim.size * Fraction(99, 100))
    assert sweep(replace(subject, claims=[smaller]), 60, seed=0).violations != []


@pytest.mark.parametrize("name", PROVEN)
def test_what_is_drawn_for_one_hypothesis_breaks_a_narrower_one(name: str) -> None:
    """The independent measurement of drawn data can fail."""
    (claim, *_) = example(name).claims
    with n.precisely():
        found = draw(claim, random.Random(3))
    assert found is not None
    spectra = [one for one in claim.hypotheses if one.ends and "in [" in one.text]
    narrow = tuple(end + 100 for end in spectra[0].ends)
    others = tuple(
        replace(one, ends=narrow) if one is spectra[0] else one for one in claim.hypotheses
    )
    with n.precisely():
        assert meets(claim, found)
        assert not meets(replace(claim, hypotheses=others), found)
