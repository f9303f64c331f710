"""A network and a script side by side, as polynomials in the same letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain

from weightsmith.checker.algebra.rational import Field
from weightsmith.checker.networks.network import Network
from weightsmith.checker.reading.refusal import Budget
from weightsmith.checker.reading.template import Item, Repeat, Template
from weightsmith.checker.semantics.meaning import Meaning, read_meaning
from weightsmith.checker.semantics.schedules import scheduled_names
from weightsmith.dsl.numbers.scalars import Scalar, free_symbols
from weightsmith.dsl.program import core
from weightsmith.dsl.text.codes import Code


class MismatchError(ValueError):
    """The two cannot be compared; the message is a sentence that says what to write."""

    code: Code = "comparison"


@dataclass(frozen=True, slots=True)
class Sides:
    """``program`` has the template's further symbols as parameters; names agree.

    ``outputs``: of each value that is compared the name in the network and in the script, in the
    script's order.
    """

    program: core.Program
    template: Template
    field: Field
    meaning: Meaning
    network: Network
    outputs: tuple[tuple[str, str], ...]


def side_by_side(
    program: core.Program,
    template: Template,
    names: Mapping[str, str],
    bindings: Mapping[str, Fraction],
) -> Sides:
    """Bring both under the same names; ``names`` maps values of the network to those of the script.

    Raises MismatchError, RefusedError.
    """
    _check_inputs(program, template)
    program, template, outputs = _same_names(program, template, names)
    program = _with_symbols(program, template)
    template = replace(template, bindings=dict(bindings), sizes=_sizes(program, template))
    scheduled = scheduled_names(program)
    symbols = (name for name in program.symbols if name not in scheduled)
    field = Field(symbols, tuple(sorted(scheduled)), Budget(), bindings, template.sizes, heads=True)
    meaning = read_meaning(program, field, {})
    network = Network(template, program, meaning)
    return Sides(program, template, field, meaning, network, outputs)


def _sizes(program: core.Program, template: Template) -> dict[str, str]:
    """The symbols that are a number of tokens, in the network, in the script, or in both."""
    sizes = {**template.sizes, **dict(program.sizes)}
    for name, group in template.sizes.items():
        if sizes[name] != group:
            raise MismatchError(
                f"'{name}' is the number of {group} tokens in the network, and of {sizes[name]} "
                "tokens in the script: give one of them another name."
            )
    return sizes


def _check_inputs(program: core.Program, template: Template) -> None:
    """The network reads inputs of the script, of the same shapes, and has the numbers of none."""
    declared = {one.name: one.shape for one in program.inputs}
    for name in (one.name for one in program.inputs if not one.fixed):
        if name in template.matrices and template.matrices[name].entries is not None:
            raise MismatchError(
                f"'{name}' is a matrix of numbers in the network and any input in the script: "
                f"write '{name}: fixed[…]' there, or leave the numbers out in the network."
            )
    for source in template.sources:
        if source.kind not in ("input", "transposed"):
            continue
        shape = declared.get(source.of)
        if shape is None:
            raise MismatchError(
                f"The network reads the input '{source.of}', the script {_listed([*declared])}: "
                "inputs have the same names in both."
            )
        rows = shape.columns if source.kind == "transposed" else shape.rows
        if rows != source.rows:
            raise MismatchError(
                f"The input '{source.of}' has {source.rows} rows in the network, {rows} in the "
                "script: dimensions have the same names in both."
            )


def _same_names(
    program: core.Program, template: Template, names: Mapping[str, str]
) -> tuple[core.Program, Template, tuple[tuple[str, str], ...]]:
    returned = [one.name for one in program.returns]
    outputs = [one.name for one in template.read_out]
    turned = {two: one for one, two in names.items()}
    if not _name(names, outputs, returned) and _name(turned, outputs, returned):
        names = turned  # the other way round
    if len({*names.values()}) < len(names):
        raise MismatchError("Two values of the network are named as one of the script.")
    for name, wanted in names.items():
        if name not in outputs:
            raise MismatchError(f"The network returns no '{name}'; it returns {_listed(outputs)}.")
        if wanted not in returned:
            raise MismatchError(
                f"The script returns no '{wanted}'; it returns {_listed(returned)}."
            )
    if not names and len(returned) == len(outputs) == 1:
        names = {outputs[0]: returned[0]}
    both = {one: one for one in outputs if one not in names.values()} | dict(names)
    found = [one for one in returned if one in both.values()]
    if not found or (not names and set(found) != set(returned)):
        raise MismatchError(
            f"The network returns {_listed(outputs)}, the script {_listed(returned)}: say which "
            f"is which, for example --return {outputs[0]}={returned[0]}, in Python "
            f'returns={{"{outputs[0]}": "{returned[0]}"}}.'
        )
    read_out = {
        both[one.name]: replace(one, name=both[one.name])
        for one in template.read_out
        if one.name in both
    }
    template = replace(
        template, algorithm=program.name, read_out=tuple(read_out[name] for name in found)
    )
    returns = tuple(one for one in program.returns if one.name in found)
    own = {wanted: name for name, wanted in both.items()}
    return replace(program, returns=returns), template, tuple((own[one], one) for one in found)


def _name(names: Mapping[str, str], outputs: list[str], returned: list[str]) -> bool:
    return all(one in outputs and two in returned for one, two in names.items())


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "nothing"


def _with_symbols(program: core.Program, template: Template) -> core.Program:
    """The script with the symbols that only the network has; a proof holds for all their values."""
    scheduled = {name for one in _repeats(template.body) for name in one.schedule}
    used = {*template.sizes, *symbols_of(template)} - scheduled
    more = sorted(used - set(program.symbols))
    parameters = (core.Parameter(program.span, name, None, False) for name in more)
    return replace(program, parameters=(*program.parameters, *parameters))


def _repeats(items: tuple[Item, ...]) -> list[Repeat]:
    found: list[Repeat] = []
    for item in items:
        if isinstance(item, Repeat):
            found += [item, *_repeats(item.body)]
    return found


def symbols_of(template: Template) -> frozenset[str]:
    """The symbols of a template's coefficients and counts."""
    terms = [*template.read_in.values(), *(one.terms for one in template.read_out)]
    scalars: list[Scalar] = [scalar for one in terms for _, scalar in one]
    scalars += chain.from_iterable(map(_scalars, template.body))
    return frozenset().union(*map(free_symbols, scalars))


def counts_of(template: Template) -> frozenset[str]:
    """The symbols that say how often a network's loops run."""
    return frozenset().union(*(free_symbols(one.count) for one in _repeats(template.body)))


def _scalars(item: Item) -> list[Scalar]:
    if isinstance(item, Repeat):
        values = chain.from_iterable(item.schedule.values())
        return [item.count, *values, *chain.from_iterable(map(_scalars, item.body))]
    found: list[Scalar] = []
    for head in item.heads:
        for terms in (*head.keys, *head.queries, *head.values):
            found += [scalar for _, scalar in terms]
        found += [scalar for _, _, scalar in head.outputs]
    if item.mlp is not None:
        for unit in item.mlp.hidden:
            found += [unit.bias, unit.gate_bias]
            found += [scalar for _, scalar in (*unit.terms, *unit.gate)]
        found += [scalar for _, _, scalar in item.mlp.outputs]
        found += [scalar for _, scalar in item.mlp.bias]
    return found


def most_passes(item: Repeat, wanted: int) -> int:
    """So many passes, or as many as the loop has numbers for."""
    rows = [len(row) for row in item.schedule.values()]
    return min(wanted, *rows) if rows else wanted
