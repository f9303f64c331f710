"""A network that somebody wrote down: its template, and what stands above it."""

from __future__ import annotations

from dataclasses import dataclass

from weightsmith.compiler.ir.template import Template
from weightsmith.dsl.program import core
from weightsmith.dsl.text.source import Source


@dataclass(frozen=True, slots=True)
class NetInput:
    """``x: [d] per token``: the groups are those whose tokens are its columns, or none."""

    name: str
    rows: str
    columns: str  # "" if there are groups
    groups: tuple[str, ...]
    symmetric: bool = False


def declared_inputs(program: core.Program) -> tuple[NetInput, ...]:
    """The inputs of a script, in its order."""
    return tuple(
        NetInput(one.name, one.shape.rows, "", one.shape.column_groups)
        if one.shape.columns == core.TOKEN
        else NetInput(one.name, one.shape.rows, one.shape.columns, (), one.symmetric)
        for one in program.inputs
    )


@dataclass(frozen=True, slots=True)
class Net:
    """``template.algorithm`` is its name; ``parameters`` are all symbols of its coefficients."""

    source: Source
    inputs: tuple[NetInput, ...]
    parameters: tuple[str, ...]
    template: Template
