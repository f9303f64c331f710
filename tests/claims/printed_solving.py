"""Draws matrices such that an expression of them has a drawn spectrum: all but one, then solves.

A hypothesis is about Σ c · word + s · I.  A word is a product of letters, which may be transposed.

    u·u'           u has the roots of the drawn eigenvalues as singular values
    u·P            P positive definite: P^(1/2)·u·P^(-1/2) … is drawn, u = P^(-1/2) · … · P^(-1/2)
    B + P·L·S      L occurs once: everything else is drawn, L = P⁺·(W − B)·S⁺ + what P or S kills
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

import printed_numbers as n
import printed_random as wild
from flint import arb, arb_mat
from printed_letters import InfeasibleError, Letter, Letters, Terms, Word, terms_of, transposed
from printed_sentences import Hypothesis


def solve(hypothesis: Hypothesis, letters: Letters) -> None:
    """Draw what is not drawn yet, so that the hypothesis holds."""
    terms = terms_of(hypothesis.of, letters, ())
    if all(letters.is_drawn(letter) for word in terms for letter in word):
        return
    shift = terms.pop((), Fraction(0))
    if len(terms) == 1:
        ((word, scale),) = terms.items()
        _solve_word(word, _Wanted.of(hypothesis, letters, scale, shift), letters)
        return
    _solve_sum(terms, _Wanted.of(hypothesis, letters, Fraction(1), shift), letters)


@dataclass(frozen=True)
class _Wanted:
    """What the eigenvalues or singular values of a word are to be; ``zeros`` are allowed beside."""

    kind: str
    ends: tuple[Fraction, ...]
    zeros: bool
    rng: random.Random

    @classmethod
    def of(cls, one: Hypothesis, letters: Letters, scale: Fraction, shift: Fraction) -> _Wanted:
        moved = [(end - shift) / scale for end in one.ends]
        ends = tuple(sorted(moved))
        if one.kind == "singular_values":
            if shift or scale < 0:
                raise InfeasibleError("singular values of a shifted matrix")
            zeros = letters.zeros_are_free or ends[0] <= 0
        else:
            free = one.kind == "nonzero_spectrum"
            if free and shift:
                raise InfeasibleError("a shifted nonzero spectrum")
            zeros = free or _contains(ends, Fraction(0))
        return cls(one.kind, ends, zeros, letters.rng)

    @property
    def symmetric(self) -> bool:
        return self.kind != "singular_values"

    def values(self, count: int, full: int) -> list[arb]:
        """Of ``count`` directions; ``full`` would be none lost."""
        if count < full and not self.zeros:
            raise InfeasibleError("too small for so many values")
        found = wild.numbers(self.rng, count, self.ends)
        if not self.zeros or self.rng.random() < 0.6:
            return found
        return [n.ZERO if self.rng.random() < 0.4 else one for one in found]

    def roots(self) -> _Wanted:
        """The singular values of u, for the eigenvalues (or singular values) of u·u'."""
        pairs = zip(self.ends[::2], self.ends[1::2], strict=True)
        ends = [max(end, Fraction(0)) for low, high in pairs if high >= 0 for end in (low, high)]
        if not ends:
            raise InfeasibleError("negative eigenvalues of u*u'")
        return _Roots("singular_values", tuple(ends), self.zeros, self.rng)


class _Roots(_Wanted):
    def values(self, count: int, full: int) -> list[arb]:
        return [value.sqrt().mid() for value in super().values(count, full)]


def _contains(ends: tuple[Fraction, ...], value: Fraction) -> bool:
    return any(low <= value <= high for low, high in zip(ends[::2], ends[1::2], strict=True))


