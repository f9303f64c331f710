"""Ones as letters, and functions of constants: what needs no MLP.

``1[d]`` is the column of ones of axis (or token group) d; ``1[1]`` is the identity.  The matrix of
ones is the word 1[r]·1[c]'.  A piecewise-linear function of a number times ones is a number
times ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from weightsmith.compiler.ir.coefficients import Coefficient, CoefficientField
from weightsmith.compiler.ir.graph import EntrywiseOperation, HadamardOperation
from weightsmith.compiler.ir.polynomial import Family, Letter, Polynomial, Space, Word
from weightsmith.dsl.program.core import PiecewiseLinear


def ones_word(rows: Space, columns: Space) -> Word:
    left = () if rows == "1" else (Letter(f"1[{rows}]", ""),)
    right = () if columns == "1" else (Letter(f"1[{columns}]", "", True),)
    return (*left, *right)


def ones(rows: Space, columns: Space, factor: Coefficient) -> Polynomial:
    terms = {ones_word(rows, columns): factor} if factor else {}
    return Polynomial(factor.field, rows, columns, terms)


def is_ones(letter: Letter) -> bool:
    return letter.name.startswith("1[")


def ones_axes(family: Mapping[tuple[Space, Space], Polynomial]) -> dict[str, tuple[Space, Space]]:
    """Return the axes of the letters of ones that occur."""
    letters = {letter for p in family.values() for word in p.terms for letter in word}
    return {letter.name: (letter.name[2:-1], "1") for letter in letters if is_ones(letter)}


def folded(
    operation: EntrywiseOperation | HadamardOperation,
    operands: Sequence[Family],
    field: CoefficientField,
) -> dict[tuple[Space, Space], Polynomial] | None:
    """Return f of a constant, everywhere; None where the argument is no numeric constant."""
    if not isinstance(operation, EntrywiseOperation):
        return None
    if not isinstance(operation.function, PiecewiseLinear):
        return None
    result = {}
    for place, argument in operands[0].items():
        number = constant_of(argument)
        value = None if number is None else value_at(operation.function, number, field)
        if value is None:
            return None
        result[place] = ones(*place, value)
    return result


def constant_of(value: Polynomial) -> Fraction | None:
    """Return c if the value is c·ones with a number c."""
    word = ones_word(value.rows, value.columns)
    if set(value.terms) - {word}:
        return None
    coefficient = value.terms.get(word)
    return Fraction(0) if coefficient is None else coefficient.as_number


def value_at(
    function: PiecewiseLinear, number: Fraction, field: CoefficientField
) -> Coefficient | None:
    """Return f(number), or None where the place of a breakpoint is no number."""
    total = field.of(function.constant) + field.of(function.slope) * field.number(number)
    for place, change in function.breakpoints:
        point = field.of(place).as_number
        if point is None:
            return None
        total = total + field.of(change) * field.number(max(number - point, Fraction(0)))
    return total
