"""Forged claims that two scripts return the same: segments, powers and passes of other values."""

from __future__ import annotations

from fractions import Fraction

import pytest

from weightsmith.checker.prove import prove_restructuring
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.rewrites.passes_proof import check_passes
from weightsmith.checker.rewrites.powers_proof import check_powers
from weightsmith.dsl import Source, check

Json = dict[str, object]
MATRICES = "algorithm forged(A: symmetric[d, d], B: [d, d])\n"
TOKENS = "algorithm forged(x: [d] per token, y: [d] per context)\nparam c\n"
EQUAL: list[object] = [
    {"step": 1, "rule": "operator", "word": ["A"], "offset": "0", "slope": "1"},
    {"step": 2, "rule": "equal"},
]


def proven(head: str, script: str, network: str, steps: list[object]) -> None:
    """Raises RefusedError if the checker refuses the claim."""
    first, second = (
        check(Source(name, head + text))
        for name, text in (("script.alg", script), ("network.alg", network))
    )
    bindings = {one.name: Fraction(0) for one in first.parameters}
    prove_restructuring(first, second, bindings, {"steps": steps})


def refused(head: str, script: str, network: str, steps: list[object]) -> bool:
    """Does the checker refuse the claim?"""
    try:
        proven(head, script, network, steps)
    except RefusedError:
        return True
    return False


def segment(
    script: list[int], network: list[int], steps: list[object], rule: str = "segment", **more: bool
) -> Json:
    parts: Json = {"step": 1, "rule": rule, "script": script, "network": network, "steps": steps}
    return {**parts, **more}


# -- segments -----------------------------------------------------------------------------------

