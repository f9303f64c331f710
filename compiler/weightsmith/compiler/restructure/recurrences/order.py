"""In which order functions of one operator are multiplied: they commute, but heads differ.

A head is left·key'·query: products that share key and query are one head, and what stands in its
key must be materialised as a function of T'.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from weightsmith.compiler.restructure.recurrences.sums import Atom, Key, Sum, added

Pair = tuple[Atom, ...]  # key and query


def few_heads(sums: list[Sum]) -> list[Sum]:
    """Products of data blocks with few pairs of key and query; a value stands left of its pair."""
    keys = {tuple(sorted(key)) for total in sums for key in total if len(key) == 3}
    chosen = sorted({_functions(key) for key in keys if len(_functions(key)) == 2})
    left = [key for key in sorted(keys) if not _pairs(key) & set(chosen)]
    while left:
        found = sorted({pair for key in left for pair in _pairs(key)})
        best = max(found, key=lambda pair: sum(pair in _pairs(key) for key in left))
        chosen.append(best)
        left = [key for key in left if best not in _pairs(key)]
    return [_reordered(total, lambda key: _by_pair(key, chosen)) for total in sums]


def few_transposed(total: Sum, *, transposed: bool, from_right: bool) -> Sum:
    """N never for T': M or 1 stand in the middle of B·D'·B and for D in a value, N in D·B'·D."""

    def ordered(key: Key) -> Key:
        functions = sorted(_functions(key), key=lambda atom: atom.kind == "N")  # N comes last
        if len(functions) == 2:
            values = tuple(atom for atom in key if atom.is_value)
            return (*(functions if from_right else functions[::-1]), *values)
        middle, *others = functions[::-1] if transposed else functions
        return others[0], middle, others[1]

    return _reordered(total, ordered)


def _reordered(total: Sum, order: Callable[[Key], Key]) -> Sum:
    return added(*({order(key) if len(key) == 3 else key: c} for key, c in total.items()))


def _functions(key: Key) -> Pair:
    return tuple(sorted(atom for atom in key if not atom.is_value))


def _pairs(key: Key) -> set[Pair]:
    """What key and query may be; those of a value are what is left without it."""
    functions = _functions(key)
    return {functions} if len(functions) == 2 else set(combinations(functions, 2))


def _by_pair(key: Key, chosen: list[Pair]) -> Key:
    pair = next(one for one in chosen if one in _pairs(key))
    rest = list(key)
    for atom in pair:
        rest.remove(atom)
    return (*pair, *rest) if rest[0].is_value else (*rest, *pair)
