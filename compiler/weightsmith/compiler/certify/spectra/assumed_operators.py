"""Which operators the assumptions of a script offer: words of inputs with a known spectrum.

The checker says which spectrum (``checker/spectra/operator_step.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.checker.spectra.operator_step import squared_ends
from weightsmith.compiler.certify.spectra.spectral import Operator
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.ir.polynomial import Word
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import SpectrumKind


@dataclass(frozen=True)
class AssumedOperator:
    """An operator, and the number of the assumption about its spectrum."""

    operator: Operator
    assumption: int


def assumed_operators(
    program: core.Program, normal: NormalProgram, bindings: dict[str, Fraction]
) -> Iterator[AssumedOperator]:
    """The word of each assumption; of singular values, and of two intervals, also its squares."""
    spectra = [a for a in program.assumptions if isinstance(a, core.SpectrumAssumption)]
    complete = all(one.name in bindings for one in program.parameters)
    for index, (assumption, value) in enumerate(zip(spectra, normal.assumed, strict=True)):
        if len(value.terms) != 1:
            continue
        ((word, coefficient),) = value.terms.items()
        if coefficient != 1 or not word:
            continue
        transposed = normal.alphabet.transpose_word(word)
        if assumption.kind is SpectrumKind.SINGULAR_VALUES:
            for both in (transposed + word, word + transposed):
                operator = Operator(both, "yes", normal.alphabet.rows(both[0]))
                yield AssumedOperator(operator, index)
            continue
        space = normal.alphabet.rows(word[0])
        known = bindings if complete else {}
        if word == transposed and _has_square(assumption, normal, known):
            yield AssumedOperator(Operator(word + word, "yes", space), index)
        has_kernel = assumption.kind is SpectrumKind.NONZERO_SPECTRUM
        operator = Operator(word, _symmetry(normal, word), space, has_kernel)
        yield AssumedOperator(operator, index)


def _has_square(
    assumption: core.SpectrumAssumption, normal: NormalProgram, bindings: dict[str, Fraction]
) -> bool:
    """Does the assumption tell the spectrum of A·A, 0 between its two intervals?"""
    try:
        squared_ends(assumption, normal.field, bindings)
    except RefusedError:
        return False
    return True


def no_operator(program: core.Program) -> str:
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
