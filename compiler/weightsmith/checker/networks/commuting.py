"""Letters that commute with words, W·X = X·W, as rules of rewriting: W·X becomes X·W.

The rules hold before every pass, by the induction that proves the invariants: X#0·A = A·X#0 if it
holds before the loop, and after a pass if it holds at its start.  Words are rewritten as long as a
rule fits; every step moves a letter to the left.  Two values that become the same are equal; two
that do not may be equal all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import (
    Letter,
    Polynomial,
    Word,
    accumulate,
    read_word,
    transpose_word,
)
from weightsmith.checker.reading.refusal import require
from weightsmith.checker.reading.strict_json import as_list, as_text, as_texts

MOST_STEPS = 10_000  # of rewriting a word; two rules may turn one another round


class Rule(NamedTuple):
    """word · letter = letter · word."""

    letter: Letter
    word: Word

    @property
    def both(self) -> tuple[tuple[Word, Word], ...]:
        """What becomes what; the transposes commute too."""
        one, word = (self.letter,), self.word
        turned, back = transpose_word(one), transpose_word(word)
        return ((*word, *one), (*one, *word)), ((*back, *turned), (*turned, *back))


def read_rules(value: object, letters: Mapping[str, Letter], what: str) -> tuple[Rule, ...]:
    """A list of [letter, word]: a square letter, a word of its shape."""
    rules = []
    for item in as_list(value, what):
        pair = as_list(item, what)
        require(len(pair) == 2, f"{what}: expected [letter, [letters]].")
        (letter,) = read_word((as_text(pair[0], what),), letters, what)
        word = read_word(as_texts(pair[1], what), letters, what)
        require(bool(word), f"{what}: a word is empty.")
        ends = (letter.rows, letter.columns, word[0].rows, word[-1].columns)
        meets = all(one.columns == two.rows for one, two in pairwise(word))
        require(meets and len(set(ends)) == 1, f"{what}: these cannot commute.")
        rules.append(Rule(letter, word))
    return tuple(rules)


def difference(rule: Rule, field: Field) -> Polynomial:
    """word · letter - letter · word."""
    axis = rule.letter.rows
    left, right = rule.both[0]
    one, other = (Polynomial(field, axis, axis, {word: field.one}) for word in (left, right))
    return one - other


def rewritten(value: Polynomial, rules: Sequence[Rule]) -> Polynomial:
    """The value with every rule applied as long as it fits."""
    changes = [change for rule in rules for change in rule.both]
    terms: dict[Word, Rational] = {}
    for word, coefficient in value.terms.items():
        accumulate(terms, _rewritten(word, changes, value), coefficient)
    return Polynomial(value.field, *value.shape, terms)


def _rewritten(word: Word, changes: Sequence[tuple[Word, Word]], value: Polynomial) -> Word:
    for _ in range(MOST_STEPS):
        new = _step(word, changes)
        if new is None or new == word:
            return word
        value.field.budget.spend(2 + len(word))
        word = new
    require(False, "Letters that commute are moved round and round.")
    return word


def _step(word: Word, changes: Sequence[tuple[Word, Word]]) -> Word | None:
    for place in range(len(word)):
        for old, new in changes:
            if word[place : place + len(old)] == old and old != new:
                return word[:place] + new + word[place + len(old) :]
    return None
