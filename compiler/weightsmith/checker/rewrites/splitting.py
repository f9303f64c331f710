"""A pass as a sequence of loops of one pass each: ``X = …`` is ``repeat 1: X = …``.

So the product of what its statements do is never written out.  A statement that gives a variable
its first value stays as it is: after a loop it would have none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from weightsmith.dsl.numbers.scalars import Number
from weightsmith.dsl.program import core

Body = tuple[core.Statement, ...]
Names = frozenset[str]


def split(program: core.Program) -> core.Program:
    """The same program, the statements of its loops split."""
    inputs = frozenset(one.name for one in program.inputs)  # of an excerpt: it may assign them
    return replace(program, body=tuple(_outside(program.body, inputs)))


def _outside(body: Body, known: Names) -> Iterator[core.Statement]:
    for statement in body:
        if isinstance(statement, core.Repeat):
            yield replace(statement, body=tuple(_inside(statement.body, known)))
        else:
            yield statement
            known |= set(statement.names)


def _inside(body: Body, known: Names) -> Iterator[core.Statement]:
    """``known`` are the variables that have a value before."""
    for statement in body:
        if isinstance(statement, core.Repeat):
            yield replace(statement, body=tuple(_inside(statement.body, known)))
        elif known.issuperset(statement.names) and len(body) > 1:
            yield core.Repeat(statement.span, Number(Fraction(1)), (statement,))
        else:
            yield statement
            known |= set(statement.names)
