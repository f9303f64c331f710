"""Matrices of 150 digits: eigenvalues by Jacobi's rotations, bases, norms, matrix functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction

from flint import arb, arb_mat, ctx, fmpq

PRECISION = 500  # bits
TINY = arb(10) ** -60
ZERO_BELOW = arb(10) ** -90  # relative: what counts as the eigenvalue 0
ONE, ZERO = arb(1), arb(0)


@contextmanager
def precisely() -> Iterator[None]:
    """Compute in 500 bits; what runs outside keeps its own precision."""
    before = ctx.prec
    ctx.prec = PRECISION
    try:
        yield
    finally:
        ctx.prec = before


def exactly(value: Fraction | int) -> arb:
    """An exact number as a ball of 500 bits."""
    value = Fraction(value)
    return arb(fmpq(value.numerator, value.denominator))


def matrix(rows: list[list[arb]], columns: int) -> arb_mat:
    return arb_mat(len(rows), columns, [entry for row in rows for entry in row])


def identity(size: int) -> arb_mat:
    return diagonal([ONE] * size)


def diagonal(values: list[arb], rows: int | None = None, columns: int | None = None) -> arb_mat:
    """The matrix of the values on the main diagonal, zero elsewhere."""
    m, n = rows or len(values), columns or len(values)
    entries = [[values[i] if i == j else ZERO for j in range(n)] for i in range(m)]
    return matrix(entries, n)


def shape(of: arb_mat) -> tuple[int, int]:
    return of.nrows(), of.ncols()


def beside(parts: Iterable[arb_mat]) -> arb_mat:
    """Matrices of equally many rows, one after the other."""
    given = list(parts)
    lines = zip(*(part.tolist() for part in given), strict=True)
    rows = [[entry for row in line for entry in row] for line in lines]
    return matrix(rows, sum(part.ncols() for part in given))


def eigen(of: arb_mat) -> tuple[list[arb], arb_mat]:
    """Eigenvalues of a symmetric matrix, and an orthogonal matrix of eigenvectors (columns)."""
    size = of.nrows()
    a = ((of + of.transpose()) / 2).mid().tolist()
    v = identity(size).tolist()
    scale = max((abs(entry).mid() for row in a for entry in row), default=ZERO)
    for _ in range(60):
        pairs = [(p, q) for p in range(size) for q in range(p + 1, size)]
        live = [(p, q) for p, q in pairs if abs(a[p][q]).abs_upper() > scale * arb(10) ** -140]
        if not live:
            return [a[i][i].mid() for i in range(size)], matrix(v, size)
        for p, q in live:
            _rotate(a, v, p, q)
    raise ArithmeticError("Jacobi's rotations did not settle")


def _rotate(a: list[list[arb]], v: list[list[arb]], p: int, q: int) -> None:
    """One rotation that makes a[p][q] zero."""
    if a[p][q].mid() == 0:
        return
    tau = (a[q][q] - a[p][p]) / (2 * a[p][q])
    root = abs(tau) + (1 + tau * tau).sqrt()
    t = (-1 / root if tau.mid() < 0 else 1 / root).mid()
    c = (1 + t * t).rsqrt().mid()
    s = (t * c).mid()
    for rows in (a, v):
        for row in rows:
            row[p], row[q] = (c * row[p] - s * row[q]).mid(), (s * row[p] + c * row[q]).mid()
    up, down = a[p], a[q]
    a[p] = [(c * x - s * y).mid() for x, y in zip(up, down, strict=True)]
    a[q] = [(s * x + c * y).mid() for x, y in zip(up, down, strict=True)]


def function_of(of: arb_mat, f: Callable[[arb], arb]) -> arb_mat:
    """f of every eigenvalue of a symmetric matrix; an eigenvalue that counts as 0 is exactly 0."""
    if 0 in shape(of):
        return of
    values, vectors = eigen(of)
    scale = max(abs(value) for value in values)
    exact = [ZERO if abs(one) <= scale * ZERO_BELOW else one for one in values]
    return vectors * diagonal([f(one).mid() for one in exact]) * vectors.transpose()


def gram(of: arb_mat) -> arb_mat:
    """The smaller of A*A' and A'*A."""
    return of * of.transpose() if of.nrows() <= of.ncols() else of.transpose() * of


def singular_values(of: arb_mat) -> list[arb]:
    """The min(m, n) singular values; of those below 1e-70 of the largest, some number so small."""
    return [max(value, ZERO).sqrt().mid() for value in eigen(gram(of))[0]]


def norm(of: arb_mat) -> arb:
    """The 2-norm."""
    return max(singular_values(of), default=ZERO) if 0 not in shape(of) else ZERO


def frobenius(of: arb_mat) -> arb:
    return sum((entry * entry for entry in of.mid().entries()), ZERO).sqrt().mid()


def pseudo_inverse(of: arb_mat) -> arb_mat:
    """pinv(A) = pinv(A'*A)*A' or A'*pinv(A*A')."""
    middle = function_of(gram(of), lambda value: ZERO if value == 0 else 1 / value)
    return of.transpose() * middle if of.nrows() <= of.ncols() else middle * of.transpose()


def polar(of: arb_mat) -> arb_mat:
    """U*V' of A = U*S*V', over the singular values that are not 0."""
    middle = function_of(gram(of), lambda value: ZERO if value == 0 else value.rsqrt())
    return middle * of if of.nrows() <= of.ncols() else of * middle


def orthonormal(of: arb_mat) -> arb_mat:
    """An orthonormal basis of the columns, which must be linearly independent (Gram–Schmidt)."""
    basis: list[list[arb]] = []
    for column in of.transpose().tolist():
        for _ in range(2):
            for one in basis:
                share = sum((x * y for x, y in zip(one, column, strict=True)), ZERO).mid()
                column = [(x - share * y).mid() for x, y in zip(column, one, strict=True)]
        length = sum((x * x for x in column), ZERO).sqrt().mid()
        if length < ZERO_BELOW:
            raise ArithmeticError("the columns depend on each other")
        basis.append([(x / length).mid() for x in column])
    return matrix(basis, of.nrows()).transpose()


def middles(of: arb_mat) -> arb_mat:
    """The numbers without their radii."""
    return of.mid()
