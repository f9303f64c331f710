"""``weightsmith run``: a compiled network on data from files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from weightsmith.cli.options import dtype_option, open_network

if TYPE_CHECKING:
    from weightsmith.api import Network


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--input",
    "sources",
    multiple=True,
    metavar="[NAME=]FILE",
    help="A=a.npy, x.context=x.csv, or data.npz with one array a name.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A .npz, .npy or .csv file.")
@click.option("--rows", is_flag=True, help="Inputs per token have one token a row, not a column.")
@dtype_option("The number format to compute in.  [default: that of the saved weights]")
def run(
    directory: Path, sources: tuple[str, ...], output: Path | None, rows: bool, dtype: str | None
) -> None:
    """Run the network in DIRECTORY on arrays from .npy, .npz and .csv files.

    A matrix input is named as in the script, an input per token with its group: x.context,
    x.query.  Tokens are columns.  Without -o the returned values are printed.
    """
    from weightsmith.cli.arrays import check_output, read_inputs, write_outputs

    if output is not None:
        check_output(output)
    network = open_network(directory)
    inputs = read_inputs(sources, per_token(network), rows=rows)
    answer = network.run(inputs, dtype)
    write_outputs(answer, output)
    if not is_finite(answer):
        click.echo("not finite: the numbers left the range of the dtype", err=True)
        return
    for line in _bounds(network):
        click.echo(line, err=True)


def is_finite(answer: Mapping[str, object]) -> bool:
    """Is every number of the answer finite?"""
    import numpy as np

    for value in answer.values():
        for piece in value.values() if isinstance(value, dict) else (value,):
            if not np.isfinite(np.asarray(piece, dtype=np.float64)).all():
                return False
    return True


def per_token(network: Network) -> frozenset[str]:
    """The names of the inputs that are given by token group."""
    from weightsmith.dsl.core import TOKEN

    inputs = network.program.inputs
    return frozenset(one.name for one in inputs if one.shape.columns == TOKEN)


def _bounds(network: Network) -> list[str]:
    from weightsmith.cli.bounds import inequality

    lines = []
    for bound in network.bounds:
        if bound.value is None:
            continue
        conditions = ", ".join(bound.hypotheses)
        lines.append(
            f"certified, before round-off: {inequality(bound)}"
            + (f", if {conditions}" if conditions else "")
        )
    return lines
