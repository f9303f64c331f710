"""Where the spectrum of an argument lies, from the assumptions: numbers, one interval or two.

If the spectrum of T lies in a set, that of a·T + b·I lies in the image; singular values allow the
factor a alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.dsl.numbers.scalars import evaluate
from weightsmith.dsl.program import core
from weightsmith.dsl.program.canonical import IDENTITY, Atom, Canonical, TooLongError
from weightsmith.dsl.program.core import SpectrumKind
from weightsmith.dsl.program.scope import Definition

Interval = tuple[Fraction, Fraction]
Numbers = Mapping[Atom, Fraction]


@dataclass(frozen=True)
class Spectrum:
    """Intervals in increasing order, of eigenvalues or of singular values."""

    kind: SpectrumKind
    intervals: tuple[Interval, ...]

    @property
    def hull(self) -> Interval:
        return self.intervals[0][0], self.intervals[-1][1]

    @property
    def widest(self) -> Interval:
        """An interval that is all of the spectrum, or a part of it: what a lower bound may use."""
        return max(self.intervals, key=lambda one: one[1] - one[0])

    @property
    def moduli(self) -> Interval:
        """What encloses |λ|; the low end is 0 if an interval contains 0."""
        ends = [abs(end) for interval in self.intervals for end in interval]
        within = any(low <= 0 <= high for low, high in self.intervals)
        return (Fraction(0) if within else min(ends)), max(ends)


def spectrum_of(node: core.Node, program: core.Program) -> Spectrum | None:
    """Return the first spectrum that an assumption gives; all scalars of both are numbers."""
    try:
        wanted = _form(node, program)
        for one in program.assumptions:
            if isinstance(one, core.SpectrumAssumption):
                for transposed in (False, True):
                    found = _image(wanted, _form(one.of, program, transposed), one)
                    if found is not None:
                        return found
    except TooLongError:
        return None
    return None


def _form(node: core.Node, program: core.Program, transposed: bool = False) -> Numbers:
    names = {
        given.name: Definition(None, is_input=True, is_symmetric=given.symmetric)
        for given in program.inputs
    }
    form = Canonical(lambda axis: axis).form(node, names, transposed=transposed)
    return {atom: evaluate(scale, {}) for atom, scale in form.items()}


def _image(wanted: Numbers, given: Numbers, assumption: core.SpectrumAssumption) -> Spectrum | None:
    anchor = next((atom for atom in given if atom != IDENTITY), None)
    if anchor is None or wanted.get(anchor, Fraction(0)) == 0:
        return None
    a = wanted[anchor] / given[anchor]
    b = wanted.get(IDENTITY, Fraction(0)) - a * given.get(IDENTITY, Fraction(0))
    atoms = (wanted.keys() | given.keys()) - {IDENTITY}
    if any(wanted.get(atom) != a * given.get(atom, Fraction(0)) for atom in atoms):
        return None
    if assumption.kind is not SpectrumKind.SPECTRUM and b != 0:
        return None
    ends = [evaluate(end, {}) for end in assumption.ends]
    if assumption.kind is SpectrumKind.SINGULAR_VALUES:
        a = abs(a)
    pairs = [(a * low + b, a * high + b) for low, high in zip(ends[::2], ends[1::2], strict=True)]
    ordered = sorted((min(pair), max(pair)) for pair in pairs)
    return Spectrum(assumption.kind, tuple(ordered))
