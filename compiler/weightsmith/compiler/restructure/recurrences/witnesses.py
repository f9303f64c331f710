"""The claim that network.alg returns what script.alg says, of functions of one operator."""

from __future__ import annotations

from collections.abc import Mapping

from weightsmith.compiler.certify.spectra.spectral import NoProofError, NormalScalariser
from weightsmith.compiler.ir.normal import Loop, NormalProgram
from weightsmith.compiler.ir.polynomial import Letter, Word
from weightsmith.compiler.restructure.recurrences.task import Json, Steps
from weightsmith.dsl.program.core import GROUPS

Placement = tuple[Word, Word, bool]  # the words around a function of T, or of T'


def operator_steps(
    word: Word,
    line: tuple[object, object],
    followed: tuple[NormalScalariser, tuple[Loop, ...]],
    clause: str,
    placements: Mapping[str, Placement],
) -> Steps:
    """The steps, given the network: λ = offset + slope·t is in ``line``.

    ``followed`` are the script's loops and their forms, ``placements`` those of the variables.
    """
    offset, slope = map(str, line)
    letters = [letter.text() for letter in word]
    first: Json = {"rule": "operator", "word": letters, "offset": offset, "slope": slope}

    def steps(network: NormalProgram) -> list[Json]:
        forms = _NetworkForms(clause, placements, network).loops()
        return [first, *_script_forms(*followed), *forms, {"rule": "equal"}]

    return steps


def _script_forms(scalarise: NormalScalariser, loops: tuple[Loop, ...]) -> list[Json]:
    """The forms under which the loops were followed."""
    steps: list[Json] = []
    for loop in loops:
        own = {carried.letter for carried in loop.carried}
        forms: Json = {}
        for (name, group), parts in sorted(scalarise.forms.items()):
            if name in own:
                letter = f"{name}@{group}" if group else name
                forms[letter] = [_form(form.left, form.right, False) for form in parts]
        steps.append({"rule": "forms", "script": "script.alg", "loop": loop.index, "forms": forms})
    return steps


def _form(left: Word, right: Word, transposed: bool) -> Json:
    return {
        "left": [letter.text() for letter in left],
        "right": [letter.text() for letter in right],
        "turned": transposed,
    }


class _NetworkForms:
    """The placements of the materialised functions."""

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
        left, right, transposed = self.placements[variable]
        return _form(*self._placed(left, right, group), transposed)

    def _placed(self, left: Word, right: Word, group: str) -> tuple[Word, Word]:
        """Give per-token letters their groups: that of the sums, the last one that of the value."""
        letters = [
            letter._replace(group=self.group if letter.name in self.tokens else "")
            for letter in (*left, *right)
        ]
        if group and letters and letters[-1].name in self.tokens:
            letters[-1] = Letter(letters[-1].name, group, letters[-1].transposed)
        return tuple(letters[: len(left)]), tuple(letters[len(left) :])
