"""Simulation and induction: nested loops, stale values, unknown blocks, symmetric letters."""

from __future__ import annotations

import copy
import json
from typing import Any

import checker_core as core
import pytest
from checker_writing import (
    gain,
    head,
    hidden,
    layer,
    mlp,
    read_out,
    source,
    template,
    terms,
)

from weightsmith.checker.prove import prove_exactness
from weightsmith.checker.reading.read_template import read_template
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.rules.network.simulation import check_exactness
from weightsmith.dsl import Source, check

NESTED = """algorithm nested(A: symmetric[d, d])
param outer = 3, inner = 2

X = A
repeat outer:
    Y = X
    repeat inner:
        Y = Y*A*X
    X = Y + X
return X
"""


def square_head(value: str, key: str, query: str, out: str, factor: str) -> dict[str, Any]:
    return head(
        terms(value), terms(key), terms(query), [(out, factor)],
        key_groups=["d"], query_groups=["d"],
    )  # fmt: skip


def copy_of(read: str, out: str, factor: str = "1") -> list[dict[str, Any]]:
    return gain("d", terms(read), [(out, factor)])


def nested() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """X, Y and P, which carries Y·A between two layers; P and Y are cleared when they are read."""
    make = layer(square_head("Y", "A", "I", "P", "1"), mlp=mlp(copy_of("Y", "Y", "-1")))
    multiply = layer(square_head("P", "I", "X", "Y", "1"), mlp=mlp(copy_of("P", "P", "-1")))
    body = [
        layer(mlp=mlp(copy_of("X", "Y"))),
        {"repeat": "inner", "body": [make, multiply]},
        layer(mlp=mlp(gain("d", terms("Y"), [("X", "1"), ("Y", "-1")]))),
    ]
    network = template(
        "nested",
        groups=["d"],
        sources=[source("A", "input", "A", "d", "d"), source("I", "identity", "d", "d", "d")],
        blocks=dict.fromkeys(("A", "I", "X", "Y", "P"), "d"),
        read_in={"A": terms("A"), "I": terms("I"), "X": terms("A")},
        body=[{"repeat": "outer", "body": body}],
        read_out=[read_out("X", terms("X"), "d", "d")],
        bindings={},
    )
    letter = {name: {"d": [["1", [name]]]} for name in ("X#0", "Y#1")}
    loops = [
        {"symmetric": [], "invariant": {"X": letter["X#0"], "Y": {"d": []}, "P": {"d": []}}},
        {"symmetric": [], "invariant": {"Y": letter["Y#1"], "P": {"d": []}}},
    ]
    return network, loops


def prove(text: str, network: dict[str, Any], loops: list[dict[str, Any]]) -> None:
    program = check(Source("script.alg", text))
    check_exactness(program, read_template(network), loops, Budget())


def test_nested_loops_are_proven() -> None:
    network, loops = nested()
    prove(NESTED, network, loops)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    Y = X\n", "    Y = 2*X\n"),
        ("Y = Y*A*X", "Y = Y*X*A"),
        ("X = Y + X", "X = Y"),
        ("X = A\n", "X = 2*A\n"),
        ("repeat inner", "repeat outer"),
        ("repeat outer", "repeat inner"),
        ("    X = Y + X", "    X = Y + X\nrepeat inner:\n    X = X"),
        ("return X", "return A"),
    ],
)
def test_another_script_is_refused(old: str, new: str) -> None:
    network, loops = nested()
    assert old in NESTED
    with pytest.raises(RefusedError):
        prove(NESTED.replace(old, new), network, loops)


def test_the_invariant_may_not_have_inner_letters() -> None:
    network, loops = nested()
    loops[0]["invariant"]["Y"] = {"d": [["1", ["Y#1"]]]}
    with pytest.raises(RefusedError, match="not a letter here"):
        prove(NESTED, network, loops)


def test_an_unnamed_block_is_unknown() -> None:
    network, loops = nested()
    del loops[1]["invariant"]["P"]
    with pytest.raises(RefusedError, match=r"\?1 P@d"):
        prove(NESTED, network, loops)


def test_words_must_be_in_order_and_symmetric_letters_plain() -> None:
    network, loops = nested()
    loops[0]["invariant"]["X"] = {"d": [["1", ["X#0"]], ["1", ["A"]], ["-1", ["A"]]]}
    with pytest.raises(RefusedError, match="not in order"):
        prove(NESTED, network, loops)
    loops[0]["invariant"]["X"] = {"d": [["1", ["A'"]]]}
    with pytest.raises(RefusedError, match="symmetric letter"):
        prove(NESTED, network, loops)
    loops[0]["invariant"]["X"] = {"d": [["0", ["X#0"]]]}
    with pytest.raises(RefusedError, match="zero coefficient"):
        prove(NESTED, network, loops)


