"""Loops whose numbers change from pass to pass: the network's are those of the script's."""

from __future__ import annotations

from typing import Any

import pytest
from checker_writing import gain, layer, mlp, read_out, source, template, terms
from tests.checker.claims.test_exactness import prove

from weightsmith.checker.reading.refusal import RefusedError

SCRIPT = """algorithm passes(A: [d, d])
param c = 2
X = A
for g in 1/2, c, 3:
    X = g*X
return X
"""
NUMBERS = ["1/2", "c", "3"]
LOOPS = [{"symmetric": [], "invariant": {"X": {"d": [["1", ["X#0"]]]}}}]


def network(numbers: list[str], name: str = "g", outside: str = "1") -> dict[str, Any]:
    """Adds (g − 1)·X to X in every pass."""
    body = [layer(mlp=mlp(gain("d", terms("X"), [("X", "g - 1")])))]
    return template(
        "passes",
        groups=["d"],
        sources=[source("A", "input", "A", "d", "d")],
        blocks={"X": "d"},
        read_in={"X": [["A", outside]]},
        body=[{"repeat": str(len(numbers)), "body": body, "with": {name: numbers}}],
        read_out=[read_out("X", terms("X"), "d", "d")],
        bindings={},
    )


def test_the_numbers_of_the_script_are_proven() -> None:
    prove(SCRIPT, network(NUMBERS), LOOPS)


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        (["1/2", "c", "4"], "the numbers of its passes differ"),
        (["c", "1/2", "3"], "the numbers of its passes differ"),
        (["1/2", "2", "3"], "the numbers of its passes differ"),
        (["1/2", "c"], "count differs"),
        (["1/2", "c", "3", "1"], "count differs"),
    ],
)
def test_other_numbers_compute_something_else(numbers: list[str], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        prove(SCRIPT, network(numbers), LOOPS)


def test_a_coefficient_that_divides_by_zero_in_one_pass_is_refused() -> None:
    """(g − 2)/(g − 2) is 1 as a rational function, and at g = 2 no number of a network."""
    given = network(NUMBERS)
    unit = given["body"][0]["body"][0]["mlp"]["hidden"][0]
    unit["terms"][0][1] = "(g - 2)/(g - 2)"
    prove(SCRIPT, given, LOOPS)
    given["bindings"] = {"c": "2"}
    with pytest.raises(RefusedError, match="has no value: division by zero"):
        prove(SCRIPT, given, LOOPS)


def test_a_loop_without_numbers_is_another_loop() -> None:
    plain = network(NUMBERS)
    del plain["body"][0]["with"]
    with pytest.raises(RefusedError):
        prove(SCRIPT, plain, LOOPS)


def test_a_number_of_the_passes_stands_in_its_loop_only() -> None:
    with pytest.raises(RefusedError, match="names 'g' outside of its loop"):
        prove(SCRIPT, network(NUMBERS, outside="g"), LOOPS)


def test_an_invariant_holds_at_every_pass() -> None:
    loops = [{"symmetric": [], "invariant": {"X": {"d": [["g", ["X#0"]]]}}}]
    with pytest.raises(RefusedError, match="names a number of the passes"):
        prove(SCRIPT, network(NUMBERS), loops)
