"""Dense weights with a matrix of its own in every layer: the network comes back, and is proven."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.backends.lift.dense_networks import Held, held, once
from tests.backends.lift.lift_mutants import TURNS, turned

import weightsmith.api as ws
from weightsmith.backends.errors import LiftError
from weightsmith.backends.lift.given.layout_file import read_layout
from weightsmith.backends.lift.lift import lift
from weightsmith.compiler.nets.write_net import net_text

DESCENT = """algorithm learned(x: [d] per token, y: [1] per context, A: fixed[d, d] per pass)
w = 0
repeat 3:
    w = w - (w*x - y)*x'*A  over context
return w*x on query
"""
NARROW = """algorithm narrow(x: [d] per token, B: fixed[k, d] per pass)
w = 0
for c in 1/2, 1/3:
    w = w - c*(w*x - B*x)*x'  over context
return w*x on query
"""
SIZES = {"d": 4, "k": 3}


def dense(script: str) -> Held:
    template = ws.compile(script).template
    flat = replace(template, body=once(template.body))
    draws = np.random.default_rng(2)
    fixed = {
        one.name: draws.normal(size=(SIZES[one.rows], SIZES[one.columns]))
        for one in template.matrices
    }
    return held(flat, {}, sizes=(4, 3), fixed=fixed)


def lifted(given: Held) -> str:
    found = lift([read_layout(given.layout)], [given.rounded("float64")])
    assert all(one.claimed for one in found.claims)
    return net_text(found.template, ())


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("script", [DESCENT, NARROW], ids=["square", "k is not d"])
def test_the_matrices_of_all_passes_come_back(script: str, turn: str) -> None:
    text = lifted(turned(dense(script), turn, np.random.default_rng(5)))
    for name in [one.name for one in ws.compile(script).template.matrices]:
        assert f"\nmatrix {name}: [" in text
    assert ws.compare(text, script).is_equal


def test_matrices_of_two_passes_that_change_places_differ() -> None:
    given = dense(DESCENT)
    first, second = (f"layers.{k}.attention.0.{{}}.weight" for k in (0, 1))
    tensors = dict(given.tensors)
    for part in "qkvo":
        one, other = first.format(part), second.format(part)
        tensors[one], tensors[other] = tensors[other], tensors[one]
    compared = ws.compare(lifted(replace(given, tensors=tensors)), DESCENT)
    assert compared.outcome == "different"
    named = {**given.tensors, "A1": given.tensors["A2"], "A2": given.tensors["A1"]}
    assert ws.compare(lifted(replace(given, tensors=named)), DESCENT).outcome == "different"


@pytest.mark.parametrize("change", [0.3, 1e-9])
def test_an_entry_of_the_second_pass_that_is_off_is_no_network(change: float) -> None:
    """The entry may be said to be wrong in the matrix or in the weights: they do not agree."""
    given = dense(DESCENT)
    moved = given.tensors["A2"].copy()
    moved[1, 2] += change
    with pytest.raises(LiftError, match=r"'layers\.1\.attention\.0\.q\.weight' \[1, 2\] is"):
        lifted(replace(given, tensors={**given.tensors, "A2": moved}))


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_files_that_we_export_are_read(suffix: str, tmp_path: Path) -> None:
    given = dense(DESCENT)
    stack = np.stack([given.tensors[f"A{k + 1}"] for k in range(3)])
    path = tmp_path / f"net.{suffix}"
    ws.compile(DESCENT, matrices={"A": stack}).export(path, dims={"d": 4})
    layout = given.layout
    for k in range(3):
        layout = layout.replace(f'entries = "A{k + 1}"', f"entries = {stack[k].tolist()}")
    (tmp_path / "layout.toml").write_text(layout)
    found = ws.lift(path, layout=tmp_path / "layout.toml")
    assert ws.compare(found.text, DESCENT).is_equal
