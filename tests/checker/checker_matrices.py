"""Values of polynomials with functions of entries, by brute force on exact matrices."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise

from weightsmith.checker.algebra.piecewise import Piecewise
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.semantics.entries import Multiplied, PiecewiseContent

Matrix = list[list[Fraction]]


def product(left: Matrix, right: Matrix) -> Matrix:
    columns = list(zip(*right, strict=True))
    return [
        [sum((a * b for a, b in zip(row, c, strict=True)), Fraction(0)) for c in columns]
        for row in left
    ]


def turned(matrix: Matrix) -> Matrix:
    return [list(row) for row in zip(*matrix, strict=True)]


def added(left: Matrix, right: Matrix, factor: Fraction = Fraction(1)) -> Matrix:
    return [
        [a + factor * b for a, b in zip(x, y, strict=True)]
        for x, y in zip(left, right, strict=True)
    ]


def multiplied(left: Matrix, right: Matrix) -> Matrix:
    return [[a * b for a, b in zip(x, y, strict=True)] for x, y in zip(left, right, strict=True)]


def full(rows: int, columns: int, value: int = 0) -> Matrix:
    return [[Fraction(value)] * columns for _ in range(rows)]


class World:
    """Sizes of axes, numbers for symbols, a matrix for every letter."""

    def __init__(self, sizes: dict[str, int], bindings: dict[str, Fraction], seed: int) -> None:
        self.sizes = {**sizes, "1": 1}
        self.bindings = bindings
        self.seed = seed
        self.given: dict[str, Matrix] = {}

    def matrix(self, letter: Letter) -> Matrix:
        """Of a letter without its transposition."""
        rows, columns = self.sizes[letter.rows], self.sizes[letter.columns]
        if letter.name.startswith("1["):
            return full(rows, columns, 1)
        if isinstance(letter.content, PiecewiseContent):
            return self._piecewise(letter.content)
        if isinstance(letter.content, Multiplied):
            return multiplied(self.value(letter.content.left), self.value(letter.content.right))
        if letter.name not in self.given:
            source = random.Random(f"{letter.name}{self.seed}")
            entries = [
                [Fraction(source.randint(-6, 6), source.randint(1, 3)) for _ in range(columns)]
                for _ in range(rows)
            ]
            if letter.symmetric:
                entries = [
                    [entries[min(i, j)][max(i, j)] for j in range(columns)] for i in range(rows)
                ]
            self.given[letter.name] = entries
        return self.given[letter.name]

    def _piecewise(self, content: PiecewiseContent) -> Matrix:
        argument, field = self.value(content.argument), content.argument.field
        total = full(len(argument), len(argument[0]))
        for place, change in content.breakpoints:
            at, factor = (field.evaluate(part, self.bindings) for part in (place, change))
            piecewise = [
                [factor * max(entry - at, Fraction(0)) for entry in row] for row in argument
            ]
            total = added(total, piecewise)
        return total

    def value(self, polynomial: Polynomial) -> Matrix:
        rows, columns = (self.sizes[axis] for axis in polynomial.shape)
        total = full(rows, columns)
        for word, coefficient in polynomial.terms.items():
            one = [[Fraction(i == j) for j in range(rows)] for i in range(rows)]
            for letter in word:
                matrix = self.matrix(letter.plain())
                assert letter.symmetric is False or matrix == turned(matrix), letter
                one = product(one, turned(matrix) if letter.transposed else matrix)
            total = added(total, one, polynomial.field.evaluate(coefficient, self.bindings))
        return total

    def function(self, function: Piecewise, t: Fraction) -> Fraction:
        numbers = [function.constant, function.slope]
        field = function.slope.field
        constant, slope = (field.evaluate(number, self.bindings) for number in numbers)
        total = constant + slope * t
        for place, change in function.breakpoints.values():
            at, factor = (field.evaluate(part, self.bindings) for part in (place, change))
            total += factor * max(t - at, Fraction(0))
        return total


def table_value(knots: list[tuple[Fraction, Fraction]], t: Fraction) -> Fraction:
    """Linear between the knots, constant outside."""
    if t <= knots[0][0]:
        return knots[0][1]
    for (x0, y0), (x1, y1) in pairwise(knots):
        if t <= x1:
            return y0 + (y1 - y0) / (x1 - x0) * (t - x0)
    return knots[-1][1]
