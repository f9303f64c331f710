"""The sample: gradient descent in arrays of NumPy, with the layout that says what they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import weightsmith.api as ws
from weightsmith.backends.errors import LiftError
from weightsmith.backends.lift.given.layout_file import read_layout
from weightsmith.cli.main import commands
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.dsl import Source, load_source

SAMPLE = Path(__file__).parent / "sample"
LAYOUT = SAMPLE / "layout.toml"
ETA, N, D = 0.37, 13, 5


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """As Haiku holds them: rows times weights, so that all but the two last are transposed."""
    key, value, proj = np.zeros((D + 1, D)), np.zeros((D + 1, D + 1)), np.zeros((D + 1, D + 1))
    key[:D] = np.eye(D)
    value[D, D], proj[D, D] = -1, ETA / N
    return {"key": key, "value": value, "proj": proj, "out": -np.eye(D + 1)[D:]}


@pytest.fixture
def weights(arrays: dict[str, np.ndarray], tmp_path: Path) -> Path:
    np.savez(tmp_path / "gd.npz", **arrays)
    return tmp_path / "gd.npz"


def test_it_is_the_network_of_the_sample(weights: Path) -> None:
    found = ws.lift(weights, LAYOUT)
    assert found.template == read_net(load_source(SAMPLE / "gd.net")).template
    assert read_net(Source("lifted", found.text)).template == found.template
    assert any("to eta/N" in line for line in found.report)


def test_it_is_the_script_and_not_the_one_with_half_of_the_step(weights: Path) -> None:
    text = ws.lift(weights, LAYOUT).text
    assert ws.compare(text, SAMPLE / "gd.alg", settings={"steps": 4}).is_equal
    other = ws.compare(text, SAMPLE / "gd_half.alg", settings={"steps": 4})
    assert other.outcome == "different"
    assert other.replay is not None
    assert not np.array_equal(other.replay.network, other.replay.script)


def test_the_command(weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "gd.net"
    options = ["lift", str(weights), "--layout", str(LAYOUT), "-o", str(out)]
    settings = ["--set", "steps=4", "--against"]
    same = CliRunner().invoke(commands, [*options, *settings, str(SAMPLE / "gd.alg")])
    assert same.exit_code == 0, same.output
    assert "rounded: 0.0284615385 to eta/N" in same.output
    assert "EQUAL" in same.output
    assert out.read_text().startswith("network gd\n")
    other = CliRunner().invoke(commands, [*options, *settings, str(SAMPLE / "gd_half.alg")])
    assert other.exit_code == 1
    assert "smallest input found" in other.output


def test_the_command_says_which_value_is_which(weights: Path, tmp_path: Path) -> None:
    script = tmp_path / "two.alg"
    text = (SAMPLE / "gd.alg").read_text(encoding="utf-8")
    script.write_text(text.replace("return", "return w,"), encoding="utf-8")
    options = ["lift", str(weights), "--layout", str(LAYOUT), "-o", str(tmp_path / "gd.net")]
    against = ["--against", str(script), "--set", "steps=4"]
    assert CliRunner().invoke(commands, [*options, *against]).exit_code == 2
    found = CliRunner().invoke(commands, [*options, *against, "--return", "output=output2"])
    assert found.exit_code == 0, found.output
    alone = CliRunner().invoke(commands, [*options, "--set", "steps=4"])
    assert alone.exit_code == 2
    assert "go with --against" in alone.output


def test_the_command_says_that_a_trained_network_is_the_nearest(
    arrays: dict[str, np.ndarray], tmp_path: Path
) -> None:
    draws = np.random.default_rng(2)
    noisy = {name: one + 1e-3 * draws.standard_normal(one.shape) for name, one in arrays.items()}
    options = ["--layout", str(LAYOUT), "--noise", "0.01", "-o", str(tmp_path / "gd.net")]
    against = ["--against", str(SAMPLE / "gd.alg"), "--set", "steps=4"]
    path = str(_npz(noisy, tmp_path))
    found = CliRunner().invoke(commands, ["lift", path, *options, *against])
    lines = found.output.splitlines()
    assert found.exit_code == 0, found.output
    assert lines[lines.index("the nearest network, not the weights:") + 1].startswith("EQUAL")


def test_a_state_dict(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "gd.pt"
    torch.save({name: torch.from_numpy(one).float() for name, one in arrays.items()}, path)
    assert ws.lift(path, LAYOUT).template == ws.lift(_npz(arrays, tmp_path), LAYOUT).template


def test_a_pickle_that_is_no_state_dict_is_not_run(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "gd.pt"
    torch.save({"key": Path("x")}, path)
    with pytest.raises(LiftError, match="is no state_dict"):
        ws.lift(path, LAYOUT)


def test_safetensors(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "gd.safetensors"
    save_file({name: one.astype("float32") for name, one in arrays.items()}, path)
    assert "eta/N" in ws.lift(path, LAYOUT).text


def test_sizes_at_which_two_texts_fit_are_told_apart_by_a_second(
    arrays: dict[str, np.ndarray], tmp_path: Path
) -> None:
    """At N = 10 the square of N looks like ten times N."""
    small = _layout(tmp_path / "small.toml", 10)
    large = _layout(tmp_path / "large.toml", 13)
    for size in (10, 13):
        arrays["proj"][D, D] = ETA / size**2
        np.savez(tmp_path / f"{size}.npz", **arrays)
    files = [tmp_path / "10.npz", tmp_path / "13.npz"]
    with pytest.raises(LiftError, match=r"may be eta/\(N\^2\) or eta/\(10\*N\)"):
        ws.lift(files[0], small)
    found = ws.lift(files, [small, large])
    assert "eta/(N^2)" in found.text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "gd"', 'nam = "gd"', "there is no key 'nam'. Did you mean 'name'"),
        ('o = "proj"', 'o = "proy"', "no tensor 'proy'. Did you mean 'proj'"),
        ('v = "value.T"', 'v = "key"', "layer 1, head 1.v: expected 6 columns"),
        ("size = 5", "size = 6", "embed: expected 7 columns"),
        ('over = ["context"]', 'over = ["contexts"]', "there are no tokens 'contexts'"),
        ("times = 4", "times = 0", "layer 1.times: expected a whole number, at least 1"),
        ('kind = "input", rows = "1"', 'kind = "inputs", rows = "1"', "Did you mean 'input'"),
        ("eta = 0.37", 'eta = "a"', "numbers.eta: expected a number"),
        ("eta = 0.37", "eta = 1e99999999", "is too long"),
        ("eta = 0.37", 'eta = "1e99999999"', "numbers.eta: expected a number"),
        ("identity = 6", "identity = 7", "expected 6 columns"),
        ("[numbers]", "[numbers", "this is not TOML"),
    ],
)
def test_mistakes_of_a_layout_are_named(
    old: str, new: str, message: str, weights: Path, tmp_path: Path
) -> None:
    text = LAYOUT.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "layout.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(LiftError) as refused:
        ws.lift(weights, path)
    assert message in str(refused.value)


def _npz(arrays: dict[str, np.ndarray], folder: Path) -> Path:
    np.savez(folder / "arrays.npz", **arrays)
    return folder / "arrays.npz"


def _layout(path: Path, size: int) -> Path:
    text = LAYOUT.read_text(encoding="utf-8").replace("N = 13", f"N = {size}")
    path.write_text(text, encoding="utf-8")
    return path


def test_the_layout_of_the_page_is_one() -> None:
    page = (Path(__file__).parents[3] / "docs" / "lift.md").read_text(encoding="utf-8")
    layout = read_layout(page.partition("```toml\n")[2].partition("```")[0])
    assert {one.name for one in layout.inputs} == {"x", "y"}


def test_an_input_that_is_left_out_is_told_the_line(weights: Path) -> None:
    text = LAYOUT.read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if one.startswith("y = { rows"))
    with pytest.raises(LiftError, match=r"no input 'y' .*add y = \{ rows = \"1\", per = \"…\" \}"):
        ws.lift(weights, text.replace(line + "\n", ""))
