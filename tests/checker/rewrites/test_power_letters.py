"""Lⁿ, Rⁿ, S_n, s_n, Aⁱ and Bʲ are what their names say: modulo a prime, on random loops."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from functools import reduce
from itertools import product
from typing import TypeVar

import numpy as np
import pytest

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.rational_text import polynomial_text
from weightsmith.checker.algebra.words import Letter, Polynomial
from weightsmith.checker.rewrites.affine_loop import AffineLoop, read_affine_loop, variable_of
from weightsmith.checker.rewrites.affine_powers import AffinePowers, Materialised
from weightsmith.checker.rewrites.newton_loop import read_newton_loop
from weightsmith.checker.rewrites.two_sided import TwoSidedPowers, read_two_sided
from weightsmith.checker.semantics.meaning import Loop, read_meaning
from weightsmith.checker.semantics.schedules import scheduled_names
from weightsmith.dsl import Source, check

Matrix = np.ndarray[tuple[int, ...], np.dtype[np.object_]]
Vector = dict[str, Matrix]
Key = TypeVar("Key")
PRIME = 1_000_003
LETTER = r"(left|right|sum|value)\^(\d+)(?: from (\d+))?(?:\[(.*)\])?"
HEAD = "algorithm letters({})\n"
MATRICES = ("A: symmetric[d, d]", "B: [d, d]", "D: [d, e]", "K: [e, e]", "G: [d, n]", "T: [n, n]")
MATRICES += ("x: [d] per token", "y: [d] per context")
SQUARE = ["A", "B", "(B')", "(D*D')", "(B + B')", "(G*G')", "(A - 1/3*B)", "(2*I)"]
ONE_SIDE = [
    "X = A\nrepeat 2:\n    X = P*X*P' + Q + Q'\nreturn X\n",
    "X = Q\nrepeat 2:\n    X = P*X*Q + A\nreturn X\n",
    "X = A\nrepeat 2:\n    X = A*X*A + P + P'\nreturn X\n",
    "X, Y = P, Q\nrepeat 2:\n    X, Y = P*X + Q*Y, Q'*X + A*Y + P\nreturn X, Y\n",
    "X, Y = P, Q\nrepeat 2:\n    X, Y = A*X + Q*Y, Q'*X + A*Y + P\nreturn X, Y\n",
    "X, Y, Z = G, 0*G, G\nrepeat 2:\n    X, Y, Z = Y*T, P*Z*T + G, 2*Z*T\nreturn X, Y\n",
    "X, Y = D, D'*G\nrepeat 2:\n    X, Y = D*K*D'*X, D'*Q*X\nreturn X, Y\n".replace("= D,", "= G,"),
    "X, Y = x, y\nrepeat 2:\n    X, Y = P*X + A*x, Q*X + B*Y\nreturn Y\n",
]
FOR = [
    "X = G\nfor p in 1/2, 2, -2, 1/3, 3, 5:\n    X = p*P*X + Q*X + 1/(1 + p)*G\nreturn X\n",
    "X, Y = G, 0*G\nfor p, q in (1, 2), (0, 1), (3, -1), (2, 0), (1/2, 1), (1, 4):\n"
    "    X, Y = P*X + p*q*Y, p*A*X + Y + q*G\nreturn X, Y\n",
    "X, Y = G, G\nfor p in 1, 2, 3, 4, 5, 6:\n    X, Y = p*X + Y, Y\nreturn X, Y\n",
]
TWO_SIDED = [
    "X = D\nrepeat 2:\n    X = P*X + X*K + Q*D\nreturn X\n",
    "X = Q\nrepeat 2:\n    X = X - 1/8*(B*X + X*B' - A)\nreturn X\n",
    "X = D\nrepeat 2:\n    X = 1/2*X + 3*P*X*K + D\nreturn X\n",
    "X = D\nrepeat 2:\n    X = 2*X + 1/2*B*X - X*K + 3*B*X*K\nreturn X\n",
]


class Values:
    """Evaluates polynomials, each letter a matrix modulo the prime."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._sizes = {"d": 3, "e": 2, "n": 2, "context": 3, "query": 1, "1": 1}
        self._inputs: Vector = {}

    def input(self, letter: Letter) -> Matrix:
        plain = letter.plain()
        if plain.name not in self._inputs:
            rows, columns = self._sizes[plain.rows], self._sizes[plain.columns]
            entries = [self._random.randrange(PRIME) for _ in range(rows * columns)]
            found = np.array(entries, dtype=object).reshape(rows, columns)
            self._inputs[plain.name] = found + found.T if plain.symmetric else found
        return self._inputs[plain.name]

    def of(self, polynomial: Polynomial, letters: Callable[[Letter], Matrix]) -> Matrix:
        rows, columns = (self._sizes[axis] for axis in polynomial.shape)
        total: Matrix = np.zeros((rows, columns), dtype=object)
        for word, number in polynomial.terms.items():
            fraction = polynomial.field.evaluate(number, {})
            factor = fraction.numerator * pow(fraction.denominator, -1, PRIME)
            parts = [np.eye(rows, dtype=int).astype(object)]
            parts += [self._letter(letter, letters) for letter in word]
            total = (total + factor * reduce(lambda a, b: a @ b % PRIME, parts)) % PRIME
        return total

    def _letter(self, letter: Letter, letters: Callable[[Letter], Matrix]) -> Matrix:
        found = letters(letter)
        if letter.symmetric:
            assert same(found, found.T), f"{letter.name} is not symmetric"
        return found.T if letter.transposed else found


