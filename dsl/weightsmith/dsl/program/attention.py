"""A product with a token by token value that is a function of products, or masked: one head each.

    value · N(M ∘ f(scores)),   scores of shape [token, token], never held by themselves

It is a node of the core; what a script may write for it, and how it gets there, is in
``checking/heads.py``.  Which masks and normalisations there are: ``dsl/heads``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weightsmith.dsl.text.source import Span

if TYPE_CHECKING:
    from weightsmith.dsl.program.core import Group, Node, Shape


@dataclass(frozen=True, slots=True)
class Attention:
    """value · N(M ∘ f(scores)), summed over the tokens of the groups ``over``.

    ``value`` is [r, token], ``scores`` [token, token]: rows are the tokens summed over (keys),
    columns those of the result (queries).  ``function`` is applied to every entry: relu, abs or an
    elementary function by its name, "" for none.  ``mask``: which keys a query sees; if not all,
    ``over`` is one group, and the result is defined on it.  ``normalised``: what every column is
    divided by, a word of NORMALISATIONS, "" for nothing.
    """

    span: Span
    shape: Shape
    value: Node
    scores: Node
    function: str
    mask: str
    normalised: str
    over: tuple[Group, ...]
