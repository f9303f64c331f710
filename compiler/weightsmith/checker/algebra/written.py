"""Reads a polynomial in letters as a certificate writes it."""

from __future__ import annotations

from collections.abc import Mapping

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Letter, Polynomial, read_word
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.reading.scalar_text import read_scalar
from weightsmith.checker.reading.strict_json import as_list, as_texts


def read_polynomial(
    value: object,
    shape: tuple[str, str],
    words: Mapping[str, Polynomial | Letter],
    field: Field,
    what: str,
) -> Polynomial:
    """A list of [coefficient, word], words in order, no zero coefficient, shapes that meet."""
    total = Polynomial.zero(field, *shape)
    letters = {name: one for name, one in words.items() if isinstance(one, Letter)}
    previous: list[str] | None = None
    for item in as_list(value, what):
        pair = as_list(item, what)
        require(len(pair) == 2, f"{what}: expected [coefficient, [letters]].")
        coefficient = field.read(read_scalar(pair[0], what))
        require(not coefficient.is_zero, f"{what} has a zero coefficient.")
        texts = as_texts(pair[1], what)
        require(previous is None or previous < [*texts], f"{what}: the words are not in order.")
        previous = [*texts]
        product = Polynomial.identity(field, shape[0])
        for text in texts:
            named = words.get(text.removesuffix("'"))
            if isinstance(named, Polynomial):
                factor = named.transpose() if text.endswith("'") else named
            else:
                factor = Polynomial.letter(field, *read_word((text,), letters, what))
            product = product @ factor
        total = total + product.scaled(coefficient)
    return total
