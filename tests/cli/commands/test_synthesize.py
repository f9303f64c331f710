"""``weightsmith synthesize``: a target on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from weightsmith import api

Call = Callable[..., Result]
SPECTRUM = ("--assume", "spectrum(A) in [1/10, 1]")


def test_a_target_becomes_a_script_and_a_network(call: Call, tmp_path: Path) -> None:
    place = tmp_path / "inverse"
    result = call("synthesize", "inv(A)", *SPECTRUM, "--within", "1e-6", "-o", place)
    assert result.exit_code == 0, result.output
    assert "# Synthesised: inv(A) within 1e-6." in result.stdout
    assert "for g in" in result.stdout
    assert "no linear-attention network can do with fewer than" in result.stderr
    network = api.load(place)
    assert network.source.text in result.stdout + "\n"
    assert api.verify(place).accepted


def test_the_printed_script_compiles_to_the_same(call: Call, tmp_path: Path) -> None:
    arguments = ("synthesize", "polar(G)", "--of", "G: [m, n]", "--within", "1e-3")
    result = call(*arguments, "--assume", "singular_values(G) in [1/20, 1]")
    assert result.exit_code == 0, result.output
    script = tmp_path / "polar.alg"
    script.write_text(result.stdout)
    (bound,) = api.compile(script).bounds
    assert bound.value is not None
    assert bound.value <= 1e-3


def test_mistakes_are_named(call: Call) -> None:
    for arguments, message in (
        (("inv(B)", *SPECTRUM), "unknown name 'B'"),
        (("inv(A)",), "no assumption bounds the spectrum"),
        (("inv(A)", "--assume", "spectrum(A) in [-1, 1]"), "pole"),
        (("inv(A", *SPECTRUM), "never closed"),
        (("A^(2/3)", "--assume", "spectrum(A) in [0.3, 0.3000001]"), "is constant on the spectrum"),
        (("", *SPECTRUM), "expected one line"),
    ):
        result = call("synthesize", *arguments, "--within", "1e-6")
        assert result.exit_code in (1, 2), (arguments, result.output)
        assert message in result.stderr, result.stderr
    assert call("synthesize", "inv(A)", *SPECTRUM).exit_code == 2


def test_what_is_missing_is_said_as_an_option(call: Call) -> None:
    passes = ("synthesize", "polar(G)", "--passes", "3")
    result = call(*passes, "--assume", "singular_values(G) in [1/10, 1]")
    assert 'help: declare it: --of "G: [m, n]"' in result.stderr
    result = call(*passes, "--of", "G: [m, n]")
    assert 'help: write: --assume "singular_values(G) in [1/1000, 1]"' in result.stderr
    result = call("synthesize", "inv(A)", "--within", "1e-3")
    assert 'help: write: --assume "spectrum(A) in [mu, L]"' in result.stderr
    result = call("synthesize", "inv(Abcd)", "--of", "Abce: [d, d]", "--within", "1e-3")
    assert "help: did you mean 'Abce'?" in result.stderr


def test_a_narrow_format_carries_less(call: Call) -> None:
    arguments = ("synthesize", "inv(A)", *SPECTRUM, "--within", "1e-8")
    assert call(*arguments).exit_code == 0
    result = call(*arguments, "--dtype", "float32")
    assert result.exit_code == 1
    assert "float32 does not carry 1e-8" in result.stderr


def test_an_end_has_its_value_from_set(call: Call) -> None:
    arguments = ("synthesize", "inv(A)", "--assume", "spectrum(A) in [mu, 1]", "--within", "1e-6")
    result = call(*arguments)
    assert result.exit_code == 2
    assert "assume spectrum(A) in [mu, 1]\n    ^" in result.stderr
    assert "--set mu=" in result.stderr
    result = call(*arguments, "--set", "mu=1/10")
    assert result.exit_code == 0, result.output
    assert "assume spectrum(A) in [1/10, 1]" in result.stdout


def test_nothing_is_printed_where_nothing_is_written(call: Call, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    result = call("synthesize", "inv(A)", *SPECTRUM, "--within", "1e-6", "-o", tmp_path)
    assert result.exit_code == 2
    assert "thesis.tex" in result.stderr
    assert result.stdout == ""


def test_a_number_of_passes(call: Call) -> None:
    polar = ("polar(G)", "--of", "G: [m, n]", "--assume", "singular_values(G) in [1/1000, 1]")
    result = call("synthesize", *polar, "--passes", "6", "--degree", "5")
    assert result.exit_code == 0
    assert "# Synthesised: polar(G) in 6 passes.\n" in result.stdout
    assert "predicted error 9.165e-4 (relative)" in result.stdout
    for wrong in (("--within", "1e-3", "--passes", "6"), (), ("--passes", "0")):
        assert call("synthesize", *polar, *wrong).exit_code == 2
    result = call("synthesize", *polar, "--within", "1e-3", "--degree", "5")
    assert result.exit_code == 2
    assert "together with the number of passes" in result.stderr
