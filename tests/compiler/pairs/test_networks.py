"""Networks of softmax pairs as files: saved, shown, run, verified, and forged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from tests.compiler.forging import rewritten
from tests.compiler.pairs.scripts import GRADIENT, MATRIX, SOFT

import weightsmith.api as ws
from weightsmith.backends.errors import LayoutError
from weightsmith.checker.verify import verify_directory
from weightsmith.cli.main import commands
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.compiler.nets.same import same_template
from weightsmith.dsl import Source
from weightsmith.dsl.running.bindings import BindingError
from weightsmith.dsl.text.diagnostics import DiagnosticError
from weightsmith.network import Network
from weightsmith.softmax_pairs import centred_template, omega_of

INPUTS = {
    "x": {
        "context": np.random.default_rng(0).normal(size=(3, 6)) / 4,
        "query": np.random.default_rng(1).normal(size=(3, 2)) / 4,
    },
    "y": {"context": np.linspace(-1, 1, 6)[None]},
}


@pytest.fixture(scope="module")
def network() -> Network:
    return ws.compile(GRADIENT, softmax_pairs="1/100")


@pytest.fixture(scope="module")
def weighted() -> Network:
    return ws.compile(GRADIENT, softmax_pairs="1/100", dims={"context": 6})


def test_it_is_saved_and_loaded(network: Network, tmp_path: Path) -> None:
    network.save(tmp_path / "net")
    loaded = ws.load(tmp_path / "net")
    assert loaded.template == network.template
    assert str(omega_of(loaded)) == "1/100"
    assert loaded.verify().accepted
    assert centred_template(loaded) == centred_template(network)
    assert [one.value for one in loaded.bounds] == [one.value for one in network.bounds]
    assert "omega = ±1/100" in loaded.show()
    answers = [one.run(INPUTS)["output"]["query"] for one in (network, loaded)]  # type: ignore[call-overload]
    assert (answers[0] == answers[1]).all()


def test_what_is_shown_is_the_network_and_its_bound(network: Network) -> None:
    text = network.show()
    assert same_template(read_net(Source("one.net", text)).template, network.template) == ""
    assert "softmax((1/100 x)ᵀ·x)" in text
    assert "centred network|| <= " in text
    assert "omega = ±1/100" in text


def test_all_executions_agree(network: Network, weighted: Network) -> None:
    plain = network.run(INPUTS)["output"]["query"]  # type: ignore[call-overload]
    for dtype, close in (("float64", 1e-11), ("float32", 1e-4)):
        found = weighted.run(INPUTS, dtype)["output"]["query"]  # type: ignore[call-overload]
        assert np.abs(found - plain).max() < close
    faithful = weighted.run(INPUTS, execution="faithful")["output"]["query"]  # type: ignore[call-overload]
    assert np.abs(faithful - plain).max() < 1e-11
    assert weighted.module(dims={"d": 3}) is not None


def test_weights_are_for_a_number_of_tokens(network: Network, weighted: Network) -> None:
    assert "model.safetensors" not in network.files()
    assert "model.safetensors" in weighted.files()
    assert weighted.verify().accepted
    assert weighted.template.binding("N") == "6"
    with pytest.raises(LayoutError, match="6 context tokens"):
        weighted.run(
            {
                **INPUTS,
                "x": {g: one[:, :2] for g, one in INPUTS["x"].items()},
                "y": {"context": INPUTS["y"]["context"][:, :2]},
            }
        )


def test_exact_functions_of_entries_go_along() -> None:
    network = ws.compile(SOFT, softmax_pairs="1/10")
    assert network.verify().accepted
    assert {one.against for one in network.bounds} == {"centred network"}


def test_the_distance_from_a_target_is_open() -> None:
    network = ws.compile(MATRIX, softmax_pairs="1/10")
    near, far = sorted(network.bounds, key=lambda one: one.against)
    assert near.against == "centred network"
    assert near.unproven is None
    assert far.against == "target"
    assert far.unproven is not None
    assert network.verify().accepted
    assert "pairs" in {one.kind for one in network.verify().verdicts}


MISTAKES = [
    ("algorithm f(x: [d] per context)\nreturn x*softmax(x'*x) over context\n", 2, "no linear head"),
    (
        "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [1/2, 1]\nparam steps\n"
        "ensure error <= 1/10\nX = I\nrepeat steps:\n    X = 2*X - X*A*X\n"
        "return X approximates inv(A)\n",
        4,
        "promised error",
    ),
    (
        GRADIENT.replace("(w*x - y) * x'", "(sigmoid(clip(w*x, -1, 1)) - y) * x'"),
        8,
        "computed by tables",
    ),
]


@pytest.mark.parametrize(("script", "line", "what"), MISTAKES, ids=[one for *_, one in MISTAKES])
def test_a_mistake_has_a_place_and_a_hint(script: str, line: int, what: str) -> None:
    with pytest.raises(DiagnosticError, match=what) as caught:
        ws.compile(script, softmax_pairs="1/10")
    assert f":{line}:" in str(caught.value)
    assert "help:" in str(caught.value)


@pytest.mark.parametrize("omega", ["x", "1/0", ""])
def test_omega_is_a_number(omega: str) -> None:
    with pytest.raises(BindingError, match="omega"):
        ws.compile(GRADIENT, softmax_pairs=omega)


@pytest.mark.parametrize("omega", ["0", "-1/10"])
def test_omega_is_above_zero(omega: str) -> None:
    with pytest.raises(DiagnosticError, match="above 0"):
        ws.compile(GRADIENT, softmax_pairs=omega)


def test_tokens_that_no_pair_counts_are_a_mistake() -> None:
    with pytest.raises(DiagnosticError, match="'query'"):
        ws.compile(GRADIENT, softmax_pairs="1/10", dims={"query": 2})


# -- forged ----------------------------------------------------------------------------------------

Change = Callable[[dict[str, Any]], object]


def head(template: dict[str, Any], number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = template["body"][0]["body"][0]["heads"][number]
    return found


def _set(path: str, value: object) -> Change:
    """Set what a path of keys and places leads to."""

    def change(document: dict[str, Any]) -> None:
        *way, last = path.split(".")
        place: Any = document
        for one in way:
            place = place[int(one)] if one.isdigit() else place[one]
        place[int(last) if last.isdigit() else last] = value

    return change


IN_TEMPLATE: dict[str, Change] = {
    "an output": lambda t: head(t)["outputs"][0].__setitem__(2, "50*N + 1"),
    "both outputs, not opposite": lambda t: head(t, 1)["outputs"][0].__setitem__(2, "50*N"),
    "an output without N": lambda t: [
        head(t, k)["outputs"][0].__setitem__(2, sign + "300") for k, sign in ((0, ""), (1, "-"))
    ],
    "a key": lambda t: head(t)["keys"][0][0].__setitem__(1, "1/99"),
    "both keys": lambda t: [
        head(t, k)["keys"][0][0].__setitem__(1, s + "1/99") for k, s in ((0, ""), (1, "-"))
    ],
    "equal keys": lambda t: head(t, 1)["keys"][0][0].__setitem__(1, "1/100"),
    "a query": lambda t: head(t, 1)["queries"][0][0].__setitem__(1, "2"),
    "a value": lambda t: head(t, 1)["values"][0][0].__setitem__(1, "2*eta"),
    "the mask": lambda t: head(t)["scores"].__setitem__("normalised", False),
    "the function": lambda t: [
        head(t, k)["scores"].__setitem__("function", "tanh") for k in (0, 1)
    ],
    "the groups": lambda t: head(t)["query_groups"].remove("query"),
    "what N counts": lambda t: t["sizes"].__setitem__("N", "query"),
    "one head": lambda t: t["body"][0]["body"][0]["heads"].pop(),
}
IN_CERTIFICATE: dict[str, Change] = {
    "a smaller bound": _set("facts.1.fact.bound.value", "1/1000000"),
    "a larger bound": _set("facts.1.fact.bound.value", "1/10"),
    "a formula": _set("facts.1.fact.bound.formula", "1*omega^2"),
    "fewer hypotheses": _set("facts.1.fact.hypotheses", [["assumption", 0]]),
    "omega": _set("facts.0.fact.omega", "1/1000"),
    "omega of the witness": _set("facts.0.with.omega", "1/1000"),
    "omega of both": lambda c: (
        _set("facts.0.with.omega", "1/1000")(c),
        _set("facts.0.fact.omega", "1/1000")(c),
    ),
    "omega below zero": _set("facts.0.with.omega", "-1/100"),
    "no pairs": _set("facts.0.with.pairs", []),
    "a pair elsewhere": _set("facts.0.with.pairs", [[0, 1]]),
    "a pair twice": _set("facts.0.with.pairs", [[0, 0], [0, 0]]),
    "a pair too many": _set("facts.0.with.pairs", [[0, 0], [1, 0]]),
    "a loop less": _set("facts.0.with.loops", []),
    "another output": _set("facts.1.fact.of", "w"),
    "from nothing": _set("facts.1.from", []),
    "called exactness": lambda c: c["facts"][0].update(
        fact={"is": "exactness", "of": "script.alg"}, by="simulation"
    ),
    "exactness itself": lambda c: c["facts"].__setitem__(
        slice(None),
        [
            {
                "n": 1,
                "fact": {"is": "exactness", "of": "script.alg"},
                "by": "simulation",
                "from": [],
                "with": {"loops": c["facts"][0]["with"]["loops"]},
            }
        ],
    ),
    "nothing": lambda c: c["facts"].clear(),
}


@pytest.mark.parametrize("change", IN_TEMPLATE.values(), ids=IN_TEMPLATE)
def test_a_changed_network_is_refused(network: Network, change: Change) -> None:
    document = json.loads(network.files()["template.json"])
    change(document)
    assert not verify_directory(rewritten(network.files(), "template.json", document)).accepted


@pytest.mark.parametrize("change", IN_CERTIFICATE.values(), ids=IN_CERTIFICATE)
def test_a_changed_certificate_is_refused(network: Network, change: Change) -> None:
    document = json.loads(network.files()["certificate.json"])
    change(document)
    assert not verify_directory(rewritten(network.files(), "certificate.json", document)).accepted


def test_the_order_within_a_pair_says_the_same(network: Network) -> None:
    document = json.loads(network.files()["template.json"])
    document["body"][0]["body"][0]["heads"].reverse()
    assert verify_directory(rewritten(network.files(), "template.json", document)).accepted


def test_unchanged_it_is_accepted(network: Network) -> None:
    document = json.loads(network.files()["certificate.json"])
    assert verify_directory(rewritten(network.files(), "certificate.json", document)).accepted


def test_a_number_of_tokens_is_whole(weighted: Network) -> None:
    for value in ("13/2", "0", "-6"):
        document = json.loads(weighted.files()["template.json"])
        document["bindings"]["N"] = value
        assert not verify_directory(rewritten(weighted.files(), "template.json", document)).accepted


def test_a_target_proven_of_linear_heads_is_refused() -> None:
    """The facts about the script hold; that they are about the network does not."""
    linear, network = ws.compile(MATRIX), ws.compile(MATRIX, softmax_pairs="1/10")
    lines = json.loads(linear.files()["certificate.json"])["facts"]
    document = json.loads(network.files()["certificate.json"])
    facts = [one for one in document["facts"] if one["fact"]["is"] != "open"]
    shift = len(facts)
    own = [one for one in lines if one["fact"]["is"] in ("spectrum", "recurrence", "truncation")]
    numbers = {one["n"]: shift + place for place, one in enumerate(own, 1)}
    moved = [
        {**one, "n": numbers[one["n"]], "from": [numbers[n] for n in one["from"]]} for one in own
    ]
    document["facts"] = [{**one, "n": n} for n, one in enumerate([*facts, *moved], 1)]
    report = verify_directory(rewritten(network.files(), "certificate.json", document))
    assert not report.accepted
    wrong = [one for one in report.verdicts if not one.accepted]
    assert ["proven of the script, not of softmax pairs" in one.reason for one in wrong] == [True]


# -- command line ----------------------------------------------------------------------------------


def call(*arguments: object) -> Result:
    result = CliRunner().invoke(commands, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_on_the_command_line(tmp_path: Path) -> None:
    script, out = tmp_path / "gd.alg", tmp_path / "net"
    script.write_text(GRADIENT)
    compiled = call("compile", script, "--softmax-pairs", "1/100", "-o", out)
    assert compiled.exit_code == 0
    assert "note    softmax pairs at omega = 1/100" in compiled.stdout
    assert "||output - centred network|| <= " in compiled.stdout
    for name, piece in (("x.context", 0), ("x.query", 1)):
        np.save(tmp_path / f"{name}.npy", list(INPUTS["x"].values())[piece])
    np.save(tmp_path / "y.npy", INPUTS["y"]["context"])
    files = [f"{name}={tmp_path / name}.npy" for name in ("x.context", "x.query", "y")]
    given = [part for one in files for part in ("--input", one)]
    run = call("run", out, *given, "--certify")
    assert run.exit_code == 0, run.stderr
    assert "certified, before round-off: ||output - centred network|| <= " in run.stderr
    assert "for this input: ||output - the centred network|| <= " in run.stderr
    assert call("verify", out).exit_code == 0
    assert "softmax((1/100 x)ᵀ·x)" in call("show", out).stdout
    text = call("export", out, "-o", tmp_path / "net.net")
    assert text.exit_code == 0
    assert call("show", tmp_path / "net.net").exit_code == 0


def test_mistakes_on_the_command_line(tmp_path: Path) -> None:
    script, out = tmp_path / "f.alg", tmp_path / "net"
    script.write_text(MISTAKES[0][0])
    found = call("compile", script, "--softmax-pairs", "1/100", "-o", out)
    assert found.exit_code == 1
    assert ":2:8: error[no-use]: the network has no linear head" in found.stderr
    script.write_text(GRADIENT)
    dense = call("compile", script, "--softmax-pairs", "1/100", "--dense", "-o", out)
    assert dense.exit_code == 2
    assert not out.exists()
