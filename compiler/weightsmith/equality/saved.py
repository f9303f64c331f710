"""From an equality that was shown to its files: the script, the fact and the numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.backends.template.template_json import template_to_json
from weightsmith.checker.networks.at_bindings import written
from weightsmith.checker.reading import template as checked
from weightsmith.checker.reading.read_template import read_template
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.rules.network.pass_by_pass import check_pass_by_pass
from weightsmith.checker.rules.network.simulation import check_exactness
from weightsmith.compiler.against.adapted import Adapted, adapted
from weightsmith.compiler.against.sides import MismatchError, Sides, counts_of
from weightsmith.compiler.against.unrolled import open_counts
from weightsmith.compiler.certify.stated import Details, Stated
from weightsmith.compiler.choosing.fixed_matrices import read_matrices, with_matrices
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl.program import core
from weightsmith.equality.files import EqualityFiles
from weightsmith.network_files import accepted


@dataclass(frozen=True, slots=True)
class Equality:
    """A network and a script that are equal, and how that was shown.

    ``numbers``: of the symbols for which it was shown, if not for all; ``witness``: the invariants,
    None where all passes were run; ``bindings``: what else is known of symbols.
    """

    sides: Sides
    template: Template
    program: core.Program
    text: str
    bindings: Mapping[str, Fraction]
    settings: Mapping[str, Fraction]
    numbers: Mapping[str, Fraction]
    witness: tuple[Mapping[str, object], ...] | None

    def files(
        self, dtype: str, dims: Mapping[str, int] | None, matrices: Mapping[str, object]
    ) -> tuple[core.Program, dict[str, bytes], Details]:
        """The program, the files that the checker accepts, and details of what they leave open.

        Raises MismatchError where it accepts none, BindingError on a wrong matrix.
        """
        made = adapted(self.sides, self.program, self.text, self.template, self._bindings())
        script, fact = made.text.encode(), self._exactness(made)
        template = with_matrices(made.template, read_matrices(made.program, matrices))
        making = EqualityFiles(made.program, script, template, fact, dtype, dims)
        files, details, failed = accepted(making)
        if failed is not None:
            raise MismatchError(
                "The two are equal, but no certificate of it is accepted, in its claim "
                f"'{failed.kind}': {failed.reason}"
            )
        return made.program, files, details

    def _bindings(self) -> dict[str, Fraction]:
        """The numbers of the symbols; the data have those of tokens, where none was given."""
        found = {**self.bindings, **self.settings}
        for name, text in self.template.bindings:
            own = Fraction(text)
            if found.setdefault(name, own) != own and name not in self.settings:
                raise MismatchError(
                    f"'{name}' is {own} in the network, and {found[name]} in the script: say which "
                    f"it shall be, --set {name}={own}."
                )
        sizes = {name for name, _ in (*self.template.sizes, *self.program.sizes)}
        fixed = {*self.settings, *(name for name, _ in self.template.bindings)}
        both = {**found, **self.numbers}
        return {name: one for name, one in both.items() if name not in sizes or name in fixed}

    def _exactness(self, made: Adapted) -> Stated:
        """The fact, with what it follows from."""
        fact: dict[str, object] = {"is": "exactness", "of": "script.alg"}
        if self.witness is None:
            return self._unrolled(made, fact)
        loops: dict[str, object] = {"loops": list(self.witness)}
        numbers = _of_parameters(self.numbers, made)
        if not numbers:
            return Stated(fact, "simulation", loops)
        few = {name: one for name, one in numbers.items() if name not in self._counts}
        try:  # an induction is for every count, where coefficients do not need it
            check_exactness(made.program, _read(made), self.witness, Budget(), numbers=few)
            numbers = few or numbers
        except RefusedError:
            pass
        at = {"at": written(numbers)}
        return Stated(fact | at, "at_numbers", {"at": [*numbers], **loops})

    @property
    def _counts(self) -> frozenset[str]:
        return open_counts(self.sides, {}) | counts_of(self.sides.template)

    def _unrolled(self, made: Adapted, fact: dict[str, object]) -> Stated:
        """With no other numbers than those of passes, if that is enough."""
        numbers = _of_parameters(self.numbers, made)
        few = {name: one for name, one in numbers.items() if name in self._counts}
        read = _read(made)
        try:
            passes, _ = check_pass_by_pass(made.program, read, few, Budget())
            numbers = few
        except RefusedError:
            passes, _ = check_pass_by_pass(made.program, read, numbers, Budget())
        parts: dict[str, object] = {"at": written(numbers), "passes": list(passes)}
        return Stated(fact | parts, "pass_by_pass", {"at": [*numbers]})


def _read(made: Adapted) -> checked.Template:
    """The template as the checker reads it."""
    return read_template(json.loads(template_to_json(made.template)))


def _of_parameters(numbers: Mapping[str, Fraction], made: Adapted) -> dict[str, Fraction]:
    """Those of the parameters of the script that is saved, in order."""
    sizes = dict(made.template.sizes)
    known = {one.name for one in made.program.parameters if one.name not in sizes}
    return {name: one for name, one in sorted(numbers.items()) if name in known}
