"""The claim ``truncation``: ‖returned value − target‖₂ ≤ bound · scale, by spectral calculus.

Five steps: operator, forms, recurrence, output, and one rule.  All is derived anew from the script;
the claim's witnesses only say which operator, which forms, and where the intervals lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker import autonomous, contraction, power_exp, three_term
from weightsmith.checker.conditions import frame_hypotheses, hypotheses, numbers_at, scale
from weightsmith.checker.enclosures import check_value
from weightsmith.checker.expressions import evaluate
from weightsmith.checker.meaning import Loop, Meaning, read_meaning
from weightsmith.checker.operator_step import read_forms, read_names, read_operator
from weightsmith.checker.problem import Bound, Problem
from weightsmith.checker.rational import Field
from weightsmith.checker.recurrence import INTERNAL, check_target, read_recurrence
from weightsmith.checker.refusal import Deadline, RefusedError, quoted, require
from weightsmith.checker.spectral import Collapser
from weightsmith.checker.strict_json import (
    as_integer,
    as_list,
    as_number,
    as_object,
    as_text,
    as_texts,
)
from weightsmith.checker.targets import Target, read_target
from weightsmith.checker.words import Letter, Polynomial, read_word, word_text
from weightsmith.dsl import core

STATEMENT = (
    "‖returned value − target‖₂ ≤ bound · scale in exact arithmetic, for every input that meets "
    "the hypotheses."
)
Rule = Callable[[Problem, Mapping[str, object]], Bound]
RULES: Mapping[str, tuple[Rule, Sequence[str], Sequence[str]]] = {
    "autonomous": (autonomous.check_autonomous, autonomous.KEYS, autonomous.OPTIONAL),
    "contraction": (contraction.check_contraction, contraction.KEYS, contraction.OPTIONAL),
    "three_term": (three_term.check_three_term, three_term.KEYS, three_term.OPTIONAL),
    "power_exp": (power_exp.check_power_exp, power_exp.KEYS, power_exp.OPTIONAL),
}
SCHEDULED = ("autonomous",)  # rules that know the numbers of a 'for' loop
STEP_KEYS = {
    "operator": ("step", "rule", "assumption", "word", "symmetric", "low", "high"),
    "forms": ("step", "rule", "loop", "forms"),
    "recurrence": ("step", "rule", "loop", "initial", "next"),
    "output": ("step", "rule", "left", "scalar", "right", "target"),
}


@dataclass(frozen=True, slots=True)
class Truncation:
    """An accepted claim, as the reader is to see it."""

    output: str
    formula: str
    value: Fraction | None
    scale: str
    hypotheses: tuple[str, ...]


def check_truncation(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    claim: Mapping[str, object],
    deadline: Deadline,
) -> Truncation:
    """Refuse unless the steps prove the bound, its scale and its hypotheses."""
    steps = _read_steps(as_list(claim["steps"], "The steps"))
    names = read_names(steps["forms"])
    symbols = [parameter.name for parameter in program.parameters]
    field = Field(program.symbols, (*INTERNAL, *names), deadline)
    proof = _Proof(program, read_meaning(program, field, {}), names, field)
    returned = _returned(program, as_text(claim["output"], "output"))
    bound = as_object(claim["bound"], "The bound", ("formula", "value"))
    value = None if bound["value"] is None else as_number(bound["value"], "The bound's value")
    complete = all(name in bindings for name in symbols)
    require(value is not None or not complete, "The bound has no value, but every symbol has one.")
    numbered = None if value is None else bindings
    result, problem = proof.run(steps, returned, numbered)
    _check_bound(as_text(bound["formula"], "The formula"), value, result)
    right_scale = scale(problem.operator, problem.target, proof.rule)
    given = as_text(claim["scale"], "scale")
    require(given == right_scale, f"The scale is {quoted(given)}, it must be '{right_scale}'.")
    wanted = hypotheses(problem.operator, proof.in_range, "" if value is not None else proof.rule)
    listed = as_texts(claim["hypotheses"], "hypotheses")
    require(listed == wanted, f"The hypotheses must be {list(wanted)}.")
    return Truncation(returned.name, str(bound["formula"]), value, right_scale, wanted)


def _read_steps(steps: list[object]) -> dict[str, dict[str, object]]:
    """The four steps by name, and the rule's under 'bound'."""
    require(len(steps) == 5, f"The claim has {len(steps)} steps, not 5.")
    result = {}
    for place, name in enumerate((*STEP_KEYS, "bound")):
        step = steps[place]
        rule = step.get("rule") if isinstance(step, dict) else None
        what = f"Step {place + 1}"
        if name != "bound":
            require(rule == name, f"{what}: the rule is {quoted(rule)}, not {name}.")
            result[name] = as_object(step, f"{what} ({name})", STEP_KEYS[name])
        else:
            known = isinstance(rule, str) and rule in RULES
            require(known, f"{what}: the rule {quoted(rule)} is not known.")
            _, keys, optional = RULES[str(rule)]
            result[name] = as_object(step, f"{what} ({rule})", keys, optional)
    return result


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


