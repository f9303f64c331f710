"""Random matrices in 150 digits, of every awkward kind."""

from __future__ import annotations

import random
from fractions import Fraction

import printed_numbers as n
from flint import arb, arb_mat, fmpq

SHRINK = Fraction(1, 10**50)  # how far inside an interval its ends are drawn


def small(rng: random.Random) -> arb:
    return arb(fmpq(rng.randint(-999, 999), 500))


def plain(rng: random.Random, rows: int, columns: int) -> arb_mat:
    return arb_mat(rows, columns, [small(rng) for _ in range(rows * columns)])


def power_of_ten(rng: random.Random, most: int) -> arb:
    return arb(10) ** rng.randint(-most, most)


def anything(rng: random.Random, rows: int, columns: int) -> arb_mat:
    """Huge, tiny, of rank one, zero, nilpotent, of unlike rows, or plain."""
    kind = rng.choice(("plain", "plain", "huge", "rank one", "zero", "nilpotent", "rows", "basis"))
    if kind == "zero":
        return arb_mat(rows, columns)
    if kind == "rank one":
        return plain(rng, rows, 1) * plain(rng, 1, columns)
    if kind == "basis":
        entries = [n.ONE if i % max(columns, 1) == 0 else n.ZERO for i in range(rows * columns)]
        return arb_mat(rows, columns, entries)
    found = plain(rng, rows, columns)
    if kind == "huge":
        return found * power_of_ten(rng, 6)
    if kind == "nilpotent":
        lines = found.tolist()
        kept = [[x if j > i else n.ZERO for j, x in enumerate(row)] for i, row in enumerate(lines)]
        return n.matrix(kept, columns)
    if kind == "rows":
        return n.diagonal([power_of_ten(rng, 3) for _ in range(rows)], rows, rows) * found
    return found


def full_rank(rng: random.Random, rows: int, columns: int) -> arb_mat:
    """Of full rank: far from normal, badly scaled, or plain."""
    left = n.diagonal([power_of_ten(rng, rng.choice((0, 0, 3))) for _ in range(rows)], rows, rows)
    right = n.diagonal(
        [power_of_ten(rng, rng.choice((0, 0, 3))) for _ in range(columns)], columns, columns
    )
    middle = rng.choice((plain, _shear))(rng, rows, columns)
    return (left * middle * right).mid()


def _shear(rng: random.Random, rows: int, columns: int) -> arb_mat:
    """Ones on the diagonal, large numbers above it."""
    entries = [
        [n.ONE if i == j else small(rng) * 50 if j > i else n.ZERO for j in range(columns)]
        for i in range(rows)
    ]
    return n.matrix(entries, columns)


def orthogonal(rng: random.Random, size: int) -> arb_mat:
    """An orthogonal matrix: often any, at times the identity."""
    if size == 0 or rng.random() < 0.15:
        return n.identity(size) if size else arb_mat(0, 0)
    return n.orthonormal(plain(rng, size, size))


def symmetric(rng: random.Random, size: int) -> arb_mat:
    found = anything(rng, size, size)
    return found + found.transpose()


def definite(rng: random.Random, size: int) -> arb_mat:
    """Symmetric and positive definite, with eigenvalues from 10^-3 to 10^3."""
    basis = orthogonal(rng, size)
    most = rng.choice((0, 1, 3))
    values = [power_of_ten(rng, most) * rng.randint(1, 5) for _ in range(size)]
    return (basis * n.diagonal(values, size, size) * basis.transpose()).mid()


def from_spectrum(rng: random.Random, values: list[arb]) -> arb_mat:
    """A symmetric matrix with these eigenvalues."""
    basis = orthogonal(rng, len(values))
    found = (basis * n.diagonal(values, len(values), len(values)) * basis.transpose()).mid()
    return ((found + found.transpose()) / 2).mid()


def from_singular_values(rng: random.Random, rows: int, columns: int, values: list[arb]) -> arb_mat:
    middle = n.diagonal(values, rows, columns)
    return (orthogonal(rng, rows) * middle * orthogonal(rng, columns)).mid()


def numbers(rng: random.Random, count: int, ends: tuple[Fraction, ...]) -> list[arb]:
    """Numbers of the intervals: at the ends, clustered, equal, alone, anywhere."""
    pairs = [(low, high) for low, high in zip(ends[::2], ends[1::2], strict=True) if low <= high]
    inner = [(low + (high - low) * SHRINK, high - (high - low) * SHRINK) for low, high in pairs]
    all_ends = [end for pair in inner for end in pair]
    kind = rng.choice(("ends", "low", "high", "one end", "cluster", "anywhere", "anywhere"))
    if kind == "ends":
        chosen = [rng.choice(all_ends) for _ in range(count)]
    elif kind in ("low", "high"):
        chosen = [all_ends[0] if kind == "low" else all_ends[-1]] * count
    elif kind == "one end":
        low, high = rng.choice(inner)
        place = low + (high - low) * Fraction(rng.randint(0, 1000), 1000)
        chosen = [place] * (count - 1) + [rng.choice(all_ends)]
    elif kind == "cluster":
        low, high = rng.choice(inner)
        start = low + (high - low) * Fraction(rng.randint(0, 999), 1000)
        chosen = [start + (high - start) * Fraction(i, 10**8 * (count + 1)) for i in range(count)]
    else:
        picked = [rng.choice(inner) for _ in range(count)]
        chosen = [
            low + (high - low) * Fraction(rng.randint(0, 10**6), 10**6) for low, high in picked
        ]
    return [n.exactly(one) for one in chosen[:count]]


def entries(rng: random.Random, rows: int, columns: int, low: Fraction, high: Fraction) -> arb_mat:
    drawn = numbers(rng, rows * columns, (low, high)) if rows * columns else []
    rng.shuffle(drawn)
    return arb_mat(rows, columns, drawn)


def _length(rng: random.Random, now: arb, bound: Fraction, *, grow: bool) -> arb:
    """By how much to scale something of this norm: often to the bound, at times below it."""
    limit = n.exactly(bound * (1 - SHRINK))
    if now.mid() == 0 or (not grow and now.mid() <= limit):
        return n.ONE
    inner = (rng.randint(0, 1000), rng.randint(0, 200))
    share = n.exactly(Fraction(rng.choice((1000, 1000, *inner)), 1000))
    return (limit / now * share).mid()


def short(rng: random.Random, of: arb_mat, bound: Fraction, *, grow: bool) -> arb_mat:
    """Scaled to a 2-norm of at most the bound."""
    return (of * _length(rng, n.norm(of), bound, grow=grow)).mid()


def short_columns(rng: random.Random, of: arb_mat, bound: Fraction, *, grow: bool) -> arb_mat:
    """Every column scaled to a norm of at most the bound."""
    columns = []
    for column in of.transpose().tolist():
        now = sum((x * x for x in column), n.ZERO).sqrt().mid()
        factor = _length(rng, now, bound, grow=grow)
        columns.append([(x * factor).mid() for x in column])
    return n.matrix(columns, of.nrows()).transpose()
