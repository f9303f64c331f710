"""A change of representation: carry f(q) round a loop in place of computing it at its start.

If q is made of what the loop carries, the MLP that ends a pass can compute f of the *new* q at
once, so that the next pass starts with it: logistic regression keeps σ(w·x), and a gradient step
is one layer.  The initial f(q) is computed before the loop, or is a constant of the read-in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from weightsmith.compiler.ir.normal import (
    Application,
    Carried,
    Columns,
    Loop,
    NormalProgram,
    nested,
    rewrite_program,
)
from weightsmith.compiler.ir.polynomial import Letter, Polynomial, in_spaces
from weightsmith.compiler.ir.representation import Representation
from weightsmith.compiler.passes.normalizing.fold_entries import (
    constant_of,
    ones,
    ones_axes,
    value_at,
)
from weightsmith.compiler.passes.normalizing.fuse_entries import APART, pruned
from weightsmith.compiler.passes.representing.represent import with_carried
from weightsmith.dsl.numbers.scalars import free_symbols
from weightsmith.dsl.program.core import PiecewiseLinear
from weightsmith.dsl.program.letters import of_loop
from weightsmith.dsl.program.parts import line_scalars

FIRST, NEXT = " first", " next"  # of the names of f before the loop, and after a pass


def carriable(program: NormalProgram, loop: Loop) -> tuple[Application, ...]:
    """Functions at a loop's level whose arguments the loop carries, or that come from outside."""
    inside = {a.letter for a in program.applications if a.loop == loop.index}
    inside |= {c.letter for child in nested(loop.inner) for c in child.carried}
    return tuple(
        a
        for a in program.applications
        if a.loop == loop.index and isinstance(a.function, PiecewiseLinear)
        if _names(a.function).isdisjoint(one.name for one in loop.schedule)
        if not a.letter.endswith(NEXT) and not a.letter.startswith(APART)
        if not inside & _letters(a)
        if all(loop.is_constant(c) for p in _arguments(a) for c in p.terms.values())
    )


def _names(function: PiecewiseLinear) -> set[str]:
    """The symbols of a function: with a number of the loop it is another in the next pass."""
    return {name for scalar in line_scalars(function) for name in free_symbols(scalar)}


def _letters(application: Application) -> set[str]:
    return {letter.name for p in _arguments(application) for word in p.terms for letter in word}


def _arguments(application: Application) -> Iterator[Polynomial]:
    return (p for columns in application.arguments for p in columns.values())


def carry_applied(
    given: Representation, loop: Loop, applications: tuple[Application, ...]
) -> Representation:
    """Carry the values of some functions that are ``carriable``."""
    program = given.program
    parent = next((p.index for p in program.all_loops() if loop in p.inner), None)
    names = {a.letter: of_loop(a.letter, loop.index) for a in applications}
    after_loop = {
        b.letter: names[a.letter] for a in applications for b in _same_after(program, a, parent)
    }
    names_everywhere = {**names, **after_loop}

    def renamed(letter: Letter) -> Polynomial | None:
        if letter.name not in names_everywhere:
            return None
        new = letter._replace(name=names_everywhere[letter.name])
        axes = program.alphabet.rows(letter), program.alphabet.columns(letter)
        return Polynomial.letter(program.field, *axes, new)

    kept = tuple(a for a in program.applications if a.letter not in names_everywhere)
    result = replace(program, applications=kept)
    result = rewrite_program(result, lambda p: p.replaced(renamed))
    carried, added, held = [], list[Application](), dict(given.held)
    axes = {names[a.letter]: program.alphabet.axes[a.letter] for a in applications}
    now = next(one for one in result.all_loops() if one.index == loop.index)
    for a in applications:
        before, first = _applied(program, a, now, a.letter + FIRST, parent, initial=True)
        after, then = _applied(program, a, now, a.letter + NEXT, loop.index, initial=False)
        added += [*first, *then]
        axes |= {one.letter: program.alphabet.axes[a.letter] for one in (*first, *then)}
        carried.append(
            Carried(names[a.letter], a.letter, a.rows, a.spaces, before, after, a.flipped)
        )
        held[names[a.letter]] = _alone(program, a, a.letter)
    result = replace(
        result,
        applications=(*result.applications, *added),
        alphabet=result.alphabet.with_letters(
            {**axes, **ones_axes({(c.rows, s): p for c in carried for s, p in c.initial.items()})}
        ),
    )
    result = pruned(with_carried(result, loop.index, frozenset(), tuple(carried)))
    choice = f"{', '.join(names.values())} kept from pass to pass"
    return Representation(result, held, (*given.choices, choice))


def _same_after(
    program: NormalProgram, applied: Application, level: int | None
) -> tuple[Application, ...]:
    """The same function of the values that the loop leaves: it is kept from the last pass."""
    return tuple(
        other
        for other in program.applications
        if other.loop == level
        and (other.function, other.flipped) == (applied.function, applied.flipped)
        and set(other.spaces) <= set(applied.spaces)
        and all(
            columns[space].terms == kept[space].terms
            for columns, kept in zip(other.arguments, applied.arguments, strict=True)
            for space in other.spaces
        )
    )


def _applied(
    program: NormalProgram,
    application: Application,
    loop: Loop,
    name: str,
    level: int | None,
    *,
    initial: bool,
) -> tuple[Columns, tuple[Application, ...]]:
    """f of the argument before the loop (``initial``) or after a pass: a letter or a constant."""
    values = {c.letter: (c.initial if initial else c.next) for c in loop.carried}

    def moved(letter: Letter) -> Polynomial | None:
        if letter.name not in values:
            return None
        columns = values[letter.name]
        value = columns[letter.group] if letter.group else next(iter(columns.values()))
        return program.alphabet.transpose(value) if letter.transposed else value

    (argument,) = application.arguments
    new = {s: p.replaced(moved) for s, p in argument.items()}
    folded = _constant(program, application, new)
    if folded is not None:
        return folded, ()
    one = replace(application, letter=name, arguments=(new,), loop=level)
    return _alone(program, application, name), (one,)


def _constant(
    program: NormalProgram, application: Application, argument: Columns
) -> Columns | None:
    result = {}
    for space, value in argument.items():
        number = constant_of(value)
        if number is None or not isinstance(application.function, PiecewiseLinear):
            return None
        found = value_at(application.function, number, program.field)
        if found is None:
            return None
        result[space] = ones(value.rows, space, found)
    return result


def _alone(program: NormalProgram, application: Application, name: str) -> Columns:
    """The value that a letter of this application's shape stands for, in every space."""
    axes = program.alphabet.axes[application.letter]
    return in_spaces(program.field, name, axes, application.spaces)
