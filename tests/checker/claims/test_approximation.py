"""Directories with tables: every table has its claim, and no more than that is accepted."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from checker_completing import complete
from checker_function_cases import FUNCTION_CASES
from checker_mutations import mutations
from checker_writing import Case, exactness, tensors_of, weights, write

from weightsmith.checker import Report, verify_directory
from weightsmith.checker.semantics.tables import read_tables
from weightsmith.dsl import Source, check

F = Fraction
STATEMENT = (
    "The network of template.json computes what script.alg says, for every size, every input and "
    "every value of the symbols at which no denominator vanishes."
)
WITH_TABLES = (
    "The network of template.json computes what script.alg says, every approximated function "
    "replaced by its table, for every size and every input."
)
SCRIPTS = {
    "ramp": """algorithm by_hand(A: [d, n])

return clip(2*ones - A, -1, 1/2)
""",
    "ista": """algorithm by_hand(A: symmetric[d, d], B: [d, k])
param eta = 1/4, lam = 1/3, steps = 5

X = 0
repeat steps:
    X = soft(X - eta*(A*X - B), eta*lam)
return X
""",
    "logistic": """algorithm by_hand(x: [d] per token, y: [1] per token)
assume norm(x) <= 1
assume entries(y) in [0, 1]
assume size(context) <= 6
param eta = 1/8, steps = 3
within 1/10

w = 0
repeat steps:
    w = w - eta*(sigmoid(w*x) - y)*x' over context
return w*x on query
""",
    "product": """algorithm by_hand(A: [d, n], B: [d, n])
assume entries(A) in [-1/4, 1/4]
assume entries(B) in [-2, 2]

return A .* (A + B) within 1/10
""",
    "gated": """algorithm by_hand(A: [d, n], B: [d, n])

return (A + ones) .* (2*B)
""",
    "rows": """algorithm by_hand(B: [d, n], v: [1, n])

return sum(relu(B + ones*v)) + 1/2*ones
""",
}
BINDINGS = {"ista": {"eta": "1/4", "lam": "1/3", "steps": "5"}}
LAYERS = {"ista": 5, "logistic": 4}


def approximation(table: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "approximation", "site": table["site"], "steps": [{"rule": "table"}]}


def directory_case(name: str) -> Case:
    hand = FUNCTION_CASES[name]()
    template = hand.template
    template["bindings"] = BINDINGS.get(name, template["bindings"])
    if name == "ista":
        template["read_out"][0]["name"] = "X"  # a value that is only a name keeps it
    tables = copy.deepcopy(hand.tables)
    for table in tables:
        table["site"] = "1"
    if name == "product":
        tables[0]["error"] = str(F(1, 4) * 3 * F(1, 4) ** 2)
    claims = [exactness(*hand.loops), weights(LAYERS.get(name, 1))]
    claims += [approximation(table) for table in tables if table["function"] != "gated"]
    return Case(SCRIPTS[name], template, claims, tables=tables)


def refused(report: Report) -> set[tuple[str, int]]:
    return {(v.kind, v.claim) for v in report.verdicts if not v.accepted}


@pytest.mark.parametrize("dense", [None, {"d": 3, "n": 2, "k": 2}])
@pytest.mark.parametrize("name", SCRIPTS)
def test_an_honest_directory_is_accepted(
    name: str, dense: dict[str, int] | None, tmp_path: Path
) -> None:
    case = directory_case(name)
    case.dense = dense
    report = verify_directory(write(complete(case), tmp_path))
    assert report.accepted, [v for v in report.verdicts if not v.accepted]
    says = [v.statement for v in report.verdicts if v.kind == "approximation"]
    if name == "logistic":
        assert says == ["|table − sigmoid(t)| ≤ 0.1 on [-4, 4] (site 1)."]
    if name == "product":
        assert says == ["|table − E .* F| ≤ 0.04688 where |E| ≤ 1/4 and |F| ≤ 3 (site 1)."]


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_corrupted_weight_is_refused(name: str, tmp_path: Path) -> None:
    honest = directory_case(name)
    for dense in (None, {"d": 3, "n": 2, "k": 2}):
        honest.dense = dense
        tensors = tensors_of(honest)
        for key, tensor in tensors.items():
            for place in range(0, tensor.size, 1 + tensor.size // 4):
                case = honest.copy()
                case.tensors = {k: v.copy() for k, v in tensors.items()}
                case.tensors[key].reshape(-1)[place] += 0.125
                report = verify_directory(write(complete(case), tmp_path))
                assert ("weights", 2) in refused(report), (key, place)
        for key in tensors:
            case = honest.copy()
            case.tensors = {k: v for k, v in tensors.items() if k != key}
            assert ("weights", 2) in refused(verify_directory(write(complete(case), tmp_path))), key


@pytest.mark.parametrize("name", ["logistic", "product"])
def test_every_corruption_of_claims_and_tables_is_refused(name: str, tmp_path: Path) -> None:
    honest = directory_case(name)
    write(complete(honest), tmp_path)
    original = json.loads((tmp_path / "certificate.json").read_text())
    for key in ("facts", "tables"):
        for path, changed in mutations(original[key]):
            document = {**original, key: changed}
            (tmp_path / "certificate.json").write_text(json.dumps(document))
            assert not verify_directory(tmp_path).accepted, (key, path)


def test_an_error_that_is_too_small_is_refused(tmp_path: Path) -> None:
    for name, error in (("logistic", "23/500"), ("product", "1499/32000")):
        case = directory_case(name)
        case.tables[0]["error"] = error
        case.claims[2] = approximation(case.tables[0])
        report = verify_directory(write(complete(case), tmp_path / name))
        assert refused(report) == {("approximation", 3), ("domain", 4), ("propagation", 5)}
        assert "only shown to be within" in next(v.reason for v in report.verdicts if v.claim == 3)


def test_owed_and_surplus_claims(tmp_path: Path) -> None:
    case = directory_case("logistic")
    spare = case.claims.pop()
    missing = {("approximation", 0), ("domain", 3), ("propagation", 4)}
    assert refused(verify_directory(write(complete(case), tmp_path))) == missing
    case.claims += [spare, spare]
    follows = {("approximation", 4), ("domain", 5), ("propagation", 6)}
    assert refused(verify_directory(write(complete(case), tmp_path))) == follows
    case.claims[3] = {**spare, "site": "2"}
    assert refused(verify_directory(write(complete(case), tmp_path))) == follows
    gated = directory_case("gated")
    gated.claims.append({**spare, "site": "1"})
    follows = {("approximation", 3), ("propagation", 4)}
    assert refused(verify_directory(write(complete(gated), tmp_path))) == follows
    plain = directory_case("ramp")
    plain.claims.append(spare)
    assert refused(verify_directory(write(complete(plain), tmp_path))) == {("approximation", 3)}


def test_a_table_too_many_or_too_few_refuses_exactness(tmp_path: Path) -> None:
    case = directory_case("logistic")
    for tables in ([], case.tables * 2):
        other = case.copy()
        other.tables = tables
        assert ("exactness", 1) in refused(verify_directory(write(complete(other), tmp_path)))
    plain = directory_case("ramp")
    plain.tables = case.tables
    assert ("exactness", 1) in refused(verify_directory(write(complete(plain), tmp_path)))


@pytest.mark.parametrize(("name", "statement"), [("logistic", WITH_TABLES), ("ramp", STATEMENT)])
def test_the_statement_says_whether_there_are_tables(
    name: str, statement: str, tmp_path: Path
) -> None:
    report = verify_directory(write(complete(directory_case(name)), tmp_path))
    assert [one.statement for one in report.verdicts if one.kind == "exactness"] == [statement]


def test_a_certificate_without_tables_is_not_read(tmp_path: Path) -> None:
    write(complete(directory_case("ramp")), tmp_path)
    document = json.loads((tmp_path / "certificate.json").read_text())
    for tables in (None, {}, "x"):
        (tmp_path / "certificate.json").write_text(json.dumps({**document, "tables": tables}))
        assert not verify_directory(tmp_path).accepted
    del document["tables"]
    (tmp_path / "certificate.json").write_text(json.dumps(document))
    assert not verify_directory(tmp_path).accepted


def test_the_function_is_the_scripts(tmp_path: Path) -> None:
    """A table of another function is not excused by being near to that."""
    case = directory_case("logistic")
    case.script = case.script.replace("sigmoid(w*x)", "tanh(w*x)")
    found = refused(verify_directory(write(complete(case), tmp_path)))
    assert {("exactness", 1), ("approximation", 3)} <= found


def test_symbols_of_a_formula_are_bound(tmp_path: Path) -> None:
    script = """algorithm by_hand(A: [d, n])
