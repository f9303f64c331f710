"""Core forms that no script has: refused by the kernel with a sentence, and nothing is accepted."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checker_cases import CASES
from checker_mutations import Path as Place
from checker_writing import write

from weightsmith import api
from weightsmith.checker import verify_directory
from weightsmith.checker.reading.core_form import read_core
from weightsmith.checker.reading.refusal import Budget, OverBudgetError, RefusedError
from weightsmith.checker.reading.well_formed import check_program
from weightsmith.dsl import Source, check, load_source
from weightsmith.dsl.printing.core_form import core_form
from weightsmith.dsl.program import core

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted([*(ROOT / "examples").glob("*.alg"), *(ROOT / "tests/scripts").glob("*.alg")])
A, X, Q = (["name", ["d", "d"], name] for name in "AXQ")
TOKENS = ["token", "context"]
START = ("body", 0, "be", 0)
STEP = ("body", 1, "body", 0, "be", 0)
RETURNED = ("returns", 0)
TARGET = (*RETURNED, "target")
OF = ("assumptions", 0, "of")


def sum_of(*nodes: Any) -> list[Any]:
    return ["sum", ["d", "d"], *(["1", node] for node in nodes)]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_what_scripts_say_is_well_formed(path: Path) -> None:
    check_program(check(load_source(path)))


# the path, what stands there, and what is said; all of newton_inverse
NEWTON: dict[str, tuple[Place, Any, str]] = {
    # names
    "an input twice": (
        ("inputs",),
        [{"name": "A", "shape": ["d", "d"], "symmetric": True}] * 2,
        "declared twice",
    ),
    "an input with the name of a number": (("inputs", 0, "name"), "mu", "declared twice"),
    "an input with the name of a carried value": (("inputs", 0, "name"), "X#0", "no name of an in"),
    "an input with a dot": (("inputs", 0, "name"), "A.B", "no name of an input"),
    "a number twice": (("parameters", 1, "name"), "mu", "declared twice"),
    "a dimension twice": (("dimensions",), ["d", "d"], "declared twice"),
    "a dimension of tokens": (("dimensions",), ["d", "context"], "declared twice, or not free"),
    "a dimension of nothing": (("dimensions",), ["d", "m"], "dimensions are not those"),
    "no dimension": (("dimensions",), [], "dimensions are not those"),
    "a name bound twice": (("body", 0), {"let": ["X", "X"], "be": [A, A]}, "declared twice"),
    "an input assigned": (("body", 0, "let", 0), "A", "An input or a number is assigned"),
    "a number assigned": (("body", 0, "let", 0), "mu", "An input or a number is assigned"),
    "an unknown name": (STEP, Q, "'Q' has no value here"),
    "a name before its value": (START, X, "'X' has no value here"),
    "a value of a loop after it": (
        ("body",),
        [
            {"repeat": "steps", "for": {}, "body": [{"let": ["Q"], "be": [A]}]},
            {"let": ["X"], "be": [Q]},
        ],
        "'Q' has no value here",
    ),
    "a value of a pass in the next": (
        ("body", 1, "body"),
        [{"let": ["X"], "be": [Q]}, {"let": ["Q"], "be": [A]}],
        "'Q' has no value here",
    ),
    "an unknown value returned": ((*RETURNED, "value"), Q, "'Q' has no value here"),
    "a target of an unknown value": ((*TARGET, 3), Q, "'Q' has no value here"),
    "a target of what a loop computes": ((*TARGET, 3), X, "'X' has no value here"),
    "an assumption of what a loop computes": (OF, X, "'X' has no value here"),
    "an assumption of an unknown value": (OF, Q, "'Q' has no value here"),
    # shapes
    "a name of another shape": ((*STEP, 2, 1, 1), ["d", "1"], "where its shape says d by 1"),
    "a sum of two shapes": (STEP, sum_of(X, ["ones", ["d", "1"]]), "where its shape says d by d"),
    "a product of two axes": (
        STEP,
        ["product", ["d", "d"], [], X, ["ones", ["1", "d"]]],
        "A product joins the axes d and 1",
    ),
    "a product of another shape": (
        STEP,
        ["product", ["d", "1"], [], X, A],
        "where its shape says d by 1",
    ),
    "an identity that is not square": (START, ["identity", ["d", "1"]], "not square"),
    "a transposed of another shape": (
        START,
        ["transpose", ["d", "d"], ["ones", ["d", "1"]]],
        "where its shape says d by d",
    ),
    "an axis that is none": (START, ["zero", ["d", "m"]], "'m' is none of an input"),
    "an axis of no entries": (START, ["zero", ["d", "0"]], "'0' is none of an input"),
    "an axis in other words": (START, ["zero", ["d", "01"]], "'01' is none of an input"),
    "tokens of no group": (START, ["zero", ["d", ["token"]]], "'token' is none of an input"),
    "a value that changes its shape": (
        ("body", 1, "body", 0, "be"),
        [["zero", ["d", "1"]]],
        "changes its shape in a loop",
    ),
    "a target of another shape": (
        TARGET,
        ["product", ["d", "1"], [], A, ["ones", ["d", "1"]]],
        "its target differ in shape",
    ),
    "a function of another shape": ((*TARGET, 1), ["d", "1"], "where its shape says d by 1"),
    "a function of what is not square": (
        TARGET,
        ["function", ["d", "1"], "exp", ["ones", ["d", "1"]], None, None, ""],
        "not square",
    ),
    "an unknown function": ((*TARGET, 2), "log", "'log' is not known"),
    "an exponent of no power": ((*TARGET, 4), "1/2", "Only a power has an exponent"),
    "a power of no exponent": ((*TARGET, 2), "power", "Only a power has an exponent"),
    "a formula of no function": ((*TARGET, 5), "exp(t)", "is of 'spectral' alone"),
    "a label of no formula": ((*TARGET, 6), "g", "is of 'spectral' alone"),
    "a formula that is missing": ((*TARGET, 2), "spectral", "is of 'spectral' alone"),
    "a function outside a target": (
        STEP,
        ["function", ["d", "d"], "inv", A, None, None, ""],
        "outside a target",
    ),
    "a function in an assumption": (
        OF,
        ["function", ["d", "d"], "inv", A, None, None, ""],
        "outside a target",
    ),
    "a root in a value": (STEP, ["root", ["d", "d"], "w", A], "not a whole target"),
    "a root in a sum": (
        TARGET,
        sum_of(A, ["root", ["d", "d"], "w", A]),
        "not a whole target",
    ),
    "an input that is not square": (
        ("inputs", 0),
        {"name": "A", "shape": ["d", "1"], "symmetric": True},
        "is symmetric, not square",
    ),
    # numbers
    "an unknown number": ((*START, 2, 0), "1/q", "'q' is not known here"),
    "an unknown end": (("assumptions", 0, "ends", 0), "q", "'q' is not known here"),
    "an unknown count": (("body", 1, "repeat"), "q", "is not called a count|not known"),
    "an unknown default": (("parameters", 0, "default"), "q", "'q' is not known here"),
    "a default of itself": (("parameters", 0, "default"), "mu + 0*mu", "depends on itself"),
    "a count that is called none": (("parameters", 2, "count"), False, "not called a count"),
    "no count that is called one": (("parameters", 0, "count"), True, "not called a count"),
    "a default that counts nothing": (("parameters", 2, "default"), "-1", "a count that is not wh"),
    "a default of half a pass": (("parameters", 2, "default"), "1/2", "a count that is not whole"),
    "an unknown count that is chosen": (("untils",), [["q", "1/2"]], "counts no passes"),
    "a number that is chosen": (("untils",), [["mu", "1/2"]], "counts no passes"),
    "an unknown number to be ensured": (("ensure",), "q", "'q' is not known here"),
    "fewer numbers than passes": (("body", 1, "for"), {"eta": ["1"]}, "one number for every pass"),
    "a number of passes with a name": (("body", 1, "for"), {"mu": ["1"]}, "declared twice"),
    # what is returned
    "nothing returned": (("returns",), [], "returns nothing"),
    "groups where there are none": ((*RETURNED, "on"), ["query"], "not defined where it is ret"),
}
SPOKEN = ("exactness", "spectrum", "recurrence", "truncation")
FOLLOWS = "from which it is to follow, is not proven"
# Passes that are no whole number have no meaning, which the rules say
COUNTS = ("-1", "1/2", "mu", "1000000000000000")


def script_of(text: str) -> core.Program:
    return check(Source("script.alg", text))


def form_with(name: str, place: Place, new: Any) -> Any:
    form = json.loads(json.dumps(core_form(script_of(CASES[name]().script))))
    inner = form
    for key in place[:-1]:
        inner = inner[key]
    assert json.dumps(inner[place[-1]]) != json.dumps(new)
    inner[place[-1]] = copy.deepcopy(new)
    return form


def kernel_refuses(name: str, form: Any, directory: Path) -> list[str]:
    """Write the case with another program; the reasons, after a look that nothing is accepted.

    A fact that follows from another only says that this one is not proven.
    """
    write(CASES[name](), directory)
    path = directory / "certificate.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "program": form}))
    verdicts = verify_directory(directory, kernel=True).verdicts
    whole = [one for one in verdicts if one.kind in ("exactness", "truncation")]
    assert {one.kind for one in whole} == {"exactness", "truncation"}
    assert not any(one.accepted for one in whole)
    assert not any("could not follow" in one.reason for one in verdicts)
    refused = [one for one in verdicts if one.kind in SPOKEN and not one.accepted]
    return [one.reason for one in refused if FOLLOWS not in one.reason]


@pytest.mark.parametrize("what", NEWTON)
def test_a_form_that_no_script_has_is_refused(what: str, tmp_path: Path) -> None:
    place, new, said = NEWTON[what]
    form = form_with("newton_inverse", place, new)
    with pytest.raises(RefusedError, match=said):
        check_program(read_core(form, "the program"))
    reasons = kernel_refuses("newton_inverse", form, tmp_path)
    assert len(reasons) >= 2  # of the network, and of the first fact that is of the script alone
    assert len(set(reasons)) == 1


@pytest.mark.parametrize("count", COUNTS)
def test_a_count_that_is_none_is_refused(count: str, tmp_path: Path) -> None:
    form = form_with("newton_inverse", ("body", 1, "repeat"), count)
    form["parameters"][0]["count"] = count == "mu"
    form["parameters"][2]["count"] = False
    kernel_refuses("newton_inverse", form, tmp_path)


def accepted(script: str, directory: Path, change: Callable[[Any], None]) -> dict[str, str]:
    """What the kernel says of a compiled script whose program is changed, by kinds of claims."""
    api.compile(script).save(directory / "net")
    path = directory / "net" / "certificate.json"
    certificate = json.loads(path.read_text())
    assert verify_directory(directory / "net", kernel=True).accepted
    change(certificate["program"])
    path.write_text(json.dumps(certificate))
    verdicts = verify_directory(directory / "net", kernel=True).verdicts
    return {one.kind: "" if one.accepted else one.reason for one in verdicts}


def test_an_input_is_not_taken_for_what_a_loop_carries(tmp_path: Path) -> None:
    """The letter of X in loop 0 is X#0: of an input of this name X*X was taken for its product."""
    script = "algorithm f(A: [d, d])\nX = A\nrepeat 2:\n    X = X*X\nreturn X\n"

    def change(program: Any) -> None:
        program["inputs"].append({"name": "X#0", "shape": ["d", "d"], "symmetric": False})
        program["body"][1]["body"][0]["be"][0][3] = ["name", ["d", "d"], "X#0"]

    assert "'X#0' is no name of an input" in accepted(script, tmp_path, change)["exactness"]


