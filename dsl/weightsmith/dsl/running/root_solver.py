"""Solves an equation of a few unknowns numerically: damped Newton, differences for the slopes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
MAX_STEPS = 200
MAX_HALVINGS = 40
STALLED = 1e-14  # relative residual at which nothing more is to be gained
ACCEPTED = 1e-9  # relative residual that still counts as a solution


class RootError(ValueError):
    """No root was found; the message is a full sentence."""


def solve(residual: Callable[[Array], Array], size: int) -> Array:
    """Return a root near zero of a function of ``size`` unknowns with as many values.

    Newton's steps, with the Jacobian by central differences, are halved until the residual falls;
    they end where it stalls.  Raises RootError if that is not at a root.
    """
    point = np.zeros(size)
    value = residual(point)
    scale = float(np.linalg.norm(value))
    for _ in range(MAX_STEPS):
        norm = float(np.linalg.norm(value))
        if not np.isfinite(norm):
            break
        slopes = _jacobian(residual, point)
        scale = max(scale, float(np.linalg.norm(slopes) * np.linalg.norm(point)))
        if norm <= STALLED * scale / 100:
            break
        step = np.linalg.lstsq(slopes, -value, rcond=None)[0]
        found = _damped(residual, point, step, norm)
        if found is None:
            break
        point, value = found
    norm = float(np.linalg.norm(value))
    if not norm <= ACCEPTED * scale:
        raise RootError(
            f"The equation of root(…) was not solved: its residual stays at {norm:.1e}, "
            f"against {scale:.1e} at the start."
        )
    return point


def _damped(
    residual: Callable[[Array], Array], point: Array, step: Array, norm: float
) -> tuple[Array, Array] | None:
    """Halve the step until the residual falls; None if it never does."""
    for halvings in range(MAX_HALVINGS):
        candidate = point + step / 2**halvings
        value = residual(candidate)
        if np.linalg.norm(value) < norm:  # False for nan
            return candidate, value
    return None


def _jacobian(residual: Callable[[Array], Array], point: Array) -> Array:
    columns = []
    for index in range(len(point)):
        width = 6e-6 * max(1.0, abs(float(point[index])))
        shift = np.zeros_like(point)
        shift[index] = width
        columns.append((residual(point + shift) - residual(point - shift)) / (2 * width))
    return np.stack(columns, axis=1)
