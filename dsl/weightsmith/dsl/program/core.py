"""The core of a script: what ``check`` hands to everything downstream.

Every name is resolved, every shape known, every call to another algorithm inlined, every
scalar exact.  A core program is imperative: statements run in order, a later assignment to a
name replaces the earlier one, ``Repeat`` runs its body ``count`` times.

Every value is a matrix.  Its two axes are named: a dimension (``d``), a number (``3``), or
``TOKEN``, the axis that ``per token`` values are indexed by.  The token axis is split into
groups, ``context`` and ``query``; a shape says for which groups the value is defined.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING

from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.text.source import Span

if TYPE_CHECKING:
    from weightsmith.dsl.numbers.formulas import Formula

Axis = str
Group = str
TOKEN: Axis = "token"
CONTEXT: Group = "context"
QUERY: Group = "query"
GROUPS: tuple[Group, ...] = (CONTEXT, QUERY)


@dataclass(frozen=True, slots=True)
class Shape:
    """Rows by columns; the groups say on which tokens a TOKEN axis is defined."""

    rows: Axis
    columns: Axis
    row_groups: tuple[Group, ...] = ()
    column_groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """An input, or the present value of a variable."""

    span: Span
    shape: Shape
    name: str


@dataclass(frozen=True, slots=True)
class Identity:
    span: Span
    shape: Shape


@dataclass(frozen=True, slots=True)
class Zero:
    span: Span
    shape: Shape


@dataclass(frozen=True, slots=True)
class Ones:
    """Every entry is 1: ``ones``; a column of them repeats a row, a row of them adds up rows."""

    span: Span
    shape: Shape


@dataclass(frozen=True, slots=True)
class Transpose:
    span: Span
    shape: Shape
    of: Node


@dataclass(frozen=True, slots=True)
class Combination:
    """Σ coefficient · term; at least one term."""

    span: Span
    shape: Shape
    terms: tuple[tuple[Scalar, Node], ...]


@dataclass(frozen=True, slots=True)
class Product:
    """factors[0] · factors[1] · …; a contraction over TOKEN sums the groups in ``over``."""

    span: Span
    shape: Shape
    factors: tuple[Node, ...]
    over: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """A matrix function; only inside a target.

    ``inv`` and ``pinv`` of any matrix, ``polar`` of any matrix; of a symmetric one ``sqrt``,
    ``invsqrt``, ``exp``, ``sign``, ``power`` (E^exponent, the exponent no whole number above 0) and
    ``spectral``: the formula, called ``label`` in the script, of every eigenvalue.
    """

    span: Span
    shape: Shape
    function: str
    of: Node
    exponent: Fraction | None = None
    formula: Formula | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class PiecewiseLinear:
    """f(t) = constant + slope·t + Σ change·relu(t − place): what a ReLU layer computes exactly."""

    constant: Scalar
    slope: Scalar
    breakpoints: tuple[tuple[Scalar, Scalar], ...]  # place, change of slope


@dataclass(frozen=True, slots=True)
class Approximated:
    """f(t) by a formula; the network computes a piecewise-linear table within ``tolerance``."""

    formula: Formula
    tolerance: Scalar


@dataclass(frozen=True, slots=True)
class Entrywise:
    """f of every entry.  ``label`` is the function's name in the script (``relu``, ``sigmoid``).

    ``site`` numbers the places where entries are mapped or multiplied, from "1", in the order of
    evaluation (operands before the operation), calls inlined.
    """

    span: Span
    shape: Shape
    label: str
    function: PiecewiseLinear | Approximated
    of: Node
    site: str


@dataclass(frozen=True, slots=True)
class Hadamard:
    """The entry-wise product ``E .* F`` of two values of one shape, within ``tolerance``."""

    span: Span
    shape: Shape
    left: Node
    right: Node
    tolerance: Scalar
    site: str


@dataclass(frozen=True, slots=True)
class Root:
    """The value of ``name`` at which ``equation`` is zero; only as a whole target."""

    span: Span
    shape: Shape
    name: str
    equation: Node  # ``name`` stands in it as a Name of this shape


Node = (
    Name
    | Identity
    | Zero
    | Ones
    | Transpose
    | Combination
    | Product
    | Function
    | Entrywise
    | Hadamard
    | Root
)


@dataclass(frozen=True, slots=True)
class Input:
    """``A: symmetric[d, d]`` or ``x: [d] per token`` (columns == TOKEN, groups in the shape)."""

    span: Span
    name: str
    shape: Shape
    symmetric: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number the user sets (``--set steps=8``): a ``param``, or a bare end of a spectrum."""

    span: Span
    name: str
    default: Scalar | None  # may name other parameters: eta = 2/(mu + L)
    is_count: bool  # used by ``repeat``: must be a whole number ≥ 0


class SpectrumKind(Enum):
    SPECTRUM = "spectrum"  # eigenvalues of a symmetric matrix, or of a product similar to one
    NONZERO_SPECTRUM = "nonzero spectrum"  # the same, zero left out (a graph Laplacian)
    SINGULAR_VALUES = "singular values"  # of any matrix