class _Proof:
    """Goes through the steps, each error with the step's number and rule before it."""

    def __init__(
        self, program: core.Program, meaning: Meaning, names: tuple[str, ...], field: Field
    ) -> None:
        self._program = program
        self._meaning = meaning
        self._names = names
        self._field = field
        self._letters = dict(_input_letters(meaning))
        self.rule = ""
        self.in_range: str | None = None
        self._place = 1

    def run(
        self,
        steps: Mapping[str, Mapping[str, object]],
        returned: core.Return,
        bindings: Mapping[str, Fraction] | None,
    ) -> tuple[Bound, Problem]:
        self.rule = str(steps["bound"]["rule"])
        try:
            return self._run(steps, returned, bindings)
        except RefusedError as refused:
            name = (*STEP_KEYS, self.rule)[self._place - 1]
            raise RefusedError(f"Step {self._place} ({name}): {refused}") from None

    def _run(
        self,
        steps: Mapping[str, Mapping[str, object]],
        returned: core.Return,
        bindings: Mapping[str, Fraction] | None,
    ) -> tuple[Bound, Problem]:
        program, field = self._program, self._field
        operator = read_operator(
            steps["operator"], program, self._meaning, self._letters, bindings or {}
        )
        self._place = 2
        loop = self._loop(steps["forms"])
        forms = read_forms(steps["forms"], loop, operator, field, self._letters)
        collapser = Collapser(field, operator, forms, self._letters)
        self._place = 3
        recurrence = read_recurrence(
            steps["recurrence"], loop, self._names, collapser, forms, field
        )
        self._place = 4
        name, target = self._output(steps["output"], returned, collapser)
        self.in_range = frame_hypotheses(operator, target, program, self._meaning)
        self._place = 5
        index = as_integer(steps["operator"]["assumption"], "assumption")
        numbers = None
        if bindings is not None:
            numbers = numbers_at(program, operator, index, field, bindings)
        problem = Problem(field, operator, recurrence, target, name, numbers)
        if numbers is not None and target.function is not None:
            problem.check_positive(target.function, numbers)  # pinv(A)*A is no identity at 0
        steady = not loop.schedule or self.rule in SCHEDULED
        require(steady, "The rule is not for a loop whose numbers change from pass to pass.")
        return RULES[self.rule][0](problem, steps["bound"]), problem

    def _loop(self, step: Mapping[str, object]) -> Loop:
        index = as_integer(step["loop"], "loop")
        for loop in self._meaning.all_loops():
            if loop.index == index:
                return loop
        raise RefusedError(f"The script has no loop {index}.")

    def _output(
        self, step: Mapping[str, object], returned: core.Return, collapser: Collapser
    ) -> tuple[str, Target]:
        """The returned value is left·scalar·right, and the target left·f*·right."""
        left = read_word(as_texts(step["left"], "left"), self._letters, "left")
        right = read_word(as_texts(step["right"], "right"), self._letters, "right")
        name = as_text(step["scalar"], "scalar")
        require(name in self._names, f"{quoted(name)} is not a carried scalar.")
        part, value = self._value(returned)
        collapsed = collapser.collapse(value)
        scalar = collapsed.take(left, right, self._field.zero)
        frames = f"{word_text(left)} · {name} · {word_text(right)}"
        good = collapsed.is_empty and scalar == self._field.variable(name)
        require(good, f"The returned value is not {frames}.")
        if returned.target is None:
            raise RefusedError("The returned value has no target.")
        operator = collapser.operator
        target = read_target(
            returned.target, part, self._meaning.final, collapser, operator, self._field
        )
        same = (target.left, target.right) == (left, right)
        require(same, f"The target is {word_text(target.left)} · f · {word_text(target.right)}.")
        check_target(step["target"], target, self._field)
        return name, target

    def _value(self, returned: core.Return) -> tuple[tuple[str, str], Polynomial]:
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
