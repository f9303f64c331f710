"""Loops within a loop, followed as scalars; and the rules that know nothing of them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from checker_steps import assumption
from claims_by_hand import SPECTRAL, check_truncation, followed

from weightsmith.checker import rules
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.reading.scalar_text import count_at
from weightsmith.checker.spectra.following import Following
from weightsmith.checker.spectra.kernels import vanishes_at_zero
from weightsmith.checker.spectra.operator_reading import Loops
from weightsmith.checker.spectra.problem import Problem, Result
from weightsmith.checker.spectra.recurrence import Recurrence
from weightsmith.checker.spectra.spectral_rule import IterateRule, SpectralRule
from weightsmith.dsl import Source, check, parse_scalar
from weightsmith.dsl.numbers.scalars import evaluate
from weightsmith.dsl.running.interpreter import run

F = Fraction
Json = dict[str, Any]
HEAD = "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [1/4, 1]\nparam n = 2, k = 2\n"
NESTED = """X = I
repeat n:
    G = 1/2*I
    repeat k:
        G = 2*G - G*(I + A*X)*G
    X = X*G + A
return X approximates inv(A)
"""
X0 = {"X#0": [{"left": [], "scalar": "X", "right": []}]}
G1 = {"G#1": [{"left": [], "scalar": "G", "right": []}]}


def step(number: int, forms: object) -> Json:
    return {"rule": "loop", "loop": number, "forms": forms}


def one_form(letter: str) -> Json:
    name = letter.replace("#", "_")
    return {letter: [{"left": [], "scalar": name, "right": []}]}


def looped(body: str, *steps: Json, bindings: Mapping[str, Fraction] | None = None) -> Following:
    program = check(Source("script.alg", HEAD + body))
    numbers = {"n": F(2), "k": F(2)} if bindings is None else bindings
    output = program.returns[0].name
    return followed(program, numbers, output, assumption("A"), steps)


def derived(found: Following) -> list[Json]:
    """What a recurrence says of the loops."""
    assert isinstance(found.reading, Loops)
    return [dict(one) for one in found.reading.derived]


def test_what_an_inner_loop_leaves_is_a_variable_of_the_pass() -> None:
    found = looped(NESTED, step(0, X0), step(1, G1))
    assert derived(found) == [
        {"loop": 0, "start": {"X": "1"}, "pass": {"X": "G*X + lambda"}},
        {"loop": 1, "start": {"G": "1/2"}, "pass": {"G": "-G^2*X*lambda - G^2 + 2*G"}},
    ]
    (outer,) = found.recurrences
    assert [one.loop.index for one in outer.whole()] == [0, 1]
    assert found.is_nested


BOTH = [{**step(0, X0), "step": 2}, {**step(1, G1), "step": 3}]
WRONG: dict[str, tuple[list[Json], str]] = {
    "no step of the inner loop": ([step(0, X0)], "has no form"),
    "no step of the outer loop": ([step(1, G1)], "the loop around it has no forms"),
    "the inner loop first": ([step(1, G1), step(0, X0)], "the loop around it has no forms"),
    "twice": ([step(0, X0), step(1, G1), step(1, G1)], "not in the order"),
    "no such loop": ([step(0, X0), step(2, G1)], "no loop 2"),
    "an inner letter in the outer step": ([step(0, X0 | G1)], "not a letter that the loop"),
    "an outer letter in the inner step": ([step(0, X0), step(1, G1 | X0)], "not a letter that"),
    "no form of the inner letter": ([step(0, X0), step(1, {})], "has no form"),
    "one name for both": (
        [step(0, X0), step(1, {"G#1": [{"left": [], "scalar": "X", "right": []}]})],
        "Two loops have a scalar of the same name",
    ),
    "a name of a parameter": (
        [step(0, X0), step(1, {"G#1": [{"left": [], "scalar": "k", "right": []}]})],
        "used for two different symbols",
    ),
    "the name of the error": (
        [step(0, X0), step(1, {"G#1": [{"left": [], "scalar": "e", "right": []}]})],
        "used for two different symbols",
    ),
    "a constant": (
        [step(0, X0), step(1, {"G#1": [{"left": [], "scalar": "1/2", "right": []}]})],
        "constant part|no form covers",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_steps_are_refused(name: str) -> None:
    steps, match = WRONG[name]
    with pytest.raises(RefusedError, match=match):
        looped(NESTED, *steps)


@pytest.mark.parametrize("place", [1, 2])
@pytest.mark.parametrize("key", ["start", "pass"])
def test_what_is_written_of_an_inner_loop_is_derived_anew(place: int, key: str) -> None:
    program = check(Source("script.alg", HEAD + NESTED))
    facts = derived(looped(NESTED, *BOTH))
    steps: list[Json] = [{**one, **fact} for one, fact in zip(BOTH, facts, strict=True)]
    steps = [assumption("A"), *steps, {"rule": "contraction"}]
    steps[place] = {**steps[place], key: dict.fromkeys(steps[place][key], "1") | {"Q": "1"}}
    claim = {"kind": "truncation", "output": "X", "steps": steps}
    with pytest.raises(RefusedError, match="'loops' is"):
        check_truncation(program, {"n": F(2), "k": F(2)}, claim, Budget())


# -- every rule refuses what comes from a loop within a loop ---------------------------------------

INNER = "    G = I\n    repeat k:\n        G = G*A\n"
# X as each rule would bound it if G, which is A^k, were I; Z is another scalar of the loop
FOOLING: dict[str, tuple[str, str]] = {
    "autonomous": ("X = I\n", "X = 2*X - X*A*X*G"),
    "contraction": ("X = 0*I\n", "X = X + 1/2*(I - A*X)*G"),
    "three_term": ("X, Z = 0*I, 0*I\n", "X, Z = X + (I - A*X)*G + 1/3*(X - Z), X"),
    "power_exp": ("X = I - 1/3^n*A\n", "X = X*X*X*G"),
    "stages": ("X = I\n", "X = 2*X - X*A*X*G"),
    "chebyshev": ("X = I\n", "X = 2*X - X*A*X*G"),
}
WITNESSES: dict[str, Json] = {
    "autonomous": {"equal": []},
    "stages": {"scalar": "X"},
    "chebyshev": {"points": 400},
}


def fooled(name: str, inner: str = INNER) -> Following:
    start, after = FOOLING[name]
    body = f"{start}repeat n:\n{inner}    {after if inner else after.replace('*G', '')}\n"
    target = "exp(-A)" if name == "power_exp" else "inv(A)"
    others = {"Z#0": [{"left": [], "scalar": "Z", "right": []}]} if "Z" in start else {}
    steps = [step(0, X0 | others), *([step(1, G1)] if inner else [])]
    return looped(f"{body}return X approximates {target}\n", *steps)


def test_all_rules_are_tried_that_do_not_say_they_are_for_such_loops() -> None:
    found = [rules.find(name) for name in SPECTRAL]
    nested = {one.name for one in found if isinstance(one, IterateRule) and one.for_inner_loops}
    assert set(FOOLING) == set(SPECTRAL) - nested


@pytest.mark.parametrize("name", FOOLING)
def test_a_rule_is_not_asked_about_a_loop_within_a_loop(name: str) -> None:
    witness = WITNESSES.get(name, {})
    assert fooled(name, inner="").bounded(rules.find(name), witness).value is not None
    with pytest.raises(RefusedError, match=r"within it|from a loop within a loop"):
        fooled(name).bounded(rules.find(name), witness)


@pytest.mark.parametrize("name", FOOLING)
def test_a_rule_that_were_asked_would_refuse_too(name: str) -> None:
    """Without the check that stands before all rules."""
    found = fooled(name)
    with pytest.raises(RefusedError):
        _asked(rules.find(name), found, WITNESSES.get(name, {}))


def _asked(rule: SpectralRule, found: Following, witness: Json) -> object:
    assert found.numbers is not None
    if isinstance(rule, IterateRule):
        return rule.derive(found.problem(found.numbers), witness)
    parts = (found.field, found.operator, found.recurrences, found.value, found.target)
    return rule.derive(Result(*parts, found.numbers), witness)


def test_an_inner_scalar_is_no_scalar_of_the_problem() -> None:
    """Neither as ``equal`` nor as a polynomial in e, nor as the one whose start is enclosed."""
    found = fooled("autonomous")
    problem = found.problem(found.numbers)
    assert isinstance(problem, Problem)
    assert problem.names == {"X"}
    for witness in ({"equal": ["G"]}, {"equal": [], "polynomials": {"G": "1"}}):
        with pytest.raises(RefusedError, match="not another carried scalar"):
            _asked(rules.find("autonomous"), found, witness)
    with pytest.raises(RefusedError, match="not a scalar of the first loop"):
        _asked(rules.find("stages"), fooled("stages"), {"scalar": "G"})


# -- the kernel of T -------------------------------------------------------------------------------

ON_KERNEL = {  # X begins as λ; the inner start, the inner pass and the outer pass; X is 0 at 0?
    "a multiple": ("X", "2*G - A*G*G", "2*X - G", True),
    "one is added within": ("X", "G + I", "2*X - G", False),
    "it begins as one": ("I", "2*G - G*G", "2*X - G", False),
    "it begins as one, times X": ("I", "2*G - G*G", "2*X - G*X", True),
    "one is added outside": ("X", "2*G - A*G*G", "2*X - G + I", False),
}


@pytest.mark.parametrize("name", ON_KERNEL)
def test_what_inner_loops_leave_on_the_kernel(name: str) -> None:
    start, inner, outer, zero = ON_KERNEL[name]
    body = (
        f"X = A\nrepeat n:\n    G = {start}\n    repeat k:\n        G = {inner}\n"
        f"    X = {outer}\nreturn X approximates inv(A)\n"
    )
    found = looped(body, step(0, X0), step(1, G1))
    assert vanishes_at_zero(found.value, found.recurrences, found.field) is zero


# -- against the script run as it stands -----------------------------------------------------------


def random_body(chance: random.Random) -> tuple[str, list[Json]]:
    """Two or three loops within one, which may read each other, and one within the first."""

    def word(names: list[str]) -> str:
        terms = [
            f"{chance.choice(('', '-', '1/2*', '3*'))}"
            + "*".join(chance.choices([*names, "A"], k=chance.randint(1, 2)))
            for _ in range(chance.randint(1, 3))
        ]
        return " + ".join(terms).replace("+ -", "- ")

    lines = [f"X = {word([])} + 1/3*I", "repeat n:"]
    steps = [step(0, one_form("X#0"))]
    known, index = ["X"], 0
    for name in ("G", "H")[: chance.randint(1, 2)]:
        index += 1
        steps.append(step(index, one_form(f"{name}#{index}")))
        lines += [
            f"    {name} = {word(known)}",
            f"    repeat {chance.choice(('k', '0', '1', '3'))}:",
        ]
        reads = [*known, name]
        if chance.random() < 0.4:
            index += 1
            steps.append(step(index, one_form(f"K#{index}")))
            lines += [f"        K = {word(reads)}", "        repeat k:"]
            lines += [f"            K = K - 1/4*{word([*reads, 'K'])}"]
            reads.append("K")
        lines.append(f"        {name} = {word(reads)} - 1/2*{name}")
        known.append(name)
    lines += [f"    X = {word(known)} + 1/5*{known[-1]}", "return X approximates inv(A)"]
    return "\n".join(lines) + "\n", steps


def by_recurrences(
    found: list[Recurrence], facts: list[Json], bindings: dict[str, F], known: dict[str, F]
) -> None:
    """Run the scalars of loops, those of inner loops in each pass anew; ``known`` is filled."""
    for one in found:
        derived = facts[one.loop.index]
        known |= {name: value(text, bindings, known) for name, text in derived["start"].items()}
        for _ in range(count_at(one.loop.count, bindings)):
            by_recurrences(list(one.inner), facts, bindings, known)
            after = {name: value(text, bindings, known) for name, text in derived["pass"].items()}
            known |= after


def value(text: str, bindings: dict[str, F], known: dict[str, F]) -> F:
    return evaluate(parse_scalar(text), {**bindings, **known})


@pytest.mark.parametrize("seed", range(25))
def test_random_loops_within_loops_are_followed_exactly(seed: int) -> None:
    chance = random.Random(seed)
    body, steps = random_body(chance)
    bindings = {"n": F(chance.randint(0, 2)), "k": F(chance.randint(0, 2))}
    found = looped(body, *steps, bindings=bindings)
    facts = derived(found)
    points = [F(1, 4), F(2, 3), F(1)]
    matrix = np.array([[p if i == j else F(0) for j in range(3)] for i, p in enumerate(points)])
    program = check(Source("script.alg", HEAD + body))
    result = run(program, {"A": matrix}, bindings, exact=True)["X"]
    assert isinstance(result, np.ndarray)
    for place, point in enumerate(points):
        known = {"lambda": point}
        by_recurrences(found.recurrences, facts, bindings, known)
        assert result[place, place] == known["X_0"]


def test_the_steps_are_numbered_as_the_loops() -> None:
    for seed in range(25):
        _, steps = random_body(random.Random(seed))
        assert all(a["loop"] < b["loop"] for a, b in pairwise(steps))
