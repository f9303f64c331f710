"""Which functions of a recurrence are materialised, and what the others are of these.

The powers commute with the step: with C₀ = diag(c₁, c₂), M_aC = CM_a says
    (c_j − c_i) N_ij = (C₁M − MC₁)_ij   for i ≠ j,      M₁₂ (C₁)₂₁ = M₂₁ (C₁)₁₂,
so that of the eight entries of M_a and N_a five are materialised: M₁₁, M₂₁, M₂₂, N₁₁, N₂₂.  Where
the identity is at hand, E_a = M_a − 1 is materialised in place of M_a: E_{3a} = 3E_a + 3E_a² + E_a³
has a part in place, and M_{3a} has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product

from weightsmith.compiler.ir.coefficients import Coefficient, CoefficientField
from weightsmith.compiler.restructure.recurrences.lines import to_scalar
from weightsmith.compiler.restructure.recurrences.powers import Recurrence
from weightsmith.compiler.restructure.recurrences.sums import ONE, Atom, Key, Sum
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar

Place = tuple[str, int, int]  # kind, row, column
Terms = tuple[tuple[Scalar, Place], ...]


@dataclass(frozen=True)
class Materialised:
    """``known``: the entries that are combinations of others; ``less_one``: E in place of M."""

    plus: bool
    less_one: bool = False
    known: Mapping[Place, Terms] = field(default_factory=dict)

    def of(self, atom: Atom) -> Sum:
        """An entry as a combination of what is materialised."""
        terms = self.known.get((atom.kind, atom.row, atom.column))
        if terms is not None:
            return {
                (Atom(kind, row, column, atom.count),): scale
                for scale, (kind, row, column) in terms
            }
        if not self.less_one or atom.kind != "M" or atom == ONE:
            return {(atom,): q.ONE}
        rest: Sum = {(Atom("E", atom.row, atom.column, atom.count),): q.ONE}
        return {**rest, (ONE,): q.ONE} if atom.row == atom.column else rest

    def written(self, total: Sum) -> Sum:
        """The sum with what is materialised in place of the rest."""
        found: dict[Key, Scalar] = {}
        for key, scale in total.items():
            for parts in product(*(self.of(atom).items() for atom in key)):
                joined = self._joined(tuple(atom for (atom,), _ in parts))
                more = algebra.times((scale, *(one for _, one in parts)))
                found[joined] = algebra.plus((found[joined], more)) if joined in found else more
        return {key: scale for key, scale in found.items() if scale != q.ZERO}

    def _joined(self, key: Key) -> Key:
        others = tuple(atom for atom in key if atom != ONE)
        return key if self.plus or len(others) > 1 else others or (ONE,)


def choose_materialised(recurrence: Recurrence, *, with_identity: bool) -> Materialised:
    """``with_identity``: the identity is materialised, so that it can be left out of the powers."""
    if recurrence.order == 2:
        return Materialised(recurrence.plus, with_identity, _relations(recurrence))
    return Materialised(recurrence.plus, with_identity)


def _relations(recurrence: Recurrence) -> dict[Place, Terms]:
    scalars = [e for rows in (recurrence.fixed, recurrence.slope) for row in rows for e in row]
    numbers = CoefficientField(scalars)
    (a, b), (c, d) = (tuple(map(numbers.of, row)) for row in recurrence.fixed)
    (e, f), (g, h) = (tuple(map(numbers.of, row)) for row in recurrence.slope)
    low, up = (g, f) if g != 0 else (c, b)
    if low == 0 or b * g != c * f:
        return {}
    ratio = up / low
    corner = _terms([(ratio, ("M", 1, 0))])
    found: dict[Place, Terms] = {("M", 0, 1): corner}
    if not recurrence.plus or b != 0 or c != 0 or a == d:
        return found
    # (C₁M − MC₁)₁₂ = (e − h)M₁₂ + f(M₂₂ − M₁₁) and (C₁M − MC₁)₂₁ = (h − e)M₂₁ + g(M₁₁ − M₂₂)
    gap = d - a
    found["N", 0, 1] = _terms(
        [
            ((e - h) * ratio / gap, ("M", 1, 0)),
            (f / gap, ("M", 1, 1)),
            (-f / gap, ("M", 0, 0)),
        ]
    )
    found["N", 1, 0] = _terms(
        [
            ((e - h) / gap, ("M", 1, 0)),
            (g / gap, ("M", 1, 1)),
            (-g / gap, ("M", 0, 0)),
        ]
    )
    return found


def _terms(parts: Iterable[tuple[Coefficient, Place]]) -> Terms:
    return tuple((to_scalar(scale), place) for scale, place in parts if scale != 0)
