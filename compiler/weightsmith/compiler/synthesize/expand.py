"""``synthesize TARGET within TOL`` written out: a script in the language, as text.

    target, spectrum, tolerance → family and depth (``choose``) → statements → text → program

The script is read again by the front end: what is compiled and certified is the text alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from itertools import count
from typing import TypeVar

from weightsmith.compiler.numbers.rounded_text import text_above, text_below
from weightsmith.compiler.synthesize.choose import Choice
from weightsmith.compiler.synthesize.grouped import grouped
from weightsmith.compiler.synthesize.plans.script import Plan, choose_names, named, side_by_side
from weightsmith.compiler.synthesize.preference import FEWEST_LAYERS, Preference
from weightsmith.compiler.synthesize.requests.numeric import Numbers
from weightsmith.compiler.synthesize.requests.request import Asked, Request, asked_of, read_request
from weightsmith.dsl import check, program_text
from weightsmith.dsl.numbers.scalars import Number
from weightsmith.dsl.printing.printer import node_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import assigned_names, nodes_in, nodes_of
from weightsmith.dsl.program.scope import RESERVED
from weightsmith.dsl.text.diagnostics import mistake
from weightsmith.dsl.text.source import Source


@dataclass(frozen=True)
class Synthesized:
    """The script, its program, its bindings, and what is known of the steps beforehand.

    ``layers`` are those of the steps alone.  ``predicted_error`` is that of the worst result,
    relative or absolute as its note says; no network of linear attention does it in fewer layers
    than ``lower_bound_layers``.
    """

    text: str
    program: core.Program
    bindings: dict[str, Fraction]
    layers: int
    predicted_error: Fraction
    lower_bound_layers: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Part:
    """Some returns that one plan serves, and the names of their results."""

    requests: tuple[Request, ...]
    choice: Choice
    names: Mapping[str, str]

    @property
    def error(self) -> Fraction:
        """The predicted error of the worst of its returns."""
        return self.choice.plan.error * max(one.factor for one in self.requests)


def expand(
    program: core.Program,
    bindings: Mapping[str, Fraction],
    *,
    dtype: str = "float64",
    preference: Preference = FEWEST_LAYERS,
    tolerances: Mapping[int, Fraction] | None = None,
) -> Synthesized:
    """Write a program with the steps of everything that it is to synthesise, as a script.

    All steps stand together, side by side, at the place of the first of them: they depend on the
    inputs alone.  ``tolerances`` are those of the positions where the script gives none.
    ``preference``: what the steps are to save.

    Raises DiagnosticError where no assumption bounds the spectrum, where a pole lies in it, and
    where the dtype does not carry the tolerance.
    """
    plain, bindings = in_numbers(program, bindings)
    requests = [read_request(one, _tolerance(one, tolerances or {})) for one in asked_of(plain)]
    taken = _taken(plain)
    parts = []
    for group in grouped(requests, plain, dtype, preference=preference):
        choice = group.choice()
        parts.append(_Part(group.requests, choice, choose_names(choice.plan, taken)))
    text = _text(plain, parts)
    found = _with_places(check(Source(f"{program.name} (synthesised)", text)), plain)
    layers = max(one.choice.plan.layers for one in parts)
    layers += max(one.extra_layers for one in requests)
    return Synthesized(
        text,
        found,
        bindings,
        layers,
        max(one.error for one in parts),
        max(one.choice.lower_bound.layers for one in parts),
        tuple(_note(one) for one in parts),
    )


def _with_places(written: core.Program, given: core.Program) -> core.Program:
    """What messages point at stands in the script as it was given."""
    ensure = written.ensure
    if ensure is not None and given.ensure is not None:
        ensure = replace(ensure, span=given.ensure.span)
    returns = zip(written.returns, given.returns, strict=True)
    untils = zip(written.untils, given.untils, strict=True)
    return replace(
        written,
        span=given.span,
        returns=tuple(replace(one, span=other.span) for one, other in returns),
        untils=tuple(replace(one, span=other.span) for one, other in untils),
        ensure=ensure,
    )


def in_numbers(
    program: core.Program, bindings: Mapping[str, Fraction]
) -> tuple[core.Program, dict[str, Fraction]]:
    """The program with numbers for the parameters that have one, and what is left of these.

    Left are the passes of ``repeat until``, which may have been set by hand.
    """
    untils = {one.parameter for one in program.untils}
    left = {name: value for name, value in bindings.items() if name in untils}
    numbers = Numbers(program, {n: v for n, v in bindings.items() if n not in untils})
    plain = replace(
        program,
        parameters=numbers.parameters(),
        assumptions=tuple(numbers.assumption(one) for one in program.assumptions),
        body=tuple(_with_tolerance(one, numbers) for one in numbers.statements(program.body)),
        returns=tuple(_with_tolerance(numbers.returned(one), numbers) for one in program.returns),
        untils=tuple(replace(o, tolerance=numbers.known(o.tolerance)) for o in program.untils),
        ensure=numbers.ensure(program.ensure),
    )
    return plain, left


S = TypeVar("S", core.Assign, core.Repeat, core.Return, core.Assign | core.Repeat)


def _with_tolerance(one: S, numbers: Numbers) -> S:
    if isinstance(one, core.Repeat) or one.synthesize is None or one.synthesize.tolerance is None:
        return one
    tolerance = numbers.value(one.synthesize.tolerance, one.span)
    if not 0 < tolerance < 1:
        message = f"the tolerance must lie between 0 and 1, got {tolerance}"
        raise mistake("tolerance", one.span, message, "write: within 1e-6")
    return replace(one, synthesize=core.Synthesis(Number(tolerance)))


def _tolerance(asked: Asked, tolerances: Mapping[int, Fraction]) -> Fraction:
    found = tolerances.get(asked.position) if asked.tolerance is None else asked.tolerance
    if found is None:
        message = "nothing says how near the network must come to this target"
        raise mistake("tolerance", asked.span, message, "write: within 1e-6")
    return found


def _taken(program: core.Program) -> set[str]:
    names = {one.name for one in program.inputs} | {*program.dimensions, *program.symbols}
    names |= {one.name for one in program.returns} | assigned_names(program.body)
    nodes = [*nodes_in(program.body), *(n for r in program.returns for n in nodes_of(r.value))]
    names |= {n.label for n in nodes if isinstance(n, core.Function | core.Entrywise)}
    return {part for name in names for part in (name, name.partition(".")[0])} | set(RESERVED)


def _text(program: core.Program, parts: list[_Part]) -> str:
    values = {
        request.position: request.with_result(named(result, part.names), part.choice.absorbs_left)
        for part in parts
        for request, result in zip(part.requests, part.choice.results, strict=True)
    }
    positions = count()
    body = tuple(
        replace(one, values=(values[next(positions)],), synthesize=None)
        if isinstance(one, core.Assign) and one.synthesize is not None
        else one
        for one in program.body
    )
    returns = tuple(
        one
        if one.synthesize is None
        else _named(replace(one, value=values[next(positions)], synthesize=None))
        for one in program.returns
    )
    head, _, rest = program_text(replace(program, body=body, returns=returns)).partition("\n\n")
    lines = rest.rstrip("\n").split("\n")
    first = _lines_before(program.body)
    # the intervals of tables are not derived through 'for' loops
    written_out = _has_tables((program.body, program.returns))
    plans = [(part.choice.plan, part.names) for part in parts]
    steps = side_by_side(plans, written_out=written_out)
    comments = [f"# {line}" for part in parts for line in _comments(part)]
    return "\n".join([*comments, head, "", *lines[:first], *steps, *lines[first:]]) + "\n"


def _named(returned: core.Return) -> core.Return:
    """A variable that is returned by itself gives the returned value its name."""
    value = returned.value
    return replace(returned, name=value.name) if isinstance(value, core.Name) else returned


def _has_tables(part: object) -> bool:
    """Is there a function or product of entries that a table stands for?"""
    if isinstance(part, tuple):
        return any(map(_has_tables, part))
    if isinstance(part, core.Hadamard | core.Approximated):
        return True
    return is_dataclass(part) and any(_has_tables(getattr(part, f.name)) for f in fields(part))


def _lines_before(body: tuple[core.Statement, ...]) -> int:
    """How many printed lines stand before the first ``synthesize``."""
    lines = 0
    for one in body:
        if isinstance(one, core.Repeat):
            lines += 1 + _lines_before(one.body)
        elif one.synthesize is not None:
            break
        else:
            lines += 1
    return lines


def _comments(part: _Part) -> list[str]:
    passes = part.choice.plan.passes
    wanted = "" if passes is None else f"in {passes} pass" if passes == 1 else f"in {passes} passes"
    targets = ", ".join(
        f"{node_text(one.target)} {wanted or f'within {text_above(one.tolerance)}'}"
        for one in part.requests
    )
    return [f"Synthesised: {targets}.", *_note(part).split("\n")]


def _note(part: _Part) -> str:
    plan: Plan = part.choice.plan
    kind = "absolute" if plan.absolute else "relative"
    layers = plan.layers + max(one.extra_layers for one in part.requests)
    text = f"{plan.family}: {_count(layers)}, predicted error {text_above(part.error)} ({kind})."
    least = part.choice.lower_bound
    if least.layers:
        text += f"\nNo linear-attention network does it in fewer than {_count(least.layers)}"
        reached = least.error(layers) * max(one.factor for one in part.requests)
        if reached:
            text += f"; in {_count(layers)} none has an error below {text_below(reached)}"
        text += "."
    return text


def _count(layers: int) -> str:
    return f"{layers} layer" if layers == 1 else f"{layers} layers"
