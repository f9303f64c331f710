"""``return synthesize TARGET within TOL`` written out: a script in the language, as text.

    target, spectrum, tolerance → family and depth (``choose``) → statements → text → program

The script is read again by the front end: what is compiled and certified is the text alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from weightsmith.compiler.synthesize.choose import (
    Choice,
    RefusedError,
    Wanted,
    choose,
    choose_inverses,
    is_definite_inverse,
)
from weightsmith.compiler.synthesize.lower_bound import NOTHING
from weightsmith.compiler.synthesize.numbers import shown
from weightsmith.compiler.synthesize.numeric import Numbers
from weightsmith.compiler.synthesize.request import Request, read_request
from weightsmith.compiler.synthesize.script import Plan, choose_names, named, side_by_side
from weightsmith.compiler.synthesize.spectrum import Spectrum, spectrum_of
from weightsmith.dsl import check, core, program_text
from weightsmith.dsl.core import SpectrumKind
from weightsmith.dsl.diagnostics import DiagnosticError, error
from weightsmith.dsl.printer import node_text
from weightsmith.dsl.scope import RESERVED
from weightsmith.dsl.source import Source

LOOSEST = Fraction(1, 2)  # of a tolerance that a small factor makes larger


@dataclass(frozen=True)
class Synthesized:
    """The script, its program, its attention layers, and what is known of them beforehand.

    ``predicted_error`` is that of the worst result, relative or absolute as its note says; no
    network of linear attention needs fewer than ``lower_bound_layers``.
    """

    text: str
    program: core.Program
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
    program: core.Program, bindings: Mapping[str, Fraction], *, dtype: str = "float64"
) -> Synthesized:
    """Write a program whose returns are all ``synthesize`` as an ordinary script.

    Raises DiagnosticError where no assumption bounds the spectrum, where a pole lies in it, and
    where the dtype does not carry the tolerance.
    """
    plain = _in_numbers(program, Numbers(program, bindings))
    requests = [read_request(one, plain) for one in plain.returns]
    taken = _taken(plain)
    parts = [
        _Part(group, choice, choose_names(choice.plan, taken))
        for group, choice in _choices(requests, plain, dtype)
    ]
    text = _text(plain, parts)
    found = check(Source(f"{program.name} (synthesised)", text))
    layers = max(one.choice.plan.layers for one in parts)
    layers += max(one.extra_layers for one in requests)
    return Synthesized(
        text,
        found,
        layers,
        max(one.error for one in parts),
        max(one.choice.lower_bound.layers for one in parts),
        tuple(_note(one) for one in parts),
    )


def _in_numbers(program: core.Program, numbers: Numbers) -> core.Program:
    for statement in program.body:
        if isinstance(statement, core.Repeat):
            message = "an algorithm that synthesises its result has no loops of its own"
            hint = "put the loop into an algorithm of its own, or write the target of the whole"
            raise DiagnosticError([error(statement.span, message, hint)])
    returns = []
    for one in program.returns:
        if one.synthesize is None:
            message = "either all results are synthesised or none"
            raise DiagnosticError([error(one.span, message, "write 'synthesize' before each")])
        tolerance = numbers.value(one.synthesize, one.span)
        if not 0 < tolerance < 1:
            message = f"the tolerance must lie between 0 and 1, got {tolerance}"
            raise DiagnosticError([error(one.span, message, "write: within 1e-6")])
        target = numbers.node(one.target or one.value)
        returns.append(replace(one, value=target, target=target))
    return replace(
        program,
        parameters=(),
        assumptions=tuple(numbers.assumption(one) for one in program.assumptions),
        body=(),
        returns=tuple(returns),
        ensure=numbers.ensure(program.ensure),
    )


def _choices(
    requests: list[Request], program: core.Program, dtype: str
) -> list[tuple[tuple[Request, ...], Choice]]:
    """One plan for all inverses of definite operators, and one for every other function."""
    wanted = [_wanted(one, program, dtype) for one in requests]
    together = [k for k, one in enumerate(wanted) if is_definite_inverse(one)]
    groups = [together] if together else []
    for k, one in enumerate(wanted):
        if k in together:
            continue
        same = next((g for g in groups if g != together and _is_same(wanted[g[0]], one)), None)
        if same is None:
            groups.append([k])
        else:
            same.append(k)
    found = []
    for group in groups:
        first = requests[group[0]]
        try:
            if group == together:
                choice = choose_inverses([wanted[k] for k in group])
            else:
                least = min((wanted[k] for k in group), key=lambda one: one.tolerance)
                choice = choose(least)
                choice = replace(choice, results=choice.results * len(group))
        except RefusedError as reason:
            raise DiagnosticError([error(first.span, str(reason), reason.hint)]) from None
        asked = tuple(requests[k] for k in group)
        if not all(one.is_bounded for one in asked):
            choice = replace(choice, lower_bound=NOTHING)
        found.append((asked, choice))
    return found


def _is_same(one: Wanted, other: Wanted) -> bool:
    return (one.function.function, one.function.exponent, one.function.formula, one.operator) == (
        other.function.function,
        other.function.exponent,
        other.function.formula,
        other.operator,
    )


def _wanted(request: Request, program: core.Program, dtype: str) -> Wanted:
    spectrum = spectrum_of(request.function.of, program)
    if spectrum is None:
        what = node_text(request.function.of)
        message = f"no assumption bounds the spectrum of {what}"
        hint = f"write: assume spectrum({what}) in [mu, L]"
        raise DiagnosticError([error(request.span, message, hint)])
    _refuse_kernel(request, spectrum, program)
    left = "I" if request.left is None else request.left_text
    return Wanted(
        request.function,
        request.operator_text,
        spectrum,
        min(request.tolerance / request.factor, max(request.tolerance, LOOSEST)),
        left,
        request.degrees,
        dtype,
    )


def _refuse_kernel(request: Request, spectrum: Spectrum, program: core.Program) -> None:
    """Where 0 may be an eigenvalue the steps are far from the target there: data must avoid it."""
    if spectrum.kind is not SpectrumKind.NONZERO_SPECTRUM:
        return
    if any(isinstance(one, core.RangeAssumption) for one in program.assumptions):
        return
    what = node_text(request.function.of)
    message = f"{what} may have the eigenvalue 0, and nothing says that the data keeps away from it"
    hint = f"write: assume b in range({what}), for the b of {request.function.function}({what})*b"
    if request.function.function in ("pinv", "sign"):
        hint += f"; or in place of nonzero_spectrum: assume singular_values({what}) in [low, high]"
    raise DiagnosticError([error(request.span, message, hint)])


def _taken(program: core.Program) -> set[str]:
    names = {one.name for one in program.inputs} | set(program.dimensions)
    names |= {one.name for one in program.returns}
    return names | set(RESERVED)


def _text(program: core.Program, parts: list[_Part]) -> str:
    results = {
        request.position: named(result, part.names)
        for part in parts
        for request, result in zip(part.requests, part.choice.results, strict=True)
    }
    values = {
        one.position: one.with_result(results[one.position], part.choice.absorbs_left)
        for part in parts
        for one in part.requests
    }
    returns = tuple(
        replace(one, value=values[k], synthesize=None) for k, one in enumerate(program.returns)
    )
    head, _, tail = program_text(replace(program, returns=returns)).rstrip("\n").rpartition("\n")
    lines = [f"# {line}" for part in parts for line in _comments(part, program)]
    lines += [head.rstrip("\n"), ""]
    lines += side_by_side([(part.choice.plan, part.names) for part in parts])
    return "\n".join([*lines, tail]) + "\n"


def _comments(part: _Part, program: core.Program) -> list[str]:
    targets = ", ".join(
        f"{node_text(program.returns[one.position].value)} within {shown(one.tolerance)}"
        for one in part.requests
    )
    return [f"Synthesised: {targets}.", *_note(part).split("\n")]


def _note(part: _Part) -> str:
    plan: Plan = part.choice.plan
    kind = "absolute" if plan.absolute else "relative"
    text = f"{plan.family}: {_count(plan.layers)}, predicted error {shown(part.error)} ({kind})."
    least = part.choice.lower_bound
    if least.layers:
        text += f"\nNo linear-attention network does it in fewer than {_count(least.layers)}"
        reached = least.error(plan.layers) * max(one.factor for one in part.requests)
        if reached:
            text += f"; in {_count(plan.layers)} none has an error below {shown(reached)}"
        text += "."
    return text


def _count(layers: int) -> str:
    return f"{layers} layer" if layers == 1 else f"{layers} layers"
