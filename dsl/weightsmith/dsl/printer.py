"""Prints core programs in the syntax of the language; the text checks to the same program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from weightsmith.dsl import core
from weightsmith.dsl import scalars as q
from weightsmith.dsl.core import GROUPS, TOKEN, Group, Node
from weightsmith.dsl.groups import meet
from weightsmith.dsl.scalar_printer import coefficient_text, scalar_text

Groups = tuple[Group, ...]
Sides = tuple[Groups, Groups]
KIND_NAMES = {
    core.SpectrumKind.SPECTRUM: "spectrum",
    core.SpectrumKind.NONZERO_SPECTRUM: "nonzero_spectrum",
    core.SpectrumKind.SINGULAR_VALUES: "singular_values",
}


def program_text(program: core.Program) -> str:
    """Return the whole program as a script, calls written out, one statement a line."""
    printer = _Printer(
        {one.name: (one.shape.row_groups, one.shape.column_groups) for one in program.inputs}
    )
    inputs = ", ".join(_input_text(one) for one in program.inputs)
    lines = [f"algorithm {program.name}({inputs})"]
    lines += _head(program, printer)
    lines.append("")
    lines += printer.statements(program.body, "")
    lines.append("return " + ", ".join(printer.returned(one) for one in program.returns))
    return "\n".join(lines) + "\n"


def node_text(node: Node) -> str:
    """Return one node as an expression, with its ``over`` clause if it has one."""
    return _Printer({}).whole((node,))


def _input_text(one: core.Input) -> str:
    if one.shape.columns == TOKEN:
        per = "token" if one.shape.column_groups == GROUPS else one.shape.column_groups[0]
        return f"{one.name}: [{one.shape.rows}] per {per}"
    kind = "symmetric" if one.symmetric else ""
    return f"{one.name}: {kind}[{one.shape.rows}, {one.shape.columns}]"


def _head(program: core.Program, printer: _Printer) -> list[str]:
    """Assumptions and parameters; bare ends are declared only where the order needs it."""
    assumes = [printer.assumption(one) for one in program.assumptions]
    ends = {name: None for one in program.assumptions for name in _bare_ends(one)}
    count = len(ends)
    implied = [one.name for one in program.parameters[:count]] == list(ends) and all(
        one.default is None for one in program.parameters[:count]
    )
    declared = program.parameters[count:] if implied else program.parameters
    params = [_parameter_text(one) for one in declared]
    param = [f"param {', '.join(params)}"] if params else []
    return assumes + param


def _bare_ends(assumption: core.Assumption) -> list[str]:
    if not isinstance(assumption, core.SpectrumAssumption):
        return []
    ends = (assumption.low, assumption.high)
    return [end.name for end in ends if isinstance(end, q.Symbol)]


def _parameter_text(one: core.Parameter) -> str:
    return one.name if one.default is None else f"{one.name} = {scalar_text(one.default)}"


@dataclass
class _Printer:
    """``present`` holds the groups of every variable, to see where a node restricts them."""

    present: Mapping[str, Sides]
    known: dict[str, Sides] = field(init=False)

    def __post_init__(self) -> None:
        self.known = dict(self.present)

    # -- statements ---------------------------------------------------------------------------

    def statements(self, body: Sequence[core.Statement], indent: str) -> list[str]:
        lines: list[str] = []
        for statement in body:
            if isinstance(statement, core.Repeat):
                before = dict(self.known)
                lines.append(f"{indent}repeat {scalar_text(statement.count)}:")
                lines += self.statements(statement.body, indent + "    ")
                self.known = {
                    name: _meet(sides, self.known[name]) for name, sides in before.items()
                }
            else:
                names = ", ".join(statement.names)
                lines.append(f"{indent}{names} = {self.whole(statement.values)}")
                for name, value in zip(statement.names, statement.values, strict=True):
                    self.known[name] = (value.shape.row_groups, value.shape.column_groups)
        return lines

    def assumption(self, one: core.Assumption) -> str:
        if isinstance(one, core.RangeAssumption):
            over = _common_over((one.operator,))
            operator = self._node(one.operator, 0, over)
            return f"assume {self._node(one.value, 0, ())} in range({operator}{_clause(over)})"
        ends = f"[{scalar_text(one.low)}, {scalar_text(one.high)}]"
        return f"assume {KIND_NAMES[one.kind]}({self.whole((one.of,))}) in {ends}"

    def returned(self, one: core.Return) -> str:
        over = _common_over((one.value,))
        text = self._node(one.value, 0, over)
        if one.groups and one.groups != one.value.shape.column_groups:
            text += f" on {_group_word(one.groups)}"
        text += _clause(over)
        if one.target is not None:
            text += f" approximates {self.whole((one.target,))}"
        return text

    # -- expressions --------------------------------------------------------------------------

    def whole(self, nodes: Sequence[Node]) -> str:
        """The expressions of one line, and the clause that serves them all."""
        texts, over = self._with_over(nodes)
        return ", ".join(texts) + _clause(over)

    def _with_over(self, nodes: Sequence[Node]) -> tuple[list[str], Groups]:
        over = _common_over(nodes)
        return [self._node(node, 0, over) for node in nodes], over

    def _node(self, node: Node, tightness: int, over: Groups) -> str:
        """Tightness: 0 in a sum, 1 after a sign, 2 in a product, 3 before a transpose."""
        if self._is_restricted(node):
            inner = self._plain(node, 0, over)
            return f"({inner} on {_group_word(node.shape.column_groups)})"
        return self._plain(node, tightness, over)

    def _plain(self, node: Node, tightness: int, over: Groups) -> str:
        match node:
            case core.Name(name=name):
                return name
            case core.Identity():
                return "I"
            case core.Zero():
                return "0" if tightness == 0 else "(0*I)"
            case core.Transpose(of=of):
                return f"{self._node(of, 3, over)}'"
            case core.Function(of=of):
                return f"{node.function}({self._node(of, 0, over)})"
            case core.Product(factors=factors):
                own = over if not node.over or node.over == over else node.over
                text = "*".join(self._node(factor, 2, own) for factor in factors)
                if own != over:
                    return f"({text}{_clause(own)})"
                return f"({text})" if tightness > 1 else text
            case core.Combination(terms=terms):
                text = self._sum(terms, over)
                return f"({text})" if tightness > 0 else text

    def _sum(self, terms: Sequence[tuple[q.Scalar, Node]], over: Groups) -> str:
        text = ""
        for scale, node in terms:
            negative, factor = coefficient_text(scale)
            is_flat = isinstance(node, core.Product)
            inner = self._node(node, 2 if factor and not is_flat else 1, over)
            sign = (" - " if negative else " + ") if text else ("-" if negative else "")
            text += sign + (f"{factor}*{inner}" if factor else inner)
        return text

    def _is_restricted(self, node: Node) -> bool:
        natural = self._natural_columns(node)
        return natural is not None and natural != node.shape.column_groups

    def _natural_columns(self, node: Node) -> Groups | None:
        """The groups a node would have by itself; None if that is not known."""
        if node.shape.columns != TOKEN:
            return None
        match node:
            case core.Name(name=name):
                return self.known[name][1] if name in self.known else None
            case core.Transpose(of=of):
                return of.shape.row_groups
            case core.Product(factors=factors):
                return factors[-1].shape.column_groups
            case core.Combination(terms=terms):
                groups = GROUPS
                for _, part in terms:
                    groups = meet(groups, part.shape.column_groups)
                return groups
            case core.Identity() | core.Zero():
                return GROUPS
        return None


def _meet(left: Sides, right: Sides) -> Sides:
    return meet(left[0], right[0]), meet(left[1], right[1])


def _common_over(nodes: Iterable[Node]) -> Groups:
    """The clause that most of a line can share: that of the first sum over tokens."""
    waiting = list(nodes)[::-1]
    while waiting:
        node = waiting.pop()
        match node:
            case core.Product(factors=factors):
                if node.over:
                    return node.over
                waiting.extend(reversed(factors))
            case core.Combination(terms=terms):
                waiting.extend(part for _, part in reversed(terms))
            case core.Transpose(of=of) | core.Function(of=of):
                waiting.append(of)
    return ()


def _group_word(groups: Groups) -> str:
    return "tokens" if groups == GROUPS else groups[0]


def _clause(over: Groups) -> str:
    return f" over {_group_word(over)}" if over else ""
