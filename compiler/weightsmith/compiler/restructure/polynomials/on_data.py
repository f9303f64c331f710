"""A polynomial in T = x·x' applied to data, l·x'·p(T)·x, by a Chebyshev series on the data blocks.

Let s be the singular values of x/√c, and O_a = T_{2a+1}(s), C_i = T_{2i}(s) = T_i(2T/c − 1).  A
block G_a with √c·O_a in place of the singular values of x is a polynomial in T times x, and a
block l·C_i, less its constant, one of l·x'·(…)·x.  Heads multiply these:
    G·G'·G = c·O³·x:  G_{3a+1} = 4/c G_a·G_a'·G_a − 3G_a,     (l·f)·G_a'·G_b = c·l·f·O_aO_b.
With h = (3^j − 1)/2 and j layers done, G = G_h is materialised, and one more layer makes of f₀, f₁,
f₂ of degree ≤ h in C any f of degree ≤ 3h + 1, as

    f = f₀ + f₁·O_0O_h + f₂·O_h²,    O_0O_h = (C_{h+1} + C_h)/2,   O_h² = (C_{2h+1} + 1)/2.

So L layers reach degree (3^L − 1)/2 for λp(λ), which is all that any L layers reach, with two
blocks of the size of x and two heads a layer.  At the first layers all of C_1 … C_h are
materialised, at the last ones the 3, 9, … f of which the result is made, whichever are fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.compiler.synthesize.plans.script import linear_text

Series = tuple[Fraction, ...]  # coefficients of C_0, C_1, …
ZERO = Fraction(0)


@dataclass(frozen=True)
class DataSeries:
    """Blocks of statements, one a layer, and the result; $G and $P0, $P1 … are the variables."""

    start: tuple[str, ...]
    layers: tuple[tuple[tuple[str, str], ...], ...]  # variable and its new value, all at once
    result: str


def data_series(coefficients: Sequence[Fraction], x: str, outer: str, c: Fraction) -> DataSeries:
    """The statements of outer·x'·p(T)·x, λp(λ) = Σ coefficients[i]·C_i."""
    layers = layers_for(len(coefficients) - 1)
    wanted = _wanted(tuple(coefficients), layers)
    writer = _Writer(x, outer, c)
    found = []
    for layer in range(layers - 1):
        basis = wanted[layer - 1] if layer else ()
        made = [("$G", writer.cube())] if layer < layers - 1 else []
        made += [
            (f"$P{k}", writer.value(one, basis, layer, fresh=k >= len(basis), own=k))
            for k, one in enumerate(wanted[layer])
        ]
        found.append(tuple(made))
    names = max((len(one) for one in wanted[:-1]), default=0)
    start = (f"$G = {x}", *(f"$P{k} = 0" for k in range(names)))
    basis = wanted[layers - 2] if layers > 1 else ()
    result = writer.value(wanted[-1][0], basis, layers - 1, fresh=False, own=None)
    return DataSeries(start, tuple(found), result)


def reach(layers: int) -> int:
    """The largest degree in C after so many layers."""
    power: int = 3**layers
    return (power - 1) // 2


def layers_for(degree: int) -> int:
    layers = 1
    while reach(layers) < degree:
        layers += 1
    return layers


@dataclass(frozen=True)
class Parts:
    """f₀ + f₁·O_0O_h + f₂·O_h², each of degree ≤ h."""

    plain: Series
    mixed: Series
    square: Series


def split(series: Series, h: int) -> Parts:
    """Divide a series of degree ≤ 3h + 1."""
    c = [*series, *[ZERO] * (3 * h + 2 - len(series))]
    square, mixed = [ZERO] * (h + 1), [ZERO] * (h + 1)
    for r in range(h, -1, -1):
        top = 2 * h + 1 + r
        # C_r·O_h² = (C_{2h+1+r} + C_{2h+1−r})/4 + C_r/2, and (C_{2h+1} + 1)/2 for r = 0
        square[r] = c[top] * (4 if r else 2)
        _take(c, square[r] / 4, (top, 2 * h + 1 - r))
        _take(c, square[r] / 2, (r,))
    for r in range(h, -1, -1):
        top = h + 1 + r
        # C_r·O_0O_h = (C_{h+1+r} + C_{|h+1−r|} + C_{h+r} + C_{h−r})/4
        mixed[r] = c[top] * (4 if r else 2)
        _take(c, mixed[r] / 4, (top, h + 1 - r, h + r, h - r))
    return Parts(tuple(c[: h + 1]), tuple(mixed), tuple(square))


def _take(c: list[Fraction], amount: Fraction, places: Sequence[int]) -> None:
    for place in places:
        c[place] -= amount


def _wanted(series: Series, layers: int) -> list[list[Series]]:
    """What is materialised after each layer; the last of them is the result alone."""
    found = [[series]]
    for done in range(layers - 1, 0, -1):
        h = reach(done)
        parts = [split(one, h) for one in found[0]]
        flat = [p for one in parts for p in (one.plain, one.mixed, one.square)]
        needed = [one for one in dict.fromkeys(flat) if any(one[1:])]
        units = [tuple(Fraction(i == k) for i in range(h + 1)) for k in range(1, h + 1)]
        found.insert(0, units if len(units) <= len(needed) else needed)
    return found


def at_zero(series: Series) -> Fraction:
    return sum((c if i % 2 == 0 else -c for i, c in enumerate(series)), ZERO)


class _Writer:
    def __init__(self, x: str, outer: str, c: Fraction) -> None:
        self.x, self.outer, self.c = x, outer, c

    def cube(self) -> str:
        return linear_text([(4 / self.c, "$G*$G'*$G"), (Fraction(-3), "$G")])

    def value(
        self, series: Series, basis: Sequence[Series], done: int, *, fresh: bool, own: int | None
    ) -> str:
        """l·series less its constant, of what is materialised after ``done`` layers."""
        parts = split(series, reach(done))
        terms = self._combination(parts.plain, basis, "")
        terms = [term for term in terms if term[1] != self.outer]  # it makes the constant
        terms += self._combination(parts.mixed, basis, f"*$G'*{self.x}")
        terms += self._combination(parts.square, basis, "*$G'*$G")
        own_text = f"$P{own}"
        if fresh:  # a zero, to which heads may add
            terms.insert(0, (Fraction(1), own_text))
        return linear_text(terms)

    def _combination(
        self, series: Series, basis: Sequence[Series], end: str
    ) -> list[tuple[Fraction, str]]:
        """Σ held·end/c, where ``end`` is a product of two blocks; without one Σ held."""
        scale = 1 / self.c if end else Fraction(1)
        constant, weights = _in_basis(series, basis)
        terms = [(scale * w, f"$P{k}{end}") for k, w in enumerate(weights)]
        return [*terms, (scale * constant, self.outer + end)]


def _in_basis(series: Series, basis: Sequence[Series]) -> tuple[Fraction, list[Fraction]]:
    """constant·l + Σ weight·P: the P are l·basis less their constants."""
    weights = [ZERO] * len(basis)
    if series in basis:
        weights[basis.index(series)] = Fraction(1)
    else:
        for degree, c in enumerate(series):
            if degree and c:
                weights[_unit_place(basis, degree)] = c
    return at_zero(series), weights


def _unit_place(basis: Sequence[Series], degree: int) -> int:
    return next(k for k, one in enumerate(basis) if one[degree] == 1 and sum(map(bool, one)) == 1)
