"""``weightsmith synthesize``: from a target and a spectrum to a network, without a script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from weightsmith.cli.inputs.mistakes import Mistake
from weightsmith.cli.inputs.options import as_mapping, dtype_option, fewest_option, set_option
from weightsmith.cli.outputs.progress import working

if TYPE_CHECKING:
    from weightsmith.dsl.text.diagnostics import Diagnostic


@contextmanager
def in_options() -> Iterator[None]:
    """Say of a mistake what to write on the command line, not in a script that nobody wrote."""
    from weightsmith.dsl.text.diagnostics import DiagnosticError

    try:
        yield
    except DiagnosticError as problem:
        raise DiagnosticError(
            [replace(one, hint=_option(one)) for one in problem.diagnostics]
        ) from None


def _option(one: Diagnostic) -> str | None:
    """The hint of a diagnostic as an option."""
    hint = one.hint
    if one.code == "unknown-name" and hint is not None and hint.endswith(": param " + _name(one)):
        return f'declare it: --of "{_name(one)}: [m, n]", or symmetric[d, d]'
    wanted = hint.removeprefix("write: assume ") if hint is not None else None
    return hint if wanted == hint else f'write: --assume "{wanted}"'


def _name(one: Diagnostic) -> str:
    return one.span.source.text[one.span.start : one.span.end]


@click.command(short_help="Find the polynomials for TARGET, such as 'inv(A)'.")
@click.argument("target")
@click.option(
    "--of",
    "inputs",
    default="A: symmetric[d, d]",
    show_default=True,
    metavar="INPUTS",
    help="The inputs, as an algorithm declares them.",
)
@click.option(
    "--assume",
    "assumptions",
    multiple=True,
    metavar="ASSUMPTION",
    help="For example 'spectrum(A) in [1/100, 1]'; as often as need be.",
)
@click.option("--within", metavar="TOL", help="How near the network must come.")
@click.option(
    "--passes",
    type=click.IntRange(1),
    metavar="N",
    help="In place of --within, of a polar factor or a sign: so many passes, the best there are.",
)
@click.option(
    "--degree",
    type=click.Choice(["3", "5"]),
    default="3",
    show_default=True,
    help="Of the polynomial of a pass; 5 takes two layers.",
)
@set_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The directory to write.")
@fewest_option
@click.option("--name", default="synthesized", show_default=True, help="Of the algorithm.")
@dtype_option("The number format of the weights.  [default: float64]", "float64")
def synthesize(
    target: str,
    inputs: str,
    assumptions: tuple[str, ...],
    within: str | None,
    passes: int | None,
    degree: str,
    settings: tuple[tuple[str, str], ...],
    output: Path | None,
    fewest: str | None,
    name: str,
    dtype: str,
) -> None:
    """Find the polynomials for TARGET, such as 'inv(A)', with the fewest layers.

    With --passes N it is a schedule of N steps: --degree 5 has the coefficients of Muon.

    With --fewest operations signs, polar factors and roots take cubics, which are narrow.

    Prints the script that has the steps; with -o DIR its network is written, with its certificate.
    """
    from weightsmith import api
    from weightsmith.cli.commands.compile import summary
    from weightsmith.compiler.synthesize.written import script_for

    if (within is None) == (passes is None):
        raise click.UsageError("expected --within TOL or --passes N, one of the two.")
    try:
        script_for(target, inputs, assumptions, within, passes, int(degree), name)
    except ValueError as problem:
        raise Mistake("option", f"{problem}.") from problem
    with in_options(), working("synthesising"):
        network = api.synthesize(
            target,
            of=inputs,
            assume=assumptions,
            within=within,
            passes=passes,
            degree=int(degree),
            settings=as_mapping(settings, "--set"),
            fewest=fewest,
            dtype=dtype,
            name=name,
        )
    if output is not None:
        network.save(output)
    click.echo(network.source.text.rstrip("\n"))
    if output is not None:
        click.echo(f"\n{summary(network, output, {})}", err=True)
