"""Prints core programs in the syntax of the language; the text checks to the same program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from weightsmith.dsl.heads import ALL, written
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.scalar_printer import coefficient_text, scalar_text, signed
from weightsmith.dsl.program import core
from weightsmith.dsl.program.core import GROUPS, TOKEN, Group, Node
from weightsmith.dsl.program.groups import existing_groups, meet
from weightsmith.dsl.program.parts import parts_of
from weightsmith.dsl.program.scope import MATRIX_FUNCTIONS
from weightsmith.dsl.program.sites import DEFAULT_TOLERANCE

if TYPE_CHECKING:
    from weightsmith.dsl.printing.function_printer import FunctionNames

Groups = tuple[Group, ...]
Sides = tuple[Groups, Groups]
KIND_NAMES = {
    core.SpectrumKind.SPECTRUM: "spectrum",
    core.SpectrumKind.NONZERO_SPECTRUM: "nonzero_spectrum",
    core.SpectrumKind.SINGULAR_VALUES: "singular_values",
}


class Clauses(NamedTuple):
    """What stands at the end of a line, or of brackets, and holds for all of it."""

    over: Groups
    within: q.Scalar
    mask: str = ALL

    def text(self) -> str:
        return self.beside(NO_CLAUSES)

    def beside(self, outer: Clauses) -> str:
        """The clauses that differ from those of the text around."""
        same = (self.over, self.mask) == (outer.over, outer.mask)
        text = "" if same else f" over {_group_word(self.over)}"
        text += "" if same or self.mask == ALL else f" {self.mask}"
        return text if self.within == outer.within else f"{text} within {scalar_text(self.within)}"


NO_CLAUSES = Clauses((), DEFAULT_TOLERANCE)


def program_text(program: core.Program) -> str:
    """Return the whole program as a script, calls written out, one statement a line."""
    from weightsmith.dsl.printing.function_printer import function_names

    printer = _Printer(
        {one.name: (one.shape.row_groups, one.shape.column_groups) for one in program.inputs},
        {one.parameter: one for one in program.untils},
        existing_groups(one.shape for one in program.inputs),
    )
    printer.functions = function_names(program)
    inputs = ", ".join(input_text(one) for one in program.inputs)
    lines = [f"algorithm {program.name}({inputs})"]
    lines += _head(program, printer)
    lines.append("")
    lines += printer.statements(program.body, "")
    lines.append("return " + ", ".join(printer.returned(one) for one in program.returns))
    return "\n".join(lines) + "\n"


def node_text(node: Node) -> str:
    """Return one node as an expression, with its ``over`` clause if it has one."""
    return _Printer({}).whole((node,))


def assumption_text(assumption: core.Assumption) -> str:
    """Return an assumption as the script writes it, without ``assume``."""
    return _Printer({}).assumption(assumption)


def input_text(one: core.Input) -> str:
    """Return the declaration of an input: ``A: symmetric[d, d]``."""
    if one.shape.columns == TOKEN:
        per = "token" if one.shape.column_groups == GROUPS else one.shape.column_groups[0]
        return f"{one.name}: [{one.shape.rows}] per {per}"
    kind = "symmetric" if one.symmetric else "fixed" * one.fixed
    return f"{one.name}: {kind}[{one.shape.rows}, {one.shape.columns}]"


def _head(program: core.Program, printer: _Printer) -> list[str]:
    """Assumptions and parameters; bare ends are declared only where the order needs it."""
    assumes = [f"assume {printer.assumption(one)}" for one in program.assumptions]
    ends = {name: None for one in program.assumptions for name in _bare_ends(one)}
    count = len(ends)
    parameters = [one for one in program.parameters if one.name not in printer.untils]
    implied = [one.name for one in parameters[:count]] == list(ends) and all(
        one.default is None for one in parameters[:count]
    )
    declared = parameters[count:] if implied else parameters
    sizes = dict(program.sizes)
    params = [_parameter_text(one, sizes.get(one.name)) for one in declared]
    param = [f"param {', '.join(params)}"] if params else []
    declarations = printer.functions.declarations()
    if program.ensure is not None:
        declarations.append(f"ensure error <= {scalar_text(program.ensure.error)}")
    return assumes + param + declarations


def _bare_ends(assumption: core.Assumption) -> list[str]:
    """The names that stand alone as an end, or below a minus as an end of an interval."""
    ends: tuple[q.Scalar, ...] = ()
    match assumption:
        case core.SpectrumAssumption():
            ends = assumption.ends
        case core.EntryAssumption(low=low, high=high):
            ends = (low, high)
        case core.NormAssumption(bound=bound) | core.SizeAssumption(bound=bound):
            return [bound.name] if isinstance(bound, q.Symbol) else []
        case core.RangeAssumption():
            pass
    names = [signed(end)[1] for end in ends]
    return [name.name for name in names if isinstance(name, q.Symbol)]


def _parameter_text(one: core.Parameter, group: Group | None) -> str:
    if group is not None:
        return f"{one.name} = size({group})"
    return one.name if one.default is None else f"{one.name} = {scalar_text(one.default)}"


@dataclass
class _Printer:
    """``present`` holds the groups of every variable, to see where a node restricts them."""

    present: Mapping[str, Sides]
    untils: Mapping[str, core.Until] = field(default_factory=dict)
    groups: Groups | None = None  # of which there are tokens
    known: dict[str, Sides] = field(init=False)

    def __post_init__(self) -> None:
        self.known = dict(self.present)

    @cached_property
    def functions(self) -> FunctionNames:
        """The names of functions; loaded where there are any."""
        from weightsmith.dsl.printing.function_printer import FunctionNames

        return FunctionNames()

    # -- statements ---------------------------------------------------------------------------

    def statements(self, body: Sequence[core.Statement], indent: str) -> list[str]:
        lines: list[str] = []
        for statement in body:
            if isinstance(statement, core.Repeat):
                before = dict(self.known)
                lines.append(f"{indent}{self._loop(statement)}:")
                lines += self.statements(statement.body, indent + "    ")
                self.known = {
                    name: _meet(sides, self.known[name]) for name, sides in before.items()
                }
            else:
                names = ", ".join(statement.names)
                text = self.sought(self.whole(statement.values), statement.synthesize)
                lines.append(f"{indent}{names} = {text}")
                for name, value in zip(statement.names, statement.values, strict=True):
                    self.known[name] = (value.shape.row_groups, value.shape.column_groups)
        return lines

    def _loop(self, loop: core.Repeat) -> str:
        count = loop.count
        until = self.untils.get(count.name) if isinstance(count, q.Symbol) else None
        if until is None:
            from weightsmith.dsl.checking.schedules import loop_text

            return loop_text(count, loop.schedule)
        return f"repeat until error <= {scalar_text(until.tolerance)}"

    def assumption(self, one: core.Assumption) -> str:
        match one:
            case core.RangeAssumption(value=value, operator=operator):
                region = f"range({self.whole((operator,))})"
                return f"{self._node(value, 0, NO_CLAUSES)} in {region}"
            case core.SpectrumAssumption(kind=kind, of=of, ends=ends):
                return f"{KIND_NAMES[kind]}({self.whole((of,))}) in {_intervals(ends)}"
            case core.EntryAssumption(of=name, low=low, high=high):
                return f"entries({name}) in {_intervals((low, high))}"
            case core.NormAssumption(of=name, bound=bound):
                return f"norm({name}) <= {scalar_text(bound)}"
            case core.SizeAssumption(axis=axis, bound=bound):
                return f"size({axis}) <= {scalar_text(bound)}"

    def returned(self, one: core.Return) -> str:
        clauses = _common((one.value,))
        text = self._node(one.value, 0, clauses)
        if isinstance(one.value, core.Name) and one.value.name != one.name:
            text = f"1*{text}"  # a name by itself would be that of the returned value
        if one.groups and one.groups != one.value.shape.column_groups:
            text += f" on {_group_word(one.groups)}"
        text += clauses.text()
        if one.synthesize is not None:
            return self.sought(text, one.synthesize)
        if isinstance(one.target, core.Root):
            text += f" approximates {self._root(one.target)}"
        elif one.target is not None:
            text += f" approximates {self.whole((one.target,))}"
        return text

    @staticmethod
    def sought(text: str, synthesis: core.Synthesis | None) -> str:
        if synthesis is None:
            return text
        within = synthesis.tolerance
        return f"synthesize {text}" + ("" if within is None else f" within {scalar_text(within)}")

    def _root(self, root: core.Root) -> str:
        before = dict(self.known)
        self.known[root.name] = (root.shape.row_groups, root.shape.column_groups)
        text = f"root({root.name}: {self.whole((root.equation,))})"
        self.known = before
        return text

    # -- expressions --------------------------------------------------------------------------

    def whole(self, nodes: Sequence[Node]) -> str:
        """The expressions of one line, and the clause that serves them all."""
        clauses = _common(nodes)
        return ", ".join(self._node(node, 0, clauses) for node in nodes) + clauses.text()

    def _node(self, node: Node, tightness: int, clauses: Clauses) -> str:
        """Tightness: 0 in a sum, 1 after a sign, 2 in a product, 3 before a transpose."""
        if self._is_restricted(node):
            inner = self._plain(node, 0, clauses)
            return f"({inner} on {_group_word(node.shape.column_groups)})"
        return self._plain(node, tightness, clauses)

    def _plain(self, node: Node, tightness: int, clauses: Clauses) -> str:
        match node:
            case core.Name(name=name):
                return name
            case core.Identity():
                return "I"
            case core.Zero():
                return "0" if tightness == 0 else "(0*I)"
            case core.Ones():
                return "ones"
            case core.Transpose(of=of):
                return f"{self._node(of, 3, clauses)}'"
            case core.Function():
                return self._function(node, tightness, clauses)
            case core.Product():
                return self._product(node, tightness, clauses)
            case core.Combination(terms=terms):
                text = self._sum(terms, clauses)
                return f"({text})" if tightness > 0 else text
            case core.Entrywise(of=of):
                tolerance = _tolerance(node) or clauses.within
                own = clauses._replace(within=tolerance)
                text = self.functions.call(node, self._node(of, 0, own))
                return text if own == clauses else f"({text}{own.beside(clauses)})"
            case core.Hadamard(left=left, right=right):
                own = clauses._replace(within=node.tolerance)
                text = f"{self._node(left, 1, own)} .* {self._node(right, 2, own)}"
                if own != clauses:
                    return f"({text}{own.beside(clauses)})"
                return f"({text})" if tightness > 1 else text
            case core.Attention():
                return self._attention(node, tightness, clauses)
            case core.Root():
                return self._root(node)

    def _function(self, node: core.Function, tightness: int, clauses: Clauses) -> str:
        if node.exponent is not None:
            text = f"{self._node(node.of, 3, clauses)}^({node.exponent})"
            return f"({text})" if tightness > 2 else text
        of = self._node(node.of, 0, clauses)
        if node.formula is not None:
            of = f"{self.functions.spectral(node)}, {of}"
        return f"{node.function}({of})"

    def _product(self, node: core.Product, tightness: int, clauses: Clauses) -> str:
        own = clauses._replace(over=node.over, mask=ALL) if node.over else clauses
        first = node.factors[0]
        if isinstance(first, core.Ones) and first.shape.rows == "1" and len(node.factors) == 2:
            text = f"sum({self._node(node.factors[1], 0, own)})"
            return text if own == clauses else f"({text}{own.beside(clauses)})"
        text = "*".join(self._node(factor, 2, own) for factor in node.factors)
        if own != clauses:
            return f"({text}{own.beside(clauses)})"
        return f"({text})" if tightness > 1 else text

    def _attention(self, node: core.Attention, tightness: int, clauses: Clauses) -> str:
        """value·f(scores), the scores in brackets of their own."""
        if isinstance(node.value, core.Ones) and node.value.shape.rows == "1":
            kind = (node.function, node.mask, node.normalised, type(node.scores))
            if kind == ("", "before", "", core.Ones):
                return f"position({node.over[0]})"
        own = clauses._replace(over=node.over, mask=node.mask)
        scores = self._node(node.scores, 0, own)
        words = written(node.function, node.normalised)
        for word in reversed(words):
            scores = f"{word}.({scores})" if word in MATRIX_FUNCTIONS else f"{word}({scores})"
        scores = scores if words else f"({scores})"
        text = f"{self._node(node.value, 2, own)}*{scores}"
        if own != clauses:
            return f"({text}{own.beside(clauses)})"
        return f"({text})" if tightness > 1 else text

    def _sum(self, terms: Sequence[tuple[q.Scalar, Node]], clauses: Clauses) -> str:
        text = ""
        for scale, node in terms:
            negative, factor = coefficient_text(scale)
            is_flat = isinstance(node, core.Product)
            is_signed = negative and not text and isinstance(node, core.Hadamard)
            inner = self._node(node, 2 if is_signed or (factor and not is_flat) else 1, clauses)
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
            case core.Identity() | core.Zero() | core.Ones():
                return self.groups
            case core.Entrywise(of=of):
                return of.shape.column_groups
            case core.Hadamard(left=left, right=right):
                return meet(left.shape.column_groups, right.shape.column_groups)
            case core.Attention(mask=mask, over=over, scores=scores):
                return scores.shape.column_groups if mask == ALL else over
            case core.Root(equation=equation):
                return equation.shape.column_groups
            case core.Function():
                return None


def _meet(left: Sides, right: Sides) -> Sides:
    return meet(left[0], right[0]), meet(left[1], right[1])


def _common(nodes: Iterable[Node]) -> Clauses:
    """The clauses that most of a line can share: those of the first part that needs any."""
    over: Groups = ()
    within: q.Scalar | None = None
    waiting = list(nodes)[::-1]
    while waiting:
        node = waiting.pop()
        if isinstance(node, core.Product) or (
            isinstance(node, core.Attention) and node.mask == ALL
        ):
            over = over or node.over
        elif isinstance(node, core.Entrywise | core.Hadamard):
            within = within or _tolerance(node)
        waiting.extend(reversed(parts_of(node)))
    return Clauses(over, within or DEFAULT_TOLERANCE)


def _tolerance(node: core.Entrywise | core.Hadamard) -> q.Scalar | None:
    if isinstance(node, core.Hadamard):
        return node.tolerance
    return None if isinstance(node.function, core.PiecewiseLinear) else node.function.tolerance


def _intervals(ends: Sequence[q.Scalar]) -> str:
    texts = list(map(scalar_text, ends))
    pairs = zip(texts[::2], texts[1::2], strict=True)
    return " or ".join(f"[{low}, {high}]" for low, high in pairs)


def _group_word(groups: Groups) -> str:
    return "tokens" if groups == GROUPS else groups[0]