def test_a_target_is_not_of_an_input_that_was_assigned(tmp_path: Path) -> None:
    """A = A/2 in place of B = A/2: the returned value is near inv(A/2), not inv(A)."""
    script = """algorithm f(A: symmetric[d, d])
assume spectrum(A) in [1/2, 2]
B = 1/2*A
X = 4/5*I
repeat 3:
    X = 2*X - X*B*X
return X approximates inv(1/2*A)
"""

    def change(program: Any) -> None:
        program["body"] = json.loads(json.dumps(program["body"]).replace('"B"', '"A"'))
        program["returns"][0]["target"][3] = A

    found = accepted(script, tmp_path, change)
    assert "An input or a number is assigned" in found["spectrum"]
    assert FOLLOWS in found["truncation"]
    assert found["exactness"]


@pytest.mark.parametrize("site", ["", "-1", "1.0", "\u0663", "1][2", "x"])
def test_sites_are_numbers(site: str, tmp_path: Path) -> None:
    script = "algorithm f(A: [d, m])\nX = relu(A)\nreturn X\n"

    def change(program: Any) -> None:
        program["body"][0]["be"][0][2] = site

    assert f"The site '{site}' is no number" in accepted(script, tmp_path, change)["exactness"]


def test_two_functions_have_two_sites(tmp_path: Path) -> None:
    """A function is known by its site: one of them would be taken for the other."""
    text = "algorithm f(A: [d, m])\nX = relu(A)\nY = relu(A + A)\nreturn X + Y\n"

    def change(program: Any) -> None:
        node = program["body"][1]["be"][0]
        assert (node[0], node[2]) == ("entrywise", "2")
        node[2:5] = "1", "abs", {"constant": "0", "slope": "-1", "kinks": [["0", "2"]]}

    found = accepted(text, tmp_path, change)
    assert "Two sites of the script have the number 1" in found["exactness"]


