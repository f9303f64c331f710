"""Scalarise polynomials: every value of interest is left · f(T) · right.

T is the operator of a spectrum assumption, a word.  In a word, each occurrence of T becomes the
scalar λ, each carried letter its forms; adjacent scalars multiply, since functions of T commute.
What is left must be letters, one scalar, letters.  See docs/format.md, section 11.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from weightsmith.checker.algebra.words import accumulate
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.spectra.spectral import ApartError, Scalariser, Tokens
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Carried, Loop, NormalProgram, nested
from weightsmith.compiler.ir.polynomial import Letter, Polynomial, Word
from weightsmith.dsl.program.letters import variable_of

LAMBDA, ERROR, RATIO = "lambda", "e", "#t"
MAX_FORMS = 4

Frame = tuple[Word, Word]


class NoProofError(Exception):
    """The rules do not apply; the message says why."""


class FittingError(NoProofError):
    """An operator fits the loop, and something else does not: it says more than that none fits."""


class OverLimitError(NoProofError):
    """A limit on how much is tried is met: what is sought may well exist."""


class ManyWordsError(OverLimitError):
    """Powers or passes, written out, have too many words."""


class UnknownNameError(NoProofError):
    """A scalar is needed that the field does not have."""


@dataclass(frozen=True)
class Operator:
    """T as a word; ``symmetric``: "yes", "weighted" (u·P, P the last letter) or "assumed".

    ``has_kernel``: it may have the eigenvalue 0 besides its spectrum (a graph Laplacian).
    """

    word: Word
    symmetric: str
    space: str
    has_kernel: bool = False


@dataclass(frozen=True)
class Form:
    """left · constant · scalar · right; ``name`` is "" if there is only the constant."""

    left: Word
    right: Word
    name: str
    constant: Coefficient


class ScalarField:
    """The coefficients of the program, with λ and the scalars' names as further symbols."""

    def __init__(self, normal: NormalProgram, names: tuple[str, ...]) -> None:
        own = (LAMBDA, ERROR, RATIO, *names)
        if len({*normal.field.names, *own}) < len(normal.field.names) + len(own):
            raise NoProofError("a parameter has a name that the proof needs (lambda or e)")
        self.normal, self.names = normal, names
        self.field = normal.field.extended(own)

    def of(self, coefficient: Coefficient) -> Coefficient:
        """Move a coefficient of the program into this field."""
        return self.field.moved(coefficient)

    def symbol(self, name: str) -> Coefficient:
        if name not in self.field.names:
            raise UnknownNameError(f"a value of the loops has too many forms, '{name}' among them")
        return self.field.variable(name)


