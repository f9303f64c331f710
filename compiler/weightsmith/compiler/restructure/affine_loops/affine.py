"""A loop that is affine in what it carries, as a block matrix: s ← L·s·R + c.

s_i is a carried letter or its transpose, whichever brings all of them to one side.  L, R and c are
made of inputs, and R is the same for all (the identity, mostly).  No two inputs need commute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.rewrites.affine_loop import (
    AffineLoop,
    Sided,
    read_affine_loop,
    read_sided,
)
from weightsmith.checker.rewrites.affine_powers import AffinePowers
from weightsmith.compiler.certify.spectra.spectral import (
    ManyWordsError,
    NoProofError,
)
from weightsmith.compiler.ir.normal import Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Letter
from weightsmith.compiler.restructure.affine_loops.checked_loop import (
    Terms,
    checked_loop,
    terms_of,
    word_of,
)
from weightsmith.compiler.restructure.recurrences.setting import bare
from weightsmith.dsl.program.core import GROUPS
from weightsmith.dsl.program.letters import variable_of

SHORT = 3  # letters of a word, one layer
MOST_LETTERS = 250  # of all longer words of a pass
NOT_AFFINE = "a pass is not affine in what the loop carries"
TOO_LONG_WORDS = "a pass has too many long words, written out"
Transpose = Callable[[Terms], Terms]


@dataclass(frozen=True)
class AffineStep:
    """The step, by carried letters; words have no groups (they are said once, by ``over``)."""

    transposed: Mapping[str, bool]  # is s_i the transpose of the letter?
    left: Mapping[tuple[str, str], Terms]
    right: Terms
    constant: Mapping[str, Terms]
    symmetries: frozenset[str]  # of "left", "right", "sum" and "value"; "adjoint": R = L'

    @property
    def has_left(self) -> bool:
        """Is L more than the identity?"""
        one = [set(terms) == {()} and terms[()] == 1 for terms in self.left.values()]
        return len(self.transposed) > 1 or one != [True]

    @property
    def has_right(self) -> bool:
        """Is R more than the identity?"""
        return not (set(self.right) == {()} and self.right[()] == 1)

    def is_unchanged(self, letter: str) -> bool:
        """Does a pass leave this letter as it is?"""
        row = {j: terms for (i, j), terms in self.left.items() if i == letter}
        (same,) = row.values() if row.keys() == {letter} else ({},)
        return not (set(same) != {()} or same[()] != 1 or self.constant[letter] or self.has_right)


class TwoSidedError(NoProofError):
    """A pass multiplies from both sides."""


class TokenStepError(NoProofError):
    """A step acts on tokens."""


def affine_steps(normal: NormalProgram, loop: Loop) -> Iterator[AffineStep]:
    """The readings of the loop; all letters may be transposed.  Raises NoProofError: none.

    Coefficients of a ``for`` loop have the symbols of its numbers.
    """
    if loop.inner:
        raise NoProofError("a pass has loops of its own")
    if not loop.carried:
        raise NoProofError("a loop carries nothing on which a returned value depends")
    reasons: list[NoProofError] = []
    found = False
    for start in (False, True):
        try:
            step = _read(normal, loop, _sides(loop, start))
        except NoProofError as reason:
            reasons.append(reason)
            continue
        found = True
        yield step
    if not found:
        raise next((one for one in reasons if isinstance(one, TokenStepError)), reasons[0])


def _occurrences(loop: Loop) -> Iterator[tuple[str, Letter]]:
    """Whose next value has which carried letter."""
    letters = {carried.letter for carried in loop.carried}
    for carried in loop.carried:
        for value in carried.next.values():
            for word in value.terms:
                own = [letter for letter in word if letter.name in letters]
                if len(own) > 1:
                    raise NoProofError(NOT_AFFINE)
                for letter in own:
                    yield carried.letter, letter


def _sides(loop: Loop, start: bool) -> dict[str, bool]:
    """Which letters to turn, so that no s_j stands transposed."""
    pairs = set(_occurrences(loop))
    transposed: dict[str, bool] = {}
    for first in loop.carried:
        waiting = [] if first.letter in transposed else [first.letter]
        transposed.setdefault(first.letter, start)
        while waiting:
            name = waiting.pop()
            for after, letter in pairs:
                if name not in (after, letter.name):
                    continue
                other = letter.name if after == name else after
                wanted = transposed[name] != letter.transposed
                if transposed.setdefault(other, wanted) != wanted:
                    raise NoProofError(f"a pass has {other} as it is and transposed")
                waiting += [other] if other != name and other not in waiting else []
                pairs = pairs - {(after, letter)}
    return transposed


def _read(normal: NormalProgram, loop: Loop, transposed: dict[str, bool]) -> AffineStep:
    rows = _rows(normal, loop, transposed)
    if any(axis in (*GROUPS, "") for axis in rows.values()):
        raise TokenStepError("a step would act on tokens, as a matrix of tokens by tokens")
    _check_groups(loop)
    checked = checked_loop(normal, loop)
    names = [one.variable for one in loop.carried if transposed[one.letter]]
    _refuse_long(read_sided(checked, names))
    try:
        affine = read_affine_loop(checked, names)
    except RefusedError:
        message = "a pass multiplies from both sides, and not by one matrix on each"
        raise TwoSidedError(message) from None
    return step_of(affine, loop)


def _check_groups(loop: Loop) -> None:
    for one in loop.carried:
        values = [{bare(word): n for word, n in value.terms.items()} for value in one.next.values()]
        if any(value != values[0] for value in values):
            raise NoProofError("context and query tokens follow different recurrences")


def _refuse_long(sided: Sided) -> None:
    """Long words take many layers, and long to plan."""
    found = {word_of(word) for value in sided.constant.values() for word in value.terms}
    sides = ((u, w) for linear in sided.linear.values() for u, _, w in linear)
    found |= {word_of(word) for pair in sides for word in pair}
    if sum(len(word) for word in found if len(word) > SHORT) > MOST_LETTERS:
        raise ManyWordsError(TOO_LONG_WORDS)


def step_of(affine: AffineLoop, loop: Loop) -> AffineStep:
    """The checker's step, by the loop's letters."""
    letters = {one.variable: one.letter for one in loop.carried}
    transposed: dict[str, bool] = {}
    constant: dict[str, Terms] = {}
    for name, letter in affine.letters.items():
        transposed[letters[variable_of(name)]] = letter.transposed
        constant.setdefault(letters[variable_of(name)], terms_of(affine.constant[name]))
    left = {(letters[i], letters[j]): terms_of(value) for (i, j), value in affine.left.items()}
    right = {word_of(word): number for word, number in affine.right.items()}
    return AffineStep(transposed, left, right, constant, _symmetries(affine))


def _symmetries(affine: AffineLoop) -> frozenset[str]:
    """What equals its transpose, also after any number of passes."""
    if affine.passes:
        return frozenset()
    powers = AffinePowers(affine)
    right = affine.right_of(next(iter(affine.letters.values())).columns)
    known = {
        "left": powers.symmetric,
        "right": right.equals(right.transpose()),
        "adjoint": powers.adjoint,
        "sum": powers.symmetric_sums,
        "value": powers.symmetric_values,
    }
    return frozenset(name for name, holds in known.items() if holds)


def _rows(normal: NormalProgram, loop: Loop, transposed: dict[str, bool]) -> dict[str, str]:
    return {
        one.letter: normal.alphabet.axes[one.letter][1 if transposed[one.letter] else 0]
        for one in loop.carried
    }


def transposing(normal: NormalProgram) -> Transpose:
    def transposed(terms: Terms) -> Terms:
        return {normal.alphabet.transpose_word(word): number for word, number in terms.items()}

    return transposed
