"""Core programs by hand, with functions of entries: what the front end would make of a script."""

from __future__ import annotations

from weightsmith.dsl import Source, Span, parse_scalar
from weightsmith.dsl.numbers.formulas import Formula
from weightsmith.dsl.numbers.scalars import ONE
from weightsmith.dsl.program import core

SPAN = Span(Source("by hand", ""), 0, 0)
BOTH = ("context", "query")


def axis(text: str) -> tuple[str, tuple[str, ...]]:
    """``d``, or ``token:context,query``."""
    name, _, groups = text.partition(":")
    return name, tuple(groups.split(",")) if groups else ()


def shape(rows: str, columns: str) -> core.Shape:
    (r, row_groups), (c, column_groups) = axis(rows), axis(columns)
    return core.Shape(r, c, row_groups, column_groups)


def name(text: str, rows: str, columns: str) -> core.Name:
    return core.Name(SPAN, shape(rows, columns), text)


def ones(rows: str, columns: str) -> core.Ones:
    return core.Ones(SPAN, shape(rows, columns))


def zero(rows: str, columns: str) -> core.Zero:
    return core.Zero(SPAN, shape(rows, columns))


def turn(node: core.Node) -> core.Transpose:
    s = node.shape
    turned = core.Shape(s.columns, s.rows, s.column_groups, s.row_groups)
    return core.Transpose(SPAN, turned, node)


def total(*terms: tuple[str, core.Node] | core.Node) -> core.Combination:
    pairs = tuple(
        (parse_scalar(term[0]), term[1]) if isinstance(term, tuple) else (ONE, term)
        for term in terms
    )
    return core.Combination(SPAN, pairs[0][1].shape, pairs)


def times(*factors: core.Node, over: tuple[str, ...] = ()) -> core.Product:
    first, last = factors[0].shape, factors[-1].shape
    outer = core.Shape(first.rows, last.columns, first.row_groups, last.column_groups)
    return core.Product(SPAN, outer, factors, over)


def piecewise(
    label: str,
    of: core.Node,
    constant: str,
    slope: str,
    *breakpoints: tuple[str, str],
    site: str = "1",
) -> core.Entrywise:
    function = core.PiecewiseLinear(
        parse_scalar(constant),
        parse_scalar(slope),
        tuple((parse_scalar(place), parse_scalar(change)) for place, change in breakpoints),
    )
    return core.Entrywise(SPAN, of.shape, label, function, of, site)


def relu(of: core.Node, site: str = "1") -> core.Entrywise:
    return piecewise("relu", of, "0", "0", ("0", "1"), site=site)


def approximated(label: str, formula: Formula, of: core.Node, site: str = "1") -> core.Entrywise:
    function = core.Approximated(formula, parse_scalar("1/1000"))
    return core.Entrywise(SPAN, of.shape, label, function, of, site)


def entrywise(left: core.Node, right: core.Node, site: str = "1") -> core.Hadamard:
    return core.Hadamard(SPAN, left.shape, left, right, parse_scalar("1/1000"), site)


def assign(text: str, node: core.Node) -> core.Assign:
    return core.Assign(SPAN, (text,), (node,))


def repeat(count: str, *body: core.Statement) -> core.Repeat:
    return core.Repeat(SPAN, parse_scalar(count), body)


def given(text: str, rows: str, columns: str, *, symmetric: bool = False) -> core.Input:
    return core.Input(SPAN, text, shape(rows, columns), symmetric)


def program(
    *body: core.Statement,
    inputs: tuple[core.Input, ...],
    returns: core.Node,
    groups: tuple[str, ...] = (),
    parameters: tuple[str, ...] = (),
    counts: tuple[str, ...] = (),
) -> core.Program:
    axes = [end for one in inputs for end in (one.shape.rows, one.shape.columns)]
    return core.Program(
        span=SPAN,
        name="by_hand",
        dimensions=tuple(dict.fromkeys(a for a in axes if a != core.TOKEN and not a.isdigit())),
        inputs=inputs,
        parameters=tuple(
            core.Parameter(SPAN, one, None, one in counts) for one in (*parameters, *counts)
        ),
        assumptions=(),
        body=body,
        returns=(core.Return(SPAN, "output", returns, groups, None),),
    )
