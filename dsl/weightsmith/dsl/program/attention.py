"""A product with a token by token value that is a function of products, or masked: one head each.

    value · N(M ∘ f(scores)),   scores of shape [token, token], never held by themselves

It is a node of the core; what a script may write for it, and how it gets there, is in
``checking/heads.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weightsmith.dsl.text.source import Span

if TYPE_CHECKING:
    from weightsmith.dsl.program.core import Group, Node, Shape

ALL, UPTO, BEFORE = MASKS = ("all", "upto", "before")
ORDERS = (UPTO, BEFORE)  # the masks that a script names: over context before


@dataclass(frozen=True, slots=True)
class Attention:
    """value · N(M ∘ f(scores)), summed over the tokens of the groups ``over``.

    ``value`` is [r, token], ``scores`` [token, token]: rows are the tokens summed over (keys),
    columns those of the result (queries).  ``function`` is applied to every entry: relu, abs or an
    elementary function by its name, "" for none.  ``mask``: a query sees all keys, those up to its
    own token or those before it; then ``over`` is one group, and the result is defined on it.
    ``normalised``: every column is divided by its sum over the keys that are seen.
    """

    span: Span
    shape: Shape
    value: Node
    scores: Node
    function: str
    mask: str
    normalised: bool
    over: tuple[Group, ...]
