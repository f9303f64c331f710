"""A program with numbers in place of its parameters: what synthesis starts from.

Targets and assumptions must be numbers.  Elsewhere a parameter without a value (a count that is
chosen later) stays what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers.formulas import Formula, substitute_formula
from weightsmith.dsl.numbers.scalars import Number, Scalar, ScalarError, evaluate, free_symbols
from weightsmith.dsl.program import core
from weightsmith.dsl.program.nodes import with_parts
from weightsmith.dsl.text.diagnostics import DiagnosticError, mistake
from weightsmith.dsl.text.source import Span

Change = Callable[[Scalar], Scalar]


class Numbers:
    """Evaluates the scalars of a program.  Raises DiagnosticError where one has no value."""

    def __init__(self, program: core.Program, bindings: Mapping[str, Fraction]) -> None:
        self.program, self.bindings = program, bindings
        self.scalars: dict[str, Scalar] = {n: Number(v) for n, v in bindings.items()}

    def value(self, scalar: Scalar, span: Span | None = None) -> Fraction:
        """The number; where there is none the message points to the span, or to the program."""
        place = span or self.program.span
        missing = sorted(free_symbols(scalar) - self.bindings.keys())
        if missing:
            message = f"synthesis needs numbers, and '{missing[0]}' has no value"
            settings = " ".join(f"--set {name}=…" for name in missing)
            raise mistake("value-missing", place, message, f"give it one: {settings}")
        try:
            return evaluate(scalar, self.bindings)
        except ScalarError as problem:
            raise self._senseless(problem, place) from None

    def node(self, node: core.Node) -> core.Node:
        return self._with(node, self._number)

    def statements(self, body: tuple[core.Statement, ...]) -> tuple[core.Statement, ...]:
        return tuple(self._statement(one) for one in body)

    def returned(self, one: core.Return) -> core.Return:
        value = self._with(one.value, self.known)
        target = None if one.target is None else self._with(one.target, self.known)
        return replace(one, value=value, target=target)

    def parameters(self) -> tuple[core.Parameter, ...]:
        """Those without a value."""
        return tuple(
            replace(one, default=None if one.default is None else self.known(one.default))
            for one in self.program.parameters
            if one.name not in self.bindings
        )

    def ensure(self, one: core.Ensure | None) -> core.Ensure | None:
        return None if one is None else replace(one, error=self._number(one.error, one.span))

    def known(self, scalar: Scalar) -> Scalar:
        """The scalar with the numbers that are known."""
        try:
            if free_symbols(scalar) <= self.bindings.keys():
                return Number(evaluate(scalar, self.bindings))
            return algebra.substituted(scalar, self.scalars)
        except ScalarError as problem:
            raise self._senseless(problem, self.program.span) from None

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

    def _number(self, scalar: Scalar, span: Span | None = None) -> Scalar:
        return Number(self.value(scalar, span))

    def _statement(self, one: core.Statement) -> core.Statement:
        if isinstance(one, core.Assign):
            change = self.known if one.synthesize is None else self._number
            return replace(one, values=tuple(self._with(value, change) for value in one.values))
        schedule = tuple(
            replace(row, values=tuple(map(self.known, row.values))) for row in one.schedule
        )
        return replace(
            one, count=self.known(one.count), body=self.statements(one.body), schedule=schedule
        )

    def _with(self, node: core.Node, change: Change) -> core.Node:
        """The node with every scalar changed, those of its functions too."""
        node = with_parts(node, lambda part: self._with(part, change))
        match node:
            case core.Combination(terms=terms):
                return replace(node, terms=tuple((change(c), part) for c, part in terms))
            case core.Hadamard(tolerance=tolerance):
                return replace(node, tolerance=change(tolerance))
            case core.Entrywise(function=core.Approximated(formula=formula, tolerance=tolerance)):
                function = core.Approximated(self._formula(formula), change(tolerance))
                return replace(node, function=function)
            case core.Entrywise(function=core.PiecewiseLinear() as line):
                breakpoints = tuple((change(place), change(by)) for place, by in line.breakpoints)
                line = core.PiecewiseLinear(change(line.constant), change(line.slope), breakpoints)
                return replace(node, function=line)
            case core.Function(formula=formula) if formula is not None:
                return replace(node, formula=self._formula(formula))
        return node

    def _formula(self, formula: Formula) -> Formula:
        try:
            return substitute_formula(formula, self.scalars)
        except ScalarError as problem:
            raise self._senseless(problem, self.program.span) from None

    @staticmethod
    def _senseless(problem: ScalarError, place: Span) -> DiagnosticError:
        return mistake("coefficient", place, f"a scalar has no value: {problem}")
