"""Excerpts whose statements change what they are given: the language has no such inputs.

The input ``X`` is then called ``X_before``, and the first statement is ``X = X_before``.  In the
statements that are put back, and in the proof, it is ``X`` again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from weightsmith.checker.semantics.excerpts import Body
from weightsmith.compiler.restructure.recurrences.lines import free_name
from weightsmith.dsl.program import core
from weightsmith.dsl.program.nodes import with_parts
from weightsmith.dsl.program.parts import assigned_names

Names = frozenset[str]


def aliased(program: core.Program, taken: Names) -> tuple[core.Program, dict[str, str]]:
    """The program, and what each alias stands for."""
    changed = assigned_names(program.body)
    aliases: dict[str, str] = {}
    inputs: list[core.Input] = []
    starts: list[core.Statement] = []
    for one in program.inputs:
        if one.name not in changed:
            inputs.append(one)
            continue
        alias = free_name(f"{one.name}_before", taken)
        aliases[alias] = one.name
        inputs.append(replace(one, name=alias))
        value = core.Name(program.span, one.shape, alias)
        starts.append(core.Assign(program.span, (one.name,), (value,)))
    return replace(program, inputs=tuple(inputs), body=(*starts, *program.body)), aliases


def body_without(body: Body, aliases: Mapping[str, str]) -> Body:
    """The statements with the variables' own names; ``X = X`` is left out."""

    def node(old: core.Node) -> core.Node:
        if isinstance(old, core.Name):
            return replace(old, name=aliases.get(old.name, old.name))
        return with_parts(old, node)

    def statement(old: core.Statement) -> core.Statement:
        if isinstance(old, core.Repeat):
            return replace(old, body=tuple(map(statement, old.body)))
        return replace(old, values=tuple(map(node, old.values)))

    return tuple(one for one in map(statement, body) if not _says_nothing(one))


def _says_nothing(statement: core.Statement) -> bool:
    if not isinstance(statement, core.Assign) or len(statement.names) > 1:
        return False
    (name,), (value,) = statement.names, statement.values
    return isinstance(value, core.Name) and value.name == name


def proof_without(proof: object, aliases: Mapping[str, str]) -> object:
    """The proof with the variables' own names."""
    if isinstance(proof, dict):
        return {key: proof_without(value, aliases) for key, value in proof.items()}
    if isinstance(proof, list):
        return [proof_without(value, aliases) for value in proof]
    if not isinstance(proof, str):
        return proof
    for alias, name in aliases.items():
        proof = re.sub(rf"\b{alias}\b", name, proof)
    return proof
