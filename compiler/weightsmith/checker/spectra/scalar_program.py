"""Loops as maps of numbers: the degree in λ of what they compute, and its value at a ball.

A carried scalar is a polynomial in λ.  Its degree is bounded by following the degrees pass by pass,
its value at λ by following the values; no coefficient is ever expanded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.reading.refusal import require, spend
from weightsmith.checker.reading.scalar_text import count_at, value_at
from weightsmith.checker.spectra.recurrence import Recurrence
from weightsmith.checker.spectra.spectral import LAMBDA

MAX_DEGREE = 20_000
MAX_PASSES = 20_000  # of a loop whose map is not affine
ZERO = -1  # the degree of 0


@dataclass(frozen=True, slots=True)
class Term:
    """coefficient · λ^power · Π scalar^exponent, the scalars by their places."""

    coefficient: flint.fmpq
    power: int
    factors: tuple[tuple[int, int], ...]


Terms = tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """One loop: the scalars with places from ``first`` on, their start, and a map for each pass.

    There is a single map, for all of them, where the loop has no schedule.
    """

    first: int
    initial: tuple[Terms, ...]
    maps: tuple[tuple[Terms, ...], ...]
    count: int

    @property
    def size(self) -> int:
        return len(self.initial)

    @property
    def is_affine(self) -> bool:
        """No term has two factors of the loop's own scalars."""
        return all(self.own(term) <= 1 for one in self.maps for terms in one for term in terms)

    @property
    def is_power(self) -> bool:
        """The same affine map in every pass."""
        return len(self.maps) == 1 and self.is_affine

    @property
    def work(self) -> int:
        """Products of balls in one evaluation, roughly."""
        one_map = max((_work(terms) for terms in self.maps), default=0)
        if self.is_power:
            return one_map + (self.size + 1) ** 2 * self.count.bit_length()
        return self.count * (one_map + (self.size + 1) ** 2)

    def own(self, term: Term) -> int:
        return sum(exponent for place, exponent in term.factors if place >= self.first)