LOOP = "X = A\nrepeat 3:\n    X = A*X\nreturn X\n"
TWICE = "X = A\nX = A*X\nX = A*X\nreturn X\n"
NEXT = "X, Z = A, A\nrepeat 3:\n    Y = Z*A\n    Z = A*A\n    X = X + Y\nreturn X\n"
CARRIED = "W, X = B, A\nrepeat 3:\n    T = A*X\n    X = T + A\nY = W*B\nreturn X, Y\n"
CHANGED = "X = A\nY = X*B\nX = 2*A\nY = Y + X\nZ = A*A\nreturn Y, Z\n"
FORGED: dict[str, tuple[str, str, list[object]]] = {
    "a variable that network.alg does not change is read later on": (
        CHANGED,
        "X = A\nY = X*B\nY = Y + 2*A\nZ = X*X\nreturn Y, Z\n",
        [segment([2, 4], [2, 3], EQUAL), segment([4, 5], [3, 4], EQUAL)],
    ),
    "a variable of network.alg goes from segment to segment": (
        "X = A*A\nY = A*B\nZ = X*A\nreturn Y, Z\n",
        "T = A\nX = T*A\nY = A*B\nZ = X*T + T\nreturn Y, Z\n",
        [segment([0, 1], [0, 2], EQUAL), segment([2, 3], [3, 4], EQUAL)],
    ),
    "a variable of the script is overwritten in a loop": (
        CARRIED,
        CARRIED.replace("T", "W"),
        [segment([1, 2], [1, 2], EQUAL)],
    ),
    "a variable is used in the next pass": (
        NEXT,
        NEXT.replace("    Z = A*A\n", ""),
        [segment([1, 2], [1, 2], [segment([1, 3], [1, 2], EQUAL)], "inside")],
    ),
    "what is returned, from inside a loop": (
        LOOP,
        LOOP.replace("A*X", "2*A*X"),
        [segment([1, 2], [1, 2], [segment([0, 1], [0, 1], EQUAL, returns=True)], "inside")],
    ),
    "loops of other numbers of passes": (
        LOOP,
        LOOP.replace("3", "2"),
        [segment([1, 2], [1, 2], [segment([0, 1], [0, 1], EQUAL)], "inside")],
    ),
    "ranges that overlap": (
        TWICE,
        "X = A\nX = A*X\nreturn X\n",
        [segment([1, 3], [1, 2], EQUAL), segment([1, 2], [1, 2], EQUAL)],
    ),
    "another statement before a segment": (
        TWICE,
        TWICE.replace("X = A\n", "X = B\n"),
        [segment([1, 2], [1, 2], EQUAL)],
    ),
    "a statement between two segments is left out": (
        TWICE,
        "X = A\nX = A*X\nreturn X\n",
        [segment([0, 1], [0, 1], EQUAL), segment([2, 3], [1, 2], EQUAL)],
    ),
    "a segment of no statement": (
        TWICE,
        "X = A\nX = A*X\nreturn X\n",
        [segment([2, 2], [1, 2], EQUAL)],
    ),
    "two variables change places": (
        "X, Y = A, B\nX, Y = Y, X\nreturn X, Y\n",
        "X, Y = A, B\nreturn X, Y\n",
        [segment([1, 2], [1, 1], EQUAL)],
    ),
    "a segment within a segment": (
        TWICE,
        TWICE.replace("A*X", "B*X"),
        [segment([1, 3], [1, 3], [segment([0, 2], [0, 2], EQUAL)])],
    ),
    "statements from the end": (
        TWICE,
        TWICE.replace("A*X", "B*X"),
        [segment([-2, 3], [-2, 3], EQUAL)],
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_forged_segments_are_refused(what: str) -> None:
    assert refused(MATRICES, *FORGED[what])


def test_the_number_of_a_pass_is_not_left_out() -> None:
    script = "X = A\nfor g in 1, 2:\n    X = g*A*X\nreturn X\n"
    steps: list[object] = [segment([1, 2], [1, 2], [segment([0, 1], [0, 1], EQUAL)], "inside")]
    assert refused(MATRICES, script, script.replace("g*A*X", "A*X + 0*g*X"), steps)


def test_a_last_segment_returns_what_it_does_not_touch() -> None:
    """Nothing is wrong with this claim: Z stands only in what is returned."""
    script = "Z = relu(B)\nX = 2*A + A\nreturn X + Z\n"
    network = "Z = relu(B)\nX = 3*A\nreturn X + Z\n"
    assert not refused(MATRICES, script, network, [segment([1, 2], [1, 2], EQUAL, returns=True)])


# -- powers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", ["I", "(I + c*x'*x)"])
def test_variables_on_fewer_tokens(factor: str) -> None:
    """On the query X stays what it was: Y, whose entry of L is 1, has no value there."""
    script = "X, Y = x, y\nrepeat 2:\n    X, Y = X + Y*FACTOR, Y + X over context\n"
    network = "X, Y = x, y\nrepeat 1:\n    X, Y = 2*X + 2*Y*FACTOR, 2*Y + 2*X over context\n"
    end = "return X + 0*c*x on query\n"
    held = {
        name: {"kind": "value", "of": [name], "turned": False, "counts": [2, 0]} for name in "XY"
    }
    steps: list[object] = [
        {"step": 1, "rule": "powers", "turned": [], "kind": "one_side"},
        {"step": 2, "rule": "block", "loop": 0, "values": held},
        {"step": 3, "rule": "equal", "counts": [2]},
    ]
    texts = [text.replace("FACTOR", factor) + end for text in (script, network)]
    assert refused(TOKENS, texts[0], texts[1], steps)


@pytest.mark.parametrize("names", ["X", "XP"])
def test_a_block_of_several_passes_holds_only_values_and_all_of_them(names: str) -> None:
    """As docs/rules/powers.md has it: a block of s alone may run several passes."""
    script = "X = A\nrepeat 4:\n    X = B*X\nreturn X\n"
    network = "X, P = A, B*B\nrepeat 2:\n    X, P = P*X, P*I\nreturn X\n"
    held: dict[str, Json] = {
        "X": {"kind": "value", "of": ["X"], "turned": False, "counts": [2, 0]},
        "P": {"kind": "left", "of": ["X", "X"], "turned": False, "counts": [2]},
    }
    steps: list[object] = [
        {"step": 1, "rule": "powers", "turned": [], "kind": "one_side"},
        {"step": 2, "rule": "block", "loop": 0, "values": {name: held[name] for name in names}},
        {"step": 3, "rule": "equal", "counts": [2, 2]},
    ]
    with pytest.raises(RefusedError, match="Loop 0 does not run one pass"):
        proven(MATRICES, script, network, steps)


# -- passes -------------------------------------------------------------------------------------

FOUR = "X = A\nrepeat 4:\n    X = B*X\nY = X\nreturn Y\n"
HALF = "X = A\nrepeat 2:\n    X = B*X\nY = X\n"
EARLIER = {  # Y is X after two passes, and called X#0 as the script's value is
    "in a pass": HALF + "repeat 2:\n    X = B*Y\nY = X\nreturn Y\n",
    "in a block": HALF + "repeat 2:\n    Z = B\n    repeat 1:\n        Z = Z*Y\n    X = Z\n"
    "Y = X\nreturn Y\n",
    "before a loop": HALF + "repeat 1:\n    X = B*X\nX = Y\nrepeat 1:\n    X = B*X\nY = X\n"
    "return Y\n",
    "in what is returned": HALF + "repeat 2:\n    X = B*X\nreturn Y\n",
}


@pytest.mark.parametrize("where", EARLIER)
def test_a_value_of_an_earlier_loop_is_not_the_present_one(where: str) -> None:
    network = EARLIER[where]
    passes = [1] * network.count("X = B*") + [1] * network.count("X = Z")
    steps: list[object] = [{"step": 1, "rule": "passes", "passes": passes}]
    assert refused(MATRICES, FOUR, network, steps)


SCHEDULED = "X = A\nfor g in 1, 2:\n    X = g*B*X\nreturn X\n"
OTHER_PASSES: dict[str, tuple[str, str, list[int]]] = {
    "a loop of no pass, after the last number": (
        SCHEDULED,
        "X = A\nrepeat 1:\n    X = B*X\nrepeat 1:\n    X = 2*B*X\nrepeat 0:\n    X = B*X\n"
        "return X\n",
        [1, 1, 1],
    ),
    "numbers in another order": (
        SCHEDULED.replace("g*B*X", "g*B*X + A"),
        "X = A\nrepeat 1:\n    X = 2*B*X + A\nrepeat 1:\n    X = B*X + A\nreturn X\n",
        [1, 1],
    ),
    "another carried variable": (
        FOUR,
        "X, Z = A, B\nrepeat 4:\n    X, Z = Z*X, B*B\nY = X\nreturn Y\n",
        [1],
    ),
    "another variable is returned": (
        FOUR,
        "X, Z = A, B\nrepeat 4:\n    X, Z = B*X, B*Z\nY = Z\nreturn Y\n",
        [1],
    ),
    "a factor on the other side": (
        "X = A\nrepeat 2:\n    X = B*X\nreturn X\n",
        "X = A\nrepeat 2:\n    X = X*B\nreturn X\n",
        [1],
    ),
}


@pytest.mark.parametrize("rule", ["passes", "power", "equal"])
def test_the_steps_of_one_rule_are_not_those_of_another(rule: str) -> None:
    programs = [check(Source("script.alg", MATRICES + FOUR)) for _ in range(2)]
    steps: list[object] = [
        {"step": 1, "rule": rule, "turned": [], "kind": "one_side"},
        {"step": 2, "rule": "equal", "counts": [4]},
    ]
    with pytest.raises(RefusedError, match="The first step's rule is not powers"):
        check_powers(programs[0], programs[1], {}, steps, Budget())
    step = {"step": 1, "rule": "powers", "passes": [1]}
    with pytest.raises(RefusedError, match="The rule is 'powers', not passes"):
        check_passes(programs[0], programs[1], {}, [step], Budget())


@pytest.mark.parametrize("what", OTHER_PASSES)
def test_other_passes_are_refused(what: str) -> None:
    script, network, passes = OTHER_PASSES[what]
    steps: list[object] = [{"step": 1, "rule": "passes", "passes": passes}]
    assert refused(MATRICES, script, network, steps)
