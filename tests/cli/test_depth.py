"""``weightsmith show --depth``: where the layers went, and why there are so many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from weightsmith.compiler.reports.depth import Stretch

Call = Callable[..., Result]


CASES = {
    "newton_inverse": [
        "target: inv(A) within",
        "synthesize does it in",
        "has fewer than 8 layers",
        "degree 1 -> 4095",
        "by 2, a layer could by 3",
    ],
    "gradient_descent": ["has fewer than 4 layers", "adds 2 to the degree", "--fewest layers"],
    "polar_quintic": ["by 5, 2 layers could by 9", "    1 head: X*X'*X\n"],
    "ridge": ["layer 1: outside of loops", "layers 2-10: repeat steps = 9", "layer 11:"],
    "lasso_ista": ["no lower bound by degree", "functions of entries in the MLP"],
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_each_stretch_of_layers_has_its_line(name: str, call: Call, examples: Path) -> None:
    numbers = ["--set", "mu=1/10", "--set", "L=2"] if name == "newton_inverse" else []
    text = call("show", "--depth", examples / f"{name}.alg", *numbers).output
    for part in CASES[name]:
        assert part in text


def test_a_program_at_the_bound_has_no_reason(call: Call, examples: Path) -> None:
    text = call("show", "--depth", examples / "heat_kernel.alg").output
    assert "above the bound" not in text
    assert "layers 1-12" in text


def test_a_count_without_a_value_is_named(call: Call, examples: Path, tmp_path: Path) -> None:
    script = (examples / "newton_inverse.alg").read_text().replace("steps = 12", "steps")
    path = tmp_path / "open.alg"
    path.write_text(script)
    assert "'steps' has no value" in call("show", "--depth", path).output


def test_a_schedule_is_shown_in_decimals_and_not_restructured(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "schedule.alg"
    path.write_text(
        "algorithm f(A: symmetric[d, d])\nX = I\n"
        "for g in 0.1045, 1/3, 0.25, 1:\n    X = X - g*(A*X - I)\nreturn X\n"
    )
    text = call("show", "--depth", path).output
    assert "for g in 0.1045, 1/3, 1/4, 1," in text
    assert "and each has numbers of its own (--fewest layers is for 'repeat')" in text


def test_an_odd_function_has_a_lower_bound_too(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "sigmoid.alg"
    path.write_text(
        "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [-4, 4]\n"
        "return synthesize spectral(sigmoid, A) within 1e-4\n"
    )
    assert "takes at least 3 layers by its best polynomial" in call("show", "--depth", path).output


@pytest.mark.parametrize(
    ("each", "words"),
    [(1, "by 3, a layer could by 3"), (10, "by 5.9e+04, 10 layers could by 59049"), (700, "3^700")],
)
def test_factors_of_many_digits_are_said_shortly(each: int, words: str) -> None:
    """A ratio or a power that no float holds is no error, and no line of hundreds of digits."""
    before, after = 3**each, 3 ** (2 * each)
    one = Stretch("repeat", (), 2, 2 * each + 1, 1, after, after - before, before - 1)
    assert words in one.reason
    assert len(one.reason) < 200
