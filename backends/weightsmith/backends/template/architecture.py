"""The shape of a network without its numbers: which matrices it has, and what they act on.

Rows are the names of dimensions (``"d"``, or a number that is its own size), so an architecture,
like a template, serves every size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from weightsmith.backends.errors import InstantiationError
from weightsmith.backends.template.wellformed import join
from weightsmith.compiler.ir.template import LINEAR, Head, Layer, Mlp, Scores, Template, Terms
from weightsmith.compiler.ir.template import Matrix as FixedMatrix


@dataclass(frozen=True, slots=True)
class HeadShape:
    key_rows: tuple[str, ...]
    value_rows: tuple[str, ...]
    key_groups: tuple[str, ...]
    query_groups: tuple[str, ...]
    scores: Scores = LINEAR


@dataclass(frozen=True, slots=True)
class MlpShape:
    hidden_rows: tuple[str, ...]
    gated: tuple[bool, ...]  # of each hidden block
    has_bias: bool  # added after the hidden blocks

    @property
    def has_gate(self) -> bool:
        return any(self.gated)


@dataclass(frozen=True, slots=True)
class LayerShape:
    heads: tuple[HeadShape, ...]
    mlp: MlpShape | None


@dataclass(frozen=True, slots=True)
class OutputShape:
    name: str
    rows: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ViewShape:
    """A fixed matrix times the block of this number; ``rows`` are those of the product."""

    rows: str
    matrix: str
    transposed: bool
    block: int


@dataclass(frozen=True, slots=True)
class FixedShape:
    """A fixed matrix: how many rows and columns it has, and of which axes they are."""

    name: str
    size: tuple[int, int]
    axes: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Matrix:
    """One tensor of the weights: its name, and the rows of what it writes and reads.

    ``reads`` is None for a bias, a vector.  ``spreads``: a block of one row may meet other rows.
    """

    name: str
    writes: tuple[str, ...]
    reads: tuple[str, ...] | None
    spreads: bool = False

    def may_join(self, writes: str, reads: str) -> bool:
        return join(writes, reads) if self.spreads else writes == reads


@dataclass(frozen=True, slots=True)
class Architecture:
    groups: tuple[str, ...]
    source_rows: tuple[str, ...]
    block_rows: tuple[str, ...]
    layers: tuple[LayerShape, ...]
    outputs: tuple[OutputShape, ...]
    views: tuple[ViewShape, ...] = ()
    fixed: tuple[FixedShape, ...] = ()

    @property
    def read_rows(self) -> tuple[str, ...]:
        """The rows of what weights read: blocks, then views."""
        return (*self.block_rows, *(view.rows for view in self.views))

    @property
    def folded(self) -> Architecture:
        """The same with the views as part of what reads them, as in full matrices."""
        return replace(self, views=(), fixed=()) if self.fixed else self

    @property
    def told(self) -> dict[str, int]:
        """The sizes of axes that fixed matrices have.  Raises InstantiationError."""
        found: dict[str, int] = {}
        for one in self.fixed:
            for axis, size in zip(one.axes, one.size, strict=True):
                known = int(axis) if axis.isdigit() else found.setdefault(axis, size)
                if known != size:
                    raise InstantiationError(
                        f"expected {known} for '{axis}' of the matrix '{one.name}', got {size}."
                    )
        return found

    def matrices(self) -> list[Matrix]:
        """Every tensor of the weights, in the order of the table in docs/template.md."""
        blocks, reads = self.block_rows, self.read_rows
        found = [Matrix("embed.weight", blocks, self.source_rows)]
        for index, layer in enumerate(self.layers):
            for number, head in enumerate(layer.heads):
                found += _head_matrices(f"layers.{index}.attention.{number}", head, blocks, reads)
            if layer.mlp is not None:
                found += _mlp_matrices(f"layers.{index}.mlp", layer.mlp, blocks, reads)
        found += [Matrix(unembed_name(o.name), (o.rows,), reads) for o in self.outputs]
        for one in self.fixed:
            rows, columns = (("1",) * size for size in one.size)
            found.append(Matrix(f"matrices.{one.name}.weight", rows, columns))
        return found


def unembed_name(output: str) -> str:
    """The tensor that reads the value ``output``."""
    return f"unembed.{output}.weight"


def architecture_of(template: Template, layers: Iterable[Layer]) -> Architecture:
    """Return the shape of the network that runs ``layers`` (loops unrolled) in order."""
    rows = template.readable
    shapes: dict[int, LayerShape] = {}

    def shape(layer: Layer) -> LayerShape:
        if id(layer) not in shapes:
            shapes[id(layer)] = LayerShape(
                tuple(_head_shape(head, rows) for head in layer.heads), _mlp_shape(layer.mlp)
            )
        return shapes[id(layer)]

    return Architecture(
        groups=template.groups,
        source_rows=tuple(source.rows for source in template.sources),
        block_rows=tuple(block.rows for block in template.blocks),
        layers=tuple(shape(layer) for layer in layers),
        outputs=tuple(OutputShape(o.name, o.rows, o.groups) for o in template.read_out),
        views=_views(template),
        fixed=tuple(_fixed(matrix) for matrix in template.matrices),
    )


def axis_size(axis: str, dims: Mapping[str, int]) -> int:
    """Return the size of an axis.  Raises InstantiationError where ``dims`` does not say it."""
    if axis.isdigit():
        return int(axis)
    if axis not in dims:
        raise InstantiationError(
            f"the dimension '{axis}' has no size; say it, for example --dim {axis}=16."
        )
    size = dims[axis]
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise InstantiationError(
            f"expected a whole number for the dimension '{axis}', got {size!r}."
        )
    return size


def axis_sizes(axes: Sequence[str], dims: Mapping[str, int]) -> list[int]:
    return [axis_size(axis, dims) for axis in axes]


def row_axes(architecture: Architecture) -> list[str]:
    """The named axes that rows of the network are indexed by, sorted."""
    axes = {*architecture.source_rows, *architecture.block_rows}
    axes.update(output.rows for output in architecture.outputs)
    for layer in architecture.layers:
        axes.update(layer.mlp.hidden_rows if layer.mlp is not None else ())
        for head in layer.heads:
            axes.update(head.key_rows, head.value_rows)
    return sorted(axis for axis in axes if not axis.isdigit())


def _views(template: Template) -> tuple[ViewShape, ...]:
    rows, blocks = template.readable, [block.name for block in template.blocks]
    return tuple(
        ViewShape(rows[view.name], view.matrix, view.transposed, blocks.index(view.block))
        for view in template.views
    )


def _fixed(matrix: FixedMatrix) -> FixedShape:
    if matrix.entries is None:
        raise InstantiationError(f"the matrix '{matrix.name}' has no numbers yet.")
    width = len(matrix.entries[0]) if matrix.entries else 0
    return FixedShape(matrix.name, (len(matrix.entries), width), (matrix.rows, matrix.columns))


def _head_matrices(
    prefix: str, head: HeadShape, blocks: tuple[str, ...], reads: tuple[str, ...]
) -> list[Matrix]:
    return [
        Matrix(f"{prefix}.q.weight", head.key_rows, reads),
        Matrix(f"{prefix}.k.weight", head.key_rows, reads),
        Matrix(f"{prefix}.v.weight", head.value_rows, reads),
        Matrix(f"{prefix}.o.weight", blocks, head.value_rows),
    ]


def _mlp_matrices(
    prefix: str, mlp: MlpShape, blocks: tuple[str, ...], reads: tuple[str, ...]
) -> list[Matrix]:
    hidden = mlp.hidden_rows
    found = [
        Matrix(f"{prefix}.up.weight", hidden, reads, spreads=True),
        Matrix(f"{prefix}.up.bias", hidden, None),
    ]
    if mlp.has_gate:
        found += [
            Matrix(f"{prefix}.gate.weight", hidden, reads, spreads=True),
            Matrix(f"{prefix}.gate.bias", hidden, None),
        ]
    found.append(Matrix(f"{prefix}.down.weight", blocks, hidden, spreads=True))
    if mlp.has_bias:
        found.append(Matrix(f"{prefix}.down.bias", blocks, None))
    return found


def _head_shape(head: Head, rows: Mapping[str, str]) -> HeadShape:
    def rows_of(terms: Terms) -> str:
        return rows[terms[0][0]]

    return HeadShape(
        tuple(rows_of(terms) for terms in head.keys),
        tuple(rows_of(terms) for terms in head.values),
        head.key_groups,
        head.query_groups,
        head.scores,
    )


def _mlp_shape(mlp: Mlp | None) -> MlpShape | None:
    if mlp is None:
        return None
    return MlpShape(
        hidden_rows=tuple(hidden.rows for hidden in mlp.hidden),
        gated=tuple(hidden.is_gated for hidden in mlp.hidden),
        has_bias=bool(mlp.bias),
    )
