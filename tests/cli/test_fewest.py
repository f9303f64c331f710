"""``--fewest layers``: what is printed and written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Call = Callable[..., Result]
NUMBERS = ("--set", "mu=1/2", "--set", "L=3", "--set", "steps=30")


def test_compile_writes_both_scripts(call: Call, examples: Path, tmp_path: Path) -> None:
    script, net = examples / "gradient_descent.alg", tmp_path / "net"
    result = call("compile", script, "-o", net, "--fewest", "layers", *NUMBERS)
    assert result.exit_code == 0
    assert "layers  4 (no linear-attention network can do with fewer than 4)" in result.output
    assert "note    restructured: 30 layers as written, 4 now" in result.output
    assert (net / "script.alg").read_bytes() == script.read_bytes()
    assert "repeat 1:" in (net / "network.alg").read_text()
    verified = call("verify", net)
    assert verified.exit_code == 0
    assert "network.alg returns what script.alg says" in verified.output
    assert "4 attention layers" in call("show", net).output


def test_a_network_as_written_replaces_it(call: Call, examples: Path, tmp_path: Path) -> None:
    script, net = examples / "gradient_descent.alg", tmp_path / "net"
    call("compile", script, "-o", net, "--fewest", "layers", *NUMBERS)
    result = call("compile", script, "-o", net, "--fewest", "operations", *NUMBERS)
    assert result.exit_code == 0
    assert not (net / "network.alg").exists()
    assert call("verify", net).exit_code == 0


def test_show_says_why_a_loop_stays(call: Call, examples: Path) -> None:
    result = call("show", examples / "lasso_ista.alg", "--fewest", "layers")
    assert result.exit_code == 0
    assert "as written: the program has functions of entries" in result.output


def test_a_compiled_network_has_its_layers(call: Call, network: Path) -> None:
    result = call("show", network, "--fewest", "layers")
    assert result.exit_code == 2
    assert "--fewest is for scripts" in result.stderr
