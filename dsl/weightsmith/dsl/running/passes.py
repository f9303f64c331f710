"""The scalars in ``for`` loops must have a value in every pass, also where they would cancel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalar_printer import scalar_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import nodes_in
from weightsmith.dsl.text.shown import number_text

MAX_PASSES = 200_000
MAX_BITS = 1 << 16  # of a coefficient in one pass


def check_passes(body: tuple[core.Statement, ...], values: Mapping[str, Fraction]) -> None:
    """Raises ScalarError with the pass in its message; symbols without a value are left open.

    So too where there are more passes, of loops within loops, than can be looked at.
    """
    if (count := _passes(body)) > MAX_PASSES:
        raise q.ScalarError(
            f"the 'for' loops come to {number_text(count)} passes, more than {MAX_PASSES}"
        )
    _check_loops(body, values)


def _passes(body: tuple[core.Statement, ...]) -> int:
    """How often the blocks of ``for`` loops run, those of ``repeat`` taken once."""
    count = 0
    for loop in body:
        if isinstance(loop, core.Repeat):
            own = len(loop.schedule[0].values) if loop.schedule else 1
            count += own * (bool(loop.schedule) + _passes(loop.body))
    return count


def _check_loops(body: tuple[core.Statement, ...], values: Mapping[str, Fraction]) -> None:
    for loop in body:
        if not isinstance(loop, core.Repeat):
            continue
        if not loop.schedule:
            _check_loops(loop.body, values)
            continue
        changing = {scalar: None for scalar in _scalars(loop.body) if q.free_symbols(scalar)}
        for place, row in enumerate(zip(*(one.values for one in loop.schedule), strict=True)):
            names = (one.name for one in loop.schedule)
            own = {name: _value(number, values) for name, number in zip(names, row, strict=True)}
            known = {n: number for n, number in {**values, **own}.items() if number is not None}
            for scalar in changing:
                if q.free_symbols(scalar) & own.keys():
                    _check(scalar, known, place + 1)
            _check_loops(loop.body, known)


def _value(scalar: q.Scalar, values: Mapping[str, Fraction]) -> Fraction | None:
    if not q.free_symbols(scalar) <= values.keys():
        return None
    return q.evaluate(scalar, values, most_bits=MAX_BITS)


def _check(scalar: q.Scalar, values: Mapping[str, Fraction], place: int) -> None:
    names = q.free_symbols(scalar)
    if not names <= values.keys():
        return
    try:
        q.evaluate(scalar, values, most_bits=MAX_BITS)
    except q.ScalarError as problem:
        at = ", ".join(f"{name} = {number_text(values[name])}" for name in sorted(names))
        text = scalar_text(scalar)
        raise q.ScalarError(f"'{text}' has no value in pass {place}, {at}: {problem}") from None


def _scalars(body: tuple[core.Statement, ...]) -> Iterator[q.Scalar]:
    for node in nodes_in(body):
        if isinstance(node, core.Combination):
            yield from (scalar for scalar, _ in node.terms)
