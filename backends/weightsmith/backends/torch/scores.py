"""What a head makes of its products: a function of every entry, a mask, columns over their sums.

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
from weightsmith.compiler.ir.template import ALL, UPTO, Scores

SOFTMAX = "exp"  # normalised, where the largest score of a query is subtracted first
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
        every = torch.ones(products.shape[-2:], dtype=torch.bool, device=products.device)
        order = every.tril(0 if scores.mask == UPTO else -1)
        seen = order if seen is None else seen & order
    if scores.normalised and scores.function == SOFTMAX:
        return _only(torch.softmax(_only(products, seen, -inf), -1), seen)
    found = products
    if scores.function:
        found = function(scores.function)(_only(products, seen, INSIDE))
    found = _only(found, seen)
    if scores.normalised:
        found = _only(found / found.sum(-1, keepdim=True), seen)
    return found


def _only(products: Tensor, seen: Tensor | None, other: float = 0.0) -> Tensor:
    """The products that are seen, and ``other`` in place of the rest."""
    return products if seen is None else torch.where(seen, products, other)