def test_what_a_block_holds_is_given_group_by_group() -> None:
    network, loops = nested()
    for groups in ([["1", ["X#0"]]], [], "X#0", None):
        loops[0]["invariant"]["X"] = groups
        with pytest.raises(RefusedError, match="the invariant of 'X' is not an object"):
            prove(NESTED, network, loops)


def test_a_letter_is_symmetric_only_if_shown() -> None:
    network, loops = nested()
    loops[0]["symmetric"] = ["X#0"]
    with pytest.raises(RefusedError, match="not shown symmetric"):
        prove(NESTED, network, loops)


def test_a_value_that_stays_symmetric_must_begin_symmetric() -> None:
    """X is A at the end as at the start; X' is claimed to be it, as if A were symmetric."""
    text = """algorithm kept(A: KIND[d, d])
param n = 2

X = A
repeat n:
    X = 2*X
return X'
"""
    network = template(
        "kept",
        groups=["d"],
        sources=[source("A", "input", "A", "d", "d")],
        blocks={"X": "d"},
        read_in={"X": terms("A")},
        body=[{"repeat": "n", "body": [layer(mlp=mlp(copy_of("X", "X")))]}],
        read_out=[read_out("output", terms("X"), "d", "d")],
        bindings={},
    )
    loops = [{"symmetric": ["X#0"], "invariant": {"X": {"d": [["1", ["X#0"]]]}}}]
    prove(text.replace("KIND", "symmetric"), network, loops)
    with pytest.raises(RefusedError, match="before the loop, 'X#0' is not shown symmetric"):
        prove(text.replace("KIND", ""), network, loops)


def test_groups_and_rows_are_axes_of_the_script() -> None:
    network, loops = nested()
    network["groups"] = ["d", "e"]
    with pytest.raises(RefusedError, match="group 'e' is neither of tokens nor an axis"):
        prove(NESTED, network, loops)
    network, loops = nested()
    network["blocks"].append({"name": "spare", "rows": "e"})
    with pytest.raises(RefusedError, match="rows 'e' of block 'spare' are not an axis"):
        prove(NESTED, network, loops)
    network, loops = nested()
    network["body"][0]["body"][0]["mlp"]["hidden"].append(hidden("e", terms(), "1"))
    with pytest.raises(RefusedError, match="rows 'e' of a hidden block are not an axis"):
        prove(NESTED, network, loops)


def test_a_relu_that_is_not_linear_is_refused() -> None:
    network, loops = nested()
    unit = network["body"][0]["body"][0]["mlp"]
    unit["hidden"][1]["terms"] = terms(("X", "-2"))
    with pytest.raises(RefusedError, match="relu~"):
        prove(NESTED, network, loops)
    unit["hidden"][1]["terms"] = terms(("X", "-1"))
    unit["hidden"][0]["bias"] = "1"
    with pytest.raises(RefusedError, match="relu~"):
        prove(NESTED, network, loops)


def test_a_network_that_is_not_written_yet_is_checked_in_the_same_way() -> None:
    network, loops = nested()
    program = check(Source("script.alg", NESTED))
    prove_exactness(program, json.dumps(network).encode(), [*loops], [])
    network["body"][0]["body"][0]["mlp"]["outputs"][0][2] = "2"
    with pytest.raises(RefusedError, match="block 'Y' holds"):
        prove_exactness(program, json.dumps(network).encode(), [*loops], [])


@pytest.mark.parametrize("where", ["read-in", "layer", "count", "read-out"])
def test_a_coefficient_that_divides_by_zero_at_the_bindings_is_refused(where: str) -> None:
    """1 and c/c are one rational function, but at c = 0 no network has the second."""
    network, loops = nested()
    text = NESTED.replace("inner = 2", "inner = 2, c")
    loop = network["body"][0]
    places: dict[str, tuple[Any, Any]] = {
        "read-in": (network["read_in"]["X"][0], 1),
        "layer": (loop["body"][1]["body"][0]["heads"][0]["outputs"][0], 2),
        "count": (loop, "repeat"),
        "read-out": (network["read_out"][0]["terms"][0], 1),
    }
    item, key = places[where]
    item[key] = "outer*c/c" if where == "count" else "c/c"
    for bindings in ({}, {"outer": "3", "c": "2"}):
        network["bindings"] = bindings
        prove(text, network, loops)
    network["bindings"] = {"outer": "3", "c": "0"}
    with pytest.raises(RefusedError, match="has no value: division by zero"):
        prove(text, network, loops)


