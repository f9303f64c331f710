"""An answer against a target that is one function of a matrix: cheaper than the target itself.

The answer is near to the target, or it would be none; the rules start from it.  Where it is too
far off for that, or more digits than twice those of a float64 are needed, there is None.
"""

from __future__ import annotations

from weightsmith.backends.enclose.answers.functions import function_distance
from weightsmith.backends.enclose.answers.inverses import inverse_distance
from weightsmith.backends.enclose.answers.polar_factors import polar_distance
from weightsmith.backends.enclose.matrices.near import Apart, Array, Digits, near
from weightsmith.backends.enclose.values.evaluate import (
    INVERSE,
    POLAR,
    VECTORS,
    Evaluator,
    shortened,
)
from weightsmith.dsl.program import core


def compared(evaluator: Evaluator, node: core.Function, value: Array) -> Apart | None:
    """More than the distance of the value from the target; raises NoBoundError."""
    if evaluator.digits is Digits.LONG or node.function == "pinv":
        return None
    matrix, answer = evaluator.blocks(node.of)["", ""], near(value, digits=evaluator.digits)
    match node.function:
        case "inv":
            evaluator.used[INVERSE] = None
            return inverse_distance(matrix, answer)
        case "polar":
            evaluator.used[POLAR] = None
            return polar_distance(matrix, answer)
        case "sign":
            evaluator.require_symmetric(node.of)
            evaluator.used[POLAR] = None
            return polar_distance(matrix, answer)
    function = evaluator.scalar_function(node)
    evaluator.used[VECTORS] = None
    return function_distance(matrix, answer, function, shortened(node.of))
