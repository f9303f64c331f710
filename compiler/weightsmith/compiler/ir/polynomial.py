"""Noncommutative polynomials with exact coefficients: what a value of the program is.

A word is a product of letters; the empty word is the identity.  A letter is an input, or a
variable carried round a loop (``X#0``), at a token group (``x@context``), possibly transposed.
A space is what an axis of a matrix is indexed by: an axis of the script (``d``) or a token group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import FreePolynomial, accumulate
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
class Polynomial(FreePolynomial[Letter]):
    """A matrix polynomial from space ``columns`` to space ``rows``."""

    @staticmethod
    def letter(field: Field, rows: Space, columns: Space, letter: Letter) -> Polynomial:
        return Polynomial(field, rows, columns, {(letter,): field.one})


def in_spaces(
    field: Field, name: str, axes: tuple[Space, Space], spaces: Iterable[Space]
) -> dict[Space, Polynomial]:
    """What a letter with such axes stands for, by the space of its columns."""
    rows, columns = axes
    return {
        space: Polynomial.letter(field, rows, space, Letter(name, "" if columns else space))
        for space in spaces
    }


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
        return Polynomial(polynomial.field, polynomial.columns, polynomial.rows, terms)

    def canonical(self, polynomial: Polynomial) -> Polynomial:
        """Write symmetric letters without their transposition mark."""
        terms: dict[Word, Coefficient] = {}
        for word, coefficient in polynomial.terms.items():
            plain = (
                letter._replace(transposed=False) if letter.name in self.symmetric else letter
                for letter in word
            )
            accumulate(terms, tuple(plain), coefficient)
        return replace(polynomial, terms=terms)

    def with_letters(
        self, axes: Mapping[str, tuple[Space, Space]], symmetric: frozenset[str] = frozenset()
    ) -> Alphabet:
        return Alphabet({**self.axes, **axes}, self.symmetric | symmetric)


Family = Mapping[tuple[Space, Space], Polynomial]
"""A value of the program: one polynomial for each pair of token groups its axes run over."""
