"""A user's data as tokens, and the network's answer as the user's matrices.

A matrix input is m×n; a per-token input is given by group, ``{"context": d×n, "query": d×m}``,
one token a column (a bare array will do where the network reads it in one group only).  A leading
batch dimension on every input lays out that many problems of one size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from weightsmith.backends.data.arrays import Array, checked_array
from weightsmith.backends.data.given import FloatInputs
from weightsmith.backends.errors import LayoutError, listed, shown_name, suggestion
from weightsmith.backends.template.token_counts import check_counts
from weightsmith.backends.template.wellformed import DATA, TOKEN_GROUPS
from weightsmith.compiler.ir.template import Source, Template

Inputs = Mapping[str, ArrayLike | Mapping[str, ArrayLike]]
Readings = Mapping[str, Mapping[str, Array]]
Answer = dict[str, Array | dict[str, Array]]


@dataclass(frozen=True, slots=True)
class Stream:
    """Raw data by token: ``planes[source, group]`` is (batch ×) rows × tokens of the group.

    A plane that is not there is zero.  ``sources`` gives each source and its number of rows,
    ``groups`` each group and its number of tokens, both in the order of the template.
    """

    planes: Mapping[tuple[str, str], Array]
    sources: tuple[tuple[str, int], ...]
    groups: tuple[tuple[str, int], ...]
    dims: Mapping[str, int]
    batch: int | None
    dtype: np.dtype[np.generic]

    @property
    def raw(self) -> Array:
        """The whole (batch ×) F × N array, F the rows of all sources, N the tokens."""
        height = sum(rows for _, rows in self.sources)
        width = sum(size for _, size in self.groups)
        lead = () if self.batch is None else (self.batch,)
        raw = np.zeros((*lead, height, width), dtype=self.dtype)
        top = 0
        for source, rows in self.sources:
            left = 0
            for group, size in self.groups:
                if (source, group) in self.planes:
                    raw[..., top : top + rows, left : left + size] = self.planes[source, group]
                left += size
            top += rows
        return raw


@dataclass(frozen=True, slots=True)
class Fitted:
    """A user's data that fit a network: ``pieces[name, group]`` is (batch ×) rows × columns.

    The group of a matrix is None; the rest is as in ``Stream``.
    """

    pieces: Mapping[tuple[str, str | None], Array]
    sources: tuple[tuple[str, int], ...]
    groups: tuple[tuple[str, int], ...]
    dims: Mapping[str, int]
    batch: int | None
    dtype: np.dtype[np.generic]


def layout(
    template: Template,
    inputs: Inputs,
    dtype: str | np.dtype[np.generic] = "float64",
    *,
    dims: Mapping[str, int] | None = None,
) -> Stream:
    """Lay the inputs out as tokens in ``dtype``.  Raises as ``fit``."""
    found = fit(template, inputs, dtype, dims=dims)
    planes = _planes(template, found)
    return Stream(planes, found.sources, found.groups, found.dims, found.batch, found.dtype)


def fit(
    template: Template,
    inputs: Inputs,
    dtype: str | np.dtype[np.generic] = "float64",
    *,
    dims: Mapping[str, int] | None = None,
) -> Fitted:
    """Read the inputs in ``dtype`` (float64, float32, or object for Fractions).

    The sizes follow from the shapes; ``dims`` may say more.  Raises LayoutError, in the user's
    names, on whatever does not fit.
    """
    kind = np.dtype(dtype)
    asked = input_groups(template)
    _check_names(inputs, asked)
    read = partial(checked_array, dtype=kind, finite=isinstance(inputs, FloatInputs))
    pieces = {
        (name, group): piece
        for name, groups in asked.items()
        for group, piece in _pieces(name, inputs[name], groups, read).items()
    }
    batch = _batch(pieces)
    sizes = _Sizes(dims)
    shapes = {key: piece.shape for key, piece in pieces.items()}
    for (name, group), piece in pieces.items():
        rows, columns = axes_of(template, name, group)
        turned = turned_hint(shapes, name, rows)
        sizes.learn(rows, piece.shape[-2], f"the rows of {called(name, group)}", turned)
        sizes.learn(columns, piece.shape[-1], f"the columns of {called(name, group)}")
    for axis, size, side, matrix in _fixed_sizes(template):
        sizes.learn(axis, size, f"the {side} of the matrix '{matrix}'")
    check_counts(template, sizes.known)
    return Fitted(
        pieces=pieces,
        sources=tuple((source.name, sizes[source.rows]) for source in template.sources),
        groups=tuple((group, sizes[group]) for group in template.groups),
        dims=dict(sizes.known),
        batch=batch,
        dtype=kind,
    )


def _fixed_sizes(template: Template) -> Iterator[tuple[str, int, str, str]]:
    for matrix in template.matrices:
        if matrix.entries:
            yield matrix.rows, len(matrix.entries), "rows", matrix.name
            yield matrix.columns, len(matrix.entries[0]), "columns", matrix.name


def check_sizes(dense: Mapping[str, int], sizes: Mapping[str, int]) -> None:
    """Raise LayoutError unless data of these ``sizes`` fit full matrices, made for ``dense``."""
    for axis, size in dense.items():
        if sizes.get(axis, size) != size:
            raise LayoutError(
                f"this network is dense, for '{axis}' = {size}, and the data has "
                f"{sizes[axis]}; compile it for that size, or structured for every size."
            )


def read_back(template: Template, outputs: Readings) -> Answer:
    """Return each returned value as the script has it.

    ``outputs[name][group]`` is (batch ×) rows × tokens of the group.  A value with a token axis
    comes as {group: array}, a matrix as an array; transposed where the template says so.
    """
    answer: Answer = {}
    for output in template.read_out:
        pieces = {
            group: np.swapaxes(piece, -1, -2) if output.transposed else piece
            for group, piece in outputs[output.name].items()
        }
        per_token = set(pieces) <= set(TOKEN_GROUPS)
        several = per_token or len(pieces) > 1
        answer[output.name] = pieces if several else next(iter(pieces.values()))
    return answer


class _Sizes:
    """The size of every axis, and what was seen to have it."""

    def __init__(self, dims: Mapping[str, int] | None) -> None:
        self.known: dict[str, int] = dict(dims or {})
        self._seen = dict.fromkeys(self.known, "'dims'")

    def learn(self, axis: str, size: int, what: str, hint: str = "") -> None:
        if size == 0 and axis != "query" and not axis.isdigit():
            raise LayoutError(f"expected at least one for '{axis}', {what}, got an empty array.")
        self.learn_any(axis, size, what, hint)

    def learn_any(self, axis: str, size: int, what: str, hint: str = "") -> None:
        """As ``learn``, but nothing need be there."""
        if axis.isdigit():
            if size != int(axis):
                raise LayoutError(f"expected {axis} for {what}, got {size}.{hint}")
            return
        before = self.known.setdefault(axis, size)
        if before != size:
            raise LayoutError(
                f"'{axis}' must have one size: it is {before} by {self._seen[axis]}, "
                f"and {size} by {what}.{hint}"
            )
        self._seen.setdefault(axis, what)

    def __getitem__(self, axis: str) -> int:
        if axis.isdigit():
            return int(axis)
        if axis not in self.known:
            raise LayoutError(
                f"no input tells the size of '{axis}'; say it, as dims={{'{axis}': …}}."
            )
        return self.known[axis]


def _per_token(source: Source) -> bool:
    return source.groups[0] in TOKEN_GROUPS


def input_groups(template: Template) -> dict[str, tuple[str, ...]]:
    """Each input of the network, and the token groups it is given by (none for a matrix)."""
    asked: dict[str, tuple[str, ...]] = {}
    for source in template.sources:
        if source.kind in DATA:
            groups = source.groups if _per_token(source) else ()
            asked[source.of] = tuple(dict.fromkeys([*asked.get(source.of, ()), *groups]))
    return asked


def axes_of(template: Template, name: str, group: str | None) -> tuple[str, str]:
    """The axes of the rows and columns of an input (in one token group)."""
    source = next(s for s in template.sources if s.kind in DATA and s.of == name)
    if group is not None:
        return source.rows, group
    axes = source.rows, source.groups[0]
    return (axes[1], axes[0]) if source.kind == "transposed" else axes


def size_of_axes(
    template: Template, shapes: Mapping[tuple[str, str | None], tuple[int, ...]]
) -> dict[str, int]:
    """The sizes of the axes, by the rows and columns of each input (in one token group).

    Raises LayoutError on a shape that is no matrix's, and where two shapes disagree.
    """
    sizes = _Sizes(None)
    for (name, group), shape in shapes.items():
        if len(shape) != 2:
            raise LayoutError(
                f"expected a matrix, rows × columns, for {called(name, group)}, got the shape "
                f"{shape}: [None] in front of it would make one row of it."
            )
        for axis, size, side in zip(
            axes_of(template, name, group), shape, ("rows", "columns"), strict=True
        ):
            what, turned = f"the {side} of {called(name, group)}", ""
            if side == "rows":
                turned = turned_hint(shapes, name, axis)
            sizes.learn_any(axis, size, what, turned)
    return sizes.known


def turned_hint(
    shapes: Mapping[tuple[str, str], Sequence[int]]
    | Mapping[tuple[str, str | None], Sequence[int]],
    name: str,
    rows: str,
) -> str:
    """What to say where the arrays of an input by token seem to have a token a row."""
    own = [one for (key, group), one in shapes.items() if key == name and group]
    heights, widths = ({shape[side] for shape in own} for side in (-2, -1))
    fits = widths == {int(rows)} if rows.isdigit() else len(widths) == 1 < len(heights)
    return " Tokens are columns: transpose it, or in files say --rows." if fits else ""


def called(name: str, group: str | None) -> str:
    return f"'{name}'" if group is None else f"'{name}' on {group} tokens"


def _check_names(inputs: Inputs, asked: Mapping[str, tuple[str, ...]]) -> None:
    unknown = [name for name in inputs if name not in asked]
    if unknown and (groups := asked.get(str(unknown[0]).partition(".")[0])):
        form = by_group(str(unknown[0]).partition(".")[0], groups)
        raise LayoutError(f"'{shown_name(unknown[0])}' is no input of the network; {form}.")
    if unknown:
        raise LayoutError(
            f"the network has no input '{shown_name(unknown[0])}'; its inputs are {listed(asked)}."
            + suggestion(unknown[0], asked)
        )
    missing = [name for name in asked if name not in inputs]
    if missing:
        name = missing[0]
        form = by_group(name, asked[name]) if asked[name] else "pass a matrix"
        raise LayoutError(f"the input '{name}' is missing; {form}.")


def by_group(name: str, groups: Sequence[str]) -> str:
    """How an input that comes by token is passed, in Python and in files."""
    arrays = ", ".join(f"'{group}': array" for group in groups)
    files = " ".join(f"--input {name}.{group}=FILE" for group in groups)
    return f"pass {{'{name}': {{{arrays}}}}}, one token a column, or in files {files}"


def _pieces(
    name: str,
    value: ArrayLike | Mapping[str, ArrayLike],
    groups: Sequence[str],
    read: Callable[[ArrayLike, str], Array],
) -> dict[str | None, Array]:
    if not groups:
        if isinstance(value, Mapping):
            raise LayoutError(f"expected a matrix for '{name}', got a mapping.")
        return {None: read(value, f"'{name}'")}
    if not isinstance(value, Mapping):
        if len(groups) > 1:
            raise LayoutError(f"'{name}' is given by token group; {by_group(name, groups)}.")
        value = {groups[0]: value}
    for group in value:
        if group not in groups:
            raise LayoutError(
                f"the network does not read '{name}' on '{shown_name(group)}' tokens, only on "
                f"{listed(groups)}; leave it out." + suggestion(group, groups)
            )
    for group in groups:
        if group not in value:
            raise LayoutError(
                f"'{name}' is missing on {group} tokens: pass '{group}' for '{name}', one token "
                "a column. Where the tokens have no value, as query tokens have no label, "
                "pass zeros; where there are no such tokens, an array of no columns."
            )
    return {group: read(value[group], called(name, group)) for group in groups}


def _batch(pieces: Mapping[tuple[str, str | None], Array]) -> int | None:
    """The common batch size.  Raises LayoutError where the inputs do not agree on it."""
    first: tuple[str, int | None] | None = None
    for (name, group), piece in pieces.items():
        size = piece.shape[0] if piece.ndim == 3 else None
        if first is None:
            first = called(name, group), size
        elif size != first[1]:
            raise LayoutError(
                f"every input must have the same batch: {first[0]} has {_problems(first[1])}, "
                f"{called(name, group)} has {_problems(size)}."
            )
    return None if first is None else first[1]


def _problems(size: int | None) -> str:
    return "no batch dimension" if size is None else f"a batch of {size}"


def _planes(template: Template, found: Fitted) -> dict[tuple[str, str], Array]:
    planes: dict[tuple[str, str], Array] = {}
    sizes, batch = _Sizes(found.dims), found.batch
    for source in template.sources:
        for group in source.groups:
            if source.kind not in DATA:
                fixed = _fixed(source, group, sizes, found.dtype)
                plane = fixed if batch is None else np.broadcast_to(fixed, (batch, *fixed.shape))
            elif source.kind == "transposed":
                plane = np.swapaxes(found.pieces[source.of, None], -1, -2)
            else:
                plane = found.pieces[source.of, group if _per_token(source) else None]
            planes[source.name, group] = plane
    return planes


def _fixed(source: Source, group: str, sizes: _Sizes, kind: np.dtype) -> Array:
    """The plane of a source that no input fills: an identity, or ones."""
    if source.kind == "identity":
        return np.eye(sizes[source.of], dtype=kind)
    return np.ones((sizes[source.rows], sizes[group]), dtype=kind)
