"""Noncommutative polynomials over matrix letters, with shapes: the free algebra of the claims.

A polynomial is Σ coefficient · word, each word a product of letters.  Every letter has a shape (two
axis names), every operation checks it, and different axis names are different sizes; so equal
polynomials of equal shape are equal matrices for every size: no law is used that matrices do not
have, as (A·B)' = B'·A'.  The converse is not needed.  The empty word is the identity, allowed only
where rows and columns are the same axis.  The letter ``1[d]`` is the column of ones of axis d.  A
letter may stand for a function of the entries of polynomials (``entries.py``): it then has a
``content``, and its name is given to no other.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Generic, Protocol, Self, TypeVar

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.reading.refusal import require

ONES = "1["  # how the names of ones begin, and no others
L = TypeVar("L")
K = TypeVar("K", bound=Hashable)
PolynomialKey = tuple[object, ...]


class Content(Protocol):
    """What a letter stands for, if it is a function of other letters."""

    @property
    def names(self) -> frozenset[str]:
        """The letters on which it depends, through functions of functions too."""

    @property
    def parts(self) -> tuple[Polynomial, ...]:
        """Its arguments."""

    @property
    def scalars(self) -> tuple[Rational, ...]:
        """The other numbers that it is made of."""

    def mapped(self, change: Callable[[Polynomial], Polynomial]) -> Polynomial:
        """The same function of the changed arguments."""

    def at(self, numbers: Mapping[str, Rational]) -> Polynomial:
        """The same with numbers in place of symbols, in the arguments and the scalars."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A matrix symbol; a symmetric letter equals its transpose and is never written with '."""

    name: str
    rows: str
    columns: str
    symmetric: bool = False
    transposed: bool = False
    content: Content | None = field(default=None, compare=False, repr=False)

    @property
    def text(self) -> str:
        return self.name + ("'" if self.transposed else "")

    def transpose(self) -> Letter:
        if self.symmetric:
            return self
        transposed = not self.transposed
        return Letter(self.name, self.columns, self.rows, False, transposed, self.content)

    def plain(self) -> Letter:
        return self.transpose() if self.transposed else self

    @property
    def names(self) -> frozenset[str]:
        """The letters on which it depends: itself, or those that it is a function of.

        Ones depend on nothing.
        """
        if self.content is not None:
            return self.content.names
        return frozenset(() if self.name.startswith(ONES) else (self.name,))


Word = tuple[Letter, ...]


def word_text(word: Word) -> str:
    """``x@context*x@context'``; the empty word is ``I``."""
    return "*".join(letter.text for letter in word) or "I"


def transpose_word(word: Word) -> Word:
    return tuple(letter.transpose() for letter in reversed(word))


def ones_word(rows: str, columns: str) -> Word:
    """Every entry 1: 1[rows]·1[columns]'; the ones of an axis of size 1 are its identity."""
    left = () if rows == "1" else (Letter(f"{ONES}{rows}]", rows, "1"),)
    right = () if columns == "1" else (Letter(f"{ONES}{columns}]", columns, "1").transpose(),)
    return (*left, *right)


def word_shape(word: Word) -> tuple[str, str] | None:
    """Rows and columns of a product of letters; None if it is empty or its axes do not meet."""
    if not word:
        return None
    meets = all(left.columns == right.rows for left, right in pairwise(word))
    return (word[0].rows, word[-1].columns) if meets else None


