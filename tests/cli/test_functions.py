"""Functions of entries on the command line: tables, gated units, ``until``, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from weightsmith import api

Call = Callable[..., Result]
DIVIDE = ("--dim", "k=3")
ENTRIES = "assume entries(x) in [-1, 1]\n"
UNTIL = """algorithm descent(x: [d] per token, y: [k] per context)
assume spectrum(x*x' over context) in [mu, L]

w = 0
repeat until error <= 1e-6:
    w = w - 2/(mu + L) * (w*x - y) * x'  over context
return w*x on query  approximates y*x'*inv(x*x')*x over context
"""
ENDS = ("--set", "mu=1/2", "--set", "L=3")


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a script of one algorithm."""

    def written(text: str) -> Path:
        script = tmp_path / "script.alg"
        script.write_text(text if "algorithm" in text else f"algorithm g(x: [d] per token)\n{text}")
        return script

    return written


def test_compile_says_how_wide_the_mlps_are_and_what_is_proven(
    call: Call, examples: Path, tmp_path: Path
) -> None:
    result = call("compile", examples / "divide.alg", "-o", tmp_path / "net", *DIVIDE)
    assert result.exit_code == 0, result.output
    assert "  mlp     hidden units " in result.stdout
    assert "for k = 3; functions of up to " in result.stdout
    assert "  bound   each entry of |output - script| <= " in result.stdout
    verified = call("verify", tmp_path / "net")
    assert verified.exit_code == 0
    assert "is e[1] + e[2], rounded up." in verified.stdout


def test_show_says_what_each_table_does_to_the_result(call: Call, examples: Path) -> None:
    result = call("show", examples / "normalise.alg")
    assert result.exit_code == 0, result.output
    assert "|output - script| <= 78.5451413*e[1] + 2*e[3] + e[4]\n" in result.stdout
    assert "with e[N] the error of the table of site N\n" in result.stdout
    assert "the sum is at most 1.079e-3\n" in result.stdout


def test_show_says_how_a_descent_comes_to_its_root(call: Call, examples: Path) -> None:
    settings = ("--set", "n=100", "--set", "mu=1/10")
    shown = call("show", examples / "logistic_gradient_descent.alg", *settings)
    assert "||w - target|| <= 0.555555556^steps*5.00000001 + 4.44444445*e[1]*(1 - " in shown.stdout
    assert "with e[N] the error of the table of site N\n" in shown.stdout


def test_an_exact_function_needs_no_table(call: Call, examples: Path, tmp_path: Path) -> None:
    given = ("--set", "eta=1/4", "--set", "steps=3")
    script = examples / "nonnegative_least_squares.alg"
    result = call("compile", script, "-o", tmp_path / "net", *given)
    assert result.exit_code == 0, result.output
    assert "functions of up to 1 breakpoint\n" in result.stdout
    assert "bound" not in result.stdout
    assert call("verify", tmp_path / "net").exit_code == 0


def test_a_gated_network_multiplies_exactly(call: Call, examples: Path, tmp_path: Path) -> None:
    script = examples / "divide.alg"
    for name, more in (("plain", ()), ("gated", ("--gated",))):
        result = call("compile", script, "-o", tmp_path / name, *more)
        assert result.exit_code == 0, result.output
        assert call("verify", tmp_path / name).exit_code == 0
    plain, gated = (api.load(tmp_path / name) for name in ("plain", "gated"))
    assert [bound.value for bound in gated.bounds] < [bound.value for bound in plain.bounds]
    shown = call("show", script, "--gated")
    assert shown.stdout == call("show", tmp_path / "gated").stdout
    assert " .* " in shown.stdout
    assert " .* " not in call("show", script).stdout


def test_a_gated_network_runs(call: Call, examples: Path, tmp_path: Path) -> None:
    call("compile", examples / "divide.alg", "-o", tmp_path / "net", "--gated")
    a, b = np.array([[1.0, -0.5, 0.25]]), np.array([[2.0, 1.0, 0.3]])
    np.savez(tmp_path / "data.npz", **{"a.query": a, "b.query": b})
    given = ("--input", tmp_path / "data.npz", "-o", tmp_path / "out.npy")
    result = call("run", tmp_path / "net", *given)
    assert result.exit_code == 0, result.output
    assert "before round-off: each entry of |output - script| <= " in result.stderr
    assert np.abs(np.load(tmp_path / "out.npy") - a / b).max() <= 1e-3


def test_a_stage_of_a_gated_network(call: Call, examples: Path) -> None:
    script = examples / "divide.alg"
    gated, plain = (
        call("compile", script, "--emit", "weights", *more) for more in (("--gated",), ())
    )
    assert gated.exit_code == plain.exit_code == 0
    assert gated.stdout != plain.stdout


def test_gated_is_for_scripts(call: Call, network: Path) -> None:
    result = call("show", network, "--gated")
    assert result.exit_code == 2
    assert "--gated is for scripts" in result.stderr


