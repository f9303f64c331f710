"""Loops within loops, with numbers for every pass: is every verdict true, and what is saved too?

A network is compiled from one script and compared with another, whose numbers or steps differ.
What is said equal must agree on inputs that nobody chose, in exact rationals.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from weightsmith import api
from weightsmith.backends.reference import run_files
from weightsmith.dsl.running.interpreter import run

SEED = 41
INNER = ("repeat 1:", "repeat 2:", "for h in 1, 2:", "for h in g, 2*g:", "for h in 1/2, 1/2:")
STEPS = ("Z + g*A", "g*Z + A", "Z + max(A - g*ones, 0)", "Z*A - g*A", "Z + A")
WITH_H = ("Z + h*A", "h*Z + g*A", "Z + max(h*A - g*ones, 0)")
LAST = ("Z - Y", "Z + Y", "Y - g*Z", "Z")
NUMBERS = ("1, 2", "2, 1", "1, 1", "1/2, 2", "1, 2, 1")


def script(parts: tuple[str, ...]) -> str:
    numbers, begin, inner, step, last = parts
    return (
        f"algorithm f(A: [d, d])\nY = 0*A\nfor g in {numbers}:\n    Z = {begin}\n    {inner}\n"
        f"        Z = {step}\n    Y = {last}\nreturn Y\n"
    )


def drawn(chance: random.Random) -> tuple[str, ...]:
    inner = chance.choice(INNER)
    steps = (*STEPS, *WITH_H) if "h" in inner else STEPS
    begin = chance.choice(("0*A", "g*A", "A"))
    return chance.choice(NUMBERS), begin, inner, chance.choice(steps), chance.choice(LAST)


def pairs(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """A script, and one that differs in one part; or is the same."""
    chance = random.Random(seed)
    for _ in range(count):
        one = drawn(chance)
        other = list(one)
        place = chance.randrange(5)
        other[place] = drawn(chance)[place]
        if "h" in other[3].replace("max", "") and "h" not in other[2]:
            other[2] = "for h in 1, 2:"
        yield script(one), script(tuple(other))


def results(files: dict[str, bytes], text: str, chance: random.Random) -> Iterator[bool]:
    """Whether network and script agree, for some inputs."""
    for size in (1, 2):
        entries = [Fraction(chance.randint(-9, 9), chance.randint(1, 3)) for _ in range(size**2)]
        given = {"A": np.array(entries, dtype=object).reshape(size, size)}
        (one,) = run_files(files["template.json"].decode(), None, given, exact=True).values()  # type: ignore[arg-type]
        (other,) = run(api.check(text), given, {}, exact=True).values()  # type: ignore[arg-type]
        yield np.array_equal(one, other)


def judge(count: int, seed: int) -> dict[str, int]:
    found: dict[str, int] = {}
    chance = random.Random(seed + 1)
    for text, other in pairs(count, seed):
        network = api.compile(text)
        assert all(results(dict(network.files()), text, chance)), text
        assert api.compare(network, text).is_equal, text
        verdict = api.compare(network, other)
        found[verdict.outcome] = found.get(verdict.outcome, 0) + 1
        if verdict.is_equal:
            saved = verdict.network()
            assert saved.verify().outcome == "proven"
            assert all(results(dict(saved.files()), other, chance)), (text, other)
        if verdict.outcome == "different":
            assert verdict.replay is not None, (text, other, verdict.text)
    return found


def test_a_few() -> None:
    found = judge(10, SEED)
    assert found["different"] >= 4
    assert found.get("equal", 0) + found.get("equal here", 0) >= 1


@pytest.mark.slow
def test_many() -> None:
    found = judge(150, SEED + 7)
    assert found["different"] >= 60
    assert found["equal here"] >= 3