class NormalScalariser(Scalariser[Letter]):
    """Scalarises polynomials for one operator, with the forms of the carried letters."""

    def __init__(self, normal: NormalProgram, operator: Operator, scalars: ScalarField) -> None:
        super().__init__(scalars.field, operator.word, scalars.symbol(LAMBDA))
        self.normal, self.operator, self.scalars = normal, operator, scalars
        self.forms: dict[tuple[str, str], tuple[Form, ...]] = {}
        self.carried = {c.letter for loop in normal.all_loops() for c in loop.carried}
        self.names: dict[str, str] = {}  # of the scalars, where a letter's own name is taken
        self.frames: tuple[Frame, ...] = ()  # frames in which letters alone may be split

    def __call__(self, polynomial: Polynomial) -> dict[Frame, Coefficient]:
        """Return the scalar of every frame.  Raises NoProofError if a word has no such form."""
        terms = {word: self.scalars.of(c) for word, c in polynomial.terms.items()}
        try:
            total, plain = self.value(terms, self._forms_of)
        except ApartError:
            raise NoProofError("a product is not a function of one operator") from None
        except RefusedError as problem:
            raise ManyWordsError(str(problem)) from None
        for word, scalar in plain.items():
            accumulate(total, self._unsplit(word), scalar)
        return total

    def _forms_of(self, letter: Letter) -> list[tuple[Coefficient, Tokens[Letter]]]:
        forms = self.forms.get((letter.name, letter.group), ())
        if letter.name not in self.carried and not forms:
            return [(self.field.one, (letter,))]
        return [self._tokens(form, letter.transposed) for form in forms]

    def _tokens(self, form: Form, flipped: bool) -> tuple[Coefficient, Tokens[Letter]]:
        left, right = form.left, form.right
        if flipped:
            if self.operator.symmetric not in ("yes", "assumed"):
                raise NoProofError("a transposed variable, but the operator is not symmetric")
            transpose = self.normal.alphabet.transpose_word
            left, right = transpose(form.right), transpose(form.left)
        scalar = [self.scalars.symbol(form.name)] if form.name else []
        return form.constant, (*left, *scalar, *right)

    def _unsplit(self, word: Word) -> Frame:
        """Letters only: f = 1 in a frame already in use, else split where T could stand."""
        known = [(f.left, f.right) for forms in self.forms.values() for f in forms]
        known += self.frames
        for left, right in known:
            if left + right == word:
                return left, right
        for place in self._split_places(word):
            if not word or self._space(word, place) == self.operator.space:
                return word[:place], word[place:]
        return word, ()

    def _split_places(self, word: Word) -> Iterable[int]:
        return range(len(word), -1, -1)

    def _space(self, word: Word, place: int) -> str:
        alphabet = self.normal.alphabet
        return alphabet.columns(word[place - 1]) if place else alphabet.rows(word[0])


def rigid(scalarise: NormalScalariser, frame: Frame) -> bool:
    """Can no function of T stand in this frame?"""
    left, right = frame
    alphabet, space = scalarise.normal.alphabet, scalarise.operator.space
    if left:
        return alphabet.columns(left[-1]) != space
    return bool(right) and alphabet.rows(right[0]) != space


def scalar_name(letter: str) -> str:
    """Name the scalar of a letter: ``inverse.X#0`` becomes ``inverse_X``."""
    return variable_of(letter).replace(".", "_")


def infer_forms(scalarise: NormalScalariser, loop: Loop, wanted: set[str]) -> None:
    """Find the forms of the loop's variables: those of their initial values, then what a pass adds.

    Fills ``scalarise.forms``.  Variables of loops within the loop, if ``wanted``, are found with
    its own: each may depend on the other.  Raises NoProofError if they do not close.
    """
    loops = tuple(nested((loop,)))
    variables = [c for one in loops for c in one.carried if c.letter in wanted]
    for _ in range((MAX_FORMS + 1) * len(loops)):
        grown = False
        for carried in variables:
            for space in carried.spaces:
                grown |= _grow(scalarise, carried, space)
        if not grown:
            return
    raise NoProofError("the values of the loop do not keep one form from pass to pass")


def _grow(scalarise: NormalScalariser, carried: Carried, space: str) -> bool:
    group = space if scalarise.normal.alphabet.axes[carried.letter][1] == "" else ""
    key = (carried.letter, group)
    forms = list(scalarise.forms.get(key, ()))
    before = len(forms)
    initial = scalarise(carried.initial[space])
    for frame in (*initial, *scalarise(carried.next[space])):
        if any((form.left, form.right) == frame for form in forms):
            continue
        if len(forms) == MAX_FORMS:
            raise NoProofError("the values of the loop are not functions of the operator alone")
        if rigid(scalarise, frame):
            forms.append(Form(*frame, "", initial.get(frame, scalarise.scalars.field.zero)))
        else:
            named = sum(1 for form in forms if form.name)
            own = scalarise.names.get(carried.letter) or scalar_name(carried.letter)
            name = own + (f"_{named}" if named else "")
            forms.append(Form(*frame, name, scalarise.scalars.field.one))
    scalarise.forms[key] = tuple(forms)
    return len(forms) > before
