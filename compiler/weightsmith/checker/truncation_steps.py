"""The steps of a truncation claim as they stand: which rule, and that no key is unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from weightsmith.checker import (
    autonomous,
    chebyshev,
    contraction,
    power_exp,
    stages,
    three_term,
)
from weightsmith.checker.operator_step import read_names
from weightsmith.checker.problem import Bound, Problem
from weightsmith.checker.refusal import RefusedError, quoted, require
from weightsmith.checker.strict_json import as_object

Step = Mapping[str, object]
Rule = Callable[[Problem, Step], Bound]
RULES: Mapping[str, tuple[Rule, Sequence[str], Sequence[str]]] = {
    "autonomous": (autonomous.check_autonomous, autonomous.KEYS, autonomous.OPTIONAL),
    "contraction": (contraction.check_contraction, contraction.KEYS, contraction.OPTIONAL),
    "three_term": (three_term.check_three_term, three_term.KEYS, three_term.OPTIONAL),
    "power_exp": (power_exp.check_power_exp, power_exp.KEYS, power_exp.OPTIONAL),
}
SEVERAL: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {  # rules for any loops
    chebyshev.RULE: (chebyshev.KEYS, chebyshev.OPTIONAL),
    stages.RULE: (stages.KEYS, stages.OPTIONAL),
}
SCHEDULED = ("autonomous",)  # those that know the numbers of a 'for' loop; SEVERAL do too
SIGNED = ("autonomous",)  # those that know targets ±1 with a jump; SEVERAL do too
STEP_KEYS = {
    "operator": ("step", "rule", "assumption", "word", "symmetric", "low", "high"),
    "forms": ("step", "rule", "loop", "forms"),
    "recurrence": ("step", "rule", "loop", "initial", "next"),
    "output": ("step", "rule", "left", "scalar", "right", "target"),
}
OUTPUT_OPTIONAL = ("factor", "shift")
VALUE_KEYS = ("step", "rule", "left", "value", "right", "target")  # the output of SEVERAL
MAX_LOOPS = 200


@dataclass(frozen=True, slots=True)
class Steps:
    """operator, (forms, recurrence) for each loop, output, and the rule."""

    operator: Step
    loops: tuple[tuple[Step, Step], ...]
    output: Step
    bound: Step

    @property
    def rule(self) -> str:
        return str(self.bound["rule"])

    @property
    def titles(self) -> tuple[str, ...]:
        return ("operator", *("forms", "recurrence") * len(self.loops), "output", self.rule)

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """The scalars of each loop."""
        return tuple(read_names(forms) for forms, _ in self.loops)


def read_steps(steps: list[object]) -> Steps:
    """Five steps; by rules for several loops any number of them between operator and output."""
    last = steps[-1] if steps else None
    rule = last.get("rule") if isinstance(last, dict) else None
    several = isinstance(rule, str) and rule in SEVERAL
    if several:
        good = len(steps) >= 3 and len(steps) % 2 == 1 and len(steps) <= 3 + 2 * MAX_LOOPS
        require(good, f"The claim has {len(steps)} steps: two for each loop, and three.")
    else:
        require(len(steps) == 5, f"The claim has {len(steps)} steps, not 5.")
    count = (len(steps) - 3) // 2
    titles = ("operator", *("forms", "recurrence") * count, "output")
    read = [
        _read(steps[place], place, name, VALUE_KEYS if several and name == "output" else None)
        for place, name in enumerate(titles)
    ]
    loops = tuple((read[1 + 2 * k], read[2 + 2 * k]) for k in range(count))
    return Steps(read[0], loops, read[-1], _read_bound(last, len(steps), rule))


def _read(step: object, place: int, name: str, keys: Sequence[str] | None) -> Step:
    rule = step.get("rule") if isinstance(step, dict) else None
    what = f"Step {place + 1}"
    require(rule == name, f"{what}: the rule is {quoted(rule)}, not {name}.")
    optional = OUTPUT_OPTIONAL if name == "output" else ()
    return as_object(step, f"{what} ({name})", keys or STEP_KEYS[name], optional)


def _read_bound(step: object, place: int, rule: object) -> Step:
    if isinstance(rule, str) and rule in SEVERAL:
        return as_object(step, f"Step {place} ({rule})", *SEVERAL[rule])
    if not (isinstance(rule, str) and rule in RULES):
        raise RefusedError(f"Step {place}: the rule {quoted(rule)} is not known.")
    _, keys, optional = RULES[rule]
    return as_object(step, f"Step {place} ({rule})", keys, optional)
