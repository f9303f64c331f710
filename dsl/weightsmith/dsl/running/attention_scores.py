"""The scores of a head, as the language defines them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from weightsmith.dsl.heads import ALL, MASKS, NORMALISATIONS
from weightsmith.dsl.heads.record import evaluated
from weightsmith.dsl.numbers.formula_values import evaluate_formula
from weightsmith.dsl.numbers.formulas import Apply, Variable
from weightsmith.dsl.program import core

Array = npt.NDArray[Any]


def attention_scores(node: core.Attention, products: Mapping[str, Array]) -> dict[str, Array]:
    """N(M ∘ f(S)) for every group of keys; a query that sees no key has scores of 0.

    Exact on fractions where f is none, relu or abs and no column is divided by 0.  Raises
    ZeroDivisionError where one is in fractions.
    """
    stacked = np.concatenate(list(products.values()))
    seen = np.ones(stacked.shape, dtype=bool)
    if node.mask != ALL:
        seen &= np.asarray(MASKS[node.mask].seen(*np.indices(stacked.shape)))
    found = _normalised(node, stacked, seen)
    ends = np.cumsum([one.shape[0] for one in products.values()])[:-1]
    return dict(zip(products, np.split(found, ends), strict=True))


def _normalised(node: core.Attention, products: Array, seen: Array) -> Array:
    """The scores of all keys."""
    if node.normalised and NORMALISATIONS[node.normalised].is_fused(node.function):
        products = np.where(seen, products - _largest(products, seen), 0)  # no overflow
    found: Array = np.where(seen, _applied(node.function, products), 0 * products)
    if not node.normalised:
        return found
    names = {"x": found, "seen": seen.astype(products.dtype), "sum": lambda one: one.sum(axis=0)}
    divisor = evaluated(NORMALISATIONS[node.normalised].divisor, names)
    divided: Array = found / np.where(seen.any(axis=0), np.asarray(divisor), 1)
    return divided


def _largest(products: Array, seen: Array) -> Array:
    """The largest score that each query sees; 0 if it sees none."""
    largest: Array = np.max(np.where(seen, products, -np.inf), axis=0, initial=-np.inf)
    return np.where(np.isfinite(largest), largest, 0).astype(products.dtype)


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
