"""Spectral calculus: values as Σ left · f(T) · right, with one operator T of real spectrum.

*Scalarise*: carried letters are replaced by their forms, occurrences of the operator's
word by the scalar λ, adjacent scalars multiply (functions of one T commute).  The transpose of a
form is right' · f(T)' · left', and f(T)' = f(T) only if T is symmetric.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import (
    Letter,
    Polynomial,
    Word,
    accumulate,
    transpose_word,
    word_text,
)
from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.dsl.program.core import SpectrumKind

MAX_TERMS = 20_000
LAMBDA = "lambda"
TOO_MANY = "A value, scalarised, has too many words."
L = TypeVar("L")
Tokens = tuple[L | Rational, ...]
Frame = tuple[tuple[L, ...], tuple[L, ...]]
FormsOf = Callable[[L], list[tuple[Rational, Tokens[L]]]]


class ApartError(RefusedError):
    """A product is not a function of one operator."""


@dataclass(frozen=True, slots=True)
class Operator:
    """T: its word, how it is known to be symmetric, and the interval of its spectrum."""

    word: Word
    symmetric: str  # "yes", "weighted" or "assumed"
    kind: SpectrumKind
    low: Rational
    high: Rational
    gap: tuple[Rational, Rational] | None = None  # the inner ends, where they are of T itself

    @property
    def axis(self) -> str:
        return self.word[0].rows

    @property
    def may_have_kernel(self) -> bool:
        """May T have the eigenvalue 0 besides the assumed spectrum?"""
        if self.kind is SpectrumKind.SINGULAR_VALUES:
            return self.word[0].rows != self.word[len(self.word) // 2 - 1].columns
        return self.kind is SpectrumKind.NONZERO_SPECTRUM

    @property
    def transposable(self) -> bool:
        """True if f(T)' = f(T)."""
        return self.symmetric in ("yes", "assumed")

    @property
    def weight(self) -> str:
        return self.word[-1].name


@dataclass(frozen=True, slots=True)
class Form:
    """left · scalar · right; ``name`` is "" for a constant part left·right that does not change."""

    left: Word
    right: Word
    name: str
    scalar: Rational

    @property
    def whole(self) -> Word:
        return self.left + self.right


@dataclass(slots=True)
class Scalarised:
    """A scalarised value: scalars by their frames, and words without a scalar."""

    framed: dict[tuple[Word, Word], Rational]
    plain: dict[Word, Rational]

    def take(self, left: Word, right: Word, zero: Rational) -> Rational:
        """Remove and return the scalar between two frames; a plain word may be split anywhere."""
        framed = self.framed.pop((left, right), zero)
        return framed + self.plain.pop(left + right, zero)

    @property
    def is_empty(self) -> bool:
        return not self.framed and not self.plain

    def some_word(self) -> str:
        for left, right in self.framed:
            return f"{word_text(left)} · scalar · {word_text(right)}"
        return word_text(next(iter(self.plain)))


