"""The claim that network.alg returns what script.alg says: its witnesses."""

from __future__ import annotations

from weightsmith.compiler.certify.spectral import NoProofError
from weightsmith.compiler.ir.normal import Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Letter, Word
from weightsmith.compiler.restructure.rewrite import Rewritten
from weightsmith.compiler.restructure.write import DIRECT, TURNED
from weightsmith.dsl.core import GROUPS

Json = dict[str, object]
STATEMENT = (
    "network.alg returns what script.alg says, for every size, every input and every value of the "
    "symbols that are not bound at which no denominator vanishes."
)


def restructuring_claim(rewritten: Rewritten, network: NormalProgram) -> Json:
    """Return the claim without its number; ``network`` is the new program's normal form."""
    forms = _ScriptForms(rewritten).loops() + _NetworkForms(rewritten, network).loops()
    steps: list[Json] = [_operator_step(rewritten), *forms, {"rule": "equal"}]
    return {
        "kind": "restructuring",
        "statement": STATEMENT,
        "steps": [{"step": number, **step} for number, step in enumerate(steps, 1)],
    }


def _operator_step(rewritten: Rewritten) -> Json:
    """λ in terms of t = the trace of the step, so that powers of a single step are monomials."""
    field, matrix = rewritten.loop.scalars.field, rewritten.system.matrix
    zero = field.zero
    offset, slope = (
        field.sum(row[i].get(power, zero) for i, row in enumerate(matrix)) for power in (0, 1)
    )
    if slope == 0:
        offset, slope = zero, field.one
    texts = str(-offset / slope), str(field.one / slope)
    word = [letter.text() for letter in rewritten.loop.word]
    return {"rule": "operator", "word": word, "offset": texts[0], "slope": texts[1]}


def _form(left: Word, right: Word, turned: bool) -> Json:
    return {
        "left": [letter.text() for letter in left],
        "right": [letter.text() for letter in right],
        "turned": turned,
    }


class _ScriptForms:
    """The forms under which the loop was found to be affine."""

    def __init__(self, rewritten: Rewritten) -> None:
        self.loop = rewritten.loop

    def loops(self) -> list[Json]:
        forms: Json = {}
        for (name, group), parts in sorted(self.loop.collapse.forms.items()):
            letter = f"{name}@{group}" if group else name
            forms[letter] = [_form(form.left, form.right, False) for form in parts]
        return [{"rule": "forms", "script": "script.alg", "loop": 0, "forms": forms}]


class _NetworkForms:
    """The families of the held functions."""

    def __init__(self, rewritten: Rewritten, network: NormalProgram) -> None:
        self.rewritten, self.network = rewritten, network
        self.tokens = {given.name for given in network.inputs if given.groups}
        group = rewritten.clause.removeprefix(" over ")
        self.group = group if group in GROUPS else ""

    def loops(self) -> list[Json]:
        return [
            {
                "rule": "forms",
                "script": "network.alg",
                "loop": loop.index,
                "forms": self._forms(loop),
            }
            for loop in self.network.loops
        ]

    def _forms(self, loop: Loop) -> Json:
        forms: Json = {}
        for carried in loop.carried:
            tokens = self.network.alphabet.axes[carried.letter][1] == ""
            for space in carried.spaces:
                group = space if tokens else ""
                letter = f"{carried.letter}@{group}" if tokens else carried.letter
                forms[letter] = [self._family(carried.variable, group)]
        return forms

    def _family(self, variable: str, group: str) -> Json:
        setting = self.rewritten.setting
        family = self.rewritten.families.get(variable)
        if family is None:
            raise NoProofError(f"the variable '{variable}' has no form")
        if family == DIRECT:
            return _form((), self._placed((), setting.one, group)[1], False)
        if family == TURNED:
            return _form((), self._placed((), setting.other, group)[1], True)
        return _form(*self._placed(setting.left, setting.right, group), False)

    def _placed(self, left: Word, right: Word, group: str) -> tuple[Word, Word]:
        """Give per-token letters their groups: that of the sums, the last one that of the value."""
        letters = [
            letter._replace(group=self.group if letter.name in self.tokens else "")
            for letter in (*left, *right)
        ]
        if group and letters and letters[-1].name in self.tokens:
            letters[-1] = Letter(letters[-1].name, group, letters[-1].transposed)
        return tuple(letters[: len(left)]), tuple(letters[len(left) :])
