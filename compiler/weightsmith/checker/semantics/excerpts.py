"""Excerpts of a script: some of its statements, as a program of their own.

What is visible before the statements is its inputs; what they assign, and is used elsewhere, it
returns.  Nothing is known of its inputs but their shapes (and the symmetry of the script's own):
what is proven of an excerpt holds wherever it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import fields, is_dataclass, replace

from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.dsl.numbers.scalars import Number, Power, Scalar, free_symbols
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import assigned_names
from weightsmith.dsl.text.source import Span

Body = tuple[core.Statement, ...]
Shapes = dict[str, core.Shape]  # of the visible variables


def input_shapes(program: core.Program) -> Shapes:
    return {one.name: one.shape for one in program.inputs}


def shapes_after(body: Body, before: Shapes) -> Shapes:
    """The visible variables after some statements."""
    shapes = dict(before)
    for statement in body:
        if isinstance(statement, core.Assign):
            for name, value in zip(statement.names, statement.values, strict=True):
                shapes[name] = value.shape
        else:
            inside = shapes_after(statement.body, shapes)
            shapes = {name: _meet(shape, inside[name]) for name, shape in shapes.items()}
    return shapes


def _meet(left: core.Shape, right: core.Shape) -> core.Shape:
    """The tokens on which a variable has a value before and after."""
    return replace(
        left,
        row_groups=tuple(group for group in left.row_groups if group in right.row_groups),
        column_groups=tuple(group for group in left.column_groups if group in right.column_groups),
    )


def excerpt(
    program: core.Program,
    body: Body,
    before: Shapes,
    touched: frozenset[str],
    wanted: frozenset[str],
    numbers: tuple[str, ...] = (),
) -> core.Program:
    """Statements with the touched variables as inputs; what they assign of the wanted is returned.

    ``numbers`` are those of the ``for`` loops around them: parameters without a value.

    Raises RefusedError where a variable cannot be an input: its rows are tokens.
    """
    known = {one.name: one for one in program.inputs}
    changed = assigned_names(program.body)
    inputs = []
    for name in sorted(touched):
        shape = before[name]
        if shape.rows == core.TOKEN:
            raise RefusedError(f"The rows of '{name}' are tokens.")
        same = name in known and name not in changed
        inputs.append(known[name] if same else core.Input(program.span, name, shape))
    after = shapes_after(body, before)
    returned = sorted(assigned_names(body) & wanted & after.keys())
    return replace(
        program,
        inputs=tuple(inputs),
        parameters=(*program.parameters, *(_parameter(program, name) for name in numbers)),
        assumptions=(),
        body=body,
        returns=tuple(_return(program, name, after[name]) for name in returned),
        untils=(),
        ensure=None,
    )


def _parameter(program: core.Program, name: str) -> core.Parameter:
    return core.Parameter(program.span, name, None, is_count=False)


def _return(program: core.Program, name: str, shape: core.Shape) -> core.Return:
    value = core.Name(program.span, shape, name)
    groups = shape.column_groups if shape.columns == core.TOKEN else ()
    return core.Return(program.span, name, value, groups, None)


def used_names(part: object) -> frozenset[str]:
    """The variables that some statements or expressions read."""
    return frozenset(one.name for one in _walk(part) if isinstance(one, core.Name))


def varying_powers(body: Body, numbers: Collection[str]) -> frozenset[Scalar]:
    """Powers of what has these numbers, but for those of whole exponents that are not negative."""
    found = (one for one in _walk(body) if isinstance(one, Power))
    return frozenset(
        one for one in found if not _is_product(one) and free_symbols(one) & {*numbers}
    )


def _is_product(power: Power) -> bool:
    exponent = power.exponent
    return isinstance(exponent, Number) and exponent.value >= 0 and exponent.value.denominator == 1


def _walk(part: object) -> Iterator[object]:
    yield part
    if isinstance(part, tuple):
        for one in part:
            yield from _walk(one)
    elif is_dataclass(part) and not isinstance(part, Span):
        for one in fields(part):
            yield from _walk(getattr(part, one.name))


def same_text(first: object, second: object) -> bool:
    """Equal but for the places in the scripts."""
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(same_text, first, second))
    if is_dataclass(first) and type(first) is type(second):
        return all(
            same_text(getattr(first, one.name), getattr(second, one.name))
            for one in fields(first)
            if one.name != "span"
        )
    return first == second
