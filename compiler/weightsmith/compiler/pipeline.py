"""The compiler in order: one function that knows the stages.

core program → lowered program (functions to tables) → graph → normal form → representation
→ schedule → blocks → weight template
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from weightsmith.checker.algebra.rational import MAX_SYMBOLS
from weightsmith.compiler.approximate.choose_tables import SiteTable
from weightsmith.compiler.approximate.lower import Lowered, lower
from weightsmith.compiler.ir.coefficients import CoefficientField
from weightsmith.compiler.ir.graph import Graph
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.ir.template import Template, layers_of
from weightsmith.compiler.passes.layers.by_groups import InfeasibleError
from weightsmith.compiler.passes.layers.emit_template import emit_template
from weightsmith.compiler.passes.normalizing.build_graph import build_graph
from weightsmith.compiler.passes.normalizing.normalize import normalize
from weightsmith.compiler.passes.normalizing.program_scalars import all_scalars
from weightsmith.compiler.passes.representing.choose_representation import (
    Candidate,
    choose_representation,
)
from weightsmith.compiler.passes.representing.represent import script_representation
from weightsmith.dsl.numbers.scalars import (
    ScalarError,
    evaluate,
    free_symbols,
    to_text,
)
from weightsmith.dsl.program import core
from weightsmith.dsl.program.parts import scalars_of_program
from weightsmith.dsl.text.diagnostics import mistake

Tables = tuple[SiteTable, ...]
MOST_DIGITS = 1900  # the checker reads scalars of 2000 characters
LONG_NUMBER = re.compile(rf"[0-9]{{{MOST_DIGITS + 1}}}")


@dataclass(frozen=True)
class Front:
    """A program in normal form.

    ``lowered`` is the program with every approximated function replaced by its table.
    """

    program: core.Program
    lowered: Lowered
    graph: Graph
    normal: NormalProgram


@dataclass(frozen=True)
class Compilation(Front):
    """Every stage's result, for the certificate and for ``--emit``."""

    candidate: Candidate
    template: Template


def front(
    program: core.Program,
    bindings: dict[str, Fraction],
    *,
    gated: bool = False,
    tables: Tables | None = None,
) -> Front:
    """Choose tables, and expand the program into its normal form.  Raises DiagnosticError.

    ``tables`` are those of a program with the same functions of the same values.
    """
    _refuse_unfound(program)
    _refuse_many_symbols(program)
    _refuse_senseless(program, bindings)
    try:
        lowered = lower(program, bindings, gated=gated, tables=tables)
        field = CoefficientField(all_scalars(lowered.program))
        graph = build_graph(lowered.program)
        fuse = bool(lowered.tables)  # then every symbol has a value
        normal = normalize(lowered.program, graph, field, fuse=fuse)
        return Front(program, lowered, graph, normal)
    except ScalarError as problem:
        message = f"a coefficient has no value: {problem}"
        raise mistake("coefficient", program.span, message) from None


def compile_program(
    program: core.Program,
    bindings: dict[str, Fraction],
    *,
    gated: bool = False,
    tables: Tables | None = None,
    search: bool = True,
    fewest: str | None = None,
) -> Compilation:
    """Compile a checked program.  Raises DiagnosticError if no network can hold its values.

    ``gated``: products of entries by gated hidden units, exact, in place of ReLU tables.
    ``tables``: those of another program, as in ``front``.
    ``search``: look for values that are cheaper to hold than the script's own; cheaper are fewer
    layers, or if ``fewest`` is "operations" fewer multiply-adds.
    """
    begun = front(program, bindings, gated=gated, tables=tables)
    try:
        start = script_representation(begun.normal)
        by_operations = fewest == "operations"
        candidate = choose_representation(start, search=search, by_operations=by_operations)
    except InfeasibleError as reason:
        message = f"no network holds the values of '{program.name}': {reason}"
        hint = "rewrite the step so that every product stands between values held on tokens"
        raise mistake("not-proven", program.returns[0].span, message, hint) from None
    chosen = candidate.representation.program
    template = emit_template(chosen, candidate.schedule, candidate.allocation)
    _refuse_nothing(program, template)
    _refuse_long(program, template)
    texts = tuple(sorted((name, str(value)) for name, value in bindings.items()))
    template = replace(template, bindings=texts, sizes=_sizes(program, template))
    return Compilation(begun.program, begun.lowered, begun.graph, begun.normal, candidate, template)


