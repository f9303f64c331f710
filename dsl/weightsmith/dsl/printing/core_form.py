"""A core program as plain data: what a certificate carries, and a checker reads.

Lists with an operation in front for expressions, objects for declarations and statements; scalars
and formulas as their texts.  Everything is in it but the places in the script.
docs/format.md has the format; ``checker.core_form`` reads it.
"""

from __future__ import annotations

from weightsmith.dsl.heads import to_json
from weightsmith.dsl.numbers.formulas import formula_text
from weightsmith.dsl.numbers.scalars import Scalar, to_text
from weightsmith.dsl.program import core

Json = dict[str, object]


def core_form(program: core.Program) -> Json:
    """The program; equal programs have equal forms, wherever they stand in their scripts."""
    return {
        "algorithm": program.name,
        "dimensions": list(program.dimensions),
        "inputs": [_input(one) for one in program.inputs],
        "parameters": [
            {"name": one.name, "default": _text(one.default), "count": one.is_count}
            for one in program.parameters
        ],
        "assumptions": [_assumption(one) for one in program.assumptions],
        "body": _body(program.body),
        "returns": [_return(one) for one in program.returns],
        "untils": [[one.parameter, to_text(one.tolerance)] for one in program.untils],
        "ensure": None if program.ensure is None else to_text(program.ensure.error),
        **({"sizes": dict(program.sizes)} if program.sizes else {}),
    }


def _text(scalar: Scalar | None) -> str | None:
    return None if scalar is None else to_text(scalar)


def _input(one: core.Input) -> Json:
    found: Json = {"name": one.name, "shape": _shape(one.shape), "symmetric": one.symmetric}
    return {**found, "fixed": True} if one.fixed else found


def _shape(shape: core.Shape) -> list[object]:
    """Rows and columns; for a token axis its groups beside it."""
    return [_axis(shape.rows, shape.row_groups), _axis(shape.columns, shape.column_groups)]


def _axis(axis: str, groups: tuple[str, ...]) -> object:
    return [axis, *groups] if axis == core.TOKEN else axis


def _assumption(one: core.Assumption) -> Json:
    match one:
        case core.SpectrumAssumption(kind=kind, of=of):
            ends = [to_text(end) for end in one.ends]
            return {"assume": kind.value, "of": _node(of), "ends": ends}
        case core.RangeAssumption(value=value, operator=operator):
            return {"assume": "range", "of": _node(value), "operator": _node(operator)}
        case core.NormAssumption(of=name, bound=bound):
            return {"assume": "norm", "of": name, "ends": [to_text(bound)]}
        case core.EntryAssumption(of=name, low=low, high=high):
            return {"assume": "entries", "of": name, "ends": [to_text(low), to_text(high)]}
        case core.SizeAssumption(axis=axis, bound=bound):
            return {"assume": "size", "of": axis, "ends": [to_text(bound)]}


def _body(body: tuple[core.Statement, ...]) -> list[Json]:
    return [_statement(one) for one in body]


def _statement(one: core.Statement) -> Json:
    if isinstance(one, core.Repeat):
        numbers = {s.name: [to_text(value) for value in s.values] for s in one.schedule}
        return {"repeat": to_text(one.count), "for": numbers, "body": _body(one.body)}
    found: Json = {"let": list(one.names), "be": [_node(value) for value in one.values]}
    return {**found, **_synthesis(one.synthesize)}


def _synthesis(synthesis: core.Synthesis | None) -> Json:
    return {} if synthesis is None else {"synthesize": _text(synthesis.tolerance)}


def _return(one: core.Return) -> Json:
    return {
        "name": one.name,
        "value": _node(one.value),
        "on": list(one.groups),
        "target": None if one.target is None else _node(one.target),
        **_synthesis(one.synthesize),
    }


def _node(node: core.Node) -> list[object]:
    shape = _shape(node.shape)
    match node:
        case core.Name(name=name):
            return ["name", shape, name]
        case core.Identity():
            return ["identity", shape]
        case core.Zero():
            return ["zero", shape]
        case core.Ones():
            return ["ones", shape]
        case core.Transpose(of=of):
            return ["transpose", shape, _node(of)]
        case core.Combination(terms=terms):
            return ["sum", shape, *([to_text(scalar), _node(term)] for scalar, term in terms)]
        case core.Product(factors=factors, over=over):
            return ["product", shape, list(over), *map(_node, factors)]
        case core.Function(function=name, of=of, exponent=exponent, formula=formula):
            power = None if exponent is None else str(exponent)
            text = None if formula is None else formula_text(formula)
            return ["function", shape, name, _node(of), power, text, node.label]
        case core.Entrywise(of=of, function=function):
            return ["entrywise", shape, node.site, node.label, _function(function), _node(of)]
        case core.Hadamard(left=left, right=right, tolerance=tolerance):
            parts = [_node(left), _node(right)]
            return ["entrywise product", shape, node.site, to_text(tolerance), *parts]
        case core.Attention(value=value, scores=scores):
            kind = [node.function, node.mask, to_json(node.normalised), list(node.over)]
            return ["attention", shape, *kind, _node(value), _node(scores)]
        case core.Root(name=name, equation=equation):
            return ["root", shape, name, _node(equation)]


def _function(function: core.PiecewiseLinear | core.Approximated) -> Json:
    if isinstance(function, core.Approximated):
        tolerance = to_text(function.tolerance)
        return {"formula": formula_text(function.formula), "within": tolerance}
    breakpoints = [[to_text(place), to_text(change)] for place, change in function.breakpoints]
    constant, slope = to_text(function.constant), to_text(function.slope)
    return {"constant": constant, "slope": slope, "kinks": breakpoints}
