"""Which requests of a program one plan serves: all inverses, or the same function of one matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from weightsmith.compiler.synthesize.choose import (
    Choice,
    RefusedError,
    Wanted,
    choose,
    choose_inverses,
    is_definite_inverse,
)
from weightsmith.compiler.synthesize.preference import FEWEST_LAYERS, Preference
from weightsmith.compiler.synthesize.requests.bounded import is_bounded
from weightsmith.compiler.synthesize.requests.lower_bound import NOTHING
from weightsmith.compiler.synthesize.requests.request import Request
from weightsmith.compiler.synthesize.requests.spectrum import Spectrum, spectrum_of
from weightsmith.dsl.printing.printer import node_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import SpectrumKind
from weightsmith.dsl.text.diagnostics import mistake

LOOSEST = Fraction(1, 2)  # of a tolerance that a small factor makes larger


@dataclass(frozen=True)
class Group:
    """Requests that one plan serves, and what they want: all are inverses if ``are_inverses``.

    ``is_bounded``: do lower bounds for f(E) hold for the targets?
    """

    requests: tuple[Request, ...]
    wanted: tuple[Wanted, ...]
    are_inverses: bool
    is_bounded: bool

    def choice(self) -> Choice:
        """The plan, for the smallest of the tolerances.  Raises DiagnosticError."""
        try:
            found = _chosen(self.wanted, self.are_inverses)
        except RefusedError as reason:
            place = self.requests[0].span
            raise mistake("synthesis", place, str(reason), reason.hint) from None
        if not self.is_bounded:
            found = replace(found, lower_bound=NOTHING)
        return found


@lru_cache(maxsize=256)
def _chosen(wanted: tuple[Wanted, ...], are_inverses: bool) -> Choice:
    """``ensure`` asks for the same again and again."""
    if are_inverses:
        return choose_inverses(list(wanted))
    found = choose(min(wanted, key=lambda one: one.tolerance))
    return replace(found, results=found.results * len(wanted))


def grouped(
    requests: Sequence[Request],
    program: core.Program,
    dtype: str,
    *,
    preference: Preference = FEWEST_LAYERS,
) -> list[Group]:
    """One group for the inverses of definite operators, and one for every other function."""
    wanted = [_wanted(one, program, dtype, preference) for one in requests]
    together = [k for k, one in enumerate(wanted) if is_definite_inverse(one)]
    groups = [together] if together else []
    for k, one in enumerate(wanted):
        if k in together:
            continue
        same = next((g for g in groups if g != together and _is_same(wanted[g[0]], one)), None)
        if same is None:
            groups.append([k])
        else:
            same.append(k)
    return [
        Group(
            tuple(requests[k] for k in g),
            tuple(wanted[k] for k in g),
            g == together,
            all(is_bounded(requests[k].target, requests[k].function, program) for k in g),
        )
        for g in groups
    ]


def _is_same(one: Wanted, other: Wanted) -> bool:
    return (one.function.function, one.function.exponent, one.function.formula, one.operator) == (
        other.function.function,
        other.function.exponent,
        other.function.formula,
        other.operator,
    )


def _wanted(request: Request, program: core.Program, dtype: str, preference: Preference) -> Wanted:
    spectrum = spectrum_of(request.function.of, program)
    if spectrum is None:
        what = node_text(request.function.of)
        message = f"no assumption bounds the spectrum of {what}"
        shape = request.function.of.shape
        hint = f"write: assume spectrum({what}) in [mu, L]"
        if shape.rows != shape.columns:
            hint = f"write: assume singular_values({what}) in [1/1000, 1]"
        raise mistake("synthesis", request.span, message, hint)
    _refuse_kernel(request, spectrum, program)
    left = "I" if request.left is None else request.left_text
    return Wanted(
        request.function,
        request.operator_text,
        spectrum,
        min(request.tolerance / request.factor, max(request.tolerance, LOOSEST)),
        left,
        request.degrees,
        dtype,
        preference,
        request.tolerance / request.factor,
    )


def _refuse_kernel(request: Request, spectrum: Spectrum, program: core.Program) -> None:
    """Where 0 may be an eigenvalue the steps are far from the target there: data must avoid it."""
    if spectrum.kind is not SpectrumKind.NONZERO_SPECTRUM:
        return
    if any(isinstance(one, core.RangeAssumption) for one in program.assumptions):
        return
    what = node_text(request.function.of)
    message = f"{what} may have the eigenvalue 0, and nothing says that the data keeps away from it"
    hint = f"write: assume b in range({what}), for the b of {request.function.function}({what})*b"
    if request.function.function in ("pinv", "sign"):
        hint += f"; or in place of nonzero_spectrum: assume singular_values({what}) in [low, high]"
    raise mistake("synthesis", request.span, message, hint)
