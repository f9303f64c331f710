"""``weightsmith synthesize``: from a target and a spectrum to a network, without a script."""

from __future__ import annotations

from pathlib import Path

import click

from weightsmith.cli.inputs.mistakes import Mistake
from weightsmith.cli.inputs.options import as_mapping, dtype_option, fewest_option, set_option
from weightsmith.cli.outputs.progress import working


@click.command()
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
@click.option("--within", required=True, metavar="TOL", help="How near the network must come.")
@set_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The directory to write.")
@fewest_option
@click.option("--name", default="synthesized", show_default=True, help="Of the algorithm.")
@dtype_option("The number format of the weights.  [default: float64]", "float64")
def synthesize(
    target: str,
    inputs: str,
    assumptions: tuple[str, ...],
    within: str,
    settings: tuple[tuple[str, str], ...],
    output: Path | None,
    fewest: str | None,
    name: str,
    dtype: str,
) -> None:
    """Find the polynomials for TARGET, such as 'inv(A)', with the fewest layers.

    With --fewest operations signs, polar factors and roots take cubics, which are narrow.

    Prints the script that has the steps; with -o DIR its network is written, with its certificate.
    """
    from weightsmith import api
    from weightsmith.cli.commands.compile import summary

    parts = (target, inputs, within, name, *assumptions)
    if any("\n" in part or not part.strip() for part in parts):
        raise Mistake(
            "option",
            "expected one line of the language for each part, got an empty or a long one.",
        )
    lines = [f"algorithm {name}({inputs})", *(f"assume {one}" for one in assumptions)]
    script = "\n".join([*lines, "", f"return synthesize {target} within {within}", ""])
    values = as_mapping(settings, "--set")
    with working("synthesising"):
        network = api.compile(script, settings=values, dtype=dtype, fewest=fewest)
    if output is not None:
        network.save(output)
    click.echo(network.source.text.rstrip("\n"))
    if output is not None:
        click.echo(f"\n{summary(network, output, {})}", err=True)