def same(left: Matrix, right: Matrix) -> bool:
    return left.shape == right.shape and not ((left - right) % PRIME).any()


class Truth:
    """What each letter is, from the step of the loop alone; ``first`` is the pass from which."""

    def __init__(self, loop: AffineLoop, values: Values) -> None:
        self.loop, self.values = loop, values
        self.constants, self.start = self._passes(loop.constant), self._numbers(loop.start)
        self._lefts = self._passes(loop.left)

    def _passes(self, polynomials: Mapping[Key, Polynomial]) -> list[dict[Key, Matrix]]:
        """In each pass."""
        numbers = self.loop.passes or [{}]
        every = [{key: one.at(now) for key, one in polynomials.items()} for now in numbers]
        return [{key: self.number(one) for key, one in now.items()} for now in every]

    def number(self, polynomial: Polynomial) -> Matrix:
        return self.values.of(polynomial, self.values.input)

    def _numbers(self, polynomials: Mapping[str, Polynomial]) -> Vector:
        return {name: self.number(one) for name, one in polynomials.items()}

    def moved(self, vector: Vector, count: int, first: int = 0) -> Vector:
        """L^count · vector · R^count."""
        for number in range(first, first + count):
            left = self._lefts[number % len(self._lefts)]
            after = {name: 0 * one for name, one in vector.items()}
            for (name, letter), other in product(self.loop.letters.items(), vector):
                entry = variable_of(name), variable_of(other)
                if entry in left and self.loop.letters[other].columns == letter.columns:
                    right = self.number(self.loop.right_of(letter.columns))
                    after[name] = (after[name] + left[entry] @ vector[other] @ right) % PRIME
            vector = after
        return vector

    def sums(self, count: int, first: int = 0) -> Vector:
        total = {name: 0 * one for name, one in self.constants[0].items()}
        for number in range(first, first + count):
            constant = self.constants[number % len(self.constants)]
            moved = self.moved(constant, first + count - 1 - number, number + 1)
            total = {name: (one + moved[name]) % PRIME for name, one in total.items()}
        return total

    def after(self, count: int) -> Vector:
        moved, total = self.moved(self.start, count), self.sums(count)
        return {name: (one + total[name]) % PRIME for name, one in moved.items()}

    def left(self, count: int, row: str, column: str, first: int = 0) -> Matrix:
        rows = self.loop.rows
        field = next(iter(self.loop.start.values())).field
        power = {(i, i): self.number(Polynomial.identity(field, rows[i])) for i in rows}
        for number in range(first, first + count):
            left = self._lefts[number % len(self._lefts)]
            after: dict[tuple[str, str], Matrix] = {}
            for (i, k), (other, j) in product(left, power):
                if k == other:
                    term = left[i, k] @ power[k, j]
                    after[i, j] = (after.get((i, j), 0 * term) + term) % PRIME
            power = after
        zero = self.number(Polynomial.zero(field, rows[row], rows[column]))
        return power.get((row, column), zero)

    def right(self, count: int, columns: str) -> Matrix:
        step = self.number(self.loop.right_of(columns))
        unit = np.eye(len(step), dtype=int).astype(object)
        return reduce(lambda a, b: a @ b % PRIME, [step] * count, unit)

    def held(self, what: Materialised, name: str) -> Matrix:
        """What a block holds, for the letter called ``name``."""
        count = sum(what.counts)
        if what.kind == "left":
            return self.left(count, what.row, what.column, what.first)
        if what.kind == "right":
            return self.right(count, self.loop.letters[name].columns)
        return (self.sums(count, what.first) if what.kind == "sum" else self.after(count))[name]

    def letter(self, letter: Letter) -> Matrix:
        named = re.fullmatch(LETTER, letter.name)
        if named is None:
            return self.values.input(letter)
        kind, count, first, of = named[1], int(named[2]), int(named[3] or 0), named[4]
        if kind == "left":
            return self.left(count, *of.split(","), first)
        if kind == "right":
            return self.right(count, letter.rows)
        return self.sums(count, first)[of] if kind == "sum" else self.after(count)[of]


def read(script: str) -> Loop:
    used = [one for one in MATRICES if re.search(rf"\b{one[0]}\b", script)]
    program = check(Source("script.alg", HEAD.format(", ".join(used)) + script))
    (loop,) = read_meaning(program, Field((), sorted(scheduled_names(program))), {}).loops
    return loop


