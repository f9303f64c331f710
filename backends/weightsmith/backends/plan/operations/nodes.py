"""What a plan is made of: tensor operations, each by its operands, and loops around them.

A node is a matrix; its shape is a pair of axes, named as in the template, so a plan serves every
size.  A ``Ref`` is a node or its transpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

# the name of a dimension or of a group of tokens, or a number that is its own size; with + between
# them axes that follow one another
Axis = str
Shape = tuple[Axis, Axis]  # rows, columns
FIXED = -1  # in place of the number of a scalar: there is none


class Ref(NamedTuple):
    node: int
    transposed: bool = False

    @property
    def mT(self) -> Ref:
        return Ref(self.node, not self.transposed)


@dataclass(frozen=True, slots=True)
class Combination:
    """Σ coefficient · node + eye · identity + ones · (1 in every entry); terms sorted, none zero.

    Identity and ones are never written out before something needs them as a matrix.
    """

    shape: Shape
    terms: tuple[tuple[Ref, float], ...] = ()
    eye: float = 0.0
    ones: float = 0.0


@dataclass(frozen=True, slots=True)
class Input:
    """The matrix that the user gives for ``name``; ``group``: of an input that comes by group."""

    name: str
    group: str | None


@dataclass(frozen=True, slots=True)
class Product:
    left: Ref
    right: Ref


@dataclass(frozen=True, slots=True)
class Linear:
    """A combination written out as a matrix."""

    of: Combination


@dataclass(frozen=True, slots=True)
class Scaled:
    """A matrix times a scalar that is known when the plan runs: one that is trained."""

    of: Ref
    scalar: int  # its number


@dataclass(frozen=True, slots=True)
class Entrywise:
    """The product of two matrices entry by entry."""

    left: Ref
    right: Ref


@dataclass(frozen=True, slots=True)
class Clamp:
    """The nearest number in [low, high], entry by entry; an end may be infinite."""

    of: Ref
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """For each entry how many of the knots are at most that number."""

    of: Ref
    knots: int  # a constant of the plan


@dataclass(frozen=True, slots=True)
class Table:
    """value[i] + slope[i] · (argument − anchor[i]), i the bucket of the argument."""

    of: Ref
    bucket: Ref
    anchors: int
    values: int
    slopes: int


@dataclass(frozen=True, slots=True)
class RowSum:
    """The sum of the rows: one row."""

    of: Ref


@dataclass(frozen=True, slots=True)
class Repeat:
    """One row, again in every one of ``rows``."""

    of: Ref
    rows: Axis


@dataclass(frozen=True, slots=True)
class Fixed:
    """A matrix among the weights: a constant of the plan, row after row."""

    constant: int
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Beside:
    """Matrices of the same rows side by side."""

    parts: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """A function of the language of every entry, by its name (``functions.py``)."""

    of: Ref
    function: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Scores, keys by queries, with ``other`` where a query does not see a key.

    ``mask``: all, or one of MASKS.  ``keys``, ``queries``: one row, zero where there is no token;
    None where there is one everywhere.
    """

    of: Ref
    mask: str
    keys: Ref | None
    queries: Ref | None
    other: float


@dataclass(frozen=True, slots=True)
class Shares:
    """Every column divided by the entry of the row ``by``; without one, the softmax of it."""

    of: Ref
    by: Ref | None


@dataclass(frozen=True, slots=True)
class Running:
    """values · (M ∘ keysᵀ · queries), M a mask with a diagonal: by chunks, in linear time."""

    values: Ref
    keys: Ref
    queries: Ref
    mask: str
    chunk: int


@dataclass(frozen=True, slots=True)
class Carried:
    """A value that a loop changes from pass to pass, as the pass finds it."""

    loop: int
    place: int


@dataclass(frozen=True, slots=True)
class Result:
    """A value that a loop changes, as it is after the last pass."""

    loop: int
    place: int


@dataclass(frozen=True, slots=True)
class AllReduced:
    """The sum of a matrix over all processes; those of one call are sent together."""

    of: Ref
    call: int


Node = (
    Input
    | Product
    | Linear
    | Scaled
    | Entrywise
    | Clamp
    | Bucket
    | Table
    | RowSum
    | Repeat
    | Fixed
    | Beside
    | Applied
    | Seen
    | Shares
    | Running
    | Carried
    | Result
    | AllReduced
)


OF_ONE = (Scaled, Clamp, Bucket, RowSum, Repeat, AllReduced, Applied)


@dataclass(frozen=True, slots=True)
class Loop:
    """``count`` passes; ``entries`` and ``nexts``: the carried values before, and after a pass.

    With a ``symbol`` the loop is right for every count.
    """

    parent: int
    count: int
    entries: tuple[Ref, ...]
    nexts: tuple[Ref, ...]
    symbol: str = ""


def operands(node: Node) -> tuple[Ref, ...]:
    """The nodes that a node is computed from; those of a loop are in its ``Loop``."""
    match node:
        case Product(left, right) | Entrywise(left, right):
            return left, right
        case Linear(of):
            return tuple(ref for ref, _ in of.terms)
        case Table(of, bucket):
            return of, bucket
        case Running(values, keys, queries):
            return values, keys, queries
        case Beside(parts):
            return parts
        case Seen(of, _, keys, queries):
            return (of, *(row for row in (keys, queries) if row is not None))
        case Shares(of, by):
            return (of,) if by is None else (of, by)
        case _ if isinstance(node, OF_ONE):
            return (node.of,)
        case _:
            return ()


def renamed(node: Node, change: Callable[[Ref], Ref]) -> Node:
    """The same operation on other operands."""
    match node:
        case Product(left, right) | Entrywise(left, right):
            return replace(node, left=change(left), right=change(right))
        case Linear(of):
            terms = tuple(sorted((change(ref), number) for ref, number in of.terms))
            return Linear(replace(of, terms=terms))
        case Table(of, bucket):
            return replace(node, of=change(of), bucket=change(bucket))
        case Running(values, keys, queries):
            return replace(node, values=change(values), keys=change(keys), queries=change(queries))
        case Beside(parts):
            return Beside(tuple(map(change, parts)))
        case Seen(of, _, keys, queries):
            one, two = (None if row is None else change(row) for row in (keys, queries))
            return Seen(change(of), node.mask, one, two, node.other)
        case Shares(of, by):
            return Shares(change(of), None if by is None else change(by))
        case _ if isinstance(node, OF_ONE):
            return replace(node, of=change(node.of))
        case _:
            return node
