"""A loop that is affine in what it carries, as a block matrix: s ← L·s·R + c.

s_i is a carried letter or its transpose, whichever brings all of them to one side.  L, R and c are
made of inputs, and R is the same for all (the identity, mostly).  No two inputs need commute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from weightsmith.compiler.certify.spectra.spectral import (
    ManyWordsError,
    NoProofError,
)
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Carried, Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Letter, Polynomial, Word
from weightsmith.compiler.restructure.recurrences.setting import bare
from weightsmith.dsl.program.core import GROUPS

SHORT = 3  # letters of a word, one layer
MOST_LETTERS = 250  # of all longer words of a pass
NOT_AFFINE = "a pass is not affine in what the loop carries"
TOO_LONG_WORDS = "a pass has too many long words, written out"
Terms = dict[Word, Coefficient]
Turn = Callable[[Terms], Terms]  # the transpose
Linear = dict[tuple[Word, str, Word], Coefficient]  # left, the carried letter, right


@dataclass(frozen=True)
class AffineStep:
    """The step, by carried letters; words have no groups (they are said once, by ``over``)."""

    turned: Mapping[str, bool]  # is s_i the transpose of the letter?
    left: Mapping[tuple[str, str], Terms]
    right: Terms
    constant: Mapping[str, Terms]
    symmetries: frozenset[str]  # of "left", "right", "sum" and "value"; "adjoint": R = L'

    @property
    def has_left(self) -> bool:
        """Is L more than the identity?"""
        one = [set(terms) == {()} and terms[()] == 1 for terms in self.left.values()]
        return len(self.turned) > 1 or one != [True]

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
    """The ways to read the loop so; all letters may be turned.  Raises NoProofError: none.

    Coefficients of a ``for`` loop have the symbols of its numbers.
    """
    if loop.inner:
        raise NoProofError("a pass has loops of its own")
    reasons: list[NoProofError] = []
    found = False
    for start in (False, True):
        try:
            step = _read(normal, loop, _sides(loop, start))
        except NoProofError as reason:
            reasons.append(reason)
            continue
        found = True
        yield replace(step, symmetries=frozenset()) if loop.schedule else step
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
    turned: dict[str, bool] = {}
    for first in loop.carried:
        waiting = [] if first.letter in turned else [first.letter]
        turned.setdefault(first.letter, start)
        while waiting:
            name = waiting.pop()
            for after, letter in pairs:
                if name not in (after, letter.name):
                    continue
                other = letter.name if after == name else after
                wanted = turned[name] != letter.transposed
                if turned.setdefault(other, wanted) != wanted:
                    raise NoProofError(f"a pass has {other} as it is and transposed")
                waiting += [other] if other != name and other not in waiting else []
                pairs = pairs - {(after, letter)}
    return turned


@dataclass(frozen=True)
class Sided:
    """What becomes of the carried letters, turned to one side: a constant and the rest."""

    start: Mapping[str, Terms]
    constant: Mapping[str, Terms]
    linear: Mapping[str, Linear]


def read_sided(normal: NormalProgram, loop: Loop, turned: Mapping[str, bool]) -> Sided:
    """Raises NoProofError where the groups of tokens do not agree."""
    start: dict[str, Terms] = {}
    constant: dict[str, Terms] = {}
    linear: dict[str, Linear] = {}
    for carried in loop.carried:
        parts = [_split(normal, loop, turned, carried, one) for one in carried.next.values()]
        first = [_split(normal, loop, turned, carried, one) for one in carried.initial.values()]
        if any(part != parts[0] for part in parts):
            raise NoProofError("context and query tokens follow different recurrences")
        constant[carried.letter], linear[carried.letter] = parts[0]
        start[carried.letter] = first[0][0]
    return Sided(start, constant, linear)


def _read(normal: NormalProgram, loop: Loop, turned: dict[str, bool]) -> AffineStep:
    rows = _rows(normal, loop, turned)
    if any(axis in (*GROUPS, "") for axis in rows.values()):
        raise TokenStepError("a step would act on tokens, as a matrix of tokens by tokens")
    sided = read_sided(normal, loop, turned)
    _refuse_long(sided)
    left, right = _factors(sided.linear, normal.field.one)
    rebuilt = {
        name: {
            (u, j, w): a * b
            for (i, j), terms in left.items()
            for u, a in terms.items()
            for w, b in right.items()
            if i == name
        }
        for name in sided.linear
    }
    if rebuilt != sided.linear:
        raise TwoSidedError("a pass multiplies from both sides, and not by one matrix on each")
    found = symmetries(normal, left, right, sided.constant, sided.start)
    return AffineStep(turned, left, right, sided.constant, found)


def _refuse_long(sided: Sided) -> None:
    """Long words take many layers, and long to plan."""
    words = {word for terms in sided.constant.values() for word in terms}
    words |= {word for linear in sided.linear.values() for u, _, w in linear for word in (u, w)}
    if sum(len(word) for word in words if len(word) > SHORT) > MOST_LETTERS:
        raise ManyWordsError(TOO_LONG_WORDS)


def symmetries(
    normal: NormalProgram,
    left: Mapping[tuple[str, str], Terms],
    right: Terms,
    constant: Mapping[str, Terms],
    start: Mapping[str, Terms],
) -> frozenset[str]:
    """What equals its transpose, also after any number of passes."""

    turned = turning(normal)
    found = set()
    if all(left.get((j, i)) == turned(terms) for (i, j), terms in left.items()):
        found.add("left")
    if right == turned(right):
        found.add("right")
    if len(constant) == len(left) == 1:
        (only,), (added,), (first,) = left.values(), constant.values(), start.values()
        if right == turned(only):
            found.add("adjoint")
            found |= {"sum"} if added == turned(added) else set()
            found |= {"value"} if "sum" in found and first == turned(first) else set()
    return frozenset(found)


def _rows(normal: NormalProgram, loop: Loop, turned: dict[str, bool]) -> dict[str, str]:
    return {
        one.letter: normal.alphabet.axes[one.letter][1 if turned[one.letter] else 0]
        for one in loop.carried
    }


def _split(
    normal: NormalProgram,
    loop: Loop,
    turned: Mapping[str, bool],
    carried: Carried,
    value: Polynomial,
) -> tuple[Terms, Linear]:
    """The constant and the linear part of a letter's next value, turned as the letter is."""
    letters = {one.letter for one in loop.carried}
    value = normal.alphabet.transpose(value) if turned[carried.letter] else value
    constant: Terms = {}
    linear: Linear = {}
    for word, number in value.terms.items():
        places = [at for at, letter in enumerate(word) if letter.name in letters]
        if not places:
            constant[bare(word)] = number
            continue
        if len(places) > 1:
            raise NoProofError(NOT_AFFINE)
        (at,) = places
        linear[bare(word[:at]), word[at].name, bare(word[at + 1 :])] = number
    return constant, linear


