"""Refuses loops of more passes than a network may have layers, at their place in the script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from weightsmith.dsl.numbers.scalar_printer import scalar_text
from weightsmith.dsl.numbers.scalars import MAX_NUMBER_BITS, Scalar, ScalarError, evaluate
from weightsmith.dsl.program import core
from weightsmith.dsl.text.diagnostics import mistake
from weightsmith.dsl.text.shown import number_text


def refuse_long_loops(
    body: Sequence[core.Statement], bindings: Mapping[str, Fraction], most: int, outer: int = 1
) -> None:
    """Raise DiagnosticError where a loop, with those around it, runs more than ``most`` passes."""
    for statement in body:
        if not isinstance(statement, core.Repeat):
            continue
        count = _passes(statement.count, bindings)
        if count is None:
            continue
        if outer * count > most:
            written = scalar_text(statement.count)
            number = number_text(count)
            times = number if written == number else f"{written} = {number}"
            around = f" in a loop of {number_text(outer)}" if outer > 1 else ""
            message = f"{times} repetitions{around} make more than {most} layers"
            hint = "a network has at most so many: write a smaller count, or a faster algorithm"
            raise mistake("too-many-layers", statement.span, message, hint)
        refuse_long_loops(statement.body, bindings, most, outer * count)


def _passes(count: Scalar, bindings: Mapping[str, Fraction]) -> int | None:
    """The value of a count, however large; None if it has none."""
    try:
        value = evaluate(count, bindings, most_bits=MAX_NUMBER_BITS)
    except ScalarError:
        return None
    return int(value) if value.denominator == 1 and value >= 0 else None
