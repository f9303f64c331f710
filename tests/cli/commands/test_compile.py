"""``weightsmith check``, ``compile`` and ``show``: what they print and write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from weightsmith import api
from weightsmith.compiler.reports.emit import STAGES

Call = Callable[..., Result]
NUMBERS = ("--set", "mu=1/2", "--set", "L=3", "--set", "steps=4")


def written(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def test_every_example_checks(call: Call, examples: Path) -> None:
    scripts = sorted(examples.glob("*.alg"))
    result = call("check", *scripts)
    assert result.exit_code == 0
    assert result.output.count("is sound") == len(scripts)


def test_check_shows_the_place_of_a_mistake(call: Call, tmp_path: Path) -> None:
    script = tmp_path / "wrong.alg"
    script.write_text("algorithm wrong(A: symmetric[d, d])\nX = A*B\nreturn X\n")
    result = call("check", script)
    assert result.exit_code == 1
    assert "wrong.alg:2:7: error[" in result.stderr
    assert "X = A*B" in result.stderr
    assert result.stdout == ""


def test_check_says_which_numbers_the_tables_need(call: Call, examples: Path) -> None:
    result = call("check", examples / "logistic_newton.alg", examples / "divide.alg")
    assert result.exit_code == 0
    assert "'logistic_newton' is sound; its tables need values of n, m." in result.stdout
    assert "'divide' is sound.\n" in result.stdout


def test_check_says_which_heads_a_script_needs(call: Call, tmp_path: Path) -> None:
    script = tmp_path / "heads.alg"
    script.write_text(
        "algorithm heads(x: [d] per context, y: [1] per context)\n"
        "a = y*softmax(x'*x) over context\n"
        "return a, a*x'*x over context upto, x*y'*y over context\n"
    )
    result = call("check", script)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1:] == [
        "  1 linear head: linear in tokens",
        "  1 softmax head: every key token by every query token",
        "  1 linear upto head: linear in tokens, by chunks",
    ]


def test_check_looks_at_every_script(call: Call, examples: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.alg").write_text("algorithm wrong(\n")
    result = call("check", tmp_path / "wrong.alg", examples / "ridge.alg")
    assert result.exit_code == 1
    assert "'ridge' is sound" in result.stdout


def test_compile_writes_a_directory_and_says_what_it_is(
    call: Call, examples: Path, tmp_path: Path
) -> None:
    script = examples / "newton_inverse.alg"
    result = call("compile", script, "-o", tmp_path / "net", *NUMBERS, "--dim", "d=16")
    assert result.exit_code == 0
    assert sorted(written(tmp_path / "net")) == [
        "certificate.json",
        "model.safetensors",
        "script.alg",
        "template.json",
    ]
    assert "2*d = 32 for d = 16" in result.output
    assert "||X - target|| <= " in result.output


def test_the_same_script_gives_the_same_bytes(call: Call, examples: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        call("compile", examples / "ridge.alg", "-o", tmp_path / name, *NUMBERS)
    assert written(tmp_path / "one") == written(tmp_path / "two")


def test_without_numbers_there_are_no_weights(call: Call, examples: Path, tmp_path: Path) -> None:
    result = call("compile", examples / "newton_inverse.alg", "-o", tmp_path / "net")
    assert result.exit_code == 0
    assert "no weights yet: mu, L have no value" in result.output
    assert "model.safetensors" not in written(tmp_path / "net")
    verified = call("verify", tmp_path / "net")
    assert verified.exit_code == 3  # without numbers the rule's side conditions are open
    assert "claim is open: truncation" in verified.stdout


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_dense_network_is_written_and_verifies(
    call: Call, examples: Path, tmp_path: Path, dtype: str
) -> None:
    script, size = examples / "newton_inverse.alg", ("--dense", "--dim", "d=3", "--dtype", dtype)
    result = call("compile", script, "-o", tmp_path / "net", *NUMBERS, *size)
    assert result.exit_code == 0
    module = api.load(tmp_path / "net").module()
    assert max(parameter.shape[-1] for parameter in module.parameters()) == 6
    assert call("verify", tmp_path / "net").exit_code == 0


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_every_stage_can_be_printed(call: Call, examples: Path, stage: str) -> None:
    result = call("compile", examples / "polar.alg", "--emit", stage)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 3


def test_a_stage_goes_to_standard_output_alone(call: Call, examples: Path, tmp_path: Path) -> None:
    script = examples / "newton_inverse.alg"
    both = call("compile", script, "--emit", "normal", "-o", tmp_path / "net")
    assert both.stdout == call("compile", script, "--emit", "normal").stdout
    assert (tmp_path / "net" / "template.json").is_file()


def test_show_of_a_script_and_of_its_directory_agree(
    call: Call, examples: Path, network: Path
) -> None:
    settings = ("--set", "mu=1/2", "--set", "L=3", "--set", "steps=8")
    shown = call("show", network)
    assert shown.exit_code == 0
    assert shown.stdout == call("show", examples / "newton_inverse.alg", *settings).stdout
    assert "steps = 8\n" in shown.stdout
    assert "repeat steps:" in shown.stdout
    assert "X·Aᵀ·X" in shown.stdout


def test_verify_prints_every_claim(call: Call, network: Path) -> None:
    result = call("verify", network)
    assert result.exit_code == 0
    for kind in ("integrity", "exactness", "weights", "truncation"):
        assert f"holds   {kind}" in result.stdout
    assert result.stdout.endswith("every claim holds.\n")


def test_verify_names_the_claim_that_broke(call: Call, network: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for name, content in written(network).items():
        (broken / name).write_bytes(content.replace(b'"-1/2"', b'"-1/3"'))
    result = call("verify", broken)
    assert result.exit_code == 1
    assert "REFUSED exactness (claim 1)" in result.stdout
    assert "are refused: integrity, exactness (claim 1)" in result.stdout


def test_a_claim_that_is_open_has_an_exit_status_of_its_own(call: Call, tmp_path: Path) -> None:
    text = "algorithm f(A: symmetric[d, d])\nX = A*A\nreturn X approximates inv(A)\n"
    (tmp_path / "f.alg").write_text(text)
    assert call("compile", tmp_path / "f.alg", "-o", tmp_path / "f").exit_code == 0
    result = call("verify", tmp_path / "f")
    assert result.exit_code == 3
    assert result.stdout.endswith("1 claim is open: truncation (claim 3).\n")


def test_what_a_script_presumes_is_said(call: Call, tmp_path: Path) -> None:
    text = (
        "algorithm f(A: [d, d], b: [d, 1])\nassume spectrum(A) in [1/2, 3/2]\nx = 0*b\n"
        "repeat 10:\n    x = x + (b - A*x)\nreturn x approximates inv(A)*b\n"
    )
    (tmp_path / "f.alg").write_text(text)
    checked = call("check", tmp_path / "f.alg")
    assert checked.exit_code == 0
    assert (
        "warning[presumed]: this presumes that A is symmetric, which nothing states"
        in checked.stderr
    )
    assert "declare it, as in A: symmetric[d, d]" in checked.stderr
    compiled = call("compile", tmp_path / "f.alg", "-o", tmp_path / "f")
    assert "if spectrum(A) in [1/2, 3/2]; A is symmetric" in compiled.stdout
    assert "presume A is symmetric, which nothing states" in compiled.stdout
    verified = call("verify", tmp_path / "f")
    assert verified.exit_code == 0
    assert "if spectrum(A) in [1/2, 3/2]; A is symmetric" in verified.stdout


def test_check_asks_for_no_number_that_ensure_chooses(call: Call, examples: Path) -> None:
    result = call("check", examples / "whitened_regression.alg")
    assert result.exit_code == 0
    assert "is sound; its synthesis needs values of mu, L." in result.stdout


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("W", "in --matrix, as W=w.npy, W=w.csv or data.npz; got 'W'"),
        ("w.csv", "say which matrix 'w.csv' is: --matrix NAME=w.csv"),
        ("V=w.csv", "has no fixed matrix 'V': it has W"),
        ("W=bad.csv", "expected 2 numbers, got 1"),
    ],
)
def test_a_fixed_matrix_that_is_none(
    given: str, message: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f.alg").write_text("algorithm f(x: [d] per context, W: fixed[k, d])\nreturn W*x\n")
    Path("w.csv").write_text("1,2\n3,4\n")
    Path("bad.csv").write_text("1,2\n3\n")
    result = call("compile", "f.alg", "-o", "net", "--matrix", given)
    assert result.exit_code != 0
    assert message in result.stderr
    assert not Path("net").exists()


PASSES = "algorithm f(x: [d] per context, W: fixed[d, d] per pass, V: fixed[d, d])\nu = V*x\n"


@pytest.mark.parametrize(
    "given",
    [["W=w.npy"], ["W=a.csv", "W=b.npy"], ["W1=a.csv", "W2=b.npy"], ["W2=b.npy", "W=a.csv"]],
)
def test_a_matrix_per_pass(
    given: list[str], call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One array of three axes, a file for each pass in their order, or each by its name."""
    monkeypatch.chdir(tmp_path)
    Path("f.alg").write_text(f"{PASSES}repeat 2:\n    u = W*u\nreturn u\n")
    Path("a.csv").write_text("1,2\n3,4\n")
    np.save("b.npy", [[0.5, 0], [0, 1]])
    np.save("w.npy", [[[1, 2], [3, 4]], [[0.5, 0], [0, 1]]])
    np.save("v.npy", np.eye(2))
    options = [text for one in (*given, "V=v.npy") for text in ("--matrix", one)]
    result = call("compile", "f.alg", "-o", "net", *options)
    if given[0] == "W2=b.npy":
        assert result.exit_code != 0
        assert "expected 2 matrices, an array of three axes, got one matrix" in result.stderr
        return
    assert "no weights yet" not in result.stdout
    shown = call("show", "net").stdout
    assert "matrix W1: [d, d] = [[1, 2], [3, 4]]" in shown
    assert "matrix W2: [d, d] = [[1/2, 0], [0, 1]]" in shown
    twice = call("compile", "f.alg", "-o", "other", *options, "--matrix", "V=v.npy")
    assert twice.exit_code != 0
    assert "the matrix 'V' is given twice" in twice.stderr
