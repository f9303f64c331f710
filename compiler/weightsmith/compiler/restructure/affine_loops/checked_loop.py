"""A loop of the normal form as the checker has loops, and the checker's words as the compiler's.

The rules read a pass in one place, ``checker/rewrites``: here are only the letters' two spellings.
A letter that a loop carries has the name of its variable there, so ``0.X#0`` is X of loop 0 that an
inner loop reads (``nested.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

from weightsmith.checker.algebra import words
from weightsmith.checker.semantics import meaning
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Carried, Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Alphabet, Letter, Polynomial, Space, Word
from weightsmith.dsl.program.core import GROUPS
from weightsmith.dsl.program.letters import read_letter

Terms = dict[Word, Coefficient]  # words have no groups (they are said once, by ``over``)


def checked_loop(normal: NormalProgram, loop: Loop) -> meaning.Loop:
    """Without the loops within it."""
    spelling = _Spelling(normal.alphabet, loop)
    letters: dict[str, words.Letter] = {}
    entering: dict[str, words.Polynomial] = {}
    leaving: dict[str, words.Polynomial] = {}
    for one in loop.carried:
        for space in one.next:
            letter = spelling.letter(_letter(one, space))
            letters[letter.name] = letter
            entering[letter.name] = spelling.polynomial(one.initial[space])
            leaving[letter.name] = spelling.polynomial(one.next[space])
    schedule = {one.name: one.values for one in loop.schedule}
    return meaning.Loop(loop.index, loop.count, letters, entering, leaving, {}, (), schedule)


def terms_of(value: words.Polynomial) -> Terms:
    """The terms of a polynomial without carried letters."""
    return {word_of(word): number for word, number in value.terms.items()}


def word_of(word: words.Word) -> Word:
    """The word without groups of tokens."""
    return tuple(
        Letter(read_letter(x.name)._replace(group="").text, "", x.transposed) for x in word
    )


def _letter(one: Carried, space: Space) -> Letter:
    return Letter(one.letter, space if space in GROUPS else "")


class _Spelling:
    """The checker's letters for the compiler's."""

    def __init__(self, alphabet: Alphabet, loop: Loop) -> None:
        self._alphabet = alphabet
        self._carried: Mapping[str, str] = {
            one.letter: read_letter(one.letter)._replace(variable=one.variable).text
            for one in loop.carried
        }
        self._known: dict[Letter, words.Letter] = {}

    def letter(self, letter: Letter) -> words.Letter:
        """Only an input is symmetric: of what a loop carries, that is to be proven."""
        if letter not in self._known:
            plain = letter._replace(transposed=False)
            name = read_letter(self._carried.get(letter.name, letter.name))
            symmetric = letter.name in self._alphabet.symmetric - self._carried.keys()
            rows, columns = self._alphabet.rows(plain), self._alphabet.columns(plain)
            text = name._replace(group=letter.group).text
            found = words.Letter(text, rows, columns, symmetric)
            self._known[letter] = found.transpose() if letter.transposed else found
        return self._known[letter]

    def polynomial(self, value: Polynomial) -> words.Polynomial:
        terms = {tuple(map(self.letter, word)): c for word, c in value.terms.items()}
        return words.Polynomial(value.field, value.rows, value.columns, terms)
