"""The rule ``stages``: loops in which one ratio t = f/f* goes through polynomials free of λ.

For a composition in several loops, of a degree in λ as high as you like (cubics, then polynomials
of degree 9 and 27, …).  Every symbol needs a value.

Hypotheses: every carried scalar is g = t_g·f*.  With that in place of all scalars each start of a
later loop, each pass, and the value, reduced by f*^root = power and divided by f*, is a polynomial
in the other t alone, free of λ; each start of the first loop is a number times that of ``scalar``.
What is said of f* and of the ratio of ``scalar`` in the rule ``autonomous`` holds here too.

Witness: ``scalar``, the one of the first loop whose t₀ is enclosed at first.

Follows: every t_g is a polynomial in e₀ = 1 − f₀/f* with coefficients free of λ, which is followed
exactly, the numbers of ``for`` loops in place.  At a *cut*, after a pass, all scalars that are
still used have one and the same t: its range is enclosed, all of them are 1 − e in the new e, and
nothing is known of the others any more.  Cuts are made wherever they are possible.  The bound is
the largest |e| at the end, e = 1 − t of the value.

Proof: by induction over the passes, at each λ of the spectrum: the polynomials do not depend on λ,
so an interval that holds e₀ at every λ is taken by them to one that holds e at every λ.

Numbers: the degree between two cuts, the passes and the bits are limited for speed.  The intervals
are rounded outward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import flint

from weightsmith.checker.algebra.rational import Rational
from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.balls.enclosures import outward, size
from weightsmith.checker.balls.ranges import Interval, Real, extremes
from weightsmith.checker.facts.fact import Bound
from weightsmith.checker.reading.refusal import RefusedError, quoted, require, spend
from weightsmith.checker.reading.strict_json import as_text
from weightsmith.checker.reading.work import of_products
from weightsmith.checker.spectra.problem import Problem, Result
from weightsmith.checker.spectra.recurrence import Recurrence, only_in, relative
from weightsmith.checker.spectra.scalar_program import ScalarProgram, Terms, read_program
from weightsmith.checker.spectra.spectral import LAMBDA
from weightsmith.checker.spectra.spectral_rule import ValueRule
from weightsmith.checker.spectra.targets import FUNCTION

NAME = "stages"
MAX_DEGREE = 200
MAX_PASSES = 5000
MAX_BITS = 1 << 28  # of a polynomial's coefficients together
WHOLE = flint.fmpq_poly([1, -1])  # t = 1 − e
Known = flint.fmpq_poly | None  # None: nothing is known of a scalar


def derive_stages(result: Result, witness: Mapping[str, object]) -> Bound:
    """The polynomials and the intervals; ``scalar`` is the one whose t₀ is enclosed at first."""
    field, numbers, target = result.field, result.numbers, result.target
    name = as_text(witness["scalar"], "scalar")
    require(bool(result.recurrences), "The rule is for loops.")
    first = result.recurrences[0]
    require(name in first.initial, f"{quoted(name)} is not a scalar of the first loop.")
    problem = Problem(
        field, result.operator, first, target, name, numbers, field.zero
    ).without_root()
    start = first.initial[name] ** target.root / problem.power
    require(not start.is_zero, f"'{name}' starts at zero.")
    only_in(start, LAMBDA, "The start", field)
    for part in (*target.must_be_positive(), problem.power):
        problem.check_positive(part, numbers)
    problem.check_sign(numbers)
    problem.check_not_negative(first.initial[name], numbers)
    program = _reduced_program(problem, result)
    errors = [
        value.map(lambda exact: 1 - exact, lambda ball: 1 - ball)
        for value in problem.roots(start, target.root, numbers)
    ]
    walk = _Walk(program, outward(errors))
    degrees = ", ".join(map(str, walk.run()))
    begin = f"1 - ({rational_text(start)})^(1/{target.root})"
    formula = f"{NAME}(1 - ({rational_text(result.value)})/target, degrees {degrees}, {begin})"
    return Bound(formula, Real.of(size(walk.interval)))


def _reduced_program(problem: Problem, result: Result) -> ScalarProgram:
    """The same loops for the t of every scalar; λ stands for t₀ in the starts of the first."""
    field, root = problem.field, problem.target.root
    unit = field.variable(FUNCTION)
    names = [name for one in result.recurrences for name in one.initial]
    whole = {name: field.variable(name) * unit for name in names}

    def reduced(value: Rational, what: str) -> Rational:
        new = relative(field.substitute(value, whole), root, problem.power, field)
        free = field.names_in(new).isdisjoint({LAMBDA, FUNCTION})
        require(free, f"{what} is not free of lambda in terms of t.")
        return new

    def begun(name: str, value: Rational) -> Rational:
        share = value / result.recurrences[0].initial[problem.error]
        free = field.names_in(share).isdisjoint({LAMBDA, *names})
        require(free, f"'{name}' does not begin as a multiple of '{problem.error}'.")
        return share * field.variable(LAMBDA)

    loops = []
    for number, one in enumerate(result.recurrences):
        initial = {
            name: reduced(value, f"The start of '{name}'") if number else begun(name, value)
            for name, value in one.initial.items()
        }
        following = {
            name: reduced(value, f"A pass of '{name}'") for name, value in one.following.items()
        }
        loops.append(Recurrence(one.loop, initial, following))
    value = reduced(result.value, "The result")
    return read_program(field, loops, value, result.numbers.bindings)


class _Walk:
    """Follows the t of all scalars as polynomials in e, from cut to cut."""

    def __init__(self, program: ScalarProgram, start: Interval) -> None:
        self._program = program
        self._known: list[Known] = []
        self.interval = start

    def run(self) -> list[int]:
        """Enclose e at every cut and at the end; the degrees of the polynomials between."""
        degrees: list[int] = []
        live = _used_again(self._program)
        passes = 0
        for stage in self._program.stages:
            self._known += [self._sum(terms) for terms in stage.initial]
            for number in range(stage.count):
                spend(10)
                change = stage.maps[number % len(stage.maps)]
                self._known[stage.first :] = [self._sum(terms) for terms in change]
                passes += 1
                if passes < len(live):
                    degrees += self._cut(live[passes - 1])
        return [*degrees, self._enclose(self._sum(self._program.value))]

    def _cut(self, places: frozenset[int]) -> list[int]:
        """Start anew in the new e, if all scalars that are used again have one and the same t."""
        found = [self._known[place] for place in sorted(places)]
        if not found or found[0] is None or found[0].degree() <= 1:
            return []
        if any(one != found[0] for one in found):
            return []
        degree = self._enclose(found[0])
        self._known = [WHOLE if k in places else None for k in range(len(self._known))]
        return [degree]

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

    def _enclose(self, value: Known) -> int:
        if value is None:
            raise RefusedError("The loops are no composition for one ratio to the target.")
        after = 1 - value
        self.interval = outward(extremes(after, self.interval))
        return max(int(after.degree()), 0)


def _used_again(program: ScalarProgram) -> list[frozenset[int]]:
    """The scalars on which the value depends after each pass, all loops' passes in order."""
    total = sum(stage.count for stage in program.stages)
    require(total <= MAX_PASSES, f"The loops have more than {MAX_PASSES} passes.")
    live, found = _places((program.value,)), []
    for stage in reversed(program.stages):
        own = range(stage.first, stage.first + stage.size)
        for number in reversed(range(stage.count)):
            found.append(live)
            live = _before(stage.maps[number % len(stage.maps)], own, live)
        live = _before(stage.initial, own, live)
    return found[::-1]


def _before(sums: Sequence[Terms], own: range, live: frozenset[int]) -> frozenset[int]:
    """On which scalars those depend that are live after these sums."""
    read = _places([sums[place - own.start] for place in live if place in own])
    return read | (live - frozenset(own))


def _places(sums: Sequence[Terms]) -> frozenset[int]:
    return frozenset(place for terms in sums for term in terms for place, _ in term.factors)


def _bits(polynomial: flint.fmpq_poly) -> int:
    """Of the largest coefficient, numerator and denominator."""
    return int(polynomial.numer().height_bits()) + int(polynomial.denom()).bit_length()


RULE = ValueRule(NAME, derive_stages, keys=("scalar",))
