"""The fixed matrices of a network as inputs of its script: weights here, inputs there."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from weightsmith.backends.data.given import Array, FloatInputs, float_array
from weightsmith.backends.errors import LayoutError

if TYPE_CHECKING:
    from weightsmith.backends.template.layout import Inputs
    from weightsmith.compiler.ir.template import Template


def fixed_arrays(template: Template) -> dict[str, Array]:
    """Every fixed matrix whose numbers are known, rows × columns, exactly.

    In float64 where that holds each number, else as an array of Fractions.
    """
    return {one.name: _array(one.entries) for one in template.matrices if one.entries}


def with_fixed(inputs: Inputs, fixed: Mapping[str, Array]) -> Inputs:
    """The inputs and the fixed matrices; floats stay floats.

    Raises LayoutError where an input has the name of a matrix that the weights hold.
    """
    if not fixed:
        return inputs
    for name in fixed:
        if name in inputs:
            raise LayoutError(
                f"'{name}' is a fixed matrix, and its numbers are among the weights: leave it out, "
                "or compile with other numbers."
            )
    if not isinstance(inputs, FloatInputs):
        return {**inputs, **fixed}
    own = {name: float_array(array, f"'{name}'") for name, array in fixed.items()}
    return FloatInputs({**inputs, **own})


def _array(entries: tuple[tuple[str, ...], ...]) -> Array:
    exact = [[Fraction(text) for text in row] for row in entries]
    try:
        floats = np.array([[float(one) for one in row] for row in exact])
    except OverflowError:
        return np.array(exact, dtype=object)
    same = all(
        Fraction(float(held)) == one
        for held, one in zip(floats.ravel(), (x for row in exact for x in row), strict=True)
    )
    return floats if same else np.array(exact, dtype=object)
