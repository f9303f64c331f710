"""Values of one entry that have a sign: numbers, and sums of squares v'·v."""

from __future__ import annotations

from collections.abc import Mapping

from weightsmith.compiler.approximate.arguments.bounds import Bounds
from weightsmith.compiler.ir.polynomial import Alphabet, Polynomial, Word


def of_one_entry(
    value: Polynomial, word: Word, powers: Mapping[tuple[Word, int], float], alphabet: Alphabet
) -> Bounds:
    """What is known of number · word if ``value``, of which it is a term, is 1 x 1."""
    if (value.rows, value.columns) != ("1", "1") or list(powers) != [((), 0)]:
        return Bounds()
    (number,) = powers.values()
    half, odd = divmod(len(word), 2)
    if not word:
        size = abs(number)
        return Bounds(number, number, size, size, size)
    if odd or word[half:] != alphabet.transpose_word(word[:half]):
        return Bounds()
    return Bounds(low=0.0) if number >= 0 else Bounds(high=0.0)
