"""``weightsmith export``: a compiled network in another format."""

from __future__ import annotations

from pathlib import Path

import click

from weightsmith.cli.inputs.options import as_mapping, dtype_option, open_network, size_assignment
from weightsmith.cli.outputs.progress import working


@click.command(short_help="Write the network as ONNX, Python, safetensors, …")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, metavar="FILE", help="Its suffix says the format.")
@click.option("--format", "form", metavar="NAME", help="The format, whatever the suffix.")
@dtype_option("The number format of what is written.  [default: that of the saved weights]")
@click.option("--numpy", is_flag=True, help="A .py file that needs NumPy in place of PyTorch.")
@click.option("--counts", is_flag=True, help="How often loops run becomes an input: steps.")
@click.option(
    "--dim",
    "dims",
    type=size_assignment,
    multiple=True,
    metavar="NAME=SIZE",
    help="The size of a dimension, d=16: .safetensors with the full matrices of those sizes.",
)
def export(
    directory: Path,
    output: str,
    form: str | None,
    dtype: str | None,
    numpy: bool,
    counts: bool,
    dims: tuple[tuple[str, str], ...],
) -> None:
    """Write the network in DIRECTORY as FILE, for other programs.

    The suffix of FILE says how: docs/exports.md has the list.  FILE is written whole or not at all.
    """
    sizes = {name: int(text) for name, text in as_mapping(dims, "--dim").items()}
    network = open_network(directory)
    with working(f"exporting to {output}"):
        network.export(output, format=form, dtype=dtype, dims=sizes, numpy=numpy, counts=counts)
