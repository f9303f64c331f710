"""Numbers for a reader are on the safe side of what they stand for."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightsmith import api
from weightsmith.checker.balls.claim_numbers import shown, shown_below
from weightsmith.compiler.numbers.rounded_text import text_above, text_below
from weightsmith.compiler.reports.bound import upward
from weightsmith.compiler.synthesize.requests.lower_bound import inverse_error

F = Fraction
EDGES = (F(0), F(1), F(-1), F(1, 3), F(-1, 3), F(99996, 10**5), F(10) ** 400, F(1, 3**900))


@settings(deadline=None, derandomize=True)
@given(st.fractions() | st.sampled_from(EDGES), st.integers(1, 8))
def test_up_and_down(value: F, digits: int) -> None:
    above, below = F(text_above(value, digits)), F(text_below(value, digits))
    assert below <= value <= above
    assert above - below <= abs(value) * F(10) ** (1 - digits)


@settings(deadline=None, derandomize=True)
@given(st.fractions() | st.sampled_from(EDGES))
def test_bounds_of_the_certificate_and_of_messages(value: F) -> None:
    assert F(upward(value)) >= value
    assert F(shown_below(value)) <= value <= F(shown(value))


@pytest.mark.parametrize(
    ("value", "above", "below"),
    [
        (F(33871, 10**9), "3.388e-5", "3.387e-5"),
        (F(1, 2), "0.5", "0.5"),
        (F(-12345, 10), "-1234", "-1235"),
        (F(99999), "1e5", "9.999e4"),
        (F(0), "0", "0"),
    ],
)
def test_examples(value: F, above: str, below: str) -> None:
    assert (text_above(value), text_below(value)) == (above, below)


@pytest.mark.parametrize("kappa", [7, 30, 100, 900])
def test_no_comment_claims_more_than_its_lower_bound(kappa: int) -> None:
    text = f"algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [1/{kappa}, 1]\n"
    network = api.compile(text + "return synthesize inv(A) within 1e-4\n")
    layers = network.report.layers
    assert layers is not None
    comment = next(one for note in network.notes for one in note.split("\n") if "none has" in one)
    printed = F(comment.rpartition(" ")[2].rstrip("."))
    assert 0 < printed <= inverse_error(3**layers - 1, (F(1, kappa), F(1)))
    (bound,) = network.bounds
    assert bound.value is not None
    assert printed <= bound.value
