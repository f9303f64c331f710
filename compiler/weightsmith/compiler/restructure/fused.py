"""Passes X ← p(X), p an odd polynomial: several as one, where the degree allows fewer layers.

Two passes of degree 5 are a polynomial of degree 25, which three layers hold and four are written
for.  With X³ = X·X'·X (one layer) and X⁵ = X·X'·X³, X⁷ = X·(X³)'·X³, X⁹ = X³·(X³)'·X³ (two),

    Σ c_n Xⁿ = Σ_{n ≤ 9} c_n Xⁿ + X⁹·X'·Σ_{n = 11…17} c_n Xⁿ⁻¹⁰ + X⁹·(X⁹)'·Σ_{n = 19…27} c_n Xⁿ⁻¹⁸

is the third, of two heads.  X may be rectangular.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

import flint

from weightsmith.compiler.certify.spectral import NoProofError
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Carried, Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Word
from weightsmith.compiler.restructure.affine_rewrite import WordText, clause_of
from weightsmith.compiler.restructure.linear import number_of
from weightsmith.compiler.restructure.task import Names, Task
from weightsmith.compiler.restructure.write import sum_text
from weightsmith.dsl.scalars import Number, Scalar

LARGEST = 27  # the degree of three layers
MOST_PASSES = 400
Json = dict[str, object]


@dataclass(frozen=True)
class Fused:
    """The new body and its returned expressions; how many passes a pass of each loop is."""

    lines: tuple[str, ...]
    results: tuple[str, ...]
    clause: str
    passes: tuple[int, ...]

    def steps(self) -> list[Json]:
        """Of the claim, without their numbers."""
        return [{"rule": "passes", "passes": list(self.passes)}]


def fused(task: Task) -> Fused:
    """Raises NoProofError, with the reason, where a pass is no odd polynomial of the variable."""
    normal = task.normal
    loop = _loop(normal)
    (carried,) = loop.carried
    count = task.count(loop)
    if not 0 < count <= MOST_PASSES:
        raise NoProofError(f"there are 0, or more than {MOST_PASSES} passes")
    polynomials = _polynomials(normal, loop, carried, count, task.bindings)
    groups = _groups([one.degree() for one in polynomials])
    clause = clause_of(normal)
    text = WordText({carried.letter: carried})
    writer = _Writer(carried.variable, clause, task.taken)
    start = text.start(carried)
    lines = [f"{carried.variable} = {start}{clause}"] if start else []
    passes = []
    done = 0
    for size, run in groupby(_merged(polynomials, groups), key=lambda one: one):
        times = len(list(run))
        lines += writer.loop(times, _composed(size))
        passes.append(len(size))
        done += times
    return Fused(tuple(lines), tuple(map(text.returned, normal.returns)), clause, tuple(passes))


def _loop(normal: NormalProgram) -> Loop:
    if normal.applications:
        raise NoProofError("the program has functions of entries")
    if len(normal.loops) != 1 or normal.loops[0].inner:
        raise NoProofError("the program has not one loop")
    (loop,) = normal.loops
    if len(loop.carried) != 1 or len(loop.carried[0].spaces) != 1:
        raise NoProofError("the loop carries several values")
    return loop


def _polynomials(
    normal: NormalProgram, loop: Loop, carried: Carried, count: int, bindings: dict[str, Fraction]
) -> list[flint.fmpq_poly]:
    """Of every pass, in x."""
    (value,) = carried.next.values()
    rows: list[dict[int, Fraction]] = [{} for _ in range(count)]
    for word, coefficient in value.terms.items():
        degree = _degree(normal, carried, word)
        for row, number in zip(rows, _numbers(loop, coefficient, count, bindings), strict=True):
            row[degree] = number
    found = []
    for row in rows:
        numbers = [row.get(n, Fraction(0)) for n in range(max(row, default=0) + 1)]
        found.append(flint.fmpq_poly([flint.fmpq(x.numerator, x.denominator) for x in numbers]))
    return found


def _degree(normal: NormalProgram, carried: Carried, word: Word) -> int:
    """Of a word X·X'·X·…"""
    symmetric = carried.letter in normal.alphabet.symmetric
    own = all(letter.name == carried.letter for letter in word)
    turns = all(letter.transposed == (at % 2 == 1) for at, letter in enumerate(word))
    if not own or len(word) % 2 == 0 or not (turns or symmetric):
        raise NoProofError("a pass is no odd polynomial of what the loop carries")
    return len(word)


