"""Passes X ← p(X), p an odd polynomial: several as one, where the degree allows fewer layers.

Two passes of degree 5 are a polynomial of degree 25, which three layers hold and four are written
for.  With t = 1, 3, 9 layers hold T_n = T_n(X/r), n odd, up to T_t, T_n Chebyshev's; since

    4·T_a·T_b·T_m = T_(a+b+m) + T_|a+b−m| + T_|a−b+m| + T_|−a+b+m|,

the next makes each up to T_3t of products T_t·T_1'·T_m and T_t·T_t'·T_m, the largest first; and
Σ c_n·T_n is one of two heads.  Powers of X would cancel: the coefficients of 25 of them are large,
those of T_n are not, r the end of an interval that the passes map into itself.  X may be
rectangular.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby, islice

import flint

from weightsmith.checker.balls.ranges import rational
from weightsmith.compiler.certify.spectra.spectral import NoProofError, OverLimitError
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Carried, Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Word
from weightsmith.compiler.restructure.affine_loops.affine_rewrite import WordText, clause_of
from weightsmith.compiler.restructure.polynomials.evaluate import chebyshev_coefficients
from weightsmith.compiler.restructure.recurrences.linear import number_of
from weightsmith.compiler.restructure.recurrences.lines import (
    assignment,
    block,
    free_name,
    sum_text,
)
from weightsmith.compiler.restructure.recurrences.task import Json, Made, Names, Task
from weightsmith.dsl.numbers.scalars import Number, Scalar

LARGEST = 27  # the degree of three layers
MOST_PASSES = 400
SAMPLES = 64
Numbers = dict[int, Fraction]  # by n


def fused(task: Task) -> Made:
    """Raises NoProofError, with the reason, where a pass is no odd polynomial of the variable."""
    normal = task.normal
    loop = task.only_loop(scheduled=True)
    if len(loop.carried) != 1 or len(loop.carried[0].spaces) != 1:
        raise NoProofError("the loop carries several values")
    (carried,) = loop.carried
    count = task.count(loop)
    if not count:
        raise NoProofError("there are no passes")
    looked_at = count if loop.schedule else min(count, MOST_PASSES)
    polynomials = _polynomials(normal, loop, carried, looked_at, task.bindings)
    if count > MOST_PASSES:
        raise OverLimitError(f"there are more than {MOST_PASSES} passes")
    groups = _groups([one.degree() for one in polynomials])
    clause = clause_of(normal)
    text = WordText({carried.letter: carried})
    writer = _Writer(carried.variable, clause, task.taken)
    start = text.start(carried)
    lines = [f"{carried.variable} = {start}{clause}"] if start else []
    passes = []
    done = 0
    each = iter(polynomials)
    for size, run in groupby([tuple(islice(each, group)) for group in groups]):
        times = len(list(run))
        lines += writer.loop(times, _composed(size), _reach(size))
        passes.append(len(size))
        done += times
    results = tuple(map(text.returned, normal.returns))
    steps: list[Json] = [{"rule": "passes", "passes": passes}]
    return Made(tuple(lines), results, clause, lambda _: steps)


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
        found.append(flint.fmpq_poly(list(map(rational, numbers))))
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


def _composed(polynomials: Sequence[flint.fmpq_poly]) -> flint.fmpq_poly:
    """One pass after the other."""
    total = flint.fmpq_poly([0, 1])
    for one in polynomials:
        total = one(total)
    return total


def _reach(polynomials: Sequence[flint.fmpq_poly]) -> Fraction:
    """The largest r of some for which no |p| is above r on [0, r]; 1 if there is none.

    Whatever it is, the polynomials are the same.
    """
    for power in range(10, -11, -1):
        for reach in (Fraction(3, 2) * Fraction(2) ** power, Fraction(2) ** power):
            places = [float(reach) * k / SAMPLES for k in range(1, SAMPLES + 1)]
            if all(abs(_value(one, x)) <= reach for one in polynomials for x in places):
                return reach
    return Fraction(1)


def _value(polynomial: flint.fmpq_poly, x: float) -> float:
    total = 0.0
    for c in reversed(polynomial.coeffs()):
        total = total * x + int(c.p) / int(c.q)
    return total


def _chebyshev(polynomial: flint.fmpq_poly, reach: Fraction) -> Numbers:
    """The coefficients of T_n(x/reach)."""
    found = chebyshev_coefficients(polynomial, 1 / reach, Fraction(0))
    return {n: c for n, c in enumerate(found) if c}


def _by_products(numbers: Numbers, top: int) -> tuple[Numbers, dict[tuple[int, int], Numbers]]:
    """Σ c_n·T_n as one of n ≤ top, and of products T_a·T_b·Σ q_m·T_m by a and b."""
    left = dict(numbers)
    found: dict[tuple[int, int], Numbers] = {}
    for n in range(max(left, default=0), top, -2):
        c = left.pop(n, Fraction(0))
        middle = 1 if n < 2 * top else top
        m = n - top - middle
        if c:
            found.setdefault((top, middle), {})[m] = 4 * c
            for other in (top + middle - m, top - middle + m, m + middle - top):
                left[abs(other)] = left.get(abs(other), Fraction(0)) - c
    return left, found


class _Writer:
    def __init__(self, variable: str, clause: str, taken: Names) -> None:
        self.clause, self.taken = clause, set(taken) | {variable}
        self.powers, self.reach = {1: variable}, Fraction(1)

    def loop(self, times: int, polynomial: flint.fmpq_poly, reach: Fraction) -> list[str]:
        """``times`` passes of a polynomial."""
        self.reach = reach
        layers = max(layers_of_degree(polynomial.degree()), 1)
        blocks = [[3], [5, 7, 9]][: layers - 1]
        body = [f"{self._power(n)} = {self.powers[1]}" for numbers in blocks for n in numbers]
        for level, numbers in enumerate(blocks):
            sums = {self._power(n): self._sum_text({n: Fraction(1)}, 3**level) for n in numbers}
            body += block(sums, self.clause)
        result = self._sum_text(_chebyshev(polynomial, reach), 3 ** (layers - 1))
        last = {self.powers[1]: result}
        body += block(last, self.clause) if blocks else [assignment(last, self.clause)]
        return [f"repeat {times}:", *(f"    {line}" for line in body)]

    def _power(self, n: int) -> str:
        """The name of T_n; X is that of r·T_1."""
        if n not in self.powers:
            name = free_name(f"{self.powers[1]}{n}", self.taken)
            self.taken.add(name)
            self.powers[n] = name
        return self.powers[n]

    def _sum_text(self, numbers: Numbers, top: int) -> str:
        """Σ c_n·T_n."""
        left, products = _by_products(numbers, top)
        parts = [self._linear(left, Fraction(1))] if any(left.values()) else []
        for (a, b), inner in products.items():
            scale = self.reach ** -((a, b).count(1))
            parts.append(f"{self._power(a)}*{self._power(b)}'*({self._linear(inner, scale)})")
        return " + ".join(parts) or "0"

    def _linear(self, numbers: Numbers, scale: Fraction) -> str:
        terms: list[tuple[Scalar, str]] = [
            (Number(scale * c / (self.reach if n == 1 else 1)), self._power(n))
            for n, c in sorted(numbers.items())
            if c
        ]
        return sum_text(terms)
