"""Functions of the entries of a value, as letters of the free algebra, in one form each.

A value is written left · (scale·q + offset·ones) · right, or the transpose of that: left and right
are ones that repeat a row or a column, q has no constant part, and its leading coefficient is free
of numeric factors.  f of it is then left · (constant·ones + slope·q + rest) · right, and the rest,
Σ change·relu(q − place), is a sum of letters: one a breakpoint if there are few, else one for all
of them, divided by the first change.  Equal rests of equal q are the same letter.  A function of a
value that is itself such a function of one q, all with numbers, is a function of q.  A product of
entries is bilinear: it has a letter for each unordered pair of words.  All equalities used hold for
all real entries, of every size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import flint

from weightsmith.checker.algebra.composition import Breakpoints, NumericPiecewise, composed
from weightsmith.checker.algebra.piecewise import (
    Breakpoint,
    Piecewise,
    PiecewiseSum,
    leading_number,
    moved,
)
from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import (
    Letter,
    Polynomial,
    PolynomialKey,
    Word,
    letters_key,
    ones_word,
    polynomial_key,
    transpose_word,
    word_key,
)
from weightsmith.checker.reading.refusal import RefusedError, require

FEW = 4  # so many breakpoints have a letter each, that sums of functions may meet


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """left · (scale·argument + offset·ones) · right; the middle transposed if ``transposed``."""

    argument: Polynomial
    scale: Fraction
    offset: Rational
    left: Word
    right: Word
    transposed: bool

    @property
    def key(self) -> PolynomialKey:
        """Equal for values that differ in scale and offset only."""
        left, right = letters_key(self.left), letters_key(self.right)
        return (left, right, self.transposed, polynomial_key(self.argument))


@dataclass(frozen=True, slots=True, eq=False)
class PiecewiseContent:
    """Σ change·relu(argument − place): what a letter of a function stands for."""

    argument: Polynomial
    breakpoints: tuple[Breakpoint, ...]
    names: frozenset[str]

    @property
    def parts(self) -> tuple[Polynomial, ...]:
        return (self.argument,)

    @property
    def scalars(self) -> tuple[Rational, ...]:
        return tuple(scalar for point in self.breakpoints for scalar in point)

    def mapped(self, change: Callable[[Polynomial], Polynomial]) -> Polynomial:
        return self._of(change(self.argument), self.breakpoints)

    def at(self, numbers: Mapping[str, Rational]) -> Polynomial:
        put = self.argument.field.substitute
        points = [(put(place, numbers), put(change, numbers)) for place, change in self.breakpoints]
        return self._of(self.argument.at(numbers), points)

    def _of(self, argument: Polynomial, breakpoints: Iterable[Breakpoint]) -> Polynomial:
        direction = direction_of(argument)
        total = PiecewiseSum(argument.field)
        for place, factor in breakpoints:
            total.add_relu(direction.scale, direction.offset - place, factor)
        return apply_to(total.result(), direction)

    def split(self) -> Polynomial:
        """The same with a letter for each breakpoint."""
        field, (rows, columns) = self.argument.field, self.argument.shape
        total = Polynomial.zero(field, rows, columns)
        for place, factor in self.breakpoints:
            total = total + _piecewise_letter(self.argument, ((place, field.one),)).scaled(factor)
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Multiplied:
    """The product, entry by entry, of two words of one shape."""

    left: Polynomial
    right: Polynomial
    names: frozenset[str]
    scalars: ClassVar[tuple[Rational, ...]] = ()

    @property
    def parts(self) -> tuple[Polynomial, ...]:
        return self.left, self.right

    def mapped(self, change: Callable[[Polynomial], Polynomial]) -> Polynomial:
        return multiply_entries(change(self.left), change(self.right))

    def at(self, numbers: Mapping[str, Rational]) -> Polynomial:
        return self.mapped(lambda part: part.at(numbers))


def apply(function: Piecewise, value: Polynomial) -> Polynomial:
    """f of every entry of a value."""
    direction = direction_of(value)
    return apply_to(moved(function, direction.scale, direction.offset), direction)


def apply_to(function: Piecewise, direction: Direction) -> Polynomial:
    """A function of the direction's argument, brought into the place of the value."""
    middle = _applied(function, direction.argument)
    return _framed(middle.transpose() if direction.transposed else middle, direction)


