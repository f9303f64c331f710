"""Spectral calculus: values as Σ left · f(T) · right, with one operator T of real spectrum.

*Scalarise* (collapse): carried letters are replaced by their forms, occurrences of the operator's
word by the scalar λ, adjacent scalars multiply (functions of one T commute).  The transpose of a
form is right' · f(T)' · left', and f(T)' = f(T) only if T is symmetric.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import (
    Letter,
    Polynomial,
    Word,
    accumulate,
    transpose_word,
    word_text,
)
from weightsmith.checker.reading.refusal import quoted, require
from weightsmith.dsl.program.core import SpectrumKind

MAX_TERMS = 20_000
LAMBDA = "lambda"
Token = Letter | Rational


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
    def is_square(self) -> bool:
        """True if T = w·w for a word w: then w commutes with f(T)."""
        half = len(self.word) // 2
        return self.word[:half] == self.word[half:]

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

    @property
    def text(self) -> str:
        parts = (*(letter.text for letter in self.left), self.name or repr(self.scalar))
        return " · ".join((*parts, *(letter.text for letter in self.right)))


@dataclass(slots=True)
class Collapsed:
    """A collapsed value: scalars by their frames, and words without a scalar."""

    framed: dict[tuple[Word, Word], Rational] = field(default_factory=dict)
    plain: dict[Word, Rational] = field(default_factory=dict)

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


class Collapser:
    """Collapses polynomials with one operator and the forms of the carried letters."""

    def __init__(
        self,
        field: Field,
        operator: Operator,
        forms: Mapping[str, tuple[Form, ...]],
        inputs: Mapping[str, Letter],
    ) -> None:
        self._field = field
        self.operator = operator
        self._forms = forms
        self._inputs = inputs
        self._lambda = field.variable(LAMBDA)

    def collapse(
        self, polynomial: Polynomial, extra: Mapping[str, Form] | None = None
    ) -> Collapsed:
        """Collapse a value; ``extra`` are forms of further letters (the functions of a target)."""
        result = Collapsed()
        count = 0
        for word, coefficient in polynomial.terms.items():
            for factor, tokens in self._expand(word, extra or {}):
                count += 1
                require(count <= MAX_TERMS, "A value collapses into too many words.")
                self._put(result, coefficient * factor, self._reduce(tokens))
        return result

    def _expand(
        self, word: Word, extra: Mapping[str, Form]
    ) -> Iterator[tuple[Rational, tuple[Token, ...]]]:
        """Replace each letter by each of its forms: the words of the product."""
        partial: list[tuple[Rational, tuple[Token, ...]]] = [(self._field.one, ())]
        for letter in word:
            forms = self._forms_of(letter, extra)
            require(
                len(partial) * len(forms) <= MAX_TERMS, "A value collapses into too many words."
            )
            partial = [
                (factor * constant, tokens + more)
                for factor, tokens in partial
                for constant, more in forms
            ]
        yield from partial

    def _forms_of(
        self, letter: Letter, extra: Mapping[str, Form]
    ) -> list[tuple[Rational, tuple[Token, ...]]]:
        if letter.name in extra:
            return [self._tokens(extra[letter.name], letter.transposed)]
        if letter.name in self._forms:
            return [self._tokens(form, letter.transposed) for form in self._forms[letter.name]]
        known = letter.name in self._inputs
        require(known, f"The letter '{letter.name}' has no form, but the result depends on it.")
        return [(self._field.one, (letter,))]

    def _tokens(self, form: Form, transposed: bool) -> tuple[Rational, tuple[Token, ...]]:
        left, right = form.left, form.right
        if transposed:
            allowed = not form.name or self.operator.transposable
            require(allowed, "A function of an operator that is not symmetric is transposed.")
            left, right = transpose_word(right), transpose_word(left)
        if not form.name:
            return form.scalar, (*left, *right)
        return self._field.one, (*left, form.scalar, *right)

    def _reduce(self, tokens: tuple[Token, ...]) -> list[Token]:
        """Replace each occurrence of the operator's word by λ and multiply adjacent scalars.

        Where the operator is w·w, a w to the right of a scalar moves to its left: f(w·w) commutes
        with w.
        """
        stack: list[Token] = []
        word = list(self.operator.word)
        half = word[: len(word) // 2] if self.operator.is_square else []
        for token in tokens:
            stack.append(token)
            passed: list[Token] = []
            before = len(stack) - len(half) - 1
            if half and before >= 0 and stack[-len(half) :] == half:
                passed = [one for one in stack[before : before + 1] if isinstance(one, Rational)]
                del stack[before : before + len(passed)]
            if stack[-len(word) :] == word:
                del stack[-len(word) :]
                stack.append(self._lambda)
            stack += passed
            while len(stack) > 1 and all(isinstance(top, Rational) for top in stack[-2:]):
                second, first = stack.pop(), stack.pop()
                stack.append(first * second)  # type: ignore[operator]
        return stack

    def _put(self, result: Collapsed, coefficient: Rational, tokens: list[Token]) -> None:
        places = [place for place, token in enumerate(tokens) if isinstance(token, Rational)]
        require(len(places) <= 1, "A word of a value has two functions that do not meet.")
        if not places:
            word = tuple(token for token in tokens if isinstance(token, Letter))
            accumulate(result.plain, word, coefficient)
            return
        scalar = tokens[places[0]]
        left = tuple(token for token in tokens[: places[0]] if isinstance(token, Letter))
        right = tuple(token for token in tokens[places[0] + 1 :] if isinstance(token, Letter))
        if isinstance(scalar, Rational):
            accumulate(result.framed, (left, right), coefficient * scalar)

    def scalars(self, polynomial: Polynomial, forms: tuple[Form, ...]) -> dict[str, Rational]:
        """The scalars with which a value is the sum of the given forms; constants must agree."""
        collapsed = self.collapse(polynomial)
        result: dict[str, Rational] = {}
        for form in forms:
            if form.name:
                require(form.name not in result, f"The scalar '{form.name}' stands for two forms.")
                result[form.name] = collapsed.take(form.left, form.right, self._field.zero)
                continue
            constant = collapsed.plain.pop(form.whole, self._field.zero)
            require(constant == form.scalar, f"The constant part {form.text} does not stay.")
        require(
            collapsed.is_empty,
            "A value has the part "
            + ("" if collapsed.is_empty else quoted(collapsed.some_word()))
            + ", which no form covers.",
        )
        return result