def _sizes(program: core.Program, template: Template) -> tuple[tuple[str, str], ...]:
    """The parameters that are numbers of tokens; the network has those tokens, to count them."""
    named = {name for scalar in scalars_of_program(program) for name in free_symbols(scalar)}
    for name, group in program.sizes:
        if name in named and group not in template.groups:
            message = (
                f"no {group} token enters the network, so it cannot tell their number '{name}'"
            )
            hint = f"make it a param without size({group}), and set it"
            raise mistake("no-use", program.span, message, hint)
    return tuple(one for one in program.sizes if one[1] in template.groups)


def _refuse_unfound(program: core.Program) -> None:
    """What is left to the compiler must have been found before: here it has no steps."""
    hint = "write the steps, and end with: return X approximates inv(A)"
    for one in program.synthesized:
        message = "the steps of this target have not been synthesised"
        raise mistake("synthesis", one.span, message, hint)


def _refuse_many_symbols(program: core.Program) -> None:
    """The checker's coefficients have room for so many; every name is one more variable of each."""
    if len(program.symbols) > MAX_SYMBOLS:
        message = f"more than {MAX_SYMBOLS} parameters and numbers of 'for' loops"
        beyond = [one.span for one in program.parameters[MAX_SYMBOLS:]]
        hint = "write numbers that are never set in their places"
        raise mistake("too-large", (*beyond, program.span)[0], message, hint)


def _refuse_senseless(program: core.Program, bindings: dict[str, Fraction]) -> None:
    """Every scalar of the script must have a value, also where it would cancel."""
    for scalar in all_scalars(program):
        if free_symbols(scalar) and free_symbols(scalar) <= bindings.keys():
            try:
                evaluate(scalar, bindings)
            except ScalarError as problem:
                at = ", ".join(
                    f"{name} = {bindings[name]}" for name in sorted(free_symbols(scalar))
                )
                message = f"'{to_text(scalar)}' has no value at {at}: {problem}"
                raise mistake("coefficient", program.span, message) from None


def _refuse_long(program: core.Program, template: Template) -> None:
    """The checker reads no number of thousands of digits, and no float is near it."""
    if LONG_NUMBER.search(repr(template)):
        message = f"a coefficient of the network has more than {MOST_DIGITS} digits"
        hint = "scale the script's numbers, or let fewer of them be multiplied"
        raise mistake("coefficient", program.span, message, hint)


def _refuse_nothing(program: core.Program, template: Template) -> None:
    """A value that depends on no input has no tokens to be read from, or no size."""
    inputs = [source for source in template.sources if source.kind not in ("identity", "ones")]
    known = {axis for source in inputs for axis in (source.rows, *source.groups)}
    known |= {axis for one in template.matrices for axis in (one.rows, one.columns)}
    for returned, output in zip(program.returns, template.read_out, strict=True):
        if not output.terms or not set(output.groups) <= set(template.groups):
            message = f"'{returned.name}' is zero for every input: there is nothing to compute"
            raise mistake("no-use", returned.span, message, "leave it out")
    heads = [head for layer in layers_of(template.body) for head in layer.heads]
    groups = {group for head in heads for group in (*head.key_groups, *head.query_groups)}
    needed = {block.rows for block in template.blocks} | {s.rows for s in template.sources}
    unknown = {axis for axis in needed if not axis.isdigit()} - known
    for axis in sorted(unknown | groups - set(template.groups)):
        message = f"nothing tells the size of '{axis}': no input that the result depends on has it"
        raise mistake("no-use", program.span, message, "leave out what is constant")