def _applied(function: Piecewise, argument: Polynomial) -> Polynomial:
    """f of every entry of an argument that has the form of a direction's."""
    field, (rows, columns) = argument.field, argument.shape
    middle = Polynomial.ones(field, rows, columns).scaled(function.constant)
    middle = middle + argument.scaled(function.slope)
    breakpoints = function.in_order()
    if argument.is_zero:
        return middle + _of_zero(breakpoints, rows, columns, field)
    inner = _as_function(argument)
    if inner is not None:
        middle = middle + _composed(breakpoints, inner)
        breakpoints = [point for point in breakpoints if point[0].number is None]
    if len(breakpoints) > FEW:
        first, unit = breakpoints[0][1], breakpoints[0][1].inverse()
        divided = tuple((place, change * unit) for place, change in breakpoints)
        return middle + _piecewise_letter(argument, divided).scaled(first)
    for place, change in breakpoints:
        middle = middle + _piecewise_letter(argument, ((place, field.one),)).scaled(change)
    return middle


@dataclass(frozen=True, slots=True, eq=False)
class _Inner:
    """A value that is itself a piecewise-linear function, of ``argument``, with numbers only."""

    argument: Polynomial
    function: NumericPiecewise


def _as_function(value: Polynomial) -> _Inner | None:
    """Write a value as slope·q + Σ change·relu(q − place), if it is that, of one q.

    Its letters are not transposed: a direction is transposed so that they are not.
    """
    found: dict[tuple[object, ...], dict[Word, PiecewiseContent]] = {}
    for word in value.terms:
        content = word[0].content if len(word) == 1 else None
        if isinstance(content, PiecewiseContent) and not word[0].transposed:
            found.setdefault(polynomial_key(content.argument), {})[word] = content
    inner = (_as_function_of(value, found[key]) for key in sorted(found))
    return next(filter(None, inner), None)


