"""From a linear system to the recurrence of materialised functions, in coordinates that suit C₀.

C(λ) = C₀ + λC₁ must be of degree 1.  Where powers of C₀ are needed it is made diagonal, if its
eigenvalues are rational in the symbols (for momentum, C₀ = [[1 + β, −β], [1, 0]], they are 1 and
β); otherwise it must be made of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from sympy import Symbol as SympySymbol
from sympy import factor_list, sympify
from sympy import sqrt as sympy_sqrt

from weightsmith.compiler.certify.spectra.spectral import FittingError, NoProofError
from weightsmith.compiler.ir.coefficients import Coefficient, CoefficientField
from weightsmith.compiler.restructure.recurrences.linear import Linear, Series, System, number_of
from weightsmith.compiler.restructure.recurrences.lines import to_scalar
from weightsmith.compiler.restructure.recurrences.powers import Recurrence
from weightsmith.dsl import parse_scalar
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalars import Scalar

Rows = tuple[tuple[Coefficient, ...], ...]


@dataclass(frozen=True)
class Coordinates:
    """The result is Σ_i weights[i](λ)·z_i + rest(λ), z the values of the recurrence."""

    recurrence: Recurrence
    weights: tuple[Series, ...]
    rest: Series


def in_coordinates(
    system: System,
    goal: Linear,
    field: CoefficientField,
    bindings: dict[str, Fraction],
    *,
    powers: bool,
) -> Coordinates:
    """``powers``: those of C₀ are needed, as three functions make λ times their product.

    Raises NoProofError where the step is of no known kind.
    """
    if any(power > 1 for row in system.matrix for series in row for power in series):
        raise FittingError("its step is not of degree 1 in the operator")
    zero = field.zero
    c0: Rows = tuple(tuple(s.get(0, zero) for s in row) for row in system.matrix)
    c1: Rows = tuple(tuple(s.get(1, zero) for s in row) for row in system.matrix)
    if not any(entry != 0 for row in c1 for entry in row):
        raise FittingError("its step does not depend on an operator")
    begin = _start(system, c0, c1, field)
    goals = [goal.get(name, {}) for name in system.names]
    rest = dict(goal.get("", {}))
    for series, start in zip(goals, begin.shift, strict=True):
        rest = _sum(rest, _product(series, start))
    goals = [_product(series, begin.factor) for series in goals]
    basis = _basis(c0, field) if powers else _identity(len(c0), field)
    inverse = _inverse(basis, field)
    moved0, moved1 = (_matmul(_matmul(basis, c), inverse) for c in (c0, c1))
    places = range(len(c0))
    weights = tuple(_total(_product({0: inverse[i][j]}, goals[i]) for i in places) for j in places)
    constant = [field.sum(basis[i][j] * begin.constant[j] for j in places) for i in places]
    rests = begin.value == "S" and powers
    recurrence = Recurrence(
        _fixed(moved0, bindings) if powers else _scalars(moved0),
        _scalars(moved1),
        tuple(map(to_scalar, constant)),
        begin.value,
        powers,
        at_rest=_at_rest(moved0, moved1, constant, field) if rests else None,
    )
    return Coordinates(recurrence, weights, rest)


def _at_rest(
    c0: Rows, c1: Rows, constant: list[Coefficient], field: CoefficientField
) -> tuple[Scalar, ...] | None:
    """An s along the one eigenvector of C₀ with eigenvalue 1, C₀ diagonal, with C₁s = −constant."""
    places = range(len(c0))
    if any(c0[i][j] != 0 for i in places for j in places if i != j):
        return None
    ones = [i for i in places if c0[i][i] == 1]
    if len(ones) != 1:
        return None
    column = [row[ones[0]] for row in c1]
    size = next((-c / entry for c, entry in zip(constant, column, strict=True) if entry != 0), None)
    if size is None or any(size * e != -c for c, e in zip(constant, column, strict=True)):
        return None
    return tuple(to_scalar(size if i == ones[0] else field.zero) for i in places)


def _scalars(rows: Rows) -> tuple[tuple[Scalar, ...], ...]:
    return tuple(tuple(to_scalar(entry) for entry in row) for row in rows)


def _fixed(c0: Rows, bindings: dict[str, Fraction]) -> tuple[tuple[Scalar, ...], ...]:
    """C₀, of which powers are taken: symbols only where it is diagonal."""
    places = range(len(c0))
    if all(c0[i][j] == 0 for i in places for j in places if i != j):
        return tuple(
            tuple(_entry(c0[i][i], bindings) if i == j else q.ZERO for j in places) for i in places
        )
    return tuple(tuple(_number(entry, bindings) for entry in row) for row in c0)


def _number(value: Coefficient, bindings: dict[str, Fraction]) -> Scalar:
    found = number_of(value, bindings)
    if found is None:
        raise NoProofError(f"a power of {value} is needed, which has no number")
    return q.Number(found)


@dataclass(frozen=True)
class _Begin:
    """s_k = shift + factor(λ)·value_k, the value from its constant."""

    value: str
    constant: tuple[Coefficient, ...]
    shift: tuple[Series, ...]
    factor: Series


def _start(system: System, c0: Rows, c1: Rows, field: CoefficientField) -> _Begin:
    """The kind of value, its constant, and what is multiplied and added.

    s_k = C^k s₀ if b = 0; otherwise s_k = s₀ + Σ_{j<k} C^j g with g = b + (C − 1)s₀.  One scalar
    commutes with its step, so that a g (or s₀) with powers of λ is a factor of the result.
    """
    zero, one = field.zero, field.one
    if not any(system.constant):
        first = list(system.initial)
        shift: tuple[Series, ...] = tuple({} for _ in first)
        value = "P"
    else:
        value, shift, first = "S", system.initial, []
        for i, series in enumerate(system.constant):
            change = _sum(series, {k: -c for k, c in system.initial[i].items()})
            for j, start in enumerate(system.initial):
                change = _sum(change, _product({0: c0[i][j], 1: c1[i][j]}, start))
            first.append(change)
    if not any(power for series in first for power in series):
        return _Begin(value, tuple(s.get(0, zero) for s in first), shift, {0: one})
    if len(first) > 1:
        raise FittingError("its start is not a number times a word")
    return _Begin(value, (one,), shift, first[0])


def _entry(value: Coefficient, bindings: dict[str, Fraction]) -> Scalar:
    """An eigenvalue of C₀, of which powers are taken: 1, a symbol, or a number."""
    scalar = to_scalar(value)
    if isinstance(scalar, q.Number | q.Symbol):
        return scalar
    return _number(value, bindings)


def _identity(order: int, field: CoefficientField) -> Rows:
    places = range(order)
    return tuple(tuple(field.one if i == j else field.zero for j in places) for i in places)


def _basis(c0: Rows, field: CoefficientField) -> Rows:
    """Left eigenvectors of a 2×2 matrix, as rows; the identity where they are not rational."""
    unchanged = _identity(len(c0), field)
    if len(c0) != 2 or (c0[0][1] == 0 and c0[1][0] == 0):
        return unchanged
    (a, b), (c, d) = c0
    root = _root((a - d) * (a - d) + field.number(4) * b * c, field)
    if root is None:
        return unchanged
    half = field.number(Fraction(1, 2))
    rows = []
    for signed in (root, -root):
        eigenvalue = (a + d + signed) * half
        rows.append((c, eigenvalue - a) if c != 0 else (eigenvalue - d, b))
    return tuple(rows)


def _root(square: Coefficient, field: CoefficientField) -> Coefficient | None:
    """The square root of a rational function of the symbols; None if it is 0 or none of these."""
    symbols = {name: SympySymbol(name) for name in square.names}
    written = sympify(str(square).replace("^", "**"), locals=symbols)
    number, factors = factor_list(written)
    root = sympy_sqrt(number)
    if not root.is_Rational or any(exponent % 2 for _, exponent in factors):
        return None
    for factor, exponent in factors:
        root *= factor ** (exponent // 2)
    found = field.of(parse_scalar(str(root).replace("**", "^")))
    return found if found != 0 and found * found == square else None


def _inverse(rows: Rows, field: CoefficientField) -> Rows:
    """Of the identity, or of a 2×2 matrix with a determinant."""
    if rows == _identity(len(rows), field):
        return rows
    (a, b), (c, d) = rows
    determinant = a * d - b * c
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
