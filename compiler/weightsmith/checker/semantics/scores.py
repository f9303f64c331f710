"""What a head makes of its products S = keysᵀ·queries, one matrix for each group of keys.

    f of every entry        relu and abs as in an MLP (entries.py); any other function of the
                            language is a letter that is named by the function and its argument
    a mask, M ∘ S           bilinear: a letter for each word of S
    columns divided         a letter that is named by all S of the query group; a number is drawn
                            out of them.  Where that is linear, a letter for each word of S

Equal letters stand for equal matrices, whatever the inputs are; no other equality is used but those
that the kinds state (``checker/heads``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from weightsmith.checker.algebra.piecewise import PiecewiseSum, leading_number
from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import (
    Letter,
    Polynomial,
    letters_key,
    polynomial_key,
    word_key,
)
from weightsmith.checker.heads import ALL, mask_meaning, normalisation_meaning
from weightsmith.checker.reading.refusal import quoted, require
from weightsmith.checker.reading.template import Scores
from weightsmith.checker.semantics.entries import apply
from weightsmith.dsl.elementary import NAMES

Change = Callable[[Polynomial], Polynomial]
ByGroup = Mapping[str, Polynomial]  # one matrix of scores for each group of keys


def scored(scores: Scores, products: ByGroup) -> ByGroup:
    """The scores of one query group.  Raises RefusedError on a function that is not known."""
    found = {group: _applied(scores.function, one) for group, one in products.items()}
    if scores.mask != ALL:
        found = {group: _seen(scores.mask, one) for group, one in found.items()}
    if not scores.normalised:
        return found
    if normalisation_meaning(scores.normalised).linear:
        name = f"{scores.normalised} {scores.mask} {' '.join(sorted(found))}"
        return {group: masked(name, one) for group, one in found.items()}
    return normalised(scores.normalised, found)


def _applied(function: str, value: Polynomial) -> Polynomial:
    """f of every entry."""
    if not function:
        return value
    if function in ("relu", "abs"):
        field, bends = value.field, PiecewiseSum(value.field)
        bends.add_breakpoint(field.zero, field.one if function == "relu" else field.number(2))
        bends.add_line(field.zero, field.zero if function == "relu" else -field.one)
        return apply(bends.result(), value)
    require(function in NAMES, f"Heads know no function {quoted(function)}.")
    return applied(function, value)


def applied(function: str, value: Polynomial) -> Polynomial:
    """A function of the language of every entry: the transpose of it is that of the transpose."""
    other = value.transpose()
    if polynomial_key(other) < polynomial_key(value):
        return _letter(Applied(function, other, other.names())).transpose()
    return _letter(Applied(function, value, value.names()))


def _seen(mask: str, value: Polynomial) -> Polynomial:
    """M ∘ value, by the masks that M is made of."""
    field = value.field
    parts = [
        (value if name == ALL else masked(name, value)).scaled(field.number(Fraction(number)))
        for name, number in mask_meaning(mask).of.items()
    ]
    return sum(parts[1:], parts[0])


def masked(mask: str, value: Polynomial) -> Polynomial:
    """M ∘ value, word by word."""
    total = Polynomial.zero(value.field, *value.shape)
    for word in sorted(value.terms, key=word_key):
        alone = Polynomial(value.field, *value.shape, {word: value.field.one})
        letter = _letter(Masked(mask, alone, alone.names()))
        total = total + letter.scaled(value.terms[word])
    return total


def normalised(kind: str, scores: ByGroup) -> ByGroup:
    """Every column divided, by a number that is of all groups of keys."""
    field = next(iter(scores.values())).field
    number = _common_number(scores)
    bare = {group: one.scaled(field.number(1 / number)) for group, one in scores.items()}
    names = frozenset().union(*(one.names() for one in bare.values()))
    drawn = field.number(normalisation_meaning(kind).homogeneous(number))
    return {group: _letter(Normalised(kind, group, bare, names)).scaled(drawn) for group in bare}


def _common_number(scores: ByGroup) -> Fraction:
    """A number that is not zero, the same for scores that differ by a number."""
    for group in sorted(scores):
        terms = scores[group].terms
        if terms:
            return leading_number(terms[min(terms, key=word_key)])
    return Fraction(1)


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """f of every entry of the argument."""

    function: str
    argument: Polynomial
    names: frozenset[str]
    scalars: ClassVar[tuple[Rational, ...]] = ()

    @property
    def key(self) -> tuple[object, ...]:
        return self.function, polynomial_key(self.argument)

    @property
    def shape(self) -> tuple[str, str]:
        return self.argument.shape

    @property
    def parts(self) -> tuple[Polynomial, ...]:
        return (self.argument,)

    def mapped(self, change: Change) -> Polynomial:
        return applied(self.function, change(self.argument))

    def at(self, numbers: Mapping[str, Rational]) -> Polynomial:
        return self.mapped(lambda part: part.at(numbers))


@dataclass(frozen=True, slots=True, eq=False)
class Masked:
    """One word, zero where the mask is."""

    mask: str
    word: Polynomial
    names: frozenset[str]
    scalars: ClassVar[tuple[Rational, ...]] = ()

    @property
    def key(self) -> tuple[object, ...]:
        (word,) = self.word.terms
        return self.mask, letters_key(word), self.word.shape

    @property
    def shape(self) -> tuple[str, str]:
        return self.word.shape

    @property
    def parts(self) -> tuple[Polynomial, ...]:
        return (self.word,)

    def mapped(self, change: Change) -> Polynomial:
        return masked(self.mask, change(self.word))

    def at(self, numbers: Mapping[str, Rational]) -> Polynomial:
        return self.mapped(lambda part: part.at(numbers))


@dataclass(frozen=True, slots=True, eq=False)
class Normalised:
    """The scores of one group of keys, each column divided by a number of all groups."""

    kind: str
    group: str
    scores: ByGroup
    names: frozenset[str]
    scalars: ClassVar[tuple[Rational, ...]] = ()

    @property
    def key(self) -> tuple[object, ...]:
        found = ((group, polynomial_key(one)) for group, one in sorted(self.scores.items()))
        return self.kind, self.group, tuple(found)

    @property
    def shape(self) -> tuple[str, str]:
        return self.scores[self.group].shape

    @property
    def parts(self) -> tuple[Polynomial, ...]:
        return tuple(self.scores.values())

    def mapped(self, change: Change) -> Polynomial:
        changed = {group: change(one) for group, one in self.scores.items()}
        return normalised(self.kind, changed)[self.group]

    def at(self, numbers: Mapping[str, Rational]) -> Polynomial:
        return self.mapped(lambda part: part.at(numbers))


def _letter(content: Applied | Masked | Normalised) -> Polynomial:
    """The letter of what is not linear, the same one for equal contents."""
    field: Field = content.parts[0].field
    field.budget.spend(10)
    kind = _spoken(content)
    number = field.serial((type(content).__name__, content.key))
    rows, columns = content.shape
    symmetric = isinstance(content, Applied) and rows == columns and _is_symmetric(content.argument)
    letter = Letter(f"{kind}~{number}", rows, columns, symmetric, False, content)
    return Polynomial.letter(field, letter)


def _spoken(content: Applied | Masked | Normalised) -> str:
    """What a message calls it."""
    match content:
        case Applied(function=name) | Masked(mask=name) | Normalised(kind=name):
            return name


def _is_symmetric(value: Polynomial) -> bool:
    return value.equals(value.transpose())
