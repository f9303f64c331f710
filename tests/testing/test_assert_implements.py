"""``assert_implements``: what passes, and what the message is where it fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import weightsmith.api as ws
from weightsmith.testing import assert_implements, implements_from, lift_from

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "backends" / "lift" / "sample"
LINES = """
algorithm gd(x: [d] per token, y: [1] per context)
param eta, N, steps
w = 0
repeat steps:
    w = w - eta/N*(w*x - y)*x'  over context
return w*x on query
"""
GENERAL = (  # the sample, for any number of passes
    (SAMPLE / "gd.net")
    .read_text(encoding="utf-8")
    .replace("repeat 4", "repeat steps")
    .replace("N = size(context)", "N = size(context), steps")
)
# w is never negative, so that relu(w) is w; no invariant says so
POSITIVE = """
algorithm positive(x: [d, d])
param steps
w = 0
repeat steps:
    w = relu(w - x)
return w
"""
POSITIVE_NET = """
network positive
input x: [d, d]
param steps
tokens  d scratch
stream  x  d rows, starts as x
        w  d rows, starts as 0
repeat steps:
    layer   mlp   w += relu(w - x)
                  w += -relu(w)
return  w = w at d tokens
"""


def message_of(*given: object, **options: object) -> str:
    with pytest.raises(AssertionError) as refused:
        implements_from(SAMPLE)(*given, **options)  # type: ignore[arg-type]
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    return str(refused.value)


# -- what passes ---------------------------------------------------------------------------------


def test_paths_are_from_the_folder_of_the_file_that_has_them() -> None:
    sample = "../backends/lift/sample"
    found = assert_implements(f"{sample}/gd.net", f"{sample}/gd.alg", bind={"steps": 4})
    assert found.outcome == "equal"


def test_absolute_paths_and_texts() -> None:
    assert assert_implements(GENERAL, SAMPLE / "gd.alg").outcome == "equal"
    assert assert_implements(GENERAL, LINES).outcome == "equal"


def test_a_network_and_its_directory(tmp_path: Path) -> None:
    network = ws.compile(LINES)
    network.save(tmp_path / "gd")
    assert assert_implements(network, LINES).outcome == "equal"
    assert assert_implements(tmp_path / "gd", LINES).outcome == "equal"


def test_which_value_is_which() -> None:
    two = LINES.replace("return", "return w,")
    net = GENERAL.replace("output", "r")
    with pytest.raises(AssertionError, match=r'returns=\{"r": "w"\}'):
        assert_implements(net, two)
    assert assert_implements(net, two, returns={"r": "output2"}).is_equal


def test_lifted_weights_at_hand() -> None:
    key, value, proj = np.zeros((6, 5)), np.zeros((6, 6)), np.zeros((6, 6))
    key[:5] = np.eye(5)
    value[5, 5], proj[5, 5] = -1, 0.37 / 13
    arrays = {"key": key, "value": value, "proj": proj, "out": -np.eye(6)[5:]}
    lift = lift_from(SAMPLE)
    network = lift(arrays, "layout.toml")
    assert network == lift([arrays], [(SAMPLE / "layout.toml").read_text(encoding="utf-8")])
    assert assert_implements(network, SAMPLE / "gd.alg", bind={"steps": 4}).is_equal
    with pytest.raises(AssertionError, match="expected float64 or float32 in 'out', got int64"):
        lift({**arrays, "out": np.ones((1, 6), dtype=np.int64)}, "layout.toml")


def test_a_state_dict_at_hand() -> None:
    torch = pytest.importorskip("torch")
    eye = torch.eye(6, dtype=torch.float64)
    value, proj = torch.zeros(6, 6), torch.zeros(6, 6)
    value[5, 5], proj[5, 5] = -1, 0.37 / 13
    tensors = {"key": eye[:, :5], "value": value, "proj": proj, "out": -eye[5:]}
    module = torch.nn.ParameterDict(tensors)
    network = lift_from(SAMPLE)(module.state_dict(), "layout.toml")
    assert implements_from(SAMPLE)(network, "gd.alg", bind={"steps": 4}).is_equal
    tensors["key"] = tensors["key"].bfloat16()
    with pytest.raises(AssertionError, match="in 'key', got bfloat16"):
        lift_from(SAMPLE)(tensors, "layout.toml")


# -- what fails ----------------------------------------------------------------------------------


def test_the_message_is_the_report() -> None:
    found = message_of("gd.net", "gd_half.alg", bind={"steps": 4})
    assert (
        found == ws.compare(SAMPLE / "gd.net", SAMPLE / "gd_half.alg", settings={"steps": 4}).text
    )
    first, second = found.splitlines()
    assert first.startswith("NOT EQUAL, output at query:   network - script = ")
    assert second.startswith("  smallest input found: d = 1, context = 1, query = 1; ")


def test_an_open_question_fails_and_numbers_of_passes_close_it() -> None:
    found = message_of(POSITIVE_NET, POSITIVE)
    assert found.startswith("OPEN: equal after 0 to 3 passes; no induction was found\n")
    assert found.endswith("numbers of passes, the two are compared for these alone.")
    assert implements_from(HERE)(POSITIVE_NET, POSITIVE, bind={"steps": 2}).outcome == "equal here"


@pytest.mark.parametrize(
    ("network", "script", "bind", "message"),
    [
        ("absent.net", "gd.alg", {}, "absent.net:1:1: error[file-unreadable]: cannot read"),
        ("gd.net", "absent.alg", {}, "absent.alg:1:1: error[file-unreadable]: cannot read"),
        ("gd.net", "gd.net", {}, "gd.net:9:21: error[character]: unexpected '+='"),
        ("gd.alg", "gd.alg", {}, "gd.alg:1:1: error["),
        (".", "gd.alg", {}, "holds no compiled network"),
        ("gd.net", LINES.replace("w*x on", "v*x on"), {}, "error[unknown-name]: unknown name 'v'"),
        ("gd.net", LINES.replace("x: [d]", "x: [k]"), {}, "has d rows in the network, k in the"),
        ("gd.net", "gd.alg", {"stepz": 4}, "has a parameter 'stepz'"),
        ("gd.net", "gd.alg", {"steps": "many"}, "'steps'"),
    ],
)
def test_a_mistake_is_a_message(
    network: str, script: str, bind: dict[str, object], message: str
) -> None:
    assert message in message_of(network, script, bind=bind)


@pytest.mark.parametrize(
    ("weights", "layout", "message"),
    [
        ("absent.npz", "layout.toml", "absent.npz': No such file"),
        ("gd.net", "layout.toml", "is no safetensors file"),
        ({}, "absent.toml", "absent.toml': No such file"),
        ({}, "layout.toml", "the file has no tensor"),
        ([{}, {}], "layout.toml", "expected a layout for each of 2"),
        ({}, "name = 3\n", "layout.toml: the layout: 'tokens' is missing"),
    ],
)
def test_a_mistake_in_weights_is_a_message(weights: object, layout: str, message: str) -> None:
    with pytest.raises(AssertionError) as refused:
        lift_from(SAMPLE)(weights, layout)  # type: ignore[arg-type]
    assert message in str(refused.value)


def test_a_fault_of_ours_is_no_assertion() -> None:
    with pytest.raises(TypeError):
        implements_from(HERE)(3, LINES)  # type: ignore[arg-type]


def test_importing_it_loads_nothing() -> None:
    code = "import sys, weightsmith.testing; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith("weightsmith.")}
    assert loaded == {"weightsmith.testing"}
    assert not {"torch", "numpy", "click", "lark"} & set(done.stdout.split())


def test_what_was_proven_is_kept(tmp_path: Path) -> None:
    assert_implements(GENERAL, LINES).save(tmp_path / "gd")
    assert ws.verify(tmp_path / "gd").outcome == "proven"
