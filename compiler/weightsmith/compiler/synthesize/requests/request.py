"""What one ``synthesize`` asks for: left·f(E)·right, or another formula around one f(E)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod

from weightsmith.compiler.synthesize.requests.lower_bound import Degrees
from weightsmith.dsl.numbers.scalars import evaluate
from weightsmith.dsl.printing.printer import node_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.nodes import with_parts
from weightsmith.dsl.program.parts import parts_of
from weightsmith.dsl.text.diagnostics import mistake
from weightsmith.dsl.text.source import Span

ORTHOGONAL = ("sign", "polar")  # alone or in a sum their bound is not of the target
ABSOLUTE = ("exp", "spectral")  # nor do the bounds of these
LINEAR_IN_LEFT = ("inv", "pinv", "power")


@dataclass(frozen=True)
class Request:
    """``left`` and ``right`` are None where nothing stands there, or where f is not alone."""

    position: int
    span: Span
    target: core.Node
    function: core.Function
    tolerance: Fraction
    left: core.Node | None
    degrees: Degrees
    extra_layers: int

    @property
    def factor(self) -> Fraction:
        """How much larger an absolute error of the target is than that of f(E)."""
        name = self.function.function
        alone = name in ORTHOGONAL and not _is_in_product(self.target, self.function)
        if name in ABSOLUTE or alone:
            return abs(_factor(self.target, self.function))
        return Fraction(1)

    @property
    def operator_text(self) -> str:
        """E as a factor."""
        text = node_text(self.function.of)
        return text if text.isidentifier() else f"({text})"

    @property
    def left_text(self) -> str:
        text = "I" if self.left is None else node_text(self.left)
        return text if text.isidentifier() else f"({text})"

    def with_result(self, name: str, is_left_in_it: bool) -> core.Node:
        """The target with the result in place of f(E), or of left·f(E)."""
        of = self.function
        if self.left is None or not is_left_in_it or not isinstance(self.target, core.Product):
            return _replaced(self.target, of, core.Name(of.span, of.shape, name))
        place = self.target.factors.index(of)
        shape = core.Shape(self.left.shape.rows, of.shape.columns, self.left.shape.row_groups)
        result = core.Name(of.span, shape, name)
        rest = self.target.factors[place + 1 :]
        return replace(self.target, factors=(result, *rest)) if rest else result


@dataclass(frozen=True)
class Asked:
    """One ``synthesize`` of a program, in the order of the script; all scalars are numbers."""

    position: int
    span: Span
    target: core.Node
    tolerance: Fraction | None


def asked_of(program: core.Program) -> list[Asked]:
    """Every ``synthesize`` of a program: those of assignments, then those of returned values."""
    found = []
    for position, one in enumerate(program.synthesized):
        target = one.value if isinstance(one, core.Return) else one.values[0]
        within = None if one.synthesize is None else one.synthesize.tolerance
        tolerance = None if within is None else evaluate(within, {})
        found.append(Asked(position, one.span, target, tolerance))
    return found


def read_request(asked: Asked, tolerance: Fraction) -> Request:
    """Raises DiagnosticError where the target is not made of one function of one matrix."""
    target = asked.target
    functions = _functions(target)
    if len(functions) != 1:
        message = f"synthesis finds one function of one matrix, and here are {len(functions)}"
        hint = "one by itself on each line: P = synthesize inv(A) within 1e-6"
        if not functions:
            message = "nothing is to be synthesized: no function of a matrix stands in this target"
            hint = "write inv(A), sqrt(A), exp(-A), …; sums and products: return them as they are"
        raise mistake("synthesis", asked.span, message, hint)
    (function,) = functions
    if _functions(function.of):
        message = f"a function of {node_text(function.of)}, which is a function of a matrix itself"
        hint = "write one function: A^(-1/2), or function f(t) = … and spectral(f, A)"
        raise mistake("synthesis", asked.span, message, hint)
    left = _left(target, function)
    around = _letters(target) - _letters(function.of)
    operator = max(1, _letters(function.of))
    extra = (operator > 1 or (left is not None and _letters(left) > 1)) + (
        isinstance(target, core.Product) and target.factors[-1] is not function
    )
    return Request(
        asked.position,
        asked.span,
        target,
        function,
        tolerance,
        left,
        Degrees(operator, around),
        int(extra),
    )


def _functions(node: core.Node) -> list[core.Function]:
    if isinstance(node, core.Function):
        return [node]
    return [found for part in parts_of(node) for found in _functions(part)]


def _left(target: core.Node, function: core.Function) -> core.Node | None:
    """The factors before f(E), where f(E) is a factor of the whole and what it computes linear."""
    if not isinstance(target, core.Product) or function not in target.factors:
        return None
    place = target.factors.index(function)
    if place == 0 or function.function not in ("inv", "pinv"):
        return None
    before = target.factors[:place]
    if len(before) == 1:
        return before[0]
    first, last = before[0].shape, before[-1].shape
    shape = core.Shape(first.rows, last.columns, first.row_groups, last.column_groups)
    return replace(target, factors=before, shape=shape)


def _replaced(node: core.Node, old: core.Node, new: core.Node) -> core.Node:
    return new if node == old else with_parts(node, lambda part: _replaced(part, old, new))


def _is_in_product(node: core.Node, function: core.Function) -> bool:
    if isinstance(node, core.Product):
        return function in _functions(node)
    return any(_is_in_product(part, function) for part in parts_of(node))


def _factor(node: core.Node, function: core.Function) -> Fraction:
    """The scalar in front of the function, from all sums and products in which it stands."""
    match node:
        case core.Combination(terms=terms):
            holding = [pair for pair in terms if function in _functions(pair[1])]
            if len(holding) != 1 and len(terms) != 1:
                return Fraction(1)
            ((scalar, of),) = holding or terms
            return evaluate(scalar, {}) * _factor(of, function)
        case core.Product(factors=factors):
            return prod((_factor(of, function) for of in factors), start=Fraction(1))
        case core.Transpose(of=of):
            return _factor(of, function)
    return Fraction(1)


def _letters(node: core.Node) -> int:
    """The degree of a node in the inputs, a function of a matrix counting as its argument."""
    if isinstance(node, core.Name):
        return 1
    parts = [_letters(part) for part in parts_of(node)]
    return sum(parts) if isinstance(node, core.Product) else max(parts, default=0)
