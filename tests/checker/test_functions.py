"""Exactness with functions of entries: honest networks are proven, every corruption is refused."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import checker_core as c
import pytest
from checker_function_cases import FUNCTION_CASES, FunctionCase, units
from checker_mutations import mutations
from checker_writing import hidden, terms

from weightsmith.checker.reading.read_template import read_template
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.rules.network.simulation import check_exactness
from weightsmith.checker.semantics.tables import read_tables


def prove(case: FunctionCase) -> None:
    template = read_template(case.template)
    tables = read_tables(case.tables, case.program, template.bindings)
    check_exactness(case.program, template, case.loops, Budget(), tables)


def refused(case: FunctionCase) -> bool:
    try:
        prove(case)
    except RefusedError:
        return True
    return False


@pytest.mark.parametrize("name", FUNCTION_CASES)
def test_an_honest_network_is_proven(name: str) -> None:
    prove(FUNCTION_CASES[name]())


@pytest.mark.parametrize("name", FUNCTION_CASES)
def test_every_corruption_of_the_network_is_refused(name: str) -> None:
    case = FUNCTION_CASES[name]()
    for path, template in mutations(case.template):
        if path[0] == "bindings" or any(path[: len(free)] == free for free in case.free):
            continue
        assert refused(FunctionCase(case.program, template, case.loops, case.tables)), path


@pytest.mark.parametrize("name", FUNCTION_CASES)
def test_every_corruption_of_the_invariants_is_refused(name: str) -> None:
    case = FUNCTION_CASES[name]()
    for path, loops in mutations(case.loops):
        assert refused(FunctionCase(case.program, case.template, loops, case.tables)), path


@pytest.mark.parametrize("name", ["logistic", "product", "gated"])
def test_every_corruption_of_a_table_is_refused(name: str) -> None:
    case = FUNCTION_CASES[name]()
    for path, tables in mutations(case.tables):
        if path[-1] == "error" and "error" in tables[0]:
            continue  # the claim about the table states it
        assert refused(FunctionCase(case.program, case.template, case.loops, tables)), path


def test_a_symbol_without_a_value_forbids_tables() -> None:
    case = FUNCTION_CASES["logistic"]()
    del case.template["bindings"]["eta"]
    with pytest.raises(RefusedError, match="'eta' has no value"):
        prove(case)


def test_a_site_may_be_named_where_its_letters_may() -> None:
    case = FUNCTION_CASES["logistic"]()
    word = case.loops[0]["invariant"]["s"]["context"][0][1]
    for text in ("sigmoid[1]@query", "sigmoid[2]@context", "sigmoid[1]", "tanh[1]@context", "1[1]"):
        word[0] = text
        with pytest.raises(RefusedError, match="not a letter here"):
            prove(case)


def test_junk_at_other_groups_is_not_read() -> None:
    """The table is applied at the query tokens too, of what is unknown there or not."""
    case = FUNCTION_CASES["logistic"]()
    step = case.template["body"][1]["body"][0]["heads"][0]
    step["key_groups"] = ["context", "query"]
    with pytest.raises(RefusedError, match="after the body"):
        prove(case)
    case = FUNCTION_CASES["logistic"]()
    del case.loops[0]["invariant"]["z"]["context"]
    with pytest.raises(RefusedError):
        prove(case)


def test_a_bias_writes_its_block() -> None:
    """The invariant of a block that only a bias writes must be shown, or it is unknown."""
    case = FUNCTION_CASES["ista"]()
    body = case.template["body"][0]["body"][0]
    body["mlp"]["bias"] = [["B", "1"]]
    with pytest.raises(RefusedError):
        prove(case)
    case.loops[0]["invariant"]["B"] = {"k": [["1", ["B"]]]}
    with pytest.raises(RefusedError, match="after the body, block 'B'"):
        prove(case)


def single(unit: dict[str, Any], program: Any, out: str = "1") -> FunctionCase:
    case = FUNCTION_CASES["gated"]()
    case.template["body"][0]["mlp"] = units((unit, [("Z", out)]))
    return FunctionCase(program, case.template)


A, B = c.name("A", "d", "n"), c.name("B", "d", "n")
INPUTS = (c.given("A", "d", "n"), c.given("B", "d", "n"))


def test_a_gate_is_a_gate_by_its_text() -> None:
    """ "00" is no "0" to whoever runs the network, so the hidden block is gated by zero."""
    relu = c.program(inputs=INPUTS, returns=c.relu(A))
    nothing = c.program(inputs=INPUTS, returns=c.zero("d", "n"))
    plain, gated = hidden("d", terms("A")), hidden("d", terms("A"), gate_bias="0/7")
    assert not refused(single(plain, relu))
    assert refused(single(gated, relu))
    assert not refused(single(gated, nothing))
    assert not refused(
        single(hidden("d", [], "1"), c.program(inputs=INPUTS, returns=c.ones("d", "n")))
    )
    assert refused(single(hidden("d", [], "0"), nothing))


def test_ones_of_an_axis_are_not_those_of_another() -> None:
    program = c.program(
        inputs=(*INPUTS, c.given("C", "m", "n")),
        returns=c.times(c.ones("1", "d"), c.relu(A)),
    )
    case = FUNCTION_CASES["rows"]()
    case.program = program
    network = case.template
    network["sources"] = [
        {"name": "A", "kind": "input", "of": "A", "rows": "d", "groups": ["n"]},
        {"name": "C", "kind": "input", "of": "C", "rows": "m", "groups": ["n"]},
    ]
    network["blocks"] = [
        {"name": "A", "rows": "d"}, {"name": "C", "rows": "m"},
        {"name": "s", "rows": "1"}, {"name": "v", "rows": "1"},
    ]  # fmt: skip
    network["read_in"] = {"A": terms("A"), "C": terms("C")}
    network["body"][0]["mlp"] = units((hidden("d", terms("A")), [("s", "1")]))
    prove(case)
    network["body"][0]["mlp"] = units((hidden("1", terms("A")), [("s", "1")]))
    with pytest.raises(RefusedError):
        prove(case)
    for unit in (hidden("m", terms("A")), hidden("d", terms("C")), hidden("x", terms("v"))):
        network["body"][0]["mlp"] = units((unit, [("s", "1")]))
        with pytest.raises(RefusedError):
            prove(case)


def test_functions_under_functions() -> None:
    """relu(relu(A) − B) by two layers, and not by one."""
    inner = c.relu(A, site="1")
    program = c.program(inputs=INPUTS, returns=c.relu(c.total(inner, ("-1", B)), site="2"))
    case = FUNCTION_CASES["gated"]()
    case = FunctionCase(program, case.template)
    network = case.template
    network["blocks"].append({"name": "R", "rows": "d"})
    first = {"heads": [], "mlp": units((hidden("d", terms("A")), [("R", "1")]))}
    outer = hidden("d", terms("R", ("B", "-1")))
    second = {"heads": [], "mlp": units((outer, [("Z", "1")]))}
    network["body"] = [first, second]
    prove(case)
    for body in ([second, first], [first], [second], [first, second, second]):
        network["body"] = copy.deepcopy(body)
        assert refused(case)


def test_a_deep_tower_of_functions_is_checked_in_time() -> None:
    """Forty layers of relu(2·R + |R| …): the arguments are shared, not written out."""
    value: Any = A
    depth = 40
    for site in range(depth):
        value = c.relu(c.total(("2", value), ("-1", B)), site=str(site + 1))
    case = FUNCTION_CASES["gated"]()
    network = case.template
    network["blocks"].append({"name": "R", "rows": "d"})
    network["read_in"]["R"] = terms("A")
    body = []
    for _ in range(depth):
        clear = [
            (hidden("d", terms("R")), [("R", "-1")]),
            (hidden("d", terms(("R", "-1"))), [("R", "1")]),
        ]
        grow = (hidden("d", terms(("R", "2"), ("B", "-1"))), [("R", "1")])
        body.append({"heads": [], "mlp": units(grow, *clear)})
    network["body"] = body
    network["read_out"][0]["terms"] = terms("R")
    prove(FunctionCase(c.program(inputs=INPUTS, returns=value), network))


def test_a_loop_of_functions_with_a_wrong_start() -> None:
    case = FUNCTION_CASES["logistic"]()
    case.template["body"][0]["mlp"]["bias"] = [["s", str(Fraction(1, 2) + Fraction(1, 10**9))]]
    with pytest.raises(RefusedError, match="at the entry, block 's'"):
        prove(case)
