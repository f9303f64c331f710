"""Values of parameters under which data meet the assumptions of a script.

Every end of an assumption gives a constraint: it is at least (or at most) what was measured,
rounded outward.  An end that is linear in one parameter that has no value yet, or one over such,
bounds this parameter; the parameters are found one after the other, and what comes out is
compared with the data once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product

import numpy as np

from weightsmith.backends.errors import LayoutError
from weightsmith.backends.measure.decimals import DIGITS, MOST_DIGITS, number_text, rounded, text_of
from weightsmith.backends.measure.quantities import SIZE, Measured, Quantity, exact_value
from weightsmith.backends.measure.verdicts import Excess, ends_of
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.printing.hypotheses import Hypothesis, Stated
from weightsmith.dsl.program import core
from weightsmith.dsl.running.bindings import BindingError, resolve_bindings
from weightsmith.dsl.text.codes import Code

SPLITS = 32  # ways to share eigenvalues between two intervals that are tried
Found = Sequence[tuple[Hypothesis, Measured]]


class UnsolvableError(LayoutError):
    """No values of the parameters are found under which the data meet the assumptions."""

    code: Code = "data-fit"


@dataclass(frozen=True, slots=True)
class Constraint:
    """``end >= number`` if ``above``, else ``end <= number``; ``whole`` numbers are sizes.

    The number is rounded outward.  An end that is not even beyond ``least`` is proven to be too
    near, since ``what`` (the smallest eigenvalue of A) is known up to its margin.
    """

    end: q.Scalar
    above: bool
    number: Fraction
    least: Fraction
    whole: bool
    text: str
    what: str


def solved(
    program: core.Program, found: Found, given: Mapping[str, Fraction]
) -> Iterator[dict[str, Fraction]]:
    """Candidates for the parameters that the assumptions name and ``given`` does not have.

    There are several if eigenvalues lie in two intervals: with the widest gap first.  Raises
    UnsolvableError if there is none.
    """
    reason = ""
    for constraints in islice(_choices(found), SPLITS):
        try:
            values = _solution(program, constraints, given)
            resolve_bindings(program, {**given, **values})
        except (UnsolvableError, BindingError) as problem:
            reason = reason or str(problem)
            continue
        yield values
    if reason:
        raise UnsolvableError(reason)


def advice(
    program: core.Program, found: Found, bindings: Mapping[str, Fraction], excess: Excess
) -> str:
    """What to compile with, for a number that is beyond its end; else where the end stands."""
    constraints = [one for pair in found for one in _of_interval(*pair)]
    names = [one.name for one in program.parameters if one.name in q.free_symbols(excess.end)]
    for name in sorted(names, key=lambda name: len(_naming(constraints, name))):
        known = {other: value for other, value in bindings.items() if other != name}
        try:
            value = _value_of(name, _naming(constraints, name), known)
        except (UnsolvableError, q.ScalarError):
            continue
        if value is not None:
            return f": compile with --set {name}={exact_text(value)}"
    return _joint_advice(program, found, bindings, excess) if names else _elsewhere(excess)


def _joint_advice(
    program: core.Program, found: Found, bindings: Mapping[str, Fraction], excess: Excess
) -> str:
    """Values for all parameters of the assumptions, where no single one is enough."""
    ends = (end for one, _ in found for pair in ends_of(one).intervals for end in pair)
    named = {name for end in ends if end is not None for name in q.free_symbols(end)}
    others = {name: value for name, value in bindings.items() if name not in named}
    try:
        values = next(solved(program, found, others), None)
    except UnsolvableError:
        values = None
    if not values:
        return _elsewhere(excess)
    settings = " ".join(f"--set {name}={exact_text(value)}" for name, value in values.items())
    return f": compile with {settings}"


def exact_text(value: Fraction) -> str:
    """The text of a value that is a short decimal."""
    text = text_of(value, up=True, digits=MOST_DIGITS)
    return text if Fraction(text) == value else str(value)


def _elsewhere(excess: Excess) -> str:
    hypothesis = excess.hypothesis
    if not isinstance(hypothesis, Stated):
        return ""
    span = hypothesis.assumption.span
    line = span.source.text.count("\n", 0, span.start) + 1
    return f" ({span.source.name}, line {line}): change the assumption, or rescale the data"


# -- constraints --------------------------------------------------------------------------------


def _choices(found: Found) -> Iterator[list[Constraint]]:
    """The constraints, for each way to share out eigenvalues between two intervals."""
    single = [one for pair in found for one in _of_interval(*pair)]
    double = [
        list(_of_gap(hypothesis, measured))
        for hypothesis, measured in found
        if isinstance(measured, Quantity) and len(ends_of(hypothesis).intervals) == 2
    ]
    for choice in product(*double):
        yield single + [one for part in choice for one in part]


def _of_interval(hypothesis: Hypothesis, measured: Measured) -> Iterator[Constraint]:
    intervals = ends_of(hypothesis).intervals
    if isinstance(measured, Quantity) and len(intervals) == 1:
        confined = ~measured.zeros
        yield from _between(hypothesis, measured, intervals[0], confined)


def _of_gap(hypothesis: Hypothesis, measured: Quantity) -> Iterator[list[Constraint]]:
    """The widest gap between neighbours first; last, that all lie in one interval."""
    below, above = ends_of(hypothesis).intervals
    confined, middle = ~measured.zeros, measured.values.middle
    ordered = np.unique(middle[confined])
    widest = np.argsort(-np.diff(ordered), kind="stable")
    for split in (*ordered[1:][widest], np.inf, -np.inf):
        lower = _between(hypothesis, measured, below, confined & (middle < split))
        upper = _between(hypothesis, measured, above, confined & (middle >= split))
        yield [*lower, *upper]


def _between(
    hypothesis: Hypothesis,
    measured: Quantity,
    ends: tuple[q.Scalar | None, q.Scalar | None],
    chosen: np.ndarray,
) -> Iterator[Constraint]:
    if not chosen.any():
        return
    values, whole = measured.values, measured.noun == SIZE
    largest = float(np.abs(values.middle).max(initial=0)) if measured.of_ends else 1.0
    slack = measured.slack * largest
    sides = (
        (ends[0], "smallest", values.low[chosen].min(), values.high[chosen].min() + slack),
        (ends[1], "largest", values.high[chosen].max(), values.low[chosen].max() - slack),
    )
    for end, which, outer, inner in sides:
        if end is not None:
            number, least = (exact_value(float(one), values.exponent) for one in (outer, inner))
            if min(number, least) <= 0 <= max(number, least):
                number = Fraction(0)  # what cannot be told from 0 is taken for 0
            what = f"the {which} {measured.noun} of {measured.of} is {text_of(number)}"
            above = which == "largest"
            yield Constraint(end, above, number, least, whole, hypothesis.text, what)


def _naming(constraints: Iterable[Constraint], name: str) -> list[Constraint]:
    return [one for one in constraints if name in q.free_symbols(one.end)]


# -- solving ------------------------------------------------------------------------------------


def _solution(
    program: core.Program, constraints: Sequence[Constraint], given: Mapping[str, Fraction]
) -> dict[str, Fraction]:
    known, values = dict(given), dict[str, Fraction]()
    _require_fixed_ends(constraints, known)
    while True:
        open_ends = [one for one in constraints if not q.free_symbols(one.end) <= known.keys()]
        if not open_ends:
            return values
        ready = [one for one in open_ends if len(q.free_symbols(one.end) - known.keys()) == 1]
        if ready:
            (name,) = q.free_symbols(ready[0].end) - known.keys()
            own = [one for one in ready if name in q.free_symbols(one.end)]
            value = _value_of(name, own, known)
            if value is None:
                raise UnsolvableError(f"'{ready[0].text}' does not depend on {name}.")
            known[name] = values[name] = value
            continue
        _take_default(program, open_ends[0], known)


def _require_fixed_ends(constraints: Sequence[Constraint], known: Mapping[str, Fraction]) -> None:
    """Refuse data that are beyond an end which no parameter moves."""
    for one in constraints:
        if q.free_symbols(one.end) <= known.keys():
            end = q.evaluate(one.end, known)
            if end < one.least if one.above else end > one.least:
                side = "most" if one.above else "least"
                raise UnsolvableError(f"{one.what}, and must be at {side} {number_text(end)}.")


def _take_default(
    program: core.Program, constraint: Constraint, known: dict[str, Fraction]
) -> None:
    """Give one of several parameters of an end its default.  Raises UnsolvableError."""
    missing = q.free_symbols(constraint.end) - known.keys()
    for one in program.parameters:
        ready = one.default is not None and q.free_symbols(one.default) <= known.keys()
        if one.name in missing and ready and one.default is not None:
            known[one.name] = q.evaluate(one.default, known)
            return
    names = " and ".join(sorted(missing))
    raise UnsolvableError(
        f"'{constraint.text}' has several unknown parameters, {names}: set all but one of them."
    )


def _value_of(
    name: str, constraints: Sequence[Constraint], known: Mapping[str, Fraction]
) -> Fraction | None:
    """A short value that meets constraints in which only ``name`` is unknown.

    Raises UnsolvableError if there is none, or an end is not linear in the parameter.
    """
    least: list[tuple[Fraction, bool]] = []
    most: list[tuple[Fraction, bool]] = []
    for one in constraints:
        bound = _bound(name, one, known)
        if bound is not None:
            (least if bound[1] else most).append((bound[0], one.whole))
    if not least and not most:
        return None
    up = bool(least)
    end, whole = max(least) if up else min(most)
    for digits in range(DIGITS, MOST_DIGITS + 1):
        value = end if whole and end.denominator == 1 else rounded(end, up=up, digits=digits)
        if all(_holds(one, {**known, name: value}) for one in constraints):
            return value
    texts = " and ".join(f"'{one.text}'" for one in constraints)
    raise UnsolvableError(f"no value of {name} makes {texts} hold of these data.")


def _bound(
    name: str, one: Constraint, known: Mapping[str, Fraction]
) -> tuple[Fraction, bool] | None:
    """The bound that a constraint puts on a parameter, and whether it is one from below."""
    line = _line(name, one.end, known)
    number, above = one.number, one.above
    if line is None and number > 0:  # 1/end <= 1/number, if both are positive
        line = _line(name, q.Power(one.end, q.MINUS_ONE), known)
        number, above = 1 / number, not above
    if line is None:
        raise UnsolvableError(f"an end of '{one.text}' is not linear in {name}: set {name}.")
    start, slope = line
    if slope == 0:
        return None
    return (number - start) / slope, above == (slope > 0)


def _line(
    name: str, end: q.Scalar, known: Mapping[str, Fraction]
) -> tuple[Fraction, Fraction] | None:
    """start and slope of an end that looks linear in a parameter; what it gives is checked."""
    try:
        first, second, third = (q.evaluate(end, {**known, name: Fraction(at)}) for at in (1, 2, 3))
    except q.ScalarError:
        return None
    slope = second - first
    return (first - slope, slope) if third - second == slope else None


def _holds(one: Constraint, bindings: Mapping[str, Fraction]) -> bool:
    try:
        end = q.evaluate(one.end, bindings)
    except q.ScalarError:
        return False
    return end >= one.number if one.above else end <= one.number
