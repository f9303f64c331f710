"""How far a returned value is from its target, by spectral calculus of one operator T.

    returned value = C + b·left·f(T)·right,  target = C + b·left·f*(T)·right,
    ‖returned value − target‖₂ ≤ bound · scale

It follows from a fact ``spectrum`` (which T), a fact ``recurrence`` (what the loops do to functions
of T) and one rule.  All else is derived from the script: which function of T is returned, the
scale, the hypotheses, the bound.  So whoever looks for a proof calls the same functions as whoever
checks one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.algebra.rational import Rational
from weightsmith.checker.algebra.rational_text import polynomial_text, rational_text
from weightsmith.checker.algebra.words import Polynomial, Word
from weightsmith.checker.balls.claim_numbers import SAYS_NOTHING
from weightsmith.checker.balls.enclosures import above
from weightsmith.checker.facts.fact import Bound, Fact
from weightsmith.checker.facts.read_files import ReadFiles
from weightsmith.checker.facts.rule import Facts, Witness
from weightsmith.checker.reading.refusal import (
    Budget,
    RefusedError,
    SaysNothingError,
    quoted,
    require,
)
from weightsmith.checker.semantics.expressions import evaluate
from weightsmith.checker.semantics.premises import Premises
from weightsmith.checker.spectra.affine import scaled_bound, without_shift
from weightsmith.checker.spectra.conditions import frame_hypotheses, hypotheses, numbers_at, scale
from weightsmith.checker.spectra.kernels import vanishes_at_zero
from weightsmith.checker.spectra.operator_reading import Loops, OperatorReading
from weightsmith.checker.spectra.problem import Numbers, Problem, Result
from weightsmith.checker.spectra.spectral import Operator
from weightsmith.checker.spectra.spectral_rule import IterateRule, SpectralRule, ValueRule
from weightsmith.checker.spectra.targets import Target, read_target
from weightsmith.dsl.program import core

NESTED = "The result comes from a loop within a loop."
NO_VALUE = (
    "The formula is derived. Its side conditions (signs, ends of the spectrum, rate*high <= n) "
    "could not be checked: a symbol has no value."
)


def truncation_fact(
    rule: SpectralRule, read: ReadFiles, of: object, premises: Facts, witness: Witness
) -> Fact:
    """The distance of the value that is returned by this name from its target."""
    loops = premises[0].known
    if not isinstance(of, str) or not isinstance(loops, Loops):
        raise RefusedError("A truncation is of the name of a returned value.")
    with Budget().active():
        return fact_of(Following(loops, of).bounded(rule, witness), read)


def fact_of(found: Truncation, read: ReadFiles | None = None) -> Fact:
    """As a fact; its sentence is in the words of the script that was ``read``."""

    def sentence() -> str:
        if read is None:
            return ""
        from weightsmith.checker.spectra.sentence import truncation_sentence  # words load more

        return truncation_sentence(found, read.program(), read.template().bindings)

    return Fact(
        "truncation",
        found.output,
        {"scale": found.scale},
        found.bound,
        found.hypotheses,
        known=found,
        way=found.way,
        sentence=sentence,
        reason=NO_VALUE if found.bound.value is None else "Proven.",
        proven=found.bound.value is not None,
    )


@dataclass(frozen=True, slots=True)
class Truncation:
    """A bound that is proven; its value is None without numbers."""

    output: str
    returned_target: core.Node
    operator: Operator
    target: Target
    bound: Bound
    scale: str
    hypotheses: Premises
    way: tuple[str, ...]  # what was derived before the bound, in words

    @property
    def formula(self) -> str:
        return self.bound.formula

    @property
    def value(self) -> Fraction | None:
        """The number of the bound, rounded up; refused if it is larger than all numbers are."""
        if self.bound.value is None:
            return None
        try:
            return above(self.bound.value)
        except RefusedError as reason:
            raise SaysNothingError(SAYS_NOTHING) from reason


class Targeted:
    """A returned value whose target is C + b·left·f*(T)·right."""

    def __init__(self, reading: OperatorReading, output: str) -> None:
        """Raises RefusedError."""
        self.reading, self.field, self.operator = reading, reading.field, reading.operator
        self.returned, self.wanted = _returned(reading.program, output)
        part, self._returned_value = self._returned_part()
        self.target = read_target(
            self.wanted,
            part,
            reading.meaning.final,
            reading.scalariser,
            reading.operator,
            reading.field,
        )

    def _returned_part(self) -> tuple[tuple[str, str], Polynomial]:
        returned = self.returned
        value = evaluate(returned.value, self.reading.meaning.final, self.field)
        require(value.rows != core.TOKEN, "The rows of the returned value are tokens.")
        groups = returned.groups if value.columns == core.TOKEN else ("",)
        require(len(groups) == 1, "The value is returned at several groups of tokens.")
        part = ("", groups[0])
        require(part in value.parts, "The value is not defined where it is returned.")
        return part, value.parts[part]

    @property
    def frame(self) -> tuple[list[str], list[str]]:
        """The letters left and right of the function."""
        return _texts(self.target.left), _texts(self.target.right)


class Following(Targeted):
    """Such a value, followed through its loops as a function of the operator."""

    def __init__(self, loops: Loops, output: str) -> None:
        """Derive everything but the bound.  Raises RefusedError."""
        super().__init__(loops, output)
        self.recurrences, self.is_nested = loops.recurrences, loops.is_nested
        self._loops = loops
        self.missing = loops.missing
        self.value = self._value()
        vanish = self.target.zero_on_kernel and vanishes_at_zero(
            self.value, self.recurrences, self.field
        )
        self._in_range = frame_hypotheses(
            self.operator, self.target, loops.program, loops.meaning, both_vanish=vanish
        )
        self.numbers: Numbers | None = None
        if not self.missing:
            self.numbers = numbers_at(
                loops.program, self.operator, loops.number, self.field, loops.bindings
            )

    def _value(self) -> Rational:
        """What stands in place of f* in the returned value: a polynomial in λ and the scalars."""
        target = self.target
        scalarised = self.reading.scalariser.scalarise(without_shift(self._returned_value, target))
        scalar = scalarised.take(target.left, target.right, self.field.zero)
        require(scalarised.is_empty, "The returned value and its target have different forms.")
        return scalar if target.factor is None else scalar / target.factor

    def bounded(
        self, rule: SpectralRule, witness: Witness, *, symbolic: bool = False
    ) -> Truncation:
        """The bound by a rule; ``symbolic`` without numbers, as far as the rule goes without."""
        numbers = None if symbolic else self.numbers
        bound = self._by_rule(rule, witness, numbers)
        factor = scale(self.operator, self.target)
        bindings = None if numbers is None else numbers.bindings
        bound = scaled_bound(bound, self.target, factor, self.field, bindings)
        open_rule = rule.name if numbers is None else ""
        loops = self._loops
        assumed = hypotheses(
            self.operator, loops.assumption, self._in_range, loops.program, open_rule
        )
        way = (*self._way(), *bound.way, f"So the bound is {bound.formula}, the scale {factor}.")
        return Truncation(
            self.returned.name,
            self.wanted,
            self.operator,
            self.target,
            bound,
            factor,
            assumed,
            way,
        )

    def _way(self) -> Iterator[str]:
        """What is known before the bound: the value, and the target."""
        target, value = self.target, rational_text(self.value)
        yield f"The returned value {self.returned.name} is {_whole_text(target)} with f = {value}."
        yield f"The target is the same with f* in place of f, {_function_text(target)}."

    def _by_rule(self, rule: SpectralRule, witness: Witness, numbers: Numbers | None) -> Bound:
        if isinstance(rule, ValueRule):
            return rule.derive(self.result(numbers), witness)
        problem = self.problem(numbers)
        self._check_for(rule, problem)
        if numbers is not None:
            defined = problem.without_root() if rule.for_signs else problem
            for part in self.target.must_be_positive():
                defined.check_positive(part, numbers)  # pinv(A)*A is 0 at 0
        return rule.derive(problem, witness)

    def _check_for(self, rule: IterateRule, problem: Problem) -> None:
        """A rule is asked only about what it says it is for."""
        alone = not problem.recurrence.inner or rule.for_inner_loops
        require(alone, f"The rule {rule.name} is not for a loop with loops within it.")
        changing = any(one.loop.schedule for one in problem.recurrence.whole())
        steady = not changing or rule.for_schedules
        require(steady, "The rule is not for a loop whose numbers change from pass to pass.")
        known = self.target.sign is None or rule.for_signs
        require(known, "The rule is not for a target that jumps.")
        shifted = problem.offset.is_zero or rule.for_offsets
        require(shifted, "The returned value is not one iterate.")

    def result(self, numbers: Numbers | None) -> Result:
        """The returned value as a polynomial in T.  Raises RefusedError without numbers."""
        require(not self.is_nested, NESTED)
        if numbers is None:
            raise RefusedError("This rule needs a value for every symbol.")
        return Result(self.field, self.operator, self.recurrences, self.value, self.target, numbers)

    def problem(self, numbers: Numbers | None) -> Problem:
        """The returned value as an iterate of one loop, or 1 more.  Raises RefusedError."""
        require(len(self.recurrences) == 1, "The result does not come from exactly one loop.")
        (recurrence,) = self.recurrences
        for name in recurrence.initial:
            offset = self.value - self.field.variable(name)
            if offset.is_zero or offset.is_one:
                return Problem(
                    self.field, self.operator, recurrence, self.target, name, numbers, offset
                )
        raise RefusedError("The returned value is not one iterate.")


def _texts(word: Word) -> list[str]:
    return [letter.text for letter in word]


def _whole_text(target: Target) -> str:
    """C + b · left · f(T) · right, as far as these are there."""
    parts = [*_texts(target.left), "f(T)", *_texts(target.right)]
    if target.factor is not None and not target.factor.is_one:
        parts.insert(0, f"({rational_text(target.factor)})")
    whole = " · ".join(parts)
    return whole if target.shift is None else f"{polynomial_text(target.shift)} + {whole}"


def _function_text(target: Target) -> str:
    """f* in terms of lambda."""
    if target.rate is not None:
        return f"f* = exp(({rational_text(target.rate)})*lambda)"
    if target.power is None:
        return "f* the formula of the target"
    power = rational_text(target.power)
    power = power if target.root == 1 else f"({power})^(1/{target.root})"
    sign = "" if target.sign is None else f", its sign that of {rational_text(target.sign)}"
    return f"f* = {power}{sign}"


def _returned(program: core.Program, name: str) -> tuple[core.Return, core.Node]:
    for returned in program.returns:
        if returned.name == name and returned.target is not None:
            return returned, returned.target
    raise RefusedError(f"The script returns no {quoted(name)} with a target.")
