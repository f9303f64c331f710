"""``weightsmith show``: a network as a person wants to see it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from weightsmith.cli.inputs.mistakes import Mistake
from weightsmith.cli.inputs.options import (
    as_mapping,
    fewest_option,
    gated_option,
    input_option,
    open_network,
    rows_option,
    set_option,
)

if TYPE_CHECKING:
    from weightsmith.api import Network


@click.command()
@click.argument("network", type=click.Path(path_type=Path), metavar="DIR|NET|SCRIPT")
@set_option
@gated_option
@fewest_option
@click.option("--depth", is_flag=True, help="Say where each layer went, and the lower bound.")
@click.option("--html", is_flag=True, help="Print a page of HTML, with pictures.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A .html file for the page.")
@input_option
@rows_option
def show(
    network: Path,
    settings: tuple[tuple[str, str], ...],
    gated: bool,
    fewest: str | None,
    depth: bool,
    html: bool,
    output: Path | None,
    sources: tuple[str, ...],
    rows: bool,
) -> None:
    """Show the network in DIR, in the file NET, or the one that SCRIPT compiles to.

    Tokens, blocks, layers with each head as a formula, exact; as comments what the certificate
    claims.  What is printed is a .net file.  --html --input shows a run on data, too: what heads
    see, variables after layers, the distance from the target.
    """
    from weightsmith import api
    from weightsmith.backends.storage.files import is_directory

    if (output or sources or rows) and not html:
        raise Mistake("-o, --input and --rows are for the page: write --html, too.")
    if not is_directory(network) and (text := _net_text(network)):
        for option, is_given in (
            ("--set", settings),
            ("--gated", gated),
            ("--fewest", fewest),
            ("--depth", depth),
            ("--html", html),
        ):
            if is_given:
                raise Mistake(f"{option} is for scripts; '{network}' is a network as text.")
        click.echo(text.rstrip("\n"))
        return
    if not is_directory(network):
        values = as_mapping(settings, "--set")
        found = api.compile(network, settings=values, gated=gated, fewest=fewest)
    elif settings:
        raise Mistake("--set is for scripts; the values of a compiled network are fixed.")
    elif gated:
        raise Mistake("--gated is for scripts; the MLPs of a compiled network are fixed.")
    elif fewest:
        raise Mistake("--fewest is for scripts; the layers of a compiled network are fixed.")
    else:
        found = open_network(network)
    if html:
        _write_page(found, sources, rows, output)
        return
    click.echo((found.depth() if depth else found.show()).rstrip("\n"))


def _write_page(
    network: Network, sources: tuple[str, ...], rows: bool, output: Path | None
) -> None:
    from weightsmith.cli.commands.run import per_token
    from weightsmith.cli.inputs.arrays import read_inputs

    given = read_inputs(sources, per_token(network.program), rows=rows) if sources else None
    text = network.html(given)
    if output is None:
        click.echo(text)
        return
    from weightsmith.backends.storage.whole_file import replacing

    with replacing(output) as file:
        file.write(f"{text}\n".encode())


def _net_text(path: Path) -> str:
    """A network as text, read and written anew; "" if it is no such file."""
    from weightsmith.compiler.nets.read_net import is_net, read_net
    from weightsmith.compiler.nets.write_net import net_of
    from weightsmith.dsl import load_source

    source = load_source(path)
    return net_of(read_net(source)) if path.suffix == ".net" or is_net(source.text) else ""
