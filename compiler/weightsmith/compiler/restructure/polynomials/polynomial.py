"""What a program returns as one polynomial in an operator, exactly, through loops of any kind.

The values are left·p(T)·right + constant words, T a symmetric word of inputs; every symbol that
counts must have a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.balls.ranges import fraction
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.semantics import meaning
from weightsmith.checker.spectra.recurrence import Recurrence
from weightsmith.checker.spectra.scalar_program import ScalarProgram, Terms, read_program
from weightsmith.compiler.certify.spectra.evidence import dependencies, scalar_names, with_suffixes
from weightsmith.compiler.certify.spectra.loop_scalars import loop_scalars
from weightsmith.compiler.certify.spectra.spectral import (
    MAX_FORMS,
    Frame,
    NoProofError,
    NormalScalariser,
    Operator,
    OverLimitError,
    ScalarField,
    infer_forms,
)
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Loop, Returned
from weightsmith.compiler.ir.polynomial import Word
from weightsmith.compiler.restructure.recurrences.operators import candidates
from weightsmith.compiler.restructure.recurrences.setting import bare
from weightsmith.compiler.restructure.recurrences.task import Task

MAX_DEGREE = 363  # six layers of triple products of data, less one


@dataclass(frozen=True)
class Goal:
    """left·p(T)·right + Σ number · word, for the p of all goals."""

    frame: Frame
    constants: tuple[tuple[Fraction, Word], ...]


@dataclass(frozen=True)
class PolynomialValue:
    """The returned values, in order, and the forms under which the loops were followed."""

    word: Word
    goals: tuple[Goal, ...]
    polynomial: flint.fmpq_poly
    scalarise: NormalScalariser
    loops: tuple[Loop, ...]
    words: tuple[Word, ...]  # what the values are made of, with the groups of tokens


def polynomial_value(task: Task) -> PolynomialValue:
    """Raises NoProofError, with the reason, where the program returns no such values."""
    normal = task.normal
    if normal.applications:
        raise NoProofError("the program has functions of entries")
    if not normal.loops:
        raise NoProofError("the program has no loop")
    if any(loop.inner for loop in normal.loops):
        raise NoProofError("the program has a loop within a loop")
    reasons: list[str] = []
    for word in candidates(normal):
        try:
            return _Following(task, word).value()
        except NoProofError as reason:
            reasons.append(str(reason))
    raise NoProofError((reasons or ["no operator moves its values"])[0])


class _Following:
    def __init__(self, task: Task, word: Word) -> None:
        self.task, self.normal, self.word = task, task.normal, word
        normal = task.normal
        if normal.alphabet.transpose_word(word) != word:
            raise NoProofError("its operator is no symmetric product of inputs")
        pairs = [pair for one in normal.returns for pair in dependencies(normal, one)]
        self.letters = {carried.letter for _, carried in pairs}
        ordered = [c.letter for loop in normal.loops for c in loop.carried]
        names = scalar_names([letter for letter in ordered if letter in self.letters])
        self.scalars = ScalarField(normal, with_suffixes(names, MAX_FORMS))
        operator = Operator(word, "yes", normal.alphabet.rows(word[0]))
        self.scalarise = NormalScalariser(normal, operator, self.scalars)
        self.scalarise.names = names

    def value(self) -> PolynomialValue:
        loops = tuple(self._loop(loop) for loop in self.normal.loops)
        words: list[Word] = []
        goals, found = [], []
        for returned in self.normal.returns:
            goal, polynomial = self._goal(returned, loops, words)
            goals.append(goal)
            found.append(polynomial)
        if any(one != found[0] for one in found):
            raise NoProofError("the returned values are several functions of the operator")
        return PolynomialValue(
            self.word, tuple(goals), found[0], self.scalarise, self.normal.loops, tuple(words)
        )

    def _loop(self, loop: Loop) -> Recurrence:
        own = {carried.letter for carried in loop.carried} & self.letters
        infer_forms(self.scalarise, loop, own)
        initial, after = loop_scalars(self.scalarise, loop, own)
        schedule = {one.name: one.values for one in loop.schedule}
        meant = meaning.Loop(loop.index, loop.count, {}, {}, {}, {}, (), schedule)
        return Recurrence(meant, initial, after)

    def _goal(
        self, returned: Returned, loops: tuple[Recurrence, ...], words: list[Word]
    ) -> tuple[Goal, flint.fmpq_poly]:
        if returned.transposed:
            raise NoProofError("the rows of the returned value are tokens")
        moving: dict[Frame, flint.fmpq_poly] = {}
        constants: list[tuple[Fraction, Word]] = []
        frames = self._frames(returned, words)
        for frame, scalar in frames.items():
            polynomial = self._polynomial(loops, scalar)
            if polynomial.degree() > 0:
                moving[frame] = polynomial
            elif polynomial.degree() == 0:
                constants.append((fraction(polynomial[0]), frame[0] + frame[1]))
        if len(moving) != 1:
            raise NoProofError("the returned value is not one function of the operator")
        ((frame, found),) = moving.items()
        return Goal(frame, tuple(constants)), found

    def _frames(self, returned: Returned, words: list[Word]) -> dict[Frame, Coefficient]:
        """The scalars by the words around them, which are the same for every group of tokens."""
        found: list[dict[Frame, Coefficient]] = []
        for value in returned.value.values():
            frames = self.scalarise(value)
            words += [left + self.word + right for left, right in frames]
            found.append({(bare(left), bare(right)): s for (left, right), s in frames.items()})
        if any(one != found[0] for one in found):
            raise NoProofError("the groups of the returned value differ")
        return found[0]

    def _polynomial(self, loops: tuple[Recurrence, ...], scalar: Coefficient) -> flint.fmpq_poly:
        try:
            program = read_program(self.scalars.field, loops, scalar, self.task.bindings)
            degree = program.degree()
        except RefusedError as problem:
            raise NoProofError(str(problem)) from None
        if degree > MAX_DEGREE:
            raise OverLimitError(f"it is a polynomial of degree more than {MAX_DEGREE}")
        return _expanded(program)


def _expanded(program: ScalarProgram) -> flint.fmpq_poly:
    """The value at the end, as a polynomial in λ: for small degrees."""
    known: list[flint.fmpq_poly] = []
    for stage in program.stages:
        known += [_sum(terms, known) for terms in stage.initial]
        for number in range(stage.count):
            terms_of = stage.maps[number % len(stage.maps)]
            known[stage.first :] = [_sum(terms, known) for terms in terms_of]
    return _sum(program.value, known)


def _sum(terms: Terms, known: Sequence[flint.fmpq_poly]) -> flint.fmpq_poly:
    total = flint.fmpq_poly()
    for one in terms:
        term = flint.fmpq_poly([0] * one.power + [one.coefficient])
        for place, exponent in one.factors:
            term *= known[place] ** exponent
        total += term
    return total
