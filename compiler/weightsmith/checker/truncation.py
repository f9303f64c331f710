"""The claim ``truncation``: ‖returned value − target‖₂ ≤ bound · scale, by spectral calculus.

Steps: operator, forms and recurrence of each loop, output, and one rule.  All is derived anew from
the script; the claim's witnesses only say which operator, which forms, and where intervals lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.affine import check_affine, scaled_bound, without_shift
from weightsmith.checker.chebyshev import Result, check_chebyshev
from weightsmith.checker.claim_numbers import check_says_something
from weightsmith.checker.conditions import frame_hypotheses, hypotheses, numbers_at, scale
from weightsmith.checker.enclosures import check_value
from weightsmith.checker.expressions import evaluate
from weightsmith.checker.kernels import vanishes_at_zero
from weightsmith.checker.meaning import Loop, Meaning, read_meaning
from weightsmith.checker.operator_step import read_forms, read_operator
from weightsmith.checker.power_exp import read_offset
from weightsmith.checker.problem import Bound, Numbers, Problem
from weightsmith.checker.rational import Field, Rational
from weightsmith.checker.recurrence import INTERNAL, Recurrence, check_target, read_recurrence
from weightsmith.checker.refusal import Budget, RefusedError, quoted, require
from weightsmith.checker.scalar_text import read_scalar
from weightsmith.checker.spectral import Collapser, Form, Operator
from weightsmith.checker.stages import RULE as STAGES
from weightsmith.checker.stages import check_stages
from weightsmith.checker.strict_json import (
    as_integer,
    as_list,
    as_number,
    as_object,
    as_text,
    as_texts,
)
from weightsmith.checker.targets import Target, read_target
from weightsmith.checker.truncation_steps import (
    RULES,
    SCHEDULED,
    SEVERAL,
    SIGNED,
    Step,
    Steps,
    read_steps,
)
from weightsmith.checker.words import Letter, Polynomial, read_word, word_text
from weightsmith.dsl import core

STATEMENT = (
    "‖returned value − target‖₂ ≤ bound · scale in exact arithmetic, for every input that meets "
    "the hypotheses."
)


@dataclass(frozen=True, slots=True)
class Truncation:
    """An accepted claim, as the reader is to see it."""

    output: str
    returned_target: core.Node
    operator: Operator
    target: Target
    formula: str
    value: Fraction | None
    scale: str
    hypotheses: tuple[str, ...]


def check_truncation(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    claim: Mapping[str, object],
    budget: Budget,
) -> Truncation:
    """Refuse unless the steps prove the bound, its scale and its hypotheses."""
    steps = read_steps(as_list(claim["steps"], "The steps"))
    names = [name for loop in steps.names for name in loop]
    field = Field(program.symbols, (*INTERNAL, *names), budget)
    proof = _Proof(program, read_meaning(program, field, {}), field)
    returned = _returned(program, as_text(claim["output"], "output"))
    bound = as_object(claim["bound"], "The bound", ("formula", "value"))
    value = None if bound["value"] is None else as_number(bound["value"], "The bound's value")
    complete = all(parameter.name in bindings for parameter in program.parameters)
    require(value is not None or not complete, "The bound has no value, but every symbol has one.")
    check_says_something(value)
    numbered = None if value is None else bindings
    with budget.active():
        result, proven = proof.run(steps, returned, numbered)
        right_scale = scale(proven.operator, proven.target)
        result = scaled_bound(result, steps.output, proven.target, right_scale, field, numbered)
        _check_bound(as_text(bound["formula"], "The formula"), value, result)
    given = as_text(claim["scale"], "scale")
    require(given == right_scale, f"The scale is {quoted(given)}, it must be '{right_scale}'.")
    open_rule = "" if value is not None else steps.rule
    wanted = hypotheses(proven.operator, proven.assumption, proven.in_range, program, open_rule)
    listed = as_texts(claim["hypotheses"], "hypotheses")
    require(listed == wanted, f"The hypotheses must be {list(wanted)}.")
    target = returned.target
    if target is None:
        raise RefusedError("The returned value has no target.")
    return Truncation(
        returned.name,
        target,
        proven.operator,
        proven.target,
        str(bound["formula"]),
        value,
        right_scale,
        wanted,
    )


def _returned(program: core.Program, name: str) -> core.Return:
    for returned in program.returns:
        if returned.name == name and returned.target is not None:
            return returned
    raise RefusedError(f"The script returns no {quoted(name)} with a target.")


def _check_bound(formula: str, value: Fraction | None, result: Bound) -> None:
    wanted = "' or '".join(result.formulas)
    require(formula in result.formulas, f"The formula is {quoted(formula)}, it must be '{wanted}'.")
    if value is not None and result.value is not None:
        check_value(value, result.value)


@dataclass(frozen=True, slots=True)
class _Proven:
    """What the statement speaks of."""

    operator: Operator
    assumption: core.SpectrumAssumption
    target: Target
    in_range: core.RangeAssumption | None


class _Proof:
    """Goes through the steps, each error with the step's number and rule before it."""

    def __init__(self, program: core.Program, meaning: Meaning, field: Field) -> None:
        self._program = program
        self._meaning = meaning
        self._field = field
        self._letters = dict(_input_letters(meaning))
        self._place = 1

    def run(
        self, steps: Steps, returned: core.Return, bindings: Mapping[str, Fraction] | None
    ) -> tuple[Bound, _Proven]:
        try:
            return self._run(steps, returned, bindings)
        except RefusedError as refused:
            name = steps.titles[self._place - 1]
            raise RefusedError(f"Step {self._place} ({name}): {refused}") from None

    def _run(
        self, steps: Steps, returned: core.Return, bindings: Mapping[str, Fraction] | None
    ) -> tuple[Bound, _Proven]:
        program, field = self._program, self._field
        operator = read_operator(
            steps.operator, program, self._meaning, self._letters, bindings or {}
        )
        recurrences, collapser = self._recurrences(steps, operator)
        self._place += 1
        text, value, target = self._output(steps, returned, collapser)
        vanish = target.zero_on_kernel and vanishes_at_zero(value, recurrences, field)
        in_range = frame_hypotheses(operator, target, program, self._meaning, both_vanish=vanish)
        self._place += 1
        index = as_integer(steps.operator["assumption"], "assumption")
        numbers = None
        if bindings is not None:
            numbers = numbers_at(program, operator, index, field, bindings)
        spectra = [a for a in program.assumptions if isinstance(a, core.SpectrumAssumption)]
        proven = _Proven(operator, spectra[index], target, in_range)
        if steps.rule in SEVERAL:
            if numbers is None:
                raise RefusedError("This rule needs a value for every symbol.")
            result = Result(field, operator, recurrences, value, text, target, numbers)
            rule = check_stages if steps.rule == STAGES else check_chebyshev
            return rule(result, steps.bound), proven
        problem = Problem(field, operator, recurrences[0], target, text, numbers)
        return self._by_rule(problem, steps, numbers), proven

    def _by_rule(self, problem: Problem, steps: Steps, numbers: Numbers | None) -> Bound:
        if numbers is not None:
            defined = problem.without_root() if steps.rule in SIGNED else problem
            for part in problem.target.must_be_positive():
                defined.check_positive(part, numbers)  # pinv(A)*A is 0 at 0
        steady = not problem.recurrence.loop.schedule or steps.rule in SCHEDULED
        require(steady, "The rule is not for a loop whose numbers change from pass to pass.")
        known = problem.target.sign is None or steps.rule in SIGNED
        require(known, "The rule is not for a target that jumps.")
        return RULES[steps.rule][0](problem, steps.bound)

    def _recurrences(self, steps: Steps, operator: Operator) -> tuple[list[Recurrence], Collapser]:
        """Each loop's forms and scalars; a value may depend on the loops before it."""
        forms: dict[str, tuple[Form, ...]] = {}
        collapser = Collapser(self._field, operator, forms, self._letters)
        recurrences: list[Recurrence] = []
        several = steps.rule in SEVERAL
        for (forms_step, step), names in zip(steps.loops, steps.names, strict=True):
            self._place += 1
            loop = self._loop(forms_step, several)
            later = not recurrences or recurrences[-1].loop.index < loop.index
            require(later, "The loops are not in the order of the script.")
            own = read_forms(forms_step, loop, operator, self._field, self._letters)
            forms |= own
            self._place += 1
            recurrence = read_recurrence(step, loop, names, collapser, own, self._field)
            recurrences.append(recurrence)
        return recurrences, collapser

    def _loop(self, step: Step, several: bool) -> Loop:
        """The loop of a step; where there are several, none stands in another."""
        index = as_integer(step["loop"], "loop")
        for loop in self._meaning.loops if several else self._meaning.all_loops():
            if loop.index == index:
                return loop
        raise RefusedError(f"The script has no loop {index}{' outside of others' * several}.")

    def _output(
        self, steps: Steps, returned: core.Return, collapser: Collapser
    ) -> tuple[str, Rational, Target]:
        """The target is C + b·left·f*·right, and the returned value C + b·left·value·right."""
        step = steps.output
        left = read_word(as_texts(step["left"], "left"), self._letters, "left")
        right = read_word(as_texts(step["right"], "right"), self._letters, "right")
        text, wanted = self._value(steps)
        part, value = self._returned(returned)
        if returned.target is None:
            raise RefusedError("The returned value has no target.")
        operator = collapser.operator
        target = read_target(
            returned.target, part, self._meaning.final, collapser, operator, self._field
        )
        same = (target.left, target.right) == (left, right)
        require(same, f"The target is {word_text(target.left)} · f · {word_text(target.right)}.")
        check_target(step["target"], target, self._field)
        check_affine(step, target, self._letters, self._field)
        collapsed = collapser.collapse(without_shift(value, target))
        scalar = collapsed.take(left, right, self._field.zero)
        frames = f"{word_text(left)} · {quoted(text)[1:-1]} · {word_text(right)}"
        whole = wanted if target.factor is None else wanted * target.factor
        good = collapsed.is_empty and scalar == whole
        require(good, f"The returned value is not {frames}, scaled and shifted as the target is.")
        return text, wanted, target

    def _value(self, steps: Steps) -> tuple[str, Rational]:
        """The name of one scalar or, for the rules of several loops, any polynomial in them."""
        if steps.rule in SEVERAL:
            text = as_text(steps.output["value"], "value")
            return text, self._field.read(read_scalar(text, "value"))
        name = as_text(steps.output["scalar"], "scalar")
        require(name in steps.names[0], f"{quoted(name)} is not a carried scalar.")
        return name, self._field.variable(name) + read_offset(steps.bound, self._field)

    def _returned(self, returned: core.Return) -> tuple[tuple[str, str], Polynomial]:
        value = evaluate(returned.value, self._meaning.final, self._field)
        require(value.rows != core.TOKEN, "The rows of the returned value are tokens.")
        groups = returned.groups if value.columns == core.TOKEN else ("",)
        require(len(groups) == 1, "The value is returned at several groups of tokens.")
        part = ("", groups[0])
        require(part in value.parts, "The value is not defined where it is returned.")
        return part, value.parts[part]


def _input_letters(meaning: Meaning) -> Iterator[tuple[str, Letter]]:
    for value in meaning.inputs.values():
        for polynomial in value.parts.values():
            yield from ((letter.name, letter) for letter in polynomial.letters())
