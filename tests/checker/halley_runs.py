"""Scripts with an inexact inner solve, and the same in 100 digits on matrices of random spectra."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from checker_steps import assumption
from claims_by_hand import followed
from mpmath import mp, mpf  # type: ignore[import-untyped]

from weightsmith.checker.rules import find
from weightsmith.checker.spectra.following import Truncation
from weightsmith.dsl import Source, check

Json = dict[str, Any]
Matrix = Any  # of mpmath, which has no types
Solve = Callable[[Matrix], Matrix]
DIGITS = 100
RECTANGULAR = "algorithm f(A: [m, n])\nassume singular_values(A) in [{low}, {high}]\n"
SYMMETRIC = "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [{low}, {high}]\n"
BOTH = (
    "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [-{high}, -{low}] or [{low}, {high}]\n"
)
NUMBERS = "param steps = {steps}, inner = {inner}, c = {c}\n"
LOOPS = """X = {first}
repeat steps:
    G = c*{start}
    repeat inner:
        G = {inner}
    X = {outer}
return {value} approximates {target}
"""
GOOD = """algorithm f(A: [m, n])
assume singular_values(A) in [1/10, 1]
param c = 3
X = A
repeat 3:
    G = 1/4*I
    repeat 3:
        G = 2*G - G*(I + 3*X'*X)*G
    X = X*(3*I + X'*X)*G
return X approximates polar(A)
"""
NEWTON = "2*G - G*({})*G"


@dataclass(frozen=True)
class Family:
    """A script, and one of its outer passes in terms of ``solve``, which runs the inner loop.

    ``word`` is that of the operator, ``left`` what stands left of its functions in X (and in G).
    """

    head: str
    body: str
    word: tuple[str, ...]
    left: tuple[str, ...]
    first: Callable[[Matrix], Matrix]
    after: Callable[[Matrix, Matrix, Solve], Matrix]
    matrix: Callable[[Matrix, Matrix], Matrix]
    target: Callable[[Matrix, Matrix, Matrix], Matrix]  # of U, s, V with A = U·s·V'
    order: int = 2
    start_left: tuple[str, ...] = ()
    residual: bool = False

    def script(self, **numbers: object) -> str:
        return (self.head + NUMBERS + self.body).format(**numbers)

    def steps(self) -> list[Json]:
        inner = {"G#1": [form(self.start_left, "G")]}
        inner |= {"R#1": [form((), "R")]} if self.residual else {}
        outer = {"rule": "loop", "loop": 0, "forms": {"X#0": [form(self.left, "X")]}}
        return [outer, {"rule": "loop", "loop": 1, "forms": inner}]


def form(left: tuple[str, ...], scalar: str) -> Json:
    return {"left": list(left), "scalar": scalar, "right": []}


def loops(first: str, matrix: str, outer: str, value: str, target: str, start: str = "I") -> str:
    inner = NEWTON.format(matrix)
    return LOOPS.format(
        first=first, start=start, inner=inner, outer=outer, value=value, target=target
    )


POLAR = {
    "head": RECTANGULAR,
    "word": ("A'", "A"),
    "left": ("A",),
    "first": lambda a: a,
    "matrix": lambda a, x: mp.eye(a.cols) + 3 * x.T * x,
    "target": lambda u, s, v: u * v.T,
}
SIGN = {
    "head": BOTH,
    "word": ("A", "A"),
    "left": ("A",),
    "first": lambda a: a,
    "matrix": lambda a, x: mp.eye(a.rows) + 3 * x * x,
    "target": lambda u, s, v: u * s.apply(mp.sign) * u.T,
}


def halley(x: Matrix, g: Matrix) -> Matrix:
    return x * (3 * mp.eye(x.cols) + x.T * x) * g


FAMILIES: dict[str, Family] = {
    "polar": Family(
        body=loops("A", "I + 3*X'*X", "X*(3*I + X'*X)*G", "X", "polar(A)"),
        after=lambda a, x, solve: halley(x, solve(x)),
        **POLAR,
    ),
    "partial fractions": Family(
        body=loops("A", "I + 3*X'*X", "X/3 + 8/3*X*G", "X", "polar(A)"),
        after=lambda a, x, solve: x / 3 + 8 * x * solve(x) / 3,
        **POLAR,
    ),
    "with the residual": Family(
        body=LOOPS.format(
            first="A",
            start="I\n    R = (1 - c)*I - 3*c*X'*X",
            inner="G\n        G, R = G + G*R, R*R",
            outer="X*(3*I + X'*X)*G",
            value="X",
            target="polar(A)",
        ),
        after=lambda a, x, solve: halley(x, solve(x)),
        residual=True,
        **POLAR,
    ),
    "sign": Family(
        body=loops("A", "I + 3*X*X", "G*(3*X + X*X*X)", "X", "sign(A)"),
        after=lambda a, x, solve: halley(x, solve(x)),
        **SIGN,
    ),
    "Newton's sign": Family(
        body=loops("A", "X", "(X + G)/2", "X", "sign(A)", start="X"),
        after=lambda a, x, solve: (x + solve(x)) / 2,
        start_left=("A",),
        **SIGN | {"matrix": lambda a, x: x},
    ),
    "inverse root": Family(
        head=SYMMETRIC,
        body=loops("I", "I + 3*X*A*X", "X*(3*I + X*A*X)*G", "X", "invsqrt(A)"),
        word=("A",),
        left=(),
        first=lambda a: mp.eye(a.rows),
        after=lambda a, x, solve: x * (3 * mp.eye(a.rows) + x * a * x) * solve(x),
        matrix=lambda a, x: mp.eye(a.rows) + 3 * x * a * x,
        target=lambda u, s, v: u * s.apply(lambda x: 1 / mp.sqrt(x) if x else x) * u.T,
    ),
    "inverse": Family(
        head=SYMMETRIC,
        body=LOOPS.format(
            first="I",
            start="I",
            inner="3*G - 3*G*(I + A*X)*G + G*(I + A*X)*G*(I + A*X)*G",
            outer="2*X*G",
            value="X",
            target="inv(A)",
        ),
        word=("A",),
        left=(),
        first=lambda a: mp.eye(a.rows),
        after=lambda a, x, solve: 2 * x * solve(x),
        matrix=lambda a, x: mp.eye(a.rows) + a * x,
        target=lambda u, s, v: u * s.apply(lambda x: 1 / x if x else x) * u.T,
        order=3,
    ),
}


@dataclass(frozen=True)
class Instance:
    """Numbers for a family."""

    low: Fraction
    high: Fraction
    steps: int
    inner: int
    c: Fraction

    def numbers(self) -> dict[str, object]:
        return {
            "low": self.low,
            "high": self.high,
            "steps": self.steps,
            "inner": self.inner,
            "c": self.c,
        }


def proven(family: Family, one: Instance) -> Truncation:
    """The bound of the rule.  Raises RefusedError."""
    program = check(Source("script.alg", family.script(**one.numbers())))
    bindings = {"steps": Fraction(one.steps), "inner": Fraction(one.inner), "c": one.c}
    first = assumption(*family.word)
    found = followed(program, bindings, "X", first, family.steps())
    return found.bounded(find("halley"), {})


def random_instance(chance: random.Random) -> Instance:
    low = Fraction(chance.randint(1, 9), 10)
    high = low + Fraction(chance.randint(0, 6), 10)
    c = chance.choice([Fraction(1, 4), Fraction(1, 3), Fraction(chance.randint(1, 9), 20)])
    return Instance(low, high, chance.randint(0, 3), chance.randint(0, 5), c)


def inner_solve(family: Family, a: Matrix, one: Instance) -> Solve:
    """The inner loop on matrices."""
    c = mpf(one.c.numerator) / one.c.denominator

    def solve(x: Matrix) -> Matrix:
        m = family.matrix(a, x)
        g = c * x if family.start_left else c * mp.eye(m.rows)
        for _ in range(one.inner):
            r = mp.eye(m.rows) - g * m
            g = g + r * g if family.order == 2 else g + r * g + r * r * g
        return g

    return solve


def value_on(family: Family, a: Matrix, one: Instance) -> Matrix:
    x, solve = family.first(a), inner_solve(family, a, one)
    for _ in range(one.steps):
        x = family.after(a, x, solve)
    return x


def rotations(chance: random.Random, size: int) -> Matrix:
    """An orthogonal matrix of rational cosines."""
    q = mp.eye(size)
    for i in range(size):
        for j in range(i):
            t = mpf(chance.randint(-9, 9)) / 7
            turn = mp.eye(size)
            turn[i, i] = turn[j, j] = (1 - t * t) / (1 + t * t)
            turn[i, j], turn[j, i] = 2 * t / (1 + t * t), -2 * t / (1 + t * t)
            q = q * turn
    return q


def draw(chance: random.Random, family: Family, one: Instance) -> tuple[Matrix, Matrix]:
    """A matrix that meets the hypothesis, and its target: the ends, clusters, values between."""
    low, high = (mpf(x.numerator) / x.denominator for x in (one.low, one.high))
    near = low + (high - low) * mpf(10) ** -30
    size = chance.randint(1, 3)
    pool = [low, high, near, high - (near - low), low + (high - low) * mpf(chance.random())]
    values = [chance.choice(pool) for _ in range(size)]
    if family.head is BOTH:
        values = [chance.choice((-1, 1)) * value for value in values]
    if family.head is not RECTANGULAR:
        u = rotations(chance, size)
        s = mp.diag(values)
        return u * s * u.T, family.target(u, s, u)
    rows, columns = chance.sample([size, size + chance.randint(0, 2)], 2)
    u = rotations(chance, rows)[:, :size]
    v = rotations(chance, columns)[:, :size]
    s = mp.diag(values)
    return u * s * v.T, family.target(u, s, v)


def norm(value: Matrix) -> Any:
    """The 2-norm; a matrix that is 0 but for the last digits is left to the Frobenius norm."""
    size = mp.mnorm(value, "f")
    if size < mpf(10) ** (10 - DIGITS):
        return size
    scaled = value / size
    return size * mp.sqrt(max(mp.eigsy(scaled.T * scaled, eigvals_only=True)))
