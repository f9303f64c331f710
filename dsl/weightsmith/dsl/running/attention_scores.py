"""The scores of a head, as the language defines them: by loops over tokens, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from weightsmith.dsl.numbers.formula_values import evaluate_formula
from weightsmith.dsl.numbers.formulas import Apply, Variable
from weightsmith.dsl.program import core
from weightsmith.dsl.program.attention import BEFORE, UPTO

Array = npt.NDArray[Any]


def attention_scores(node: core.Attention, products: Mapping[str, Array]) -> dict[str, Array]:
    """N(M ∘ f(S)) for every group of keys; a query that sees no key has scores of 0.

    Exact on fractions where f is none, relu or abs and the sum of a column is not 0.  Raises
    ZeroDivisionError where that sum is 0 in fractions.
    """
    found = {group: _applied(node.function, one) for group, one in products.items()}
    seen = {group: _seen(node.mask, one.shape) for group, one in found.items()}
    found = {group: np.where(seen[group], one, 0 * one) for group, one in found.items()}
    if not node.normalised:
        return found
    largest = _largest(products, seen) if node.function == "exp" else None
    if largest is not None:  # exp(s - m): the same after the division, and no overflow
        moved = {group: np.where(seen[group], one - largest, 0) for group, one in products.items()}
        found = {g: np.where(seen[g], _applied("exp", one), 0) for g, one in moved.items()}
    total = sum(one.sum(axis=0) for one in found.values())
    some = sum(one.sum(axis=0) for one in seen.values()) > 0
    safe = np.where(some, total, 1)
    return {group: one / safe for group, one in found.items()}


def _largest(products: Mapping[str, Array], seen: Mapping[str, Array]) -> Array | None:
    """The largest score that each query sees; 0 if it sees none."""
    parts = [np.where(seen[g], one, -np.inf) for g, one in products.items() if one.shape[0]]
    if not parts:
        return None
    largest: Array = np.max(np.vstack(parts), axis=0)
    return np.where(np.isfinite(largest), largest, 0).astype(parts[0].dtype)


def _seen(mask: str, shape: tuple[int, ...]) -> Array:
    keys, queries = np.indices(shape)
    found: Array
    if mask == UPTO:
        found = keys <= queries
        return found
    found = keys < queries if mask == BEFORE else np.ones(shape, dtype=bool)
    return found


def _applied(function: str, entries: Array) -> Array:
    match function:
        case "":
            return entries
        case "relu":
            positive: Array = np.maximum(entries, 0 * entries)
            return positive
        case "abs":
            size: Array = np.abs(entries)
            return size
        case _:
            found: Array = np.asarray(evaluate_formula(Apply(function, Variable()), entries, {}))
            return found
