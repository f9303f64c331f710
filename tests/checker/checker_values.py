"""Random values with functions of entries, each with an evaluation that knows nothing of words."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

from checker_matrices import Matrix, World, added, full, multiplied, product, turned

from weightsmith.checker.algebra.piecewise import Piecewise, PiecewiseSum
from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.semantics.entries import apply, multiply_entries
from weightsmith.dsl import parse_scalar

F = Fraction
FIELD = Field(("a", "b"), budget=Budget(10**9))
SIZES = {"d": 2, "n": 3}
LETTERS = {
    "A": Letter("A", "d", "d", symmetric=True),
    "X": Letter("X", "d", "d"),
    "B": Letter("B", "d", "n"),
    "v": Letter("v", "1", "n"),
    "u": Letter("u", "d", "1"),
    "s": Letter("s", "1", "1"),
}
NUMBERS = [F(-2), F(-1), F(-1, 2), F(1, 3), F(1), F(3)]
SCALARS = ["a", "b", "a*b", "-a", "a - b", "1", "-1/2", "2*a", "1/a"]


def letter(name: str) -> Polynomial:
    return Polynomial.letter(FIELD, LETTERS[name])


def read(text: str) -> Rational:
    return FIELD.read(parse_scalar(text))


def function(constant: str, slope: str, *breakpoints: tuple[str, str]) -> Piecewise:
    total = PiecewiseSum(FIELD)
    total.add_line(read(constant), read(slope))
    for place, change in breakpoints:
        total.add_relu(F(1), -read(place), read(change))
    return total.result()


RELU = function("0", "0", ("0", "1"))
Pair = tuple[Polynomial, Callable[[World], Matrix]]


class Grower:
    """Random values, each with an evaluation that knows nothing of words."""

    def __init__(self, seed: int, *, symbols: bool) -> None:
        self.source = random.Random(seed)
        self.symbols = symbols

    def scalar(self) -> Rational:
        if self.symbols and self.source.random() < 0.5:
            return read(self.source.choice(SCALARS))
        return FIELD.number(self.source.choice(NUMBERS))

    def piecewise(self) -> Piecewise:
        total = PiecewiseSum(FIELD)
        total.add_line(self.scalar(), self.source.choice([self.scalar(), FIELD.zero]))
        for _ in range(self.source.choice([0, 1, 2, 7])):
            total.add_relu(abs(self.source.choice(NUMBERS)), self.scalar(), self.scalar())
        return total.result()

    def value(self, rows: str, columns: str, depth: int) -> Pair:
        kinds = ["sum", "scale", "map", "map", "times", "turn", "product", "ones", "repeat"]
        kind = self.source.choice(kinds) if depth else "leaf"
        if kind == "sum":
            (p, f), (q, g) = (self.value(rows, columns, depth - 1) for _ in range(2))
            return p + q, lambda w: added(f(w), g(w))
        if kind == "scale":
            c, (p, f) = self.scalar(), self.value(rows, columns, depth - 1)
            zero = full(SIZES.get(rows, 1), SIZES.get(columns, 1))
            return p.scaled(c), lambda w: added(zero, f(w), FIELD.evaluate(c, w.bindings))
        if kind == "map":
            h, (p, f) = self.piecewise(), self.value(rows, columns, depth - 1)
            return apply(h, p), lambda w: [[w.function(h, t) for t in row] for row in f(w)]
        if kind == "times":
            (p, f), (q, g) = (self.value(rows, columns, depth - 1) for _ in range(2))
            try:
                return multiply_entries(p, q), lambda w: multiplied(f(w), g(w))
            except RefusedError:
                return p, f
        if kind == "turn":
            p, f = self.value(columns, rows, depth - 1)
            return p.transpose(), lambda w: turned(f(w))
        if kind == "product":
            middle = self.source.choice(["d", "n", "1"])
            (p, f), (q, g) = (
                self.value(rows, middle, depth - 1),
                self.value(middle, columns, depth - 1),
            )
            return p @ q, lambda w: product(f(w), g(w))
        if kind == "repeat":
            p, f = self.value("1", columns, depth - 1)
            return Polynomial.ones(FIELD, rows, "1") @ p, lambda w: product(
                full(w.sizes[rows], 1, 1), f(w)
            )
        return self.leaf(rows, columns, ones=kind == "ones")

    def leaf(self, rows: str, columns: str, *, ones: bool) -> Pair:
        fitting = [
            one
            for plain in LETTERS.values()
            for one in (plain, plain.transpose())
            if (one.rows, one.columns) == (rows, columns)
        ]
        if ones or not fitting:
            p = Polynomial.ones(FIELD, rows, columns)
            return p, lambda w: full(w.sizes[rows], w.sizes[columns], 1)
        one = self.source.choice(fitting)
        plain = one.plain()
        return Polynomial.letter(
            FIELD, one
        ), lambda w: turned(w.matrix(plain)) if one.transposed else w.matrix(plain)


def world(seed: int) -> World:
    return World(SIZES, {"a": F(7, 3), "b": F(-5, 4)}, seed)
