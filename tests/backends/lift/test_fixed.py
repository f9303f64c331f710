"""Blocks that are fixed matrices: published constructions come back and are proven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.backends.lift.dense_networks import Held, held
from tests.backends.lift.lift_mutants import TURNS, turned

import weightsmith.api as ws
from weightsmith.backends.errors import LiftError
from weightsmith.backends.lift.given.layout_file import read_layout
from weightsmith.backends.lift.given.tensors import Tensors
from weightsmith.backends.lift.lift import Lifted, lift
from weightsmith.compiler.ir.template import Template
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.compiler.nets.write_net import net_text
from weightsmith.dsl import Source, load_source

NETWORKS = Path(__file__).parents[2] / "compiler" / "nets" / "networks"
VALUES = {"eta": "0.37", "N": "13", "n": "13"}
NAMES = {  # the numbers of each
    "von_oswald_gd": ("eta", "N"),
    "ahn_transposed": ("n",),
    "both": ("eta",),
    "new": ("eta",),
    "units": (),
}
BOTH = """
network both
input x: [d] per token
input y: [k] per context
matrix W: [k, d]
matrix M: [d, d]
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  k rows, starts as y
layer   head  y += eta y·xᵀ·(x - 2 M x + 3 M' x)   sum over context; at context, query
        head  x += x·(W' y + x)ᵀ·x   sum over context; at context, query
return  output = 2 y - W x at query tokens
"""
SCRIPT = """
algorithm both(x: [d] per token, y: [k] per context, W: [k, d], M: [d, d])
param eta
A = y*x'  over context
G = x*x'  over context
H = x*y'  over context
return 2*eta*A*(x - 2*M*x + 3*M'*x) - W*(x + G*x + H*W*x) on query
"""
NEW = """
network new
input x: [d] per token
input y: [1] per context
matrix M: [d, d]
param eta
tokens  context, query
stream  x  d rows, starts as x
        y  1 rows, starts as y
        h  d rows, starts as 0
        s  1 rows, starts as 0
layer   head  h += (M x)·xᵀ·x   sum over context; at context, query
layer   head  s += eta y·xᵀ·h   sum over context; at context, query
return  output = s at query tokens
"""
NEW_SCRIPT = """
algorithm new(x: [d] per token, y: [1] per context, M: [d, d])
param eta
A = y*x'  over context
G = x*x'  over context
return eta*A*M*G*x on query
"""
UNITS = """
network units
input x: [d] per token
matrix W: [k, d]
matrix M: [d, d]
matrix v: [1, d]
tokens  context, query
stream  x  d rows, starts as x
        h  k rows, starts as 0
        s  1 rows, starts as 0
layer   mlp  h += relu(W x)
             h += 3 relu(-2 W x)
             x += relu(x - 2 M x)
             s += relu(v x)
return  h = h at query tokens
return  x2 = x at query tokens
return  s = s at query tokens
"""
UNITS_SCRIPT = """
algorithm units(x: [d] per token, W: [k, d], M: [d, d], v: [1, d])
h = relu(W*x) + 3*relu(-2*W*x)
x2 = x + relu(x - 2*M*x)
s = relu(v*x)
return h on query, x2 on query, s on query
"""
OWN = {"both": (BOTH, SCRIPT), "new": (NEW, NEW_SCRIPT), "units": (UNITS, UNITS_SCRIPT)}


def drawn(template: Template, sizes: Mapping[str, int], seed: int = 3) -> dict[str, np.ndarray]:
    draws = np.random.default_rng(seed)
    return {
        one.name: draws.standard_normal((sizes[one.rows], sizes[one.columns]))
        for one in template.matrices
    }


def dense(name: str, d: int, k: int, *, seed: int = 3) -> Held:
    template = network(name)
    k = k if name in ("von_oswald_gd", "both", "units") else 1
    values = {one: Fraction(value) for one, value in VALUES.items()}
    sizes = {"d": d, "k": k, "1": 1}
    given = sizes.values() if k > 1 else (d,)
    fixed = drawn(template, sizes, seed)
    return held(template, values, numbers=NAMES[name], sizes=tuple(given)[:2], fixed=fixed)


def network(name: str) -> Template:
    path = NETWORKS / f"{name}.net"
    source = Source(name, OWN[name][0]) if name in OWN else load_source(path)
    return read_net(source).template


def lifted(given: Held, dtype: str = "float64") -> Lifted:
    return lift([read_layout(given.layout)], [given.rounded(dtype)])


def script(name: str) -> str:
    path = NETWORKS / f"{name}.alg"
    return OWN[name][1] if name in OWN else path.read_text(encoding="utf-8")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", list(NAMES))
def test_a_construction_comes_back(name: str, turn: str, dtype: str) -> None:
    given = turned(dense(name, 4, 3), turn, np.random.default_rng(5))
    found = lifted(given, dtype)
    text = net_text(found.template, ())
    compared = ws.compare(text, script(name))
    assert compared.outcome == "equal", compared.text
    assert found.agreements[0].worst <= 1
    assert all(one.claimed for one in found.claims)
    assert read_net(Source("lifted", text)).template == found.template


def test_two_sizes_are_one_text() -> None:
    small, large = dense("both", 4, 3), dense("both", 5, 2, seed=8)
    layouts = [read_layout(one.layout) for one in (small, large)]
    found = lift(layouts, [one.rounded("float32") for one in (small, large)])
    assert found.template == lifted(small).template


def test_a_matrix_that_the_layout_does_not_name_is_no_block() -> None:
    given = dense("both", 4, 3)
    at = given.layout.index("[matrices.M]")
    layout = given.layout[:at] + given.layout[given.layout.index("[sources", at) :]
    with pytest.raises(LiftError, match="not made of blocks: layer 1, head 1, kᵀ·q, x by x"):
        lifted(replace(given, layout=layout))


def test_another_matrix_is_another_network() -> None:
    given = dense("von_oswald_gd", 4, 3)
    twice = replace(given, tensors={**given.tensors, "W0": 2 * given.tensors["W0"]})
    compared = ws.compare(net_text(lifted(twice).template, ()), script("von_oswald_gd"))
    assert compared.outcome == "different"


@pytest.mark.parametrize("turn", [TURNS[0], TURNS[3]])
def test_a_damaged_entry_beside_a_matrix_is_named(turn: str) -> None:
    given = turned(dense("von_oswald_gd", 4, 3), turn, np.random.default_rng(5))
    name = "layers.0.attention.0.v.weight"
    tensor = given.tensors[name].copy()
    tensor[1, 2] += 0.3
    with pytest.raises(LiftError) as refused:
        lifted(replace(given, tensors={**given.tensors, name: tensor}))
    assert f"'{name}' [1, 2] is" in str(refused.value)


def test_numbers_in_the_layout() -> None:
    given = dense("von_oswald_gd", 4, 3)
    numbers = [[str(Fraction(one)) for one in row] for row in given.tensors["W0"].tolist()]
    layout = given.layout.replace('entries = "W0"', f"entries = {numbers}")
    assert layout != given.layout
    assert lifted(replace(given, layout=layout)).template == lifted(given).template


def test_trained_weights_near_a_matrix() -> None:
    given, draws = dense("von_oswald_gd", 4, 3), np.random.default_rng(8)
    noisy = {
        name: one + 1e-3 * draws.standard_normal(one.shape) * (name != "W0")
        for name, one in given.tensors.items()
    }
    found = lift([read_layout(given.layout)], [Tensors(noisy)], noise=0.02)
    assert ws.compare(net_text(found.template, ()), script("von_oswald_gd")).is_equal


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ('"W1"', "no tensor 'W1'"),
        ("3", "matrices.W0.entries: expected a list"),
        ("[[1], [2, 3]]", "matrices.W0.entries: write rows of equal length"),
        ("[[1, 2]]", "matrices.W0: expected k × d numbers, not all zero, got the shape (1, 2)"),
        ("[[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]", "not all zero, got the shape (3, 4)"),
    ],
)
def test_mistakes_are_named(entries: str, message: str) -> None:
    given = dense("von_oswald_gd", 4, 3)
    layout = given.layout.replace('entries = "W0"', f"entries = {entries}")
    with pytest.raises(LiftError) as refused:
        lifted(replace(given, layout=layout))
    assert message in str(refused.value)
