"""Where the heads of a loop's last layer write, so that its variables need few blocks besides.

The layer's move takes the variables v to L·v, and they must become L·v + p, the p sums of
products.  Heads that add E·p to v need no block of their own where L·E = 1: the move then gives
L·(v + E·p) = L·v + p.  E is found by elimination that divides by numbers of moderate size alone;
a variable that finds no such pivot has a spare block.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Loop
from weightsmith.compiler.ir.polynomial import Space, Word
from weightsmith.compiler.ir.schedule import Value
from weightsmith.compiler.passes.layers.demands import (
    Carriers,
    Demand,
    Linear,
    Product,
    is_moderate,
    local_values,
)
from weightsmith.dsl.numbers.scalars import bits

MODERATE = 64  # nothing much larger is added, to be taken away again
SHORT_BITS = 128  # of a pivot, as quotients of long numbers are longer
Key = TypeVar("Key", bound=Hashable)
Term = tuple[Product, Coefficient, tuple[Space, ...]]
Made = dict[int, Coefficient]  # a sum of rows, by their numbers


def write_targets(
    demands: list[Demand],
    before: list[Linear],
    read: Iterable[Value],
    loop: Loop | None,
    one: Coefficient,
    *,
    share: bool,
) -> list[Linear]:
    """For every demand: which multiples of its products heads add to which values.

    ``before`` is L, a row a demand.  ``read`` are values that functions of entries read after the
    heads: they must stay as they are.  Without ``share`` every demand has one value to write to.
    """
    simple = _one_each(demands, before, read, loop, one)
    if not share or not _spares(simple):
        return simple
    shared = _eliminated(demands, before, read, loop, one)
    return min(simple, shared, key=_spares)


def products_by_target(demands: list[Demand], targets: list[Linear]) -> dict[Value, list[Term]]:
    """What heads add to each value; one to which nothing is left to add is not among them."""
    sums: dict[Value, dict[tuple[Word, tuple[Space, ...]], Term]] = {}
    for demand, where in zip(demands, targets, strict=True):
        for product, coefficient, groups in demand.products:
            for target, factor in where.items():
                terms, more = sums.setdefault(target, {}), coefficient * factor
                key = product.word, groups
                known = terms.get(key)
                terms[key] = product, more if known is None else known[1] + more, groups
    found = {value: [t for t in terms.values() if t[1] != 0] for value, terms in sums.items()}
    return {value: terms for value, terms in found.items() if terms}


def adding_to(
    demand: Demand, demands: list[Demand], depth: int
) -> tuple[Value, Coefficient] | None:
    """A carried value of which the returned value has a multiple, and no other has any.

    The segment's last layer may write there: nothing reads it afterwards.
    """
    if any(product.time != (demand.segment, depth) for product, _, _ in demand.products):
        return None
    others = {value for other in demands if other is not demand for value in other.linear}
    others |= {value.held for other in demands for value in other.linear if value.of}
    for value, factor in demand.linear.items():
        known = value.kind == "carried" and value.home is None and value not in others
        if known and value.rows == demand.value.rows and _is_pivot(factor, None):
            return value, factor
    return None


def _spares(targets: list[Linear]) -> int:
    return len({value for target in targets for value in target if value.kind == "spare"})


def spare_value(demand: Demand, loop: Loop | None) -> Value:
    index = None if loop is None else loop.index
    return Value("spare", f"+{demand.value.name}", demand.value.rows, (), index)


def _one_each(
    demands: list[Demand],
    before: list[Linear],
    read: Iterable[Value],
    loop: Loop | None,
    one: Coefficient,
) -> list[Linear]:
    """One value a demand, that the move takes to this demand alone."""
    targets: list[Linear] = []
    carriers = Carriers(demands, before, read, loop)
    for demand in demands:
        found = carriers.find(demand) if demand.products else None
        if found is not None:
            targets.append({found[0]: one / found[1]})
        else:
            targets.append({spare_value(demand, loop): one} if demand.products else {})
    return targets


def _eliminated(
    demands: list[Demand],
    before: list[Linear],
    read: Iterable[Value],
    loop: Loop | None,
    one: Coefficient,
) -> list[Linear]:
    """E, with what it adds by the way taken from the spare blocks."""
    local, kept = set(local_values(demands, before, loop)), set(read)
    pivots, spare = _Pivots(), []
    for number in sorted(range(len(demands)), key=lambda n: bool(demands[n].products)):
        demand = demands[number]
        row = {value: c for value, c in before[number].items() if value in local}
        row, made = pivots.reduced(row, {number: one})
        column = _pivot(row, demand.value, kept, loop)
        if column is not None:
            pivots.add(column, row, made)
        elif demand.products:
            spare.append(number)
        else:
            kept |= set(row)  # it must not change
    targets: list[Linear] = [{} for _ in demands]
    for number, demand in enumerate(demands):
        if number in spare:
            targets[number][spare_value(demand, loop)] = one
        elif demand.products:
            targets[number] = pivots.column(number)
            for other in spare:
                extra = pivots.sent(before[other], number)
                if extra is not None:
                    targets[number][spare_value(demands[other], loop)] = -extra
    return targets


def _pivot(row: Linear, own: Value, kept: set[Value], loop: Loop | None) -> Value | None:
    for value in dict.fromkeys([own, *row]):
        free = value in row and value not in kept and value.rows == own.rows
        if free and _is_pivot(row[value], loop):
            return value
    return None


def _is_pivot(factor: Coefficient, loop: Loop | None) -> bool:
    if factor.as_number is None:
        return is_moderate(factor, loop)
    size = abs(factor.as_number)
    return bits(size) <= SHORT_BITS and Fraction(1, MODERATE) <= size <= MODERATE


@dataclass
class _Pivots:
    """Reduced rows of L, each alone in its pivot's column, and the rows that it is made of."""

    rows: dict[Value, Linear] = field(default_factory=dict)
    made: dict[Value, Made] = field(default_factory=dict)

    def reduced(self, row: Linear, made: Made) -> tuple[Linear, Made]:
        for column, other in self.rows.items():
            if column in row:
                factor = row[column]
                row, made = _less(row, factor, other), _less(made, factor, self.made[column])
        return row, made

    def add(self, column: Value, row: Linear, made: Made) -> None:
        pivot = row[column]
        row = {value: c / pivot for value, c in row.items()}
        made = {number: c / pivot for number, c in made.items()}
        for known, other in self.rows.items():
            if column in other:
                factor = other[column]
                self.rows[known] = _less(other, factor, row)
                self.made[known] = _less(self.made[known], factor, made)
        self.rows[column], self.made[column] = row, made

    def column(self, number: int) -> Linear:
        """Of E: what heads add of this demand's products."""
        return {value: made[number] for value, made in self.made.items() if number in made}

    def sent(self, row: Linear, number: int) -> Coefficient | None:
        """What a row of L makes of it; None if that is nothing."""
        parts = [row[value] * c for value, c in self.column(number).items() if value in row]
        total = sum(parts[1:], parts[0]) if parts else None
        return None if total is None or total == 0 else total


def _less(
    row: dict[Key, Coefficient], factor: Coefficient, other: dict[Key, Coefficient]
) -> dict[Key, Coefficient]:
    """row − factor·other, without zeros."""
    total = dict(row)
    for key, c in other.items():
        total[key] = total[key] - factor * c if key in total else -(factor * c)
    return {key: c for key, c in total.items() if c != 0}
