"""The rule ``rounding``: every tensor is the template's, rounded to ``dtype``, bit for bit.

Witness: none.  ``layers`` is the number of layers as run.

    {"fact": {"is": "weights", "of": "model.safetensors", "dtype": "float64", "layers": 4},
     "by": "rounding"}

Follows: the file has exactly the tensors of docs/template.md, each of its shape; each entry is the
coefficient at the bindings, an exact rational, rounded once to nearest, ties to even.

Proof: every tensor is made anew, of the layers written out, and compared.  No other fact speaks of
the rounded numbers: the network of a bound has the exact ones, and what rounding does is in none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from weightsmith.checker.facts.fact import Fact, Json
from weightsmith.checker.facts.read_files import WEIGHTS, ReadFiles
from weightsmith.checker.facts.rule import Facts, FileRule, Witness
from weightsmith.checker.reading.nearest import FORMATS, nearest
from weightsmith.checker.reading.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.reading.scalar_text import value_at
from weightsmith.checker.reading.strict_json import (
    as_boolean,
    as_integer,
    as_object,
    read_json,
)
from weightsmith.checker.reading.template import (
    FixedMatrix,
    Item,
    Layer,
    Outputs,
    Template,
    Terms,
    layer_count,
    repeats_in,
    unrolled,
)
from weightsmith.checker.reading.tensors import Tensor, TensorFile, read_tensors
from weightsmith.dsl.numbers.scalars import Number, Scalar

MAX_SIZE = 1 << 20  # of a dimension
MAX_STRIP = 1 << 22  # numbers that are compared at once; memory only
Bits = NDArray[np.unsignedinteger[np.typing.NBitBase]]
Matrix = Mapping[tuple[int, int], Fraction]  # block row, block column -> coefficient
Full = list[list[Fraction]]  # every entry of a block
Expected = tuple[str, Matrix, tuple[str, ...], tuple[str, ...], bool]


def statement(dtype: str) -> str:
    return (
        "Each entry of model.safetensors is the coefficient of template.json at its bindings, "
        f"rounded to nearest in {dtype}."
    )


def derive_weights(read: ReadFiles, of: object, premises: Facts, witness: Witness) -> Fact:
    require(of == WEIGHTS, f"Weights are of {WEIGHTS}, not of {quoted(of)}.")
    require(read.has_weights, "The certificate names weights without a file of them.")
    file = read_tensors(read.weights())
    dtype, layers = check_weights(read.template(), file, Budget())
    agree = f"{len(file.tensors)} tensors agree bit for bit in {dtype}."
    parts: Json = {"dtype": dtype, "layers": layers}
    return Fact("weights", WEIGHTS, parts, sentence=lambda: statement(dtype), reason=agree)


def check_weights(template: Template, file: TensorFile, budget: Budget) -> tuple[str, int]:
    """Refuse unless the file holds exactly the expected tensors; their dtype, and the layers."""
    dtype = next((tensor.dtype for tensor in file.tensors.values()), "float64")
    require(dtype in FORMATS, f"The dtype {quoted(dtype)} is not float64 or float32.")
    with budget.active():
        comparer = _Comparer(template, file, dtype, budget)
        comparer.run()
    return dtype, comparer.layers


def _metadata(file: TensorFile) -> tuple[bool, dict[str, int]]:
    require(set(file.metadata) == {"weightsmith"}, "The metadata must have one key, weightsmith.")
    document = read_json(file.metadata["weightsmith"].encode(), "The metadata")
    parts = as_object(document, "The metadata", ("version", "dense"), ("dims",))
    version = as_integer(parts["version"], "The metadata's version")
    require(version == 1, f"The metadata's version is {version}, not 1.")
    dense = as_boolean(parts["dense"], "dense")
    require(dense == ("dims" in parts), "The metadata has dims only if it is dense.")
    dims = parts.get("dims", {})
    if not isinstance(dims, dict):
        raise RefusedError("The metadata's dims are not an object.")
    sizes = {name: as_integer(size, f"the size of '{name}'") for name, size in dims.items()}
    for name, size in sizes.items():
        require(1 <= size <= MAX_SIZE, f"The size of '{name}' is {size}.")
    return dense, sizes


@dataclass(frozen=True, slots=True)
class _Placed:
    """A coefficient in a tensor: on the diagonal of its block, or spread over all of it."""

    top: int
    left: int
    size: tuple[int, int]
    spread: bool
    bits: int

    def write(self, wanted: Bits, first: int, last: int) -> None:
        """Write its part into the rows from ``first`` to before ``last``."""
        if self.size == (1, 1):
            if first <= self.top < last:
                wanted[self.top - first, self.left] = self.bits
            return
        start, end = max(self.top, first), min(self.top + self.size[0], last)
        if start >= end:
            return
        if self.spread:
            wanted[start - first : end - first, self.left : self.left + self.size[1]] = self.bits
            return
        span = np.arange(start, end)
        wanted[span - first, self.left + span - self.top] = self.bits


def strips(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    """Ranges of rows, few enough to be held in memory at once, which a whole tensor may not be."""
    require(columns <= MAX_STRIP, "A tensor is too wide to be compared.")
    step = max(1, MAX_STRIP // max(columns, 1))
    for first in range(0, rows, step):
        yield first, min(first + step, rows)


def _without_schedules(body: tuple[Item, ...]) -> tuple[Item, ...]:
    """The same layers; loops with numbers of their own for each pass are written out."""
    if not any(repeat.schedule for repeat in repeats_in(body)):
        return body
    from weightsmith.checker.semantics.schedules import written_out  # loaded where there are any

    return written_out(body)


class _Comparer:
    """Compares tensors one by one with the coefficients of the template."""

    def __init__(self, template: Template, file: TensorFile, dtype: str, budget: Budget) -> None:
        template = replace(template, body=_without_schedules(template.body))
        self.layers = layer_count(template.body, template.bindings)
        self._template = template
        self._file = file
        self._dtype = dtype
        self._dense, self._sizes = _metadata(file)
        self._check_fixed_sizes()
        self._rows = dict(template.readable)  # of blocks, then of views
        self._read_rows = tuple(self._rows.values())  # the columns of whatever reads them
        self._places = {name: place for place, name in enumerate(self._rows)}
        self._sources = {source.name: place for place, source in enumerate(template.sources)}
        self._values: dict[Scalar, Fraction] = {}
        self._checked: set[str] = set()
        self._budget = budget

    def run(self) -> None:
        enough = self.layers <= len(self._file.tensors)
        require(enough, "The file has fewer layers than the network.")
        self._compare(self._embed())
        expected: dict[int, list[Expected]] = {}
        for place, layer in enumerate(unrolled(self._template.body, self._template.bindings)):
            if id(layer) not in expected:
                expected[id(layer)] = list(self._layer(layer))
            for name, matrix, rows, columns, vector in expected[id(layer)]:
                self._compare((f"layers.{place}.{name}", matrix, rows, columns, vector))
        for output in self._template.read_out:
            matrix = self._stack((output.terms,))
            rows = (output.rows,)
            self._compare((f"unembed.{output.name}.weight", matrix, rows, self._read_rows, False))
        for name, fixed in self._template.matrices.items() if not self._dense else ():
            self._compare(_fixed(name, fixed))
        for name in self._file.tensors:
            require(name in self._checked, f"The tensor {quoted(name)} does not belong there.")

    def _check_fixed_sizes(self) -> None:
        """The sizes of full matrices are those of the fixed ones, which are part of them."""
        for name, fixed in self._template.matrices.items() if self._dense else ():
            entries = _entries(name, fixed)
            for axis, size in ((fixed.rows, len(entries)), (fixed.columns, len(entries[0]))):
                own = self._size(axis)
                require(own == size, f"The matrix '{name}' has {size} of '{axis}', not {own}.")

    @property
    def _block_rows(self) -> tuple[str, ...]:
        return tuple(self._template.blocks.values())

    def _value(self, scalar: Scalar) -> Fraction:
        if isinstance(scalar, Number):
            return scalar.value
        if scalar not in self._values:
            self._values[scalar] = value_at(scalar, self._template.bindings)
        return self._values[scalar]

    def _embed(self) -> Expected:
        matrix = {
            (self._places[block], self._sources[source]): self._value(scalar)
            for block, terms in self._template.read_in.items()
            for source, scalar in terms
        }
        columns = tuple(source.rows for source in self._template.sources)
        return "embed.weight", matrix, self._block_rows, columns, False

    def _layer(self, layer: Layer) -> Iterator[Expected]:
        for place, head in enumerate(layer.heads):
            prefix = f"attention.{place}"
            key_rows, rows = self._rows_of(head.keys), self._rows_of(head.values)
            sides = (
                ("q", head.queries, key_rows),
                ("k", head.keys, key_rows),
                ("v", head.values, rows),
            )
            for name, parts, heights in sides:
                stacked = self._stack(parts)
                yield f"{prefix}.{name}.weight", stacked, heights, self._read_rows, False
            outputs = self._outputs(head.outputs)
            yield f"{prefix}.o.weight", outputs, self._block_rows, rows, False
        if layer.mlp is not None:
            hidden = layer.mlp.hidden
            rows = tuple(unit.rows for unit in hidden)
            up = self._stack(tuple(unit.terms for unit in hidden))
            yield "mlp.up.weight", up, rows, self._read_rows, False
            yield "mlp.up.bias", self._vector([unit.bias for unit in hidden]), rows, ("1",), True
            if any(unit.gated for unit in hidden):
                gate = self._stack(tuple(unit.gate for unit in hidden))
                gate_bias = self._vector([unit.gate_bias for unit in hidden])
                yield "mlp.gate.weight", gate, rows, self._read_rows, False
                yield "mlp.gate.bias", gate_bias, rows, ("1",), True
            down = self._outputs(layer.mlp.outputs)
            yield "mlp.down.weight", down, self._block_rows, rows, False
            if layer.mlp.bias:
                bias = {(self._places[b], 0): self._value(scalar) for b, scalar in layer.mlp.bias}
                yield "mlp.down.bias", bias, self._block_rows, ("1",), True

    def _rows_of(self, parts: tuple[Terms, ...]) -> tuple[str, ...]:
        return tuple(self._rows[terms[0][0]] for terms in parts)

    def _stack(self, rows: tuple[Terms, ...]) -> Matrix:
        return {
            (place, self._places[block]): self._value(scalar)
            for place, terms in enumerate(rows)
            for block, scalar in terms
        }

    def _outputs(self, outputs: Outputs) -> Matrix:
        return {(self._places[block], at): self._value(scalar) for block, at, scalar in outputs}

    def _vector(self, scalars: Sequence[Scalar]) -> Matrix:
        return {(place, 0): self._value(scalar) for place, scalar in enumerate(scalars)}

    def _compare(self, expected: Expected) -> None:
        name, matrix, rows, columns, vector = expected
        folded: dict[tuple[int, int], Full] = {}
        if self._dense and columns is self._read_rows and self._template.views:
            matrix, folded = self._fold(matrix, rows)
            columns = self._block_rows
        require(name in self._file.tensors, f"The tensor '{name}' is missing.")
        self._checked.add(name)
        tensor = self._file.tensors[name]
        heights, widths = self._extents(rows), [1] if vector else self._extents(columns)
        shape = (sum(heights),) if vector else (sum(heights), sum(widths))
        require(tensor.dtype == self._dtype, f"The tensor '{name}' is of dtype {tensor.dtype}.")
        require(
            tensor.shape == shape,
            f"The tensor '{name}' has shape {quoted(tensor.shape)}, not {quoted(shape)}.",
        )
        self._budget.spend((len(rows) + len(columns)) // 10)
        full = {(r, c) for r, c in matrix if not vector and rows[r] != columns[c]}
        placed = self._placed_whole(name, folded, (heights, widths))
        self._compare_entries(tensor, name, matrix, (heights, widths), full, placed)

    def _fold(
        self, matrix: Matrix, rows: tuple[str, ...]
    ) -> tuple[Matrix, dict[tuple[int, int], Full]]:
        """Coefficients of blocks alone, and the exact blocks to which views add fixed matrices."""
        blocks, views = list(self._template.blocks), self._template.views
        plain = {place: value for place, value in matrix.items() if place[1] < len(blocks)}
        whole: dict[tuple[int, int], Full] = {}
        for (row, column), value in matrix.items():
            if column < len(blocks) or not value:
                continue
            view = views[column - len(blocks)]
            place = row, self._places[view.block]
            if place not in whole:
                extent = self._size(rows[row]), self._size(self._rows[view.block])
                self._budget.spend(extent[0] * extent[1] // 10)
                spread = rows[row] != self._rows[view.block]
                whole[place] = _full(plain.pop(place, Fraction(0)), extent, spread=spread)
            fixed = _entries(view.matrix, self._template.matrices[view.matrix])
            if view.transposed:
                fixed = [list(column_) for column_ in zip(*fixed, strict=True)]
            if rows[row] != self._rows[view.name]:  # one row meets several
                fixed = [[sum(column_, Fraction(0)) for column_ in zip(*fixed, strict=True)]]
            for down, line in enumerate(whole[place]):
                own = fixed[down if len(fixed) > 1 else 0]
                whole[place][down] = [a + value * b for a, b in zip(line, own, strict=True)]
        return plain, whole

    def _placed_whole(
        self,
        name: str,
        folded: Mapping[tuple[int, int], Full],
        extents: tuple[list[int], list[int]],
    ) -> list[_Placed]:
        """One place for each entry of the blocks that fixed matrices are part of."""
        tops, lefts = ([0, *accumulate(sizes)] for sizes in extents)
        form = FORMATS[self._dtype]
        places = []
        for (row, column), lines in folded.items():
            self._budget.spend(len(lines) * len(lines[0]))
            for down, line in enumerate(lines):
                for along, value in enumerate(line):
                    at = tops[row] + down, lefts[column] + along
                    bits = nearest(value, form, f"'{name}', entry {at}")
                    places.append(_Placed(*at, (1, 1), False, bits))
        return places

    def _compare_entries(
        self,
        tensor: Tensor,
        name: str,
        matrix: Matrix,
        extents: tuple[list[int], list[int]],
        full: set[tuple[int, int]],
        placed: list[_Placed],
    ) -> None:
        """Each coefficient stands on the diagonal of its block; in the blocks of ``full``, where
        one row meets several, in every entry; in a vector, in every row."""
        heights, widths = extents
        self._budget.spend(10 * len(matrix) + sum(heights) * sum(widths) // 500)
        places = list(placed)
        tops, lefts = ([0, *accumulate(sizes)] for sizes in extents)
        for (row, column), value in matrix.items():
            bits = nearest(value, FORMATS[self._dtype], f"'{name}', entry ({row}, {column})")
            size = (heights[row], widths[column])
            spread = (row, column) in full or len(tensor.shape) == 1
            places.append(_Placed(tops[row], lefts[column], size, spread, bits))
        form = FORMATS[self._dtype].unsigned
        for first, last in strips(tops[-1], lefts[-1]):
            wanted = np.zeros((last - first, lefts[-1]), dtype=form)
            for place in places:
                place.write(wanted, first, last)
            differs = np.argwhere(wanted != tensor.rows(first, last, form))
            if differs.size:
                at = (first + int(differs[0][0]), int(differs[0][1]))[: len(tensor.shape)]
                raise RefusedError(f"The tensor '{name}' differs from its coefficient at {at}.")

    def _extents(self, axes: tuple[str, ...]) -> list[int]:
        return [self._size(axis) for axis in axes] if self._dense else [1] * len(axes)

    def _size(self, axis: str) -> int:
        if axis.isascii() and axis.isdigit():
            require(len(axis) <= 7, f"The axis {quoted(axis)} is too large.")
            return int(axis)
        require(axis in self._sizes, f"The metadata gives no size for '{axis}'.")
        return self._sizes[axis]


def _full(value: Fraction, extent: tuple[int, int], *, spread: bool) -> Full:
    """A number times the identity, or in every entry."""
    rows, columns = map(range, extent)
    zero = Fraction(0)
    return [[value if spread or row == column else zero for column in columns] for row in rows]


def _entries(name: str, matrix: FixedMatrix) -> Full:
    """The numbers of a fixed matrix.  Raises RefusedError where there are none."""
    if not matrix.entries:
        raise RefusedError(f"The matrix '{name}' has no numbers.")
    return [list(row) for row in matrix.entries]


def _fixed(name: str, matrix: FixedMatrix) -> Expected:
    """The tensor of a fixed matrix, entry by entry."""
    numbers = _entries(name, matrix)
    rows, columns = (("1",) * n for n in (len(numbers), len(numbers[0])))
    entries = {
        (row, column): value
        for row, values in enumerate(numbers)
        for column, value in enumerate(values)
    }
    return f"matrices.{name}.weight", entries, rows, columns, False


RULE = FileRule("rounding", "weights", derive_weights)
