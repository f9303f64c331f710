"""What a mask, and a normalisation, means for polynomials of scores.

Both are maps of matrices.  The algebra has letters for what they make of a matrix; here stands
which equations hold between the letters.  Only what holds for all inputs may stand here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal


@dataclass(frozen=True, slots=True)
class MaskMeaning:
    """``of``: the mask as a sum of others, each times a number.

    Those of the sum are masks with letters of their own, word by word of S, and "all", M ∘ S = S.
    """

    of: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class NormalisationMeaning:
    """N(S), each column of S divided by a number.

    homogeneous: N(a·S) = homogeneous(a)·N(S) for every number a that is not 0.
    linear: is the divisor the same for all S that have one mask and one set of key groups?  Then
        N(S + T) = N(S) + N(T), and the letters are of words, and of the mask.
    divides: what the divisor is, where a bound of the head is known (``errors/head_bounds.py``):
        the "sum" of the scores of a column, or the "count" of the keys that the query sees.
    """

    homogeneous: Callable[[Fraction], Fraction]
    linear: bool = False
    divides: Literal["sum", "count", ""] = ""
