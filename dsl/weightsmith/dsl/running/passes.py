"""``for`` loops: their scalars have a value in every pass, also where they would cancel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalar_printer import scalar_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import line_scalars, nodes_in, nodes_of
from weightsmith.dsl.program.piecewise import arguments_of
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
        elif isinstance(node, core.Entrywise) and isinstance(node.function, core.PiecewiseLinear):
            yield from line_scalars(node.function)


# -- limits of clip and soft --------------------------------------------------------------------


def limits_in_passes(program: core.Program) -> Iterator[tuple[str, tuple[q.Scalar, ...]]]:
    """The function and the limits of every ``clip`` and ``soft``, as each pass has them; once each.

    In a ``for`` loop its numbers stand in place of the names.
    """
    outside = [node for one in program.returns for node in nodes_of(one.value)]
    outside += [node for one in program.returns if one.target for node in nodes_of(one.target)]
    found = dict.fromkeys(_limits_in(program.body, {}))
    yield from dict.fromkeys((*found, *filter(None, map(_limits, outside))))


def _limits(node: core.Node) -> tuple[str, tuple[q.Scalar, ...]] | None:
    if not isinstance(node, core.Entrywise) or isinstance(node.function, core.Approximated):
        return None
    limits = arguments_of(node.label, node.function)
    return (node.label, limits) if limits else None


def _limits_in(
    body: tuple[core.Statement, ...], numbers: Mapping[str, q.Scalar]
) -> Iterator[tuple[str, tuple[q.Scalar, ...]]]:
    for statement in body:
        if isinstance(statement, core.Assign):
            for found in filter(None, map(_limits, nodes_in((statement,)))):
                yield found[0], tuple(algebra.substituted(one, dict(numbers)) for one in found[1])
            continue
        rows = list(zip(*(one.values for one in statement.schedule), strict=True)) or [()]
        names = [one.name for one in statement.schedule]
        if not _named_in_limits(statement.body, frozenset(names)):
            rows = rows[:1]
        for row in rows:
            own = {
                name: algebra.substituted(value, dict(numbers))
                for name, value in zip(names, row, strict=True)
            }
            yield from _limits_in(statement.body, {**numbers, **own})


def _named_in_limits(body: tuple[core.Statement, ...], names: frozenset[str]) -> bool:
    """Does a limit name one of these, or the number of a loop within that does?"""
    inner = (value for loop in core.repeats(body) for s in loop.schedule for value in s.values)
    limits = (one for found in filter(None, map(_limits, nodes_in(body))) for one in found[1])
    return any(names & q.free_symbols(one) for one in (*inner, *limits))
