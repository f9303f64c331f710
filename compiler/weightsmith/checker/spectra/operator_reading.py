"""What is read before a target is looked at: an operator T, and loops that carry functions of T.

All is derived from the script and a few hints: which assumption, which word T is, and between which
letters its functions stand in what a loop carries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.rational_text import rational_text
from weightsmith.checker.algebra.words import Letter, word_text
from weightsmith.checker.reading.refusal import Budget, RefusedError, require
from weightsmith.checker.reading.strict_json import as_integer, as_list, as_object
from weightsmith.checker.semantics.expressions import Environment
from weightsmith.checker.semantics.meaning import Loop, Meaning, read_inputs, read_meaning
from weightsmith.checker.spectra.operator_step import read_forms, read_names, read_operator
from weightsmith.checker.spectra.recurrence import INTERNAL, Recurrence, derive_recurrence
from weightsmith.checker.spectra.spectral import Form, FormScalariser
from weightsmith.dsl.program import core

Json = dict[str, object]
MAX_LOOPS = 200


class OperatorReading:
    """A script, read for the operator of one of its assumptions."""

    def __init__(
        self,
        program: core.Program,
        bindings: Mapping[str, Fraction],
        number: int,
        word: object,
        budget: Budget,
        names: Iterable[str] = (),
    ) -> None:
        """``number``: of the spectral assumption; ``names``: of scalars.  Raises RefusedError."""
        taken = [name for name in INTERNAL if name in program.symbols]
        require(not taken, f"The parameter {' and '.join(taken)} has a name that proofs use.")
        self.program, self.bindings, self.number = program, bindings, number
        self.field = field = Field(program.symbols, (*INTERNAL, *names), budget)
        inputs = read_inputs(program, field)
        self.missing = [one.name for one in program.parameters if one.name not in bindings]
        self.letters = dict(_letters(inputs))
        known = {} if self.missing else bindings
        self.operator = read_operator(number, word, program, inputs, field, self.letters, known)
        spectra = (a for a in program.assumptions if isinstance(a, core.SpectrumAssumption))
        self.assumption = [*spectra][number]
        self.forms: dict[str, tuple[Form, ...]] = {}
        self.scalariser = FormScalariser(field, self.operator, self.forms, self.letters)

    @cached_property
    def meaning(self) -> Meaning:
        """Of the whole script."""
        return read_meaning(self.program, self.field, {})

    @property
    def ends(self) -> list[str]:
        """Of the spectrum, as they are written: low and high, or those of two intervals."""
        operator = self.operator
        gap = operator.gap or ()
        return [rational_text(end) for end in (operator.low, *gap, operator.high)]

    def sentence(self) -> str:
        low, *gap, high = self.ends
        outside = f", and not between {gap[0]} and {gap[1]}" if gap else ""
        further = "; 0 may be one more" if self.operator.may_have_kernel else ""
        word = word_text(self.operator.word)
        real = f"T = {word} has real eigenvalues lambda"
        return f"{real}, by assumption in [{low}, {high}]{outside}{further}."


class Loops(OperatorReading):
    """The same, and what a pass of its loops does to functions of the operator."""

    def __init__(
        self,
        program: core.Program,
        bindings: Mapping[str, Fraction],
        number: int,
        word: object,
        hints: object,
        budget: Budget,
    ) -> None:
        """``hints``: the forms of each loop that counts.  Raises RefusedError."""
        items = as_list(hints, "The forms")
        require(len(items) <= MAX_LOOPS, "The forms are of too many loops.")
        read = [as_object(item, "The forms of a loop", ("loop", "forms")) for item in items]
        names = dict.fromkeys(name for item in read for name in read_names(item))
        super().__init__(program, bindings, number, word, budget, names)
        self._own: dict[int, dict[str, tuple[Form, ...]]] = {}  # forms by loop
        for item in read:
            self._read(item)
        self.recurrences = list(self._followed(self.meaning.loops))
        scalars = [name for one in self.every_recurrence() for name in one.initial]
        require(len(set(scalars)) == len(scalars), "Two loops have a scalar of the same name.")

    def _read(self, item: Json) -> None:
        """The forms of the letters of one more loop; a loop around it must have some too."""
        loop = self._loop(as_integer(item["loop"], "loop"))
        later = all(index < loop.index for index in self._own)
        require(later, "The loops are not in the order of the script.")
        self._own[loop.index] = read_forms(item, loop, self.operator, self.field, self.letters)
        self.forms |= self._own[loop.index]

    def _loop(self, index: int) -> Loop:
        """One of the outermost loops, or one within a loop that has forms."""
        around = (one for one in self.meaning.all_loops() if one.index in self._own)
        known = (*self.meaning.loops, *(child for one in around for child in one.children))
        for loop in known:
            if loop.index == index:
                return loop
        raise RefusedError(f"The script has no loop {index}, or the loop around it has no forms.")

    def _followed(self, loops: Iterable[Loop]) -> Iterator[Recurrence]:
        """What a pass does to the scalars of those loops that have forms."""
        for loop in loops:
            if loop.index in self._own:
                inner = tuple(self._followed(loop.children))
                own = self._own[loop.index]
                yield derive_recurrence(loop, own, inner, self.scalariser, self.field)

    def every_recurrence(self) -> list[Recurrence]:
        """Those of the loops within a loop too, in the order of the script."""
        return [one for outer in self.recurrences for one in outer.whole()]

    @property
    def is_nested(self) -> bool:
        """Are there loops within a loop?"""
        return any(one.inner for one in self.recurrences)

    @property
    def derived(self) -> Sequence[Json]:
        """Of each loop: the scalars' starts, and what a pass makes of them."""
        return [
            {
                "loop": one.loop.index,
                "start": {name: rational_text(value) for name, value in one.initial.items()},
                "pass": {name: rational_text(value) for name, value in one.following.items()},
            }
            for one in self.every_recurrence()
        ]

    def way(self) -> Iterator[str]:
        """What is known of the loops, in words."""
        for one in self.every_recurrence():
            for letter, forms in self.forms.items():
                if letter in one.loop.letters:
                    whole = " + ".join(map(form_text, forms))
                    when = f"Before every pass of loop {one.loop.index} and after the last"
                    yield f"{when}, {letter} = {whole}."
            for inner in one.inner:
                names, where = " and ".join(inner.initial), f"In a pass of loop {one.loop.index}"
                yield f"{where}, {names} stands for what loop {inner.loop.index} leaves."
            for name in one.initial:
                start, after = map(rational_text, (one.initial[name], one.following[name]))
                yield f"{name}(lambda) begins as {start}, and a pass makes it {after}."


def form_text(form: Form) -> str:
    """``x · w(T) · y``, and ``2 · x · y`` of a part that does not change."""
    scalar = (f"{form.name}(T)",) if form.name else ()
    letters = [letter.text for letter in form.left], [letter.text for letter in form.right]
    parts = [*letters[0], *scalar, *letters[1]]
    return " · ".join(parts if form.name else [rational_text(form.scalar), *parts])


def _letters(inputs: Environment) -> Iterator[tuple[str, Letter]]:
    for value in inputs.values():
        for polynomial in value.parts.values():
            yield from ((letter.name, letter) for letter in polynomial.letters())
