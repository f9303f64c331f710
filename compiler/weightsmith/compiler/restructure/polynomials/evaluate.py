"""A program that returns left·p(T)·right as one of few layers: p by a Chebyshev series, exactly.

Where T = x·x' and the value is l·x'·p(T)·x, the data blocks carry it (see on_data.py).  Otherwise
one layer makes y = scale·T + shift and the products left and right, ⌈log₃ deg p⌉ layers the series
of p in T_k(y), and one layer the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import flint

from weightsmith.checker.balls.ranges import fraction, rational
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.spectra.operator_reading import OperatorReading
from weightsmith.compiler.certify.spectra.assumed_operators import assumed_operators
from weightsmith.compiler.certify.spectra.evidence import letters
from weightsmith.compiler.certify.spectra.spectral import NoProofError, OverLimitError
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.ir.polynomial import Word
from weightsmith.compiler.restructure.polynomials.on_data import data_series
from weightsmith.compiler.restructure.polynomials.polynomial import (
    Goal,
    PolynomialValue,
    polynomial_value,
)
from weightsmith.compiler.restructure.recurrences.lines import block
from weightsmith.compiler.restructure.recurrences.setting import (
    IDENTITY,
    Setting,
    choose_setting,
    clause_of_words,
    word_text,
)
from weightsmith.compiler.restructure.recurrences.task import Made, Steps, Task
from weightsmith.compiler.restructure.recurrences.witnesses import Placement, operator_steps
from weightsmith.compiler.synthesize.families.numbers import rounded
from weightsmith.compiler.synthesize.plans.script import (
    Loop,
    Plan,
    choose_names,
    linear_text,
    named,
    side_by_side,
)
from weightsmith.compiler.synthesize.plans.series_plan import evaluation, size_unit
from weightsmith.dsl.text.number_text import is_short

MAX_DIGITS = 1000  # of a coefficient
MAX_TEXT = 1900  # of its characters
TOO_LONG = f"an exact coefficient would have more than {MAX_DIGITS} digits"
SHORT = 10  # characters of an end of y's map
DIGITS = 6


def evaluated(task: Task) -> Made:
    """Raises NoProofError, with the reason, where the values are of no such kind."""
    value = polynomial_value(task)
    setting = _data_setting(task.normal, value)
    if setting is not None:
        return _on_data(task, value, setting)
    clause = clause_of_words(task.normal, [value.word * 2, *value.words])
    scale, shift = _line(task, value)
    coefficients = chebyshev_coefficients(value.polynomial, scale, shift)
    _refuse_long(coefficients)
    writer = _Writer(value, clause, linear_text([(scale, word_text(value.word)), (shift, "I")]))
    plan = writer.plan(coefficients)
    names = choose_names(plan, set(task.taken))
    lines = side_by_side([(plan, names)])
    results = tuple(named(result, names) for result in plan.results)
    placements = {name: writer.placements.get(one, ((), (), False)) for one, name in names.items()}
    steps = _steps(value, scale, shift, clause, placements)
    return Made(tuple(lines), results, clause, steps)


def _steps(
    value: PolynomialValue,
    scale: Fraction,
    shift: Fraction,
    clause: str,
    placements: dict[str, Placement],
) -> Steps:
    """λ in terms of y = scale·λ + shift."""
    line, followed = (-shift / scale, 1 / scale), (value.scalarise, value.loops)
    return operator_steps(value.word, line, followed, clause, placements)


def coupled(normal: NormalProgram) -> bool:
    """Is there one ``repeat`` loop, and more than one sequence in it?"""
    loops = normal.loops
    return len(loops) == 1 and len(loops[0].carried) > 1 and not loops[0].schedule


def evaluated_on_data(task: Task) -> Made:
    """Raises NoProofError where the value is none on data blocks."""
    value = polynomial_value(task)
    setting = _data_setting(task.normal, value)
    if setting is None:
        raise NoProofError("its value is no polynomial applied to data")
    return _on_data(task, value, setting)


def _refuse_long(coefficients: list[Fraction]) -> None:
    if not all(is_short(c, MAX_TEXT) for c in coefficients):
        raise OverLimitError(TOO_LONG)


def _data_setting(normal: NormalProgram, value: PolynomialValue) -> Setting | None:
    """Where all values are l·x'·p(x·x')·x of one letter l."""
    frame = value.goals[0].frame
    if len(value.word) < 2 or any(goal.frame != frame for goal in value.goals):
        return None
    try:
        setting = choose_setting(normal, value.word, frame)
    except NoProofError:
        return None
    return setting if setting.symmetric and setting.outer is not None else None


def _on_data(task: Task, value: PolynomialValue, setting: Setting) -> Made:
    """With y = 2T/c − 1, c the largest of the assumed spectrum."""
    clause = clause_of_words(task.normal, [value.word * 2, *value.words])
    top = _top(task, value)
    scale, shift = 2 / top, Fraction(-1)
    times_operator = value.polynomial * flint.fmpq_poly([0, 1])
    coefficients = chebyshev_coefficients(times_operator, scale, shift)
    unit = size_unit(coefficients)
    coefficients = [one / unit for one in coefficients]
    x, outer = word_text(setting.one), word_text(setting.outer or ())
    series = data_series(coefficients, x, outer, top)
    _refuse_long([one * unit for one in coefficients])
    plan = Plan(
        "",
        series.start,
        (),
        (series.result, *(new for one in series.layers for _, new in one)),
        0,
        Fraction(0),
    )
    names = choose_names(plan, set(task.taken))
    lines = [named(line, names) for line in series.start]
    for layer in series.layers:
        lines += block({named(x, names): named(new, names) for x, new in layer}, clause)
    result = named(series.result, names)
    result = result if unit == 1 else f"{unit}*({result})"
    results = tuple(_with_constants(result, goal) for goal in value.goals)
    factor, products = ((), setting.one, False), (setting.left, setting.right, False)
    placements = {new: factor if one == "G" else products for one, new in names.items()}
    steps = _steps(value, scale, shift, clause, placements)
    return Made(tuple(lines), results, clause, steps)


def _top(task: Task, value: PolynomialValue) -> Fraction:
    """The upper end of the assumed spectrum, or a guess."""
    for _, high in _assumed(task, value):
        if high > 0:
            return _short(high)
    scale, _ = _guess(value.polynomial)
    return _short(2 / scale) if scale > 0 else Fraction(1)


def _with_constants(result: str, goal: Goal) -> str:
    constants = [(number, word_text(word)) for number, word in goal.constants]
    return f"{result} + ({linear_text(constants)})" if constants else result


def _line(task: Task, value: PolynomialValue) -> tuple[Fraction, Fraction]:
    """Scale and shift of y = scale·T + shift, about [−1, 1] on the assumed spectrum."""
    for low, high in _assumed(task, value):
        return _short(2 / (high - low)), _short((high + low) / (low - high))
    return _guess(value.polynomial)


def _assumed(task: Task, value: PolynomialValue) -> Iterator[tuple[Fraction, Fraction]]:
    """Intervals that hold the spectrum of T, with numbers for ends."""
    program, bindings = task.program, task.bindings
    for one in assumed_operators(program, task.normal, bindings):
        if one.operator.word != value.word:
            continue
        try:
            reading = OperatorReading(
                program, bindings, one.assumption, letters(value.word), Budget()
            )
            ends = reading.operator.low, reading.operator.high
            low, high = (reading.field.evaluate(end, bindings) for end in ends)
        except RefusedError:
            continue
        if low < high:
            yield low, high


def _guess(polynomial: flint.fmpq_poly) -> tuple[Fraction, Fraction]:
    """Where nothing is assumed: y of [0, 2c], c the mean of the roots, 1/η for steps of size η."""
    degree = polynomial.degree()
    mean = -polynomial[degree - 1] / (degree * polynomial[degree])
    if mean == 0:
        return Fraction(1), Fraction(0)
    return _short(1 / fraction(mean)), Fraction(-1)


def _short(value: Fraction) -> Fraction:
    """Any number serves, and powers of it should have few digits."""
    return value if is_short(value, SHORT) else rounded(value, DIGITS)


def chebyshev_coefficients(
    polynomial: flint.fmpq_poly, scale: Fraction, shift: Fraction
) -> list[Fraction]:
    """Of p(λ) in T_k(scale·λ + shift): exact, by Horner's rule with 2y·T_k = T_{k+1} + T_{k−1}."""
    inverse = flint.fmpq_poly([rational(-shift / scale), rational(1 / scale)])
    found: list[flint.fmpq] = []
    for coefficient in reversed(polynomial(inverse).coeffs()):
        more = [flint.fmpq(0)] * (len(found) + 1)
        for k, one in enumerate(found):
            more[k + 1] += one if k == 0 else one / 2
            if k:
                more[k - 1] += one / 2
        more[0] += coefficient
        found = more
    return [fraction(one) for one in found]