def test_until_says_the_count_that_was_found(
    call: Call, tmp_path: Path, write: Callable[[str], Path]
) -> None:
    script = write(UNTIL)
    result = call("compile", script, "-o", tmp_path / "net", *ENDS)
    assert result.exit_code == 0, result.output
    passes = api.load(tmp_path / "net").bindings["passes"]
    assert f"  found   passes = {passes}\n" in result.stdout
    assert f"passes = {passes}\n" in call("show", tmp_path / "net").stdout
    (bound,) = api.load(tmp_path / "net").bounds
    assert bound.value is not None
    assert bound.value <= 1e-6
    fewer = ("--set", f"passes={passes - 1}")
    refused = call("compile", script, "-o", tmp_path / "fewer", *ENDS, *fewer)
    assert refused.exit_code == 1
    assert "error[ensure]: the error is at most 1.000e-6 here, but only " in refused.stderr
    assert not (tmp_path / "fewer").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("return sigmoid(x) on query\n", ("'sigmoid'", "nothing bounds", "assume norm(x) <= …")),
        (f"{ENTRIES}return reciprocal(x) on query\n", ("'reciprocal'", "pole", "at 0")),
        (
            f"{ENTRIES}function f(t) = 1/(t - 1/2)\nreturn f(x) on query\n",
            ("'f'", "pole", "at 0.5"),
        ),
        (f"{ENTRIES}return log(x + ones) on query\n", ("'log'", "pole", "at 0")),
        ("return sign(x) on query\n", ("'sign'", "discontinuous at 0", "clip(c*E, -1, 1)")),
        (f"{ENTRIES}within 1e-20\nreturn sin(x) on query\n", ("'sin'", "pieces", "within")),
        (f"{ENTRIES}return sigmod(x) on query\n", ("sigmod", "'sigmoid'")),
    ],
)
@pytest.mark.parametrize("command", ["check", "compile", "show"])
def test_a_function_that_no_table_can_hold(
    call: Call,
    tmp_path: Path,
    write: Callable[[str], Path],
    command: str,
    text: str,
    words: tuple[str, ...],
) -> None:
    options = ("-o", tmp_path / "net") if command == "compile" else ()
    result = call(command, write(text), *options)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert not result.stderr.startswith("Error: ")
    assert "script.alg:" in result.stderr
    assert not (tmp_path / "net").exists()
    for word in words:
        assert word in result.stderr, result.stderr


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (UNTIL, (), ("'mu' has no value", "--set mu=…")),
        (UNTIL.partition("approximates")[0], ENDS, ("no returned value has one", "approximates")),
        (UNTIL.replace("2/(mu + L)", "2/L"), ENDS, ("no number of passes", "1/1000000")),
    ],
)
def test_until_without_an_end(
    call: Call,
    tmp_path: Path,
    write: Callable[[str], Path],
    text: str,
    options: tuple[str, ...],
    words: tuple[str, ...],
) -> None:
    result = call("compile", write(text), "-o", tmp_path / "net", *options)
    assert result.exit_code == 1
    for word in words:
        assert word in result.stderr, result.stderr


def test_a_table_needs_numbers(call: Call, examples: Path, tmp_path: Path) -> None:
    result = call("compile", examples / "logistic_newton.alg", "-o", tmp_path / "net")
    assert result.exit_code == 2
    assert "'n' has no value" in result.stderr
    assert "--set n=…" in result.stderr


def test_limits_without_a_value_are_presumed_in_order_and_the_verdict_says_so(
    call: Call, write: Callable[[str], Path], tmp_path: Path
) -> None:
    script = write("param low, high, tau\nreturn clip(x, low, high) + soft(x, tau)\n")
    ends: dict[tuple[str, ...], str] = {
        (): "denominator vanishes, and low <= high, 0 <= tau.",
        ("--set", "low=1", "--set", "high=2"): "denominator vanishes, and 0 <= tau.",
        (
            "--set",
            "low=1",
            "--set",
            "high=2",
            "--set",
            "tau=0",
        ): "at which no denominator vanishes.",
    }
    for place, (settings, end) in enumerate(ends.items()):
        network = tmp_path / str(place)
        assert call("compile", script, "-o", network, *settings).exit_code == 0
        found = call("verify", network)
        assert found.exit_code == 0
        assert end in found.output
    settings = ("--set", "low=2", "--set", "high=1")
    found = call("compile", script, "-o", tmp_path / "no", *settings)
    assert found.exit_code == 2
    assert "The low end 2 of clip is above its high end 1." in found.output


def test_a_path_that_a_terminal_would_obey_is_printed_safely(call: Call, tmp_path: Path) -> None:
    script = tmp_path / "a\x1b[31m\u202eb.alg"
    script.write_text("algorithm f(A: [d, d])\nreturn A*A\n")
    found = call("check", script)
    assert found.exit_code == 0
    assert "a<U+001B>[31m<U+202E>b.alg: 'f' is sound" in found.output
    missing = call("check", tmp_path / "\x1bno.alg")
    assert "<U+001B>no.alg" in missing.output
    directory = tmp_path / "o\x1b[31m\u202eut"
    made = call("compile", script, "-o", directory)
    verified = call("verify", directory)
    assert "f -> " in made.output
    for result in (made, verified):
        assert "o<U+001B>[31m<U+202E>ut" in result.output
    for result in (found, missing, made, verified):
        assert not {"\x1b", "\u202e"} & set(result.output)
