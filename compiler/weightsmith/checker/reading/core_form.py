"""Reads the program of a certificate: the script's core form, and nothing else of a script.

Every list begins with its operation, every shape is given, scalars and formulas are texts.  What
is read is data for the checks that follow (``well_formed`` compares names and shapes): a form that
no script has is refused here or there, and means what it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from weightsmith.checker.reading.refusal import RefusedError, quoted, require
from weightsmith.checker.reading.scalar_text import read_scalar
from weightsmith.checker.reading.strict_json import (
    as_list,
    as_number,
    as_object,
    as_text,
    as_texts,
    read_mask,
    read_normalisation,
)
from weightsmith.dsl.numbers.scalars import Scalar
from weightsmith.dsl.program import core
from weightsmith.dsl.text.source import Source, Span

NOWHERE = Span(Source("the certificate's program", ""), 0, 0)
MAX_DEPTH = 200
_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*(?:[.#][A-Za-z_0-9]+)*", re.ASCII)
_AXIS = re.compile(r"[A-Za-z_][A-Za-z_0-9.]*|[0-9]{1,9}", re.ASCII)
KINDS = {kind.value: kind for kind in core.SpectrumKind}
PROGRAM = (
    "algorithm",
    "dimensions",
    "inputs",
    "parameters",
    "assumptions",
    "body",
    "returns",
    "untils",
    "ensure",
)


def read_core(value: object, what: str) -> core.Program:
    """The program.  Raises RefusedError."""
    parts = as_object(value, what, PROGRAM, ("sizes",))
    ensure = parts["ensure"]
    return core.Program(
        NOWHERE,
        _name(parts["algorithm"]),
        tuple(map(_axis_name, as_list(parts["dimensions"], "The dimensions"))),
        tuple(map(_input, as_list(parts["inputs"], "The inputs"))),
        tuple(map(_parameter, as_list(parts["parameters"], "The parameters"))),
        tuple(map(_assumption, as_list(parts["assumptions"], "The assumptions"))),
        _body(parts["body"], 0),
        tuple(map(_return, as_list(parts["returns"], "The returned values"))),
        tuple(map(_until, as_list(parts["untils"], "What is repeated until"))),
        None if ensure is None else core.Ensure(NOWHERE, _scalar(ensure)),
        _sizes(parts.get("sizes", {})),
    )


def _sizes(value: object) -> tuple[tuple[str, core.Group], ...]:
    require(isinstance(value, dict), "Numbers of tokens are an object.")
    given = value if isinstance(value, dict) else {}
    found = [(_name(name), as_text(group, "A group")) for name, group in given.items()]
    for _, group in found:
        require(group in core.GROUPS, f"{quoted(group)} is no group of tokens.")
    return tuple(found)


def _scalar(value: object) -> Scalar:
    return read_scalar(value, "A number of the program")


def _name(value: object) -> str:
    text = as_text(value, "A name of the program")
    require(_NAME.fullmatch(text) is not None, f"{quoted(text)} is not a name.")
    return text


def _axis_name(value: object) -> str:
    text = as_text(value, "A dimension")
    require(_AXIS.fullmatch(text) is not None, f"{quoted(text)} is not a dimension.")
    return text


def _truth(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise RefusedError(f"{what} is neither true nor false.")
    return value


# -- declarations -------------------------------------------------------------------------------


def _input(value: object) -> core.Input:
    parts = as_object(value, "An input", ("name", "shape", "symmetric"), ("fixed",))
    symmetric = _truth(parts["symmetric"], "'symmetric'")
    fixed = _truth(parts.get("fixed", False), "'fixed'")
    return core.Input(NOWHERE, _name(parts["name"]), _shape(parts["shape"]), symmetric, fixed)


def _parameter(value: object) -> core.Parameter:
    parts = as_object(value, "A parameter", ("name", "default", "count"))
    default = None if parts["default"] is None else _scalar(parts["default"])
    return core.Parameter(NOWHERE, _name(parts["name"]), default, _truth(parts["count"], "'count'"))


def _assumption(value: object) -> core.Assumption:
    kind = as_text(value.get("assume"), "'assume'") if isinstance(value, dict) else ""
    keys = ("assume", "of", "operator" if kind == "range" else "ends")
    parts = as_object(value, "An assumption", keys)
    if kind == "range":
        return core.RangeAssumption(NOWHERE, _node(parts["of"], 0), _node(parts["operator"], 0))
    ends = tuple(map(_scalar, as_list(parts["ends"], "The ends of an assumption")))
    require(len(ends) == _ends(kind) or (kind in KINDS and len(ends) == 4), "Ends are missing.")
    if kind in KINDS:
        gap = (ends[1], ends[2]) if len(ends) == 4 else None
        of = _node(parts["of"], 0)
        return core.SpectrumAssumption(NOWHERE, KINDS[kind], of, ends[0], ends[-1], gap)
    name = _axis_name(parts["of"])
    if kind == "norm":
        return core.NormAssumption(NOWHERE, name, ends[0])
    if kind == "entries":
        return core.EntryAssumption(NOWHERE, name, *ends)
    return core.SizeAssumption(NOWHERE, name, ends[0])


def _ends(kind: str) -> int:
    known = kind in ("norm", "size", "entries") or kind in KINDS
    require(known, f"The assumption {quoted(kind)} is not known.")
    return 1 if kind in ("norm", "size") else 2


def _until(value: object) -> core.Until:
    pair = as_list(value, "A count that is chosen")
    require(len(pair) == 2, "A count that is chosen has a name and a tolerance.")
    return core.Until(NOWHERE, _name(pair[0]), _scalar(pair[1]))


# -- statements ---------------------------------------------------------------------------------


def _body(value: object, depth: int) -> tuple[core.Statement, ...]:
    require(depth <= MAX_DEPTH, "The loops are nested too deeply.")
    return tuple(_statement(one, depth) for one in as_list(value, "A body"))


def _statement(value: object, depth: int) -> core.Statement:
    if isinstance(value, dict) and "repeat" in value:
        parts = as_object(value, "A loop", ("repeat", "for", "body"))
        body = _body(parts["body"], depth + 1)
        return core.Repeat(NOWHERE, _scalar(parts["repeat"]), body, _schedules(parts["for"]))
    parts = as_object(value, "An assignment", ("let", "be"), ("synthesize",))
    names = tuple(map(_name, as_list(parts["let"], "The names of an assignment")))
    values = tuple(_node(one, 0) for one in as_list(parts["be"], "The values of an assignment"))
    require(len(names) == len(values) > 0, "An assignment has as many names as values.")
    return core.Assign(NOWHERE, names, values, _synthesis(parts))


def _schedules(value: object) -> tuple[core.Schedule, ...]:
    if not isinstance(value, dict):
        raise RefusedError("The numbers of a loop are not an object.")
    return tuple(
        core.Schedule(_name(name), tuple(map(_scalar, as_list(numbers, "The numbers of a loop"))))
        for name, numbers in value.items()
    )


def _synthesis(parts: Mapping[str, object]) -> core.Synthesis | None:
    if "synthesize" not in parts:
        return None
    tolerance = parts["synthesize"]
    return core.Synthesis(None if tolerance is None else _scalar(tolerance))


def _return(value: object) -> core.Return:
    parts = as_object(value, "A returned value", ("name", "value", "on", "target"), ("synthesize",))
    target = None if parts["target"] is None else _node(parts["target"], 0)
    groups = _groups(parts["on"])
    name, returned = _name(parts["name"]), _node(parts["value"], 0)
    return core.Return(NOWHERE, name, returned, groups, target, _synthesis(parts))


def _groups(value: object) -> tuple[str, ...]:
    groups = as_texts(value, "Groups of tokens")
    known = set(groups) <= set(core.GROUPS) and len(set(groups)) == len(groups)
    require(known, f"Groups of tokens are {', '.join(core.GROUPS)}, each once.")
    return groups


# -- expressions --------------------------------------------------------------------------------


def _shape(value: object) -> core.Shape:
    axes = as_list(value, "A shape")
    require(len(axes) == 2, "A shape has rows and columns.")
    (rows, row_groups), (columns, column_groups) = map(_axis, axes)
    return core.Shape(rows, columns, row_groups, column_groups)


def _axis(value: object) -> tuple[str, tuple[str, ...]]:
    if not isinstance(value, list):
        name = _axis_name(value)
        require(name != core.TOKEN, "A token axis is a list, with its groups.")
        return name, ()
    require(bool(value) and value[0] == core.TOKEN, "Only a token axis has groups.")
    return core.TOKEN, _groups(value[1:])


def _node(value: object, depth: int) -> core.Node:
    require(depth <= MAX_DEPTH, "An expression is nested too deeply.")
    parts = as_list(value, "An expression")
    require(len(parts) >= 2, "An expression has an operation and a shape.")
    read = _READERS.get(parts[0]) if isinstance(parts[0], str) else None
    if read is None:
        raise RefusedError(f"The operation {quoted(parts[0])} is not known.")
    count, of = read
    rest = parts[2:]
    fits = len(rest) >= -count if count < 0 else len(rest) == count
    require(fits, f"The operation {quoted(parts[0])} has too few parts, or too many.")
    return of(_shape(parts[1]), rest, depth + 1)


def _combination(shape: core.Shape, parts: list[object], depth: int) -> core.Node:
    terms = []
    for part in parts:
        pair = as_list(part, "A term")
        require(len(pair) == 2, "A term is a number and an expression.")
        terms.append((_scalar(pair[0]), _node(pair[1], depth)))
    return core.Combination(NOWHERE, shape, tuple(terms))


def _product(shape: core.Shape, parts: list[object], depth: int) -> core.Node:
    factors = tuple(_node(part, depth) for part in parts[1:])
    return core.Product(NOWHERE, shape, factors, _groups(parts[0]))


def _function(shape: core.Shape, parts: list[object], depth: int) -> core.Node:
    name, of, power, formula, label = parts
    exponent: Fraction | None = None if power is None else as_number(power, "An exponent")
    read = None
    if formula is not None:
        from weightsmith.dsl.numbers.formulas import parse_formula  # loaded only where it is used

        read = _parsed(parse_formula, formula)
    label = as_text(label, "A label")
    return core.Function(NOWHERE, shape, _name(name), _node(of, depth), exponent, read, label)


def _entrywise(shape: core.Shape, parts: list[object], depth: int) -> core.Node:
    site, label, function, of = parts
    names = as_text(label, "A label"), as_text(site, "A site")
    found = _function_of_entries(function)
    return core.Entrywise(NOWHERE, shape, names[0], found, _node(of, depth), names[1])


def _function_of_entries(value: object) -> core.PiecewiseLinear | core.Approximated:
    if isinstance(value, dict) and "formula" in value:
        from weightsmith.dsl.numbers.formulas import parse_formula

        parts = as_object(value, "A function", ("formula", "within"))
        return core.Approximated(_parsed(parse_formula, parts["formula"]), _scalar(parts["within"]))
    parts = as_object(value, "A function", ("constant", "slope", "kinks"))
    breakpoints = []
    for item in as_list(parts["kinks"], "The breakpoints"):
        pair = as_list(item, "A breakpoint")
        require(len(pair) == 2, "A breakpoint is a place and a change of slope.")
        breakpoints.append((_scalar(pair[0]), _scalar(pair[1])))
    return core.PiecewiseLinear(
        _scalar(parts["constant"]), _scalar(parts["slope"]), tuple(breakpoints)
    )


def _parsed(parse: Callable[[str], object], value: object):  # type: ignore[no-untyped-def]
    text = as_text(value, "A formula")
    try:
        return parse(text)
    except Exception as problem:
        raise RefusedError(f"{quoted(text)} is not a formula ({type(problem).__name__}).") from None


def _hadamard(shape: core.Shape, parts: list[object], depth: int) -> core.Node:
    site, tolerance, left, right = parts
    one, two = _node(left, depth), _node(right, depth)
    site = as_text(site, "A site")
    return core.Hadamard(NOWHERE, shape, one, two, _scalar(tolerance), site)


def _attention(shape: core.Shape, parts: list[object], depth: int) -> core.Node:
    function, mask, normalised, over, value, scores = parts
    kind = read_mask(mask, "Scores"), read_normalisation(normalised, "What divides scores")
    sides = _node(value, depth), _node(scores, depth)
    return core.Attention(
        NOWHERE, shape, *sides, as_text(function, "A function"), *kind, _groups(over)
    )


Reader = Callable[[core.Shape, list[object], int], core.Node]
_READERS: Mapping[str, tuple[int, Reader]] = {  # how many parts there are; −n: at least n
    "name": (1, lambda shape, parts, _: core.Name(NOWHERE, shape, _name(parts[0]))),
    "identity": (0, lambda shape, _, __: core.Identity(NOWHERE, shape)),
    "zero": (0, lambda shape, _, __: core.Zero(NOWHERE, shape)),
    "ones": (0, lambda shape, _, __: core.Ones(NOWHERE, shape)),
    "transpose": (
        1,
        lambda shape, parts, depth: core.Transpose(NOWHERE, shape, _node(parts[0], depth)),
    ),
    "sum": (-1, _combination),
    "product": (-2, _product),
    "function": (5, _function),
    "entrywise": (4, _entrywise),
    "entrywise product": (4, _hadamard),
    "attention": (6, _attention),
    "root": (
        2,
        lambda shape, parts, depth: core.Root(
            NOWHERE, shape, _name(parts[0]), _node(parts[1], depth)
        ),
    ),
}