@dataclass(frozen=True, slots=True, eq=False)
class FreePolynomial(Generic[L]):
    """Σ coefficient · word, rows by columns; ``terms`` holds no zero coefficient.

    The letters are of any kind: the compiler's have other parts than those of this file.
    """

    field: Field
    rows: str
    columns: str
    terms: Mapping[tuple[L, ...], Rational]

    @classmethod
    def zero(cls, field: Field, rows: str, columns: str) -> Self:
        return cls(field, rows, columns, {})

    @classmethod
    def identity(cls, field: Field, axis: str) -> Self:
        return cls(field, axis, axis, {(): field.one})

    @property
    def shape(self) -> tuple[str, str]:
        return self.rows, self.columns

    @property
    def is_zero(self) -> bool:
        return not self.terms

    @property
    def length(self) -> int:
        """The letters of all its words together."""
        return sum(map(len, self.terms))

    def equals(self, other: FreePolynomial[L]) -> bool:
        """Equal shapes and, word by word, equal coefficients."""
        return self.shape == other.shape and dict(self.terms) == dict(other.terms)

    def __add__(self, other: FreePolynomial[L]) -> Self:
        require(self.shape == other.shape, _mismatch("a sum", self, other))
        self.field.budget.spend(2 + len(other.terms) + other.length // 2)
        total = dict(self.terms)
        for word, coefficient in other.terms.items():
            accumulate(total, word, coefficient)
        return self._with(total)

    def __sub__(self, other: FreePolynomial[L]) -> Self:
        return self + other.scaled(-self.field.one)

    def scaled(self, factor: Rational) -> Self:
        if factor.is_zero:
            return self._with({})
        self.field.budget.spend(self.length // 4)
        return self._with({word: c * factor for word, c in self.terms.items()})

    def __matmul__(self, other: FreePolynomial[L]) -> Self:
        require(self.columns == other.rows, _mismatch("a product", self, other))
        return self._with(self._product(self.terms, other), other.columns)

    def _product(
        self, first: Mapping[tuple[L, ...], Rational], second: FreePolynomial[L]
    ) -> dict[tuple[L, ...], Rational]:
        self.field.check_words(len(first) * len(second.terms), 0, room=8)
        total: dict[tuple[L, ...], Rational] = {}
        length, letters = 0, second.length
        for left, one in first.items():
            own = len(left) * len(second.terms)
            self.field.budget.spend(2 + 2 * len(second.terms) + (own + letters) // 2)
            length += own + letters
            self.field.check_words(0, length, room=8)
            for right, two in second.terms.items():
                accumulate(total, left + right, one * two)
        return total

    def replaced(self, change: Callable[[L], FreePolynomial[L] | None]) -> Self:
        """Put polynomials in the place of letters, of their shapes; None keeps a letter."""
        total = self._with({})
        for word, coefficient in self.terms.items():
            product = {word[:0]: coefficient}
            for letter in word:
                new = change(letter)
                if new is None:
                    self.field.budget.spend(2 + len(product))
                    product = {(*left, letter): one for left, one in product.items()}
                else:
                    product = self._product(product, new)
            total = total + self._with(product)
        return total

    def _with(self, terms: Mapping[tuple[L, ...], Rational], columns: str | None = None) -> Self:
        made = type(self)(self.field, self.rows, columns or self.columns, terms)
        self.field.check_words(len(terms), made.length)
        self.field.budget.spend(1 + len(terms) // 8)
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Polynomial(FreePolynomial[Letter]):
    """A polynomial over the letters of this file, which know their shapes."""

    @staticmethod
    def ones(field: Field, rows: str, columns: str) -> Polynomial:
        return Polynomial(field, rows, columns, {ones_word(rows, columns): field.one})

    @staticmethod
    def letter(field: Field, letter: Letter) -> Polynomial:
        return Polynomial(field, letter.rows, letter.columns, {(letter,): field.one})

    def letters(self) -> frozenset[Letter]:
        """Every letter that occurs, without its transposition."""
        return frozenset(letter.plain() for word in self.terms for letter in word)

    def names(self) -> frozenset[str]:
        """The letters on which it depends, inside functions too."""
        return frozenset().union(*(letter.names for letter in self.letters()))

    def symbols(self) -> frozenset[str]:
        """The symbols of its coefficients, and within its functions."""
        found = {name for one in self.terms.values() for name in self.field.names_in(one)}
        for content in {letter.name: letter.content for letter in self.letters()}.values():
            if content is not None:
                found |= {name for one in content.scalars for name in self.field.names_in(one)}
                found = found.union(*(part.symbols() for part in content.parts))
        return frozenset(found)

    def transpose(self) -> Polynomial:
        self.field.budget.spend(2 + 2 * self.length)
        transposed = {transpose_word(word): c for word, c in self.terms.items()}
        return Polynomial(self.field, self.columns, self.rows, transposed)

    def _with(self, terms: Mapping[Word, Rational], columns: str | None = None) -> Self:
        sizes = self.field.sizes
        counted = _counted(terms, sizes) if sizes else terms
        return FreePolynomial._with(self, counted, columns)  # slots: there is no super()

    def replace_letters(self, replacements: Mapping[str, Polynomial]) -> Polynomial:
        """Put polynomials in the place of letters, by name; transposes get the transpose."""
        return self.replaced(_Replacer(replacements).letter)

    def at(self, numbers: Mapping[str, Rational]) -> Polynomial:
        """The polynomial with numbers in place of symbols, within its functions too."""
        if not numbers:
            return self
        terms = {word: self.field.substitute(one, numbers) for word, one in self.terms.items()}
        found = self._with({word: one for word, one in terms.items() if not one.is_zero})

        def inside(letter: Letter) -> Polynomial | None:
            if letter.content is None:
                return None
            value = letter.content.at(numbers)
            return value.transpose() if letter.transposed else value

        return found.replaced(inside) if _has_functions(found) else found

    def __str__(self) -> str:
        words = sorted(self.terms, key=word_key)
        return " + ".join(f"({self.terms[w]!r})*{word_text(w)}" for w in words) or "0"


def _has_functions(value: Polynomial) -> bool:
    return any(letter.content is not None for word in value.terms for letter in word)


def _counted(terms: Mapping[Word, Rational], sizes: Mapping[str, Rational]) -> dict[Word, Rational]:
    """With 1[n]'·1[n] = n, where the size of an axis is a symbol."""
    total: dict[Word, Rational] = {}
    for word, coefficient in terms.items():
        for place in range(len(word) - 2, -1, -1):
            first, second = word[place], word[place + 1]
            meets = first.name == second.name and first.name.startswith(ONES)
            if meets and first.transposed and second.rows in sizes:
                word = word[:place] + word[place + 2 :]
                coefficient = coefficient * sizes[second.rows]
        accumulate(total, word, coefficient)
    return total


class _Replacer:
    """Puts polynomials in the place of letters, also in the arguments of functions."""

    def __init__(self, replacements: Mapping[str, Polynomial]) -> None:
        self._replacements = replacements
        self._known: dict[str, Polynomial] = {}  # what became of each function

    def letter(self, letter: Letter) -> Polynomial | None:
        new = self._new(letter)
        if new is None:
            return None
        transposed = new.transpose() if letter.transposed else new
        same = transposed.shape == (letter.rows, letter.columns)
        require(same, f"'{letter.name}' changes its shape.")
        return transposed

    def _new(self, letter: Letter) -> Polynomial | None:
        if letter.content is None:
            return self._replacements.get(letter.name)
        if letter.names.isdisjoint(self._replacements):
            return None
        if letter.name not in self._known:
            changed = letter.content.mapped(lambda argument: argument.replaced(self.letter))
            self._known[letter.name] = changed
        return self._known[letter.name]


def accumulate(total: dict[K, Rational], key: K, coefficient: Rational) -> None:
    """Add to a sum that holds no zero coefficient."""
    summed = total[key] + coefficient if key in total else coefficient
    if summed.is_zero:
        total.pop(key, None)
    else:
        total[key] = summed


def _mismatch(what: str, left: FreePolynomial[L], right: FreePolynomial[L]) -> str:
    return (
        f"The shapes in {what} do not meet: {left.rows} by {left.columns} "
        f"and {right.rows} by {right.columns}."
    )


def word_key(word: Word) -> list[str]:
    """The order in which words stand in a certificate: lexicographic by the letters' texts."""
    return [letter.text for letter in word]


def read_word(texts: tuple[str, ...], letters: Mapping[str, Letter], what: str) -> Word:
    """Look letters up by their texts; an unknown one, or 'A' transposed in vain, is refused."""
    word = []
    for text in texts:
        name = text.removesuffix("'")
        require(name in letters, f"{what} names '{text[:80]}', which is not a letter here.")
        letter = letters[name]
        require(
            name == text or not letter.symmetric,
            f"{what} writes the symmetric letter {name} with a transposition.",
        )
        word.append(letter.transpose() if text.endswith("'") else letter)
    return tuple(word)


def letters_key(word: Word) -> tuple[tuple[str, bool], ...]:
    return tuple((letter.name, letter.transposed) for letter in word)


def polynomial_key(value: Polynomial) -> PolynomialKey:
    """Equal for equal polynomials, by the names of letters; orders them somehow."""
    value.field.budget.spend(4 * len(value.terms) + value.length // 4)
    terms = sorted((letters_key(word), c.key) for word, c in value.terms.items())
    return (value.rows, value.columns, tuple(terms))
