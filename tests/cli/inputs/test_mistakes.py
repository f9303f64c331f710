"""What a user can do wrong: a message that says what to do, status 1 or 2, never a traceback."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from weightsmith.cli.inputs.mistakes import explain

Call = Callable[..., Result]
NUMBERS = ("--set", "mu=1/2", "--set", "L=3")


def refused(result: Result, *words: str) -> None:
    """The command failed with a message that holds these words, and nothing on stdout."""
    assert result.exit_code in (1, 2, 4, 5), result.output
    assert "Traceback" not in result.output
    for word in words:
        assert word in result.stderr, result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), ("-o DIR", "--emit")),
        (("--set", "steps"), ("NAME=VALUE", "'steps'")),
        (("--set", "step=8"), ("no parameter 'step'", "did you mean 'steps'?")),
        (("--set", "steps=many"), ("'steps'", "many")),
        (("--set", "steps=1/2"), ("'steps'", "1/2")),
        (("--set", "steps=-3"), ("'steps'", "-3")),
        (("--set", "mu=1/0"), ("'mu'",)),
        (("--set", "mu=nan"), ("'mu'",)),
        (("--set", "steps=4", "--set", "steps=5"), ("steps is given twice",)),
        (("--set", "mu=3", "--set", "L=1"), ("spectrum", "above")),
        (("--dim", "d=0"), ("'d'", "0")),
        (("--dim", "d=-1"), ("'d'", "-1")),
        (("--dim", "d=two"), ("whole number", "two")),
        (("--dim", "d=99999999999999"), ("'d'",)),
        (("--dim", "D=3"), ("no dimension 'D'", "it has d")),
        (("--dense", *NUMBERS), ("--dense needs", "--dim d=")),
        (("--dense", "--dim", "d=3"), ("--dense needs", "--set mu=")),
        (("--dtype", "float16"), ("float16",)),
        (("--emit", "everything"), ("everything", "schedule")),
    ],
)
def test_compile_refuses(
    call: Call, examples: Path, tmp_path: Path, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    given = ("-o", tmp_path / "net") if options else ()
    refused(call("compile", examples / "newton_inverse.alg", *given, *options), *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["check", "show", "compile"])
def test_a_script_that_cannot_be_read(call: Call, tmp_path: Path, command: str) -> None:
    (tmp_path / "binary.alg").write_bytes(b"algorithm \xff\xfe")
    (tmp_path / "empty.alg").write_bytes(b"")
    options = ("--emit", "tree") if command == "compile" else ()
    refused(call(command, tmp_path / "missing.alg", *options), "missing.alg")
    refused(call(command, tmp_path / "binary.alg", *options), "UTF-8")
    refused(call(command, tmp_path / "empty.alg", *options), "no algorithm")


def test_a_directory_is_no_script(call: Call, tmp_path: Path) -> None:
    refused(call("check", tmp_path), str(tmp_path))


def test_a_directory_with_other_files_is_not_replaced(
    call: Call, examples: Path, tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    refused(call("compile", examples / "polar.alg", "-o", tmp_path), "thesis.tex")
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_an_output_below_a_file(call: Call, examples: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(call("compile", examples / "polar.alg", "-o", tmp_path / "file" / "net"), "file")


@pytest.mark.parametrize("command", ["run", "verify", "show"])
def test_a_directory_that_is_no_network(call: Call, tmp_path: Path, command: str) -> None:
    refused(call(command, tmp_path / "missing"), "missing")
    result = call(command, tmp_path)
    assert result.exit_code in (1, 2)
    assert "no" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("name", ["script.alg", "template.json", "certificate.json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "binary"])
@pytest.mark.parametrize("command", ["run", "verify", "show"])
def test_a_damaged_network(
    call: Call, network: Path, tmp_path: Path, command: str, name: str, damage: str
) -> None:
    directory = tmp_path / "net"
    shutil.copytree(network, directory)
    file = directory / name
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes({"empty": b"", "cut": content[:40], "binary": b"\xff\x00"}[damage])
    np.save(tmp_path / "a.npy", np.eye(2))
    options = ("--input", f"A={tmp_path / 'a.npy'}") if command == "run" else ()
    result = call(command, directory, *options)
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output


def test_weights_of_another_kind(call: Call, network: Path, tmp_path: Path) -> None:
    directory = tmp_path / "net"
    shutil.copytree(network, directory)
    (directory / "model.safetensors").write_bytes(b"not weights")
    np.save(tmp_path / "a.npy", np.eye(2))
    refused(call("run", directory, "--input", f"A={tmp_path / 'a.npy'}"), "damaged")


def test_a_network_without_numbers_does_not_run(call: Call, examples: Path, tmp_path: Path) -> None:
    call("compile", examples / "newton_inverse.alg", "-o", tmp_path / "net")
    np.save(tmp_path / "a.npy", np.eye(2))
    refused(call("run", tmp_path / "net", "--input", f"A={tmp_path / 'a.npy'}"), "mu", "--set")


def test_settings_are_for_scripts(call: Call, network: Path) -> None:
    refused(call("show", network, "--set", "steps=3"), "--set is for scripts")


def test_an_unknown_command_and_option(call: Call, network: Path) -> None:
    refused(call("verfy", network), "verfy")
    refused(call("verify", network, "--fast"), "--fast")


@pytest.mark.parametrize("command", ["run", "demo"])
def test_torch_is_not_installed(
    call: Call, network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """The demo says what to install; a network runs in NumPy."""
    np.save(tmp_path / "a.npy", np.eye(2))
    for name in [name for name in sys.modules if name.startswith("weightsmith.backends.torch")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    arguments = (network, "--input", f"A={tmp_path / 'a.npy'}") if command == "run" else ()
    if command == "demo":
        refused(call(command), "needs PyTorch", "pip install 'weightsmith[torch]'")
    else:
        assert call(command, *arguments).exit_code == 0


HEAD = "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [1/10, 1]\n"
WRITTEN = [
    ("X = I\nreturn X aproximates inv(A)", "4:10", "did you mean 'approximates'?"),
    ("return synthesise inv(A) within 1e-6", "3:8", "did you mean 'synthesize'?"),
    ("return synthesize inv(A) witin 1e-6", "3:26", "did you mean 'within'?"),
    ("X = I\nfor g = 1, 2:\n    X = g*X\nreturn X", "4:7", "write: for g in 3/2, 2, 3:"),
    ("X = I\nfor g in 1..3:\n    X = g*X\nreturn X", "4:12", "write: for g in 3/2, 2, 3:"),
    ("return synthesize sigmoid.(A) within 1e-6", "3:19", "spectral(sigmoid, A)"),
    ("return synthesize inv(A - 1/2*I) within 1e-6", "3:8", "in [a, b] or [c, d]"),
    ("synthesize inv(A) within 1e-6", "3:1", "write: P = synthesize inv(A) within 1e-6"),
    ("return synthesize A*A within 1e-6", "3:8", "no function of a matrix"),
    ("X = I\nrepaet 3:\n    X = A*X\nreturn X", "4:1", "did you mean 'repeat'?"),
    ("param n\nensure error < 1e-6\nreturn A", "4:14", "ensure error <= 1e-6"),
    ("X = I\nrepeat 100000:\n    X = A*X\nreturn X", "4:1", "make more than 20000 layers"),
    (
        "X = I\nrepeat 200:\n    repeat 200:\n        X = A*X\nreturn X",
        "5:5",
        "200 repetitions in a loop of 200",
    ),
    (
        "param n = 30000\nX = I\nrepeat n:\n    X = A*X\nreturn X",
        "5:1",
        "n = 30000 repetitions make more than 20000 layers",
    ),
    (
        "param n = 1e800\nX = I\nrepeat n:\n    X = A*X\nreturn X",
        "5:1",
        "n = about 1.0e800 repetitions make more than 20000 layers",
    ),
]


@pytest.mark.parametrize(("text", "place", "message"), WRITTEN)
def test_a_mistake_in_the_steps(
    call: Call, tmp_path: Path, text: str, place: str, message: str
) -> None:
    (tmp_path / "f.alg").write_text(f"{HEAD}{text}\n")
    result = call("compile", tmp_path / "f.alg", "-o", tmp_path / "net")
    refused(result, f"f.alg:{place}: error[", message)
    assert result.stdout == ""
    assert not (tmp_path / "net").exists()


@pytest.mark.parametrize(
    "problem", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")]
)
def test_a_network_that_memory_does_not_hold_is_said_to_be_that(problem: Exception) -> None:
    assert "not enough memory" in (explain(problem) or "")
