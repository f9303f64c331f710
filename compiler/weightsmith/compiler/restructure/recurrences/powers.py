"""The identities that take materialised functions of one operator to larger counts, in one layer.

A loop s ← C(λ)s + g has C = C₀ + λC₁, C₀ diagonal or made of numbers.  Held are entries of
M_a = C^a, of N_a = (C^a − C₀^a)/λ, and of a value: S_a = Σ_{j<a} C^j g, or P_a = C^a h.

Where a product of three such functions has a factor λ of its own (``plus``), with D_a = C₀^a:
    M_{a+b+c} = D_aD_b M_c + D_a λN_bM_c + λN_aM_bM_c
    N_{a+b+c} = D_aD_b N_c + D_aN_bD_c + N_aD_bD_c + D_a λN_bN_c + λN_aD_bN_c + λN_aN_bM_c
    S_{a+b+c} = S_a + D_a S_b + λN_aS_b + D_aD_b S_c + D_a λN_bS_c + λN_aM_bS_c
    P_{a+b+c} = D_aD_b P_c + D_a λN_bP_c + λN_aM_bP_c
If C₀s = s and C₁s = −g then S_a = −N_a s, and with the value's S_a held as S_a·l·λ (l as OUTER),
    S_{a+b+c} = D_aD_b S_c + (D_a N_b + N_aM_b)(λS_c − s).
and one more, since λM_aM_bM_c is one product: M_{n+1} = C₀M_n + C₁λM_n, N_{n+1} = C₀N_n + C₁M_n,
S_{n+1} = g + C₀S_n + C₁λS_n.  Otherwise M_{a+b+c} = M_aM_bM_c,
S_{a+b+c} = S_a + M_aS_b + M_aM_bS_c and P_{a+b+c} = M_aM_bP_c.
"""

from __future__ import annotations

from dataclasses import dataclass

from weightsmith.compiler.restructure.recurrences.counts import Split
from weightsmith.compiler.restructure.recurrences.sums import (
    ONE,
    OUTER,
    UNIT,
    Atom,
    Matrix,
    add,
    identity,
    matrix_power,
    product,
    single,
    times,
)
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar


