"""What the truncation rules bound: random scripts of every rule, data that meet what is printed.

The network runs in 150 digits, its target is evaluated in 150 digits, and the error is compared
with the bound of the claim that the checker has derived.  Formulas of numbers alone are evaluated
by mpmath and compared with the bound's value.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import mpmath
import pytest
from printed_claims import Subject
from printed_sweep import Tally, sweep
from rule_families import FAMILIES
from tests.checker.claims_by_hand import SPECTRAL, claims_in

from weightsmith import api
from weightsmith.checker.balls.enclosures import VALUE_SLACK
from weightsmith.checker.rules import find
from weightsmith.checker.spectra.spectral_rule import IterateRule

REACHED = {"power_exp": 0.4, "three_term": 0.9}  # of a bound, by some draw; else 0.99
TRIES = 10  # scripts for each instance, as not every script of a family has the family's rule
WITH_LAMBDA = ("sup(", "iterate(", "product(", "stages(", "chebyshev(")
DIGITS = mpmath.mpf(2) ** -300


@dataclass(frozen=True)
class Instance:
    """A compiled script, and the bound of its one target."""

    subject: Subject
    formula: str
    value: Fraction
    bindings: dict[str, Fraction]


@dataclass
class Swept:
    """What was found for a rule."""

    draws: Tally = field(default_factory=Tally)
    formulas: int = 0
    wrong: list[str] = field(default_factory=list)


def instances(rule: str, seed: int, count: int) -> Iterator[Instance]:
    """So many random scripts of which a bound is proven by the rule."""
    rng = random.Random(f"{rule} {seed}")
    for _ in range(TRIES * count):
        network = api.compile(FAMILIES[rule](rng))
        certificate = json.loads(network.files()["certificate.json"])
        (claim,) = (one for one in claims_in(certificate) if one["kind"] == "truncation")
        if claim.get("steps", [{}])[-1].get("rule") != rule:
            continue
        bound = claim["bound"]
        numbers = {name: Fraction(one) for name, one in certificate["bindings"].items()}
        yield Instance(Subject.of(network), bound["formula"], Fraction(bound["value"]), numbers)
        count -= 1
        if not count:
            return
    raise AssertionError(f"few scripts of the family are bounded by the rule {rule}")


def swept(rule: str, seed: int, count: int, draws: int) -> Swept:
    found = Swept()
    for one in instances(rule, seed, count):
        assert len(one.subject.claims) == 1
        found.draws.add(sweep(one.subject, draws, seed))
        if not any(word in one.formula for word in WITH_LAMBDA):
            found.formulas += 1
            found.wrong += [] if agrees(one) else [f"{one.formula}: {one.value}"]
    return found


def agrees(one: Instance) -> bool:
    """The value is at least what the formula says, and hardly larger."""
    with mpmath.workprec(2000):
        exact = meaning(one.formula, one.bindings)
        value = mpmath.mpf(one.value.numerator) / one.value.denominator
        below, above = exact * (1 - DIGITS), exact * (1 + float(VALUE_SLACK)) * (1 + DIGITS)
        return bool(below <= value <= max(above, mpmath.mpf(2) ** -999))


def meaning(formula: str, numbers: dict[str, Fraction]) -> mpmath.mpf:
    """A formula without lambda, by mpmath."""
    known = {name: mpmath.mpf(n.numerator) / n.denominator for name, n in numbers.items()}
    known |= {"max": max, "min": min, "abs": abs, "exp": mpmath.exp, "U": chebyshev_u}
    value, _, where = formula.partition(" with t = ")
    if where:
        known["t"] = by_python(where, known)
    return mpmath.mpf(by_python(value, known))


def by_python(text: str, known: dict[str, object]) -> mpmath.mpf:
    exact = re.sub(r"\b\d+\b", lambda found: f"mpf({found[0]})", text.replace("^", "**"))
    return eval(exact, {"mpf": mpmath.mpf, **known})


def chebyshev_u(degree: mpmath.mpf, t: mpmath.mpf) -> mpmath.mpf:
    """Of the second kind, by its recurrence; U_{−1} = 0."""
    before, last = mpmath.mpf(0), mpmath.mpf(1)
    for _ in range(int(degree)):
        before, last = last, 2 * t * last - before
    return last if degree >= 0 else before


def test_every_rule_has_a_family() -> None:
    assert sorted(FAMILIES) == [*SPECTRAL]


@pytest.mark.parametrize("rule", SPECTRAL)
def test_no_draw_exceeds_the_bound_of_a_rule(rule: str) -> None:
    found = swept(rule, 0, 12, 2)
    assert found.draws.violations == []
    assert found.wrong == []
    assert found.draws.undrawn <= found.draws.draws / 10
    assert max(found.draws.ratios) > REACHED.get(rule, 0.99)
    closed = isinstance(find(rule), IterateRule) and rule != "halley"
    assert found.formulas >= closed


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(1, 11))
@pytest.mark.parametrize("rule", SPECTRAL)
def test_no_draw_of_many_exceeds_the_bound_of_a_rule(rule: str, chunk: int) -> None:
    """200 scripts of each rule, 8 draws of each."""
    found = swept(rule, chunk, 20, 8)
    assert found.draws.violations == []
    assert found.wrong == []
    assert found.draws.undrawn <= found.draws.draws / 10


def test_a_bound_that_is_too_small_is_found() -> None:
    """The comparison can fail, of draws and of formulas."""
    (one, *_) = instances("three_term", 3, 1)
    smaller = Instance(one.subject, one.formula, one.value * (1 - Fraction(1, 2**50)), one.bindings)
    larger = Instance(one.subject, one.formula, one.value * (1 + Fraction(1, 2**38)), one.bindings)
    assert agrees(one)
    assert not agrees(smaller)
    assert not agrees(larger)
