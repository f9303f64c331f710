"""Two networks on one input, in balls: how far apart what they return is, proven.

A network is followed as ``reference.py`` says, with the exact coefficients of its template and the
inputs as they are, in arb's balls of more and more bits, until the difference is known to a
hundredth.  A network's answer, numbers that came out of it, can take the place of the first: then
their round-off is in the difference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import flint
import numpy as np

from weightsmith.backends.data.arrays import Array
from weightsmith.backends.data.given import float_inputs
from weightsmith.backends.enclose.given import exact_array, inexact
from weightsmith.backends.enclose.matrices.near import NoBoundError
from weightsmith.backends.enclose.report import Enclosed, Enclosures
from weightsmith.backends.errors import LayoutError
from weightsmith.backends.template.architecture import Architecture, MlpShape, axis_sizes
from weightsmith.backends.template.instantiate import exact_weights, expand
from weightsmith.backends.template.layout import Stream, layout
from weightsmith.backends.template.token_counts import counted
from weightsmith.backends.template.unroll import network_shape
from weightsmith.compiler.ir.template import Scores, Template
from weightsmith.dsl.heads import ALL, MASKS, OF_SUMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weightsmith.backends.template.layout import Inputs

PRECISIONS = (128, 256, 512, 1024)
MOST = 40_000_000  # scores of all heads together, at one precision: about a minute
FUNCTIONS = ("", "exp", "relu", "abs")
CENTRED = "the centred network"
HOW = "both networks in balls"
Pieces = Mapping[str, flint.arb_mat]  # by token group


def enclose_networks(
    template: Template,
    other: Template,
    inputs: Inputs,
    answer: Mapping[str, object] | None = None,
) -> Enclosures:
    """Bound how far each value of the first network, or of its answer, is from the other's.

    In the Frobenius norm, all token groups together.  Raises LayoutError.
    """
    reason = inexact(inputs)
    stream = layout(other, float_inputs(inputs), np.dtype(np.float64))
    problems = range(stream.batch or 1)
    names = [output.name for output in template.read_out]
    bounds: dict[str, list[float | None]] = {name: [] for name in names}
    for problem in problems:
        found: Mapping[str, float] = {}
        try:
            if reason:
                raise NoBoundError(reason)
            found = _distances(template, other, inputs, answer, problem)
        except NoBoundError as why:
            reason = reason or str(why)
        for name in names:
            bounds[name].append(found.get(name))
    values = (Enclosed(n, CENTRED, tuple(bounds[n]), HOW, reason) for n in names)
    return Enclosures(tuple(values))


def _distances(
    template: Template,
    other: Template,
    inputs: Inputs,
    answer: Mapping[str, object] | None,
    problem: int,
) -> dict[str, float]:
    found: dict[str, float] = {}
    for bits in PRECISIONS:
        with _precision(bits):
            second = follow(other, inputs, problem)
            first = (
                follow(template, inputs, problem)
                if answer is None
                else _given(template, answer, second, problem)
            )
            balls = {name: _distance(first[name], second[name]) for name in first}
        found = {name: _upward(ball) for name, ball in balls.items()}
        if all(ball.rad() * 100 <= ball.mid() or ball.is_zero() for ball in balls.values()):
            break
    if not all(map(math.isfinite, found.values())):
        raise NoBoundError("the numbers are too large for balls of 1024 bits")
    return found


def _distance(first: Pieces, second: Pieces) -> flint.arb:
    total = flint.arb(0)
    for group, value in first.items():
        for entry in (value - second[group]).entries():
            total += entry * entry
    return total.nonnegative_part().sqrt() if not total.is_zero() else total


def _upward(ball: flint.arb) -> float:
    """A float that is not below the ball."""
    top = ball.upper()
    if not top.is_finite():
        return math.inf
    found = float(top)
    return found if flint.arb(found) >= top else math.nextafter(found, math.inf)


def _given(
    template: Template, answer: Mapping[str, object], like: Mapping[str, Pieces], problem: int
) -> dict[str, Pieces]:
    """The numbers of an answer, exact, in the form of what the network returns."""
    found: dict[str, Pieces] = {}
    for output in template.read_out:
        value = answer.get(output.name)
        if value is None:
            raise LayoutError(f"the answer has no '{output.name}'.")
        groups = output.groups
        pieces = value if isinstance(value, Mapping) else {groups[0]: value}
        own: dict[str, flint.arb_mat] = {}
        for group in groups:
            if group not in pieces:
                raise LayoutError(f"'{output.name}' of the answer is missing on '{group}'.")
            array = exact_array(pieces[group], f"'{output.name}'")
            array = array[problem] if array.ndim == 3 else array
            array = array.T if output.transposed else array
            wanted = like[output.name][group]
            if array.shape != (wanted.nrows(), wanted.ncols()):
                raise LayoutError(f"'{output.name}' of the answer has the shape {array.shape}.")
            if not np.isfinite(array).all():
                raise NoBoundError(f"{output.name} is not finite")
            own[group] = _matrix(array)
        found[output.name] = own
    return found


def follow(template: Template, inputs: Inputs, problem: int = 0) -> dict[str, Pieces]:
    """What a network returns, in balls at FLINT's present precision.

    Raises NoBoundError where a function of scores is not one of ``FUNCTIONS``, or where there are
    too many scores.
    """
    stream = layout(template, float_inputs(inputs), np.dtype(np.float64))
    numbers = counted(template, dict(stream.groups))
    return _Followed(numbers, stream, problem).values()


class _Followed:
    """One network on one problem."""

    def __init__(self, template: Template, stream: Stream, problem: int) -> None:
        self._template, self._stream = template, stream
        self._shape: Architecture = network_shape(template)
        self._exact = exact_weights(template)
        self._matrices = {one.name: one for one in self._shape.matrices()}
        raw = stream.raw if stream.batch is None else stream.raw[problem]
        self._places = [group for group, size in stream.groups for _ in range(size)]
        self._state = self._weight("embed.weight") * _matrix(raw)
        self._check_work()

    def _check_work(self) -> None:
        heads = [head for layer in self._shape.layers for head in layer.heads]
        work = sum(
            len(self._of(head.key_groups)) * len(self._of(head.query_groups))
            for head in heads
            if not head.scores.is_linear
        )
        if work > MOST:
            raise NoBoundError(f"the heads have {work} scores, more than are followed in balls")

    def _weight(self, name: str) -> flint.arb_mat:
        return _matrix(expand(self._exact[name], self._matrices[name], self._stream.dims))

    def _of(self, groups: Sequence[str]) -> list[int]:
        """The tokens of these groups."""
        return [place for place, group in enumerate(self._places) if group in groups]

    def values(self) -> dict[str, Pieces]:
        for number, layer in enumerate(self._shape.layers):
            read = self._read()
            update = self._state * 0
            for index, head in enumerate(layer.heads):
                prefix = f"layers.{number}.attention.{index}"
                q, k, v, o = (self._weight(f"{prefix}.{letter}.weight") for letter in "qkvo")
                seen, at = self._of(head.key_groups), self._of(head.query_groups)
                keys, queries = _columns(k * read, seen), _columns(q * read, at)
                values = _columns(v * read, seen)
                update += _placed(o * _attended(head.scores, values, keys, queries), at, update)
            self._state += update
            if layer.mlp is not None:
                self._state += self._mlp(f"layers.{number}.mlp", layer.mlp)
        read = self._read()
        return {
            output.name: {
                group: _columns(
                    self._weight(f"unembed.{output.name}.weight") * read, self._of((group,))
                )
                for group in output.groups
            }
            for output in self._shape.outputs
        }

    def _read(self) -> flint.arb_mat:
        """The blocks of the stream, then the views."""
        if not self._shape.views:
            return self._state
        tops = np.cumsum([0, *axis_sizes(self._shape.block_rows, self._stream.dims)]).tolist()
        rows = self._state.tolist()
        for view in self._shape.views:
            matrix = _matrix(self._exact[f"matrices.{view.matrix}.weight"])
            block = flint.arb_mat(self._state.tolist()[tops[view.block] : tops[view.block + 1]])
            rows += ((matrix.transpose() if view.transposed else matrix) * block).tolist()
        return flint.arb_mat(rows)

    def _mlp(self, prefix: str, shape: MlpShape) -> flint.arb_mat:
        read = self._read()

        def affine(part: str, operand: flint.arb_mat) -> flint.arb_mat:
            product = self._weight(f"{prefix}.{part}.weight") * operand
            name = f"{prefix}.{part}.bias"
            if name not in self._exact:
                return product
            bias = expand(self._exact[name], self._matrices[name], self._stream.dims)
            return product + _matrix(np.repeat(bias[:, None], product.ncols(), axis=1))

        hidden = affine("up", read)
        active = _each(hidden, _relu)
        if shape.has_gate:
            gated = np.repeat(shape.gated, axis_sizes(shape.hidden_rows, self._stream.dims))
            gates, rows = affine("gate", read).tolist(), active.tolist()
            for row, is_gated in enumerate(gated):
                if is_gated:
                    pairs = zip(hidden.tolist()[row], gates[row], strict=True)
                    rows[row] = [one * two for one, two in pairs]
            active = flint.arb_mat(rows) if rows else active
        return affine("down", active)


def _attended(
    scores: Scores, values: flint.arb_mat, keys: flint.arb_mat, queries: flint.arb_mat
) -> flint.arb_mat:
    """values · N(M ∘ f(keysᵀ·queries))."""
    if scores.is_linear:
        return (values * keys.transpose()) * queries
    if scores.normalised not in ("", OF_SUMS):
        raise NoBoundError(f"heads with {scores.normalised} scores are not followed in balls")
    if scores.function not in FUNCTIONS:
        raise NoBoundError(f"scores by {scores.function} are not followed in balls")
    found = keys.transpose() * queries
    if scores.function:
        function = {"exp": flint.arb.exp, "relu": _relu, "abs": abs}[scores.function]
        found = _each(found, function)
    if scores.mask != ALL:
        rows = found.tolist()
        places = np.arange(found.nrows())[:, None], np.arange(found.ncols())[None]
        seen = np.asarray(MASKS[scores.mask].seen(*places))
        for row, column in np.argwhere(~seen).tolist():
            rows[row][column] = flint.arb(0)
        found = flint.arb_mat(rows) if rows else found
    total = values * found
    if not scores.normalised or not found.nrows():
        return total
    sums = (flint.arb_mat(1, found.nrows(), [1] * found.nrows()) * found).entries()
    sums = [flint.arb(1) if one.is_zero() else one for one in sums]
    rows = [[one / two for one, two in zip(row, sums, strict=True)] for row in total.tolist()]
    return flint.arb_mat(rows) if rows else total


def _matrix(array: Array) -> flint.arb_mat:
    """Floats or fractions, exact up to the present precision."""
    rows, columns = array.shape
    if array.dtype == object:
        entries = [
            flint.arb(flint.fmpq(one.numerator, one.denominator)) for one in array.ravel().tolist()
        ]
    else:
        entries = list(map(flint.arb, array.ravel().tolist()))
    return flint.arb_mat(rows, columns, entries)


def _each(matrix: flint.arb_mat, function: object) -> flint.arb_mat:
    entries = [function(one) for one in matrix.entries()]  # type: ignore[operator]
    return flint.arb_mat(matrix.nrows(), matrix.ncols(), entries)


def _relu(value: flint.arb) -> flint.arb:
    if value >= 0:
        return value
    return flint.arb(0) if value <= 0 else flint.arb(0).union(value.upper())


def _columns(matrix: flint.arb_mat, places: Sequence[int]) -> flint.arb_mat:
    if len(places) == matrix.ncols():
        return matrix
    rows = [[row[place] for place in places] for row in matrix.tolist()]
    entries = [one for row in rows for one in row]
    return flint.arb_mat(matrix.nrows(), len(places), entries)


def _placed(part: flint.arb_mat, places: Sequence[int], like: flint.arb_mat) -> flint.arb_mat:
    """The columns of the part at these places, zeros elsewhere."""
    if len(places) == like.ncols():
        return part
    rows = [[flint.arb(0)] * like.ncols() for _ in range(like.nrows())]
    for row, entries in zip(rows, part.tolist(), strict=True):
        for place, one in zip(places, entries, strict=True):
            row[place] = one
    return flint.arb_mat(like.nrows(), like.ncols(), [one for row in rows for one in row])


@contextmanager
def _precision(bits: int) -> Iterator[None]:
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before