class Scalariser(Generic[L]):
    """Finds the frames and scalars of sums of words; the letters are of any kind."""

    def __init__(self, field: Field, word: tuple[L, ...], scalar: Rational) -> None:
        """``word`` is the operator's, ``scalar`` what stands for it."""
        self.field, self.word, self.scalar = field, list(word), scalar
        half = self.word[: len(word) // 2]
        self.half = half if half + half == self.word else []  # T = w·w: w commutes with f(T)

    def value(
        self, terms: Mapping[tuple[L, ...], Rational], forms_of: FormsOf[L]
    ) -> tuple[dict[Frame[L], Rational], dict[tuple[L, ...], Rational]]:
        """The scalars by what is to their left and right, and the words without one.

        ``forms_of`` gives what may stand for a letter, each with a factor; scalars are tokens too.
        """
        framed: dict[Frame[L], Rational] = {}
        plain: dict[tuple[L, ...], Rational] = {}
        count = 0
        for word, coefficient in terms.items():
            for factor, tokens in self._expanded(word, forms_of):
                count += 1
                require(count <= MAX_TERMS, TOO_MANY)
                frame, scalar = self._framed(self._reduced(tokens))
                if scalar is None:
                    accumulate(plain, frame[0], coefficient * factor)
                else:
                    accumulate(framed, frame, coefficient * factor * scalar)
        return framed, plain

    def _expanded(
        self, word: tuple[L, ...], forms_of: FormsOf[L]
    ) -> list[tuple[Rational, Tokens[L]]]:
        """Replace each letter by each of its forms: the words of the product."""
        partial: list[tuple[Rational, Tokens[L]]] = [(self.field.one, ())]
        for letter in word:
            forms = forms_of(letter)
            require(len(partial) * len(forms) <= MAX_TERMS, TOO_MANY)
            partial = [
                (factor * constant, tokens + more)
                for factor, tokens in partial
                for constant, more in forms
            ]
        return partial

    def _reduced(self, tokens: Tokens[L]) -> list[L | Rational]:
        """Replace each occurrence of the operator's word by λ and multiply adjacent scalars.

        Where the operator is w·w, a w to the right of a scalar moves to its left: f(w·w) commutes
        with w.
        """
        stack: list[L | Rational] = []
        word, half = self.word, self.half
        for token in tokens:
            stack.append(token)
            passed: list[L | Rational] = []
            before = len(stack) - len(half) - 1
            if half and before >= 0 and stack[-len(half) :] == half:
                passed = [one for one in stack[before : before + 1] if isinstance(one, Rational)]
                del stack[before : before + len(passed)]
            if stack[-len(word) :] == word:
                del stack[-len(word) :]
                stack.append(self.scalar)
            stack += passed
            while len(stack) > 1:
                first, second = stack[-2], stack[-1]
                if not (isinstance(first, Rational) and isinstance(second, Rational)):
                    break
                stack[-2:] = [first * second]
        return stack

    def _framed(self, tokens: list[L | Rational]) -> tuple[Frame[L], Rational | None]:
        letters = tuple(token for token in tokens if not isinstance(token, Rational))
        scalars = [(at, token) for at, token in enumerate(tokens) if isinstance(token, Rational)]
        if len(scalars) > 1:
            raise ApartError("A word of a value has two functions that do not meet.")
        if not scalars:
            return (letters, ()), None
        ((at, scalar),) = scalars
        return (letters[:at], letters[at:]), scalar


class FormScalariser(Scalariser[Letter]):
    """Scalarises polynomials with one operator and the forms of the carried letters."""

    def __init__(
        self,
        field: Field,
        operator: Operator,
        forms: Mapping[str, tuple[Form, ...]],
        inputs: Mapping[str, Letter],
    ) -> None:
        super().__init__(field, operator.word, field.variable(LAMBDA))
        self.operator = operator
        self._forms = forms
        self._inputs = inputs

    def scalarise(
        self, polynomial: Polynomial, extra: Mapping[str, Form] | None = None
    ) -> Scalarised:
        """Return the value scalarised; ``extra`` are forms of letters of a target's functions."""
        known = {**self._forms, **{name: (form,) for name, form in (extra or {}).items()}}
        return Scalarised(*self.value(polynomial.terms, lambda one: self._forms_of(one, known)))

    def _forms_of(
        self, letter: Letter, forms: Mapping[str, tuple[Form, ...]]
    ) -> list[tuple[Rational, Tokens[Letter]]]:
        if letter.name in forms:
            return [self._tokens(form, letter.transposed) for form in forms[letter.name]]
        known = letter.name in self._inputs
        require(known, f"The letter '{letter.name}' has no form, but the result depends on it.")
        return [(self.field.one, (letter,))]

    def _tokens(self, form: Form, transposed: bool) -> tuple[Rational, Tokens[Letter]]:
        left, right = form.left, form.right
        if transposed:
            allowed = not form.name or self.operator.transposable
            require(allowed, "A function of an operator that is not symmetric is transposed.")
            left, right = transpose_word(right), transpose_word(left)
        if not form.name:
            return form.scalar, (*left, *right)
        return self.field.one, (*left, form.scalar, *right)

    def scalars(self, polynomial: Polynomial, forms: tuple[Form, ...]) -> dict[str, Rational]:
        """The scalars with which a value is the sum of the given forms; constants must agree."""
        scalarised = self.scalarise(polynomial)
        result: dict[str, Rational] = {}
        for form in forms:
            if form.name:
                require(form.name not in result, f"The scalar '{form.name}' stands for two forms.")
                result[form.name] = scalarised.take(form.left, form.right, self.field.zero)
                continue
            constant = scalarised.plain.pop(form.whole, self.field.zero)
            require(
                constant == form.scalar, f"The constant part {word_text(form.whole)} does not stay."
            )
        if not scalarised.is_empty:
            part = quoted(scalarised.some_word())
            raise RefusedError(f"A value has the part {part}, which no form covers.")
        return result
