"""Blocks, loops of one pass, followed as polynomials; and what two scripts return, compared."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.algebra.words import Polynomial
from weightsmith.checker.reading.refusal import Budget, require
from weightsmith.checker.reading.scalar_text import count_at
from weightsmith.checker.semantics.meaning import Loop, Meaning, read_meaning
from weightsmith.checker.semantics.schedules import scheduled_names
from weightsmith.dsl.program import core

Values = Mapping[str, Polynomial]  # what letters stand for


def read_pair(
    script: core.Program,
    network: core.Program,
    bindings: Mapping[str, Fraction],
    budget: Budget,
) -> tuple[Meaning, Meaning]:
    """What both say, the symbols at their bindings; the script has one loop."""
    field = field_of((script, network), bindings, budget)
    written, other = (read_meaning(one, field, {}) for one in (script, network))
    require(not written.sites and not other.sites, "A script has functions of entries.")
    require(len(written.loops) == 1, "The script has not one loop.")
    return written, other


def field_of(
    programs: tuple[core.Program, ...], bindings: Mapping[str, Fraction], budget: Budget
) -> Field:
    """The symbols of some scripts, at their bindings."""
    names = dict.fromkeys(one.name for program in programs for one in program.parameters)
    numbers = {name: bindings[name] for name in names if name in bindings}
    scheduled = frozenset().union(*map(scheduled_names, programs))
    return Field(names, tuple(sorted(scheduled)), budget, numbers)


def after_block(
    loop: Loop, known: Values, bindings: Mapping[str, Fraction]
) -> dict[str, Polynomial]:
    """The letters of a block after its pass; refuse what is no block."""
    once = count_at(loop.count, bindings) == 1
    require(once, f"Loop {loop.index} of network.alg does not run one pass.")
    return after_pass(loop, known, before_block(loop, known))


def before_block(loop: Loop, known: Values) -> dict[str, Polynomial]:
    """The letters of a block before its passes; refuse loops within it, and a ``for`` loop."""
    require(not loop.children and not loop.schedule, f"Loop {loop.index} is no block.")
    return {name: value.replace_letters(known) for name, value in loop.entering.items()}


def after_pass(loop: Loop, known: Values, before: Values) -> dict[str, Polynomial]:
    values = {**known, **before}
    return {name: value.replace_letters(values) for name, value in loop.leaving.items()}


def compare_returned(
    programs: tuple[core.Program, core.Program],
    meanings: tuple[Meaning, Meaning],
    values: tuple[Values, Values],
) -> None:
    """Refuse unless both return the same polynomials, the letters of loops replaced by values."""
    first, second = map(_returned, programs, meanings, values)
    for key, value in first.items():
        require(key in second, f"'{key[0]}' is not returned on the same tokens.")
        same = value.equals(second[key])
        require(same, f"The two scripts return different values of '{key[0]}'.")


def _returned(
    program: core.Program, meaning: Meaning, values: Values
) -> dict[tuple[str, str, str], Polynomial]:
    """By name, rows and columns of tokens."""
    found = {}
    for one in program.returns:
        parts = meaning.returned[one.name].parts
        there = {row or column for row, column in parts}
        require(there.issuperset(one.groups), f"'{one.name}' has no value on its tokens.")
        for part, polynomial in parts.items():
            if part[1] in one.groups or not (one.groups and part[1]):
                found[one.name, *part] = polynomial.replace_letters(values)
    return found
