"""Dense weights of scripts come out as networks that are proven equal to them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tests.backends.lift.dense_networks import EXAMPLES, Example, Held, held
from tests.backends.lift.lift_mutants import TURNS, counted, turned

from weightsmith.against import compare
from weightsmith.backends.errors import LiftError
from weightsmith.backends.lift.given.layout_file import read_layout
from weightsmith.backends.lift.lift import Lifted, lift
from weightsmith.backends.lift.report import report_lines

NEWTON, GRADIENT, LASSO = EXAMPLES[:3]


def dense(example: Example, sizes: tuple[int, ...] = (4, 3, 5, 6)) -> Held:
    return held(
        example.template,
        example.values,
        numbers=example.numbers,
        forms=example.forms,
        sizes=sizes,
    )


def lifted(given: Held, dtype: str = "float64", noise: float = 0.0) -> Lifted:
    return lift([read_layout(given.layout)], [given.rounded(dtype)], noise=noise)


def changed(given: Held, name: str, place: tuple[int, ...], value: float) -> Held:
    tensor = given.tensors[name].copy()
    tensor[place] = value
    return replace(given, tensors={**given.tensors, name: tensor})


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.name)
def test_a_script_comes_back(example: Example, turn: str, dtype: str) -> None:
    given = turned(dense(example), turn, np.random.default_rng(5))
    found = lifted(given, dtype)
    values = {name: one for name, one in example.values.items() if name != "steps"}
    compared = compare(found.template, example.program, settings=values)
    assert compared.outcome == "equal", compared.text
    assert found.agreements[0].worst <= 1
    assert found.agreements[0].largest < (1e-14 if dtype == "float64" else 1e-5)


def test_rows_that_nothing_reaches_are_left_out() -> None:
    given = dense(GRADIENT)
    wider = {}
    for name, tensor in given.tensors.items():
        if name.endswith(("embed.weight", "o.weight")):
            wider[name] = np.vstack([tensor, np.zeros((2, tensor.shape[1]))])
        else:
            wider[name] = np.hstack([tensor, np.ones((len(tensor), 2))])
    found = lifted(replace(given, tensors=wider))
    assert found.unreached == 2
    assert found.template == lifted(given).template


def test_what_was_rounded_is_printed() -> None:
    found = lifted(dense(LASSO), "float32")
    lines = report_lines(found, "float32")
    assert any(line.endswith("to -eta") for line in lines)
    assert any(line.startswith("checked:") and "largest difference" in line for line in lines)


# -- numbers that are not what they seem ---------------------------------------------------------


def test_a_number_that_may_be_two_things_is_refused_and_both_are_said() -> None:
    halves = replace(GRADIENT, settings={"eta": "1/2", "steps": "4"})
    with pytest.raises(LiftError, match=r"-0.5 may be -1/2 or .*-eta or"):
        lifted(dense(halves))


def test_a_second_size_tells_them_apart() -> None:
    first = dense(replace(GRADIENT, settings={"eta": "1/2", "steps": "4"}))
    second = dense(replace(GRADIENT, settings={"eta": "1/3", "steps": "4"}), (5, 2))
    layouts = [read_layout(one.layout) for one in (first, second)]
    found = lift(layouts, [one.rounded("float64") for one in (first, second)])
    assert "eta" in str(found.template.body)
    assert len(found.agreements) == 2


def test_two_sizes_that_are_two_networks_are_refused() -> None:
    first, second = dense(GRADIENT), dense(GRADIENT, (5, 2))
    name = "layers.0.attention.0.o.weight"
    second = replace(second, tensors={**second.tensors, name: 3 * second.tensors[name]})
    layouts = [read_layout(one.layout) for one in (first, second)]
    with pytest.raises(LiftError, match="are not one coefficient"):
        lift(layouts, [one.rounded("float64") for one in (first, second)])


def test_no_fraction_is_claimed_that_the_dtype_cannot_tell() -> None:
    name = "layers.0.attention.0.o.weight"
    given = dense(GRADIENT)
    odd = replace(given, tensors={**given.tensors, name: given.tensors[name] * 0.3711938})
    found = lifted(odd, "float32")
    (claim,) = (one for one in found.claims if not one.claimed)
    assert Fraction(claim.text).denominator > 200
    assert any(line.startswith("kept as decimals") for line in report_lines(found, "float32"))


# -- damage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(
    ("part", "place"), [("q", (1, 2)), ("k", (2, 0)), ("v", (0, 5)), ("o", (6, 1))]
)
def test_a_damaged_entry_of_a_head_is_named(turn: str, part: str, place: tuple[int, int]) -> None:
    given = turned(dense(NEWTON), turn, np.random.default_rng(3))
    name = f"layers.0.attention.0.{part}.weight"
    value = float(given.tensors[name][place]) + 0.123
    with pytest.raises(LiftError) as refused:
        lifted(changed(given, name, place, value))
    assert f"'{name}' {list(place)} is" in str(refused.value)


@pytest.mark.parametrize("name", ["embed.weight", "layers.0.mlp.up.weight", "unembed.X.weight"])
def test_a_damaged_entry_of_written_weights_is_named(name: str) -> None:
    given = turned(dense(NEWTON), TURNS[1], np.random.default_rng(4))
    with pytest.raises(LiftError) as refused:
        lifted(changed(given, name, (2, 3), 0.771))
    assert f"'{name}' [2, 3] is 0.771" in str(refused.value)


def test_two_damaged_entries_are_said_to_make_no_blocks() -> None:
    given = turned(dense(NEWTON), TURNS[3], np.random.default_rng(4))
    for name in ("layers.0.attention.0.q.weight", "layers.0.attention.0.v.weight"):
        given = changed(given, name, (1, 1), 0.771)
    with pytest.raises(LiftError, match="not made of blocks"):
        lifted(given)


# -- trained weights -----------------------------------------------------------------------------


def test_trained_weights_come_with_a_distance_and_no_claim() -> None:
    given, draws = dense(GRADIENT), np.random.default_rng(8)
    noisy = {
        name: one + 1e-3 * draws.standard_normal(one.shape) for name, one in given.tensors.items()
    }
    trained = replace(given, tensors=noisy)
    with pytest.raises(LiftError, match="--noise"):
        lifted(trained)
    found = lifted(trained, noise=0.02)
    compared = compare(found.template, GRADIENT.program, settings={"eta": Fraction("0.37")})
    assert compared.is_equal, compared.text
    lines = report_lines(found, "float64")
    assert any("no certificate" in line for line in lines)
    assert any(line.startswith("    elsewhere: 0.0") for line in lines)
    assert found.way.startswith("blocks of rows")
    off, size = found.agreements[0].distances["layer 1, head 1, o·v"]
    assert 0 < off < 0.05 < size
    blocks = found.agreements[0].blocks["layer 1, head 1, o·v"]
    assert sum(part**2 for part, _ in blocks.values()) == pytest.approx(off**2)
    assert sum(own**2 for _, own in blocks.values()) == pytest.approx(size**2)
    assert blocks["elsewhere"][1] == 0
    assert set(blocks) == {"y by y", "elsewhere"}
    assert not any(line.startswith("checked") for line in lines)


# -- mutants -------------------------------------------------------------------------------------


def test_a_few_mutants() -> None:
    found = counted(12, 3)
    assert sum(found.values()) == 12
    assert sum(times for name, times in found.items() if name.endswith("different")) >= 8


@pytest.mark.slow
def test_two_hundred_mutants() -> None:
    found = counted(200, 14)
    assert sum(times for name, times in found.items() if name.endswith("different")) >= 150
