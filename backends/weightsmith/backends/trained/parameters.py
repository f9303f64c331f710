"""Which values of the script's parameters give these weights: exact ones, if there are any.

A trained step size is a float, and so an exact number.  Weights that are the script's with other
numbers have a certificate of their own: that of the script with these numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from weightsmith.backends.errors import InstantiationError
from weightsmith.backends.template.architecture import axis_sizes
from weightsmith.backends.template.coefficients import Values
from weightsmith.backends.template.instantiate import (
    Named,
    Weights,
    expand,
    named_tensors,
    structured_weights,
)
from weightsmith.backends.template.unroll import network_shape
from weightsmith.backends.trained.live import entry_scalar, trainable_symbols
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl.numbers.scalars import Scalar, ScalarError, evaluate, free_symbols

POINTS = (Fraction(1), Fraction(2), Fraction(3))


def same_weights(one: Weights, other: Weights) -> bool:
    """Are they equal, number by number, in the same dtype?"""
    return one.dtype == other.dtype and all(
        np.array_equal(tensor, other.tensors[name]) for name, tensor in one.tensors.items()
    )


def structured_form(template: Template, weights: Weights) -> Weights | None:
    """The coefficients over blocks of full matrices; None where a block has none."""
    if not weights.dense:
        return weights
    tensors = {}
    for matrix in network_shape(template).matrices():
        sides = [matrix.writes] if matrix.reads is None else [matrix.writes, matrix.reads]
        starts = [np.cumsum([0, *axis_sizes(side, weights.dims)])[:-1] for side in sides]
        full = weights.tensors[matrix.name]
        tensors[matrix.name] = full[np.ix_(*starts)]
        try:
            made = expand(tensors[matrix.name], matrix, weights.dims)
        except InstantiationError:
            return None
        if not np.array_equal(made, full):
            return None
    return Weights(tensors, weights.dtype)


def parameters_of(template: Template, weights: Weights) -> dict[str, Fraction] | None:
    """Return the parameters that have other values than in the template, with these values.

    None where no one assignment gives these structured weights, each entry rounded once, or where
    it does not follow from one entry after the other.
    """
    changed = set(_changed(template, weights))
    trained = trainable_symbols(template)
    names = [free_symbols(entry_scalar(named, {})) & trained.keys() for named, _ in changed]
    if not all(names):
        return None
    unknown = set[str]().union(*names)
    bound = Values(template).bindings
    known = {name: value for name, value in bound.items() if name not in unknown}
    found = _solved(changed, known, unknown)
    if found is None:
        return None
    try:
        made = structured_weights(template, found, dtype=weights.dtype)
    except InstantiationError:
        return None
    return found if same_weights(made, weights) else None


def _changed(template: Template, weights: Weights) -> Iterator[tuple[Named, float]]:
    """The entries that are not the template's, and their numbers."""
    before = structured_weights(template, dtype=weights.dtype).tensors
    for name, named in named_tensors(template).items():
        after = weights.tensors[name]
        for place in zip(*np.nonzero(before[name] != after), strict=True):
            yield named[place], float(after[place])


def _solved(
    changed: set[tuple[Named, float]], known: dict[str, Fraction], unknown: set[str]
) -> dict[str, Fraction] | None:
    """Find one parameter after the other, each from an entry that knows no other."""
    found: dict[str, Fraction] = {}
    entries = sorted(changed, key=lambda entry: (entry[0].texts, entry[1]))
    while unknown - found.keys():
        before = len(found)
        for named, number in entries:
            scalar = entry_scalar(named, known | found)
            names = free_symbols(scalar)
            if len(names) == 1:
                (name,) = names
                value = _solution(scalar, name, Fraction(number))
                if value is None:
                    return None
                found[name] = value
        if len(found) == before:
            return None
    return found


def _solution(scalar: Scalar, name: str, number: Fraction) -> Fraction | None:
    """The value at which a scalar is this number, where it or its reciprocal is a line."""
    try:
        values = [evaluate(scalar, {name: point}) for point in POINTS]
    except ScalarError:
        return None
    for heights, height in ((values, number), _reciprocals(values, number)):
        slope = heights[1] - heights[0] if heights else Fraction(0)
        if slope and heights[2] - heights[1] == slope:
            return POINTS[0] + (height - heights[0]) / slope
    return None


def _reciprocals(values: list[Fraction], number: Fraction) -> tuple[list[Fraction], Fraction]:
    if not number or not all(values):
        return [], number
    return [1 / value for value in values], 1 / number
