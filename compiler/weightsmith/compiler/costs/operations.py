"""Multiply-adds of a network's heads, as a polynomial in its dimensions and numbers of tokens.

A head with R rows of values, k rows of keys and N, M tokens for keys and queries is computed as
(V Kᵀ) Q: R·k·(N + M); where the scores are not linear as V f(Kᵀ Q): N·M·(R + k).  What the MLPs
cost is linear in these, and not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction

from weightsmith.compiler.costs.degree import passes
from weightsmith.compiler.ir.schedule import ScheduledHead
from weightsmith.compiler.ir.template import Head, Item, Layer, Template
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.program.core import GROUPS

Operations = Counter[tuple[str, ...]]  # how often each product of dimensions
NOMINAL_TOKENS, NOMINAL_SIZE = 256, 16  # to compare networks whose sizes are not known yet


def operations_of(template: Template, bindings: Mapping[str, Fraction]) -> Operations | None:
    """Of the network as run; None where a count has no value."""
    return _Count(template, bindings).items(template.body)


def operations_text(found: Operations) -> str:
    """``24*d*context*k + 24*d*query*k``."""
    parts = [
        "*".join([*([] if count == 1 and axes else [str(count)]), *axes])
        for axes, count in sorted(found.items(), key=lambda item: (-len(item[0]), item[0]))
    ]
    return " + ".join(parts) or "0"


def scheduled_head_cost(head: ScheduledHead) -> int:
    """The operations of a head that has no place yet, at nominal sizes."""
    rows = [next(iter(value)).rows for value in head.values]
    found: Operations = Counter()
    for one in head.keys:
        keys = next(iter(one)).rows
        if head.scores.is_linear:
            found.update(_head_operations(rows, keys, head.spaces, head.groups))
        else:
            found.update(_score_operations(keys, head.spaces, head.groups))
    for row in rows if not head.scores.is_linear else ():
        found.update(_score_operations(row, head.spaces, head.groups))
    return nominal(found)


def nominal(found: Operations) -> int:
    total = 0
    for axes, count in found.items():
        for axis in axes:
            count *= NOMINAL_TOKENS if axis in (*GROUPS, "") else NOMINAL_SIZE
        total += count
    return total


def _head_operations(
    values: Iterable[str], keys: str, key_groups: Iterable[str], query_groups: Iterable[str]
) -> Operations:
    groups = [*key_groups, *query_groups]
    found: Operations = Counter()
    for rows in values:
        for group in groups:
            _add(found, (rows, keys, group), 1)
    return found


def _score_operations(
    rows: str, key_groups: Iterable[str], query_groups: Iterable[str]
) -> Operations:
    """A product with the scores, every key token by every query token."""
    found: Operations = Counter()
    for keys in key_groups:
        for queries in query_groups:
            _add(found, (rows, keys, queries), 1)
    return found


def _add(found: Operations, axes: Iterable[str], count: int) -> None:
    """Count a product of dimensions; those that are numbers multiply the count."""
    named = sorted(axis for axis in axes if not axis.isdigit())
    for axis in axes:
        count *= int(axis) if axis.isdigit() else 1
    found[tuple(named)] += count


class _Count:
    def __init__(self, template: Template, bindings: Mapping[str, Fraction]) -> None:
        self.template, self.bindings = template, dict(bindings)
        self.rows = template.readable

    def items(self, items: tuple[Item, ...]) -> Operations | None:
        total: Operations = Counter()
        for item in items:
            if isinstance(item, Layer):
                for head in item.heads:
                    total.update(self._head(head))
                continue
            inner, count = self.items(item.body), passes(parse_scalar(item.count), self.bindings)
            if inner is None or count is None:
                return None
            total.update({axes: count * number for axes, number in inner.items()})
        return total

    def _head(self, head: Head) -> Operations:
        values = [self.rows[terms[0][0]] for terms in head.values]
        found: Operations = Counter()
        for terms in head.keys:
            keys = self.rows[terms[0][0]]
            if head.scores.is_linear:
                found.update(_head_operations(values, keys, head.key_groups, head.query_groups))
            else:
                found.update(_score_operations(keys, head.key_groups, head.query_groups))
        for rows in values if not head.scores.is_linear else ():
            found.update(_score_operations(rows, head.key_groups, head.query_groups))
        return found
