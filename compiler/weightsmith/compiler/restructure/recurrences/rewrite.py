"""A loop that moves its values by one operator, by powers of its step as functions of that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from weightsmith.compiler.certify.spectra.spectral import FittingError, Frame, NoProofError
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Returned
from weightsmith.compiler.ir.polynomial import Polynomial, Word
from weightsmith.compiler.restructure.recurrences.coordinates import in_coordinates
from weightsmith.compiler.restructure.recurrences.linear import (
    Linear,
    System,
    linear_parts,
    read_system,
)
from weightsmith.compiler.restructure.recurrences.lines import sum_text, to_scalar
from weightsmith.compiler.restructure.recurrences.operators import ScalarLoop, candidates
from weightsmith.compiler.restructure.recurrences.setting import (
    Setting,
    bare,
    choose_setting,
    clause_of_words,
    word_text,
)
from weightsmith.compiler.restructure.recurrences.task import Made, Task
from weightsmith.compiler.restructure.recurrences.witnesses import Placement, operator_steps
from weightsmith.compiler.restructure.recurrences.write import (
    DIRECT,
    TRANSPOSED,
    VALUE,
    Code,
    Writer,
)

LONGEST_REST = 4  # the largest power of the operator that is written out


def rewrite(task: Task) -> Made:
    """Raises NoProofError, with the reason, where the loop is of no kind that is known."""
    loop = task.only_loop()
    count = task.count(loop)
    if count == 0:
        raise NoProofError("the loop runs no pass")
    reasons: list[NoProofError] = []
    for word in candidates(task.normal):
        for from_left in (True, False):
            try:
                scalars = ScalarLoop(task.normal, loop, word, from_left=from_left)
                return _Rewriting(task, scalars).run(count)
            except NoProofError as reason:
                reasons.append(reason)
    raise _best(reasons)


def _best(reasons: list[NoProofError]) -> NoProofError:
    """What the first operator that got furthest says; the rest are words that are none."""
    told = [reason for reason in reasons if isinstance(reason, FittingError)]
    return (told or reasons or [NoProofError("no operator moves its values")])[0]


@dataclass(frozen=True)
class _Goal:
    """frame[0] · (Σ name · series) · frame[1] + constant words; ``flipped``: its transpose."""

    frame: Frame
    linear: Linear
    constants: dict[str, Coefficient]
    flipped: bool
    words: tuple[Word, ...] = field(compare=False)


class _Rewriting:
    def __init__(self, task: Task, loop: ScalarLoop) -> None:
        self.normal, self.bindings, self.taken = task.normal, task.bindings, task.taken
        self.loop, self.word = loop, loop.word

    def run(self, count: int) -> Made:
        goals = [self._goal(returned) for returned in self.normal.returns]
        frame = goals[0].frame
        if any(goal.frame != frame for goal in goals):
            raise NoProofError("the returned values stand between different words")
        setting = choose_setting(self.normal, self.word, frame)
        words = [word for goal in goals for word in goal.words]
        clause = clause_of_words(self.normal, [self.word * 2, *words])
        wanted = {name for goal in goals for name in goal.linear if name}
        system = read_system(self.loop, wanted, count)
        code = self._code(system, goals, setting, clause)
        results = tuple(map(_with_constants, code.results, goals))
        if "0" in results:
            raise NoProofError("a returned value is zero")
        known: dict[str, Placement] = {
            DIRECT: ((), setting.one, False),
            TRANSPOSED: ((), setting.other, True),
            VALUE: (setting.left, setting.right, False),
        }
        placements = {name: known[family] for name, family in code.families.items()}
        followed = self.loop.scalarise, (self.loop.loop,)
        steps = operator_steps(self.word, self._trace(system), followed, clause, placements)
        return Made(code.lines, results, clause, steps)

    def _trace(self, system: System) -> tuple[Coefficient, Coefficient]:
        """λ by t = the trace of the step, so that powers of a single step are monomials."""
        field, matrix = self.loop.scalars.field, system.matrix
        offset, slope = (
            field.sum(row[i].get(power, field.zero) for i, row in enumerate(matrix))
            for power in (0, 1)
        )
        if slope == 0:
            offset, slope = field.zero, field.one
        return -offset / slope, field.one / slope

    def _goal(self, returned: Returned) -> _Goal:
        """What is returned, as one function of the operator and constant words."""
        if returned.transposed:
            raise NoProofError("the rows of the returned value are tokens")
        found = [self._space_goal(value) for value in returned.value.values()]
        if any(one != found[0] for one in found):
            raise NoProofError("the groups of the returned value differ")
        return replace(found[0], words=tuple(word for one in found for word in one.words))

    def _space_goal(self, value: Polynomial) -> _Goal:
        try:
            return self._read_goal(value, flipped=False)
        except NoProofError:
            transposed = self.normal.alphabet.transpose(value)
            if not any(letter.transposed for word in value.terms for letter in word):
                raise
            return self._read_goal(transposed, flipped=True)

    def _read_goal(self, value: Polynomial, *, flipped: bool) -> _Goal:
        frames = self.loop.frames(value)
        linear = {
            (bare(left), bare(right)): linear_parts(scalar, self.loop)
            for (left, right), scalar in frames.items()
        }
        moving = [frame for frame, parts in linear.items() if set(parts) - {""}]
        if len(moving) != 1:
            raise NoProofError("the returned value is not one function of the operator")
        constants: dict[str, Coefficient] = {}
        for frame, parts in linear.items():
            if frame not in moving:
                for power, scalar in parts.get("", {}).items():
                    text = word_text(frame[0] + bare(self.word) * power + frame[1])
                    constants[text] = scalar
        words = tuple(left + self.word + right for left, right in frames)
        return _Goal(moving[0], linear[moving[0]], constants, flipped, words)

    def _code(self, system: System, goals: list[_Goal], setting: Setting, clause: str) -> Code:
        numbers = self.loop.scalars.field
        plain = [
            in_coordinates(system, goal.linear, numbers, self.bindings, powers=setting.plus)
            for goal in goals
        ]
        if any(max(one.rest, default=0) > LONGEST_REST for one in plain):
            raise FittingError("its result has a long fixed part")
        first = plain[0].recurrence
        from_rest = setting.outer is not None and first.at_rest is not None
        held = len(setting.unit) <= 1 or from_rest
        recurrence = replace(first, unit_held=held, from_rest=from_rest)
        writer = Writer(recurrence, setting, clause, set(self.taken))
        return writer.code(system.count, [(one.weights, one.rest) for one in plain])


def _with_constants(result: str, goal: _Goal) -> str:
    extra = sum_text([(to_scalar(c), text) for text, c in goal.constants.items()])
    total = result if extra == "0" else f"{result} + ({extra})"
    return f"({total})'" if goal.flipped else total
