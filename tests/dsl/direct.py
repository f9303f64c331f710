"""The elementary functions by mpmath, written once more: for every test that compares with them."""

from __future__ import annotations

from collections.abc import Callable

import mpmath

from weightsmith.dsl.elementary import NAMES

Direct = Callable[[mpmath.mpf], mpmath.mpf]
_OURS: dict[str, Direct] = {
    "abs": abs,
    "sigmoid": lambda t: 1 / (1 + mpmath.exp(-t)),
    "softplus": lambda t: mpmath.log(1 + mpmath.exp(t)),
    "squared_relu": lambda t: t * t if t > 0 else 0 * t,
}
DIRECT: dict[str, Direct] = {name: _OURS.get(name) or getattr(mpmath, name) for name in NAMES}
# where the functions with a breakpoint at 0 are not those of complex numbers
ANALYTIC: dict[str, Direct] = {
    **DIRECT,
    "abs": lambda z: z if z.real > 0 else -z,
    "squared_relu": lambda z: z * z if z.real > 0 else 0 * z,
}
