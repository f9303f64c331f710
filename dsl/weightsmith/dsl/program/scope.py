"""The names of one algorithm and what they stand for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program.core import Node, Shape
from weightsmith.dsl.text.source import Span

MATRIX_FUNCTIONS = ("inv", "pinv", "sqrt", "invsqrt", "exp", "polar", "sign", "spectral")
REGIONS = ("spectrum", "nonzero_spectrum", "singular_values", "range")
GROUP_WORDS = ("context", "query", "tokens", "token")
RESERVED = ("I", "ones", "symmetric", *MATRIX_FUNCTIONS, *REGIONS, *GROUP_WORDS)


class Place(Enum):
    """Where an expression stands; it decides which functions and calls are allowed."""

    STATEMENT = "a statement"
    ASSUMPTION = "an assumption"
    TARGET = "a target"
    NUMBER = "a number"


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """How a value was computed: a node, and the definitions of the names in it.

    ``node`` is None where the value cannot be written out: it changes inside a loop.
    """

    node: Node | None
    names: dict[str, Definition] = field(default_factory=dict)
    is_input: bool = False
    is_symmetric: bool = False


@dataclass(frozen=True, slots=True)
class MatrixSymbol:
    """An input or a variable."""

    span: Span
    shape: Shape
    definition: Definition
    is_input: bool = False
    is_scheduled: bool = False  # a fixed matrix of a ``for`` loop, another in each pass


@dataclass(frozen=True, slots=True)
class ScalarSymbol:
    """A parameter, or a name that was bound to a scalar (and stands for it)."""

    span: Span
    scalar: Scalar
    is_parameter: bool = False
    is_scheduled: bool = False  # a number of a ``for`` loop


@dataclass(frozen=True, slots=True)
class DimensionSymbol:
    span: Span


@dataclass(frozen=True, slots=True)
class BrokenSymbol:
    """A name whose definition had an error, which has been reported."""

    span: Span


Symbol = MatrixSymbol | ScalarSymbol | DimensionSymbol | BrokenSymbol


class Scope:
    """Name → symbol; knows which names were used and which existed before the present loop."""

    def __init__(self) -> None:
        self._symbols: dict[str, Symbol] = {}
        self._outside: list[frozenset[str]] = []
        self.used: set[str] = set()
        self.left: dict[str, str] = {}  # of ``for`` loops that have ended: a "number" or "matrix"

    def get(self, name: str) -> Symbol | None:
        return self._symbols.get(name)

    def use(self, name: str) -> Symbol | None:
        self.used.add(name)
        return self._symbols.get(name)

    def define(self, name: str, symbol: Symbol) -> None:
        self._symbols[name] = symbol

    def remove(self, name: str) -> None:
        self._symbols.pop(name, None)

    def names(self) -> Iterator[str]:
        return iter(self._symbols)

    def enter_loop(self) -> None:
        self._outside.append(frozenset(self._symbols))

    def leave_loop(self) -> None:
        """Forget the names that were first assigned inside the loop."""
        outside = self._outside.pop()
        for name in self._symbols.keys() - outside:
            symbol = self._symbols.pop(name)
            if isinstance(symbol, ScalarSymbol | MatrixSymbol) and symbol.is_scheduled:
                self.left[name] = "number" if isinstance(symbol, ScalarSymbol) else "matrix"

    def is_carried(self, name: str) -> bool:
        """True if the name had a value before the innermost loop."""
        return bool(self._outside) and name in self._outside[-1]

    def forget_definition(self, name: str) -> None:
        """Mark a variable as changing from step to step."""
        symbol = self._symbols.get(name)
        if isinstance(symbol, MatrixSymbol) and not symbol.is_input:
            opaque = Definition(None)
            self._symbols[name] = MatrixSymbol(symbol.span, symbol.shape, opaque)
