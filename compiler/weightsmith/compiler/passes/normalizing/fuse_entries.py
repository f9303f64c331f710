"""A function of a function is one function: f(a·g(q) + b) is piecewise linear in q.

So sigmoid(clip(E, -6, 6)) is one table, and one MLP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from weightsmith.compiler.ir.normal import Application, NormalProgram, polynomials
from weightsmith.compiler.ir.piecewise import affine, composed, is_numeric
from weightsmith.compiler.passes.normalizing.fold_entries import ones_word
from weightsmith.dsl.program.core import PiecewiseLinear

APART = (
    "~tent"  # the label of functions that are kept apart: composed they have many more breakpoints
)


def fused(applied: Application, known: Sequence[Application]) -> Application:
    """Compose with the function that the argument is a multiple of, if there is one."""
    inside = None if applied.letter.startswith(APART) else _inside(applied)
    if inside is None or not isinstance(applied.function, PiecewiseLinear):
        return applied
    name, factor, constant = inside
    inner = next((one for one in known if one.letter == name), None)
    if inner is None or inner.flipped != applied.flipped or inner.spaces != applied.spaces:
        return applied
    if not isinstance(inner.function, PiecewiseLinear) or not is_numeric(inner.function):
        return applied
    function = composed(applied.function, affine(inner.function, factor, constant))
    if function is None:
        return applied
    return replace(applied, function=function, arguments=inner.arguments)


def _inside(applied: Application) -> tuple[str, Fraction, Fraction] | None:
    """Return g, a, b if the argument is a·g + b·ones in every space, g one letter."""
    found = set()
    for columns in applied.arguments:
        for value in columns.values():
            constant = ones_word(value.rows, value.columns)
            words = [word for word in value.terms if word != constant]
            if len(words) != 1 or len(words[0]) != 1 or words[0][0].transposed:
                return None
            factor = value.terms[words[0]].as_number
            number = value.terms[constant].as_number if constant in value.terms else Fraction(0)
            if factor is None or number is None:
                return None
            found.add((words[0][0].name, factor, number))
    return found.pop() if len(found) == 1 else None


def pruned(program: NormalProgram) -> NormalProgram:
    """Leave out functions that nothing reads."""
    used = {
        letter.name
        for polynomial in polynomials(replace(program, applications=()))
        for word in polynomial.terms
        for letter in word
    }
    kept: list[Application] = []
    for one in reversed(program.applications):
        if one.letter in used:
            kept.append(one)
            used |= {
                letter.name
                for columns in one.arguments
                for value in columns.values()
                for word in value.terms
                for letter in word
            }
    return replace(program, applications=tuple(reversed(kept)))
