"""An odd polynomial of degree 3^m in m layers, by products X·Y'·Z of odd ones.

Let y = T_s(x), s = 3^(m−1), and p = P₀ + y·P₁ + T₂(y)·P₂ + top·T₃(y) as in ``series_plan``.  P₀ and
P₂ are odd, of degree < s; P₁ is even, so P₁ = c + x·R with R odd of degree < s, and

    p = P₀ − P₂ + c·y + y·x·R + 2·y·y·P₂ + top·T₃(y)

is one layer if y and a basis of the odd polynomials of degree < s are materialised.  That basis
grows from {x} by the same division: beside the b of the basis for s there are y, y·x·b and T₂(y)·b
for 3s, one layer with y ← T₃(y).  So m layers, (3^(m−1) − 1)/2 blocks and y: 2 for degree 9, 5 for
27.
The middle factors are transposed, X·X'·X: then X may be rectangular, with blocks of its shape, and
for a symmetric X nobody needs to know that the blocks are symmetric.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from weightsmith.compiler.synthesize.families.numbers import rounded
from weightsmith.compiler.synthesize.plans.script import Loop, linear_text
from weightsmith.compiler.synthesize.plans.series_plan import split


def odd_loops(series: Sequence[Fraction], exponent: int) -> list[Loop]:
    """Loops of a layer each that take $X to Σ c_k T_k($X), c_0 = c_2 = … = 0."""
    if exponent == 1:
        return [Loop((_cubic(series),))]
    held = ["$X"]
    loops = [Loop(("$y = 4*$X*$X'*$X - 3*$X", "$X = $X"))]
    for _ in range(exponent - 2):
        statements, held = _grown(held)
        loops.append(Loop((*statements, _tripled())))
    return [*loops, Loop((_last(series, exponent, held),))]


def block_names(exponent: int) -> list[str]:
    """The blocks beside $X, which need a value before the first loop."""
    if exponent == 1:
        return []
    return ["$y", *(f"$B{k}" for k in range(1, (3 ** (exponent - 1) - 1) // 2))]


def _cubic(series: Sequence[Fraction]) -> str:
    first, third = series[1], series[3]
    terms = [(rounded(first - 3 * third), "$X"), (rounded(4 * third), "$X*$X'*$X")]
    return f"$X = {_sum(terms)}"


def _tripled() -> str:
    return "$y = 4*$y*$y'*$y - 3*$y"


def _grown(held: Sequence[str]) -> tuple[list[str], list[str]]:
    """Statements that make the basis for 3s from that for s, and its names."""
    texts = ["$y"]
    texts += [f"$y*$X'*{b}" for b in held]
    texts += [f"2*$y*$y'*{b} - {b}" for b in held]
    names = [f"$B{len(held) + k}" for k in range(len(texts))]
    statements = [f"{name} = {text}" for name, text in zip(names, texts, strict=True)]
    return statements, [*held, *names]


def _last(series: Sequence[Fraction], exponent: int, held: Sequence[str]) -> str:
    s = 3 ** (exponent - 1)
    division = split(series, s)
    first, even, second = division.parts
    constant, odd = divided(even)
    p, r, q = (coordinates(one, exponent - 1) for one in (first, odd, second))
    top = division.top
    plain = [(rounded(a - b), name) for a, b, name in zip(p, q, held, strict=True)]
    plain.append((rounded(constant - 3 * top), "$y"))
    inner = [(rounded(c), name) for c, name in zip(r, held, strict=True)]
    outer = [(rounded(2 * c), name) for c, name in zip(q, held, strict=True)]
    outer.append((rounded(4 * top), "$y"))
    products = [("$y*$X'", inner), ("$y*$y'", outer)]
    texts = [f"{left}*({linear_text(of)})" for left, of in products if any(c for c, _ in of)]
    return "$X = " + " + ".join([_sum(plain), *texts])


def _sum(terms: Sequence[tuple[Fraction, str]]) -> str:
    return linear_text(terms) if any(c for c, _ in terms) else "0*$X"


def divided(even: Sequence[Fraction]) -> tuple[Fraction, list[Fraction]]:
    """P = c + x·R for an even series P, by T_k = 2x·T_{k−1} − T_{k−2}: c, and the series of R."""
    left, found = list(even), [Fraction(0)] * len(even)
    for k in range(len(left) - 1, 1, -1):
        found[k - 1] = 2 * left[k]
        left[k - 2] -= left[k]
    return left[0], found


def coordinates(series: Sequence[Fraction], level: int) -> list[Fraction]:
    """An odd series of degree < 3^level in the basis of ``_grown``, in its order."""
    if level == 1:
        return [series[1]]
    first, even, second = split(series, 3 ** (level - 1)).parts
    constant, odd = divided(even)
    inner = [coordinates(one, level - 1) for one in (first, odd, second)]
    return [*inner[0], constant, *inner[1], *inner[2]]