def _numbers(
    loop: Loop, coefficient: Coefficient, count: int, bindings: dict[str, Fraction]
) -> Sequence[Fraction]:
    if not loop.is_constant(coefficient):
        found = loop.values_of(coefficient)
        if len(found) == count:
            return found
    number = number_of(coefficient, bindings)
    if number is None:
        raise NoProofError("a number of the pass has no value")
    return [number] * count


def layers_of_degree(degree: int) -> int:
    """⌈log₃ degree⌉."""
    layers = 0
    while 3**layers < degree:
        layers += 1
    return layers


def _groups(degrees: Sequence[int]) -> list[int]:
    """How many passes to take together, in order, for the fewest layers; then for few passes."""
    best: list[tuple[int, int, list[int]]] = [(0, 0, [])]  # layers, size of the groups, groups
    for end in range(1, len(degrees) + 1):
        options = []
        product = 1
        for begin in range(end - 1, -1, -1):
            product *= max(degrees[begin], 1)
            if product > LARGEST:
                break
            layers, size, groups = best[begin]
            own = end - begin
            options.append((layers + layers_of_degree(product), size + own * own, [*groups, own]))
        if not options:
            raise NoProofError(f"a pass is a polynomial of degree more than {LARGEST}")
        best.append(min(options, key=lambda option: option[:2]))
    return best[-1][2]


def _merged(
    polynomials: Sequence[flint.fmpq_poly], groups: Sequence[int]
) -> list[tuple[flint.fmpq_poly, ...]]:
    found, at = [], 0
    for size in groups:
        found.append(tuple(polynomials[at : at + size]))
        at += size
    return found


def _composed(polynomials: Sequence[flint.fmpq_poly]) -> list[Fraction]:
    """The coefficients of one pass after the other."""
    total = flint.fmpq_poly([0, 1])
    for one in polynomials:
        total = one(total)
    return [Fraction(int(c.p), int(c.q)) for c in total.coeffs()]


class _Writer:
    def __init__(self, variable: str, clause: str, taken: Names) -> None:
        self.clause, self.taken = clause, set(taken) | {variable}
        self.powers = {1: variable}

    def loop(self, times: int, coefficients: Sequence[Fraction]) -> list[str]:
        """``times`` passes of a polynomial."""
        layers = max(layers_of_degree(len(coefficients) - 1), 1)
        numbers = dict(enumerate(coefficients))
        blocks = [["X3"], ["X5", "X7", "X9"]][: layers - 1]
        held = [self._power(int(name[1:])) for block in blocks for name in block]
        body = [f"{name} = {self.powers[1]}" for name in held]
        for block in blocks:
            powers = [int(name[1:]) for name in block]
            left = ", ".join(map(self._power, powers))
            right = ", ".join(map(self._product, powers))
            body += ["repeat 1:", f"    {left} = {right}{self.clause}"]
        result = f"{self.powers[1]} = {self._polynomial(numbers, layers)}{self.clause}"
        body += ["repeat 1:", f"    {result}"] if blocks else [result]
        return [f"repeat {times}:", *(f"    {line}" for line in body)]

    def _power(self, n: int) -> str:
        """The name of Xⁿ."""
        if n not in self.powers:
            name = f"{self.powers[1]}{n}"
            while name in self.taken:
                name += "_"
            self.taken.add(name)
            self.powers[n] = name
        return self.powers[n]

    def _product(self, n: int) -> str:
        """Xⁿ by X and X³."""
        a, b, c = {3: (1, 1, 1), 5: (1, 1, 3), 7: (1, 3, 3), 9: (3, 3, 3)}[n]
        return f"{self._power(a)}*{self._power(b)}'*{self._power(c)}"

    def _polynomial(self, numbers: dict[int, Fraction], layers: int) -> str:
        top = 3 ** (layers - 1)  # the largest power that is held
        parts = [self._sum(numbers, 0, range(1, top + 1, 2))]
        for middle, first, last in ((1, top + 2, 2 * top - 1), (top, 2 * top + 1, 3 * top)):
            inner = self._sum(numbers, top + middle, range(first, last + 1, 2))
            if inner:
                parts.append(f"{self._power(top)}*{self._power(middle)}'*({inner})")
        return " + ".join(part for part in parts if part) or "0"

    def _sum(self, numbers: dict[int, Fraction], less: int, powers: range) -> str:
        """Σ c_n X^(n − less) over some n."""
        terms: list[tuple[Scalar, str]] = [
            (Number(numbers[n]), self._power(n - less)) for n in powers if numbers.get(n)
        ]
        return sum_text(terms) if terms else ""
