"""Is a matrix symmetric?

It is *within round-off* if |a_ij − a_ji| ≤ 4u·max|a|, u the unit round-off of the numbers that it
is given in, beside what is not known of a computed value.  Then it is read as (A + A')/2: its
entries are moved by no more than a few roundings move them, and the network's result moves as
under any rounding of its input, which no certificate counts.  What is off by more is broken.
"""

from __future__ import annotations

import numpy as np

from weightsmith.backends.measure.enclosure import UNIT, WIDER, Array
from weightsmith.backends.measure.evaluate import Evaluator, Subject, UnknownValueError
from weightsmith.backends.measure.quantities import ROUND_OFF, Finding, Verdict
from weightsmith.dsl.program import core


def symmetry(evaluator: Evaluator, of: Subject) -> Finding:
    """Compare a value with its transpose: an input exactly, a computed one within its radius."""
    return evaluator.once("symmetry", of, lambda: _symmetry(evaluator, of))


def _symmetry(evaluator: Evaluator, of: Subject) -> Finding:
    data, node = evaluator.data, of.node
    if not isinstance(node, core.Name):
        value = evaluator.whole(of)
        if value.is_symmetric:
            return _equal(rounded=bool(value.radius.any()))
        off, scale = _difference(value.middle)
        return _found(evaluator, of, off, 2 * value.radius / scale)
    if (node.name, "") not in data.matrices:
        raise UnknownValueError(f"{node.name} is not given")
    matrix, value = data.matrices[node.name, ""], evaluator.whole(of)
    if value.is_symmetric and value.middle is matrix:
        return _equal(rounded=False)
    off, _ = _difference(matrix)
    return _found(evaluator, of, off, np.zeros(len(off)))


def _difference(matrix: Array) -> tuple[Array, Array]:
    """max|a_ij − a_ji| relative to max|a|, and max|a|, of every problem."""
    largest = np.abs(matrix).max(axis=(-2, -1), initial=0)
    scale = np.where(largest > 0, largest, 1.0)
    even = matrix / scale[:, np.newaxis, np.newaxis]
    return np.abs(even - np.swapaxes(even, -1, -2)).max(axis=(-2, -1), initial=0), scale


def _equal(*, rounded: bool) -> Finding:
    """The matrix equals its transpose, or what was computed of it does."""
    if rounded:
        text = "equal to its transpose, but for the rounding of computing it"
        return Finding(Verdict.ROUND_OFF, text)
    return Finding(Verdict.HOLDS, "equal to its transpose")


def _found(evaluator: Evaluator, of: Subject, off: Array, unknown: Array) -> Finding:
    limit = (ROUND_OFF * evaluator.unit(of) + unknown + 4 * UNIT) * WIDER
    worst = int(np.argmax(off - limit))
    where, text = evaluator.data.place(worst), of.text
    measured = f"off by {off[worst]:.1e} of its largest entry{where}"
    if off[worst] <= limit[worst]:
        return Finding(Verdict.ROUND_OFF, measured)
    sentence = (
        f"{text} is not symmetric{where}: it differs from its transpose by {off[worst]:.1e} of its "
        "largest entry"
    )
    if isinstance(of.node, core.Name):
        sentence += f"; if only rounding made it so, pass ({text} + {text}')/2"
    return Finding(Verdict.BROKEN, measured, sentence)
