"""Whole powers of balls.  FLINT's own ``**`` has no number where a ball holds 0 inside."""

from __future__ import annotations

import flint


def whole_power(ball: flint.arb, exponent: int) -> flint.arb:
    """{x^exponent: x in the ball}, enclosed; not finite for a negative power of a ball with 0.

    Around 0 by the ends: x^n grows with |x|, is ≥ 0 for an even n, and odd for an odd n.
    """
    if exponent < 0:
        return 1 / whole_power(ball, -exponent)
    if exponent == 0:
        return flint.arb(1)
    if not ball.is_finite() or not ball.contains(0):
        return ball ** flint.fmpz(exponent)
    below, above = _positive_power(-ball.lower(), exponent), _positive_power(ball.upper(), exponent)
    if exponent % 2:
        return (-below).union(above)
    return flint.arb(0).union(below.max(above))


def _positive_power(end: flint.arb, exponent: int) -> flint.arb:
    """end^exponent of an exact ball; 0 if it is not positive."""
    return end ** flint.fmpz(exponent) if end > 0 else flint.arb(0)
