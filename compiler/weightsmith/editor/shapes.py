"""What is known of the values of a script: their shapes, their tokens, which are symmetric.

All of it comes from the drafts that ``diagnose`` returns, so that it is there beside mistakes too.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, fields, is_dataclass

from weightsmith.dsl.program import core
from weightsmith.dsl.program.canonical import is_symmetric
from weightsmith.dsl.program.groups import groups_text
from weightsmith.dsl.program.scope import Definition
from weightsmith.dsl.program.shapes import is_unknown

SYMMETRIC = Definition(None, is_input=True, is_symmetric=True)


@dataclass(frozen=True, slots=True)
class Value:
    """A matrix that a name stands for, where it stands."""

    shape: core.Shape
    symmetric: bool

    @property
    def written(self) -> str:
        """``symmetric[d, d]``, ``[d] per token``."""
        rows, columns = self.shape.rows, self.shape.columns
        if columns == core.TOKEN and rows != core.TOKEN:
            word = self.shape.column_groups
            return f"[{_axis(rows)}] per {word[0] if len(word) == 1 else 'token'}"
        return f"{'symmetric' if self.symmetric else ''}[{_axis(rows)}, {_axis(columns)}]"

    @property
    def tokens(self) -> str:
        """On which tokens it lives; "" if it has none."""
        groups = self.shape.column_groups or self.shape.row_groups
        return groups_text(groups) if groups else ""


class Values:
    """The values of one algorithm: by name, and by the place of a name in the text."""

    def __init__(self, draft: core.Program) -> None:
        self.draft = draft
        self.symmetric = symmetric_names(draft)
        self.shapes: dict[str, core.Shape] = {}
        self.places: dict[int, core.Shape] = {}
        self.targets: list[tuple[int, int, str, core.Shape]] = []
        for one in draft.inputs:
            self.shapes[one.name] = self.places[one.span.start] = one.shape
        for assign in assignments(draft.body):
            for name, value in zip(assign.names, assign.values, strict=True):
                self.shapes.setdefault(name, value.shape)
                where = assign.span.start, assign.span.end
                self.targets.append((*where, name, value.shape))
        for node in names_of(draft):
            span = node.span
            if span.source.text[span.start : span.end] == node.name:
                self.places[span.start] = node.shape

    def without_places(self) -> Values:
        """The same by name alone, for a text that has changed since."""
        found = copy(self)
        found.places, found.targets = {}, []
        return found

    def at(self, name: str, offset: int) -> Value | None:
        """The value of a name at a place; if nothing is known there, as it is elsewhere."""
        shape = self.places.get(offset)
        for start, end, target, found in self.targets:
            if shape is None and start <= offset < end and target == name:
                shape = found
        shape = shape or self.shapes.get(name)
        return None if shape is None else Value(shape, name in self.symmetric)


def assignments(body: tuple[core.Statement, ...]) -> Iterator[core.Assign]:
    """Every assignment, those in loops too."""
    for statement in body:
        if isinstance(statement, core.Repeat):
            yield from assignments(statement.body)
        else:
            yield statement


def names_of(part: object) -> Iterator[core.Name]:
    """Every name within a program."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if isinstance(one, core.Name):
            yield one
        elif isinstance(one, tuple):
            waiting.extend(one)
        elif is_dataclass(one) and not isinstance(one, type):
            waiting.extend(getattr(one, each.name) for each in fields(one) if each.name != "span")


def symmetric_names(draft: core.Program) -> frozenset[str]:
    """The names whose value is its own transpose, whatever the inputs and the passes.

    Suppose that all square names are; take away those with an assigned value that then need not be,
    until none is left to take away.  What is left is so after every assignment, by induction.
    """
    inputs = {one.name for one in draft.inputs}
    found = {one.name for one in draft.inputs if one.symmetric}
    assigned: dict[str, list[core.Node]] = {}
    for assign in assignments(draft.body):
        for name, value in zip(assign.names, assign.values, strict=True):
            assigned.setdefault(name, []).append(value)
    found |= {name for name in assigned if name not in inputs}
    while True:
        names = dict.fromkeys(found, SYMMETRIC)
        failing = {
            name
            for name, values in assigned.items()
            if name in found and not all(_is_symmetric(value, names) for value in values)
        }
        if not failing:
            return frozenset(found)
        found -= failing


def _is_symmetric(value: core.Node, names: dict[str, Definition]) -> bool:
    is_square = value.shape.rows == value.shape.columns and value.shape.rows != core.TOKEN
    return is_square and is_symmetric(value, names, lambda axis: axis)


def _axis(axis: str) -> str:
    return "?" if is_unknown(axis) else axis
