"""The rule ``halley`` on random rational iterations, in 150 digits on a grid of eigenvalues."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

import flint
import pytest
from checker_steps import assumption
from claims_by_hand import followed
from halley_runs import BOTH, FAMILIES, RECTANGULAR, SYMMETRIC

from weightsmith.checker.balls.enclosures import DIVERGES, to_arb
from weightsmith.checker.balls.ranges import precision
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.rules import find
from weightsmith.dsl import Source, check

F = Fraction
Line = tuple[Fraction, Fraction]  # c₀ + c₁·s
# a head, X before the loop, what s is, the target, and the forms of a family with the same letters
KINDS = {
    "polar": (RECTANGULAR, "A", "X'*X", "polar(A)", "polar"),
    "sign": (BOTH, "A", "X*X", "sign(A)", "sign"),
    "inverse": (SYMMETRIC, "I", "A*X", "inv(A)", "inverse"),
}
REFUSALS = {
    DIVERGES,
    "A denominator may be zero on an interval.",
    "A pass must use one scalar of the inner loop, which may carry its residual.",
}


@dataclass(frozen=True)
class Iteration:
    """t ← t·(a(s) + b(s)·g), g from g₀(s) by passes of an order for m(s)·g = 1; s is t² or t."""

    kind: str
    a: Line
    b: Line
    m: Line
    first: Line
    order: int
    steps: int
    inner: int
    ends: tuple[Fraction, Fraction]

    def script(self) -> str:
        head, start, s, target, _ = KINDS[self.kind]
        a, b, m, first = (
            f"({line[0]}*I + {line[1]}*{s})" for line in (self.a, self.b, self.m, self.first)
        )
        after = f"2*G - G*{m}*G" if self.order == 2 else f"3*G - 3*G*{m}*G + G*{m}*G*{m}*G"
        return head.format(low=self.ends[0], high=self.ends[1]) + (
            f"X = {start}\nrepeat {self.steps}:\n    G = {first}\n    repeat {self.inner}:\n"
            f"        G = {after}\n    X = X*{a} + X*{b}*G\nreturn X approximates {target}\n"
        )

    def error(self, t: flint.arb) -> flint.arb:
        for _ in range(self.steps):
            s = t if self.kind == "inverse" else t * t
            a, b, m, g = (to_arb(c) + to_arb(d) * s for c, d in self.lines())
            for _ in range(self.inner):
                r = 1 - m * g
                g = g * (1 + r if self.order == 2 else 1 + r + r * r)
            t = t * (a + b * g)
        return abs(1 - t)

    def lines(self) -> tuple[Line, ...]:
        return self.a, self.b, self.m, self.first

    def bound(self) -> Fraction | None:
        family = FAMILIES[KINDS[self.kind][4]]
        program = check(Source("script.alg", self.script()))
        steps, first = family.steps(), assumption(*family.word)
        return followed(program, {}, "X", first, steps).bounded(find("halley"), {}).value


def random_iteration(chance: random.Random) -> Iteration:
    def number(low: int, high: int, most: int = 4) -> Fraction:
        return F(chance.randint(low, high), chance.randint(1, most))

    low = F(chance.randint(1, 9), 10)
    return Iteration(
        kind=chance.choice(list(KINDS)),
        a=chance.choice([(F(0), F(0)), (number(-4, 4), number(-4, 4))]),
        b=(number(0, 6), number(-4, 4)),
        m=(number(1, 4), number(0, 4)),
        first=(F(chance.randint(1, 8), 16), chance.choice([F(0), number(-1, 1, 8)])),
        order=chance.choice([2, 2, 3]),
        steps=chance.randint(0, 3),
        inner=chance.randint(0, 4),
        ends=(low, low + F(chance.randint(0, 9), 10)),
    )


def check_iterations(seed: int, count: int) -> None:
    """No eigenvalue of a grid has an error above the bound, and some have it."""
    chance, shares, refusals = random.Random(seed), [], set[str]()
    for _ in range(count):
        one = random_iteration(chance)
        try:
            value = one.bound()
        except RefusedError as reason:
            refusals.add(str(reason))
            continue
        assert value is not None
        with precision(500):
            low, high = map(to_arb, one.ends)
            errors = [one.error(low + (high - low) * place / 30) for place in range(31)]
            assert all(error <= to_arb(value + F(1, 2**300)) for error in errors), one
            shares += [float((error / to_arb(value)).mid()) for error in errors if value]
    assert refusals <= REFUSALS
    assert len(shares) > 20 * count
    assert max(shares) > 0.999


def test_no_eigenvalue_exceeds_the_bound() -> None:
    check_iterations(0, 60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_no_eigenvalue_exceeds_the_bound_in_many_iterations(seed: int) -> None:
    check_iterations(seed, 400)
