"""Compositions of minimax odd polynomials of degree 3, 9, 27 with the fewest layers.

A polynomial of degree 3^m takes m layers (``odd_plan``).  The image of [l, u] under the best one is
[1 − δ, 1 + δ], from which the next goes on; that the best polynomial of the best image is the best
is the argument of ``minimax``.  Exponents m that do not fall are tried, for each number of layers
from the lower bound on; of those that meet the tolerance with the same layers the ones of the
smallest largest m are taken, which are narrowest, and of these the one with the smallest error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.balls.ranges import Interval
from weightsmith.compiler.synthesize.families.numbers import rounded
from weightsmith.compiler.synthesize.families.odd import OddPolynomial, deviation, minimax_odd
from weightsmith.dsl.text.number_text import is_short

LARGEST = 3
CLOSE = 0.98  # of a tolerance that floats must meet
SCALE_DIGITS = 6
SHORT = 12


@dataclass(frozen=True)
class Stages:
    """t ← p_1(t), p_2, …, the first of t = σ itself, each with the exponent of its degree 3^m."""

    exponents: tuple[int, ...]
    polynomials: tuple[OddPolynomial, ...]

    @property
    def layers(self) -> int:
        return sum(self.exponents)

    @property
    def error(self) -> Fraction:
        low, high = self.polynomials[-1].image
        return max(abs(1 - low), abs(1 - high))


def fewest_layers(interval: Interval, tolerance: Fraction, least: int, most: int) -> Stages | None:
    """The best composition of at least ``least`` and fewer than ``most`` layers, or None."""
    search = _Search(float(interval[0] / interval[1]))
    wanted = float(tolerance) * CLOSE
    for layers in range(max(least, 1), most):
        found = None
        for largest in range(1, LARGEST + 1):
            tried = ((search.error(m), m) for m in _partitions(layers, largest) if m[-1] == largest)
            good = min((one for one in tried if one[0] <= wanted), default=None)
            if good is not None:
                found = composed(interval, good[1])
                break
        if found is not None and found.error <= tolerance:
            return found
    return None


class _Search:
    """Errors of compositions in floats, each prefix computed once."""

    def __init__(self, ratio: float) -> None:
        self._known: dict[tuple[int, ...], float] = {(): (1 - ratio) / (1 + ratio)}

    def error(self, exponents: tuple[int, ...]) -> float:
        if exponents not in self._known:
            before = self.error(exponents[:-1])
            terms = (3 ** exponents[-1] + 1) // 2
            self._known[exponents] = deviation(1 - before, 1 + before, terms)
        return self._known[exponents]


def _partitions(total: int, largest: int, smallest: int = 1) -> Iterator[tuple[int, ...]]:
    """Exponents that do not fall, with this sum."""
    if total == 0:
        yield ()
    for first in range(smallest, min(largest, total) + 1):
        for rest in _partitions(total - first, largest, first):
            yield (first, *rest)


def composed(interval: Interval, exponents: tuple[int, ...]) -> Stages:
    """The polynomials in decimals; each image is found with the decimals before it."""
    found: list[OddPolynomial] = []
    now = interval
    for m in exponents:
        polynomial = minimax_odd(now, _above(now[1]), (3**m + 1) // 2)
        found.append(polynomial)
        now = polynomial.image
    return Stages(exponents, tuple(found))


def _above(value: Fraction) -> Fraction:
    """A short number that is not below this one, and hardly above."""
    if is_short(value, SHORT):
        return value
    return rounded(value * (1 + Fraction(6, 10**SCALE_DIGITS)), SCALE_DIGITS)
