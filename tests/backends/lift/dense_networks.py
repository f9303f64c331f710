"""Dense weights of a compiled script, turned as training code might hold them, and their layout.

The layout is TOML text, as a person would write it: nothing of the template but what tensors cannot
say (sources, groups, masks, loops) is in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from weightsmith.backends.lift.given.tensors import Tensor, Tensors
from weightsmith.backends.template.architecture import row_axes
from weightsmith.backends.template.instantiate import dense_weights
from weightsmith.backends.template.unroll import network_shape
from weightsmith.compiler.ir.template import Head, Item, Layer, Repeat, Template
from weightsmith.compiler.pipeline import compile_program
from weightsmith.dsl import diagnose, load_source
from weightsmith.dsl.heads import to_json
from weightsmith.dsl.program import core

ROOT = Path(__file__).parents[3]
SIZES = (4, 3, 5, 6)  # of the axes, in their order


@dataclass(frozen=True, slots=True)
class Example:
    """A script, and numbers for its parameters."""

    name: str
    settings: Mapping[str, str]
    numbers: tuple[str, ...] = ()  # the parameters that the layout tells as numbers
    forms: tuple[str, ...] = ()  # expressions that it names

    @property
    def program(self) -> core.Program:
        program = diagnose(load_source(ROOT / "examples" / f"{self.name}.alg")).program
        assert program is not None
        return program

    @property
    def values(self) -> dict[str, Fraction]:
        return {name: Fraction(value) for name, value in self.settings.items()}

    @property
    def template(self) -> Template:
        return compile_program(self.program, {}).template


EXAMPLES = (
    Example("newton_inverse", {"mu": "0.17", "L": "2.37", "steps": "12"}, (), ("2/(L + mu)",)),
    Example("gradient_descent", {"eta": "0.37", "steps": "16"}, ("eta",)),
    Example("lasso_ista", {"eta": "0.37", "lam": "0.29", "steps": "3"}, ("eta", "lam")),
    Example("square_root", {"mu": "0.13", "L": "2.37", "steps": "14"}, (), ("2/(L + 1)",)),
    Example("heavy_ball", {"eta": "0.37", "beta": "0.61", "steps": "9"}, ("eta", "beta")),
    Example("polar", {"smax": "2.37", "steps": "11"}, ("smax",)),
    Example("gd_plus_plus", {"eta": "0.37", "gamma": "0.61", "steps": "3"}, ("eta", "gamma")),
    Example("nonnegative_least_squares", {"eta": "0.37", "steps": "4"}, ("eta",)),
)


@dataclass(frozen=True, slots=True)
class Held:
    """Tensors by name, and the layout that explains them."""

    tensors: dict[str, Tensor]
    layout: str

    def rounded(self, dtype: str) -> Tensors:
        return Tensors({name: one.astype(dtype) for name, one in self.tensors.items()})


def once(items: tuple[Item, ...]) -> tuple[Layer, ...]:
    """Every layer of the text once."""
    found: list[Layer] = []
    for item in items:
        found += [item] if isinstance(item, Layer) else once(item.body)
    return tuple(found)


def held(
    template: Template,
    values: Mapping[str, Fraction],
    *,
    numbers: tuple[str, ...] = (),
    forms: tuple[str, ...] = (),
    sizes: tuple[int, ...] = SIZES,
    fixed: Mapping[str, Tensor] | None = None,
) -> Held:
    """The template as dense weights of these sizes; ``fixed``: numbers of its fixed matrices."""
    fixed = fixed or {}
    matrices = tuple(replace(one, entries=_texts(fixed[one.name])) for one in template.matrices)
    flat = replace(template, body=once(template.body), matrices=matrices)
    axes = row_axes(network_shape(flat, dict(values)))
    dims = {axis: sizes[at] for at, axis in enumerate(axes)}
    weights = dense_weights(flat, dims, dict(values))
    tensors = {name: np.asarray(one, dtype=np.float64) for name, one in weights.tensors.items()}
    tensors |= fixed
    told = {name: values[name] for name in numbers}
    return Held(tensors, "\n".join(_lines(template, dims, values, told, forms)) + "\n")


def _texts(entries: Tensor) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(str(Fraction(one)) for one in row) for row in entries.tolist())


def _lines(
    template: Template,
    dims: Mapping[str, int],
    values: Mapping[str, Fraction],
    numbers: Mapping[str, Fraction],
    forms: tuple[str, ...],
) -> Iterator[str]:
    yield f'name = "{template.algorithm}"'
    yield f"tokens = {_list(template.groups)}"
    yield f"forms = {_list(forms)}"
    yield "[sizes]"
    used = {one.rows for one in template.sources if not one.rows.isdigit()}
    yield from (f"{axis} = {size}" for axis, size in dims.items() if axis in used)
    yield "[numbers]"
    yield from (f'{name} = "{value}"' for name, value in numbers.items())
    if forms:  # of parameters that are no numbers of the floats
        yield "[params]"
        yield from (f'{name} = "{one}"' for name, one in values.items() if name != "steps")
    for matrix in template.matrices:
        yield f"[matrices.{matrix.name}]"
        yield f'rows = "{matrix.rows}"\ncolumns = "{matrix.columns}"\nentries = "{matrix.name}"'
    for one in template.sources:
        yield f'[sources."{one.name}"]'
        yield f'kind = "{one.kind}"\nof = "{one.of}"\nrows = "{one.rows}"'
        yield f"groups = {_list(one.groups)}"
    loops, number = 0, 0
    for item in template.body:
        body = once((item,))
        if isinstance(item, Repeat):
            loops += 1
            yield f"[loops.loop{loops}]"
            yield f'times = {values[item.count]}\ncount = "{item.count}"'
        for layer in body:
            yield "[[layer]]"
            if isinstance(item, Repeat):
                yield f'loop = "loop{loops}"'
            if layer.mlp is not None:
                gated = any(one.is_gated for one in layer.mlp.hidden)
                yield "[layer.mlp]"
                parts = ["up", "up_bias", "down"] + ["gate", "gate_bias"] * gated
                parts += ["down_bias"] * bool(layer.mlp.bias)
                for part in parts:
                    name, _, kind = part.partition("_")
                    yield f'{part} = "layers.{number}.mlp.{name}.{kind or "weight"}"'
            for at, head in enumerate(layer.heads):
                yield from _head_lines(head, f"layers.{number}.attention.{at}")
            number += 1
    for output in template.read_out:
        yield f'[read_out."{output.name}"]'
        yield f'weight = "unembed.{output.name}.weight"\nat = {_list(output.groups)}'
        yield f"transposed = {str(output.transposed).lower()}"


def _head_lines(head: Head, prefix: str) -> Iterator[str]:
    yield "[[layer.heads]]"
    yield from (f'{part} = "{prefix}.{part}.weight"' for part in "qkvo")
    yield f"over = {_list(head.key_groups)}\nat = {_list(head.query_groups)}"
    scores = head.scores
    kind = "softmax" if scores.normalised and scores.function == "exp" else scores.function
    yield f'attention = "{kind or "linear"}"\nmask = "{scores.mask}"'
    yield f"normalised = {json.dumps(to_json(scores.normalised))}"


def _list(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


# -- the same network, held differently ----------------------------------------------------------


def stream_changed(given: Held, change: Tensor) -> Held:
    """The stream h as U·h, U orthogonal (a permutation, or a rotation)."""
    found = {}
    for name, tensor in given.tensors.items():
        writes = name.endswith(("embed.weight", "o.weight", "down.weight", "down.bias"))
        if writes and not name.startswith("unembed"):
            found[name] = change @ tensor
        elif name.endswith(("q.weight", "k.weight", "v.weight", "up.weight", "gate.weight")) or (
            name.startswith("unembed")
        ):
            found[name] = tensor @ change.T
        else:
            found[name] = tensor
    return replace(given, tensors=found)


def heads_changed(given: Held, draws: np.random.Generator) -> Held:
    """Q as R·Q and K as R⁻ᵀ·K, V as S·V and O as O·S⁻¹, R and S orthogonal."""
    found = dict(given.tensors)
    for name, tensor in given.tensors.items():
        if name.endswith("q.weight"):
            change, partner = rotation(len(tensor), draws), name.replace("q.w", "k.w")
            found[name], found[partner] = change @ tensor, change @ found[partner]
        elif name.endswith("v.weight"):
            change, partner = rotation(len(tensor), draws), name.replace("v.w", "o.w")
            found[name], found[partner] = change @ tensor, found[partner] @ change.T
    return replace(given, tensors=found)


def units_permuted(given: Held, draws: np.random.Generator) -> Held:
    """The hidden units of every MLP in another order."""
    found = dict(given.tensors)
    for name in given.tensors:
        if name.endswith("mlp.up.weight"):
            prefix = name.removesuffix("up.weight")
            order = draws.permutation(len(found[name]))
            for part in ("up.weight", "up.bias", "gate.weight", "gate.bias"):
                if prefix + part in found:
                    found[prefix + part] = found[prefix + part][order]
            found[prefix + "down.weight"] = found[prefix + "down.weight"][:, order]
    return replace(given, tensors=found)


def rotation(size: int, draws: np.random.Generator) -> Tensor:
    found, upper = np.linalg.qr(draws.standard_normal((size, size)))
    return found * np.sign(np.diag(upper))


def permutation(size: int, draws: np.random.Generator) -> Tensor:
    return np.eye(size)[draws.permutation(size)]
