"""Assumptions on sizes: ``norm(x) <= B``, ``entries(y) in [low, high]``, ``size(context) <= n``."""

from __future__ import annotations

from collections.abc import Sequence

from weightsmith.dsl.meaning.elaborator import Elaborator
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import CONTEXT, GROUPS, QUERY
from weightsmith.dsl.program.nodes import text_of
from weightsmith.dsl.program.scope import DimensionSymbol, MatrixSymbol
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.diagnostics import near_hint

BOUND_HINT = "write: assume norm(x) <= B, or: assume size(context) <= n"


def read_bound(
    elaborator: Elaborator,
    assume: s.AssumeEntry,
    region: s.BoundExpression,
    inputs: Sequence[core.Input],
) -> core.NormAssumption | core.SizeAssumption | None:
    """Return the assumption of ``… <= B``, or None after a report."""
    bound = elaborator.scalar(region.high, "a number")
    subject, report = assume.subject, elaborator.report
    if not isinstance(subject, s.CallExpression) or subject.name.text not in ("norm", "size"):
        word = subject.name.text if isinstance(subject, s.CallExpression) else ""
        message = f"expected norm(…) or size(…) before '<=', got {text_of(subject)}"
        hint = near_hint(word, ("norm", "size")) or BOUND_HINT
        if word in ("spectrum", "nonzero_spectrum", "singular_values", "entries"):
            hint = f"write an interval: {text_of(subject)} in [low, {text_of(region.high)}]"
        report.error("assumption", subject.span, message, hint)
        return None
    number = None if bound is None else algebra.constant(bound)
    if subject.name.text == "norm":
        of = _input(elaborator, subject)
        if number is not None and number < 0:
            report.error(
                "interval", region.span, f"a norm is never below 0, got {number}", BOUND_HINT
            )
        return core.NormAssumption(assume.span, of, bound) if of and bound else None
    axis = _axis(elaborator, subject, inputs)
    if number is not None and number < 1:
        report.error("interval", region.span, f"a size is at least 1, got {number}", BOUND_HINT)
    return core.SizeAssumption(assume.span, axis, bound) if axis and bound else None


def read_entries(
    elaborator: Elaborator,
    assume: s.AssumeEntry,
    subject: s.CallExpression,
    low: Scalar,
    high: Scalar,
) -> core.EntryAssumption | None:
    """Return the assumption of ``entries(y) in [low, high]``, or None after a report."""
    of = _input(elaborator, subject)
    return None if of is None else core.EntryAssumption(assume.span, of, low, high)


def _input(elaborator: Elaborator, call: s.CallExpression) -> str | None:
    """The input of ``norm`` or ``entries``."""
    name = call.name.text
    one = call.positional[0] if len(call.positional) == 1 and not call.keywords else None
    if isinstance(one, s.NameExpression):
        symbol = elaborator.scope.use(one.name)
        if isinstance(symbol, MatrixSymbol) and symbol.is_input:
            return one.name
        if symbol is None:
            elaborator.value(one)
            return None
    message = f"{name} is assumed of an input, got {text_of(call)}"
    elaborator.report.error("assumption", call.span, message, f"write {name}(x) for an input x")
    return None


def _axis(
    elaborator: Elaborator, call: s.CallExpression, inputs: Sequence[core.Input]
) -> str | None:
    """The group of tokens, or the dimension, of ``size``."""
    one = call.positional[0] if len(call.positional) == 1 and not call.keywords else None
    name = one.name if isinstance(one, s.NameExpression) else ""
    groups = {group for one in inputs for group in one.shape.column_groups}
    if name in GROUPS and name in groups:
        return name
    if isinstance(elaborator.scope.get(name), DimensionSymbol):
        return name
    dimensions = [
        name
        for name in elaborator.scope.names()
        if isinstance(elaborator.scope.get(name), DimensionSymbol)
    ]
    known = [*(group for group in (CONTEXT, QUERY) if group in groups), *dimensions]
    message = f"size is assumed of tokens or of a dimension, got {text_of(call)}"
    hint = near_hint(name, known) or f"write size(…) of {', '.join(known)}"
    elaborator.report.error("assumption", call.span, message, hint if known else None)
    return None
