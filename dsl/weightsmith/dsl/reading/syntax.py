"""The syntax tree of a script: what was written, with the place of every part.

The parser builds it; ``check`` gives it a meaning.  Sums and products are n-ary.  ``depth`` is
the number of levels below an expression; the parser bounds it, so that recursion over a tree is
safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from weightsmith.dsl.text.source import Source, Span


@dataclass(frozen=True, slots=True)
class Word:
    """An identifier where it stands."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Clauses:
    """``over context``, ``on query`` and ``within 1e-4``; each may stand once.

    ``mask``: the word behind the group, ``over context before``.
    """

    over: Word | None = None
    on: Word | None = None
    within: Expression | None = None
    mask: Word | None = None

    def beside(self, other: Clauses) -> Clauses:
        """The clauses of both."""
        return Clauses(
            self.over or other.over,
            self.on or other.on,
            self.within or other.within,
            self.mask or other.mask,
        )


@dataclass(frozen=True, slots=True)
class NumberExpression:
    span: Span
    value: Fraction
    depth: int = 1


@dataclass(frozen=True, slots=True)
class NameExpression:
    span: Span
    name: str
    depth: int = 1


@dataclass(frozen=True, slots=True)
class NegativeExpression:
    span: Span
    of: Expression
    depth: int


@dataclass(frozen=True, slots=True)
class SumExpression:
    """Each term with its sign, +1 or -1."""

    span: Span
    terms: tuple[tuple[int, Expression], ...]
    depth: int


@dataclass(frozen=True, slots=True)
class ProductExpression:
    """Each factor with its exponent: +1, or -1 where it stands after ``/``."""

    span: Span
    factors: tuple[tuple[int, Expression], ...]
    depth: int


@dataclass(frozen=True, slots=True)
class EntryProductExpression:
    """``left .* right``, or ``left ./ right`` with the exponent -1."""

    span: Span
    left: Expression
    right: Expression
    exponent: int
    depth: int


@dataclass(frozen=True, slots=True)
class PowerExpression:
    span: Span
    base: Expression
    exponent: Expression
    depth: int


@dataclass(frozen=True, slots=True)
class TransposeExpression:
    span: Span
    of: Expression
    depth: int


@dataclass(frozen=True, slots=True)
class ScopedExpression:
    """``(x*x' over context)``: brackets, or an argument, with clauses of their own."""

    span: Span
    of: Expression
    clauses: Clauses
    depth: int


@dataclass(frozen=True, slots=True)
class Keyword:
    """``steps = 9`` in a call."""

    span: Span
    name: Word
    value: Expression


@dataclass(frozen=True, slots=True)
class CallExpression:
    """``f(E)``, or ``f.(E)`` with a dot: of every entry."""

    span: Span
    name: Word
    positional: tuple[Expression, ...]
    keywords: tuple[Keyword, ...]
    depth: int
    is_dotted: bool = False


@dataclass(frozen=True, slots=True)
class RootExpression:
    """``root(w: …)``; ``word`` stands before the bracket."""

    span: Span
    word: Word
    variable: Word
    of: Expression
    depth: int


Expression = (
    NumberExpression
    | NameExpression
    | NegativeExpression
    | SumExpression
    | ProductExpression
    | EntryProductExpression
    | PowerExpression
    | TransposeExpression
    | ScopedExpression
    | CallExpression
    | RootExpression
)


@dataclass(frozen=True, slots=True)
class IntervalExpression:
    """``[mu, L]``."""

    span: Span
    low: Expression
    high: Expression


@dataclass(frozen=True, slots=True)
class UnionExpression:
    """``[a, b] or [c, d]``."""

    span: Span
    intervals: tuple[IntervalExpression, IntervalExpression]


@dataclass(frozen=True, slots=True)
class BoundExpression:
    """``<= B``."""

    span: Span
    high: Expression


Region = Expression | IntervalExpression | UnionExpression | BoundExpression


@dataclass(frozen=True, slots=True)
class UntilExpression:
    """``until error <= 1e-6``, where the count of ``repeat`` would stand."""

    span: Span
    word: Word
    tolerance: Expression


@dataclass(frozen=True, slots=True)
class Numbers:
    """What one pass of a ``for`` loop takes: ``3/2``, or ``(3/2, -1/2)``."""

    span: Span
    values: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ScheduleExpression:
    """``for a, b in (3/2, -1/2), (2, -1)``, where the count of ``repeat`` would stand."""

    span: Span
    names: tuple[Word, ...]
    passes: tuple[Numbers, ...]


@dataclass(frozen=True, slots=True)
class InputDeclaration:
    """``A: symmetric[d, d]`` or ``x: [d] per token``."""

    span: Span
    name: Word
    kind: Word | None
    dimensions: tuple[Word, ...]
    per: Word | None


@dataclass(frozen=True, slots=True)
class AssumeEntry:
    span: Span
    subject: Expression
    region: Region


@dataclass(frozen=True, slots=True)
class ParameterDeclaration:
    span: Span
    name: Word
    default: Expression | None


@dataclass(frozen=True, slots=True)
class ParamEntry:
    span: Span
    parameters: tuple[ParameterDeclaration, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """``(place, value)``."""

    span: Span
    place: Expression
    value: Expression


@dataclass(frozen=True, slots=True)
class TableEntry:
    """``table ramp = (0, 0), (1, 1)``."""

    span: Span
    name: Word
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """``function step(t) = 1/(1 + t)``."""

    span: Span
    name: Word
    variables: tuple[Word, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class WithinEntry:
    """``within 1e-4`` as a line of its own."""

    span: Span
    tolerance: Expression


@dataclass(frozen=True, slots=True)
class EnsureEntry:
    """``ensure error <= 1e-6``."""

    span: Span
    word: Word
    tolerance: Expression


@dataclass(frozen=True, slots=True)
class AssignStatement:
    """``is_synthesized``: ``P = synthesize inv(A)``; the value is what the steps must reach."""

    span: Span
    names: tuple[Word, ...]
    values: tuple[Expression, ...]
    clauses: Clauses
    is_synthesized: bool = False


@dataclass(frozen=True, slots=True)
class RepeatStatement:
    """``depth`` counts the blocks within."""

    span: Span
    count: Expression | UntilExpression | ScheduleExpression
    body: tuple[StatementEntry, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class ReturnedExpression:
    """``X approximates inv(A)``, or ``synthesize inv(A) within 1e-6``: the target is the value."""

    span: Span
    value: Expression
    clauses: Clauses
    target: Expression | None
    target_clauses: Clauses
    is_synthesized: bool = False


@dataclass(frozen=True, slots=True)
class ReturnStatement:
    span: Span
    returned: tuple[ReturnedExpression, ...]


StatementEntry = AssignStatement | RepeatStatement | ReturnStatement
HeadEntry = AssumeEntry | ParamEntry | TableEntry | FunctionEntry | WithinEntry | EnsureEntry
Entry = HeadEntry | StatementEntry


@dataclass(frozen=True, slots=True)
class UseDeclaration:
    """``use NAME from "file.alg"``."""

    span: Span
    name: Word
    path: Word


@dataclass(frozen=True, slots=True)
class Algorithm:
    span: Span
    name: Word
    inputs: tuple[InputDeclaration, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Script:
    source: Source
    uses: tuple[UseDeclaration, ...]
    algorithms: tuple[Algorithm, ...]
