"""What a script leaves to the compiler: steps of ``synthesize``, counts, what ``ensure`` asks."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from weightsmith.compiler.choosing.ensure import resolve_ensure
from weightsmith.compiler.choosing.ensure_polynomials import choose_polynomials
from weightsmith.compiler.choosing.until import resolve_until
from weightsmith.compiler.synthesize.expand import expand
from weightsmith.compiler.synthesize.preference import FEWEST_LAYERS, Preference
from weightsmith.dsl.program import core


@dataclass(frozen=True)
class Chosen:
    """A program with steps of its own, its text, and the numbers of its parameters."""

    program: core.Program
    text: str
    bindings: dict[str, Fraction]
    notes: tuple[str, ...] = ()


def resolve_choices(
    program: core.Program,
    bindings: dict[str, Fraction],
    text: str = "",
    *,
    gated: bool = False,
    dtype: str = "float64",
    preference: Preference = FEWEST_LAYERS,
) -> Chosen:
    """Return what is to be compiled, all that the compiler chooses chosen.

    A program that synthesises is replaced by the script that has the steps; ``preference`` says
    what these are to save, unless ``ensure`` chooses the polynomials.

    Raises DiagnosticError.
    """
    given = (one.synthesize for one in program.synthesized)
    if program.ensure is not None and any(one and one.tolerance is None for one in given):
        written, bindings, more = choose_polynomials(program, bindings, gated=gated, dtype=dtype)
        return Chosen(written.program, written.text, bindings, (*written.notes, *more))
    notes: tuple[str, ...] = ()
    if program.synthesized:
        found = expand(program, bindings, dtype=dtype, preference=preference)
        program, text, bindings, notes = found.program, found.text, found.bindings, found.notes
    bindings = resolve_until(program, bindings, gated=gated)
    bindings, more = resolve_ensure(program, bindings, gated=gated, dtype=dtype)
    return Chosen(program, text, bindings, (*notes, *more))