# the path, what stands there, and what is said; all of gradient_descent, which has tokens
DESCENT: dict[str, tuple[Place, Any, str]] = {
    "tokens that are not summed": ((*OF, 2), [], "sums over tokens"),
    "tokens that a factor has not": ((*OF, 3, 1, 1), ["token", "query"], "sums over tokens"),
    "a value on other tokens": (("inputs", 0, "shape", 1), TOKENS, "not defined on all its tokens"),
    "returned on no tokens": ((*RETURNED, "on"), [], "not defined where it is returned"),
    "rows of tokens": (OF, ["name", [["token", "context"], "d"], "x"], "where its shape says"),
    "tokens without a group": (
        ("inputs", 0, "shape", 1),
        ["token"],
        "'token' is none of an input",
    ),
}


@pytest.mark.parametrize("what", DESCENT)
def test_tokens_are_summed_where_they_are(what: str, tmp_path: Path) -> None:
    place, new, said = DESCENT[what]
    form = form_with("gradient_descent", place, new)
    with pytest.raises(RefusedError, match=said):
        check_program(read_core(form, "the program"))
    kernel_refuses("gradient_descent", form, tmp_path)


def test_an_axis_is_not_a_group_of_tokens(tmp_path: Path) -> None:
    """A plain axis called "context" would be joined with the context's tokens."""
    form = form_with("gradient_descent", ("inputs", 1, "shape"), ["k", "context"])
    with pytest.raises(RefusedError, match="dimensions are not those"):
        check_program(read_core(form, "the program"))
    form["dimensions"].append("context")
    with pytest.raises(RefusedError, match="declared twice, or not free"):
        check_program(read_core(form, "the program"))
    kernel_refuses("gradient_descent", form, tmp_path)


