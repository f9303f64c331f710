"""Follows a returned value through its loops, as functions of one operator T, towards its target.

    returned value = C + b·left·f(T)·right,  target = C + b·left·f*(T)·right

All is derived from the script and a few hints: what a pass does to the scalars, which function f of
T is returned, the scale, the hypotheses, the bound by a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.rational_text import polynomial_text, rational_text
from weightsmith.checker.algebra.words import Letter, Polynomial, Word, word_text
from weightsmith.checker.balls.claim_numbers import SAYS_NOTHING, shown
from weightsmith.checker.balls.enclosures import above
from weightsmith.checker.reading.refusal import (
    Budget,
    RefusedError,
    SaysNothingError,
    quoted,
    require,
)
from weightsmith.checker.reading.strict_json import as_integer
from weightsmith.checker.rules import IterateRule, Rule, Step, ValueRule, find
from weightsmith.checker.semantics.expressions import evaluate
from weightsmith.checker.semantics.meaning import Loop, Meaning, read_meaning
from weightsmith.checker.semantics.premises import Premises
from weightsmith.checker.spectra.affine import scaled_bound, without_shift
from weightsmith.checker.spectra.conditions import frame_hypotheses, hypotheses, numbers_at, scale
from weightsmith.checker.spectra.kernels import vanishes_at_zero
from weightsmith.checker.spectra.operator_step import read_forms, read_names, read_operator
from weightsmith.checker.spectra.problem import Bound, Numbers, Problem, Result
from weightsmith.checker.spectra.recurrence import INTERNAL, Recurrence, derive_recurrence
from weightsmith.checker.spectra.spectral import Collapser, Form, Operator
from weightsmith.checker.spectra.targets import Target, read_target
from weightsmith.dsl.program import core

Json = dict[str, object]
NESTED = "The result comes from a loop within a loop."


@dataclass(frozen=True, slots=True)
class Truncation:
    """A bound that is proven, as the reader is to see it; ``value`` is None without numbers."""

    output: str
    returned_target: core.Node
    operator: Operator
    target: Target
    bound: Bound
    scale: str
    hypotheses: Premises
    facts: tuple[str, ...]  # what was derived before the bound, in words

    @property
    def formula(self) -> str:
        return self.bound.formula

    @property
    def parts(self) -> str:
        """What is proven, as the certificate has it."""
        value = "" if self.value is None else f" <= {shown(self.value)}"
        assumed = ", ".join(f"{kind} {of}" for kind, of in self.hypotheses)
        bound = f"bound {self.formula}{value}, scale {self.scale}"
        return f"output {self.output}, {bound}, hypotheses {assumed}."

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
    """A returned value whose target is C + b·left·f*(T)·right, T the operator of an assumption."""

    def __init__(
        self,
        program: core.Program,
        bindings: Mapping[str, Fraction],
        output: str,
        assumption: Step,
        budget: Budget,
        names: Iterable[str] = (),
    ) -> None:
        """``names``: those of scalars of loops.  Raises RefusedError."""
        taken = [name for name in INTERNAL if name in program.symbols]
        require(not taken, f"The parameter {' and '.join(taken)} has a name that proofs use.")
        self.field = field = Field(program.symbols, (*INTERNAL, *names), budget)
        self.program, self._meaning = program, read_meaning(program, field, {})
        self.returned, self._wanted = _returned(program, output)
        self.missing = [one.name for one in program.parameters if one.name not in bindings]
        self._letters = dict(_input_letters(self._meaning))
        spectra = [a for a in program.assumptions if isinstance(a, core.SpectrumAssumption)]
        known = {} if self.missing else bindings
        self.operator = read_operator(assumption, program, self._meaning, self._letters, known)
        self._number = as_integer(assumption["number"], "number")
        self._assumption = spectra[self._number]
        self._forms: dict[str, tuple[Form, ...]] = {}
        self._collapser = Collapser(field, self.operator, self._forms, self._letters)
        part, self._returned_value = self._returned_part()
        self.target = read_target(
            self._wanted, part, self._meaning.final, self._collapser, self.operator, field
        )

    def _returned_part(self) -> tuple[tuple[str, str], Polynomial]:
        returned = self.returned
        value = evaluate(returned.value, self._meaning.final, self.field)
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
    """Such a value, followed through its loops as functions of the operator."""

    def __init__(
        self,
        program: core.Program,
        bindings: Mapping[str, Fraction],
        output: str,
        assumption: Step,
        loops: Sequence[Step],
        budget: Budget,
    ) -> None:
        """Derive everything but the bound.  Raises RefusedError where the steps do not do."""
        names = dict.fromkeys(name for step in loops for name in read_names(step))
        super().__init__(program, bindings, output, assumption, budget, names)
        field = self.field
        self._own: dict[int, dict[str, tuple[Form, ...]]] = {}  # forms by loop
        for step in loops:
            self._read(step)
        self.recurrences = list(self._followed(self._meaning.loops))
        self._check_scalars()
        self.value = self._value()
        vanish = self.target.zero_on_kernel and vanishes_at_zero(
            self.value, self.recurrences, field
        )
        self._in_range = frame_hypotheses(
            self.operator, self.target, program, self._meaning, both_vanish=vanish
        )
        self.numbers: Numbers | None = None
        if not self.missing:
            self.numbers = numbers_at(program, self.operator, self._number, field, bindings)

    def _read(self, step: Step) -> None:
        """The forms of the letters of one more loop; a loop around it must have a step too."""
        loop = self._loop(as_integer(step["loop"], "loop"))
        later = all(index < loop.index for index in self._own)
        require(later, "The loops are not in the order of the script.")
        self._own[loop.index] = read_forms(step, loop, self.operator, self.field, self._letters)
        self._forms |= self._own[loop.index]

    def _loop(self, index: int) -> Loop:
        """One of the outermost loops, or one within a loop that has a step."""
        around = (one for one in self._meaning.all_loops() if one.index in self._own)
        known = (*self._meaning.loops, *(child for one in around for child in one.children))
        for loop in known:
            if loop.index == index:
                return loop
        raise RefusedError(f"The script has no loop {index}, or the loop around it has no step.")

    def _followed(self, loops: Iterable[Loop]) -> Iterator[Recurrence]:
        """What a pass does to the scalars of those loops that have a step."""
        for loop in loops:
            if loop.index in self._own:
                inner = tuple(self._followed(loop.children))
                own = self._own[loop.index]
                yield derive_recurrence(loop, own, inner, self._collapser, self.field)

    def every_recurrence(self) -> list[Recurrence]:
        """Those of the loops within a loop too, in the order of the script."""
        return [one for outer in self.recurrences for one in outer.whole()]

    @property
    def is_nested(self) -> bool:
        """Does the value come from a loop within a loop?"""
        return any(one.inner for one in self.recurrences)

    def _check_scalars(self) -> None:
        names = [name for one in self.every_recurrence() for name in one.initial]
        require(len(set(names)) == len(names), "Two loops have a scalar of the same name.")

    def _value(self) -> Rational:
        """What stands in place of f* in the returned value: a polynomial in λ and the scalars."""
        target = self.target
        collapsed = self._collapser.collapse(without_shift(self._returned_value, target))
        scalar = collapsed.take(target.left, target.right, self.field.zero)
        require(collapsed.is_empty, "The returned value and its target have different forms.")
        return scalar if target.factor is None else scalar / target.factor

    def bounded(self, name: str, witness: Step, *, symbolic: bool = False) -> Truncation:
        """The bound by a rule; ``symbolic`` without numbers, as far as the rule goes without."""
        rule = find(name)
        numbers = None if symbolic else self.numbers
        bound = self._by_rule(rule, witness, numbers)
        factor = scale(self.operator, self.target)
        bindings = None if numbers is None else numbers.bindings
        bound = scaled_bound(bound, self.target, factor, self.field, bindings)
        open_rule = name if numbers is None else ""
        assumed = hypotheses(
            self.operator, self._assumption, self._in_range, self.program, open_rule
        )
        by_rule = f"By the rule {name} the bound is {bound.formula}, the scale {factor}."
        facts = (*self._facts(), *bound.facts, by_rule)
        return Truncation(
            self.returned.name,
            self._wanted,
            self.operator,
            self.target,
            bound,
            factor,
            assumed,
            facts,
        )

    def _facts(self) -> Iterator[str]:
        """What is known before the bound: T, its functions in the loops, the value, the target."""
        operator, target = self.operator, self.target
        low, high = rational_text(operator.low), rational_text(operator.high)
        outside = ""
        if operator.gap is not None:
            below, above = map(rational_text, operator.gap)
            outside = f", and not between {below} and {above}"
        word = word_text(operator.word)
        yield f"T = {word} has real eigenvalues lambda, by assumption in [{low}, {high}]{outside}."
        for one in self.every_recurrence():
            for letter, forms in self._forms.items():
                if letter in one.loop.letters:
                    whole = " + ".join(map(_form_text, forms))
                    when = f"Before every pass of loop {one.loop.index} and after the last"
                    yield f"{when}, {letter} = {whole}."
            for inner in one.inner:
                names, where = " and ".join(inner.initial), f"In a pass of loop {one.loop.index}"
                yield f"{where}, {names} stands for what loop {inner.loop.index} leaves."
            for name in one.initial:
                start, after = map(rational_text, (one.initial[name], one.following[name]))
                yield f"{name}(lambda) begins as {start}, and a pass makes it {after}."
        value = rational_text(self.value)
        yield f"The returned value {self.returned.name} is {_whole_text(target)} with f = {value}."
        yield f"The target is the same with f* in place of f, {_function_text(target)}."

    def _by_rule(self, rule: Rule, witness: Step, numbers: Numbers | None) -> Bound:
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

    def loop_facts(self) -> Iterator[Json]:
        """What was derived of each loop: the scalars' starts, and what a pass makes of them."""
        for one in self.every_recurrence():
            yield {
                "start": {name: rational_text(value) for name, value in one.initial.items()},
                "pass": {name: rational_text(value) for name, value in one.following.items()},
            }


def _form_text(form: Form) -> str:
    """``x · w(T) · y``, and ``2 · x · y`` of a part that does not change."""
    scalar = (f"{form.name}(T)",) if form.name else ()
    parts = [*_texts(form.left), *scalar, *_texts(form.right)]
    return " · ".join(parts if form.name else [rational_text(form.scalar), *parts])


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


def _input_letters(meaning: Meaning) -> Iterator[tuple[str, Letter]]:
    for value in meaning.inputs.values():
        for polynomial in value.parts.values():
            yield from ((letter.name, letter) for letter in polynomial.letters())