class _Writer:
    """Names the products beside p(T): words of several letters, made in one layer."""

    def __init__(self, value: PolynomialValue, clause: str, y: str) -> None:
        self.value, self.clause, self.y = value, clause, y
        self.placements: dict[str, Placement] = {}
        self.held: dict[Word, str] = {}
        for goal in value.goals:
            left, right = goal.frame
            self._hold("F", left, (left, (), False))
            self._hold("H", right, ((), right, False))

    def _hold(self, base: str, word: Word, placement: Placement) -> None:
        if len(word) > 1 and word not in self.held:
            name = f"{base}{len(self.held) or ''}"
            self.held[word] = f"${name}"
            self.placements[name] = placement

    def plan(self, coefficients: list[Fraction]) -> Plan:
        found = evaluation(coefficients)
        made = {name: word_text(word) for word, name in self.held.items()}
        start = []
        if len(self.value.word) > 1:
            made = {"$y": self.y} | made
        else:
            start.append(f"$y = {self.y}")
        start += [f"{name} = 0" for name in made]
        start += found.start
        setup = Loop(tuple(f"{name} = ({one}{self.clause})" for name, one in made.items()))
        loops = ((setup,) if made else ()) + found.loops
        results = tuple(map(self._result, self.value.goals))
        return Plan(
            "series",
            tuple(start),
            loops,
            results,
            found.layers,
            error=Fraction(0),
            finish=found.finish,
        )

    def _result(self, goal: Goal) -> str:
        left, right = (self.held.get(word) or word_text(word) for word in goal.frame)
        middle = "$P0" if IDENTITY in (left, right) else "$P0'"  # a head multiplies F·P'·H
        result = "*".join(part for part in (left, middle, right) if part != IDENTITY)
        return _with_constants(result, goal)
