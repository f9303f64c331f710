"""Which operators the assumptions of a script offer, each with the interval of its spectrum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.compiler.certify.spectra.spectral import Operator
from weightsmith.compiler.certify.spectra.two_intervals import square, square_ends
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.ir.polynomial import Word
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import SpectrumKind


@dataclass(frozen=True)
class Ground:
    """An operator with its spectrum, as an assumption gives it."""

    operator: Operator
    assumption: int
    kind: SpectrumKind
    low: Scalar
    high: Scalar
    gap: tuple[Scalar, Scalar] | None = None  # between the two, where they are of the operator


def grounds(
    program: core.Program, normal: NormalProgram, bindings: dict[str, Fraction]
) -> Iterator[Ground]:
    spectra = [a for a in program.assumptions if isinstance(a, core.SpectrumAssumption)]
    for index, (assumption, value) in enumerate(zip(spectra, normal.assumed, strict=True)):
        if len(value.terms) != 1:
            continue
        ((word, coefficient),) = value.terms.items()
        if coefficient != 1 or not word:
            continue
        transposed = normal.alphabet.transpose_word(word)
        if assumption.kind is SpectrumKind.SINGULAR_VALUES:
            low, high = square(assumption.low), square(assumption.high)
            gap = assumption.gap and (square(assumption.gap[0]), square(assumption.gap[1]))
            for both in (transposed + word, word + transposed):
                space = normal.alphabet.rows(both[0])
                operator = Operator(both, "yes", space)
                yield Ground(operator, index, assumption.kind, low, high, gap)
            continue
        space = normal.alphabet.rows(word[0])
        complete = all(one.name in bindings for one in program.parameters)
        squares = square_ends(assumption, normal.field, bindings if complete else {})
        if squares is not None and word == transposed:
            operator = Operator(word + word, "yes", space)
            yield Ground(operator, index, assumption.kind, *squares)
        has_kernel = assumption.kind is SpectrumKind.NONZERO_SPECTRUM
        operator = Operator(word, _symmetry(normal, word), space, has_kernel)
        ends = assumption.low, assumption.high
        yield Ground(operator, index, assumption.kind, *ends, assumption.gap)


def no_ground(program: core.Program) -> str:
    if any(isinstance(a, core.SpectrumAssumption) for a in program.assumptions):
        return (
            "an assumption about a sum or a multiple is not understood: make it one about a "
            "single product, as spectrum(A) or spectrum(x*x')"
        )
    return "the script assumes nothing about a spectrum"


def _symmetry(normal: NormalProgram, word: Word) -> str:
    transpose = normal.alphabet.transpose_word
    if word == transpose(word):
        return "yes"
    last = word[-1]
    inputs = {given.name for given in normal.inputs}
    if word[:-1] == transpose(word[:-1]) and last.name in normal.alphabet.symmetric & inputs:
        return "weighted"
    return "assumed"
