"""Bounds of a called algorithm that follow from the caller's: norms, entries, sizes of inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import GROUPS, Node

Bound = core.NormAssumption | core.EntryAssumption | core.SizeAssumption


def inferred_bounds(
    callee: core.Program,
    arguments: Mapping[str, Node],
    axis_of: Callable[[str], str],
    known: Sequence[Bound],
) -> Iterator[tuple[str, Scalar]]:
    """Yield parameters of the callee that are such bounds, with what the caller assumes.

    An argument must be an input of the caller; ``axis_of`` maps the callee's dimensions.
    """
    for wanted in callee.assumptions:
        if not isinstance(wanted, Bound):
            continue
        for given in known:
            if type(given) is type(wanted) and _subject(wanted, arguments, axis_of) == _own(given):
                for end, value in zip(_ends(wanted), _ends(given), strict=True):
                    if isinstance(end, q.Symbol):
                        yield end.name, value
                break


def _subject(
    bound: Bound, arguments: Mapping[str, Node], axis_of: Callable[[str], str]
) -> str | None:
    """What is bounded, in the caller's names."""
    if isinstance(bound, core.SizeAssumption):
        return bound.axis if bound.axis in GROUPS else axis_of(bound.axis)
    node = arguments.get(bound.of)
    return node.name if isinstance(node, core.Name) else None


def _own(bound: Bound) -> str:
    return bound.axis if isinstance(bound, core.SizeAssumption) else bound.of


def _ends(bound: Bound) -> tuple[Scalar, ...]:
    return (bound.low, bound.high) if isinstance(bound, core.EntryAssumption) else (bound.bound,)
