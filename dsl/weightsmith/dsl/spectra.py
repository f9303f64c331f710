"""What is known of the spectrum of a value, from the assumptions of its algorithm.

If spectrum(T) ⊂ [low, high] then spectrum(a·T + b·I) ⊂ [a·low + b, a·high + b] for a > 0 (ends
swapped for a < 0).  Singular values allow the factor a alone (its absolute value); a spectrum
without its zero allows it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from weightsmith.dsl import scalar_algebra as algebra
from weightsmith.dsl import scalars as q
from weightsmith.dsl.canonical import IDENTITY, Canonical, Form, TooLongError, same_form
from weightsmith.dsl.core import Node, SpectrumAssumption, SpectrumKind
from weightsmith.dsl.scalars import Scalar
from weightsmith.dsl.scope import Definition

Interval = tuple[Scalar, Scalar]


def known_interval(
    kind: SpectrumKind,
    node: Node,
    names: Mapping[str, Definition],
    assumptions: Sequence[tuple[SpectrumAssumption, Mapping[str, Definition]]],
    find: Callable[[str], str],
) -> Interval | None:
    """Return an interval that holds the spectrum (of ``kind``) of ``node``, if one follows."""
    canonical = Canonical(find)
    try:
        wanted = canonical.form(node, names)
        for assumption, inputs in assumptions:
            if assumption.kind is not kind:
                continue
            for transposed in (False, True):
                form = canonical.form(assumption.of, inputs, transposed=transposed)
                image = _affine(wanted, form, allow_shift=kind is SpectrumKind.SPECTRUM)
                interval = image and _mapped(assumption, image)
                if interval:
                    return interval
    except (TooLongError, q.ScalarError):
        return None
    return None


def _affine(wanted: Form, given: Form, *, allow_shift: bool) -> tuple[Scalar, Scalar] | None:
    """Return (a, b) with wanted = a·given + b·I, if there are such."""
    anchor = next((atom for atom in given if atom != IDENTITY), None)
    if anchor is None or anchor not in wanted:
        return None
    a = algebra.divided(wanted[anchor], given[anchor])
    if same_form({anchor: wanted[anchor]}, {anchor: given[anchor]}):
        a = q.ONE
    image = {atom: algebra.times((a, scale)) for atom, scale in given.items()}
    shift = algebra.plus(
        (wanted.get(IDENTITY, q.ZERO), algebra.negated(image.get(IDENTITY, q.ZERO)))
    )
    rest = [{k: v for k, v in form.items() if k != IDENTITY} for form in (wanted, image)]
    if not same_form(*rest) or (shift != q.ZERO and not allow_shift):
        return None
    return a, shift


def _mapped(assumption: SpectrumAssumption, image: tuple[Scalar, Scalar]) -> Interval | None:
    a, b = image
    sign = algebra.constant(a)
    if sign is None or sign == 0:
        return None  # the order of the ends is not known
    ends = [algebra.plus((algebra.times((a, end)), b)) for end in (assumption.low, assumption.high)]
    if sign > 0:
        return ends[0], ends[1]
    if assumption.kind is SpectrumKind.SINGULAR_VALUES:
        return algebra.negated(ends[0]), algebra.negated(ends[1])
    return ends[1], ends[0]
