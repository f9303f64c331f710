"""The meaning of a network: a plain interpreter in NumPy that reads the exported files only.

    H ← embed · raw
    H ← H + Σ_h O (V H) · N(M ∘ f((K H)ᵀ · (Q H))), keys and queries at their tokens only
    H ← H + W₂ · act(W₁ H + b₁) + b₂,  act: relu, or for a gated hidden block ⊙ (G H + g)
    value ← unembed · H, at the tokens of its groups

V, K, Q, W₁ and unembed read the views too, the products of fixed matrices with blocks of H.
Naive on purpose: full matrices, one head after the other, no zero skipped.  With ``exact`` the
numbers are the template's own, as Fractions; otherwise those of ``model.safetensors``.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.storage.safetensors_file import check_weights, weights_from_bytes
from weightsmith.backends.template.architecture import Architecture, MlpShape, axis_sizes
from weightsmith.backends.template.instantiate import Weights, exact_weights, expand
from weightsmith.backends.template.layout import Answer, Inputs, Readings, Stream, layout, read_back
from weightsmith.backends.template.template_reader import template_from_json
from weightsmith.backends.template.token_counts import counted
from weightsmith.backends.template.unroll import network_shape
from weightsmith.compiler.ir.template import Scores, Template
from weightsmith.dsl.elementary import elementary
from weightsmith.dsl.heads import ALL, MASKS, NORMALISATIONS
from weightsmith.dsl.heads.record import evaluated


def run_files(
    template_json: str | bytes, model: bytes | None, inputs: Inputs, *, exact: bool = False
) -> Answer:
    """Run the network of two files on the inputs.

    In the dtype of ``model``, or with ``exact`` in rational arithmetic from the template alone
    (``model`` may be None).  Raises TemplateError, WeightsError, InstantiationError, LayoutError.
    """
    template = template_from_json(template_json)
    if not exact and model is not None:
        return run_weights(template, weights_from_bytes(model), inputs)
    stream = layout(template, inputs, np.dtype(object))
    template = counted(template, dict(stream.groups))
    shape = network_shape(template)
    tensors: Mapping[str, Array] = exact_weights(template)
    return read_back(template, interpret(shape, full_matrices(shape, tensors, stream), stream))


def run_weights(template: Template, weights: Weights, inputs: Inputs) -> Answer:
    """Run the network with these weights, in their dtype.  Raises WeightsError, LayoutError."""
    shape = network_shape(template)
    check_weights(weights, shape)
    stream = layout(template, inputs, weights.dtype, dims=weights.dims)
    if weights.dense:
        return read_back(template, interpret(shape.folded, weights.tensors, stream))
    matrices = full_matrices(shape, weights.tensors, stream)
    return read_back(template, interpret(shape, matrices, stream))


def full_matrices(
    shape: Architecture, tensors: Mapping[str, Array], stream: Stream
) -> dict[str, Array]:
    """Write every structured tensor out as coefficients ⊗ identity at the sizes of the data."""
    return {m.name: expand(tensors[m.name], m, stream.dims) for m in shape.matrices()}


def interpret(shape: Architecture, matrices: Mapping[str, Array], stream: Stream) -> Readings:
    """Run the network on raw data; return (batch ×) rows × tokens for each value and group."""
    token_groups = [group for group, size in stream.groups for _ in range(size)]
    state = matrices["embed.weight"] @ stream.raw
    for index, layer in enumerate(shape.layers):
        update = np.zeros_like(state)
        read = _with_views(shape, matrices, state, stream)
        for number, head in enumerate(layer.heads):
            q, k, v, o = (
                matrices[f"layers.{index}.attention.{number}.{letter}.weight"] for letter in "qkvo"
            )
            is_key = np.array([group in head.key_groups for group in token_groups], dtype=bool)
            is_query = np.array([group in head.query_groups for group in token_groups], dtype=bool)
            keys, queries = (k @ read) * is_key, (q @ read) * is_query
            scores = np.swapaxes(keys, -1, -2) @ queries
            if not head.scores.is_linear:
                scores = scored(head.scores, scores, is_key[:, np.newaxis] & is_query)
            update = update + o @ ((v @ read) @ scores)
        state = state + update
        if layer.mlp is not None:
            read = _with_views(shape, matrices, state, stream)
            state = state + _mlp(f"layers.{index}.mlp", layer.mlp, matrices, read, stream)
    readings: dict[str, dict[str, Array]] = {}
    read = _with_views(shape, matrices, state, stream)
    for output in shape.outputs:
        value = matrices[f"unembed.{output.name}.weight"] @ read
        readings[output.name] = {
            group: value[..., [place == group for place in token_groups]] for group in output.groups
        }
    return readings


def scored(scores: Scores, products: Array, seen: Array) -> Array:
    """f of the products, masked, then columns divided; zero where not ``seen``.

    Key tokens by query tokens.  Exact (Fractions) for relu and abs.  Where nothing is seen, before
    the first token, the sum is over nothing and the scores are 0.
    """
    if scores.mask != ALL:
        places = np.cumsum(np.diagonal(seen)) - 1  # of the one group that a masked head is of
        seen = seen & np.asarray(MASKS[scores.mask].seen(places[:, np.newaxis], places))
    kind = NORMALISATIONS[scores.normalised] if scores.normalised else None
    found = products
    if scores.function == "relu":
        found = np.maximum(products, 0)
    elif scores.function == "abs":
        found = np.abs(products)
    elif scores.function:
        if kind is not None and kind.is_fused(scores.function) and products.size:  # no overflow
            highest = np.where(seen, products, -np.inf).max(axis=-2, keepdims=True)
            products = np.where(seen, products - highest, 0)
        found = elementary(scores.function).floats(np.where(seen, products, 1))
    found = np.where(seen, found, 0)
    if kind is not None:
        names = {"x": found, "seen": 1 * seen, "sum": lambda one: one.sum(axis=-2, keepdims=True)}
        divisor = np.asarray(evaluated(kind.divisor, names))
        if found.dtype == object:  # whole numbers among fractions: 0/1 would be a float
            found = found * Fraction(1)
        found = found / np.where(seen.any(axis=-2, keepdims=True), divisor, 1)
    return found


def _with_views(
    shape: Architecture, matrices: Mapping[str, Array], state: Array, stream: Stream
) -> Array:
    """The blocks of the stream, then the views."""
    if not shape.views:
        return state
    tops = np.cumsum([0, *axis_sizes(shape.block_rows, stream.dims)])
    found = [state]
    for view in shape.views:
        matrix = matrices[f"matrices.{view.matrix}.weight"]
        block = state[..., tops[view.block] : tops[view.block + 1], :]
        found.append((matrix.T if view.transposed else matrix) @ block)
    return np.concatenate(found, axis=-2)


def _mlp(
    prefix: str, shape: MlpShape, matrices: Mapping[str, Array], state: Array, stream: Stream
) -> Array:
    """What an MLP adds to the stream."""

    def affine(part: str, operand: Array) -> Array:
        product: Array = matrices[f"{prefix}.{part}.weight"] @ operand
        bias = matrices.get(f"{prefix}.{part}.bias")
        return product if bias is None else product + bias[:, np.newaxis]

    hidden = affine("up", state)
    active = np.maximum(hidden, 0)
    if shape.has_gate:
        gated = np.repeat(shape.gated, axis_sizes(shape.hidden_rows, stream.dims))
        active = np.where(gated[:, np.newaxis], hidden * affine("gate", state), active)
    return affine("down", active)