def _solve_word(word: Word, wanted: _Wanted, letters: Letters) -> None:
    half = len(word) // 2
    head, tail = word[:half], word[len(word) - half :]
    if half and head == transposed(tail, letters) and len(word) % 2 == 0:
        _solve_gram(head, wanted, letters)
    elif half and head == transposed(tail, letters):
        _solve_framed(head, word[half], wanted, letters)
    elif len(word) > 1 and word[-1][0] in letters.definite:
        _solve_weighted(word[:-1], word[-1], wanted, letters)
    else:
        _solve_linear(word, wanted, letters)


def _solve_gram(head: Word, wanted: _Wanted, letters: Letters) -> None:
    """u·u': as many eigenvalues as rows, the others 0."""
    if len(head) == 1 and letters.given[head[0][0]].symmetric:  # A*A
        size = letters.size(head[0])[0]
        values = [
            value * letters.rng.choice((-1, 1)) for value in wanted.roots().values(size, size)
        ]
        letters.keep(head[0], wild.from_spectrum(letters.rng, values))
        return
    _solve_linear(head, wanted.roots(), letters, full=letters.size(head[0])[0])


def _solve_framed(head: Word, centre: Letter, wanted: _Wanted, letters: Letters) -> None:
    """u·A·u' with a symmetric A: A = u⁺·W·(u⁺)'."""
    if not letters.given[centre[0]].symmetric or letters.is_drawn(centre):
        raise InfeasibleError("no symmetric centre")
    _draw_others(head, letters)
    u = letters.product(head)
    assert u is not None
    rows, columns = n.shape(u)
    if rows > columns:
        raise InfeasibleError("not every matrix is of this form")
    values = wanted.values(rows, rows)
    if not wanted.symmetric:
        values = [value * letters.rng.choice((-1, 1)) for value in values]
    w = wild.from_spectrum(letters.rng, values)
    back = n.pseudo_inverse(u)
    letters.keep(centre, (back * w * back.transpose()).mid())


