"""The rule ``stages``: loops in which one ratio t = f/f* goes through polynomials free of λ.

Every carried scalar is g = t_g·ratio_g·f*.  If with that in place of all scalars each start and
each pass gives t_g as a polynomial in the other t alone, free of λ, then by induction every t_g is
a polynomial in e₀ = 1 − f₀/f*.  At a *cut* all scalars that are still used have one and the same t:
its range is enclosed, and what follows is a polynomial in the new e.  So no polynomial has a degree
above that of what lies between two cuts, however long the composition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint

from weightsmith.checker.chebyshev import Result
from weightsmith.checker.enclosures import check_encloses, read_intervals
from weightsmith.checker.problem import Bound, Problem
from weightsmith.checker.ranges import Interval, Real, extremes
from weightsmith.checker.rational import Field, Rational
from weightsmith.checker.recurrence import Recurrence, only_in, polynomial_text, relative
from weightsmith.checker.refusal import RefusedError, quoted, require, spend
from weightsmith.checker.scalar_program import ScalarProgram, Terms, read_program
from weightsmith.checker.scalar_text import read_scalar
from weightsmith.checker.spectral import LAMBDA
from weightsmith.checker.strict_json import as_integer, as_list, as_text, as_texts
from weightsmith.checker.targets import FUNCTION
from weightsmith.checker.work import of_products

RULE = "stages"
KEYS = ("step", "rule", "scalar", "start", "cuts", "intervals")
OPTIONAL = ("ratios",)
MAX_DEGREE = 200
MAX_PASSES = 5000
MAX_BITS = 1 << 28  # of a polynomial's coefficients together
WHOLE = flint.fmpq_poly([1, -1])  # t = 1 − e
Known = flint.fmpq_poly | None  # None: nothing is known of a scalar


@dataclass(frozen=True, slots=True)
class Cut:
    """After so many passes of all loops, counted from 1, only these scalars are used again."""

    passes: int
    scalars: tuple[str, ...]


def check_stages(result: Result, step: Mapping[str, object]) -> Bound:
    """Prove the polynomials and the intervals; the value is the largest |e| of the last one."""
    field, numbers, target = result.field, result.numbers, result.target
    name = as_text(step["scalar"], "scalar")
    require(bool(result.recurrences), "The rule is for loops.")
    first = result.recurrences[0]
    require(name in first.initial, f"{quoted(name)} is not a scalar of the first loop.")
    problem = Problem(field, result.operator, first, target, name, numbers).without_root()
    start_text, start = polynomial_text(step, "start", field)
    only_in(start, LAMBDA, "The start", field)
    begins = first.initial[name] ** target.root / problem.power == start
    require(begins, "The start is not (f/f*)^root before the loop.")
    ratios = _ratios(step, result.recurrences, name, field)
    for part in (*target.must_be_positive(), problem.power):
        problem.check_positive(part, numbers)
    problem.check_sign(numbers)
    problem.check_not_negative(first.initial[name], numbers)
    for ratio in ratios.values():
        problem.check_no_pole(ratio, numbers)
    program = _reduced_program(problem, result, ratios)
    errors = [
        value.map(lambda exact: 1 - exact, lambda ball: 1 - ball)
        for value in problem.roots(start, target.root, numbers)
    ]
    intervals = read_intervals(step["intervals"])
    require(bool(intervals), "The claim has no intervals.")
    check_encloses(intervals[0], errors, "intervals[0]")
    walk = _Walk(program, result.recurrences, list(_cuts(step)), intervals)
    degrees = ", ".join(map(str, walk.run(field)))
    begin = f"1 - ({start_text})^(1/{target.root})"
    formula = f"{RULE}(1 - ({result.text})/target, degrees {degrees}, {begin})"
    return Bound((formula,), Real.of(max(abs(Fraction(end)) for end in intervals[-1])))


def _ratios(
    step: Mapping[str, object], recurrences: Sequence[Recurrence], first: str, field: Field
) -> dict[str, Rational]:
    """ratio_g of every scalar: 1 unless the step says otherwise; never 0."""
    found = {name: field.one for one in recurrences for name in one.initial}
    given = step.get("ratios", {})
    if not isinstance(given, dict):
        raise RefusedError("'ratios' is not an object.")
    known = given.keys() <= found.keys() - {first}
    require(known, "'ratios' names something that is not another carried scalar.")
    changing = {number for one in recurrences for number in one.loop.schedule}
    varying = {*field.variables, *changing} - {LAMBDA}
    for name in given:
        ratio = field.read(read_scalar(as_text(given[name], "ratio"), "ratio"))
        only = field.names_in(ratio).isdisjoint(varying)
        require(only and not ratio.is_zero, f"The ratio of '{name}' is not one in lambda alone.")
        found[name] = ratio
    return found


def _cuts(step: Mapping[str, object]) -> Iterator[Cut]:
    before = 0
    for item in as_list(step["cuts"], "cuts"):
        parts = as_list(item, "A cut")
        require(len(parts) == 2, "A cut is a count of passes and a list of scalars.")
        passes, names = as_integer(parts[0], "A cut's passes"), as_texts(parts[1], "A cut")
        require(before < passes, "The cuts are not in order.")
        require(bool(names), "A cut names no scalar.")
        before = passes
        yield Cut(passes, tuple(names))


def _reduced_program(
    problem: Problem, result: Result, ratios: Mapping[str, Rational]
) -> ScalarProgram:
    """The same loops for the t of every scalar; λ stands for t₀ in the starts of the first."""
    field, root = problem.field, problem.target.root
    unit = field.variable(FUNCTION)
    whole = {name: field.variable(name) * unit * ratio for name, ratio in ratios.items()}

    def reduced(value: Rational, ratio: Rational, what: str) -> Rational:
        new = relative(field.substitute(value, whole) / ratio, root, problem.power, field)
        free = field.names_in(new).isdisjoint({LAMBDA, FUNCTION})
        require(free, f"{what} is not free of lambda in terms of t.")
        return new

    def begun(name: str, value: Rational) -> Rational:
        share = value / (result.recurrences[0].initial[problem.error] * ratios[name])
        free = field.names_in(share).isdisjoint({LAMBDA, *ratios})
        require(free, f"'{name}' does not begin as a multiple of '{problem.error}'.")
        return share * field.variable(LAMBDA)

    loops = []
    for number, one in enumerate(result.recurrences):
        initial = {
            name: begun(name, value)
            if number == 0
            else reduced(value, ratios[name], f"The start of '{name}'")
            for name, value in one.initial.items()
        }
        following = {
            name: reduced(value, ratios[name], f"A pass of '{name}'")
            for name, value in one.following.items()
        }
        loops.append(Recurrence(one.loop, initial, following))
    value = reduced(result.value, field.one, "The result")
    return read_program(field, loops, value, result.numbers.bindings)


class _Walk:
    """Follows the t of all scalars as polynomials in e, from cut to cut."""

    def __init__(
        self,
        program: ScalarProgram,
        recurrences: Sequence[Recurrence],
        cuts: list[Cut],
        intervals: Sequence[Interval],
    ) -> None:
        self._program, self._cuts, self._intervals = program, cuts, intervals
        self._names = [name for one in recurrences for name in one.initial]
        self._known: list[Known] = []
        self._done = 0  # cuts
        require(
            len(intervals) == len(cuts) + 2, f"There must be {len(cuts) + 2} intervals, one a cut."
        )

    def run(self, field: Field) -> list[int]:
        """Check every interval; the degrees of the polynomials between cuts."""
        degrees, passes = [], 0
        total = sum(stage.count for stage in self._program.stages)
        require(total <= MAX_PASSES, f"The loops have more than {MAX_PASSES} passes.")
        for stage in self._program.stages:
            self._known += [self._sum(terms) for terms in stage.initial]
            for number in range(stage.count):
                field.budget.spend(10)
                change = stage.maps[number % len(stage.maps)]
                self._known[stage.first :] = [self._sum(terms) for terms in change]
                passes += 1
                if self._done < len(self._cuts) and self._cuts[self._done].passes == passes:
                    degrees.append(self._cut(self._cuts[self._done]))
        require(self._done == len(self._cuts), "There are more cuts than passes.")
        degrees.append(self._enclose(self._sum(self._program.value)))
        return degrees

    def _sum(self, terms: Terms) -> Known:
        total = flint.fmpq_poly()
        for term in terms:
            value = flint.fmpq_poly([term.coefficient]) * WHOLE**term.power
            for place, exponent in term.factors:
                factor = self._known[place]
                if factor is None:
                    return None
                small = value.degree() + factor.degree() * exponent <= MAX_DEGREE
                require(small, f"Between two cuts there is a degree above {MAX_DEGREE}.")
                size = (_bits(value) + _bits(factor) * exponent) * (MAX_DEGREE + 1)
                require(size <= MAX_BITS, "A coefficient grows too large to be checked exactly.")
                spend(of_products(MAX_DEGREE + 1, size // (MAX_DEGREE + 1)))
                value = value * factor**exponent
            total = total + value
        return total

    def _cut(self, cut: Cut) -> int:
        places = []
        for name in cut.scalars:
            known = name in self._names[: len(self._known)]
            require(known, f"A cut names {quoted(name)}, which is not carried there.")
            places.append(self._names.index(name))
        values = [self._known[place] for place in places]
        same = all(value == values[0] for value in values)
        require(same, "The scalars of a cut have not the same ratio to the target.")
        degree = self._enclose(values[0])
        self._known = [WHOLE if k in places else None for k in range(len(self._known))]
        self._done += 1
        return degree

    def _enclose(self, value: Known) -> int:
        if value is None:
            raise RefusedError("A scalar is used that the cut before it does not name.")
        after = 1 - value
        image = extremes(after, self._intervals[self._done])
        check_encloses(self._intervals[self._done + 1], image, f"intervals[{self._done + 1}]")
        return max(int(after.degree()), 0)


def _bits(polynomial: flint.fmpq_poly) -> int:
    """Of the largest coefficient, numerator and denominator."""
    return int(polynomial.numer().height_bits()) + int(polynomial.denom()).bit_length()
