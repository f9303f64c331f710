"""L·F·inv(G·F)·Q of matrices that are given: the same rule as in ``answers``, sooner.

As in ``direct``, whatever is unusual, and every failure, is left to ``enclose``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from weightsmith.backends.enclose.answers.solutions import (
    CLOSE,
    distance_of_solution,
    form_of,
    inverse_of,
    leaf_of,
)
from weightsmith.backends.enclose.given import floats_of, is_single
from weightsmith.backends.enclose.matrices.near import (
    TIGHT,
    Array,
    Digits,
    Near,
    NoBoundError,
    norm,
    with_digits,
)
from weightsmith.backends.enclose.report import Enclosed, Enclosures
from weightsmith.backends.enclose.values.contraction import Link
from weightsmith.backends.enclose.values.evaluate import SOLUTION, shortened
from weightsmith.backends.enclose.values.remembered import remembered
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN

Place: TypeAlias = tuple[str, str]  # an input, and a token group or ""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a script asks of an answer.

    The answer's name and token group; the inputs, with the number of groups of each, and what is
    read of them, with the axes; L, F, G and Q of the product, each with whether it is turned; the
    mirrored product is that of the transposes.
    """

    answer: str
    group: str
    inputs: Mapping[str, int]
    axes: Mapping[Place, tuple[str, str]]
    factors: tuple[tuple[Place, bool], ...]
    mirrored: bool
    target: str
    inverted: str


def solved_directly(
    program: core.Program, inputs: Mapping[str, object], answer: Mapping[str, object]
) -> Enclosures | None:
    """The report of ``enclose``; None where it has to be asked."""
    plan = _plan_of(program)
    if plan is None or len(inputs) != len(plan.inputs):
        return None
    found = _piece(answer.get(plan.answer), plan.group, 1)
    given = _given(plan, inputs)
    value = None if found is None else floats_of(found)
    if given is None or value is None or found is None:
        return None
    with np.errstate(all="ignore"):
        try:
            short = found.dtype.itemsize == 4 or is_single(value)
            bound = _bound(plan, given, value.T if plan.mirrored else value, short)
        except NoBoundError:
            return None
    if bound is None:
        return None
    return Enclosures((Enclosed(plan.answer, plan.target, (bound,), SOLUTION),))


def _given(plan: _Plan, inputs: Mapping[str, object]) -> dict[Place, Array] | None:
    """All that is given, if that is what the product is made of, and the sizes fit."""
    given: dict[Place, Array] = {}
    sizes: dict[str, int] = {}
    for place, axes in plan.axes.items():
        array = _piece(inputs.get(place[0]), place[1], plan.inputs[place[0]])
        array = None if array is None else floats_of(array)
        if array is None:
            return None
        for axis, size in zip(axes, array.shape, strict=True):
            known = int(axis) if axis.isdigit() else sizes.setdefault(axis, size)
            if known != size or not size:
                return None
        given[place] = array
    return given


def _piece(value: object, group: str, count: int) -> Array | None:
    """The matrix of a token group of so many that are given, "" of an input that has none."""
    if group:
        if type(value) is not dict or len(value) != count:
            return None
        value = value.get(group)
    return value if type(value) is np.ndarray and value.ndim == 2 else None


def _bound(plan: _Plan, given: Mapping[Place, Array], answer: Array, short: bool) -> float | None:
    """None where this rule with short or double digits is not enough."""
    known = {place: Near(one, None, 0.0, norm(one)) for place, one in given.items()}
    factors = [
        known[place].transposed if turned else known[place] for place, turned in plan.factors
    ]
    left, inner, other = factors[:3]
    right = factors[3] if len(factors) == 4 else None
    last = inner if right is None else right
    rows = len(left.hi)
    if answer.shape != (rows, last.hi.shape[1]) or rows >= inner.hi.shape[1]:
        return None
    found = inverse_of(other, inner, plan.inverted)
    if found.rho > CLOSE:
        return None
    best = math.inf
    for digits in (Digits.SHORT, Digits.DOUBLE) if short else (Digits.DOUBLE,):
        first = with_digits(left, digits)  # which tells the rule how many to use
        apart = distance_of_solution(first, inner, other, right, found, answer)
        best = min(best, apart.bound)
        if apart.radius <= TIGHT[digits] * best:
            return best
    return None


@remembered
def _plan_of(program: core.Program) -> _Plan | None:
    """None where the script asks for anything else."""
    if len(program.returns) != 1:
        return None
    [asked] = program.returns
    groups = asked.groups if asked.value.shape.columns == TOKEN else ("",)
    form = form_of(asked.target) if isinstance(asked.target, core.Product) else None
    if form is None or len(groups) != 1:
        return None
    links = [one for one in (form.left, form.inner, form.other, form.right) if one is not None]
    places = [_place(one, groups[0]) for one in links]
    declared = {one.name: one.shape for one in program.inputs}
    inputs: dict[str, int] = {}
    axes: dict[Place, tuple[str, str]] = {}
    for place, _ in places:
        name, group = place
        shape = declared.get(name)
        if shape is None or shape.rows == TOKEN or (shape.columns == TOKEN) != bool(group):
            return None
        if place not in axes:
            inputs[name] = inputs.get(name, 0) + 1
            axes[place] = shape.rows, group or shape.columns
    return _Plan(
        asked.name,
        groups[0],
        inputs,
        axes,
        tuple((place, turned != form.mirrored) for place, turned in places),
        form.mirrored,
        shortened(asked.target) if asked.target is not None else "",
        shortened(form.inverted),
    )


def _place(link: Link, group: str) -> tuple[Place, bool]:
    """The input that a factor is, and whether it is turned; of several groups the answer's."""
    leaf = leaf_of(link)
    if leaf is None:
        raise TypeError("a factor that is no input")
    name, turned, rows, columns = leaf
    last = columns[0] if len(columns) == 1 else group
    return (name, rows[0] if turned else last), turned
