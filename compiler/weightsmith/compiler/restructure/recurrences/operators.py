"""Which operator a loop moves its values by: words of inputs, each tried in turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weightsmith.compiler.certify.spectra.loop_scalars import loop_scalars
from weightsmith.compiler.certify.spectra.spectral import (
    Frame,
    NormalScalariser,
    Operator,
    ScalarField,
    infer_forms,
    scalar_name,
)
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Letter, Polynomial, Word

LONGEST = 4  # letters of an operator


def candidates(normal: NormalProgram) -> list[Word]:
    """Square words of inputs: those of assumptions, then what stands in loops."""
    found: dict[Word, None] = {}
    for value in normal.assumed:
        for word in value.terms if len(value.terms) == 1 else ():
            for one in (word, *_squares(normal, word)):
                found[one] = None
    for word in _words(normal):
        for run in _runs(normal, word):
            for one in _parts(run):
                found[one] = None
            for letter in run:
                if letter.transposed:
                    found[letter._replace(transposed=False), letter] = None
    return [word for word in found if _is_square(normal, word)]


def _squares(normal: NormalProgram, word: Word) -> tuple[Word, Word]:
    transposed = normal.alphabet.transpose_word(word)
    return transposed + word, word + transposed


def _words(normal: NormalProgram) -> Iterator[Word]:
    for carried in (one for loop in normal.loops for one in loop.carried):
        for columns in (carried.next, carried.initial):
            for value in columns.values():
                yield from value.terms
    for returned in normal.returns:
        for value in returned.value.values():
            yield from value.terms


def _runs(normal: NormalProgram, word: Word) -> Iterator[Word]:
    """The stretches of a word that are made of inputs."""
    inputs = {given.name for given in normal.inputs}
    run: list[Letter] = []
    for letter in word:
        if letter.name in inputs:
            run.append(letter)
        elif run:
            yield tuple(run)
            run = []
    if run:
        yield tuple(run)


def _parts(run: Word) -> Iterator[Word]:
    for length in range(1, min(LONGEST, len(run)) + 1):
        for start in range(len(run) - length + 1):
            yield run[start : start + length]


def _is_square(normal: NormalProgram, word: Word) -> bool:
    alphabet = normal.alphabet
    rows, columns = alphabet.rows(word[0]), alphabet.columns(word[-1])
    return rows == columns and rows not in ("context", "query")


class _RightScalariser(NormalScalariser):
    """Splits a word without a function as far left as T could stand: X = A' is f(A'A)·A'."""

    def _split_places(self, word: Word) -> Iterable[int]:
        return range(len(word) + 1)


class ScalarLoop:
    """A loop as a map of scalars, for one operator.  Raises NoProofError if it is none."""

    def __init__(self, normal: NormalProgram, loop: Loop, word: Word, *, from_left: bool) -> None:
        self.normal, self.loop, self.word = normal, loop, word
        transposed = normal.alphabet.transpose_word(word)
        kind = "yes" if transposed == word else "no"
        self.operator = Operator(word, kind, normal.alphabet.rows(word[0]))
        letters = {carried.letter for carried in loop.carried}
        names = [scalar_name(carried.letter) for carried in loop.carried]
        extra = [f"{name}_{number}" for name in names for number in range(1, 4)]
        self.scalars = ScalarField(normal, tuple(dict.fromkeys(names + extra)))
        kind_of = _RightScalariser if from_left else NormalScalariser
        self.scalarise = kind_of(normal, self.operator, self.scalars)
        infer_forms(self.scalarise, loop, letters)
        self.initial, self.next = loop_scalars(self.scalarise, loop, letters)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.next)

    def frames(self, value: Polynomial) -> dict[Frame, Coefficient]:
        """The scalars of a value after the loop."""
        return self.scalarise(value)