def test_loops_within_loops_that_lose_tokens_cost_what_they_cost() -> None:
    """Every loop is read again when a value loses a group in it: counted, and at last refused."""
    lines = ["algorithm f(x: [d] per token)", *(f"w{n} = x" for n in range(60))]
    form = core_form(
        script_of("\n".join([*lines, "repeat 2:", "    w0 = w1", "return w0 on context\n"]))
    )
    (loop,) = (one for one in form["body"] if "repeat" in one)
    whole, part = ["d", ["token", "context", "query"]], ["d", ["token", "context"]]
    body = [{"let": ["w0"], "be": [["name", part, "x"]]}]
    for n in range(1, 60):
        inner = {"repeat": "2", "for": {}, "body": body}
        body = [inner, {"let": [f"w{n}"], "be": [["name", part, f"w{n - 1}"]]}]
    loop["body"] = body
    program = read_core(form, "the program")
    assert whole in [one["shape"] for one in form["inputs"]]
    with Budget(3_000).active(), pytest.raises((OverBudgetError, RefusedError)):
        check_program(program)


def test_a_script_of_a_root_is_well_formed_and_its_unknown_is_its_own() -> None:
    text = """algorithm f(b: [d, 1], A: symmetric[d, d])
X = b
repeat 3:
    X = X + 1/2*(b - A*X)
return X approximates root(w: A*w - b)
"""
    form = json.loads(json.dumps(core_form(script_of(text))))
    check_program(read_core(form, "the program"))
    assert check(Source("script.alg", text)).returns[0].target is not None
    form["returns"][0]["target"][2] = "v"
    with pytest.raises(RefusedError, match="'w' has no value here"):
        check_program(read_core(form, "the program"))
