"""What the truncation rules bound: random scripts of every rule, and data that meet what is printed.

The network runs in 150 digits, its target is evaluated in 150 digits, and the error is compared
with the bound of the claim that the checker has derived.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pytest
from printed_claims import Subject
from printed_sweep import Tally, sweep
from rule_families import FAMILIES

from weightsmith import api
from weightsmith.checker.following import RULES

TIGHT = {"power_exp": 0.4}  # the largest share of a bound that is reached at the least; else 0.99


def instances(rule: str, seed: int, count: int) -> Iterator[Subject]:
    """So many random scripts of which a bound is proven by the rule."""
    rng = random.Random(f"{rule} {seed}")
    while count:
        network = api.compile(FAMILIES[rule](rng))
        claims = json.loads(network.files()["certificate.json"])["claims"]
        truncations = [one for one in claims if one["kind"] == "truncation"]
        if all(one.get("steps", [{}])[-1].get("rule") == rule for one in truncations):
            count -= 1
            yield Subject.of(network)


def swept(rule: str, seed: int, count: int, draws: int) -> Tally:
    tally = Tally()
    for subject in instances(rule, seed, count):
        assert len(subject.claims) == 1
        tally.add(sweep(subject, draws, seed))
    return tally


def test_every_rule_has_a_family() -> None:
    assert FAMILIES.keys() == RULES.keys()


@pytest.mark.parametrize("rule", RULES)
def test_no_draw_exceeds_the_bound_of_a_rule(rule: str) -> None:
    tally = swept(rule, 0, 12, 3)
    assert tally.violations == []
    assert tally.undrawn <= tally.draws / 10
    assert max(tally.ratios) > TIGHT.get(rule, 0.99)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(1, 11))
@pytest.mark.parametrize("rule", RULES)
def test_no_draw_of_many_exceeds_the_bound_of_a_rule(rule: str, chunk: int) -> None:
    """200 scripts of each rule, 8 draws of each."""
    tally = swept(rule, chunk, 20, 8)
    assert tally.violations == []
    assert tally.undrawn <= tally.draws / 10
