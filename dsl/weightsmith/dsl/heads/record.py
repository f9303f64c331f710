"""What a kind of mask, and a kind of normalisation, says of itself: texts that all parts read.

A text is an expression of Python.  It is evaluated on arrays of NumPy or PyTorch, and written with
the operators of a file where one is exported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import CodeType


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """Which keys a query sees, both by their places 0, 1, 2, … in the order of the tokens.

    says: what that is, in a sentence: each token sees "those of its group before it".
    pairs: an expression of the places ``k`` of the key and ``q`` of the query, true where it sees
        it.  It knows + - * % abs and comparisons, joined by & | and ~.
    diagonal: the pairs are those of q - k >= diagonal, and no others.  Then sums up to each token
        are enough where no function of scores is taken, in time linear in the tokens.  None where
        the pairs are others: then a head takes all scores.
    """

    says: str
    pairs: str
    diagonal: int | None = None

    def seen(self, keys: object, queries: object) -> object:
        """``pairs`` of arrays of places, which broadcast to keys × queries."""
        return evaluated(self.pairs, {"k": keys, "q": queries})

    def written(self, keys: str, queries: str) -> str:
        """``pairs`` of such texts, in brackets."""
        places = {"k": keys, "q": queries}
        found = re.sub(r"\b[kq]\b", lambda one: places[one[0]], self.pairs)
        return f"({found})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalisation:
    """What every column of scores, those of one query, is divided by.

    divisor: an expression of the scores ``x``, which are 0 where the query does not see the key,
        and of ``seen``, 1 where it sees it and 0 elsewhere, both keys × queries.  It knows
        ``sum``, down every column, and ``abs``.  A query that sees no key has scores 0.
    says: what that is, in a sentence: a head "divides its scores by …".
    of_exp: the word for this of exp, if libraries compute both in one (softmax); its divisor is
        ``sum(x)``, and the largest score of a query is subtracted first.
    """

    divisor: str
    says: str
    of_exp: str = ""

    def is_fused(self, function: str) -> bool:
        """Does a library compute the function and the division in one?"""
        return function == "exp" and bool(self.of_exp)


@cache
def _compiled(text: str) -> CodeType:
    return compile(text, "<head>", "eval")


def evaluated(text: str, names: Mapping[str, object]) -> object:
    """The value of an expression of a record; nothing but ``names`` and ``abs`` is known to it."""
    return eval(_compiled(text), {"__builtins__": {}, "abs": abs}, dict(names))
