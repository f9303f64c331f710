"""Coefficients c with Σ c_w · candidate_w = wanted, the same in several passes.

First modulo a prime, at fixed values of the symbols: that says which candidates are
needed, the first ones where there is a choice.  Then exactly, with those alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import flint

from weightsmith.checker.algebra.rational import Field, Rational
from weightsmith.checker.algebra.words import Polynomial, Word, letters_key

PRIME = (1 << 61) - 1
Row = dict[int, Rational]  # candidate -> coefficient


def solve(
    field: Field, candidates: Sequence[Sequence[Polynomial]], wanted: Sequence[Polynomial]
) -> dict[int, Rational] | None:
    """By candidate, its coefficient; None if there are none.

    ``candidates[w][j]`` is the candidate in pass j, ``wanted[j]`` what their sum must be there.
    """
    rows, right = _equations(candidates, wanted)
    support = _support(field, rows, right, len(candidates))
    if support is None:
        return None
    found = _exactly(field, rows, right, support)
    if found is None:
        return None
    return {place: one for place, one in found.items() if not one.is_zero}


def _equations(
    candidates: Sequence[Sequence[Polynomial]], wanted: Sequence[Polynomial]
) -> tuple[list[Row], list[Rational | None]]:
    places: dict[tuple[int, object], int] = {}
    rows: list[Row] = []
    right: list[Rational | None] = []

    def place_of(index: int, word: Word) -> int:
        key = index, letters_key(word)
        if key not in places:
            places[key] = len(rows)
            rows.append({})
            right.append(None)
        return places[key]

    for column, values in enumerate(candidates):
        for index, value in enumerate(values):
            for word, coefficient in value.terms.items():
                rows[place_of(index, word)][column] = coefficient
    for index, value in enumerate(wanted):
        for word, coefficient in value.terms.items():
            right[place_of(index, word)] = coefficient
    return rows, right


def _support(
    field: Field, rows: list[Row], right: list[Rational | None], count: int
) -> list[int] | None:
    """The candidates that are needed, modulo a prime."""
    values = [_value_of(place) for place in range(len(field.names) + field.most_powers)]
    entries = [0] * (len(rows) * (count + 1))
    for place, row in enumerate(rows):
        for column, one in row.items():
            entries[place * (count + 1) + column] = _modulo(one, values)
        last = right[place]
        entries[place * (count + 1) + count] = 0 if last is None else _modulo(last, values)
    if not rows:
        return []
    matrix, rank = flint.nmod_mat(len(rows), count + 1, entries, PRIME).rref()
    reduced = list(map(int, matrix.entries()))
    support = []
    for place in range(rank):
        line = reduced[place * (count + 1) : (place + 1) * (count + 1)]
        pivot = next(column for column, one in enumerate(line) if one)
        if pivot == count:
            return None  # 0 = 1
        if line[count]:
            support.append(pivot)
    return support


def _value_of(place: int) -> int:
    """What a symbol is while the support is looked for: the same number everywhere."""
    digest = hashlib.sha256(f"symbol {place}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % PRIME


def _modulo(value: Rational, values: list[int]) -> int:
    top, bottom = (
        sum(int(count) * _product(values, monomial) for monomial, count in part.to_dict().items())
        for part in (value.numerator, value.denominator)
    )
    return top * pow(bottom, -1, PRIME) % PRIME


def _product(values: list[int], monomial: tuple[int, ...]) -> int:
    found = 1
    for value, power in zip(values, monomial, strict=False):
        if power:
            found = found * pow(value, int(power), PRIME) % PRIME
    return found


def _exactly(
    field: Field, rows: list[Row], right: list[Rational | None], support: list[int]
) -> dict[int, Rational] | None:
    """Gauss's elimination over the rational functions of the symbols."""
    system: list[tuple[Row, Rational]] = []  # each with a leading candidate of its own
    leads: list[int] = []
    for row, last in zip(rows, right, strict=True):
        kept = {column: one for column, one in row.items() if column in support}
        rest = field.zero if last is None else last
        for (known, value), lead in zip(system, leads, strict=True):
            factor = kept.pop(lead, None)
            if factor is None:
                continue
            rest = rest - factor * value
            for column, one in known.items():
                changed = kept.get(column, field.zero) - factor * one
                kept[column] = changed
                if changed.is_zero:
                    del kept[column]
        if not kept:
            if not rest.is_zero:
                return None
            continue
        lead = min(kept)
        inverse = kept.pop(lead).inverse()
        system.append(({column: one * inverse for column, one in kept.items()}, rest * inverse))
        leads.append(lead)
    if len(leads) < len(support):
        return None
    found: dict[int, Rational] = {}
    for (known, value), lead in zip(reversed(system), reversed(leads), strict=True):
        found[lead] = value - sum((one * found[c] for c, one in known.items()), field.zero)
    return found
