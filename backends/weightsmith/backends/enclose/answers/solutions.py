"""How far X is from T = L·F·M⁻¹·Q with M = G·F, as of least squares: y·x′·inv(x·x′)·q.

Of few rows L, so that no more than rounded products of M and Y ≈ M⁻¹ is needed: let E = I − MY with
‖E‖ ≤ ρ < 1 (see ``solve``).  For any W, as M⁻¹ = Y(I − E)⁻¹ and M⁻¹ − Y = YE(I − E)⁻¹, let

    L − WG = V + V′,  ‖V′‖ ≤ ε,   VF = R + R′,  ‖R′‖ ≤ η,   RY = Z + Z′,  ‖Z′‖ ≤ γ_n‖R‖‖Y‖

    LFM⁻¹ = W + (L − WG)FM⁻¹,   so T = (W + Z)Q + DQ with
    ‖D‖ ≤ ‖Z′‖ + (ρ(‖Z‖ + ‖Z′‖) + η‖Y‖ + ε‖FY‖₂)/(1 − ρ)

If G = F′, (FY)′FY = Y′MY = Y′(I − E), so that ‖FY‖₂² ≤ (1 + ρ)‖Y‖; else ‖FY‖₂ ≤ ‖F‖₂‖Y‖.

*Rounded*, for an answer in float32: V = fl(L − fl(WG)) with ε = γ‖W‖‖G‖ + u‖V‖, and R = fl(VF).

*Split*: with leading bits W = W₁ + W₂, G = G₁ + G₂ (see ``products``) W₁G₁ is exact, and

    L − W₁G₁ = V₀ + V₀′ exactly (TwoSum),   S = fl(V₀′ − fl(W₁G₂ + W₂G)),   V = V₀ + S
    R = fl(V₁F₁ + fl(V₁F₂ + (V₂ + S)F)),   V₀ = V₁ + V₂,   V₁F₁ exact

where ε = γ(‖W₁‖‖G₂‖ + ‖W₂‖‖G‖) + u‖S‖, ‖S‖ ≤ 2u‖V₀‖ + 3(‖W₁‖‖G₂‖ + ‖W₂‖‖G‖), and no entry of
W₁ is more than twice that of W.  (W + Z)Q is W₁Q₁, exact, and fl(W₁Q₂ + (W₂ + Z)Q), which are
subtracted from X in turn.

The mirror image Q·M⁻¹·F·L with M = F·G is that of the transposes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from weightsmith.backends.enclose.matrices.near import (
    FLOOR,
    UNIT,
    WIDER,
    Apart,
    Array,
    Digits,
    Near,
    as_short,
    gamma,
    near,
    norm,
)
from weightsmith.backends.enclose.matrices.products import (
    are_transposes,
    by_chunks,
    by_fine_chunks,
    depth,
    fine_depth,
    parts_of,
    product,
    top,
)
from weightsmith.backends.enclose.matrices.solve import CheckedInverse, checked_inverse
from weightsmith.backends.enclose.matrices.sums import two_difference
from weightsmith.backends.enclose.values.contraction import Groups, Link, links_of
from weightsmith.backends.enclose.values.evaluate import SOLUTION, Evaluator, shortened
from weightsmith.backends.enclose.values.remembered import remembered
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import TOKEN, Node

CLOSE = 1 / 64  # above, ρ is no small part of the bound


@dataclass(frozen=True, slots=True)
class Form:
    """L, F, G and Q of a product, or of its transpose; M itself."""

    left: Link
    inner: Link
    other: Link
    right: Link | None
    inverted: Node
    mirrored: bool


@dataclass(slots=True, eq=False)
class _Residual:
    """R, its norm, ε and η."""

    matrix: Array
    size: float
    before: float
    after: float


def solution_distance(
    evaluator: Evaluator, node: core.Product, group: str, value: Array
) -> Apart | None:
    """Of the columns of a token group; None where the product is not of the form.

    Raises NoBoundError where M may be singular.
    """
    form = form_of(node)
    if form is None or evaluator.digits is Digits.LONG:
        return None
    links = form.left, form.inner, form.other
    left, inner, other = (_known(evaluator, one, form.mirrored, group) for one in links)
    right = None if form.right is None else _known(evaluator, form.right, form.mirrored, group)
    if len(left.hi) >= inner.hi.shape[1]:
        return None
    key = id(form.inverted), form.mirrored
    found = evaluator.inverses.get(key)
    if found is None:
        found = evaluator.inverses[key] = inverse_of(other, inner, shortened(form.inverted))
    if found.rho > CLOSE:
        return None
    evaluator.used[SOLUTION] = None
    answer = value.T if form.mirrored else value
    return distance_of_solution(left, inner, other, right, found, answer)


def inverse_of(other: Near, inner: Near, what: str) -> CheckedInverse:
    """M⁻¹ of M = G·F by rounded products.  Raises NoBoundError where M may be singular."""
    if other.lo is not None or inner.lo is not None or other.radius or inner.radius:
        return checked_inverse(product(as_short(other), as_short(inner)), what)
    count = len(inner.hi)  # of numbers that are given: the same at once
    off = gamma(depth(count)) * other.size * inner.size + FLOOR
    return checked_inverse(near(by_chunks(other.hi, inner.hi, math.inf), None, off), what)


def distance_of_solution(
    left: Near, inner: Near, other: Near, right: Near | None, found: CheckedInverse, answer: Array
) -> Apart:
    """‖X − L·F·M⁻¹·Q‖ of an answer X, given Y ≈ M⁻¹.  Raises NoBoundError."""
    inverse, rho, count = found.inverse, found.rho, len(found.inverse.hi)
    point = near(left.hi.dot(inner.hi).dot(inverse.hi))
    short = left.short
    rest = (_rounded if short else _split)(left, inner, other, point)
    step = rest.matrix.dot(inverse.hi)
    lost = gamma(count) * rest.size * inverse.size
    size = norm(step)
    moved = rest.after * inverse.size + rest.before * _stretched(inner, other, found)
    off = lost + (rho * (size + lost) + moved) / (1 - rho)
    if right is None:
        first = answer - point.hi
        first -= step
        return _apart(first, size, off)
    off *= right.size
    if short:
        step += point.hi
        size = norm(step)
        off += gamma(count + 2) * size * right.size
        return _apart(answer - step.dot(right.hi), 0.0, off)
    whole, small = top(point.hi, count, point.size)
    other_whole, other_small, other_size = parts_of(right, count)
    small += step
    first = answer - whole.dot(other_whole)
    tail = small.dot(right.hi)
    tail += whole.dot(other_small)
    first -= tail
    smalls = 2 * point.size * other_size + norm(small) * right.size
    return _apart(first, 2 * smalls, off + gamma(count + 4) * smalls)


def _stretched(inner: Near, other: Near, found: CheckedInverse) -> float:
    """More than ‖FY‖₂."""
    if are_transposes(other, inner):
        return math.sqrt((1 + found.rho) * found.inverse.size) * WIDER
    return inner.two_norm * found.inverse.size


def _apart(left: Array, less: float, radius: float) -> Apart:
    """‖left‖, of which what was subtracted last is at most ``less``: two roundings."""
    size = norm(left)
    off = UNIT * (3 * size + 2 * less)
    return Apart.of(size + off, radius)


def _rounded(left: Near, inner: Near, other: Near, point: Near) -> _Residual:
    rest = left.hi - point.hi.dot(other.hi)
    size = norm(rest)
    found = by_fine_chunks(rest, inner.hi)
    before = gamma(point.hi.shape[1]) * point.size * other.size + UNIT * size
    after = gamma(fine_depth(len(inner.hi))) * size * inner.size
    return _Residual(found, norm(found), before + FLOOR, after + FLOOR)


def _split(left: Near, inner: Near, other: Near, point: Near) -> _Residual:
    tokens, count = inner.hi.shape
    whole, small = top(point.hi, count, point.size)
    first, rest, rest_size = parts_of(other, count)
    above, beyond = two_difference(left.hi, whole.dot(first))
    tail = whole.dot(rest)
    tail += small.dot(other.hi)
    smalls = 2 * point.size * rest_size + norm(small) * other.size
    beyond -= tail
    size = norm(above)
    before = gamma(count + 4) * smalls + UNIT * (2 * UNIT * size + 3 * smalls)

    second, last, last_size = parts_of(inner, tokens)
    whole, small = top(above, tokens)
    small += beyond
    more = by_fine_chunks(whole, last)
    more += by_fine_chunks(small, inner.hi)
    more += whole.dot(second)
    smalls = 2 * size * last_size + norm(small) * inner.size
    found = norm(more)
    after = gamma(fine_depth(tokens) + 6) * smalls + 2 * UNIT * found
    return _Residual(more, found, before + FLOOR, after + FLOOR)


def _known(evaluator: Evaluator, link: Link, mirrored: bool, group: str) -> Near:
    """An input of one token group, turned if the form is mirrored."""
    columns = link.columns if len(link.columns) == 1 else (group,)  # several: the last factor
    found = evaluator.some(link.factor, link.rows, columns)[link.rows[0], columns[0]]
    return found.transposed if mirrored else found


@remembered
def form_of(node: core.Product) -> Form | None:
    links = links_of(node)
    if node.shape.rows == TOKEN or not all(_is_single(one, links[-1]) for one in links):
        return None
    return _read(links, False) or _read(links[::-1], True)


def _is_single(link: Link, last: Link) -> bool:
    return len(link.rows) == 1 and (len(link.columns) == 1 or link is last)


def _read(links: tuple[Link, ...], mirrored: bool) -> Form | None:
    """L, F, an inverse, and Q or nothing."""
    if len(links) not in (3, 4) or not links[2].divides or any(one.divides for one in links[:2]):
        return None
    middle = links[2].factor
    if not isinstance(middle, core.Function) or middle.function != "inv":
        return None
    if not isinstance(middle.of, core.Product) or len(middle.of.factors) != 2:
        return None
    pair = links_of(middle.of)
    other, inner = pair[::-1] if mirrored else pair
    right = links[3] if len(links) == 4 else None
    known = [one for one in (links[0], links[1], inner, other, right) if one is not None]
    same = leaf_of(inner) == leaf_of(links[1]) and len(other.rows) == len(other.columns) == 1
    if not same or any(leaf_of(one) is None for one in known):
        return None
    return Form(links[0], inner, other, right, middle.of, mirrored)


def leaf_of(link: Link) -> tuple[str, bool, Groups, Groups] | None:
    """The name of an input, whether it is transposed, and the groups."""
    match link.factor:
        case core.Name(name=name):
            return name, False, link.rows, link.columns
        case core.Transpose(of=core.Name(name=name)):
            return name, True, link.rows, link.columns
    return None