def iterated(loop: Loop, values: Values, count: int) -> Vector:
    """The loop's letters after so many passes."""
    found = {name: values.of(one, values.input) for name, one in loop.entering.items()}
    field = next(iter(loop.leaving.values())).field
    for at in range(count):
        numbers = {name: field.read(one[at]) for name, one in loop.schedule.items()}
        now = dict(found)

        def letters(one: Letter, now: Vector = now) -> Matrix:
            return now[one.name] if one.name in now else values.input(one)

        found = {name: values.of(one.at(numbers), letters) for name, one in loop.leaving.items()}
    return found


def check_letters(powers: AffinePowers, truth: Truth, choose: random.Random, sums: bool) -> None:
    loop = powers.loop
    for _ in range(12):
        most = 2 if loop.passes else 3
        counts = tuple(choose.randint(0, most) for _ in range(choose.randint(1, 3)))
        name, letter = choose.choice(list(loop.letters.items()))
        row, column = (choose.choice(list(loop.rows)) for _ in range(2))
        kind = choose.choice(["left", "right", "sum", "value"] if sums else ["left", "right"])
        of = (row, column) if kind == "left" else (variable_of(name), "")
        here = len(loop.passes) and kind in ("left", "sum")
        first = choose.randint(0, len(loop.passes) - sum(counts)) if here else 0
        what = Materialised(kind, *of, False, counts, 0, first)
        wanted = truth.held(what, name)
        for found in (powers.held(what, letter), powers.expanded(what, letter)):
            assert same(truth.values.of(found, truth.letter), wanted), (what, str(found))


def filled(script: str, choose: random.Random, words: list[str]) -> str:
    return script.replace("P", choose.choice(words)).replace("Q", choose.choice(words))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("script", [*ONE_SIDE, *FOR])
def test_letters_of_one_side(script: str, seed: int) -> None:
    choose, values = random.Random(seed), Values(seed)
    loop = read(filled(script, choose, SQUARE))
    affine = read_affine_loop(loop, ())
    truth, powers = Truth(affine, values), AffinePowers(affine)
    for name, value in iterated(loop, values, 5).items():
        assert same(truth.after(5)[name], value)
        assert same(values.of(powers.expanded_values((2, 0, 3))[name], truth.letter), value)
    check_letters(powers, truth, choose, sums=True)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("script", TWO_SIDED)
def test_letters_of_both_sides(script: str, seed: int) -> None:
    choose, values = random.Random(seed), Values(seed)
    loop = read(filled(script, choose, SQUARE[:-1]))
    two = read_two_sided(loop, ())
    truth, powers = Truth(two.loop, values), TwoSidedPowers(two)
    (name,) = loop.letters
    for count in (0, 1, 4):
        found = values.of(powers.expanded_values((count,))[name], truth.letter)
        assert same(found, iterated(loop, values, count)[name])
    check_letters(powers, truth, choose, sums=False)


@pytest.mark.parametrize("exponent", [2, 3, 4, 5])
@pytest.mark.parametrize("start", ["D'", "2*D'*P", "K*D' + D'*Q", "I - 1/2*P*Q", "P"])
def test_letters_of_newton(start: str, exponent: int) -> None:
    """Of a rectangular X, A a sum of words; and of repeated powers."""
    choose, values = random.Random(exponent), Values(exponent)
    terms = ["X", *("(I - X*(D + B*D - D*K))*" * k + "X" for k in range(1, exponent))]
    step = " + ".join(terms) if "D'" in start else "*".join(["X"] * exponent)
    loop = read(filled(f"X = {start}\nrepeat 2:\n    X = {step}\nreturn X\n", choose, SQUARE))
    affine = read_newton_loop(loop, exponent)
    truth, powers = Truth(affine, values), AffinePowers(affine)
    (name,) = loop.letters
    for passes in (0, 1, 2):
        wanted, count = iterated(loop, values, passes)[name], exponent**passes
        assert same(truth.after(count)[name], wanted)
        found = values.of(powers.expanded_values((count - 1, 1))[name], truth.letter)
        assert same(found, wanted)
    check_letters(powers, truth, choose, sums=True)


@pytest.mark.parametrize("terms", ["A*D*K + 3*B*D*K", "3*B*D*K + A*D*K"])
def test_the_right_factor_is_that_of_the_first_word(terms: str) -> None:
    """A*s*K + 3*B*s*K is (A + 3*B)*s*K: of what is on the right, K itself, no multiple of it."""
    loop = read(f"X = D\nrepeat 2:\n    X = {terms.replace('D', 'X')} + D\nreturn X\n")
    two = read_two_sided(loop, ())
    (left,) = two.loop.left.values()
    right = two.loop.right_of("e")
    assert [polynomial_text(one) for one in (left, right)] == ["A + 3*B", "K"]
    assert (two.alpha, two.delta) == (0, 1)
