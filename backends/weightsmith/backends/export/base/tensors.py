"""The tensors of a network and what a reader must know beside them: groups, masks, blocks.

    H ← embed · sources;  each layer as in weightsmith/backends/reference.py;  value ← unembed · H

``layers`` are all layers in order, loops unrolled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from weightsmith.backends.errors import ExportError, listed
from weightsmith.backends.export.base.subject import Subject
from weightsmith.backends.template.architecture import Architecture, LayerShape, row_axes
from weightsmith.backends.template.instantiate import Weights, full_weights, sizes_of
from weightsmith.backends.template.template_json import Json, canonical_json
from weightsmith.backends.template.unroll import network_shape
from weightsmith.compiler.ir.template import Template


def tensors_of(subject: Subject, dims: Mapping[str, int]) -> Weights:
    """The coefficients over blocks, or with ``dims`` the full matrices of these sizes.

    Raises ExportError where a size is missing or of no dimension, and InstantiationError.
    """
    weights = subject.weights
    if not dims:
        return weights
    shape = network_shape(subject.template)
    axes = row_axes(shape)
    unknown = sorted(set(dims) - set(axes) - set(subject.template.groups))
    if unknown:
        raise ExportError(
            f"there is no dimension {listed(unknown)}; the dimensions are {listed(axes)}."
        )
    return full_weights(weights, shape, sizes_of(subject.template, shape, dims))


def metadata_of(subject: Subject, weights: Weights) -> str:
    """What a reader must know, as canonical JSON."""
    content: dict[str, Json] = {
        **layout_of(subject.template),
        "algorithm": subject.algorithm,
        "certificate_sha256": subject.certificate,
        "dense": weights.dense,
        "dims": dict(weights.dims),
        "dtype": weights.dtype,
        "statement": subject.statement,
    }
    return canonical_json(content)


def layout_of(template: Template) -> dict[str, Json]:
    """Groups of tokens, sources, blocks, the masks of each layer, and the returned values."""
    views: dict[str, Json] = {"views": [_object(view) for view in template.views]}
    return {
        **(views if template.views else {}),
        "blocks": [_object(block) for block in template.blocks],
        "groups": list(template.groups),
        "layers": _layers(network_shape(template)),
        "outputs": [
            {
                "groups": list(output.groups),
                "name": output.name,
                "rows": output.rows,
                "transposed": output.transposed,
            }
            for output in template.read_out
        ],
        "sources": [_object(source) for source in template.sources],
    }


def _layers(shape: Architecture) -> list[Json]:
    return [_layer(layer) for layer in shape.layers]


def _layer(layer: LayerShape) -> Json:
    heads = [_object(head) for head in layer.heads]
    return {"heads": heads, "mlp": None if layer.mlp is None else _object(layer.mlp)}


def _object(value: object) -> Json:
    """A small dataclass as JSON."""
    fields: dict[str, Json] = {}
    for name, field in asdict(value).items():  # type: ignore[call-overload]
        fields[name] = list(field) if isinstance(field, tuple) else field
    return fields
