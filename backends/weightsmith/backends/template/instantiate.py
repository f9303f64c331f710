"""From a template to numbers: loops unrolled, coefficients evaluated and rounded once.

A weight matrix is found in three forms: exact (Fractions over blocks), structured (the same,
rounded to a dtype) and dense (each entry times the identity of its rows, or times ones where
an MLP joins one row to several).  Only the last knows a size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.errors import InstantiationError, TooLargeError, listed
from weightsmith.backends.template.architecture import (
    Architecture,
    Matrix,
    axis_size,
    axis_sizes,
    row_axes,
    unembed_name,
)
from weightsmith.backends.template.coefficients import (
    Bindings,
    DType,
    Values,
    float_format,
    fraction_text,
    round_fraction,
)
from weightsmith.backends.template.unroll import (
    network_shape,
    refuse_open,
    unrolled,
)
from weightsmith.backends.template.wellformed import check_template
from weightsmith.compiler.ir.template import (
    Head,
    Layer,
    Mlp,
    Template,
    Terms,
)
from weightsmith.compiler.ir.template import Matrix as FixedMatrix

FloatArray = NDArray[np.float64] | NDArray[np.float32]
ExactArray = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Weights:
    """The tensors of a network by name; ``dims`` are the sizes of a dense one."""

    tensors: Mapping[str, FloatArray]
    dtype: DType
    dense: bool = False
    dims: Mapping[str, int] = field(default_factory=dict)


def exact_weights(template: Template, bindings: Bindings | None = None) -> dict[str, ExactArray]:
    """Return every structured tensor as Fractions, unrounded; the turns of a loop share theirs.

    Raises TemplateError where the template is not whole, InstantiationError where a symbol has
    no value.
    """
    return dict(_exact_tensors(template, bindings))


@dataclass(frozen=True, slots=True)
class Named:
    """An entry before it has a number: the coefficients of the template that it is the sum of."""

    texts: tuple[str, ...] = ()

    def __add__(self, other: Named) -> Named:
        return Named(self.texts + other.texts)


def named_tensors(template: Template, bindings: Bindings | None = None) -> dict[str, ExactArray]:
    """Return of every structured tensor which coefficients its entries are: each a ``Named``.

    Raises as ``exact_weights``; the turns of a loop share theirs.
    """
    check_template(template)
    values = Values(template, bindings)
    return dict(_tensors(template, values, lambda text: Named((text,)), Named()))


def weights_of(
    template: Template,
    bindings: Bindings | None = None,
    *,
    dims: Mapping[str, int] | None = None,
    dtype: DType = "float64",
) -> Weights:
    """Return the structured weights, or with ``dims`` the dense ones of those sizes."""
    if dims is None:
        return structured_weights(template, bindings, dtype=dtype)
    return dense_weights(template, dims, bindings, dtype=dtype)


def structured_weights(
    template: Template, bindings: Bindings | None = None, *, dtype: DType = "float64"
) -> Weights:
    """Return the coefficient matrices over blocks; no size is needed.

    Each entry is rounded once, to nearest, ties to even.  Raises as ``exact_weights``, and
    InstantiationError where a number is too large for the dtype.
    """
    form = float_format(dtype)
    seen: dict[int, tuple[ExactArray, Array]] = {}  # the turns of a loop share their tensors

    def entry(value: Fraction, name: str) -> float:
        try:
            return round_fraction(value, form)
        except OverflowError:
            raise TooLargeError(
                f"the coefficient {fraction_text(value)} in '{name}' is too large for {dtype}."
            ) from None

    tensors = {}
    for name, exact in _exact_tensors(template, bindings):
        if id(exact) not in seen:
            flat = [entry(value, name) for value in exact.ravel().tolist()]
            seen[id(exact)] = exact, np.array(flat, dtype=dtype).reshape(exact.shape)
        tensors[name] = seen[id(exact)][1].copy()
    return Weights(tensors, dtype)


def dense_weights(
    template: Template,
    dims: Mapping[str, int],
    bindings: Bindings | None = None,
    *,
    dtype: DType = "float64",
) -> Weights:
    """Return the full matrices at the sizes ``dims`` of the axes that rows are indexed by.

    Raises as ``structured_weights``, and InstantiationError where a size is missing or unknown.
    """
    structured = structured_weights(template, bindings, dtype=dtype)
    exact = exact_weights(template, bindings) if template.views else None
    shape = network_shape(template, bindings)
    return full_weights(structured, shape, sizes_of(template, shape, dims), exact)


def full_weights(
    weights: Weights,
    shape: Architecture,
    sizes: Mapping[str, int],
    exact: Mapping[str, ExactArray] | None = None,
) -> Weights:
    """Structured weights as full matrices; ``exact`` are the same before they were rounded.

    What reads a view is times its matrix: the exact sum for each column, rounded once.
    """
    blocks, tensors = len(shape.block_rows), {}
    for matrix in shape.folded.matrices():
        name, given = matrix.name, weights.tensors[matrix.name]
        if matrix.reads is None or given.shape[1] == len(matrix.reads):
            tensors[name] = expand(given, matrix, sizes)
        elif not given[:, blocks:].any():
            tensors[name] = expand(given[:, :blocks], matrix, sizes)
        else:
            tensors[name] = _folded(exact or weights.tensors, matrix, shape, sizes, weights.dtype)
    return Weights(tensors, weights.dtype, dense=True, dims=sizes)


def _folded(
    tensors: Mapping[str, Array],
    matrix: Matrix,
    shape: Architecture,
    sizes: Mapping[str, int],
    dtype: DType,
) -> FloatArray:
    """coefficients ⊗ identity over the blocks, plus for every view coefficient · matrix."""
    coefficients, blocks = _fractions(tensors[matrix.name]), len(shape.block_rows)
    total = expand(coefficients[:, :blocks], matrix, sizes)
    tops = np.cumsum([0, *axis_sizes(matrix.writes, sizes)])
    lefts = np.cumsum([0, *axis_sizes(shape.block_rows, sizes)])
    for row, place in np.argwhere(coefficients[:, blocks:] != 0):
        view = shape.views[place]
        fixed = _fractions(tensors[f"matrices.{view.matrix}.weight"])
        fixed = fixed.T if view.transposed else fixed
        if matrix.writes[row] != view.rows:  # one row meets several
            fixed = fixed.sum(axis=0, keepdims=True)
        part = total[tops[row] : tops[row + 1], lefts[view.block] : lefts[view.block + 1]]
        part += coefficients[row, blocks + place] * fixed
    form = float_format(dtype)
    try:
        flat = [round_fraction(Fraction(value), form) for value in total.ravel().tolist()]
    except OverflowError:
        raise TooLargeError(f"a number of '{matrix.name}' is too large for {dtype}.") from None
    return np.array(flat, dtype=dtype).reshape(total.shape)


def _fractions(array: Array) -> ExactArray:
    flat = np.array([Fraction(value) for value in array.ravel().tolist()], dtype=object)
    return flat.reshape(array.shape)


def sizes_of(
    template: Template, architecture: Architecture, dims: Mapping[str, int]
) -> dict[str, int]:
    """The sizes of all rows.  Raises InstantiationError where one is missing or unknown."""
    axes = row_axes(architecture)
    unknown = sorted(set(dims) - set(axes) - set(template.groups))
    if unknown:
        raise InstantiationError(
            f"there is no dimension {listed(unknown)}; the dimensions are {listed(axes)}."
        )
    told = architecture.told
    for axis in sorted(dims.keys() & told.keys()):
        if dims[axis] != told[axis]:
            raise InstantiationError(
                f"the dimension '{axis}' is {told[axis]} in a fixed matrix, not {dims[axis]}."
            )
    return {axis: axis_size(axis, {**dims, **told}) for axis in axes}


def expand(
    coefficients: Array, matrix: Matrix, dims: Mapping[str, int], *, full: bool = False
) -> Array:
    """Return coefficients ⊗ identity: each entry on the diagonal of its block (any dtype).

    Between blocks of different rows an entry fills its block where one of the two has one row and
    the matrix is an MLP's; elsewhere it must be zero.  A bias is repeated row by row.  ``full``:
    every entry fills its block.
    """
    writes = axis_sizes(matrix.writes, dims)
    if matrix.reads is None:
        return np.repeat(coefficients, writes)
    reads = axis_sizes(matrix.reads, dims)
    tops, lefts = np.cumsum([0, *writes]), np.cumsum([0, *reads])
    dense = np.zeros((tops[-1], lefts[-1]), dtype=coefficients.dtype)
    for row, column in np.argwhere(coefficients != 0):
        if not matrix.may_join(matrix.writes[row], matrix.reads[column]):
            raise InstantiationError(
                f"'{matrix.name}' joins rows of '{matrix.reads[column]}' to rows of "
                f"'{matrix.writes[row]}'."
            )
        down = np.arange(tops[row], tops[row + 1])
        along = np.arange(lefts[column], lefts[column + 1])
        if full or matrix.writes[row] != matrix.reads[column]:
            down = down[:, np.newaxis]  # every entry of the block, not its diagonal
        dense[down, along] = coefficients[row, column]
    return dense


def _exact_tensors(
    template: Template, bindings: Bindings | None
) -> Iterator[tuple[str, ExactArray]]:
    check_template(template)
    refuse_open(template, bindings)
    values = Values(template, bindings)
    return _tensors(template, values, values.__getitem__, Fraction(0))


def _tensors(
    template: Template, values: Values, entry: Callable[[str], object], zero: object
) -> Iterator[tuple[str, ExactArray]]:
    """Every tensor of the table in docs/template.md, in its order; sums of ``entry``s."""
    fill = _Filler(template, entry, zero)
    yield "embed.weight", fill.embed()
    cache: dict[int, list[tuple[str, ExactArray]]] = {}
    for index, layer in enumerate(unrolled(template, values)):
        if id(layer) not in cache:
            cache[id(layer)] = list(fill.layer(layer))
        for name, tensor in cache[id(layer)]:
            yield f"layers.{index}.{name}", tensor
    for output in template.read_out:
        yield unembed_name(output.name), fill.rows((output.terms,))
    for matrix in template.matrices:
        yield f"matrices.{matrix.name}.weight", fill.fixed(matrix)


class _Filler:
    """Coefficient matrices over the blocks of one template."""

    def __init__(self, template: Template, entry: Callable[[str], object], zero: object) -> None:
        self.template = template
        self.entry = entry
        self.zero = zero
        self.place = {name: index for index, name in enumerate(template.readable)}

    def embed(self) -> ExactArray:
        source = {source.name: index for index, source in enumerate(self.template.sources)}
        matrix = self.zeros(len(self.template.blocks), len(source))
        for block, terms in self.template.read_in:
            for name, coefficient in terms:
                matrix[self.place[block], source[name]] += self.entry(coefficient)
        return matrix

    def rows(self, combinations: tuple[Terms, ...]) -> ExactArray:
        matrix = self.zeros(len(combinations), len(self.place))
        for row, terms in enumerate(combinations):
            for block, coefficient in terms:
                matrix[row, self.place[block]] += self.entry(coefficient)
        return matrix

    def columns(self, outputs: tuple[tuple[str, int, str], ...], count: int) -> ExactArray:
        matrix = self.zeros(len(self.template.blocks), count)
        for block, column, coefficient in outputs:
            matrix[self.place[block], column] += self.entry(coefficient)
        return matrix

    def fixed(self, matrix: FixedMatrix) -> ExactArray:
        rows = [[self.entry(text) for text in row] for row in matrix.entries or ()]
        return np.array(rows, dtype=object).reshape(len(rows), -1)

    def vector(self, coefficients: Iterable[str]) -> ExactArray:
        return np.array([self.entry(text) for text in coefficients], dtype=object)

    def layer(self, layer: Layer) -> Iterator[tuple[str, ExactArray]]:
        for number, head in enumerate(layer.heads):
            yield from self.head(f"attention.{number}", head)
        if layer.mlp is not None:
            yield from self.mlp(layer.mlp)

    def head(self, prefix: str, head: Head) -> Iterator[tuple[str, ExactArray]]:
        yield f"{prefix}.q.weight", self.rows(head.queries)
        yield f"{prefix}.k.weight", self.rows(head.keys)
        yield f"{prefix}.v.weight", self.rows(head.values)
        yield f"{prefix}.o.weight", self.columns(head.outputs, len(head.values))

    def mlp(self, mlp: Mlp) -> Iterator[tuple[str, ExactArray]]:
        yield "mlp.up.weight", self.rows(tuple(hidden.terms for hidden in mlp.hidden))
        yield "mlp.up.bias", self.vector(hidden.bias for hidden in mlp.hidden)
        if any(hidden.is_gated for hidden in mlp.hidden):
            yield "mlp.gate.weight", self.rows(tuple(hidden.gate for hidden in mlp.hidden))
            yield "mlp.gate.bias", self.vector(hidden.gate_bias for hidden in mlp.hidden)
        yield "mlp.down.weight", self.columns(mlp.outputs, len(mlp.hidden))
        if mlp.bias:
            yield "mlp.down.bias", self.rows((mlp.bias,))[0][: len(self.template.blocks)]

    def zeros(self, rows: int, columns: int) -> ExactArray:
        return np.full((rows, columns), self.zero, dtype=object)
