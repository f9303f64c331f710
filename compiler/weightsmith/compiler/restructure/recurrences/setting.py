"""Where functions are materialised: the blocks between which an operator can be multiplied.

An operator T = u·v' of two words is materialised through B_f = f(T)·u and D_f = f(T')·v, because
B_f·D_g'·B_h = T·f·g·h(T)·u (a factor λ for free).  An operator of one letter is materialised as
f(T) on scratch tokens.  A value left·f(T)·right is multiplied from the right, (left·f·u)·D_g'·B_h,
or from the left, B_g·D_h'·(f·right).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from weightsmith.compiler.certify.spectra.spectral import FittingError, Frame, NoProofError
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.ir.polynomial import Letter, Word

IDENTITY = "I"
NAME = re.compile(r"\w+")  # in a line of a script


@dataclass(frozen=True)
class Setting:
    """The words of B_1 and D_1, and of the value, with how the result is made from the value."""

    operator: Word
    one: Word  # u, empty for an operator of one letter
    other: Word  # v
    plus: bool
    symmetric: bool  # B and D coincide
    left: Word  # of the value
    right: Word
    from_right: bool
    prefix: Word  # of the result
    transposed: bool  # the result has the value's transpose
    outer: Word | None = None  # what stands left of v' in the value, if that is one letter

    @property
    def unit(self) -> Word:
        return self.left + self.right

    @property
    def value_is_power(self) -> bool:
        """Do the value's functions stand where those of the powers do?"""
        return self.unit == self.one

    @property
    def is_plain(self) -> bool:
        return not self.prefix and not self.transposed


def choose_setting(normal: NormalProgram, operator: Word, frame: Frame) -> Setting:
    """Raises NoProofError where no product of three materialised blocks moves the value."""
    left, right = bare(frame[0]), bare(frame[1])
    word = bare(operator)
    transposed = _transposed(normal, word)
    if len(word) == 1:
        prefix = left if right else ()
        kept = () if right else left
        same = transposed == word
        return Setting(word, (), (), False, same, kept, right, bool(kept), prefix, False)
    one, other = word[:1], _transposed(normal, word[1:])
    same = one == other
    ends = left[len(left) - len(other) :] == _transposed(normal, other) and len(left) >= len(other)
    if right == one:
        before = left[: len(left) - len(other)]
        outer = before if ends and len(before) == 1 else None
        return Setting(word, one, other, True, same, left, right, True, (), False, outer)
    if not right and ends and same:
        prefix = left[: len(left) - len(other)]
        return Setting(word, one, other, True, same, (), one, True, prefix, True)
    if right:
        return Setting(word, one, other, True, same, (), right, False, left, False)
    raise NoProofError("the result stands where no held block can be multiplied")


def bare(word: Word) -> Word:
    """Groups are said once, by ``over``."""
    return tuple(letter._replace(group="") for letter in word)


def _transposed(normal: NormalProgram, word: Word) -> Word:
    return normal.alphabet.transpose_word(word)


def word_text(word: Word) -> str:
    return "*".join(_letter_text(letter) for letter in word) or IDENTITY


def _letter_text(letter: Letter) -> str:
    return letter.name + ("'" if letter.transposed else "")


def clause_of_words(normal: NormalProgram, words: list[Word]) -> str:
    """``over`` the one group over which tokens are summed, "" if none are.

    Raises NoProofError if there are several.
    """
    groups: set[str] = set()
    for word in words:
        for left, right in pairwise(word):
            columns = normal.alphabet.columns(left)
            if columns in ("context", "query") and right.transposed:
                groups.add(columns)
    if len(groups) > 1:
        raise FittingError("it sums over two groups of tokens")
    return f" over {groups.pop()}" if groups else ""
