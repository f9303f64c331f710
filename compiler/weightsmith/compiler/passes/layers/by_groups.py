"""Words of a value, by the token groups in which they occur; and what a move may do with them.

A move is a linear map of the stream, the same for all tokens: a value enters another one with one
coefficient in every token group that both have.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from weightsmith.compiler.ir.coefficients import Coefficient
from weightsmith.compiler.ir.normal import Columns, NormalProgram
from weightsmith.compiler.ir.polynomial import Space, Word
from weightsmith.compiler.ir.schedule import Value
from weightsmith.compiler.passes.layers.plan_products import ANY, starred
from weightsmith.dsl.program.core import GROUPS


class InfeasibleError(Exception):
    """No network in the target family computes this value in the chosen representation."""


def by_word(columns: Columns) -> dict[Word, dict[Space, Coefficient]]:
    """Return the coefficient of each word in each group; words forget their last group."""
    found: dict[Word, dict[Space, Coefficient]] = {}
    for space, polynomial in columns.items():
        for word, coefficient in polynomial.terms.items():
            found.setdefault(starred(word), {})[space] = coefficient
    return found


def by_coefficient(
    by_group: Mapping[Space, Coefficient],
) -> list[tuple[Coefficient, tuple[Space, ...]]]:
    """Return the groups that share a coefficient."""
    found: dict[Coefficient, list[Space]] = {}
    for space, coefficient in by_group.items():
        found.setdefault(coefficient, []).append(space)
    return [(coefficient, tuple(sorted(spaces))) for coefficient, spaces in found.items()]


def one_coefficient(
    name: str, has: Collection[Space], columns: Columns, by_group: Mapping[Space, Coefficient]
) -> Coefficient:
    """Return the coefficient with which a move takes a value to another one.

    ``has`` are the groups of the value.  Raises InfeasibleError if the groups differ.
    """
    found = {by_group.get(space) for space in columns if space in has}
    (coefficient,) = found if len(found) == 1 else (None,)
    if coefficient is None:
        raise InfeasibleError(
            f"'{name}' enters the context tokens and the query tokens with different "
            "coefficients, and a linear map of the stream treats all tokens alike"
        )
    return coefficient


def groups_of(program: NormalProgram, held: Value) -> set[Space]:
    """Return the groups in which a stored letter, an identity or a hoisted word may be nonzero."""
    held = held.held
    if held.kind == "identity":
        return {held.rows}
    if held.kind == "ones":
        return set(held.word[0].name.split(","))
    if held.kind == "applied":  # an MLP treats all tokens alike
        return {*GROUPS, *(space for axes in program.alphabet.axes.values() for space in axes)}
    for given in program.inputs:
        if held.kind == "letter" and held.word[0].name == given.name and given.groups:
            return set(given.groups)
    for loop in program.all_loops():
        for carried in loop.carried:
            if carried.letter == held.name:
                return set(carried.spaces)
    last = held.word[-1]
    return set(GROUPS) if last.group == ANY else {program.alphabet.columns(last)}


def why_not(program: NormalProgram, word: Word) -> str:
    """Say why no head computes a word."""
    text = "*".join(letter.text() for letter in word)
    if program.alphabet.rows(word[0]) in (*GROUPS, ANY):
        return f"{text} has rows indexed by tokens, so the width would grow with their number"
    return f"{text} cannot be built from heads left*right'*last of stored values"
