"""The weight template: a transformer whose sizes are still symbols.

The residual stream is a stack of named blocks, each ``rows`` by tokens.  Tokens come in groups;
a group is named after its size: ``context``, ``query``, or an axis of the script (the scratch
tokens of axis ``n`` hold the columns of an m-by-n matrix).  Every weight matrix is a small matrix
of coefficients over blocks, times the identity of the block's rows (in an mlp, between a block of
r rows and one of one row: times a column or a row of r ones).  Coefficients are exact
scalars in the syntax of the language (``"2/(L + mu)"``), so a template serves every size.
Fixed matrices are weights too: a *view* is a block multiplied by one, and may be read like a block.

    head:   out_b += Σ_j output[b, j] · value_j · N(M ∘ f(Σ_i keys_iᵀ · queries_i)),
            summed over the tokens of key_groups, at the tokens of query_groups; value_j, keys_i,
            queries_i are combinations of blocks and of views; f, M, N as ``Scores`` say
    mlp:    out_b += Σ_i down[b, i] · act(hidden_i) + bias_b,  where act(hidden_i) is
            relu(terms + bias), or if gated (terms + bias) ⊙ (gate + gate_bias)
    layer:  every head reads the stream before the layer; the mlp reads it after the heads
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weightsmith.dsl.heads import ALL

SCHEMA = "weightsmith-template"
VERSION = 2

Coefficient = str
Terms = tuple[tuple[str, Coefficient], ...]  # a combination of blocks and views (or of sources)


@dataclass(frozen=True, slots=True)
class Source:
    """A plane of raw data, laid out by the user's side before the read-in.

    kind ``input``: the input itself, its columns on tokens; ``transposed``: its transpose;
    ``identity``: the identity of axis ``of``, the positional code of that axis's scratch tokens;
    ``ones``: 1 in every entry of its groups (``of`` is empty).
    """

    name: str
    kind: str
    of: str
    rows: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    name: str
    rows: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """A fixed matrix among the weights.  ``entries``: rows of "p/q", or None if not yet known."""

    name: str
    rows: str
    columns: str
    entries: tuple[tuple[str, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class View:
    """matrix · block, or matrixᵀ · block: what heads and MLPs may read like a block."""

    name: str
    matrix: str
    transposed: bool
    block: str


@dataclass(frozen=True, slots=True)
class Scores:
    """What a head makes of its products keysᵀ·queries, of shape key tokens by query tokens.

    f is applied to every entry: a function of the language by its name, "" for none.  Then the
    ``mask`` lets a query see all keys, or some of its own group.  ``normalised``: what every column
    is divided by then, "" for nothing.  Both are words of ``dsl/heads``.
    """

    function: str = ""
    mask: str = ALL
    normalised: str = ""

    @property
    def is_linear(self) -> bool:
        """Is it an unmasked product of three?"""
        return self == LINEAR


LINEAR = Scores()


@dataclass(frozen=True, slots=True)
class Head:
    """``keys`` and ``queries`` are stacked parts: as many of the one as of the other."""

    keys: tuple[Terms, ...]
    queries: tuple[Terms, ...]
    values: tuple[Terms, ...]
    outputs: tuple[tuple[str, int, Coefficient], ...]  # block, index of the value, coefficient
    key_groups: tuple[str, ...]
    query_groups: tuple[str, ...]
    scores: Scores = LINEAR


@dataclass(frozen=True, slots=True)
class Hidden:
    """One row block of hidden units, as many as ``rows``: relu(terms + bias), or, if it has a
    gate, the entry-wise product (terms + bias) ⊙ (gate + gate_bias), without relu."""

    rows: str
    terms: Terms
    bias: Coefficient = "0"
    gate: Terms = ()
    gate_bias: Coefficient = "0"

    @property
    def is_gated(self) -> bool:
        return bool(self.gate) or self.gate_bias != "0"


@dataclass(frozen=True, slots=True)
class Mlp:
    hidden: tuple[Hidden, ...]
    outputs: tuple[tuple[str, int, Coefficient], ...]  # block, index of the hidden, coefficient
    bias: Terms = ()  # block, what is added to every entry of it at every token


@dataclass(frozen=True, slots=True)
class Layer:
    heads: tuple[Head, ...]
    mlp: Mlp | None


@dataclass(frozen=True, slots=True)
class Repeat:
    """The body's layers, ``count`` times with the same weights.

    With a schedule, each name has a value of its own in every pass: (name, values).
    """

    count: Coefficient
    body: tuple[Item, ...]
    schedule: Schedule = ()


Item = Layer | Repeat
Schedule = tuple[tuple[str, tuple[Coefficient, ...]], ...]


@dataclass(frozen=True, slots=True)
class Output:
    """One returned value: a combination of blocks, read at ``groups`` (``transposed``: its
    transpose is the value the script returns)."""

    name: str
    terms: Terms
    rows: str
    groups: tuple[str, ...]
    transposed: bool


@dataclass(frozen=True, slots=True)
class Template:
    algorithm: str
    sources: tuple[Source, ...]
    blocks: tuple[Block, ...]
    groups: tuple[str, ...]
    read_in: tuple[tuple[str, Terms], ...]  # block, combination of sources
    body: tuple[Item, ...]
    read_out: tuple[Output, ...]
    bindings: tuple[tuple[str, str], ...]  # symbol, "p/q"; sorted; unbound symbols are absent
    matrices: tuple[Matrix, ...] = ()
    views: tuple[View, ...] = ()
    sizes: tuple[tuple[str, str], ...] = ()  # symbol, the group whose number of tokens it is

    @property
    def readable(self) -> dict[str, str]:
        """The rows of whatever a combination may name: blocks, then views, in their order."""
        rows = {block.name: block.rows for block in self.blocks}
        matrices = {one.name: one for one in self.matrices}
        for view in self.views:
            matrix = matrices[view.matrix]
            rows[view.name] = matrix.columns if view.transposed else matrix.rows
        return rows

    def binding(self, symbol: str) -> str | None:
        return dict(self.bindings).get(symbol)


def layers_of(items: tuple[Item, ...]) -> Iterator[Layer]:
    """Every distinct layer once, in order, loops not unrolled."""
    for item in items:
        if isinstance(item, Layer):
            yield item
        else:
            yield from layers_of(item.body)
