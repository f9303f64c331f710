"""Every scalar that stands in a program."""

from __future__ import annotations

from collections.abc import Iterator

from weightsmith.dsl.numbers.scalars import Scalar, Symbol
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import scalars_of, scalars_of_program


def all_scalars(program: core.Program) -> Iterator[Scalar]:
    """Every scalar of the program: coefficients, counts, ends of spectra, parameters."""
    for parameter in program.parameters:
        yield Symbol(parameter.name)
    for assumption in program.assumptions:
        if isinstance(assumption, core.SpectrumAssumption):
            yield from assumption.ends
            yield from scalars_of(assumption.of)
    yield from scalars_of_program(program)
