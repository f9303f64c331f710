"""Branch and bound over counts, against every vector in turn."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weightsmith.compiler.choosing.search_counts import CountSearch, TooLargeError

MOST = 14
Vector = tuple[int, ...]

RATES = st.fractions(Fraction(1, 20), Fraction(7, 10), max_denominator=20)
WEIGHTS = st.fractions(Fraction(1, 10), Fraction(3), max_denominator=10)


@given(
    rates=st.lists(st.tuples(RATES, WEIGHTS), min_size=1, max_size=3),
    each=st.lists(st.integers(1, 5), min_size=3, max_size=3),
    nested=st.booleans(),
    wanted=st.sampled_from([Fraction(1, 3), Fraction(1, 20), Fraction(1, 300)]),
)
@settings(max_examples=60, deadline=None)
def test_no_vector_is_cheaper(
    rates: list[tuple[Fraction, Fraction]], each: list[int], nested: bool, wanted: Fraction
) -> None:
    """Loops one after the other, or within each other; the error a sum of powers."""
    size = len(rates)

    def error(vector: Vector) -> Fraction:
        return sum((w * r**c for (r, w), c in zip(rates, vector, strict=True)), Fraction(0))

    def cost(vector: Vector) -> tuple[int, ...]:
        if nested:
            return (sum(each[k] * prod(vector[: k + 1]) for k in range(size)),)
        return (sum(each[k] * vector[k] for k in range(size)),)

    search = CountSearch(size, error, cost, wanted)
    try:
        found = search.cheapest()
    except TooLargeError:
        return
    assert found is not None
    assert error(found) <= wanted
    assert search.is_falling
    assert search.is_complete
    counts = [range(min(MOST, most + 1)) for most in search.most]
    meeting = [v for v in product(*counts) if error(v) <= wanted]
    if meeting:
        assert cost(found) <= min(map(cost, meeting))


def test_a_limit_is_kept() -> None:
    def error(vector: Vector) -> Fraction:
        return Fraction(1, 2) ** (vector[0] + 2 * vector[1])

    def cost(vector: Vector) -> tuple[int, ...]:
        return (3 * vector[0] + 5 * vector[1],)

    search = CountSearch(2, error, cost, Fraction(1, 2**9))
    assert search.cheapest((23,)) is None
    assert search.cheapest((24,)) == (1, 4)
    assert search.cheapest() == (1, 4)


def test_an_error_that_rises_is_seen() -> None:
    errors = {0: Fraction(1), 1: Fraction(1, 10), 2: Fraction(1)}
    search = CountSearch(1, lambda v: errors[min(v[0], 2)], lambda v: v, Fraction(1, 2))
    assert search.cheapest() == (1,)
    assert search.meets((2,)) is False
    assert not search.is_falling


def test_what_is_not_proven_is_no_answer_and_no_reason() -> None:
    """The middle counts have no proof: neither do they meet the bound nor rule others out."""

    def error(vector: Vector) -> Fraction | None:
        return None if 2 <= vector[0] <= 5 else Fraction(1, 2) ** vector[0]

    search = CountSearch(1, error, lambda v: v, Fraction(1, 2))
    assert search.cheapest((6,)) == (1,)
    with pytest.raises(TooLargeError) as reason:
        CountSearch(1, lambda v: None, lambda v: v, Fraction(1)).cheapest()
    assert reason.value.is_unproven
    with pytest.raises(TooLargeError):
        CountSearch(0, lambda v: Fraction(2), lambda v: v, Fraction(1)).cheapest()
