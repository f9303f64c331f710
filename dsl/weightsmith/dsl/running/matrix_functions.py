"""The matrix functions of targets in NumPy, by eigenvalues and singular values."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def of_eigenvalues(matrix: Array, function: Callable[[Array], Array]) -> Array:
    """Return f of a symmetric matrix: V·f(Λ)·V'."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    result: Array = (vectors * function(values)) @ vectors.T
    return result


def fractional_power(values: Array, exponent: Fraction) -> Array:
    """λ^(p/q) of the eigenvalues of a semidefinite matrix; what round-off left below 0 is 0."""
    size = np.max(np.abs(values), initial=0)
    noise = len(values) * np.finfo(values.dtype).eps * size
    lifted = np.where((values < 0) & (values >= -noise), 0, values)
    with np.errstate(all="ignore"):
        result: Array = np.power(lifted, values.dtype.type(float(exponent)))
    return result


def _polar(matrix: Array) -> Array:
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    result: Array = left @ right
    return result


def _pinv(matrix: Array) -> Array:
    result: Array = np.linalg.pinv(matrix, rcond=1e-12)
    return result


def _inv(matrix: Array) -> Array:
    result: Array = np.linalg.inv(matrix)
    return result


def _exp(matrix: Array) -> Array:
    return of_eigenvalues(matrix, np.exp)


def _sign(matrix: Array) -> Array:
    return of_eigenvalues(matrix, np.sign)


def _power(exponent: Fraction) -> Callable[[Array], Array]:
    return lambda matrix: of_eigenvalues(matrix, lambda values: fractional_power(values, exponent))


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "inv": _inv,
    "pinv": _pinv,
    "sqrt": _power(Fraction(1, 2)),
    "invsqrt": _power(Fraction(-1, 2)),
    "exp": _exp,
    "polar": _polar,
    "sign": _sign,
}
