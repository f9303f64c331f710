"""Noncommutative polynomials with exact coefficients: what a value of the program is.

A word is a product of letters; the empty word is the identity.  A letter is an input, or a
variable carried round a loop (``X#0``), at a token group (``x@context``), possibly transposed.
A space is what an axis of a matrix is indexed by: an axis of the script (``d``) or a token group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from weightsmith.compiler.ir.coefficients import Coefficient

Space = str


class Letter(NamedTuple):
    name: str
    group: str  # the token group of its columns, "" if its columns are an axis
    transposed: bool = False

    def text(self) -> str:
        at = f"@{self.group}" if self.group else ""
        return f"{self.name}{at}{chr(39) if self.transposed else ''}"


Word = tuple[Letter, ...]


@dataclass(frozen=True)
class Polynomial:
    """A matrix polynomial from space ``columns`` to space ``rows``; no zero coefficients."""

    rows: Space
    columns: Space
    terms: Mapping[Word, Coefficient]

    def __add__(self, other: Polynomial) -> Polynomial:
        both = [*self.terms.items(), *other.terms.items()]
        return Polynomial(self.rows, self.columns, collected(both))

    def scaled(self, factor: Coefficient) -> Polynomial:
        terms = {} if factor == 0 else {w: factor * c for w, c in self.terms.items()}
        return Polynomial(self.rows, self.columns, terms)

    def __sub__(self, other: Polynomial) -> Polynomial:
        minus = {word: -coefficient for word, coefficient in other.terms.items()}
        return self + Polynomial(self.rows, self.columns, minus)

    def __mul__(self, other: Polynomial) -> Polynomial:
        return Polynomial(self.rows, other.columns, _times(self.terms, other.terms))


@dataclass(frozen=True)
class Alphabet:
    """The letters of a program: the spaces of their axes, and which are symmetric.

    ``columns`` of a per-token letter is "" here: its column space is the letter's group.
    """

    axes: Mapping[str, tuple[Space, Space]]
    symmetric: frozenset[str]

    def rows(self, letter: Letter) -> Space:
        rows, columns = self.axes[letter.name]
        return (letter.group or columns) if letter.transposed else rows

    def columns(self, letter: Letter) -> Space:
        return self.rows(letter._replace(transposed=not letter.transposed))

    def transposed(self, letter: Letter) -> Letter:
        if letter.name in self.symmetric:
            return letter._replace(transposed=False)
        return letter._replace(transposed=not letter.transposed)

    def transpose_word(self, word: Word) -> Word:
        return tuple(self.transposed(letter) for letter in reversed(word))

    def transpose(self, polynomial: Polynomial) -> Polynomial:
        terms = {self.transpose_word(word): c for word, c in polynomial.terms.items()}
        return Polynomial(polynomial.columns, polynomial.rows, terms)

    def canonical(self, polynomial: Polynomial) -> Polynomial:
        """Write symmetric letters without their transposition mark."""
        terms = collected(
            (
                tuple(
                    letter._replace(transposed=False) if letter.name in self.symmetric else letter
                    for letter in word
                ),
                coefficient,
            )
            for word, coefficient in polynomial.terms.items()
        )
        return Polynomial(polynomial.rows, polynomial.columns, terms)

    def with_letters(
        self, axes: Mapping[str, tuple[Space, Space]], symmetric: frozenset[str] = frozenset()
    ) -> Alphabet:
        return Alphabet({**self.axes, **axes}, self.symmetric | symmetric)


def identity(space: Space, one: Coefficient) -> Polynomial:
    return Polynomial(space, space, {(): one})


def zero(rows: Space, columns: Space) -> Polynomial:
    return Polynomial(rows, columns, {})


def substitute(
    polynomial: Polynomial, replacement: Callable[[Letter], Polynomial | None], one: Coefficient
) -> Polynomial:
    """Replace letters by polynomials; ``None`` keeps a letter."""
    total = zero(polynomial.rows, polynomial.columns)
    for word, coefficient in polynomial.terms.items():
        product: Mapping[Word, Coefficient] = {(): coefficient}
        for letter in word:
            factor = replacement(letter)
            if factor is None:  # coefficients are not multiplied by one: that costs a gcd each
                product = {(*left, letter): c for left, c in product.items()}
            else:
                product = _times(product, factor.terms)
        total = total + Polynomial(polynomial.rows, polynomial.columns, product)
    return total


def _times(
    left: Mapping[Word, Coefficient], right: Mapping[Word, Coefficient]
) -> dict[Word, Coefficient]:
    return collected((u + v, a * b) for u, a in left.items() for v, b in right.items())


def collected(terms: Iterable[tuple[Word, Coefficient]]) -> dict[Word, Coefficient]:
    """Add up the coefficients of equal words, and leave out those that vanish."""
    total: dict[Word, Coefficient] = {}
    for word, coefficient in terms:
        total[word] = total[word] + coefficient if word in total else coefficient
    return {word: coefficient for word, coefficient in total.items() if coefficient}


Family = Mapping[tuple[Space, Space], Polynomial]
"""A value of the program: one polynomial for each pair of token groups its axes run over."""
