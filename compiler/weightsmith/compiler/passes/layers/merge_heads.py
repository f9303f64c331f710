"""Fewer heads: add up triple products that differ in one place, share keys and queries.

Three rules, until none applies, each an identity of linear algebra:
    a·R·S + b·R·S = (a + b)·R·S,   P·a·S + P·b·S = P·(a + b)·S,   P·R·a + P·R·b = P·R·(a + b)
for products into one target at the same tokens; then products that share R and S become one head
with several values.  Where the first rule alone leaves fewer heads (sums in R or S are shared by
fewer targets) the other two are not used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter

from weightsmith.compiler.ir.coefficients import Coefficient, CoefficientField
from weightsmith.compiler.ir.schedule import (
    Combination,
    Schedule,
    ScheduledHead,
    Scored,
    TripleProduct,
    Value,
    walk,
)

Merge = Callable[[TripleProduct, TripleProduct], TripleProduct | None]


def merge_heads(schedule: Schedule, field: CoefficientField) -> None:
    """Fill in ``heads`` of every layer from its ``products``."""
    for layer in walk(schedule.items):
        products = [_normalized(product) for product in layer.products]
        both = (_share(_merged(products, merge), field) for merge in (_together, _same_pair))
        layer.heads = (*min(both, key=len), *_share_scores(layer.scored, field))


def _normalized(product: TripleProduct) -> TripleProduct:
    """Move the scale of ``right`` and ``last`` into ``left``: their leading coefficients are 1."""
    right, a = _monic(product.right)
    last, b = _monic(product.last)
    left = dict(product.left)
    for scale in (a, b):
        if scale is not None:
            left = {value: coefficient * scale for value, coefficient in left.items()}
    return TripleProduct(product.target, left, right, last, product.space, product.groups)


def _monic(combination: Combination) -> tuple[Combination, Coefficient | None]:
    """Divide by the first coefficient that is a number (a symbol might be zero)."""
    numbers = [value for value, c in combination.items() if c.number is not None]
    if not numbers:
        return combination, None
    scale = combination[min(numbers, key=_order)]
    if scale == 1:
        return combination, None
    return {value: c / scale for value, c in combination.items()}, scale


def _order(value: Value) -> tuple[str, str]:
    return value.kind, value.name


def _merged(products: list[TripleProduct], merge: Merge) -> list[TripleProduct]:
    """Merge what can be; only products into one target at the same tokens can."""
    groups: dict[object, list[tuple[int, TripleProduct]]] = {}
    for place, product in enumerate(products):
        key = (product.target, product.space, product.groups)
        groups.setdefault(key, []).append((place, product))
    found = [one for group in groups.values() for one in _merged_group(group, merge)]
    return [product for _, product in sorted(found, key=itemgetter(0))]


def _merged_group(
    group: list[tuple[int, TripleProduct]], merge: Merge
) -> list[tuple[int, TripleProduct]]:
    """Merge the first pair that can be, until there is none.

    No product before ``at`` merges with any other; after a merge, only with the new one.
    """
    found, alike = dict(enumerate(group)), _Alike()
    for number, (_, product) in found.items():
        alike.add(number, product)
    at, new = 0, False
    while at < len(group):
        others = alike.numbers(found[at][1]) if at in found else []
        pairs = ((min(at, k), max(at, k)) for k in others if k > at or (new and k < at))
        merged = ((i, j, merge(found[i][1], found[j][1])) for i, j in pairs)
        i, j, both = next((one for one in merged if one[2] is not None), (at, at, None))
        if both is None:
            at, new = at + 1, False
            continue
        place, first = found.pop(i)
        alike.drop(i, first)
        alike.drop(j, found.pop(j)[1])
        at, new = i, bool(both.left)
        if new:
            found[i] = place, both
            alike.add(i, both)
    return [found[number] for number in sorted(found)]


class _Alike:
    """Numbers of products by what they have on the right, and last: others never merge."""

    def __init__(self) -> None:
        self._numbers: dict[object, set[int]] = {}

    def add(self, number: int, product: TripleProduct) -> None:
        for key in self._keys(product):
            self._numbers.setdefault(key, set()).add(number)

    def drop(self, number: int, product: TripleProduct) -> None:
        for key in self._keys(product):
            self._numbers[key].discard(number)

    def numbers(self, product: TripleProduct) -> list[int]:
        """The products that have one of both in common with this one, in order."""
        found = (self._numbers.get(key, set()) for key in self._keys(product))
        return sorted(set().union(*found))

    def _keys(self, product: TripleProduct) -> tuple[object, object]:
        return ("right", _key(product.right)), ("last", _key(product.last))


def _key(combination: Combination) -> frozenset[tuple[Value, Coefficient]]:
    return frozenset(combination.items())


def _same_pair(first: TripleProduct, second: TripleProduct) -> TripleProduct | None:
    if first.right != second.right or first.last != second.last:
        return None
    return _with(first, _sum(first.left, second.left), first.right, first.last)


def _together(first: TripleProduct, second: TripleProduct) -> TripleProduct | None:
    same = ("target", "space", "groups")
    if any(getattr(first, name) != getattr(second, name) for name in same):
        return None
    if first.right == second.right and first.last == second.last:
        return _same_pair(first, second)
    if first.right != second.right and first.last != second.last:
        return None  # before any division: most pairs end here
    ratio = _ratio(first.left, second.left)
    if ratio is None:
        return None
    if not ratio.denominator.is_constant():
        return _together(second, first) if ratio.numerator.is_constant() else None
    if first.last == second.last:
        right = _sum(first.right, {v: ratio * c for v, c in second.right.items()})
        return _with(first, first.left, right, first.last)
    if first.right == second.right:
        last = _sum(first.last, {v: ratio * c for v, c in second.last.items()})
        return _with(first, first.left, first.right, last)
    return None


def _with(
    like: TripleProduct, left: Combination, right: Combination, last: Combination
) -> TripleProduct:
    if not (left and right and last):
        left = right = last = {}
        return TripleProduct(like.target, left, right, last, like.space, like.groups)
    return _normalized(TripleProduct(like.target, left, right, last, like.space, like.groups))


def _ratio(first: Combination, second: Combination) -> Coefficient | None:
    """Return c with second = c · first, or None."""
    if first.keys() != second.keys():
        return None
    ratio: Coefficient | None = None
    for value in first:
        found = second[value] / first[value]
        if ratio is not None and found != ratio:
            return None
        ratio = found
    return ratio


def _sum(first: Combination, second: Mapping[Value, Coefficient]) -> dict[Value, Coefficient]:
    total = dict(first)
    for value, coefficient in second.items():
        total[value] = total[value] + coefficient if value in total else coefficient
    return {value: c for value, c in total.items() if c != 0}


def _share(products: list[TripleProduct], field: CoefficientField) -> tuple[ScheduledHead, ...]:
    groups: dict[object, list[TripleProduct]] = {}
    for product in products:
        key = (_key(product.right), _key(product.last), product.space, product.groups)
        groups.setdefault(key, []).append(product)
    return tuple(_head(group, field) for group in groups.values())


def _head(group: list[TripleProduct], field: CoefficientField) -> ScheduledHead:
    values, outputs = _values_of([(one.target, one.left) for one in group], field)
    first = group[0]
    keys, queries = (first.right,), (first.last,)
    return ScheduledHead(keys, queries, values, outputs, (first.space,), first.groups)


def _values_of(
    products: list[tuple[Value, Combination]], field: CoefficientField
) -> tuple[tuple[Combination, ...], tuple[tuple[Value, int, Coefficient], ...]]:
    """The values of a head, those that differ by a number once, and what is added where."""
    values: list[Combination] = []
    numbers: dict[object, int] = {}
    outputs: list[tuple[Value, int, Coefficient]] = []
    for target, value in products:
        left, scale = _monic(value)
        number = numbers.setdefault(_key(left), len(values))
        if number == len(values):
            values.append(left)
        outputs.append((target, number, scale or field.one))
    return tuple(values), tuple(outputs)


def _share_scores(scored: list[Scored], field: CoefficientField) -> tuple[ScheduledHead, ...]:
    """One head for equal scores; what goes to one target is added up."""
    groups: dict[object, list[Scored]] = {}
    for one in scored:
        sides = tuple(map(_key, one.keys)), tuple(map(_key, one.queries))
        groups.setdefault((sides, one.scores, one.spaces, one.groups), []).append(one)
    found = []
    for group in groups.values():
        by_target: dict[Value, Combination] = {}
        for one in group:
            by_target[one.target] = _sum(by_target.get(one.target, {}), one.value)
        values, outputs = _values_of([pair for pair in by_target.items() if pair[1]], field)
        if values:
            first = group[0]
            both = (first.keys, first.queries)
            found.append(
                ScheduledHead(*both, values, outputs, first.spaces, first.groups, first.scores)
            )
    return tuple(found)