def turning(normal: NormalProgram) -> Turn:
    def turned(terms: Terms) -> Terms:
        return {normal.alphabet.transpose_word(word): number for word, number in terms.items()}

    return turned


def _factors(
    linear: Mapping[str, Linear], one: Coefficient
) -> tuple[dict[tuple[str, str], Terms], Terms]:
    """L and R, if there are any.

    The first word of R has the coefficient 1; but an L that is one number is 1, if R is not.
    """
    pivot = next(((name, one) for name, parts in linear.items() for one in parts), None)
    if pivot is None:
        return {}, {(): one}
    name, (first, letter, last) = pivot
    beside = {w: c for (u, s, w), c in linear[name].items() if (u, s) == (first, letter)}
    scale = beside[min(beside, key=_order)]
    unit = beside[last] / scale
    left: dict[tuple[str, str], Terms] = {}
    for after, parts in linear.items():
        for (u, before, w), number in parts.items():
            if w == last:
                left.setdefault((after, before), {})[u] = number / unit
    only = next(iter(left.values()))
    if len(linear) == 1 and only.keys() == {()} != beside.keys():
        scale = scale / only[()]
        only[()] = scale / scale
    return left, {w: number / scale for w, number in beside.items()}


def _order(word: Word) -> tuple[int, list[str]]:
    return len(word), [letter.text() for letter in word]
