"""The scalars of one loop, given the forms of its letters: their start, and what a pass does."""

from __future__ import annotations

from collections.abc import Collection

from weightsmith.compiler.certify.spectra.spectral import Form, NoProofError, NormalScalariser
from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Carried, Columns, Loop

Scalars = dict[str, Coefficient]


def loop_scalars(
    scalarise: NormalScalariser, loop: Loop, wanted: Collection[str]
) -> tuple[Scalars, Scalars]:
    """Scalarise the values before the loop and after a pass; every group must agree."""
    initial: Scalars = {}
    after: Scalars = {}
    for carried in loop.carried:
        if carried.letter not in wanted:
            continue
        for space in carried.spaces:
            _collect(scalarise, carried, space, initial, after)
    return initial, after


def _collect(
    scalarise: NormalScalariser, carried: Carried, space: str, initial: Scalars, after: Scalars
) -> None:
    tokens = scalarise.normal.alphabet.axes[carried.letter][1] == ""
    forms = scalarise.forms[carried.letter, space if tokens else ""]
    first = _by_form(scalarise, carried.initial, space, forms)
    second = _by_form(scalarise, carried.next, space, forms)
    for form, a, b in zip(forms, first, second, strict=True):
        if not form.name:
            if a != form.constant or b != form.constant:
                raise NoProofError("a part that should not change does")
            continue
        same = initial.setdefault(form.name, a) == a
        if not same or after.setdefault(form.name, b) != b:
            raise NoProofError("context and query tokens follow different recurrences")


def _by_form(
    scalarise: NormalScalariser, columns: Columns, space: str, forms: tuple[Form, ...]
) -> list[Coefficient]:
    frames = scalarise(columns[space])
    known = [(form.left, form.right) for form in forms]
    if any(frame not in known for frame in frames):
        raise NoProofError("a pass leaves the forms of the loop's values")
    return [frames.get(frame, scalarise.scalars.field.zero) for frame in known]
