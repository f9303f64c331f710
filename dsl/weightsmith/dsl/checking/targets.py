"""What ``return`` says: the names of the values, and their targets.

Targets are stated of the inputs: names that were assigned once are replaced by their values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from weightsmith.dsl.numbers.scalar_algebra import times
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import Node
from weightsmith.dsl.program.nodes import scaled, split, with_parts
from weightsmith.dsl.program.scope import RESERVED, Definition
from weightsmith.dsl.reading import syntax as s
from weightsmith.dsl.text.diagnostics import Report

MAX_NODES = 5_000
INPUTS_HINT = "write the target with the inputs: inv(A)"
MAX_LEVELS = 150  # of the tree that is written out


class _WritingError(Exception):
    """Carries the name and the reason."""


def written_out(node: Node, names: Mapping[str, Definition], report: Report) -> Node | None:
    """Return the target in terms of the inputs alone, or None after a report."""
    try:
        if isinstance(node, core.Root):
            return replace(node, equation=_Writer(True).node(node.equation, names, 0))
        return _Writer(False).node(node, names, 0)
    except _WritingError as reason:
        message, hint = reason.args
        report.error("target", node.span, message, hint)
        return None


class _Writer:
    def __init__(self, in_root: bool) -> None:
        self.count = 0
        self.in_root = in_root

    def node(self, node: Node, names: Mapping[str, Definition], level: int) -> Node:
        self.count += 1
        if self.count > MAX_NODES or level > MAX_LEVELS:
            raise _WritingError("written out, the target is too long", INPUTS_HINT)
        below = level + 1
        match node:
            case core.Identity() | core.Zero() | core.Ones():
                return node
            case core.Entrywise() | core.Hadamard() | core.Attention():
                if not self.in_root:
                    message = "the target names a value that applies a function to entries"
                    raise _WritingError(message, "such a target is written as root(w: …)")
                return with_parts(node, lambda part: self.node(part, names, below))
            case core.Root():
                raise _WritingError("root(…) stands only as a whole target", INPUTS_HINT)
            case core.Name():
                return self._name(node, names, below)
            case core.Transpose(of=of) | core.Function(of=of):
                return replace(node, of=self.node(of, names, below))
            case core.Product(factors=factors):
                split_parts = [split(self.node(part, names, below)) for part in factors]
                scale = times(scale for scale, _ in split_parts)
                return scaled(scale, replace(node, factors=_nodes(split_parts)), node.span)
            case core.Combination(terms=terms):
                pairs = [(scale, split(self.node(part, names, below))) for scale, part in terms]
                scales = [times((scale, own)) for scale, (own, _) in pairs]
                inner = _nodes([pair for _, pair in pairs])
                return replace(node, terms=tuple(zip(scales, inner, strict=True)))

    def _name(self, node: core.Name, names: Mapping[str, Definition], level: int) -> Node:
        definition = names.get(node.name)
        if definition is not None and definition.is_input:
            return node
        if definition is None or definition.node is None:
            message = f"the target names '{node.name}', which an iteration computes"
            raise _WritingError(message, INPUTS_HINT)
        value = self.node(definition.node, definition.names, level)
        if not node.shape.row_groups + node.shape.column_groups:
            return value
        return replace(value, shape=node.shape)


def _nodes(parts: Sequence[tuple[Scalar, Node]]) -> tuple[Node, ...]:
    return tuple(node for _, node in parts)


def return_names(statement: s.ReturnStatement, taken: AbstractSet[str]) -> list[str]:
    """A returned variable keeps its name; other values are ``output``, or numbered outputs.

    No output gets the name of another one, or one of those that are ``taken`` in the script.
    """
    names = [_variable(part) for part in statement.returned]
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            names[place] = ""
        seen.add(name)
    several = len(names) > 1
    for place, name in enumerate(names):
        if not name:
            number = place + 1
            fresh = f"output{number}" if several else "output"
            while fresh in taken or fresh in seen:
                number += 1
                fresh = f"output{number}"
            names[place] = fresh
            seen.add(fresh)
    return names


def _variable(part: s.ReturnedExpression) -> str:
    """The name of the variable that is returned; nothing for any other value."""
    is_variable = isinstance(part.value, s.NameExpression) and not part.is_synthesized
    name = part.value.name if isinstance(part.value, s.NameExpression) and is_variable else ""
    return "" if name in RESERVED else name
