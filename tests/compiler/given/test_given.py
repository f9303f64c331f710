"""Numbers of tokens and fixed matrices in scripts: what the data, and whoever compiles, give."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import weightsmith.api as ws
from weightsmith.backends.errors import LayoutError
from weightsmith.checker.verify import verify_directory
from weightsmith.dsl import BindingError, DiagnosticError
from weightsmith.dsl.running.interpreter import InputError, run

MEAN = """algorithm mean_gd(x: [d] per token, y: [1] per context)
param eta = 1, steps = 3, n = size(context)
w = 0*y*x' over context
repeat steps:
    w = w - eta/n*(w*x - y)*x' over context
return w*x on query
"""
LAYERS = """algorithm layers(x: [d] per token, W: fixed[k, d], V: fixed[d, k])
param steps = 2
z = x
repeat steps:
    z = z + V*relu(W*z) + 1/10*z*(z'*W'*W*z) over context
return z on query, W*z on context
"""
INITIAL = """algorithm initial(x: [d] per context, y: [k] per context, W0: fixed[k, d])
param eta = 1/10, steps = 2
w = W0
repeat steps:
    w = w - eta*(w*x - y)*x' over context
return w, w*x
"""


def tokens(seed: int, rows: int, **counts: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {group: random.standard_normal((rows, n)) for group, n in counts.items()}


def far(network: ws.Network, inputs: dict[str, object], more: dict[str, object]) -> float:
    """The largest difference from the interpreter, by the plan and by the dense transformer."""
    wanted = run(network.program, {**inputs, **more}, network.bindings)  # type: ignore[dict-item]
    found = []
    for execution in ("plan", "faithful"):
        answer = network.run(inputs, execution=execution)  # type: ignore[arg-type]
        for name, value in answer.items():
            parts = value.items() if isinstance(value, dict) else [("", value)]
            for group, part in parts:
                other = wanted[name]
                right = other[group] if isinstance(other, dict) else other
                found.append(float(np.abs(part - right).max()))
    return max(found)


# -- numbers of tokens ---------------------------------------------------------------------------


def test_the_number_of_tokens_is_that_of_the_data(tmp_path: Path) -> None:
    network = ws.compile(MEAN)
    network.save(tmp_path / "n")
    assert verify_directory(tmp_path / "n").accepted
    assert network.missing == ()
    for count in (1, 4, 9):
        x = tokens(count, 3, context=count, query=2)
        y = tokens(count + 1, 1, context=count)
        assert far(network, {"x": x, "y": y}, {}) < 1e-13
    assert "param eta = 1, n = size(context)" in str(ws.load(tmp_path / "n"))


def test_a_number_that_is_set_is_for_that_number_only() -> None:
    network = ws.compile(MEAN, settings={"n": 4})
    x, y = tokens(0, 3, context=4, query=2), tokens(1, 1, context=4)
    assert far(network, {"x": x, "y": y}, {}) < 1e-13
    with pytest.raises(LayoutError, match="4 context tokens"):
        network.run({"x": tokens(0, 3, context=5, query=2), "y": tokens(1, 1, context=5)})
    five = {"x": tokens(0, 3, context=5, query=2), "y": tokens(1, 1, context=5)}
    with pytest.raises(InputError, match="There are 5 context tokens, but 'n' is 4"):
        run(network.program, five, network.bindings)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("param n = size(tokens)", "the tokens of one group", "size(context)"),
        ("param n = size(d)", "the tokens of one group", "size(context)"),
        ("param n = size(query, context)", "the tokens of one group", "size(context)"),
        ("param n = size(query)", "no input has query tokens", "per query"),
    ],
)
def test_a_number_of_tokens_is_of_one_group(text: str, message: str, hint: str) -> None:
    script = f"algorithm f(x: [d] per context)\n{text}\nreturn n*x*x' over context\n"
    with pytest.raises(DiagnosticError) as found:
        ws.compile(script)
    assert message in str(found.value)
    assert hint in str(found.value)


@pytest.mark.parametrize("value", ["1/2", "-3"])
def test_a_number_of_tokens_is_whole(value: str) -> None:
    message = "'n' is the number of context tokens: it must be whole and not negative"
    with pytest.raises(BindingError, match=message):
        ws.compile(MEAN, settings={"n": value})


@pytest.mark.parametrize("value", ["1/2", "-3"])
def test_a_template_for_no_number_of_tokens_is_refused(value: str, tmp_path: Path) -> None:
    directory = tmp_path / "n"
    ws.compile(MEAN, settings={"n": 4}).save(directory)
    assert refused_after(directory, lambda t: t["bindings"].__setitem__("n", value))


def test_a_number_of_tokens_counts_no_passes() -> None:
    script = (
        "algorithm f(x: [d] per context)\nparam n = size(context)\nX = x\n"
        "repeat n:\n    X = 2*X\nreturn X\n"
    )
    with pytest.raises(DiagnosticError, match="cannot count repetitions"):
        ws.compile(script)


def test_tokens_that_do_not_enter_are_not_counted() -> None:
    script = (
        "algorithm f(x: [d] per query, y: [1] per context)\nparam n = size(context)\n"
        "return n*x on query\n"
    )
    with pytest.raises(DiagnosticError, match="cannot tell their number 'n'"):
        ws.compile(script)


@pytest.mark.parametrize("sizes", [{}, {"n": "query"}, {"n": "context", "eta": "query"}])
def test_a_template_with_other_numbers_of_tokens_is_refused(
    sizes: dict[str, str], tmp_path: Path
) -> None:
    directory = tmp_path / "n"
    ws.compile(MEAN).save(directory)
    assert refused_after(directory, lambda t: t.__setitem__("sizes", sizes))


# -- fixed matrices ------------------------------------------------------------------------------

W = [[1, "-1/3", "1/2"], [0, "1/7", 3]]
V = [["1/3", 0], [1, "2/7"], [-1, "1/5"]]


def floats(rows: list[list[object]]) -> np.ndarray:
    return np.array([[float(Fraction(one)) for one in row] for row in rows])  # type: ignore[arg-type]


def test_fixed_matrices_are_weights(tmp_path: Path) -> None:
    network = ws.compile(LAYERS, matrices={"W": W, "V": np.array(floats(V))})
    network.save(tmp_path / "n")
    assert verify_directory(tmp_path / "n").accepted
    x = tokens(3, 3, context=5, query=2)
    assert far(network, {"x": x}, {"W": floats(W), "V": floats(V)}) < 1e-13


def test_a_loop_may_start_at_a_fixed_matrix(tmp_path: Path) -> None:
    network = ws.compile(INITIAL, matrices={"W0": W})
    network.save(tmp_path / "n")
    assert verify_directory(tmp_path / "n").accepted
    inputs = {"x": tokens(3, 3, context=5), "y": tokens(4, 2, context=5)}
    assert far(network, inputs, {"W0": floats(W)}) < 1e-13


def test_without_numbers_there_is_a_template(tmp_path: Path) -> None:
    network = ws.compile(LAYERS)
    network.save(tmp_path / "n")
    assert verify_directory(tmp_path / "n").accepted
    assert not (tmp_path / "n" / "model.safetensors").exists()
    assert "matrix W: [k, d]" in str(network)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"U": W}, "has no fixed matrix 'U'"),
        ({"W": [[1, 2], [3]]}, "rows of one length"),
        ({"W": []}, "rows of one length"),
        ({"W": 3}, "a list of rows, or an array of two axes"),
        ({"W": [[1, float("nan")]]}, "no finite number, at [0, 1]: nan"),
        ({"W": [[1, True]]}, "at [0, 1]: True"),
        ({"W": [["a"]]}, "at [0, 0]: 'a'"),
        ({"W": W, "V": W}, "'V' has 2 along d, and 'W' says 3"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(BindingError) as found:
        ws.compile(LAYERS, matrices=given)
    assert message in str(found.value)


def test_a_fixed_matrix_is_no_input() -> None:
    network = ws.compile(LAYERS, matrices={"W": W, "V": V})
    x = tokens(3, 3, context=5, query=2)
    with pytest.raises(LayoutError, match="'W'"):
        network.run({"x": x, "W": floats(W)})


def test_data_are_no_fixed_matrix(tmp_path: Path) -> None:
    """A network that has numbers of its own where the script reads an input is refused."""
    script = "algorithm f(x: [d] per context, A: [d, d])\nreturn A*x\n"
    directory = tmp_path / "n"
    ws.compile(script.replace("A: [", "A: fixed[")).save(directory)
    (directory / "script.alg").write_text(script)
    certificate = json.loads((directory / "certificate.json").read_text())
    (one,) = (i for i in certificate["program"]["inputs"] if i["name"] == "A")
    del one["fixed"]
    (directory / "certificate.json").write_text(json.dumps(certificate))
    verdicts = {v.kind for v in verify_directory(directory).verdicts if not v.accepted}
    assert "exactness" in verdicts


def test_a_fixed_matrix_is_not_read_from_the_data(tmp_path: Path) -> None:
    script = "algorithm f(x: [d] per context, A: [d, d])\nreturn A*x\n"
    directory = tmp_path / "n"
    ws.compile(script).save(directory)
    certificate = json.loads((directory / "certificate.json").read_text())
    (one,) = (i for i in certificate["program"]["inputs"] if i["name"] == "A")
    one["fixed"] = True
    (directory / "certificate.json").write_text(json.dumps(certificate))
    verdicts = {v.kind for v in verify_directory(directory).verdicts if not v.accepted}
    assert "exactness" in verdicts


def refused_after(directory: Path, change: object) -> bool:
    """Is a directory refused whose template is changed, its hash with it?"""
    from hashlib import sha256

    template = json.loads((directory / "template.json").read_text())
    change(template)  # type: ignore[operator]
    data = json.dumps(template).encode()
    (directory / "template.json").write_bytes(data)
    path = directory / "certificate.json"
    certificate = json.loads(path.read_text())
    certificate["files"]["template.json"] = sha256(data).hexdigest()
    path.write_text(json.dumps(certificate))
    kinds = {v.kind for v in verify_directory(directory).verdicts if not v.accepted}
    return "exactness" in kinds
