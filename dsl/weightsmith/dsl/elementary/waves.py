"""Sine and cosine on intervals: their ends, and the extremes between them."""

from __future__ import annotations

from collections.abc import Callable

import flint

from weightsmith.dsl.elementary.enclosure import ONE, UNIT, Enclosure, hull, union


def sine(of: Enclosure) -> Enclosure:
    return _wave(of, quarter=flint.arb(1) / 2, function=flint.arb.sin)


def cosine(of: Enclosure) -> Enclosure:
    return _wave(of, quarter=flint.arb(0), function=flint.arb.cos)


def _wave(
    of: Enclosure, *, quarter: flint.arb, function: Callable[[flint.arb], flint.arb]
) -> Enclosure:
    """The image under a wave that is (-1)^k at π(k + quarter), and monotone between those."""
    if not of.is_finite:
        return UNIT
    first = (of.low / flint.arb.pi() - quarter).lower().ceil().unique_fmpz()
    last = (of.high / flint.arb.pi() - quarter).upper().floor().unique_fmpz()
    if first is None or last is None or last - first >= 1:
        return UNIT
    ends = union(*(hull(end, end) for end in (function(of.low), function(of.high))))
    if first > last:
        return ends
    return union(ends, ONE if int(first) % 2 == 0 else -ONE)
