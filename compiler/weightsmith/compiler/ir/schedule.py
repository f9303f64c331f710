"""The schedule: which triple products each layer computes, on values that are not yet placed.

A **value** is something the residual stream holds for a while: a source (an input, its transpose,
an identity), a carried variable, a product kept for later, a sum being accumulated.  A schedule
is a tree like the template's: layers, and loops around layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.polynomial import Space, Word
from weightsmith.compiler.ir.template import LINEAR, Scores
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Axis, PiecewiseLinear


@dataclass(frozen=True)
class Value:
    """A thing the stream holds.  kind: ``letter``, ``identity``, ``ones``, ``carried``,
    ``product``, ``applied`` (a function of entries), ``sum`` (accumulates a returned value),
    ``argument`` (accumulates that of a function), ``spare`` (zero until heads write it) or
    ``view``: the fixed matrix ``word[0]`` times the value ``of``, which has no block."""

    kind: str
    name: str
    rows: Axis
    word: Word = ()
    home: int | None = None  # the loop whose body it lives in; None: the whole program
    of: Value | None = None

    @property
    def held(self) -> Value:
        """The value that has a block."""
        return self if self.of is None else self.of


Combination = Mapping[Value, Coefficient]


@dataclass(frozen=True)
class TripleProduct:
    """target += left · (right restricted to ``space``)ᵀ · last, at the tokens of ``groups``."""

    target: Value
    left: Combination
    right: Combination
    last: Combination
    space: Space
    groups: tuple[Space, ...]


@dataclass(frozen=True)
class Scored:
    """target += value · N(M ∘ f(Σ keys_iᵀ·queries_i)), keys at ``spaces``, at ``groups``."""

    target: Value
    value: Combination
    keys: tuple[Combination, ...]
    queries: tuple[Combination, ...]
    scores: Scores
    spaces: tuple[Space, ...]
    groups: tuple[Space, ...]


@dataclass(frozen=True)
class ScheduledHead:
    """Products that share keys and queries; an output is (target, index of value, coefficient)."""

    keys: tuple[Combination, ...]
    queries: tuple[Combination, ...]
    values: tuple[Combination, ...]
    outputs: tuple[tuple[Value, int, Coefficient], ...]
    spaces: tuple[Space, ...]
    groups: tuple[Space, ...]
    scores: Scores = LINEAR


@dataclass(frozen=True)
class Affine:
    """A combination of values plus ``bias`` in every entry.

    A value of one row enters every row; into one row, a value enters as the sum of its rows.
    """

    terms: Combination
    bias: Coefficient


@dataclass
class ScheduledApplication:
    """Each output += coefficient · f(argument); with two arguments, their product by entries."""

    function: PiecewiseLinear | None
    arguments: tuple[Affine, ...]
    rows: Axis
    outputs: dict[Value, Coefficient]


@dataclass
class ScheduledLayer:
    """Heads, then the MLP: a linear map, and functions of entries that are added to it.

    Each value named in ``moves`` becomes a combination of values, plus its bias.
    """

    products: list[TripleProduct] = field(default_factory=list)
    scored: list[Scored] = field(default_factory=list)
    moves: dict[Value, dict[Value, Coefficient]] = field(default_factory=dict)
    biases: dict[Value, Coefficient] = field(default_factory=dict)
    applied: list[ScheduledApplication] = field(default_factory=list)
    heads: tuple[ScheduledHead, ...] = ()


@dataclass
class ScheduledLoop:
    index: int
    count: Scalar
    carried: tuple[Value, ...]
    body: list[ScheduledItem]
    schedule: tuple[core.Schedule, ...] = ()  # the numbers of each pass


ScheduledItem = ScheduledLayer | ScheduledLoop


@dataclass(frozen=True)
class ScheduledOutput:
    name: str
    rows: Axis
    groups: tuple[Space, ...]
    terms: Combination
    transposed: bool


@dataclass
class Schedule:
    """The whole network; ``initial`` says what the read-in puts into a value.

    ``hoistable``: a term that a loop does not change is computed in its passes.
    """

    items: list[ScheduledItem]
    initial: dict[Value, dict[Value, Coefficient]]
    outputs: tuple[ScheduledOutput, ...]
    hoistable: bool = False


def walk(items: list[ScheduledItem]) -> Iterator[ScheduledLayer]:
    """Every layer once, in order."""
    for item in items:
        if isinstance(item, ScheduledLayer):
            yield item
        else:
            yield from walk(item.body)