@dataclass(frozen=True, slots=True)
class ScalarProgram:
    """Stages one after the other, and the value at the end, a polynomial in all scalars and λ."""

    stages: tuple[Stage, ...]
    value: Terms

    @property
    def work(self) -> int:
        """Products of balls in one evaluation, roughly."""
        starts = sum(_work(stage.initial) for stage in self.stages)
        return starts + sum(stage.work for stage in self.stages) + _work((self.value,))

    def degree(self) -> int:
        """A bound of the value's degree in λ; 0 for the value 0 too."""
        degrees: list[int] = []
        for stage in self.stages:
            degrees += [_degree(terms, degrees) for terms in stage.initial]
            for number in range(stage.count):
                spend(1 + _work(stage.maps[number % len(stage.maps)]) // 4)
                after = [_degree(terms, degrees) for terms in stage.maps[number % len(stage.maps)]]
                if len(stage.maps) == 1 and after == degrees[stage.first :]:
                    break  # and so on for ever
                degrees[stage.first :] = after
        return max(_degree(self.value, degrees), 0)

    def evaluator(self) -> Callable[[flint.arb], flint.arb]:
        """The value as a function of λ, in balls of the present precision."""
        stages = [_Evaluator(stage) for stage in self.stages]
        value = _Sum(self.value)

        def run(at: flint.arb) -> flint.arb:
            known: list[flint.arb] = []
            for stage in stages:
                known += stage.run(at, known)
            return value(at, known)

        return run


def read_program(
    field: Field,
    recurrences: Sequence[Recurrence],
    value: Rational,
    bindings: Mapping[str, Fraction],
) -> ScalarProgram:
    """The recurrences at the bindings; each may use its own scalars and those of earlier ones."""
    names: list[str] = []
    stages: list[Stage] = []
    for recurrence in recurrences:
        first = len(names)
        own = list(recurrence.initial)
        start = [_terms(field, recurrence.initial[name], names, bindings) for name in own]
        names += own
        count = count_at(recurrence.loop.count, bindings)
        maps = [
            tuple(_terms(field, recurrence.following[name], names, numbers) for name in own)
            for numbers in _numbers_of_maps(recurrence, count, bindings)
        ]
        stage = Stage(first, tuple(start), tuple(maps), count)
        small = count <= MAX_PASSES or stage.is_power
        require(small, f"A loop of more than {MAX_PASSES} passes is not affine.")
        stages.append(stage)
    return ScalarProgram(tuple(stages), _terms(field, value, names, bindings))


def _numbers_of_maps(
    recurrence: Recurrence, count: int, bindings: Mapping[str, Fraction]
) -> list[Mapping[str, Fraction]]:
    """The bindings of each pass; of one for all if no number changes from pass to pass."""
    schedule = recurrence.loop.schedule
    if not schedule or not count:
        return [bindings]
    require(count <= MAX_PASSES, f"A loop has more than {MAX_PASSES} numbers.")
    for name, values in schedule.items():
        require(len(values) == count, f"'{name}' has not one number for every pass.")
    return [
        {**bindings, **{name: value_at(values[k], bindings) for name, values in schedule.items()}}
        for k in range(count)
    ]


def _terms(
    field: Field, value: Rational, names: Sequence[str], bindings: Mapping[str, Fraction]
) -> Terms:
    places = {name: place for place, name in enumerate(names)}
    result = []
    for exponents, number in field.numeric_terms(value, bindings, field.variables).items():
        used = dict(zip(field.variables, exponents, strict=True))
        power = used.pop(LAMBDA)
        factors = {name: exponent for name, exponent in used.items() if exponent}
        known = set(factors) <= set(places)
        require(known, "A scalar depends on others that are not known where it is computed.")
        result.append(Term(number, power, tuple((places[name], e) for name, e in factors.items())))
    return tuple(result)


def _work(sums: Sequence[Terms]) -> int:
    """Sums and products in such sums of terms."""
    return sum(
        1 + term.power + sum(exponent for _, exponent in term.factors)
        for terms in sums
        for term in terms
    )


def _degree(terms: Terms, degrees: Sequence[int]) -> int:
    largest = ZERO
    for term in terms:
        if all(degrees[place] != ZERO for place, _ in term.factors):
            own = sum(degrees[place] * exponent for place, exponent in term.factors)
            largest = max(largest, term.power + own)
    require(largest <= MAX_DEGREE, f"The result has a degree above {MAX_DEGREE}.")
    return largest


class _Sum:
    """Σ of terms, its coefficients rounded once."""

    def __init__(self, terms: Terms) -> None:
        self._terms = [(flint.arb(term.coefficient), term.power, term.factors) for term in terms]

    def __call__(self, at: flint.arb, known: Sequence[flint.arb]) -> flint.arb:
        total = flint.arb(0)
        for coefficient, power, factors in self._terms:
            term = coefficient
            for _ in range(power):  # flint's power of a ball with 0 in it is no number
                term = term * at
            for place, exponent in factors:
                for _ in range(exponent):
                    term = term * known[place]
            total = total + term
        return total


class _Evaluator:
    """One stage on balls.

    Where its maps are affine each is a matrix, [f; 1] ← M(λ)·[f; 1]: terms with one scalar are
    added up before they are multiplied with it, which keeps the balls small.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._initial = [_Sum(terms) for terms in stage.initial]
        self._maps = [[_Sum(terms) for terms in one] for one in stage.maps]
        self._power = stage.is_power
        self._matrices: list[list[list[_Sum]]] = []
        if stage.is_affine:
            self._matrices = [[self._row(terms) for terms in one] for one in stage.maps]

    def run(self, at: flint.arb, known: Sequence[flint.arb]) -> list[flint.arb]:
        state = [start(at, known) for start in self._initial]
        if self._matrices and state:
            return self._by_matrices(at, known, state)
        for number in range(self._stage.count):
            visible = [*known, *state]
            state = [after(at, visible) for after in self._maps[number % len(self._maps)]]
        return state

    def _row(self, terms: Terms) -> list[_Sum]:
        """The coefficients of the own scalars, and what is left, as sums of their own."""
        stage = self._stage
        columns: list[list[Term]] = [[] for _ in range(stage.size + 1)]
        for term in terms:
            own = [place - stage.first for place, _ in term.factors if place >= stage.first]
            rest = tuple(factor for factor in term.factors if factor[0] < stage.first)
            columns[own[0] if own else -1].append(Term(term.coefficient, term.power, rest))
        return [_Sum(tuple(column)) for column in columns]

    def _by_matrices(
        self, at: flint.arb, known: Sequence[flint.arb], state: list[flint.arb]
    ) -> list[flint.arb]:
        size = len(state) + 1
        vector = flint.arb_mat(size, 1, [*state, flint.arb(1)])
        count = self._stage.count
        for rows in self._matrices[:count]:
            entries = [entry(at, known) for row in rows for entry in row]
            last = [*([flint.arb(0)] * (size - 1)), flint.arb(1)]
            matrix = flint.arb_mat(size, size, entries + last)
            vector = (matrix**count if self._power else matrix) * vector
        return [vector[place, 0] for place in range(size - 1)]
