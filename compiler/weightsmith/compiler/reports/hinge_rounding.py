"""What rounding adds to a function of entries, evaluated by its hinges in floats: a proven bound.

    y = b + Σ_i a_i·relu(σ_i(s − p_i)),      s = w·x,  x one block of the stream

with every weight rounded to nearest and every operation within (1 + δ), |δ| ≤ u, sums in any order
(Higham 2002, chapter 3).  With γ_k = k·u/(1 − k·u), the argument of hinge i is off by at most
ε_i = γ_3·(|s| + |p_i|), and
    |computed − y| ≤ Σ |a_i|·ε_i + γ_(n+2)·(|b| + Σ |a_i|·(relu_i + ε_i)) + what underflows.

A hinge that is closed by more than its ε_i adds nothing.  So between two neighbouring places only
those on one side count, each with the largest |s| there, and the bound is the largest over all gaps
between the places: exact arithmetic, nothing is sampled.  x is taken as it is; linear parts of the
MLP and the addition to what the block holds are not counted.  A function of several blocks is not
bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import flint

from weightsmith.checker.balls.ranges import rational
from weightsmith.compiler.costs.report import nonlinear
from weightsmith.compiler.ir.template import Layer, Mlp, Template, layers_of
from weightsmith.compiler.reports.bound import upward
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers.scalars import evaluate

FORMATS = {"float64": (53, -1022), "float32": (24, -126)}  # bits, exponent of the least normal
FEWEST = 3  # hinges of a function that is spoken of: fewer are relu, abs, clip
ZERO = flint.fmpq(0)
PLAIN = re.compile(r"(-?[0-9]{1,999})(?:/([1-9][0-9]{0,999}))?", re.ASCII)
Read = Callable[[str], flint.fmpq]  # the value of a coefficient


@dataclass(frozen=True, slots=True)
class _Hinge:
    """factor·relu(sign·(s − place)), factor ≥ 0: only sizes matter."""

    factor: flint.fmpq
    sign: int
    place: flint.fmpq


@dataclass(frozen=True, slots=True)
class Rounding:
    """The largest bound over the functions, and how many have none."""

    bound: Fraction | None
    open_count: int


def rounding_text(template: Template, dtype: str) -> str:
    """Say what rounding adds to the functions of entries; "" if there are none."""
    found = rounding_of(template, dtype)
    if found is None:
        return ""
    parts = []
    if found.bound is not None:
        parts.append(
            f"{dtype} adds at most {upward(found.bound)} to a function of entries, "
            "by its hinges alone, from its first breakpoint to its last (proven)"
        )
    if found.open_count:
        functions = "1 function" if found.open_count == 1 else f"{found.open_count} functions"
        parts.append(f"what {dtype} adds to {functions} of several blocks is not bounded")
    return "; ".join(parts)


def rounding_of(template: Template, dtype: str) -> Rounding | None:
    """Bound what rounding adds to each function of the MLPs; None if there is no function."""
    rows = {block.name: block.rows for block in template.blocks}
    numbers = {name: Fraction(text) for name, text in template.bindings}

    def number(text: str) -> flint.fmpq:
        plain = PLAIN.fullmatch(text)
        if plain is not None:
            return flint.fmpq(int(plain[1]), int(plain[2] or 1))
        return rational(evaluate(parse_scalar(text), numbers))

    bounds: list[Fraction | None] = []
    for layer in layers_of(template.body):
        bounds += _of_layer(layer, rows, dtype, number)
    if not bounds:
        return None
    known = [bound for bound in bounds if bound is not None]
    return Rounding(max(known, default=None), len(bounds) - len(known))


def _of_layer(
    layer: Layer, rows: dict[str, str], dtype: str, number: Read
) -> Iterator[Fraction | None]:
    if layer.mlp is None:
        return
    constants = {name: abs(number(text)) for name, text in layer.mlp.bias}
    for target, argument, hinges in _functions(layer.mlp, number):
        if argument is None or rows[argument] != rows[target]:
            yield None
        else:
            yield hinge_bound(hinges, constants.get(target, ZERO), dtype)


def _functions(mlp: Mlp, number: Read) -> Iterator[tuple[str, str | None, list[_Hinge]]]:
    """Each function of enough hinges: what it is added to, the one block it is of, its hinges."""
    groups: dict[tuple[str, object], list[_Hinge]] = {}
    single: dict[tuple[str, object], str | None] = {}
    bent = set(nonlinear(mlp))
    for target, index, coefficient in mlp.outputs:
        hidden = mlp.hidden[index]
        if index not in bent or hidden.is_gated or not hidden.terms:
            continue
        slopes = [(name, number(text)) for name, text in hidden.terms]
        sign = 1 if slopes[0][1] > 0 else -1
        key: tuple[str, object] = target, tuple((name, sign * slope) for name, slope in slopes)
        hinge = _Hinge(abs(number(coefficient)), sign, -sign * number(hidden.bias))
        groups.setdefault(key, []).append(hinge)
        single[key] = slopes[0][0] if len(slopes) == 1 else None
    for key, hinges in groups.items():
        if len(hinges) >= FEWEST:
            yield key[0], single[key], hinges


def hinge_bound(hinges: list[_Hinge], constant: flint.fmpq, dtype: str) -> Fraction:
    """The bound between the first place and the last."""
    bits, least = FORMATS[dtype]
    unit, tiny = flint.fmpq(1, 2**bits), flint.fmpq(1, 2**-least)
    inner, outer = _gamma(3, unit), _gamma(len(hinges) + 2, unit)
    places = sorted({hinge.place for hinge in hinges})
    gaps = list(pairwise(places)) or [(places[0], places[0])]
    reaches = [max(abs(low), abs(high)) for low, high in gaps]
    ends = [(high, reach) for (_, high), reach in zip(gaps, reaches, strict=True)]
    right = _sums([(h.place, h.factor) for h in hinges if h.sign > 0], ends, inner)
    ends = [(-low, reach) for (low, _), reach in zip(gaps, reaches, strict=True)]
    left = _sums([(-h.place, h.factor) for h in hinges if h.sign < 0], ends[::-1], inner)[::-1]
    worst = ZERO
    for (one, moved_one), (two, moved_two) in zip(right, left, strict=True):
        moved = moved_one + moved_two
        worst = max(worst, moved + outer * (constant + one + two + moved))
    factors = sum((hinge.factor for hinge in hinges), ZERO)
    total = worst + 2 * tiny * (len(hinges) + 2 + 2 * factors)
    return Fraction(int(total.p), int(total.q))


def _sums(
    hinges: list[tuple[flint.fmpq, flint.fmpq]],
    ends: list[tuple[flint.fmpq, flint.fmpq]],
    inner: flint.fmpq,
) -> list[tuple[flint.fmpq, flint.fmpq]]:
    """For each end of a gap: Σ factor·relu(end − place), and Σ factor·ε of all not surely closed.

    The hinges open to the right; the ends increase, each with the largest |s| of its gap.
    """
    waiting = sorted(hinges)
    opened = near = 0
    factor = moved = near_factor = near_size = ZERO
    found = []
    for end, reach in ends:
        while opened < len(waiting) and waiting[opened][0] <= end:
            place, bend = waiting[opened]
            factor, moved, opened = factor + bend, moved + bend * place, opened + 1
        while near < len(waiting):
            place, bend = waiting[near]
            if place - end > inner * (reach + abs(place)):
                break  # and all that follow are further away
            near_factor, near_size = near_factor + bend, near_size + bend * abs(place)
            near += 1
        found.append((factor * end - moved, inner * (near_factor * reach + near_size)))
    return found


def _gamma(count: int, unit: flint.fmpq) -> flint.fmpq:
    return count * unit / (1 - count * unit)