def _solve_weighted(rest: Word, weight: Letter, wanted: _Wanted, letters: Letters) -> None:
    """(u·u')·P or A·P: P^(1/2)·u has drawn singular values, P^(1/2)·A·P^(1/2) eigenvalues."""
    size = letters.size(weight)[0]
    if not letters.is_drawn(weight):
        letters.keep(weight, wild.definite(letters.rng, size))
    back = n.function_of(letters.value(weight), lambda x: x.rsqrt())
    if len(rest) == 1:
        w = wild.from_spectrum(letters.rng, wanted.values(size, size))
        letters.keep(rest[0], (back * w * back).mid())
        return
    head = rest[: len(rest) // 2]
    if rest != head + transposed(head, letters):
        raise InfeasibleError("no symmetric word before the weight")
    _solve_linear(head, wanted.roots(), letters, full=size, before=back)


def _draw_others(word: Word, letters: Letters, but: int | None = None) -> None:
    for index, letter in enumerate(word):
        if index == but or letters.is_drawn(letter):
            continue
        name = letter[0]
        rows, columns = letters.size(letter)
        if name in letters.definite:
            value = wild.definite(letters.rng, rows)
        else:
            value = wild.full_rank(letters.rng, rows, columns)
            if letters.given[name].symmetric:
                value = value + value.transpose()
        letters.keep(letter, value)


def _solve_linear(
    word: Word,
    wanted: _Wanted,
    letters: Letters,
    *,
    full: int | None = None,
    before: arb_mat | None = None,
) -> None:
    """A product P·L·S: L is solved for.  ``before``·(P·L·S) is what has the drawn values."""
    index = _free_place(word, letters)
    _draw_others(word, letters, index)
    left = letters.product(word[:index])
    if before is not None:
        inverse = before.inv().mid()
        left = inverse if left is None else (inverse * left).mid()
    right = letters.product(word[index + 1 :])
    letter = word[index]
    rows = letters.size(word[0])[0]
    columns = letters.size(word[-1])[1]
    w = _drawn(rows, columns, left, right, wanted, full, letters.rng)
    letters.keep(letter, _solved(left, right, w, letters.size(letter), letters.rng))


def _free_place(word: Word, letters: Letters) -> int:
    free = []
    for index, letter in enumerate(word):
        alone = sum(one[:2] == letter[:2] for one in word) == 1
        shaped = len(word) > 1 and letters.given[letter[0]].symmetric
        if alone and not shaped and not letters.is_drawn(letter):
            free.append(index)
    if not free:
        raise InfeasibleError("no letter to solve for")
    return letters.rng.choice(free)


def _drawn(
    rows: int,
    columns: int,
    left: arb_mat | None,
    right: arb_mat | None,
    wanted: _Wanted,
    full: int | None,
    rng: random.Random,
) -> arb_mat:
    """A matrix of the form left·M·right with drawn values."""
    outer = _basis(left) if left is not None else None
    inner = _basis(right.transpose()) if right is not None else None
    m, k = rows if outer is None else outer.ncols(), columns if inner is None else inner.ncols()
    if not wanted.symmetric:
        count = min(m, k)
        values = wanted.values(count, full if full is not None else min(rows, columns))
        w = wild.from_singular_values(rng, m, k, values)
    else:
        if m != k and m < rows and k < columns:
            raise InfeasibleError("both sides are deficient")
        size = min(m, k)
        w = wild.from_spectrum(rng, wanted.values(size, rows))
        if m < k or (m == k and m < rows and k == columns):
            assert outer is not None
            inner = outer if inner is None else inner
            return (outer * w * outer.transpose()).mid()
        if k < m:
            assert inner is not None
            return (inner * w * inner.transpose()).mid()
        if m < rows:
            raise InfeasibleError("both sides are deficient")
        return w
    w = w if outer is None else outer * w
    return (w if inner is None else w * inner.transpose()).mid()


def _basis(of: arb_mat) -> arb_mat | None:
    """An orthonormal basis of the columns; None where they span everything."""
    return None if of.ncols() >= of.nrows() else n.orthonormal(of)


def _solved(
    left: arb_mat | None,
    right: arb_mat | None,
    w: arb_mat,
    size: tuple[int, int],
    rng: random.Random,
) -> arb_mat:
    """left⁺·w·right⁺, and anything that left or right kill."""
    found = w
    free = wild.anything(rng, *size)
    kept = free
    if left is not None:
        back = n.pseudo_inverse(left)
        found = back * found
        kept = back * left * kept
    if right is not None:
        back = n.pseudo_inverse(right)
        found = found * back
        kept = kept * right * back
    if left is None and right is None:
        return w
    return (found + (free - kept)).mid()


def _solve_sum(terms: Terms, wanted: _Wanted, letters: Letters) -> None:
    """B + c·P·L·S: everything but L is drawn, and L is what is missing."""
    places = [
        (word, index)
        for word in terms
        for index, letter in enumerate(word)
        if not letters.is_drawn(letter)
        and sum(one[:2] == letter[:2] for other in terms for one in other) == 1
        and not (letters.given[letter[0]].symmetric and len(word) > 1)
    ]
    if not places:
        raise InfeasibleError("no letter to solve for")
    word, index = letters.rng.choice(places)
    for other in terms:
        _draw_others(other, letters, index if other == word else None)
    rest: arb_mat | None = None
    for other, scale in terms.items():
        if other != word:
            product = letters.product(other)
            assert product is not None
            product = product * n.exactly(scale)
            rest = product if rest is None else rest + product
    assert rest is not None
    left, right = letters.product(word[:index]), letters.product(word[index + 1 :])
    if _deficient(left) or _deficient(right.transpose() if right is not None else None):
        raise InfeasibleError("not every sum is of this form")
    rows, columns = n.shape(rest)
    w = _drawn(rows, columns, None, None, wanted, None, letters.rng)
    missing = (w - rest) / n.exactly(terms[word])
    letters.keep(word[index], _solved(left, right, missing, letters.size(word[index]), letters.rng))


def _deficient(of: arb_mat | None) -> bool:
    return of is not None and of.ncols() < of.nrows()
