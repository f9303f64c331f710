"""``weightsmith compile``: from a script to a directory with the network and its certificate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from weightsmith.cli.inputs.mistakes import Mistake, suggestion
from weightsmith.cli.inputs.options import (
    as_mapping,
    dtype_option,
    fewest_option,
    gated_option,
    set_option,
    size_assignment,
)
from weightsmith.cli.inputs.scripts import read_script
from weightsmith.cli.outputs.progress import working

if TYPE_CHECKING:
    from fractions import Fraction

    from weightsmith.api import Bound, Network
    from weightsmith.compiler.costs.report import Report
    from weightsmith.compiler.ir.template import Template
    from weightsmith.dsl import Source

STAGES = ("tree", "graph", "dot", "svg", "normal", "schedule", "weights")


@click.command("compile", short_help="Compile SCRIPT to a network with its certificate.")
@click.argument("script", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The directory to write.")
@set_option
@click.option(
    "--dim",
    "dims",
    type=size_assignment,
    multiple=True,
    metavar="NAME=SIZE",
    help="The size of a dimension, d=16: for --dense, and to print the width.",
)
@click.option(
    "--matrix",
    "matrices",
    multiple=True,
    metavar="NAME=FILE",
    help="The numbers of a fixed matrix, W=w.npy or W=w.csv.  Of one per pass: an array of three "
    "axes, or W=… again for each pass.",
)
@click.option("--dense", is_flag=True, help="Write the full matrices; needs every --dim.")
@gated_option
@fewest_option
@click.option(
    "--softmax-pairs",
    metavar="OMEGA",
    help="Two softmax heads at ±OMEGA for each linear head, 1/100; --dim context=20 gives weights.",
)
@dtype_option("The number format of the weights.  [default: float64]", "float64")
@click.option(
    "--emit",
    type=click.Choice(STAGES),
    help="Print a stage of the compiler; dot (for Graphviz) and svg are pictures of the graph.",
)
def compile_command(
    script: Path,
    output: Path | None,
    settings: tuple[tuple[str, str], ...],
    dims: tuple[tuple[str, str], ...],
    matrices: tuple[str, ...],
    dense: bool,
    gated: bool,
    fewest: str | None,
    softmax_pairs: str | None,
    dtype: str,
    emit: str | None,
) -> None:
    """Compile SCRIPT (- is stdin) to a network with its certificate.

    Parameters without a value stay symbols: then there are a template and a certificate in
    formulas, but no weights.
    """
    from weightsmith import api

    if output is None and emit is None:
        raise click.UsageError("say where to write the network, -o DIR, or what to print, --emit.")
    values = as_mapping(settings, "--set")
    sizes = {name: int(text) for name, text in as_mapping(dims, "--dim").items()}
    source = read_script(script)
    if softmax_pairs is not None and dense:
        raise click.UsageError("--softmax-pairs has no full matrices: leave out --dense.")
    if softmax_pairs is None:
        _check_sizes(api.check(source).dimensions, sizes, dense)
    if emit is not None:
        click.echo(_stage(source, emit, values, gated).rstrip("\n"))
    if output is not None:
        with working(f"compiling {source.name}"):
            network = api.compile(
                source,
                settings=values,
                dtype=dtype,
                dims=sizes if dense or softmax_pairs is not None else None,
                gated=gated,
                fewest=fewest,
                matrices=_matrices(matrices, source),
                softmax_pairs=softmax_pairs,
            )
        _require_numbers(network, dense)
        network.save(output)
        click.echo(summary(network, output, sizes), err=emit is not None)


def _matrices(sources: tuple[str, ...], source: Source) -> Mapping[str, object]:
    if not sources:
        return {}
    from weightsmith import api
    from weightsmith.cli.inputs.arrays import read_matrices

    return read_matrices(sources, {one.name for one in api.check(source).inputs})


def _stage(source: Source, stage: str, values: Mapping[str, str], gated: bool) -> str:
    from weightsmith import api

    return api.emit(source, stage, settings=values, gated=gated)


def _check_sizes(dimensions: tuple[str, ...], sizes: Mapping[str, int], dense: bool) -> None:
    for name in sizes:
        if name not in dimensions:
            known = ", ".join(dimensions) or "none"
            raise Mistake(
                "option",
                f"the script has no dimension '{name}'; it has {known}."
                + suggestion(name, dimensions),
            )
    missing = [name for name in dimensions if name not in sizes]
    if dense and missing:
        wanted = " ".join(f"--dim {name}=…" for name in missing)
        raise Mistake("option", f"--dense needs the size of every dimension: add {wanted}")


def _require_numbers(network: Network, dense: bool) -> None:
    if dense and network.missing:
        wanted = " ".join(f"--set {name}=…" for name in network.missing)
        raise Mistake("value-missing", f"--dense needs the value of every parameter: add {wanted}")


def summary(network: Network, output: Path, sizes: Mapping[str, int]) -> str:
    """Say what was written: the size of the network, its bounds, what has no value yet."""
    from weightsmith.dsl.printing.hypotheses import presumptions
    from weightsmith.dsl.text.shown import printable

    report = network.report
    layers = report.layers_text if report.layers is None else str(report.layers)
    lines = [
        f"{network.template.algorithm} -> {printable(str(output))}",
        f"  layers  {layers}{_lower_bound(report.depth_lower_bound, network.template)}",
        f"  heads   {report.heads} a layer",
        f"  width   {_width(report.width_text, sizes)}",
        *(
            [f"  cost    {report.operations_text} multiply-adds in the heads"]
            * bool(report.operations_text)
        ),
    ]
    if report.pieces:
        lines.append(f"  mlp     {_mlp(report, sizes)}")
    lines += [f"  note    {line}" for note in network.notes for line in note.split("\n")]
    lines += [f"  found   {name} = {count}" for name, count in _found(network)]
    lines += [f"  round   {network.rounding}"] * bool(network.rounding)
    lines += [_bound(bound) for bound in network.bounds]
    lines += [
        f"  presume {one.text}, which nothing states" for one in presumptions(network.program)
    ]
    if matrices := [one.name for one in network.template.matrices if one.entries is None]:
        names = ", ".join(matrices)
        lines.append(
            f"  no weights yet: {names} {_has(tuple(matrices))} no numbers (--matrix NAME=FILE)"
        )
    if network.missing:
        names = ", ".join(network.missing)
        lines.append(f"  no weights yet: {names} {_has(network.missing)} no value (--set NAME=…)")
    return "\n".join(lines)


def _mlp(report: Report, sizes: Mapping[str, int]) -> str:
    breakpoints = f"{report.pieces} breakpoint{'s' * (report.pieces != 1)}"
    return f"hidden units {_width(report.hidden_text, sizes)}; functions of up to {breakpoints}"


def _found(network: Network) -> list[tuple[str, Fraction]]:
    """What the compiler has chosen: the passes of ``repeat until``, and for ``ensure``."""
    from weightsmith.compiler.choosing.ensure import open_parameters

    program = network.program
    names = [until.parameter for until in program.untils]
    if program.ensure is not None:
        defaults = {one.name for one in program.parameters if one.default is not None}
        counts, tolerances = open_parameters(program, defaults)
        names += [*(name for name in counts if name not in names), *tolerances]
    return [(name, network.bindings[name]) for name in names if name in network.bindings]


def _lower_bound(layers: int | None, template: Template) -> str:
    if layers is None:
        return ""
    values = ", for all matrices" if template.matrices else ""
    return f" (no linear-attention network can do with fewer than {layers}{values})"


def _width(text: str, sizes: Mapping[str, int]) -> str:
    from fractions import Fraction

    from weightsmith.dsl import parse_scalar
    from weightsmith.dsl.numbers.scalars import evaluate, free_symbols

    scalar = parse_scalar(text)
    if not free_symbols(scalar) or not free_symbols(scalar) <= sizes.keys():
        return text
    shown = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    value = evaluate(scalar, {name: Fraction(size) for name, size in sizes.items()})
    return f"{text} = {value} for {shown}"


def _bound(bound: Bound) -> str:
    from weightsmith.cli.outputs.bounds import inequality

    if bound.unproven is not None:
        return f"  bound   {bound.output}: not proven: {bound.unproven}"
    assumed = "; ".join(bound.hypotheses)
    return f"  bound   {inequality(bound)}" + (f", if {assumed}" if assumed else "")


def _has(names: tuple[str, ...]) -> str:
    return "has" if len(names) == 1 else "have"
