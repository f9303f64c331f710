"""The compiler in order: one function that knows the stages.

core program → graph → normal form → representation → schedule → blocks → weight template
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from weightsmith.compiler.ir.coefficients import CoefficientField
from weightsmith.compiler.ir.graph import Graph
from weightsmith.compiler.ir.normal import NormalProgram
from weightsmith.compiler.ir.template import Template, layers_of
from weightsmith.compiler.passes.build_graph import build_graph
from weightsmith.compiler.passes.by_groups import InfeasibleError
from weightsmith.compiler.passes.choose_representation import Candidate, choose_representation
from weightsmith.compiler.passes.emit_template import emit_template
from weightsmith.compiler.passes.normalize import normalize
from weightsmith.compiler.passes.represent import script_representation
from weightsmith.dsl import core
from weightsmith.dsl.diagnostics import DiagnosticError, error
from weightsmith.dsl.scalars import (
    Scalar,
    ScalarError,
    Symbol,
    evaluate,
    free_symbols,
    to_text,
)


@dataclass(frozen=True)
class Compilation:
    """Every stage's result, for the certificate and for ``--emit``."""

    program: core.Program
    graph: Graph
    normal: NormalProgram
    candidate: Candidate
    template: Template


def compile_program(program: core.Program, bindings: dict[str, Fraction]) -> Compilation:
    """Compile a checked program.  Raises DiagnosticError if no network can hold its values."""
    _refuse_senseless(program, bindings)
    try:
        field = CoefficientField(all_scalars(program))
        graph = build_graph(program)
        normal = normalize(program, graph, field)
    except ScalarError as problem:
        message = f"a coefficient has no value: {problem}"
        raise DiagnosticError([error(program.span, message)]) from None
    try:
        candidate = choose_representation(script_representation(normal))
    except InfeasibleError as reason:
        message = f"no network holds the values of '{program.name}': {reason}"
        hint = "rewrite the step so that every product stands between values held on tokens"
        raise DiagnosticError([error(program.returns[0].span, message, hint)]) from None
    chosen = candidate.representation.program
    template = emit_template(chosen, candidate.schedule, candidate.allocation)
    _refuse_nothing(program, template)
    texts = tuple(sorted((name, str(value)) for name, value in bindings.items()))
    return Compilation(program, graph, normal, candidate, replace(template, bindings=texts))


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
                raise DiagnosticError([error(program.span, message)]) from None


def _refuse_nothing(program: core.Program, template: Template) -> None:
    """A value that depends on no input has no tokens to be read from, or no size."""
    inputs = [source for source in template.sources if source.kind != "identity"]
    known = {axis for source in inputs for axis in (source.rows, *source.groups)}
    for returned, output in zip(program.returns, template.read_out, strict=True):
        if not output.terms or not set(output.groups) <= set(template.groups):
            message = f"'{returned.name}' is zero for every input: there is nothing to compute"
            raise DiagnosticError([error(returned.span, message, "leave it out")])
    heads = [head for layer in layers_of(template.body) for head in layer.heads]
    groups = {group for head in heads for group in (*head.key_groups, *head.query_groups)}
    needed = {block.rows for block in template.blocks} | {s.rows for s in template.sources}
    unknown = {axis for axis in needed if not axis.isdigit()} - known
    for axis in sorted(unknown | groups - set(template.groups)):
        message = f"nothing tells the size of '{axis}': no input that the result depends on has it"
        raise DiagnosticError([error(program.span, message, "leave out what is constant")])


def all_scalars(program: core.Program) -> Iterator[Scalar]:
    """Every scalar of the program: coefficients, counts, ends of spectra, parameters."""
    for parameter in program.parameters:
        yield Symbol(parameter.name)
    for assumption in program.assumptions:
        if isinstance(assumption, core.SpectrumAssumption):
            yield from (assumption.low, assumption.high)
            yield from _node_scalars(assumption.of)
    yield from _statement_scalars(program.body)
    for returned in program.returns:
        yield from _node_scalars(returned.value)
        if returned.target is not None:
            yield from _node_scalars(returned.target)


def _statement_scalars(statements: tuple[core.Statement, ...]) -> Iterator[Scalar]:
    for statement in statements:
        if isinstance(statement, core.Assign):
            for value in statement.values:
                yield from _node_scalars(value)
        else:
            yield statement.count
            yield from _statement_scalars(statement.body)


def _node_scalars(node: core.Node) -> Iterator[Scalar]:
    match node:
        case core.Transpose(of=of) | core.Function(of=of):
            yield from _node_scalars(of)
        case core.Combination(terms=terms):
            for scalar, term in terms:
                yield scalar
                yield from _node_scalars(term)
        case core.Product(factors=factors):
            for factor in factors:
                yield from _node_scalars(factor)
        case _:
            return
