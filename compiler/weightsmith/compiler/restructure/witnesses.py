"""The claim that network.alg returns what script.alg says: its witnesses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weightsmith.compiler.certify.spectra.spectral import Collapse, NoProofError
from weightsmith.compiler.ir.normal import Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Letter, Word
from weightsmith.compiler.restructure.affine_loops.affine_rewrite import Powered
from weightsmith.compiler.restructure.polynomials.evaluate import Evaluated, Placement
from weightsmith.compiler.restructure.polynomials.fused import Fused
from weightsmith.compiler.restructure.recurrences.write import DIRECT, TURNED, VALUE
from weightsmith.compiler.restructure.rewrite import Rewritten
from weightsmith.dsl.program.core import GROUPS

Json = dict[str, object]


def restructuring_claim(
    rewritten: Rewritten | Evaluated | Powered | Fused, network: NormalProgram
) -> Json:
    """Return the claim without its number; ``network`` is the new program's normal form."""
    if isinstance(rewritten, Powered | Fused):
        return claim_of(rewritten.steps())
    if isinstance(rewritten, Evaluated):
        operator = _variable_step(rewritten)
        script = _script_forms(rewritten.value.collapse, rewritten.value.loops)
        placements = rewritten.placements
    else:
        operator = _operator_step(rewritten)
        script = _script_forms(rewritten.loop.collapse, (rewritten.loop.loop,))
        placements = _placements(rewritten)
    forms = script + _NetworkForms(rewritten.clause, placements, network).loops()
    return claim_of([operator, *forms, {"rule": "equal"}])


def claim_of(steps: Iterable[Json]) -> Json:
    """The claim of some steps, without its number."""
    return {
        "kind": "restructuring",
        "steps": [{"step": number, **step} for number, step in enumerate(steps, 1)],
    }


def _variable_step(evaluated: Evaluated) -> Json:
    """λ in terms of y = scale·λ + shift."""
    word = [letter.text() for letter in evaluated.value.word]
    offset, slope = -evaluated.shift / evaluated.scale, 1 / evaluated.scale
    return {"rule": "operator", "word": word, "offset": str(offset), "slope": str(slope)}


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


def _placements(rewritten: Rewritten) -> dict[str, Placement]:
    """Where the functions of each family stand."""
    setting = rewritten.setting
    known: dict[str, Placement] = {
        DIRECT: ((), setting.one, False),
        TURNED: ((), setting.other, True),
        VALUE: (setting.left, setting.right, False),
    }
    return {name: known[family] for name, family in rewritten.families.items()}


def _script_forms(collapse: Collapse, loops: tuple[Loop, ...]) -> list[Json]:
    """The forms under which the loops were followed."""
    steps: list[Json] = []
    for loop in loops:
        own = {carried.letter for carried in loop.carried}
        forms: Json = {}
        for (name, group), parts in sorted(collapse.forms.items()):
            if name in own:
                letter = f"{name}@{group}" if group else name
                forms[letter] = [_form(form.left, form.right, False) for form in parts]
        steps.append({"rule": "forms", "script": "script.alg", "loop": loop.index, "forms": forms})
    return steps


def _form(left: Word, right: Word, turned: bool) -> Json:
    return {
        "left": [letter.text() for letter in left],
        "right": [letter.text() for letter in right],
        "turned": turned,
    }


class _NetworkForms:
    """The placements of the held functions."""

    def __init__(
        self, clause: str, placements: Mapping[str, Placement], network: NormalProgram
    ) -> None:
        self.placements, self.network = placements, network
        self.tokens = {given.name for given in network.inputs if given.groups}
        group = clause.removeprefix(" over ")
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
        if variable not in self.placements:
            raise NoProofError(f"the variable '{variable}' has no form")
        left, right, turned = self.placements[variable]
        return _form(*self._placed(left, right, group), turned)

    def _placed(self, left: Word, right: Word, group: str) -> tuple[Word, Word]:
        """Give per-token letters their groups: that of the sums, the last one that of the value."""
        letters = [
            letter._replace(group=self.group if letter.name in self.tokens else "")
            for letter in (*left, *right)
        ]
        if group and letters and letters[-1].name in self.tokens:
            letters[-1] = Letter(letters[-1].name, group, letters[-1].transposed)
        return tuple(letters[: len(left)]), tuple(letters[len(left) :])
