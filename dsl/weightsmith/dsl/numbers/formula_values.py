"""Values of formulas in floating point, with NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from weightsmith.dsl.elementary import elementary
from weightsmith.dsl.numbers import formulas as f
from weightsmith.dsl.numbers import scalars as q

Array = NDArray[Any]


@overload
def evaluate_formula(formula: f.Formula, t: float, bindings: Mapping[str, Fraction]) -> float: ...


@overload
def evaluate_formula(formula: f.Formula, t: Array, bindings: Mapping[str, Fraction]) -> Array: ...


def evaluate_formula(
    formula: f.Formula, t: float | Array, bindings: Mapping[str, Fraction]
) -> float | Array:
    """Return the values at ``t``, nan or inf where there is none.

    That is a float for a float, an array of its type for an array.
    """
    places = np.asarray(t)
    places = places if places.dtype.kind == "f" else places.astype(np.float64)
    with np.errstate(all="ignore"):
        found = _values(formula, places, bindings)
    values: Array = np.broadcast_to(found, places.shape).astype(places.dtype)
    return values if isinstance(t, np.ndarray) else float(values)


def _values(formula: f.Formula, t: Array, bindings: Mapping[str, Fraction]) -> Array:
    match formula:
        case f.Variable():
            return t
        case f.Constant(value):
            return np.asarray(float(q.evaluate(value, bindings)), dtype=t.dtype)
        case f.Sum(terms):
            total = _values(terms[0], t, bindings)
            for term in terms[1:]:
                total = total + _values(term, t, bindings)
            return total
        case f.Times(factors):
            product = _values(factors[0], t, bindings)
            for factor in factors[1:]:
                product = product * _values(factor, t, bindings)
            return product
        case f.IntegerPower(base, exponent):
            power: Array = np.power(_values(base, t, bindings), float(exponent))
            return power
        case f.Apply(function, of):
            return elementary(function).floats(_values(of, t, bindings))
