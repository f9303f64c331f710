"""Calls and declarations of the functions of a program, as its text needs them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from weightsmith.dsl.meaning.entry_functions import APPROXIMATED, BUILT_IN, written_call
from weightsmith.dsl.meaning.function_bodies import formula_of
from weightsmith.dsl.numbers import scalar_algebra as algebra
from weightsmith.dsl.numbers import scalars as q
from weightsmith.dsl.numbers.formulas import Formula, formula_text
from weightsmith.dsl.numbers.scalar_printer import coefficient_text, scalar_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import parts_of
from weightsmith.dsl.program.piecewise import EXACT, arguments_of, points_of
from weightsmith.dsl.program.scope import RESERVED
from weightsmith.dsl.program.sites import entrywise_sites

Key = tuple[str, core.PiecewiseLinear | Formula]


@dataclass
class FunctionNames:
    """Names for the functions that the language does not know: the label, or ``site3.label``."""

    names: dict[Key, str] = field(default_factory=dict)

    def call(self, node: core.Entrywise, of: str) -> str:
        """Return ``f(E)`` for the text of E."""
        label = node.label
        name = self.names.get(_key(node))
        if name is not None:
            return f"{name}({of})"
        scalars: tuple[q.Scalar, ...] = ()
        if isinstance(node.function, core.PiecewiseLinear):
            scalars = arguments_of(label, node.function) or ()
        return written_call(label).replace("E", ", ".join([of, *map(scalar_text, scalars)]))

    def spectral(self, node: core.Function) -> str:
        """Return the name of f in ``spectral(f, E)``."""
        return self.names.get((node.label, _formula(node)), node.label)

    def declarations(self) -> list[str]:
        return [_declaration(name, function) for (_, function), name in self.names.items()]


def function_names(program: core.Program) -> FunctionNames:
    """Choose names that are free, in the order of the sites."""
    taken = {program.name, *RESERVED, *BUILT_IN, *program.dimensions}
    taken |= {one.name for one in program.inputs} | {one.name for one in program.parameters}
    names: dict[Key, str] = {}
    for node in entrywise_sites(program):
        key = _key(node)
        if _is_built_in(node) or key in names:
            continue
        name = node.label if node.label not in taken else f"site{node.site}.{node.label}"
        taken.add(name)
        names[key] = name
    for number, function in enumerate(_spectral_functions(program), start=1):
        spectral = function.label, _formula(function)
        if _is_named(function) or spectral in names:
            continue
        name = function.label
        name = name if name not in taken else f"spectral{number}.{name}"
        taken.add(name)
        names[spectral] = name
    return FunctionNames(names)


def _spectral_functions(program: core.Program) -> Iterator[core.Function]:
    """Every ``spectral(f, E)`` of the targets, in order."""
    waiting = [one.target for one in program.returns[::-1] if one.target is not None]
    sought = [
        value
        for one in program.body
        if isinstance(one, core.Assign) and one.synthesize is not None
        for value in one.values
    ]
    waiting += sought[::-1]
    while waiting:
        node = waiting.pop()
        waiting.extend(reversed(parts_of(node)))
        if isinstance(node, core.Function) and node.formula is not None:
            yield node


def _formula(node: core.Function) -> Formula:
    if node.formula is None:
        raise TypeError(f"expected spectral(f, E), got {node.function}")
    return node.formula


def _is_named(node: core.Function) -> bool:
    """Does the language know this function under its label?"""
    exact = EXACT.get(node.label)
    known = APPROXIMATED.get(node.label)
    if exact is not None and not exact.limits:
        known = formula_of(exact.make())
    return known == node.formula


def _key(node: core.Entrywise) -> Key:
    function = node.function
    if isinstance(function, core.Approximated):
        return node.label, function.formula
    return node.label, function


def _is_built_in(node: core.Entrywise) -> bool:
    if isinstance(node.function, core.Approximated):
        return APPROXIMATED.get(node.label) == node.function.formula
    return arguments_of(node.label, node.function) is not None


# -- declarations -------------------------------------------------------------------------------


def _declaration(name: str, function: core.PiecewiseLinear | Formula) -> str:
    if not isinstance(function, core.PiecewiseLinear):
        return f"function {name}(t) = {formula_text(function)}"
    points = points_of(function)
    if points is None:
        return f"function {name}(t) = {piecewise_text(function)}"
    return f"table {name} = " + ", ".join(f"({place}, {value})" for place, value in points)


def piecewise_text(function: core.PiecewiseLinear) -> str:
    """``constant + slope*t + change*relu(t - place) + …``."""
    terms: list[tuple[q.Scalar, str]] = []
    if function.slope != q.ZERO:
        terms.append((function.slope, "t"))
    for place, change in function.breakpoints:
        negative, factor = coefficient_text(place)
        inside = "t" if place == q.ZERO else f"t {'+' if negative else '-'} {factor or '1'}"
        if isinstance(place, q.Number):
            inside = (
                inside if place.value == 0 else f"t {'+' if negative else '-'} {abs(place.value)}"
            )
        terms.append((change, f"relu({inside})"))
    text = scalar_text(function.constant) if function.constant != q.ZERO else ""
    for scale, part in terms:
        negative, factor = coefficient_text(scale)
        sign = (" - " if negative else " + ") if text else ("-" if negative else "")
        text += sign + (f"{factor}*{part}" if factor else part)
    return text or scalar_text(algebra.plus(()))
