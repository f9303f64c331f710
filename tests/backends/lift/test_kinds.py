"""Every kind of head and of hidden unit, and every way a file may hold tensors."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tests.backends.lift.dense_networks import EXAMPLES, Held, held
from tests.backends.lift.lift_mutants import TURNS, turned

from weightsmith.against import compare
from weightsmith.backends.lift.given.layout_file import read_layout
from weightsmith.backends.lift.given.tensors import Tensors
from weightsmith.backends.lift.lift import lift
from weightsmith.backends.reference import run_weights
from weightsmith.backends.template.instantiate import weights_of
from weightsmith.compiler.ir.template import Repeat, Template
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.dsl import Source

MIXED = read_net(
    Source(
        "mixed.net",
        """network mixed
input x: [d] per context
input y: [1] per context
param a
tokens  context
stream  x  d rows, starts as x
        y  1 rows, starts as y
        u  1 rows, starts as 1/2 ones
        z  d rows, starts as 0
repeat 3:
    layer   head  z += a x·softmax(xᵀ·x + yᵀ·u)   sum over context upto; at context
            head  z += 3 x·relu(xᵀ·z)   sum over context; at context
            mlp   y += relu(x - 1/3)
                  z += 2 relu[d](y)
                  z += (z + 1) .* (x)
                  y += 1/7
    layer   head  y += y·exp(xᵀ·x)   sum over context before; at context
return  z = z at context tokens
""",
    )
).template
NUMBERS = {"a": Fraction("0.37"), "3": Fraction(3)}


def answers(template: Template) -> np.ndarray:
    draws = np.random.default_rng(11)
    inputs = {
        "x": {"context": draws.standard_normal((3, 6)) / 4},
        "y": {"context": draws.standard_normal((1, 6)) / 4},
    }
    bound = replace(template, bindings=(("a", "37/100"),))
    (found,) = run_weights(bound, weights_of(bound), inputs).values()
    (array,) = found.values() if isinstance(found, dict) else (found,)
    return array


@pytest.mark.parametrize("turn", TURNS)
def test_functions_masks_stacked_keys_gates_and_rows_of_one(turn: str) -> None:
    given = turned(held(MIXED, NUMBERS, numbers=("a",)), turn, np.random.default_rng(2))
    found = lift([read_layout(given.layout)], [given.rounded("float64")]).template
    (loop,) = found.body
    (first, second), (wanted, last) = loop.body, MIXED.body[0].body  # type: ignore[union-attr]
    for one, other in ((first, wanted), (second, last)):
        assert [head.scores for head in one.heads] == [head.scores for head in other.heads]  # type: ignore[union-attr]
    assert len(first.heads[0].keys) == 2  # type: ignore[union-attr]
    assert np.allclose(answers(found), answers(MIXED), rtol=1e-12)


def test_blocks_that_the_layout_names() -> None:
    given = held(MIXED, NUMBERS, numbers=("a",))
    blocks = "".join(f'[[stream]]\nname = "{b.name}"\nrows = "{b.rows}"\n' for b in MIXED.blocks)
    found = lift([read_layout(given.layout + blocks)], [given.rounded("float64")]).template
    assert found.blocks == MIXED.blocks
    assert found.read_in == MIXED.read_in
    assert found.read_out == MIXED.read_out


def passes(given: Held, count: int, factor: float) -> Held:
    """A layer in a loop, as so many layers that have tensors of their own."""
    tensors = {}
    for name, one in given.tensors.items():
        if not name.startswith("layers.0."):
            tensors[name] = one
            continue
        for number in range(count):
            scaled = factor**number if name.endswith("o.weight") else 1.0
            tensors[name.replace("layers.0", f"layers.{number + 5}")] = one * scaled
    layout = given.layout.replace("layers.0.", "layers.{i}.")
    layout = layout.replace("[loops.loop1]", "[loops.loop1]\nfirst = 5")
    return Held(tensors, layout)


def test_layers_with_tensors_of_their_own_are_a_loop_if_they_are_equal() -> None:
    example = EXAMPLES[1]
    given = held(example.template, {**example.values, "steps": Fraction(4)}, numbers=("eta",))
    own = passes(given, 4, 1.0)
    found = lift([read_layout(own.layout)], [own.rounded("float32")]).template
    assert found == lift([read_layout(given.layout)], [given.rounded("float32")]).template
    assert isinstance(found.body[0], Repeat)


def test_layers_that_differ_are_written_out() -> None:
    example = EXAMPLES[1]
    given = held(example.template, {**example.values, "steps": Fraction(4)}, numbers=("eta",))
    own = passes(given, 4, 0.5)
    found = lift([read_layout(own.layout)], [own.rounded("float32")]).template
    coefficients = [layer.heads[0].outputs[0][2] for layer in found.body]  # type: ignore[union-attr]
    assert [one.removeprefix("-") for one in coefficients] == ["1", "1/2", "1/4", "1/8"]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_inside_of_a_head_is_changed_by_any_matrix(dtype: str) -> None:
    example, draws = EXAMPLES[0], np.random.default_rng(6)
    given = held(example.template, example.values, forms=example.forms)
    tensors, prefix = dict(given.tensors), "layers.0.attention.0."
    change, other = np.eye(4) + draws.standard_normal((2, 4, 4)) / 3
    tensors[f"{prefix}k.weight"] = change @ tensors[f"{prefix}k.weight"]
    tensors[f"{prefix}q.weight"] = np.linalg.inv(change).T @ tensors[f"{prefix}q.weight"]
    tensors[f"{prefix}v.weight"] = other @ tensors[f"{prefix}v.weight"]
    tensors[f"{prefix}o.weight"] = tensors[f"{prefix}o.weight"] @ np.linalg.inv(other)
    found = lift([read_layout(given.layout)], [replace(given, tensors=tensors).rounded(dtype)])
    assert compare(found.template, example.program).outcome == "equal"


def test_larger_sizes_are_no_harder() -> None:
    example = EXAMPLES[0]
    given = held(example.template, example.values, forms=example.forms, sizes=(64,))
    given = turned(given, TURNS[3], np.random.default_rng(2))
    found = lift([read_layout(given.layout)], [given.rounded("float32")])
    assert compare(found.template, example.program).outcome == "equal"
    assert found.agreements[0].worst < 0.2


def test_parts_of_one_tensor() -> None:
    example = EXAMPLES[0]
    given = held(example.template, example.values, forms=example.forms)
    prefix, layout = "layers.0.attention.0.", given.layout
    fused = np.hstack([given.tensors[f"{prefix}{one}.weight"].T for one in "qkv"])
    kept = {name: one for name, one in given.tensors.items() if name[-8:-7] not in "qkv"}
    for number, one in enumerate("qkv"):
        part = f"c_attn[:, {4 * number}:{4 * number + 4}].T"
        layout = layout.replace(f"{prefix}{one}.weight", part)
    found = lift([read_layout(layout)], [Tensors({**kept, "c_attn": fused})]).template
    assert found == lift([read_layout(given.layout)], [given.rounded("float64")]).template
