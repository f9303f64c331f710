"""A Chebyshev series of degree n evaluated in ⌈log₃ n⌉ layers of triple products.

Let s = 3^(L−1) and y = T_s(x).  Since T_{s+r} = 2·y·T_r − T_{s−r} and
T_{2s+r} = 2·T_2(y)·T_r − T_{2s−r},

    Σ_{k ≤ 3s} c_k T_k = P₀ + y·P₁ + T₂(y)·P₂ + c_{3s}·T₃(y),        deg P_i < s,

two heads for one layer; y ← T₃(y) is one more.  The three P are of the same kind with s/3, and so
on.  Below a *base* 3^j the P are combinations of T_0 … T_{3^j − 1}, which are materialised, and
free to combine: the first j layers make them by (s = 3^i)

    T_{s+r} = 2·y·T_r − T_{s−r},  T_{2s} = 2·y·y − I,  T_{2s+r} = 4·y·y·T_r − 2·y·T_{s−r} − T_r.

So the layers are j + (L − j) = L, and the blocks 3^j − 1 of the base, y, and ⌈(n + 1)/3^(j+1)⌉ P.
j is chosen for the fewest blocks.  The coefficients in the basis of products grow at most by a
factor of 2 a level, so nothing is lost to cancellation (which powers of x would).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.compiler.synthesize.families.numbers import neat
from weightsmith.compiler.synthesize.families.series import Series
from weightsmith.compiler.synthesize.plans.script import Loop, Plan, linear_text

CUBE = "4*$y*$y*$y - 3*$y"
STEP = f"$y = {CUBE}"


@dataclass(frozen=True)
class Split:
    """P₀ + y·P₁ + T₂(y)·P₂ + top·T₃(y), each P by its Chebyshev coefficients."""

    parts: tuple[tuple[Fraction, ...], ...]
    top: Fraction


def split(coefficients: Sequence[Fraction], size: int) -> Split:
    """Divide a series of degree ≤ 3·size into three of degree < size."""
    c = [*coefficients, *[Fraction(0)] * (3 * size + 1 - len(coefficients))]
    first, second = [Fraction(0)] * size, [Fraction(0)] * size
    for r in range(size - 1, 0, -1):
        second[r] = 2 * c[2 * size + r]
        c[2 * size - r] -= c[2 * size + r]
    second[0] = c[2 * size]
    for r in range(size - 1, 0, -1):
        first[r] = 2 * c[size + r]
        c[size - r] -= c[size + r]
    first[0] = c[size]
    return Split((tuple(c[:size]), tuple(first), tuple(second)), c[3 * size])


def layers_for(degree: int) -> int:
    """⌈log₃ degree⌉, at least 1."""
    layers = 1
    while 3**layers < degree:
        layers += 1
    return layers


def blocks_for(degree: int, base: int) -> int:
    held: int = 3**base
    return held - (-(degree + 1) // (3 * held))


def series_plan(operator: str, series: Series, *, absolute: bool = True) -> Plan:
    """Evaluate a truncated series of an operator with spectrum in [series.low, series.high]."""
    scale = neat(2 / (series.high - series.low))
    shift = -(series.high + series.low) / (series.high - series.low)
    y = linear_text([(scale, operator), (neat(shift), "I")])
    found = evaluation(series.coefficients)
    start = (f"$y = {y}", *found.start)
    return Plan(
        f"Chebyshev series of degree {series.degree}",
        start,
        found.loops,
        ("$P0",),
        found.layers,
        series.error,
        absolute,
        found.finish,
    )


@dataclass(frozen=True)
class Evaluation:
    """Statements before, loops and statements after them that leave Σ c_k T_k(y) in $P0.

    $y holds y before the loops.
    """

    start: tuple[str, ...]
    loops: tuple[Loop, ...]
    finish: tuple[str, ...]
    layers: int


def evaluation(coefficients: Sequence[Fraction]) -> Evaluation:
    """A series, exactly as it is given."""
    degree = len(coefficients) - 1
    layers = layers_for(degree)
    base = min(range(layers), key=lambda j: blocks_for(degree, j))
    unit = size_unit(coefficients)
    writer = _Writer([one / unit for one in coefficients], layers, base)
    blocks = [*(f"$T{r}" for r in range(1, 3**base)), *(f"$P{i}" for i in range(writer.leaves))]
    finish = () if unit == 1 else (f"$P0 = {linear_text([(unit, '$P0')])}",)
    start = tuple(f"{block} = 0*I" for block in blocks)
    return Evaluation(start, tuple(writer.loops()), finish, layers)


def size_unit(coefficients: Sequence[Fraction]) -> Fraction:
    """A power of ten near the size of the series, if that is far from 1.

    Blocks of very different sizes would share rows, and lose the smaller one's digits.
    """
    size = max(abs(one) for one in coefficients)
    unit = Fraction(1)
    while size > 30 * unit:
        unit *= 10
    while 30 * size < unit:
        unit /= 10
    return unit


class _Writer:
    def __init__(self, coefficients: Sequence[Fraction], layers: int, base: int) -> None:
        self.layers, self.base, self.size = layers, base, 3**base
        self.tops: list[Fraction] = []
        parts = [tuple(coefficients)]
        for level in range(layers - 1, base - 1, -1):
            splits = [split(part, 3**level) for part in parts]
            self.tops.append(splits[0].top)  # of the others it is zero: their degree is smaller
            parts = [p for one in splits for p in one.parts]
        while len(parts) > 3 and not any(any(part) for part in parts[-3:]):
            parts = parts[:-3]
        self.parts = parts
        self.leaves = -(-len(parts) // 3)

    def loops(self) -> list[Loop]:
        found = [self._base_pass(3**level) for level in range(self.base)]
        found.append(self._leaf_pass())
        stride = 1
        for level in range(self.base + 1, self.layers):
            found.append(self._merge_pass(stride, level))
            stride *= 3
        return found

    def _base_pass(self, s: int) -> Loop:
        """From T_1 … T_{s−1} and y = T_s make those up to 3s − 1, and y = T_{3s}."""
        made = [("$y", s), ("2*$y*$y - I", 2 * s)]
        for r in range(1, s):
            made.append((f"2*$y*$T{r} - $T{s - r}", s + r))
            made.append((f"4*$y*$y*$T{r} - 2*$y*$T{s - r} - $T{r}", 2 * s + r))
        ordered = sorted(made, key=lambda one: one[1])
        return Loop((*(f"$T{k} = $T{k} + {text}" for text, k in ordered), STEP))

    def _leaf_pass(self) -> Loop:
        """P_k from the materialised T, three leaves each; all P are zero before."""
        names = ["I", *(f"$T{r}" for r in range(1, self.size))]
        texts = []
        for k in range(self.leaves):
            parts = [self._leaf(names, i) for i in range(3 * k, 3 * k + 3)]
            text = _merged(parts, self._top(self.base))
            texts.append(f"$P{k} = $P{k} + {text}".replace("+ -", "- "))
        return self._with_step(texts, self.base)

    def _leaf(self, names: Sequence[str], position: int) -> str:
        part = self.parts[position] if position < len(self.parts) else ()
        terms = [(c, name) for c, name in zip(part, names, strict=False) if c]
        return linear_text(terms) if terms else ""

    def _merge_pass(self, stride: int, level: int) -> Loop:
        """P_k ← P_k + y·P_{k + stride} + T₂(y)·P_{k + 2·stride}."""
        texts = []
        for k in range(0, self.leaves, 3 * stride):
            names = [f"$P{i}" if i < self.leaves else "" for i in range(k, k + 3 * stride, stride)]
            texts.append(f"$P{k} = " + _merged(names, self._top(level)))
        return self._with_step(texts, level)

    def _top(self, level: int) -> Fraction:
        """The coefficient of T₃(y), which only a series of degree 3^L has, at the top."""
        return self.tops[0] if level == self.layers - 1 else Fraction(0)

    def _with_step(self, texts: Sequence[str], level: int) -> Loop:
        return Loop(tuple(texts) if level == self.layers - 1 else (*texts, STEP))


def _merged(parts: Sequence[str], top: Fraction) -> str:
    terms = [parts[0]] if parts[0] else []
    if parts[1]:
        terms.append(f"$y*{_factor(parts[1])}")
    if parts[2]:
        terms.append(f"(2*$y*$y - I)*{_factor(parts[2])}")
    if top:
        terms.append(linear_text([(top, f"({CUBE})")]))
    return " + ".join(terms) or "0*I"


def _factor(text: str) -> str:
    return text if text.strip("$").isalnum() else f"({text})"
