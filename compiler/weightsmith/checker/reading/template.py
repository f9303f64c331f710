"""The network as ``template.json`` says it (read_template.py reads it)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from fractions import Fraction
from typing import TypeAlias

from weightsmith.checker.reading import scalar_text
from weightsmith.dsl.numbers.scalars import Scalar

Terms = tuple[tuple[str, Scalar], ...]
Outputs = tuple[tuple[str, int, Scalar], ...]


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    kind: str
    of: str
    rows: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FixedMatrix:
    """A matrix among the weights; its entries, if they are known, row by row."""

    rows: str
    columns: str
    entries: tuple[tuple[Fraction, ...], ...] | None


@dataclass(frozen=True, slots=True)
class View:
    """matrix · block, or matrix' · block, which is read like a block."""

    name: str
    matrix: str
    transposed: bool
    block: str


@dataclass(frozen=True, slots=True)
class Scores:
    """What a head makes of keys'·queries: f of every entry, then a mask, then divided columns."""

    function: str = ""
    mask: str = "all"
    normalised: str = ""

    @property
    def is_linear(self) -> bool:
        return not self.function and self.mask == "all" and not self.normalised


@dataclass(frozen=True, slots=True)
class Head:
    """``keys`` and ``queries``: as many parts of the one as of the other, stacked."""

    keys: tuple[Terms, ...]
    queries: tuple[Terms, ...]
    values: tuple[Terms, ...]
    outputs: Outputs
    key_groups: tuple[str, ...]
    query_groups: tuple[str, ...]
    scores: Scores = Scores()


@dataclass(frozen=True, slots=True)
class Hidden:
    """relu(terms + bias), or if gated (terms + bias) ⊙ (gate + gate_bias), entry by entry."""

    rows: str
    terms: Terms
    bias: Scalar
    gated: bool
    gate: Terms
    gate_bias: Scalar


@dataclass(frozen=True, slots=True)
class Mlp:
    """A block also gets ``bias`` in every entry, at every token."""

    hidden: tuple[Hidden, ...]
    outputs: Outputs
    bias: Terms


@dataclass(frozen=True, slots=True)
class Layer:
    heads: tuple[Head, ...]
    mlp: Mlp | None


@dataclass(frozen=True, slots=True)
class Repeat:
    """The body, ``count`` times; ``schedule`` has, by name, the numbers of each pass."""

    count: Scalar
    body: tuple[Item, ...]
    schedule: Mapping[str, tuple[Scalar, ...]]


Item: TypeAlias = Layer | Repeat


@dataclass(frozen=True, slots=True)
class ReadOut:
    name: str
    terms: Terms
    rows: str
    groups: tuple[str, ...]
    transposed: bool


@dataclass(frozen=True, slots=True)
class Template:
    """The network; ``blocks`` and ``sources`` keep their order, which the weights follow."""

    algorithm: str
    groups: tuple[str, ...]
    sources: tuple[Source, ...]
    blocks: Mapping[str, str]  # name -> rows
    read_in: Mapping[str, Terms]
    body: tuple[Item, ...]
    read_out: tuple[ReadOut, ...]
    bindings: Mapping[str, Fraction]
    matrices: Mapping[str, FixedMatrix] = attribute(default_factory=dict)
    views: tuple[View, ...] = ()
    sizes: Mapping[str, str] = attribute(default_factory=dict)  # symbol -> group

    @property
    def readable(self) -> Mapping[str, str]:
        """The rows of what a combination may name: blocks, then views."""
        return {**self.blocks, **{one.name: view_rows(one, self.matrices) for one in self.views}}


def view_rows(view: View, matrices: Mapping[str, FixedMatrix]) -> str:
    """The rows of matrix · block, or of matrix' · block."""
    matrix = matrices[view.matrix]
    return matrix.columns if view.transposed else matrix.rows


def layer_count(items: tuple[Item, ...], bindings: Mapping[str, Fraction]) -> int:
    """The number of layers as run, repeats unrolled; nothing is unrolled to count them."""
    total = 0
    for item in items:
        if isinstance(item, Layer):
            total += 1
        else:
            total += scalar_text.count_at(item.count, bindings) * layer_count(item.body, bindings)
    return total


def meets(rows: str, other: str) -> bool:
    """True if an MLP may map one to the other: equal rows, or one of them a single row."""
    return rows == other or "1" in (rows, other)


def scalars_in(layer: Layer) -> Iterator[Scalar]:
    """All coefficients and biases of a layer."""
    for head in layer.heads:
        for terms in (*head.keys, *head.queries, *head.values):
            yield from (scalar for _, scalar in terms)
        yield from (scalar for _, _, scalar in head.outputs)
    if layer.mlp is not None:
        for hidden in layer.mlp.hidden:
            yield from (hidden.bias, hidden.gate_bias)
            yield from (scalar for _, scalar in (*hidden.terms, *hidden.gate))
        yield from (scalar for _, _, scalar in layer.mlp.outputs)
        yield from (scalar for _, scalar in layer.mlp.bias)


def repeats_in(items: tuple[Item, ...]) -> Iterator[Repeat]:
    """The loops, each before those within it."""
    for item in items:
        if isinstance(item, Repeat):
            yield item
            yield from repeats_in(item.body)


def unrolled(items: tuple[Item, ...], bindings: Mapping[str, Fraction]) -> Iterator[Layer]:
    """The layers as run, in order, of items that have no schedules any more."""
    for item in items:
        if isinstance(item, Layer):
            yield item
        elif layer_count(item.body, bindings):
            for _ in range(scalar_text.count_at(item.count, bindings)):
                yield from unrolled(item.body, bindings)