def test_a_coefficient_of_no_pass_needs_no_value() -> None:
    network, loops = nested()
    network["body"][0]["body"][1]["body"][0]["heads"][0]["outputs"][0][2] = "c/c"
    network["bindings"] = {"c": "0", "inner": "0"}
    prove(NESTED.replace("inner = 2", "inner = 2, c"), network, loops)


def test_the_limits_of_a_clip_are_in_order_at_the_bindings() -> None:
    """With its low end above its high end it is no clip, whatever the network makes of it."""
    text = "algorithm cut(A: [d, d])\nparam c\n\nreturn clip(A, c, 1)\n"
    network = template(
        "cut",
        groups=["d"],
        sources=[source("A", "input", "A", "d", "d")],
        blocks={"A": "d", "X": "d"},
        read_in={"A": terms("A")},
        body=[
            layer(
                mlp={
                    "hidden": [
                        hidden("d", terms("A"), "-c"),
                        hidden("d", terms("A"), "-1"),
                    ],
                    "outputs": [["X", 0, "1"], ["X", 1, "-1"]],
                    "bias": [["X", "c"]],
                }
            )
        ],
        read_out=[read_out("output", terms("X"), "d", "d")],
        bindings={"c": "1"},
    )
    prove(text, network, [])
    network["bindings"]["c"] = "2"
    with pytest.raises(RefusedError, match="bindings: The low end 2 of clip is above its high"):
        prove(text, network, [])


def test_distinct_axes_are_distinct_sizes() -> None:
    text = "algorithm two(A: [m, n])\n\nreturn A*A'\n"
    network = template(
        "two",
        groups=["n", "m"],
        sources=[source("A", "input", "A", "m", "n"), source("I", "identity", "m", "m", "m")],
        blocks={"A": "m", "I": "m", "G": "m"},
        read_in={"A": terms("A"), "I": terms("I")},
        body=[
            layer(
                head(
                    terms("A"), terms("A"), terms("I"), [("G", "1")],
                    key_groups=["n"], query_groups=["m"],
                )
            )
        ],
        read_out=[read_out("output", terms("G"), "m", "m")],
        bindings={},
    )  # fmt: skip
    prove(text, network, [])
    network["sources"][1] |= {"of": "n"}
    with pytest.raises(RefusedError):
        prove(text, network, [])


def test_a_network_repeats_as_often_as_the_script_has_loops() -> None:
    """The steps are for the script's loops; a repeat too many would stand for none of them."""
    network, loops = nested()
    outer = network["body"][0]
    more = {"repeat": "inner", "body": [layer(mlp=mlp(copy_of("X", "Y", "0")))]}
    for body in ([outer, more], [more, outer], []):
        with pytest.raises(RefusedError, match=r"has \d repeats where the script has 1 loops"):
            prove(NESTED, network | {"body": body}, loops)
    inner = copy.deepcopy(outer)
    inner["body"].append(more)
    with pytest.raises(RefusedError, match="has 2 repeats where the script has 1 loops"):
        prove(NESTED, network | {"body": [inner]}, loops)


@pytest.mark.parametrize("invariant", [[], "X", None, [["1", ["X#0"]]]])
def test_an_invariant_is_given_by_blocks_and_groups(invariant: object) -> None:
    network, loops = nested()
    with pytest.raises(RefusedError, match="Loop 0: the invariant is not an object"):
        prove(NESTED, network, [loops[0] | {"invariant": invariant}, loops[1]])
    loops[0]["invariant"]["X"] = invariant
    with pytest.raises(RefusedError, match="the invariant of 'X' is not an object"):
        prove(NESTED, network, loops)


def test_a_value_of_tokens_by_tokens_is_not_returned() -> None:
    """The columns of a read-out are tokens, its rows never are."""
    x = core.name("x", "d", "token:context")
    script = core.program(
        inputs=(core.given("x", "d", "token:context"),),
        returns=core.times(core.turn(x), x),
        groups=("context",),
    )
    network = template(
        "by_hand",
        groups=["context"],
        sources=[source("x", "input", "x", "d", "context")],
        blocks={"x": "d"},
        read_in={"x": terms("x")},
        body=[],
        read_out=[read_out("output", terms("x"), "d", "context", transposed=True)],
        bindings={},
    )
    with pytest.raises(RefusedError, match="the columns of 'output' are not tokens"):
        check_exactness(script, read_template(network), [], Budget())
