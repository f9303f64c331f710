"""Why the argument of a function cannot be bounded, and which assumption is missing."""

from __future__ import annotations

from math import inf

from weightsmith.compiler.approximate.arguments.ranges import Ranges
from weightsmith.compiler.ir.polynomial import Letter
from weightsmith.compiler.passes.normalizing.fold_entries import is_ones
from weightsmith.dsl.program import core


def unbounded_message(
    program: core.Program, site: core.Entrywise | core.Hadamard, ranges: Ranges
) -> tuple[str, str]:
    """Return the message and the hint."""
    name = "'.*'" if isinstance(site, core.Hadamard) else f"'{site.label}'"
    message = f"{name} is computed by a table on an interval, and nothing bounds its argument"
    unknown = _unknown_input(program, ranges)
    if unknown is not None:
        given, per_token = unknown
        each = "the columns of " * per_token
        hint = f"say how large {each}'{given}' may be: assume norm({given}) <= …"
        return message, hint
    axis = _unknown_size(program, ranges)
    if axis is not None:
        return message, f"say how many there are: assume size({axis}) <= …"
    hint = "its bound grows without end: clip the argument, as in clip(E, -8, 8)"
    return message, hint


def _unknown_input(program: core.Program, ranges: Ranges) -> tuple[str, bool] | None:
    """An input of which nothing is assumed."""
    for given in program.inputs:
        groups = given.shape.column_groups or ("",)
        known = ranges.input_bounds(Letter(given.name, groups[0]))
        if min(known.column, known.norm) == inf and not known.finite:
            return given.name, groups != ("",)
    return None


def _unknown_size(program: core.Program, ranges: Ranges) -> str | None:
    """A token group over which sums run, or a dimension, of unknown size."""
    letters = {
        letter
        for a in ranges.normal.applications
        for columns in a.arguments
        for p in columns.values()
        for word in p.terms
        for letter in word
        if not is_ones(letter)
    }
    used = {given.name for given in program.inputs}
    groups = [
        group
        for given in program.inputs
        for group in given.shape.column_groups
        if given.name in used and ranges.size(group) == inf
    ]
    if groups:
        return groups[0]
    axes = [ranges.normal.alphabet.rows(letter) for letter in letters]
    return next((axis for axis in axes if ranges.size(axis) == inf), None)
