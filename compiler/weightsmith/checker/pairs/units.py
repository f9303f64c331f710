"""What an MLP makes of the two networks: hidden units of one argument together.

Hidden units whose arguments differ by scale and bias only add up to one function of it with
straight pieces, s ↦ Σ d_i·relu(a_i·s + b_i).  With its largest slope Λ, entry by entry, |f(s̃) −
f(s)| ≤ Λ·|s̃ − s|; its values lie between its least and its largest on the interval of s; and
|f(s)| ≤ Λ·|s| where f(0) = 0.  Norms of columns and of rows go by entries, the 2-norm of a matrix
does not.  A function that is linear, c·relu(s) − c·relu(−s) for one, is that number times s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import flint

from weightsmith.checker.balls.bounds import (
    INFINITE,
    ONE,
    Ball,
    Bounds,
    above,
    below,
    exact,
    larger,
    product,
    smaller,
)
from weightsmith.checker.balls.ranges import rational
from weightsmith.checker.pairs.twins import EMPTY, Number, Twin, scaled, times_entries
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.reading.template import Mlp, Terms
from weightsmith.dsl.numbers.scalars import ZERO as NO_SCALAR
from weightsmith.dsl.numbers.scalars import Scalar

Held = Mapping[str, Twin]
Sizes = Callable[[str], Ball]
Key = tuple[str, tuple[tuple[str, Fraction], ...]]  # rows, terms with 1 as the first coefficient


@dataclass(slots=True)
class Pieces:
    """Σ d·relu(a·s + b): the triples (a, b, d)."""

    parts: list[tuple[Fraction, Fraction, Fraction]] = field(default_factory=list)

    def at(self, place: Fraction) -> Fraction:
        return sum(
            (d * max(a * place + b, Fraction(0)) for a, b, d in self.parts), start=Fraction(0)
        )

    def slopes(self) -> tuple[list[Fraction], list[Fraction]]:
        """The places where it bends, in order, and the slopes before, between and after them."""
        changes: dict[Fraction, Fraction] = {}
        slope = Fraction(0)
        for a, b, d in self.parts:
            if a:
                changes[-b / a] = changes.get(-b / a, Fraction(0)) + d * abs(a)
            if a < 0:
                slope += d * a
        places = sorted(place for place, change in changes.items() if change)
        slopes = [slope]
        for place in places:
            slopes.append(slopes[-1] + changes[place])
        return places, slopes

    def of(self, twin: Twin) -> Twin:
        """The function of every entry."""
        places, slopes = self.slopes()
        if not places and self.at(Fraction(0)) == 0:
            return twin.scaled(slopes[0])
        steep = flint.arb(rational(max(map(abs, slopes))))
        value, apart = twin.value, twin.apart
        low, high = self._image(value, places, slopes)
        sizes = (INFINITE, INFINITE)
        if self.at(Fraction(0)) == 0:
            sizes = above(value.column * steep), above(value.row * steep)
        moved = scaled(apart, steep)
        return Twin(
            Bounds(low, high, *sizes), Bounds(moved.low, moved.high, moved.column, moved.row)
        )

    def _image(
        self, value: Bounds, places: list[Fraction], slopes: list[Fraction]
    ) -> tuple[Ball, Ball]:
        """The least and the largest value on the interval."""
        least, most = INFINITE, -INFINITE
        ends = [exact(one) for one in (value.low, value.high) if one.is_finite()]
        for place in (*places, *ends):
            if value.low <= rational(place) <= value.high:
                found = flint.arb(rational(self.at(place)))
                least, most = smaller(least, below(found)), larger(most, above(found))
        open_ = [(-slopes[0], value.low.is_finite()), (slopes[-1], value.high.is_finite())]
        for slope, known in open_:
            if not known and slope > 0:
                most = INFINITE
            if not known and slope < 0:
                least = -INFINITE
        if not places and not ends:  # a constant
            found = flint.arb(rational(self.at(Fraction(0))))
            least, most = smaller(least, below(found)), larger(most, above(found))
        return least, most


class Units:
    """Bounds what MLPs add; ``rows`` are those of what may be read."""

    def __init__(
        self, rows: Mapping[str, str], number: Callable[[Scalar], Number], size: Sizes
    ) -> None:
        self._rows, self._number, self._size = rows, number, size

    def changes(self, mlp: Mlp, held: Held, group: str) -> Iterator[tuple[str, Twin]]:
        """What is added to blocks at the group."""
        down: dict[int, list[tuple[str, Scalar]]] = {}
        for block, index, scalar in mlp.outputs:
            down.setdefault(index, []).append((block, scalar))
        functions: dict[tuple[str, Key], Pieces] = {}
        for index, unit in enumerate(mlp.hidden):
            if unit.gated:
                left = self._argument(unit.rows, unit.terms, unit.bias, held, group)
                right = self._argument(unit.rows, unit.gate, unit.gate_bias, held, group)
                found = times_entries(left, right)
                for block, scalar in down.get(index, ()):
                    yield block, self._mapped(found, unit.rows, block).scaled(self._number(scalar))
                continue
            key, scale = self._direction(unit.rows, unit.terms)
            bias = self._exact(unit.bias)
            for block, scalar in down.get(index, ()):
                parts = functions.setdefault((block, key), Pieces()).parts
                parts.append((scale, bias, self._exact(scalar)))
        arguments: dict[Key, Twin] = {}
        for (block, key), pieces in functions.items():
            if key not in arguments:
                arguments[key] = self._sum(*key, held, group)
            yield block, self._mapped(pieces.of(arguments[key]), key[0], block)
        for block, scalar in mlp.bias:
            yield block, Twin(scaled(Bounds(ONE, ONE), self._number(scalar)))

    def _exact(self, scalar: Scalar) -> Fraction:
        number = self._number(scalar)
        if not isinstance(number, Fraction):
            raise RefusedError("A hidden unit depends on the number of tokens.")
        return number

    def _direction(self, rows: str, terms: Terms) -> tuple[Key, Fraction]:
        """The argument up to scale, and the scale."""
        numbers = [(name, self._exact(scalar)) for name, scalar in terms]
        numbers = sorted((name, number) for name, number in numbers if number)
        if not numbers:
            return (rows, ()), Fraction(0)
        scale = numbers[0][1]
        return (rows, tuple((name, number / scale) for name, number in numbers)), scale

    def _sum(
        self, rows: str, terms: tuple[tuple[str, Fraction], ...], held: Held, group: str
    ) -> Twin:
        total = EMPTY
        for name, number in terms:
            entering = self._spread(held[name], self._rows[name], rows)
            total = total + entering.scaled(number)
        return total.tightened(self._size(rows), self._size(group))

    def _argument(self, rows: str, terms: Terms, bias: Scalar, held: Held, group: str) -> Twin:
        total = EMPTY
        for name, scalar in terms:
            entering = self._spread(held[name], self._rows[name], rows)
            total = total + entering.scaled(self._number(scalar))
        if bias != NO_SCALAR:
            total = total + Twin(scaled(Bounds(ONE, ONE), self._number(bias)))
        return total.tightened(self._size(rows), self._size(group))

    def _mapped(self, twin: Twin, rows: str, block: str) -> Twin:
        return self._spread(twin, rows, self._rows[block])

    def _spread(self, twin: Twin, rows: str, wanted: str) -> Twin:
        """The same rows; or one row repeated; or the sum of all rows as one."""
        if rows == wanted:
            return twin
        ones = Bounds(ONE, ONE).tightened(self._size(wanted), self._size(rows))
        inner = self._size(rows)
        if twin.value.is_zero and twin.apart.is_zero:
            return EMPTY
        return Twin(product(ones, twin.value, inner), product(ones, twin.apart, inner))
