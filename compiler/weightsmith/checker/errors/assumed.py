"""What the script assumes of its inputs, at the bindings: sizes, bounds of inputs, spectra.

A norm bounds an input, every column if it is per token; entries bound entries; spectra of a
symmetric word, or singular values (of AA' and A'A then: [0, high²]), bound ‖A‖ ≤ max |end| of A
itself and ‖A‖² ≤ max |end| of AA' and A'A.  A nonzero spectrum is extended to 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import ONES, Letter, Polynomial, Word, transpose_word
from weightsmith.checker.balls.bounds import (
    CONTRADICTION,
    INFINITE,
    ONE,
    Ball,
    Bounds,
    ball_above,
    ball_below,
    least,
)
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.checker.reading.scalar_text import value_at
from weightsmith.checker.semantics.expressions import Environment, evaluate
from weightsmith.checker.semantics.premises import Premises, assumed
from weightsmith.dsl.numbers import scalars
from weightsmith.dsl.program import core
from weightsmith.dsl.program.letters import variable_of

Ends = tuple[Fraction, Fraction]
SINGULAR = core.SpectrumKind.SINGULAR_VALUES
NONZERO = core.SpectrumKind.NONZERO_SPECTRUM


class Assumed:
    """The assumptions of a script, as numbers."""

    def __init__(
        self,
        program: core.Program,
        inputs: Environment,
        field: Field,
        bindings: Mapping[str, Fraction],
    ) -> None:
        self._program = program
        self._inputs = inputs
        self._field = field
        self._bindings = bindings
        self._columns = {one.name: one.shape.columns for one in program.inputs}
        self.sizes = self._read_sizes()
        self.spectra = self._read_spectra()
        self._known: dict[str, Bounds] = {}
        self._nonempty: set[str] = set()

    def size(self, axis: str) -> Fraction | None:
        """The largest size that an axis may have; None if that is not known."""
        if axis.isascii() and axis.isdigit():
            return Fraction(int(axis))
        return self.sizes.get(axis)

    def size_ball(self, axis: str) -> Ball:
        size = self.size(axis)
        return INFINITE if size is None else ball_above(size)

    def take_nonempty(self, axis: str) -> bool:
        """Take an axis to have an index, which is a hypothesis for a dimension with a name.

        False for a group of tokens, which may have none.
        """
        if axis in core.GROUPS:
            return False
        if not axis.isdigit():
            self._nonempty.add(axis)
        return axis != "0"

    def assume_nonempty(self, axis: str) -> None:
        """Take an axis, or a group of tokens, to have an index: a hypothesis."""
        self._nonempty.add(axis)

    def is_known(self, letter: Letter) -> bool:
        """True of inputs and of ones, which are the same at every pass."""
        return letter.name.startswith(ONES) or variable_of(letter.name) in self._columns

    def letter(self, letter: Letter) -> Bounds:
        """The bounds of an input, or of a column of ones."""
        plain = letter.plain()
        if plain.name not in self._known:
            bounds = Bounds(ONE, ONE, row=ONE) if plain.name.startswith(ONES) else self._of(plain)
            sizes = self.size_ball(plain.rows), self.size_ball(plain.columns)
            self._known[plain.name] = bounds.tightened(*sizes)
        bounds = self._known[plain.name]
        return bounds.transposed() if letter.transposed else bounds

    def _of(self, letter: Letter) -> Bounds:
        name = variable_of(letter.name)
        require(name in self._columns, f"Nothing is known of '{letter.name}' here.")
        per_token = self._columns[name] == core.TOKEN
        result = Bounds()
        for assumption in self._program.assumptions:
            if isinstance(assumption, core.NormAssumption) and assumption.of == name:
                size = ball_above(self._value(assumption.bound))
                require(bool(size >= 0), CONTRADICTION)
                result = result.meet(Bounds(column=size) if per_token else Bounds(norm=size))
            if isinstance(assumption, core.EntryAssumption) and assumption.of == name:
                low, high = self._value(assumption.low), self._value(assumption.high)
                result = result.meet(Bounds(ball_below(low), ball_above(high)))
        return result.meet(Bounds(norm=least(*self._norms(letter))))

    def _norms(self, letter: Letter) -> Iterator[Ball]:
        """By the spectra of the letter and of its two squares."""
        transposed = letter.transpose()
        for word, (low, high) in self.spectra.items():
            size = ball_above(max(abs(low), abs(high)))
            if word in ((letter,), (transposed,)):
                yield size
            if word in ((letter, transposed), (transposed, letter)):
                yield size.sqrt()

    def _value(self, scalar: scalars.Scalar) -> Fraction:
        return value_at(scalar, self._bindings)

    def _read_sizes(self) -> dict[str, Fraction]:
        sizes: dict[str, Fraction] = {}
        for assumption in self._program.assumptions:
            if isinstance(assumption, core.SizeAssumption):
                bound = self._value(assumption.bound)
                require(bound > 0, CONTRADICTION)
                sizes[assumption.axis] = min(bound, sizes.get(assumption.axis, bound))
        return sizes

    def _read_spectra(self) -> dict[Word, Ends]:
        """Symmetric words, each with an interval that holds its spectrum."""
        spectra: dict[Word, Ends] = {}
        for assumption in self._program.assumptions:
            if not isinstance(assumption, core.SpectrumAssumption):
                continue
            for word, (low, high) in self._spectrum(assumption):
                if word in spectra:
                    low, high = max(low, spectra[word][0]), min(high, spectra[word][1])
                require(low <= high, CONTRADICTION)
                spectra[word] = low, high
        return spectra

    def _spectrum(self, assumption: core.SpectrumAssumption) -> Iterator[tuple[Word, Ends]]:
        value = self.assumed_value(assumption)
        if value is None or len(value.terms) != 1:
            return
        ((word, coefficient),) = value.terms.items()
        number = coefficient.as_number
        if not word or not number:
            return
        ends = self._value(assumption.low) / number, self._value(assumption.high) / number
        low, high = min(ends), max(ends)
        transposed = transpose_word(word)
        if assumption.kind is SINGULAR:
            top = max(abs(low), abs(high)) ** 2
            yield (*word, *transposed), (Fraction(0), top)
            yield (*transposed, *word), (Fraction(0), top)
        elif word == transposed:
            zero = assumption.kind is NONZERO
            yield word, (min(low, Fraction(0)), max(high, Fraction(0))) if zero else (low, high)

    def assumed_value(self, assumption: core.SpectrumAssumption) -> Polynomial | None:
        """What a spectrum is assumed of; None if it has a token axis."""
        try:
            value = evaluate(assumption.of, self._inputs, self._field)
        except RefusedError:
            return None
        return value.parts.get(("", ""))

    def hypotheses(self) -> Premises:
        """Every assumption of sizes, norms, entries and spectra, in the script's order.

        After them the dimensions, and groups of tokens, that were taken to have an index.
        """
        used = (
            assumed(self._program, one)
            for one in self._program.assumptions
            if not isinstance(one, core.RangeAssumption)
        )
        return (*used, *(("nonempty", axis) for axis in sorted(self._nonempty)))
