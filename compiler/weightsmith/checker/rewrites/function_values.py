"""Values of a script as Σ left · f(T) · right, f a polynomial that is followed exactly.

T is a word of inputs; nothing is assumed of it.  In a word of letters, a letter of a loop is
replaced by its forms, each occurrence of T's word by λ and, if T' is another word, each of T' by λ
of T'; functions of T that meet multiply, since they commute.  f(T)' is f(T').
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from weightsmith.checker.algebra.exact_scalars import Exact
from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import Letter, Polynomial, Word, transpose_word, word_text
from weightsmith.checker.reading.refusal import require

MAX_EXPANDED = 4096


@dataclass(frozen=True, slots=True)
class FunctionForm:
    """left · f(T) · right, or left · f(T') · right if ``transposed``."""

    left: Word
    right: Word
    transposed: bool

    def transpose(self, symmetric: bool) -> FunctionForm:
        left, right = transpose_word(self.right), transpose_word(self.left)
        return FunctionForm(left, right, self.transposed if symmetric else not self.transposed)


@dataclass(frozen=True, slots=True)
class _Function:
    """A scalar within a word: a small factor and the values of letters, not multiplied yet."""

    small: Rational
    large: tuple[Exact, ...]
    transposed: bool


Token = Letter | _Function
Forms = Mapping[str, tuple[tuple[FunctionForm, Exact, bool], ...]]  # can it hold a function?


@dataclass(slots=True)
class FunctionValue:
    """The scalar of every form, and the coefficients of words in which no function stands."""

    framed: dict[FunctionForm, Exact] = field(default_factory=dict)
    plain: dict[Word, Exact] = field(default_factory=dict)

    def take(self, form: FunctionForm, zero: Exact) -> Exact:
        """Remove and return the scalar of a form; a plain word is 1 between any two parts of it."""
        framed = self.framed.pop(form, zero)
        plain = self.plain.pop(form.left + form.right, None)
        return framed if plain is None else framed + plain

    def some_word(self) -> str:
        """One of the words that are left, "" if none is."""
        for form in self.framed:
            return f"{word_text(form.left)} · f · {word_text(form.right)}"
        return word_text(next(iter(self.plain))) if self.plain else ""


class Follower:
    """Brings polynomials to values of one operator."""

    def __init__(self, ring: Field, word: Word, scalar: Rational) -> None:
        self.ring, self.word, self.scalar = ring, word, scalar
        self.transposed_word = transpose_word(word)
        self.symmetric = self.transposed_word == word
        self.zero = Exact.of(ring.zero)

    def value(
        self, polynomial: Polynomial, forms: Forms, inputs: Mapping[str, Letter]
    ) -> FunctionValue:
        """The value, every letter an input or one that has forms."""
        result = FunctionValue()
        for word, coefficient in polynomial.terms.items():
            for factor, tokens in self._expanded(word, forms, inputs):
                self._put(result, coefficient * factor, self._reduced(tokens))
        return result

    def _expanded(
        self, word: Word, forms: Forms, inputs: Mapping[str, Letter]
    ) -> Iterator[tuple[Rational, tuple[Token, ...]]]:
        choices = [self._choices(letter, forms, inputs) for letter in word]
        count = 1
        for options in choices:
            count *= len(options)
            require(count <= MAX_EXPANDED, "A value has too many words.")
        for chosen in product(*choices):
            factor = self.ring.one
            tokens: tuple[Token, ...] = ()
            for constant, more in chosen:
                factor, tokens = factor * constant, tokens + more
            yield factor, tokens

    def _choices(
        self, letter: Letter, forms: Forms, inputs: Mapping[str, Letter]
    ) -> list[tuple[Rational, tuple[Token, ...]]]:
        """What a letter stands for: itself, or its forms that are not zero."""
        if letter.name not in forms:
            known = letter.name in inputs
            require(known, f"The letter '{letter.name}' has no form, but a value depends on it.")
            return [(self.ring.one, (letter,))]
        options: list[tuple[Rational, tuple[Token, ...]]] = []
        for form, value, functional in forms[letter.name]:
            placed = form.transpose(self.symmetric) if letter.transposed else form
            if value.is_zero:
                continue
            if not functional:
                options.append((value.as_rational(), placed.left + placed.right))
                continue
            function = _Function(self.ring.one, (value,), placed.transposed)
            options.append((self.ring.one, (*placed.left, function, *placed.right)))
        return options

    def _reduced(self, tokens: tuple[Token, ...]) -> list[Token]:
        stack: list[Token] = []
        for token in tokens:
            stack.append(token)
            for word, transposed in (
                (self.word, False),
                (self.transposed_word, not self.symmetric),
            ):
                if tuple(stack[-len(word) :]) == word:
                    del stack[-len(word) :]
                    stack.append(_Function(self.scalar, (), transposed))
            while len(stack) > 1:
                second, first = stack[-1], stack[-2]
                if not (isinstance(first, _Function) and isinstance(second, _Function)):
                    break
                if first.transposed != second.transposed:
                    break
                small = first.small * second.small
                stack[-2:] = [_Function(small, first.large + second.large, first.transposed)]
        return stack

    def _put(self, result: FunctionValue, factor: Rational, tokens: list[Token]) -> None:
        places = [at for at, token in enumerate(tokens) if isinstance(token, _Function)]
        require(len(places) <= 1, "A word of a value has two functions that do not meet.")
        letters = tuple(token for token in tokens if isinstance(token, Letter))
        if not places:
            _accumulate(result.plain, letters, Exact.of(factor))
            return
        function = tokens[places[0]]
        if isinstance(function, _Function):
            form = FunctionForm(letters[: places[0]], letters[places[0] :], function.transposed)
            value = Exact.of(factor * function.small)
            for large in function.large:
                value = value * large
            _accumulate(result.framed, form, value)


def _accumulate(total: dict, key: object, value: Exact) -> None:  # type: ignore[type-arg]
    total[key] = total[key] + value if key in total else value


def difference(left: FunctionValue, right: FunctionValue, zero: Exact) -> FunctionValue:
    """left − right, plain words counted with the forms whose words they are; zeros left out."""
    total = FunctionValue(dict(left.framed), dict(left.plain))
    for form, value in right.framed.items():
        total.framed[form] = total.framed.get(form, zero) - value
    for word, value in right.plain.items():
        total.plain[word] = total.plain.get(word, zero) - value
    for form in list(total.framed):
        whole = form.left + form.right
        if whole in total.plain:
            total.framed[form] = total.framed[form] + total.plain.pop(whole)
    return FunctionValue(
        {form: value for form, value in total.framed.items() if not value.is_zero},
        {word: value for word, value in total.plain.items() if not value.is_zero},
    )
