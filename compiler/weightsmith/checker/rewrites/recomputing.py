"""Variables of a loop that are functions of its others, computed anew in every pass.

``r = y - w*x``, the last assignment of r in the body, after which neither w nor x changes, holds
after every pass; if it holds before the loop too, then always between passes.  So r may be computed
first in a pass, and once more after the loop: then no pass reads what r was before.
"""

from __future__ import annotations

from dataclasses import replace

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.reading.refusal import RefusedError, require
from weightsmith.checker.semantics.excerpts import input_shapes, shapes_after, used_names
from weightsmith.checker.semantics.expressions import evaluate
from weightsmith.checker.semantics.meaning import read_meaning
from weightsmith.checker.semantics.sites import Sites
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import assigned_names


def recomputed(program: core.Program, name: str, field: Field) -> core.Program:
    """The same program of one loop, a variable computed anew.  Raises RefusedError."""
    loops = [(at, one) for at, one in enumerate(program.body) if isinstance(one, core.Repeat)]
    require(len(loops) == 1, "The script has not one loop.")
    ((at, loop),) = loops
    definition = _definition(loop, name)
    _check_before(program, at, definition, field)
    before = shapes_after(program.body[:at], input_shapes(program))
    after = shapes_after(loop.body, before)
    read = used_names(definition) | {name}
    same = all(before[one] == after[one] for one in read)
    require(same, f"What '{name}' is computed from stands on other tokens after a pass.")
    body = replace(loop, body=(definition, *loop.body))
    return replace(program, body=(*program.body[:at], body, definition, *program.body[at + 1 :]))


def _definition(loop: core.Repeat, name: str) -> core.Assign:
    """The last assignment of a variable; nothing that it reads is assigned with or after it."""
    places = [at for at, one in enumerate(loop.body) if name in assigned_names((one,))]
    require(bool(places), f"No pass assigns '{name}'.")
    last = loop.body[places[-1]]
    if not isinstance(last, core.Assign) or last.names != (name,):
        raise RefusedError(f"'{name}' is not assigned alone.")
    read = used_names(last)
    later = assigned_names(loop.body[places[-1] :])
    require(read.isdisjoint(later), f"What '{name}' is computed from changes after it.")
    require(not loop.schedule, "A 'for' loop has numbers that change.")
    return last


def _check_before(program: core.Program, at: int, definition: core.Assign, field: Field) -> None:
    """Does the definition hold before the loop?"""
    begun = read_meaning(replace(program, body=program.body[:at], returns=()), field, {})
    (name,), (value,) = definition.names, definition.values
    require(used_names(value) | {name} <= begun.final.keys(), f"'{name}' has no value before.")
    require(not begun.loops and not begun.sites, "Something else stands before the loop.")
    old = begun.final[name]
    new = evaluate(value, begun.final, field, Sites({}, field))
    same = old.parts.keys() == new.parts.keys() and (old.rows, old.columns) == (
        new.rows,
        new.columns,
    )
    require(same, f"'{name}' stands on other tokens before the loop.")
    equal = all(old.parts[part].equals(new.parts[part]) for part in old.parts)
    require(equal, f"'{name}' is something else before the loop.")
