"""Keys of words and polynomials, by the names of letters: equal for equal ones, and in order."""

from __future__ import annotations

from weightsmith.checker.algebra.words import Polynomial, Word

WordKey = tuple[tuple[str, bool], ...]
PolynomialKey = tuple[object, ...]


def letters_key(word: Word) -> WordKey:
    return tuple((letter.name, letter.transposed) for letter in word)


def polynomial_key(value: Polynomial) -> PolynomialKey:
    value.field.budget.spend(4 * len(value.terms) + value.length // 4)
    terms = sorted((letters_key(word), c.key) for word, c in value.terms.items())
    return (value.rows, value.columns, tuple(terms))
