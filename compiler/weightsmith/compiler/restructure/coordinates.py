"""From a linear system to the recurrence of held functions: coordinates in which C₀ is diagonal.

C(λ) = C₀ + λC₁ must be of degree 1.  The eigenvalues of C₀ must be rational in the symbols; for
momentum, C₀ = [[1 + β, −β], [1, 0]], they are 1 and β.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from sympy import Symbol as SympySymbol
from sympy import factor_list, sympify
from sympy import sqrt as sympy_sqrt

from weightsmith.compiler.certify.spectral import NoProofError
from weightsmith.compiler.ir.coefficients import Coefficient, CoefficientField
from weightsmith.compiler.restructure.linear import Linear, Series, System, number_of
from weightsmith.dsl import parse_scalar
from weightsmith.dsl import scalars as q
from weightsmith.dsl.scalars import Scalar

Rows = tuple[tuple[Coefficient, ...], ...]


@dataclass(frozen=True)
class Diagonal:
    """s = back·z with z ← (diag(d) + λ·slope)z + constant from z₀; ``value`` as in Recurrence.

    Each result is Σ_i weights[i](λ)·z_i + rest(λ).
    """

    diagonal: tuple[Scalar, ...]
    slope: tuple[tuple[Scalar, ...], ...]
    constant: tuple[Scalar, ...]
    value: str
    weights: tuple[Series, ...]
    rest: Series


def to_scalar(value: Coefficient) -> Scalar:
    return parse_scalar(str(value))


def diagonalised(
    system: System, goal: Linear, field: CoefficientField, bindings: dict[str, Fraction]
) -> Diagonal:
    """Raises NoProofError where the step is of no kind that the identities know."""
    order = len(system.names)
    if any(power > 1 for row in system.matrix for series in row for power in series):
        raise NoProofError("its step is not of degree 1 in the operator")
    zero = field.zero
    c0: Rows = tuple(tuple(s.get(0, zero) for s in row) for row in system.matrix)
    c1: Rows = tuple(tuple(s.get(1, zero) for s in row) for row in system.matrix)
    if not any(entry != 0 for row in c1 for entry in row):
        raise NoProofError("its step does not depend on an operator")
    value, constant, shift = _start(system, c0, c1, zero)
    goals = [goal.get(name, {}) for name in system.names]
    rest = dict(goal.get("", {}))
    for series, start in zip(goals, shift, strict=True):
        rest = _sum(rest, _product(series, start))
    basis = _basis(c0, field) if order > 1 else ((field.one,),)
    inverse = _inverse(basis, field)
    turned0, turned1 = (_matmul(_matmul(basis, c), inverse) for c in (c0, c1))
    places = range(order)
    weights = tuple(_total(_product({0: inverse[i][j]}, goals[i]) for i in places) for j in places)
    return Diagonal(
        tuple(_entry(turned0[i][i], bindings) for i in places),
        tuple(tuple(to_scalar(entry) for entry in row) for row in turned1),
        tuple(to_scalar(field.sum(basis[i][j] * constant[j] for j in places)) for i in places),
        value,
        weights,
        rest,
    )


def _start(
    system: System, c0: Rows, c1: Rows, zero: Coefficient
) -> tuple[str, list[Coefficient], list[Series]]:
    """The kind of value, its constant, and what is added to it.

    s_k = C^k h if b = 0; otherwise s_k = s₀ + Σ_{j<k} C^j g with g = b + (C − 1)s₀.
    """
    nothing: list[Series] = [{} for _ in system.names]
    if not any(system.constant):
        if any(power for series in system.initial for power in series):
            raise NoProofError("its start is not a number times a word")
        return "P", [series.get(0, zero) for series in system.initial], nothing
    first = []
    for i, series in enumerate(system.constant):
        change = _sum(series, {k: -c for k, c in system.initial[i].items()})
        for j, start in enumerate(system.initial):
            change = _sum(change, _product({0: c0[i][j], 1: c1[i][j]}, start))
        first.append(change)
    if any(power for series in first for power in series):
        raise NoProofError("its first step is not a number times a word")
    return "S", [series.get(0, zero) for series in first], list(system.initial)


def _entry(value: Coefficient, bindings: dict[str, Fraction]) -> Scalar:
    """An eigenvalue of C₀, of which powers are taken: 1, a symbol, or a number."""
    scalar = to_scalar(value)
    if isinstance(scalar, q.Number | q.Symbol):
        return scalar
    found = number_of(value, bindings)
    if found is None:
        raise NoProofError(f"a power of {value} is needed, which has no number")
    return q.Number(found)


def _basis(c0: Rows, field: CoefficientField) -> Rows:
    """Left eigenvectors of a 2×2 matrix, as rows."""
    if len(c0) > 2:
        raise NoProofError("it carries more than two values that depend on one another")
    (a, b), (c, d) = c0
    if b == 0 and c == 0:
        return (field.one, field.zero), (field.zero, field.one)
    root = _root((a - d) * (a - d) + field.number(4) * b * c, field)
    half = field.number(Fraction(1, 2))
    rows = []
    for sign in (field.one, -field.one):
        eigenvalue = (a + d + sign * root) * half
        row = (c, eigenvalue - a) if c != 0 else (eigenvalue - d, b)
        rows.append(row)
    return tuple(rows)


def _root(square: Coefficient, field: CoefficientField) -> Coefficient:
    """The square root of a square of a rational function of the symbols."""
    symbols = {name: SympySymbol(name) for name in square.names}
    written = sympify(str(square).replace("^", "**"), locals=symbols)
    number, factors = factor_list(written)
    root = sympy_sqrt(number)
    if not root.is_Rational or any(exponent % 2 for _, exponent in factors):
        raise NoProofError("its step has irrational eigenvalues at zero")
    for factor, exponent in factors:
        root *= factor ** (exponent // 2)
    found = field.of(parse_scalar(str(root).replace("**", "^")))
    if found * found != square or found == 0:
        raise NoProofError("its step has equal eigenvalues at zero")
    return found


def _inverse(rows: Rows, field: CoefficientField) -> Rows:
    if len(rows) == 1:
        return ((field.one / rows[0][0],),)
    (a, b), (c, d) = rows
    determinant = a * d - b * c
    if determinant == 0:
        raise NoProofError("its step has equal eigenvalues at zero")
    return (d / determinant, -b / determinant), (-c / determinant, a / determinant)


def _matmul(left: Rows, right: Rows) -> Rows:
    places = range(len(left))
    return tuple(
        tuple(
            sum((left[i][k] * right[k][j] for k in places[1:]), left[i][0] * right[0][j])
            for j in places
        )
        for i in places
    )


def _sum(left: Series, right: Series) -> Series:
    total = dict(left)
    for power, term in right.items():
        total[power] = total[power] + term if power in total else term
    return {power: term for power, term in total.items() if term != 0}


def _product(left: Series, right: Series) -> Series:
    total: Series = {}
    for i, a in left.items():
        total = _sum(total, {i + j: a * b for j, b in right.items()})
    return total


def _total(parts: Iterable[Series]) -> Series:
    total: Series = {}
    for part in parts:
        total = _sum(total, part)
    return total