def _as_function_of(value: Polynomial, piecewise: Mapping[Word, PiecewiseContent]) -> _Inner | None:
    """The same for the argument that some letters have in common."""
    argument = next(iter(piecewise.values())).argument
    if len(value.terms) - len(piecewise) not in (0, len(argument.terms)):
        return None  # what is left is no multiple of the argument
    value.field.budget.spend(value.length // 4)
    breakpoints: dict[tuple[object, ...], tuple[flint.fmpq, flint.fmpq]] = {}
    for word, content in piecewise.items():
        factor = value.terms[word].number
        for place, change in content.breakpoints:
            at, more = place.number, change.number
            if factor is None or at is None or more is None:
                return None
            _, known = breakpoints.get(place.key, (at, flint.fmpq(0)))
            breakpoints[place.key] = at, known + factor * more
    rest = {word: c for word, c in value.terms.items() if word not in piecewise}
    slope = _multiple(Polynomial(value.field, value.rows, value.columns, rest), argument)
    if slope is None:
        return None
    return _Inner(argument, NumericPiecewise.of(slope, breakpoints.values()))


def _multiple(value: Polynomial, of: Polynomial) -> flint.fmpq | None:
    """The number by which a value is a multiple of another that is not zero."""
    if value.is_zero:
        return flint.fmpq(0)
    word = next(iter(of.terms))
    if word not in value.terms:
        return None
    ratio = value.terms[word] / of.terms[word]
    return ratio.number if value.equals(of.scaled(ratio)) else None


def _composed(breakpoints: Sequence[Breakpoint], inner: _Inner) -> Polynomial:
    """Σ change·relu(inner − place) over the breakpoints whose places are numbers."""
    field = inner.argument.field
    total = PiecewiseSum(field)
    numeric: list[tuple[flint.fmpq, flint.fmpq]] = []
    for place, change in breakpoints:
        at, number = place.number, change.number
        if at is not None and number is not None:
            numeric.append((at, number))
        elif at is not None:
            _add_composed(((at, flint.fmpq(1)),), inner, change, total)
    if numeric:
        _add_composed(tuple(numeric), inner, field.one, total)
    return _applied(total.result(), inner.argument)


def _add_composed(
    breakpoints: Breakpoints, inner: _Inner, factor: Rational, total: PiecewiseSum
) -> None:
    field = inner.argument.field
    outer = NumericPiecewise.of(flint.fmpq(0), breakpoints)
    constant, slope, composite = composed(outer, inner.function, field.budget)
    total.add_line(field.number(constant) * factor, field.number(slope) * factor)
    for place, change in composite:
        bend = field.number(change)
        total.add_breakpoint(field.number(place), bend if factor.is_one else bend * factor)


def _framed(middle: Polynomial, direction: Direction) -> Polynomial:
    for letter in direction.left:
        middle = Polynomial.letter(middle.field, letter) @ middle
    for letter in direction.right:
        middle = middle @ Polynomial.letter(middle.field, letter)
    return middle


def _of_zero(
    breakpoints: Sequence[Breakpoint], rows: str, columns: str, field: Field
) -> Polynomial:
    """Σ change·relu(−place) in every entry: a number, or relu of what holds symbols."""
    constant = field.zero
    symbolic: dict[tuple[object, ...], Breakpoint] = {}
    for place, change in breakpoints:
        number = place.as_number
        if number is not None:
            constant = constant + change * field.number(max(-number, Fraction(0)))
            continue
        size = abs(leading_number(place))
        positive = leading_number(place) < 0  # relu(−place) = size·relu(part), else that of −part
        part = (-place if positive else place) * field.number(1 / size)
        change = change * field.number(size)
        if not positive:
            constant = constant - change * part
        known = symbolic[part.key][1] if part.key in symbolic else field.zero
        symbolic[part.key] = (-part, known + change)
    total = Polynomial.ones(field, rows, columns).scaled(constant)
    zero = Polynomial.zero(field, rows, columns)
    for key in sorted(symbolic):
        place, change = symbolic[key]
        total = total + _piecewise_letter(zero, ((place, field.one),)).scaled(change)
    return total


def direction_of(value: Polynomial) -> Direction:
    """Bring a value into the form of which functions are taken."""
    field = value.field
    constant = ones_word(value.rows, value.columns)
    offset = value.terms.get(constant, field.zero)
    rest = {word: c for word, c in value.terms.items() if word != constant}
    if not rest:
        left, right = ones_word(value.rows, "1"), ones_word("1", value.columns)
        zero = Polynomial.zero(field, "1", "1")
        return Direction(zero, Fraction(1), offset, left, right, False)
    bare, left, right = _stripped(Polynomial(field, value.rows, value.columns, rest))
    scale, argument = _without_numbers(bare)
    other_scale, other = _without_numbers(bare.transpose())
    if polynomial_key(other) < polynomial_key(argument):
        return Direction(other, other_scale, offset, left, right, True)
    return Direction(argument, scale, offset, left, right, False)


def _stripped(value: Polynomial) -> tuple[Polynomial, Word, Word]:
    """Take off ones that every word begins with, or ends with: they repeat a row or a column."""
    field, terms, rows, columns = value.field, value.terms, value.rows, value.columns
    left, right = ones_word(rows, "1"), ones_word("1", columns)
    left = left if left and all(word[:1] == left for word in terms) else ()
    right = right if right and all(word[-1:] == right for word in terms) else ()
    bare = {word[len(left) : len(word) - len(right)]: c for word, c in terms.items()}
    shape = "1" if left else rows, "1" if right else columns
    return Polynomial(field, *shape, bare), left, right


def _without_numbers(value: Polynomial) -> tuple[Fraction, Polynomial]:
    """Divide by the number that the coefficient of the first word holds."""
    first = min(value.terms, key=word_key)
    number = leading_number(value.terms[first])
    return number, value.scaled(value.field.number(1 / number)) if number != 1 else value


def _piecewise_letter(argument: Polynomial, breakpoints: tuple[Breakpoint, ...]) -> Polynomial:
    """The letter of Σ change·relu(argument − place), the same one for equal functions."""
    field = argument.field
    field.budget.spend(10 + 4 * len(breakpoints))
    places = tuple((place.key, change.key) for place, change in breakpoints)
    number = field.serial(("piecewise", places, polynomial_key(argument)))
    content = PiecewiseContent(argument, breakpoints, argument.names())
    symmetric = argument.rows == argument.columns and argument.equals(argument.transpose())
    name = f"relu~{number}" if len(breakpoints) == 1 else f"table~{number}"
    letter = Letter(name, argument.rows, argument.columns, symmetric, False, content)
    return Polynomial.letter(field, letter)


def multiply_entries(left: Polynomial, right: Polynomial) -> Polynomial:
    """The product, entry by entry, of two values of one shape."""
    require(left.shape == right.shape, "A product of entries has factors of two shapes.")
    left.field.check_words(len(left.terms) * len(right.terms), 0)
    total = Polynomial.zero(left.field, left.rows, left.columns)
    for one, first in left.terms.items():
        for two, second in right.terms.items():
            total = total + _pair(one, two, left).scaled(first * second)
    return total


def _pair(one: Word, two: Word, like: Polynomial) -> Polynomial:
    """The product of two words, entry by entry, of the shape of ``like``."""
    field, (rows, columns) = like.field, like.shape
    constant = ones_word(rows, columns)
    if constant in (one, two):
        return Polynomial(field, rows, columns, {two if one == constant else one: field.one})
    straight = tuple(sorted((letters_key(one), letters_key(two))))
    flipped = transpose_word(one), transpose_word(two)
    transposed = tuple(sorted((letters_key(flipped[0]), letters_key(flipped[1]))))
    if (transposed, columns, rows) < (straight, rows, columns):
        return _pair(*flipped, Polynomial.zero(field, columns, rows)).transpose()
    field.budget.spend(10 + len(one) + len(two))
    number = field.serial(("product", straight, rows, columns))
    left, right = (Polynomial(field, rows, columns, {word: field.one}) for word in (one, two))
    content = Multiplied(left, right, left.names() | right.names())
    symmetric = rows == columns and transposed == straight
    letter = Letter(f"product~{number}", rows, columns, symmetric, False, content)
    return Polynomial.letter(field, letter)


def same_values(left: Polynomial, right: Polynomial) -> bool:
    """Equal, if need be after writing every function as a sum of its breakpoints."""
    if left.shape != right.shape or left.equals(right):
        return left.shape == right.shape
    try:
        difference = _without_sums(left - right)
        functions = {letter.name: letter for letter in difference.letters()}
        pieces = {
            name: letter.content.split()
            for name, letter in functions.items()
            if isinstance(letter.content, PiecewiseContent) and len(letter.content.breakpoints) > 1
        }
        return difference.is_zero or (bool(pieces) and _with_pieces(difference, pieces).is_zero)
    except RefusedError:
        return False  # too large to be written out


def _without_sums(value: Polynomial) -> Polynomial:
    """Leave out Σ left·f(q)·right over functions f of one q whose breakpoints add up to none."""
    sums: dict[tuple[object, ...], PiecewiseSum] = {}
    words: dict[tuple[object, ...], list[Word]] = {}
    for word, coefficient in value.terms.items():
        functions = [letter for letter in word if isinstance(letter.content, PiecewiseContent)]
        content = functions[0].content if len(functions) == 1 else None
        if isinstance(content, PiecewiseContent):
            at, whole = word.index(functions[0]), letters_key(word)
            frame = (whole[:at], whole[at + 1 :], functions[0].transposed)
            key = (*frame, polynomial_key(content.argument))
            words.setdefault(key, []).append(word)
            total = sums.setdefault(key, PiecewiseSum(value.field))
            for place, change in content.breakpoints:
                total.add_breakpoint(place, coefficient * change)
    gone = {
        word for key, one in sums.items() if not one.result().breakpoints for word in words[key]
    }
    rest = {word: c for word, c in value.terms.items() if word not in gone}
    return Polynomial(value.field, value.rows, value.columns, rest)


def _with_pieces(value: Polynomial, pieces: dict[str, Polynomial]) -> Polynomial:
    def piece(letter: Letter) -> Polynomial | None:
        one = pieces.get(letter.name)
        return one.transpose() if one is not None and letter.transposed else one

    return value.replaced(piece)
