"""A program with numbers in place of its parameters: what synthesis starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from weightsmith.dsl import core
from weightsmith.dsl.diagnostics import DiagnosticError, error
from weightsmith.dsl.nodes import with_parts
from weightsmith.dsl.scalars import Number, Scalar, ScalarError, evaluate, free_symbols
from weightsmith.dsl.source import Span


class Numbers:
    """Evaluates every scalar of a program.  Raises DiagnosticError where one has no value."""

    def __init__(self, program: core.Program, bindings: Mapping[str, Fraction]) -> None:
        self.program, self.bindings = program, bindings

    def value(self, scalar: Scalar, span: Span | None = None) -> Fraction:
        """The number; where there is none the message points to the span, or to the program."""
        place = span or self.program.span
        missing = sorted(free_symbols(scalar) - self.bindings.keys())
        if missing:
            message = f"synthesis needs numbers, and '{missing[0]}' has no value"
            settings = " ".join(f"--set {name}=…" for name in missing)
            raise DiagnosticError([error(place, message, f"give it one: {settings}")])
        try:
            return evaluate(scalar, self.bindings)
        except ScalarError as problem:
            message = f"a scalar has no value: {problem}"
            raise DiagnosticError([error(place, message)]) from None

    def node(self, node: core.Node) -> core.Node:
        changed = with_parts(node, self.node)
        if isinstance(changed, core.Combination):
            terms = tuple((self._number(c), part) for c, part in changed.terms)
            return replace(changed, terms=terms)
        return changed

    def ensure(self, one: core.Ensure | None) -> core.Ensure | None:
        return None if one is None else replace(one, error=self._number(one.error, one.span))

    def _number(self, scalar: Scalar, span: Span | None = None) -> Scalar:
        return Number(self.value(scalar, span))

    def assumption(self, one: core.Assumption) -> core.Assumption:
        match one:
            case core.SpectrumAssumption():
                gap = (
                    None
                    if one.gap is None
                    else (self._number(one.gap[0], one.span), self._number(one.gap[1], one.span))
                )
                return replace(
                    one,
                    of=self.node(one.of),
                    low=self._number(one.low, one.span),
                    high=self._number(one.high, one.span),
                    gap=gap,
                )
            case core.EntryAssumption():
                return replace(
                    one, low=self._number(one.low, one.span), high=self._number(one.high, one.span)
                )
            case core.NormAssumption() | core.SizeAssumption():
                return replace(one, bound=self._number(one.bound, one.span))
            case core.RangeAssumption():
                return one
