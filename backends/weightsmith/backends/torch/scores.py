"""What a head makes of its products: a function of every entry, a mask, a division of columns.

Here the scores of a query are a row: queries × keys.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import inf
from typing import cast

import torch
from torch import Tensor

from weightsmith.backends.plan.operations.functions import SPELLINGS
from weightsmith.compiler.ir.template import Scores
from weightsmith.dsl.heads import ALL, MASKS, NORMALISATIONS
from weightsmith.dsl.heads.record import evaluated

INSIDE = 1.0  # every function of the language, and its slope, is finite there


@cache
def function(name: str) -> Callable[[Tensor], Tensor]:
    """PyTorch's function of this name, entry by entry."""
    found = eval(f"lambda x: {SPELLINGS[name].torch}", {"torch": torch})
    return cast("Callable[[Tensor], Tensor]", found)


def scored(scores: Scores, products: Tensor, seen: Tensor | None = None) -> Tensor:
    """The scores of products (batch × queries × keys); zero where a query does not see a key.

    ``seen``: queries × keys; None for all.  Of what is not seen no value and no slope is taken, and
    a query that sees nothing has scores 0.
    """
    if scores.mask != ALL:
        order = _order(scores.mask, products, seen)
        seen = order if seen is None else seen & order
    kind = NORMALISATIONS[scores.normalised] if scores.normalised else None
    if kind is not None and kind.is_fused(scores.function):
        return _only(torch.softmax(_only(products, seen, -inf), -1), seen)
    found = products
    if scores.function:
        found = function(scores.function)(_only(products, seen, INSIDE))
    found = _only(found, seen)
    if kind is None:
        return found
    each = torch.ones_like(found) if seen is None else seen.to(found.dtype).expand_as(found)
    names = {"x": found, "seen": each, "sum": lambda one: one.sum(-1, keepdim=True)}
    divisor = cast(Tensor, evaluated(kind.divisor, names))
    return found / torch.where(each.any(-1, keepdim=True), divisor, 1.0)


def _order(mask: str, products: Tensor, seen: Tensor | None) -> Tensor:
    """Which keys a query sees, by the places of both in the one group that the head is of."""
    if seen is None:
        queries, keys = (torch.arange(n, device=products.device) for n in products.shape[-2:])
    else:
        queries = keys = seen.diagonal(dim1=-2, dim2=-1).cumsum(-1) - 1
    return cast(Tensor, MASKS[mask].seen(keys.unsqueeze(-2), queries.unsqueeze(-1)))


def _only(products: Tensor, seen: Tensor | None, other: float = 0.0) -> Tensor:
    """The products that are seen, and ``other`` in place of the rest."""
    return products if seen is None else torch.where(seen, products, other)
