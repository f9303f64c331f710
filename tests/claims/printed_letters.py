"""Hypotheses as sums of words: products of letters, which are inputs and their transposes."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

import printed_random as wild
from flint import arb_mat
from printed_sentences import Given
from printed_values import Grid
from printed_words import Apply, Clause, Expression, Name, Number, UnreadableError, number

Letter = tuple[str, str, bool]  # name, group, transposed
Word = tuple[Letter, ...]
Terms = dict[Word, Fraction]


class InfeasibleError(Exception):
    """These sizes, or this order of drawing, give no such matrices."""


@dataclass(frozen=True)
class Letters:
    """The inputs; what is drawn of them goes to ``data``."""

    given: dict[str, Given]
    data: dict[str, Grid]
    sizes: dict[str, int]
    definite: frozenset[str]
    bindings: dict[str, Fraction]
    rng: random.Random
    zeros_are_free: bool  # every target is made of pinv: the singular value 0 is none

    def size(self, letter: Letter) -> tuple[int, int]:
        name, group, transposed = letter
        one = self.given[name]
        rows, columns = (self._axis(axis) for axis in (one.rows, group or one.columns))
        return (columns, rows) if transposed else (rows, columns)

    def _axis(self, axis: str) -> int:
        return int(axis) if axis.isdigit() else self.sizes[axis]

    def is_drawn(self, letter: Letter) -> bool:
        name, group, _ = letter
        return name in self.data and ("", group) in self.data[name].parts

    def value(self, letter: Letter) -> arb_mat:
        name, group, transposed = letter
        part = self.data[name].parts["", group]
        return part.transpose() if transposed else part

    def keep(self, letter: Letter, value: arb_mat) -> None:
        """Keep a letter's value; the other token group of its input is drawn wildly."""
        name, group, transposed = letter
        own = value.transpose() if transposed else value
        one = self.given[name]
        if one.symmetric:
            own = (own + own.transpose()) / 2
        before = self.data[name].parts if name in self.data else {}
        others = {
            ("", g): before.get(("", g), wild.anything(self.rng, own.nrows(), self._axis(g)))
            for g in one.groups
            if g != group
        }
        self.data[name] = Grid({**others, ("", group): own.mid()})

    def letter(self, name: str, group: str, transposed: bool) -> Letter:
        return name, group, transposed and not self.given[name].symmetric

    def product(self, word: Word) -> arb_mat | None:
        found = None
        for letter in word:
            value = self.value(letter)
            found = value if found is None else (found * value).mid()
        return found


def transposed(word: Word, letters: Letters) -> Word:
    return tuple(letters.letter(name, group, not t) for name, group, t in reversed(word))


def terms_of(of: Expression, letters: Letters, over: tuple[str, ...]) -> Terms:
    """Expand an expression to a sum of words; the empty word is the identity."""
    match of:
        case Number(value):
            return {(): value}
        case Clause("over", inner, summed):
            return terms_of(inner, letters, summed)
        case Name("I", _):
            return {(): Fraction(1)}
        case Name(name, _) if name in letters.bindings:
            return {(): letters.bindings[name]}
        case Name(name, group):
            groups = letters.given[name].groups
            places = [g for g in groups if not g or not over or g in over]
            chosen = group or (places[0] if len(places) == 1 else "")
            if chosen not in groups:
                raise InfeasibleError("over both groups")
            return {(letters.letter(name, chosen, False),): Fraction(1)}
        case Apply("neg", (one,)):
            return {word: -c for word, c in terms_of(one, letters, over).items()}
        case Apply("'", (one,)):
            return {transposed(w, letters): c for w, c in terms_of(one, letters, over).items()}
        case Apply("/", (one, divisor)):
            by = number(divisor, letters.bindings)
            return {word: c / by for word, c in terms_of(one, letters, over).items()}
        case Apply("^", (one, exponent)) if isinstance(exponent, Number):
            base = terms_of(one, letters, over)
            found: Terms = {(): Fraction(1)}
            for _ in range(int(exponent.value)):
                found = _multiplied(found, base)
            return found
        case Apply("+" | "-" | "*" as operation, (left, right)):
            a, b = terms_of(left, letters, over), terms_of(right, letters, over)
            if operation == "*":
                return _multiplied(a, b)
            sign = 1 if operation == "+" else -1
            words = {**dict.fromkeys(a), **dict.fromkeys(b)}
            return {w: a.get(w, Fraction(0)) + sign * b.get(w, Fraction(0)) for w in words}
    raise UnreadableError(f"no sum of products: {of}")


def _multiplied(one: Terms, two: Terms) -> Terms:
    found: Terms = {}
    for left, a in one.items():
        for right, b in two.items():
            found[left + right] = found.get(left + right, Fraction(0)) + a * b
    return found