assume entries(A) in [-1, 1]
param c = 1/2
function bend(t) = c*t^2
within 1/8

return bend(A)
"""
    program = check(Source("script.alg", script))
    (node,) = (returned.value for returned in program.returns)
    text = read_text(node)
    table = {"site": "1", "function": text, "low": "-1", "high": "1", "error": "1/2"}
    table["knots"] = [["-1", "1/2"], ["0", "0"], ["1", "1/2"]]
    tables = read_tables([table], program, {"c": F(1, 2)})
    assert tables["1"].text == text
    case = directory_case("gated")
    hidden = [
        {"rows": "d", "terms": [["A", "1"]], "bias": bias, "gate": [], "gate_bias": "0"}
        for bias in ("1", "0", "-1")
    ]
    outputs = [["Z", 0, "-1/2"], ["Z", 1, "1"], ["Z", 2, "-1/2"]]
    case.template["body"][0]["mlp"] = {"hidden": hidden, "outputs": outputs, "bias": [["Z", "1/2"]]}
    case.template["sources"] = case.template["sources"][:1]
    case.template["blocks"] = [b for b in case.template["blocks"] if b["name"] != "B"]
    del case.template["read_in"]["B"]
    case.script = script
    case.template["bindings"] = {"c": "1/2"}
    for error, good in (("1/8", True), ("1/9", False)):
        case.tables = [{**table, "error": error}]
        case.claims[2:] = [approximation(case.tables[0])]
        report = verify_directory(write(complete(case), tmp_path))
        assert report.accepted is good, [v for v in report.verdicts if not v.accepted]
    case.template["bindings"] = {"c": "1"}
    case.tables = [{**table, "error": "1/8"}]
    case.claims[2:] = [approximation(case.tables[0])]
    assert ("approximation", 3) in refused(verify_directory(write(complete(case), tmp_path)))


def read_text(node: Any) -> str:
    from weightsmith.dsl.numbers.formulas import formula_text

    return formula_text(node.function.formula)
