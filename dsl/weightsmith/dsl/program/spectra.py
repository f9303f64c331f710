"""What is known of the spectrum of a value, from the assumptions of its algorithm.

If spectrum(T) ⊂ [low, high] then spectrum(a·T + b·I) ⊂ [a·low + b, a·high + b] for a > 0 (ends
swapped for a < 0).  Singular values allow the factor a alone (its absolute value); a spectrum
without its zero allows it too.  Of two intervals all four ends are mapped.

If T is symmetric and spectrum(T) ⊂ [a, b] ∪ [c, d] with b < 0 < c, its singular values lie in
[min(−b, c), max(−a, d)].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program.canonical import (
    IDENTITY,
    Canonical,
    Form,
    TooLongError,
    is_symmetric,
    same_form,
)
from weightsmith.dsl.program.core import Node, SpectrumAssumption, SpectrumKind
from weightsmith.dsl.program.scope import Definition

Ends = tuple[Scalar, ...]  # (low, high), or (a, b, c, d) of two intervals
Known = tuple[SpectrumAssumption, Mapping[str, Definition]]


def known_ends(
    kind: SpectrumKind,
    node: Node,
    names: Mapping[str, Definition],
    assumptions: Sequence[Known],
    find: Callable[[str], str],
) -> Ends | None:
    """Return the ends of what holds the spectrum (of ``kind``) of ``node``, if one follows."""
    canonical = Canonical(find)
    try:
        wanted = canonical.form(node, names)
        for given, ends, inputs in _of_kind(kind, assumptions, find):
            for transposed in (False, True):
                form = canonical.form(given, inputs, transposed=transposed)
                image = _affine(wanted, form, allow_shift=kind is SpectrumKind.SPECTRUM)
                found = image and _mapped(kind, ends, image)
                if found:
                    return found
    except (TooLongError, q.ScalarError):
        return None
    return None


def _of_kind(
    kind: SpectrumKind, assumptions: Sequence[Known], find: Callable[[str], str]
) -> Iterator[tuple[Node, Ends, Mapping[str, Definition]]]:
    """What is assumed of this kind, and the singular values that follow from two intervals."""
    for one, inputs in assumptions:
        if one.kind is kind:
            yield one.of, one.ends, inputs
    if kind is not SpectrumKind.SINGULAR_VALUES:
        return
    for one, inputs in assumptions:
        sizes = sizes_of(one)
        if sizes is not None and is_symmetric(one.of, inputs, find):
            yield one.of, sizes, inputs


def sizes_of(assumption: SpectrumAssumption) -> tuple[Scalar, Scalar] | None:
    """Return the least and greatest |λ| of two intervals about 0; None if nothing tells them.

    That is plain if the two are mirror images, or made of numbers.
    """
    if assumption.kind is not SpectrumKind.SPECTRUM or assumption.gap is None:
        return None
    a, b, c, d = assumption.ends
    low, high = _greater(algebra.negated(b), c, -1), _greater(algebra.negated(a), d, 1)
    sides = [algebra.constant(one) for one in (b, c)]
    if any(one is not None and one * sign <= 0 for one, sign in zip(sides, (-1, 1), strict=True)):
        return None
    return None if low is None or high is None else (low, high)


def _greater(left: Scalar, right: Scalar, sign: int) -> Scalar | None:
    """The greater of two scalars, for sign −1 the lesser; None if nothing tells which it is."""
    if left == right:
        return right
    numbers = algebra.constant(left), algebra.constant(right)
    if numbers[0] is None or numbers[1] is None:
        return None
    return left if sign * numbers[0] >= sign * numbers[1] else right


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


def _mapped(kind: SpectrumKind, ends: Ends, image: tuple[Scalar, Scalar]) -> Ends | None:
    a, b = image
    sign = algebra.constant(a)
    if sign is None or sign == 0:
        return None  # the order of the ends is not known
    mapped = tuple(algebra.plus((algebra.times((a, end)), b)) for end in ends)
    if sign > 0:
        return mapped
    if kind is SpectrumKind.SINGULAR_VALUES:
        return tuple(map(algebra.negated, mapped))
    return mapped[::-1]
