"""A script and a network that are equal, made one: the script is written for this network.

Names of returned values, parameters that only the network has, numbers of tokens and fixed matrices
become those of both.  Where that changes nothing the text of the script stays as it is, else it is
printed anew; what the text says is then read again, so that the certificate is about the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from weightsmith.compiler.against.sides import MismatchError, Sides
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl import DiagnosticError, Source, check
from weightsmith.dsl.numbers.scalars import free_symbols
from weightsmith.dsl.printing.core_form import core_form
from weightsmith.dsl.printing.printer import program_text
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import scalars_of_program

Numbers = Mapping[str, Fraction]
NAME = "script.alg"


@dataclass(frozen=True, slots=True)
class Adapted:
    """The text, the program that it says, and the template under the program's names."""

    text: str
    program: core.Program
    template: Template


def adapted(
    sides: Sides, given: core.Program, text: str, template: Template, numbers: Numbers
) -> Adapted:
    """Write the script for the network.  ``text`` is that of ``given``; ``numbers`` are bound.

    Raises MismatchError where no script says what the two have in common.
    """
    sizes = _sizes(given, template)
    more = tuple(_further(given, template))
    axes = (axis for one in more for axis in (one.shape.rows, one.shape.columns))
    program = replace(
        sides.program,
        dimensions=tuple(
            dict.fromkeys((*given.dimensions, *(one for one in axes if not one.isdigit())))
        ),
        inputs=(*(_input(one, template) for one in given.inputs), *more),
        parameters=tuple(_parameter(one, sizes) for one in sides.program.parameters),
        sizes=tuple(
            (one.name, sizes[one.name]) for one in sides.program.parameters if one.name in sizes
        ),
    )
    if core_form(program) != core_form(given):
        text, program = _printed(program)
    return Adapted(text, program, _template(sides, program, template, numbers))


def _printed(program: core.Program) -> tuple[str, core.Program]:
    """The program as text, and what the front end reads there."""
    text = program_text(program)
    try:
        read = check(Source(NAME, text), read=_no_other)
    except DiagnosticError as error:
        raise MismatchError(
            f"The two are equal, but no script says what they have in common: {error}"
        ) from None
    names = [one.name for one in read.returns]
    renamed = replace(program, returns=_named(program.returns, names))
    if core_form(renamed) != core_form(read):
        raise MismatchError("The two are equal, but the script is not read back as it is printed.")
    return text, read


def _named(returns: tuple[core.Return, ...], names: list[str]) -> tuple[core.Return, ...]:
    """A value that has no name of its own is called after its place."""
    if len(returns) != len(names):
        return returns
    return tuple(replace(one, name=name) for one, name in zip(returns, names, strict=True))


def _no_other(path: str) -> Source:
    raise OSError("the script is self-contained")


def _sizes(given: core.Program, template: Template) -> dict[str, str]:
    """The numbers of tokens of both."""
    sizes = dict(given.sizes)
    for name, group in template.sizes:
        if sizes.setdefault(name, group) != group:
            raise MismatchError(
                f"'{name}' is the number of {group} tokens in the network, of {sizes[name]} tokens "
                "in the script."
            )
    return sizes


def _parameter(one: core.Parameter, sizes: Mapping[str, str]) -> core.Parameter:
    """A number of tokens has no default: the data have it."""
    return replace(one, default=None) if one.name in sizes else one


def _input(one: core.Input, template: Template) -> core.Input:
    """Fixed exactly where it is among the network's weights."""
    fixed = {matrix.name for matrix in template.matrices}
    if one.name in fixed:
        if one.symmetric:
            raise MismatchError(
                f"'{one.name}' is symmetric in the script, and a fixed matrix of the network may "
                f"be any: write '{one.name}: fixed[{one.shape.rows}, {one.shape.columns}]'."
            )
        return replace(one, fixed=True)
    read = {source.of for source in template.sources if source.kind in ("input", "transposed")}
    return replace(one, fixed=False) if one.name in read else one


def _further(given: core.Program, template: Template) -> Iterator[core.Input]:
    """The network's fixed matrices of which the script knows nothing: it is equal for any."""
    names = {one.name for one in given.inputs}
    for matrix in template.matrices:
        if matrix.name not in names:
            shape = core.Shape(matrix.rows, matrix.columns)
            yield core.Input(given.span, matrix.name, shape, fixed=True)


def _template(
    sides: Sides, program: core.Program, template: Template, numbers: Numbers
) -> Template:
    """With the script's names, the numbers that are bound, and the numbers of tokens it names."""
    outputs = {one.name: one for one in template.read_out}
    names = [one.name for one in program.returns]
    read_out = tuple(
        replace(outputs[own], name=name)
        for (own, _), name in zip(sides.outputs, names, strict=True)
    )
    named = {name for one in scalars_of_program(program) for name in free_symbols(one)}
    sizes = ((n, g) for n, g in program.sizes if n in named or g in template.groups)
    known = {one.name for one in program.parameters}
    return replace(
        template,
        algorithm=program.name,
        read_out=read_out,
        bindings=tuple(sorted((n, str(v)) for n, v in numbers.items() if n in known)),
        sizes=tuple(sizes),
    )
