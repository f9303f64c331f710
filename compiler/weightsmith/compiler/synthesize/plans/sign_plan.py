"""Scripts of the sign family: polar factor, sign, projector; square roots by the same cubics.

*Polar*, σ ∈ [l, u]:  X ← aX + b·X·X'·X maps singular values by a·t + b·t³ (one layer, one head).
*Sign* of a symmetric B, spectrum in [−u, −l] ∪ [l, u]: the same, X ← aX + b·X·X·X.
*Square roots*:  Y ← aY + b·Y·Z·Y,  Z ← aZ + b·Z·Y·Z  from Y = A, Z = I: with t = Y/√λ = √λ·Z the
scalar recurrence is t ← a·t + b·t³, t₀ = √λ (Higham 2008, section 6.3; two heads, one layer).
*Roots* A^(−1/p):  Z ← Z·q(M),  M ← M·q(M)^p from M = A, Z = I: M = t^p with t = λ^(1/p)·Z, and
t ← t·q(t^p).  The degree of M·q^p is p·deg q + 1: one layer for p = 2, two for deg q·p ≤ 8.

The coefficients are greedy minimax (``minimax``): no other composition of cubics is better.
"""

from __future__ import annotations

from fractions import Fraction

import flint

from weightsmith.checker.balls.ranges import Interval
from weightsmith.compiler.synthesize.families.compositions import Stages, fewest_layers
from weightsmith.compiler.synthesize.families.minimax import greedy, schedule
from weightsmith.compiler.synthesize.families.numbers import PRECISION, ball, lower, neat, upper
from weightsmith.compiler.synthesize.plans.odd_plan import block_names, odd_loops
from weightsmith.compiler.synthesize.plans.script import Loop, Plan, linear_text

CUBICS = "minimax cubics, composed greedily"


def polar_plan(
    operator: str, interval: Interval, tolerance: Fraction, least: int | None = 1
) -> Plan:
    """A = U·S·V' to U·V', all singular values in the interval.

    ``least`` layers at least; None: by cubics, two products a layer.
    """
    return _one_matrix(operator, "'", interval, tolerance, least)


def sign_plan(
    operator: str, interval: Interval, tolerance: Fraction, least: int | None = 1
) -> Plan:
    """sign(B) of a symmetric B whose eigenvalues have absolute values in the interval."""
    return _one_matrix(operator, "", interval, tolerance, least)


def scheduled_plan(
    operator: str, interval: Interval, passes: int, degree: int, *, is_polar: bool
) -> Plan:
    """So many passes of the best odd polynomials of degree 3 (a layer each) or 5 (two layers)."""
    found = schedule(interval, passes, terms=(degree + 1) // 2)
    mark = "'" if is_polar else ""
    statements: tuple[str, ...] = (f"$X = $a*$X + $b*$X*$X{mark}*$X",)
    if degree == 5:
        statements = (f"$S = $X*$X{mark}", "$X = $a*$X + ($b*$S + $c*$S*$S)*$X")
    names = ("$a", "$b", "$c")[: (degree + 1) // 2]
    loop = Loop(statements, names, found.steps)
    layers = passes * (degree - 1) // 2
    family = f"minimax polynomials of degree {degree}, composed"
    return Plan(family, (f"$X = {operator}",), (loop,), ("$X",), layers, found.error, passes=passes)


def _one_matrix(
    operator: str, mark: str, interval: Interval, tolerance: Fraction, least: int | None
) -> Plan:
    """Cubics, unless polynomials of degree 9 and 27 among them take fewer layers."""
    cubics = greedy(interval, tolerance)
    if least is not None:
        found = fewest_layers(interval, tolerance, least, len(cubics.steps))
        if found is not None:
            return _composition(operator, found)
    loop = Loop((f"$X = $a*$X + $b*$X*$X{mark}*$X",), ("$a", "$b"), cubics.steps)
    steps = len(cubics.steps)
    return Plan(CUBICS, (f"$X = {operator}",), (loop,), ("$X",), steps, cubics.error)


def _composition(operator: str, found: Stages) -> Plan:
    """Each polynomial is of X over its scale, so that the T_k(X) keep small."""
    scales = [one.scale for one in found.polynomials[1:]] + [Fraction(1)]
    loops = []
    for exponent, one, scale in zip(found.exponents, found.polynomials, scales, strict=True):
        loops += odd_loops([c / scale for c in one.series], exponent)
    first = neat(1 / found.polynomials[0].scale)
    blocks = block_names(max(found.exponents))
    start = (f"$X = {linear_text([(first, operator)])}", *(f"{one} = 0*$X" for one in blocks))
    degrees = ", ".join(str(3**m) for m in found.exponents)
    family = f"minimax polynomials of degrees {degrees}, composed"
    return Plan(family, start, tuple(loops), ("$X",), found.layers, found.error)


def square_root_plan(operator: str, interval: Interval, tolerance: Fraction) -> Plan:
    """A^(1/2) and A^(-1/2), in this order, of an operator with positive spectrum."""
    found = greedy(root_interval(interval, 2), tolerance)
    step = "$Y, $Z = $a*$Y + $b*$Y*$Z*$Y, $a*$Z + $b*$Z*$Y*$Z"
    loop = Loop((step,), ("$a", "$b"), found.steps)
    start = (f"$Y, $Z = {operator}, I",)
    return Plan(CUBICS, start, (loop,), ("$Y", "$Z"), len(found.steps), found.error)


def inverse_root_plan(operator: str, interval: Interval, root: int, tolerance: Fraction) -> Plan:
    """A^(-1/root), root = 2 … 8, by linear or quadratic q, whichever takes fewer layers."""
    plans = []
    for terms in (2, 3):
        degree = terms - 1
        found = greedy(root_interval(interval, root), tolerance, power=root, terms=terms)
        depth = layers_of_degree(root * degree + 1, degree)
        q = "($a*I + $b*$M)" if terms == 2 else "($a*I + $b*$M + $c*$M*$M)"
        step = f"$Z, $M = $Z*{q}, $M*{q}^{root}"
        loop = Loop((step,), ("$a", "$b", "$c")[:terms], found.steps)
        family = f"minimax t*q(t^{root}), q of degree {degree}, composed greedily"
        start = (f"$Z, $M = I, {operator}",)
        layers = depth * len(found.steps)
        plans.append(Plan(family, start, (loop,), ("$Z",), layers, found.error))
    able = [plan for plan in plans if plan.error <= tolerance] or plans
    return min(able, key=lambda plan: plan.layers)


def layers_of_degree(degree: int, inner: int) -> int:
    """How many layers M·q(M)^p takes: ⌈log₃ degree⌉, a quadratic q by one more beyond degree 7."""
    layers = next(k for k in range(1, 9) if 3**k >= degree)
    return layers + (inner == 2 and degree > 7)


def root_interval(interval: Interval, root: int) -> Interval:
    """Enclose {λ^(1/root)}."""
    with flint.ctx.workprec(PRECISION):
        low, high = (ball(end).root(root) for end in interval)
    return lower(low), upper(high)