@dataclass(frozen=True, slots=True)
class SpectrumAssumption:
    """``assume spectrum(A) in [mu, L]``, or ``… in [a, b] or [c, d]``.

    All values lie in [low, high]: of two intervals these are the outer ends a and d, and the
    ``gap`` between them is (b, c), where no value lies.
    """

    span: Span
    kind: SpectrumKind
    of: Node
    low: Scalar
    high: Scalar
    gap: tuple[Scalar, Scalar] | None = None

    @property
    def second(self) -> tuple[Scalar, Scalar] | None:
        """[c, d], if there are two intervals."""
        return None if self.gap is None else (self.gap[1], self.high)

    @property
    def ends(self) -> tuple[Scalar, ...]:
        """The ends as they are written: (low, high), or (a, b, c, d)."""
        return (self.low, *(self.gap or ()), self.high)


@dataclass(frozen=True, slots=True)
class RangeAssumption:
    """``assume psi in range(L)``: the columns of ``value`` lie in the range of ``operator``."""

    span: Span
    value: Node
    operator: Node


@dataclass(frozen=True, slots=True)
class NormAssumption:
    """``assume norm(x) <= B``: the 2-norm of an input, of every column if it is per token."""

    span: Span
    of: str
    bound: Scalar


@dataclass(frozen=True, slots=True)
class EntryAssumption:
    """``assume entries(y) in [-1, 1]``: every entry of an input."""

    span: Span
    of: str
    low: Scalar
    high: Scalar


@dataclass(frozen=True, slots=True)
class SizeAssumption:
    """``assume size(context) <= n``: how many tokens a group has, or how long a dimension is."""

    span: Span
    axis: str
    bound: Scalar


Assumption = (
    SpectrumAssumption | RangeAssumption | NormAssumption | EntryAssumption | SizeAssumption
)


@dataclass(frozen=True, slots=True)
class Synthesis:
    """``synthesize TARGET within TOL``: the compiler is to find steps that come so near.

    Without a tolerance ``ensure`` chooses it.
    """

    tolerance: Scalar | None


@dataclass(frozen=True, slots=True)
class Assign:
    """``X = …`` or ``Y, Z = …, …``; all values are computed before any name changes.

    With ``synthesize`` the single value is a target, written with the inputs alone; such a
    statement stands in no loop.
    """

    span: Span
    names: tuple[str, ...]
    values: tuple[Node, ...]
    synthesize: Synthesis | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A number of a ``for`` loop: ``values[k]`` in pass k.  The name is a symbol in the body."""

    name: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The body, ``count`` times; with a schedule (of ``count`` values a name) it is a ``for``."""

    span: Span
    count: Scalar
    body: tuple[Statement, ...]
    schedule: tuple[Schedule, ...] = ()


Statement = Assign | Repeat


@dataclass(frozen=True, slots=True)
class Return:
    """One returned value; ``groups`` is where a TOKEN column axis is read (``on query``).

    With ``synthesize`` the value is the target itself, and the compiler is to find the steps.
    """

    span: Span
    name: str
    value: Node
    groups: tuple[Group, ...]
    target: Node | None
    synthesize: Synthesis | None = None


@dataclass(frozen=True, slots=True)
class Until:
    """``repeat until error <= tol``: ``parameter`` is the count, which the compiler chooses."""

    span: Span
    parameter: str
    tolerance: Scalar


@dataclass(frozen=True, slots=True)
class Ensure:
    """``ensure error <= tol``: the compiler chooses counts and tolerances that have no value."""

    span: Span
    error: Scalar


@dataclass(frozen=True, slots=True)
class Program:
    span: Span
    name: str
    dimensions: tuple[str, ...]  # symbolic dimensions, in order of appearance
    inputs: tuple[Input, ...]
    parameters: tuple[Parameter, ...]
    assumptions: tuple[Assumption, ...]
    body: tuple[Statement, ...]
    returns: tuple[Return, ...]
    untils: tuple[Until, ...] = ()
    ensure: Ensure | None = None

    @property
    def synthesized(self) -> tuple[Assign | Return, ...]:
        """What the compiler has to find the steps of, in the order of the script."""
        assigned = tuple(one for one in self.body if isinstance(one, Assign))
        places: tuple[Assign | Return, ...] = (*assigned, *self.returns)
        return tuple(one for one in places if one.synthesize is not None)

    @property
    def symbols(self) -> tuple[str, ...]:
        """What coefficients may name: the parameters, and the numbers of ``for`` loops."""
        scheduled = (one.name for loop in repeats(self.body) for one in loop.schedule)
        return (*(parameter.name for parameter in self.parameters), *scheduled)


def repeats(body: tuple[Statement, ...]) -> Iterator[Repeat]:
    """Every loop, outer before inner, in the order of the script."""
    for statement in body:
        if isinstance(statement, Repeat):
            yield statement
            yield from repeats(statement.body)