@dataclass(frozen=True)
class Recurrence:
    """s ← (fixed + λ·slope)s + constant: all three are free of λ.

    ``value`` is "S" (from 0, with the constant g) or "P" (from the constant h, with g = 0).
    ``at_rest``: an s with fixed·s = s and slope·s = −constant, if there is one; ``from_rest``: the
    values are made with it.
    ``plus``: three functions make λ times their product.  ``unit_held``: the value's word
    alone is at hand, and needs no variable.
    """

    fixed: tuple[tuple[Scalar, ...], ...]
    slope: tuple[tuple[Scalar, ...], ...]
    constant: tuple[Scalar, ...]
    value: str
    plus: bool
    unit_held: bool = False
    at_rest: tuple[Scalar, ...] | None = None
    from_rest: bool = False

    @property
    def order(self) -> int:
        return len(self.fixed)

    @property
    def is_sum(self) -> bool:
        """Is the value made of those of all three parts?"""
        return self.value == "S" and not self.from_rest

    @property
    def start(self) -> int:
        """The count of which the value is the constant."""
        return 1 if self.is_sum else 0

    # -- what is materialised ----------------------------------------------------------------------

    def at_zero(self, count: int) -> Matrix:
        """D_a."""
        return matrix_power(self.fixed, count)

    def power(self, count: int) -> Matrix:
        """M_a, as it is materialised."""
        return identity(self.order) if count == 0 else self._square("M", count)

    def quotient(self, count: int) -> Matrix:
        """N_a, as it is materialised."""
        if count == 0:
            return tuple(({},) * self.order for _ in range(self.order))
        return self._slope if count == 1 else self._square("N", count)

    def _square(self, kind: str, count: int) -> Matrix:
        places = range(self.order)
        return tuple(tuple({(Atom(kind, i, j, count),): q.ONE} for j in places) for i in places)

    def column(self, count: int) -> Matrix:
        """S_a or P_a, as it is materialised."""
        if count == (0 if self.from_rest else self.start - 1):
            return tuple(({},) for _ in range(self.order))
        if count == self.start and self.unit_held:
            return self._unit
        return tuple(({(Atom(self.value, i, 0, count),): q.ONE},) for i in range(self.order))

    @property
    def _unit(self) -> Matrix:
        return tuple((single(UNIT, constant),) for constant in self.constant)

    @property
    def _slope(self) -> Matrix:
        return tuple(tuple(single(ONE, entry) for entry in row) for row in self.slope)

    @property
    def _one(self) -> Matrix:
        return identity(self.order)

    def _product(self, first: Matrix, second: Matrix, third: Matrix) -> Matrix:
        return product(first, second, third, plus=self.plus)

    # -- one layer ---------------------------------------------------------------------------

    def next_power(self, split: Split) -> Matrix:
        """M_n, n the sum of the split."""
        cube = self._product(*(self.power(n) for n in (split.a, split.b, split.c)))
        if not self.plus:
            return cube
        plain = self._followed(split, self.power(split.c))
        return self._one_more(plain, cube) if split.extra else plain

    def _one_more(self, plain: Matrix, times_lambda: Matrix) -> Matrix:
        """C·f from f and λf."""
        return add(times(self.at_zero(1), plain), times(self._slope, times_lambda))

    def _followed(self, split: Split, third: Matrix, moved: Matrix | None = None) -> Matrix:
        """M_a·M_b·f, with a factor λ in every product; there ``moved`` is for f."""
        moved = third if moved is None else moved
        a, b = self.at_zero(split.a), self.at_zero(split.b)
        n_a, n_b = self.quotient(split.a), self.quotient(split.b)
        return add(
            times(times(a, b), third),
            times(a, self._product(n_b, self._one, moved)),
            self._product(n_a, self.power(split.b), moved),
        )

    def next_quotient(self, split: Split) -> Matrix:
        """N_n."""
        a, b, c = (self.at_zero(n) for n in (split.a, split.b, split.c))
        n_a, n_b, n_c = (self.quotient(n) for n in (split.a, split.b, split.c))
        plain = add(
            times(times(a, b), n_c),
            times(times(a, n_b), c),
            times(times(n_a, b), c),
            times(a, self._product(n_b, self._one, n_c)),
            self._product(times(n_a, b), self._one, n_c),
            self._product(n_a, n_b, self.power(split.c)),
        )
        if not split.extra:
            return plain
        return self._one_more(plain, self._followed(split, self.power(split.c)))

    def next_column(self, split: Split) -> Matrix:
        """S_n or P_n; the split 0 + 0 + 0 + 1 is the start if that is not at hand."""
        if (split.a, split.b, split.c, split.extra) == (0, 0, 0, 1) and not self.unit_held:
            return self._unit
        first, second = self.power(split.a), self.power(split.b)
        third = self.column(split.c)
        if self.value == "P":
            cube = self._product(first, second, third)
            plain = self._followed(split, third) if self.plus else cube
            return self._one_more(plain, cube) if split.extra else plain
        if self.from_rest:
            return self._next_from_rest(split)
        s_a, s_b, one = self.column(split.a), self.column(split.b), self._one
        if not self.plus:
            return add(s_a, self._product(one, first, s_b), self._product(first, second, third))
        after_first = add(
            times(self.at_zero(split.a), s_b), self._product(self.quotient(split.a), one, s_b)
        )
        plain = add(s_a, after_first, self._followed(split, third))
        if not split.extra:
            return plain
        times_lambda = add(
            self._product(one, one, s_a),
            self._product(first, one, s_b),
            self._product(first, second, third),
        )
        return add(self._unit, self._one_more(plain, times_lambda))

    def _next_from_rest(self, split: Split) -> Matrix:
        """S_n by way of S_n − s/λ, which a pass multiplies by C."""
        held = self.column(split.c)
        rest = tuple((single(OUTER, algebra.negated(entry)),) for entry in self.at_rest or ())
        moved = add(held, rest)
        plain = self._followed(split, held, moved)
        cube = self._product(self.power(split.a), self.power(split.b), moved)
        return self._one_more(plain, cube) if split.extra else plain

    def value_from_powers(self, count: int) -> Matrix:
        """The value as a combination of materialised powers: −N_n s, or M_n h."""
        if self.at_rest is not None:
            start, powers = tuple(map(algebra.negated, self.at_rest)), self.quotient(count)
        else:
            start, powers = self.constant, self.power(count)
        return times(powers, tuple((single(ONE, entry),) for entry in start))
