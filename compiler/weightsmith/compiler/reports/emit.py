"""Any stage as text, from tree to weights; the graph also as drawings (``compile --emit``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from weightsmith.compiler.ir.coefficients import CoefficientField
from weightsmith.compiler.ir.normal import show as show_normal
from weightsmith.compiler.ir.schedule import (
    Combination,
    ScheduledHead,
    ScheduledItem,
    ScheduledLayer,
)
from weightsmith.compiler.nets.net import declared_inputs
from weightsmith.compiler.nets.write_net import shown_net
from weightsmith.compiler.pipeline import Compilation
from weightsmith.compiler.reports.graph_picture import graph_svg
from weightsmith.compiler.reports.graph_text import graph_dot, graph_text
from weightsmith.dsl import program_text
from weightsmith.dsl.checking.schedules import loop_text
from weightsmith.dsl.heads import ALL


def emit_tree(compilation: Compilation) -> str:
    return program_text(compilation.program)


def emit_graph(compilation: Compilation) -> str:
    return graph_text(compilation.graph)


def emit_dot(compilation: Compilation) -> str:
    names = [returned.name for returned in compilation.program.returns]
    return graph_dot(compilation.graph, compilation.program.name, names)


def emit_svg(compilation: Compilation) -> str:
    names = [returned.name for returned in compilation.program.returns]
    return graph_svg(compilation.graph, compilation.program.name, names)


def emit_normal(compilation: Compilation) -> str:
    return show_normal(compilation.normal)


def emit_schedule(compilation: Compilation) -> str:
    """The representation chosen, then layers of triple products on values, loops around them."""
    schedule = compilation.candidate.schedule
    field = compilation.normal.field
    lines = [f"choice: {choice}" for choice in compilation.candidate.representation.choices]
    lines += [
        f"start   {value.name} = {_combination(field, terms)}"
        for value, terms in schedule.initial.items()
    ]
    lines += _schedule_lines(field, schedule.items, "")
    lines += [
        f"return  {output.name} = {_combination(field, output.terms)}"
        for output in schedule.outputs
    ]
    return "\n".join(lines) + "\n"


def _schedule_lines(field: CoefficientField, items: list[ScheduledItem], indent: str) -> list[str]:
    lines = []
    for item in items:
        if not isinstance(item, ScheduledLayer):
            lines.append(f"{indent}{loop_text(item.count, item.schedule)}:")
            lines += _schedule_lines(field, item.body, indent + "    ")
            continue
        lines.append(f"{indent}layer")
        for head in item.heads:
            lines += [
                f"{indent}    {value.name} += {c!s} * "
                f"({_combination(field, head.values[i])})*{_scores_text(field, head)}"
                for value, i, c in head.outputs
            ]
        lines += [
            f"{indent}    {value.name} <- {_combination(field, terms)}"
            for value, terms in item.moves.items()
        ]
    return lines


def _scores_text(field: CoefficientField, head: ScheduledHead) -> str:
    parts = [
        f"({_combination(field, keys)})'*({_combination(field, queries)})"
        for keys, queries in zip(head.keys, head.queries, strict=True)
    ]
    text, scores = " + ".join(parts), head.scores
    if scores.is_linear:
        return text
    text = (
        f"{scores.function}({text})"
        if scores.mask == ALL
        else f"{scores.mask} {scores.function}({text})"
    )
    return f"{scores.normalised}({text})" if scores.normalised else text


def _combination(field: CoefficientField, terms: Combination) -> str:
    parts = [
        value.name if coefficient == 1 else f"({coefficient!s})*{value.name}"
        for value, coefficient in terms.items()
    ]
    return " + ".join(parts) or "0"


def emit_weights(compilation: Compilation) -> str:
    inputs = declared_inputs(compilation.program)
    return "\n".join(shown_net(compilation.template, inputs)) + "\n"


STAGES: Mapping[str, Callable[[Compilation], str]] = {
    "tree": emit_tree,
    "graph": emit_graph,
    "dot": emit_dot,
    "svg": emit_svg,
    "normal": emit_normal,
    "schedule": emit_schedule,
    "weights": emit_weights,
}
