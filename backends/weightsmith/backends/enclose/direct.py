"""One function of one matrix that is given, as it is or negated: the same rules, sooner.

Of small matrices most of the time goes into what only other scripts need: batches, token groups,
other number types, expressions.  Where a script and its data need none of that, the rules of
``answers`` are called at once.  Whatever is unusual, and every failure, is left to ``enclose``, so
that a message is the same either way, and a bound too, but that negating is exact here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from weightsmith.backends.enclose.answers.functions import function_distance
from weightsmith.backends.enclose.answers.inverses import inverse_distance
from weightsmith.backends.enclose.answers.polar_factors import polar_distance
from weightsmith.backends.enclose.given import floats_of, is_single
from weightsmith.backends.enclose.matrices.near import (
    TIGHT,
    Apart,
    Array,
    Digits,
    Kept,
    Near,
    NoBoundError,
    norm,
)
from weightsmith.backends.enclose.report import Enclosed, Enclosures
from weightsmith.backends.enclose.values.balls import function_named
from weightsmith.backends.enclose.values.evaluate import INVERSE, POLAR, VECTORS, shortened
from weightsmith.backends.enclose.values.remembered import remembered
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN

Rule: TypeAlias = Callable[[Near, Near], Apart | None]
ANY_SHAPE = ("polar",)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a script asks of an answer.

    The names of the input and of the answer; is the input negated, must it be square, and
    symmetric; the rule, and what the report says of it.
    """

    given: str
    answer: str
    negated: bool
    square: bool
    symmetric: bool
    rule: Rule
    target: str
    how: str


def directly(
    program: core.Program, inputs: Mapping[str, object], answer: Mapping[str, object]
) -> Enclosures | None:
    """The report of ``enclose``; None where it has to be asked."""
    plan = _plan_of(program)
    if plan is None or len(inputs) != 1:
        return None
    given, found = inputs.get(plan.given), answer.get(plan.answer)
    if type(given) is not np.ndarray or type(found) is not np.ndarray:
        return None
    shape = given.shape
    if len(shape) != 2 or found.shape != shape or 0 in shape:
        return None
    if plan.square and shape[0] != shape[1]:
        return None
    matrix, value = floats_of(given), floats_of(found)
    if matrix is None or value is None:
        return None
    if plan.symmetric and matrix.tobytes() != matrix.T.tobytes():
        return None
    with np.errstate(all="ignore"):
        try:
            bound = _bound(plan, matrix, value, found.dtype.itemsize == 4 or is_single(value))
        except NoBoundError:
            return None
    if bound is None:
        return None
    return Enclosures((Enclosed(plan.answer, plan.target, (bound,), plan.how),))


def _bound(plan: _Plan, matrix: Array, value: Array, short: bool) -> float | None:
    """None where these rules with short or double digits are not enough."""
    matrix = -matrix if plan.negated else matrix
    size, own, best = norm(matrix), norm(value), math.inf
    kept = Kept()
    for digits in (Digits.SHORT, Digits.DOUBLE) if short else (Digits.DOUBLE,):
        known = Near(matrix, None, 0.0, size, 0.0, digits, False, kept)
        try:
            found = plan.rule(known, Near(value, None, 0.0, own, 0.0, digits))
        except NoBoundError:
            continue  # more digits may do
        if found is None:
            return None
        best = min(best, found.bound)
        if found.radius <= TIGHT[digits] * best:
            return best
    return None


@remembered
def _plan_of(program: core.Program) -> _Plan | None:
    """None where the script asks for anything else."""
    if len(program.returns) != 1:
        return None
    [asked] = program.returns
    node = asked.target
    if not isinstance(node, core.Function) or asked.value.shape.columns == TOKEN:
        return None
    sign, of = _signed(node.of)
    own = next((one for one in program.inputs if one.name == of), None)
    rule = _rule_of(node)
    if own is None or rule is None or not sign:
        return None
    rows, columns = own.shape.rows, own.shape.columns
    if TOKEN in (rows, columns) or rows.isdigit() or columns.isdigit():
        return None
    function = node.function
    is_symmetric = function not in ("inv", "polar")
    if is_symmetric and not own.symmetric:
        return None
    return _Plan(
        own.name,
        asked.name,
        sign < 0,
        function not in ANY_SHAPE or rows == columns,
        is_symmetric,
        rule,
        shortened(node),
        {"inv": INVERSE, "polar": POLAR, "sign": POLAR}.get(function, VECTORS),
    )


def _signed(node: core.Node) -> tuple[int, str]:
    """The sign and the name of an input, as it is or negated; the sign is 0 of anything else."""
    if isinstance(node, core.Name):
        return 1, node.name
    if isinstance(node, core.Combination) and len(node.terms) == 1:
        [(scale, of)] = node.terms
        if isinstance(of, core.Name) and isinstance(scale, q.Number) and abs(scale.value) == 1:
            return int(scale.value), of.name
    return 0, ""


def _rule_of(node: core.Function) -> Rule | None:
    match node.function:
        case "inv":
            return inverse_distance
        case "polar" | "sign":
            return polar_distance
        case "pinv":
            return None
    if node.formula is not None:
        return None  # its parameters differ from call to call
    function, what = function_named(node, {}), shortened(node.of)
    return partial(function_distance, function=function, what=what)
