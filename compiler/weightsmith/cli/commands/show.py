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
    json_option,
    open_network,
    rows_option,
    set_option,
)
from weightsmith.cli.inputs.scripts import read_script
from weightsmith.cli.outputs.bounds import bound_json
from weightsmith.cli.outputs.progress import working
from weightsmith.cli.outputs.result import Result

if TYPE_CHECKING:
    from weightsmith.api import Network
    from weightsmith.compiler.nets.net import Net
    from weightsmith.dsl import Source


@click.command(short_help="Print a network as text.")
@click.argument("network", type=click.Path(path_type=Path), metavar="DIR|NET|SCRIPT")
@set_option
@gated_option
@fewest_option
@click.option("--depth", is_flag=True, help="Say where each layer went, and the lower bound.")
@click.option("--html", is_flag=True, help="Print a page of HTML, with pictures.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A .html file for the page.")
@input_option
@rows_option
@json_option
@click.pass_obj
def show(
    result: Result,
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
    """Show the network in DIR, in the file NET, or the one that SCRIPT (- is stdin) compiles to.

    Tokens, blocks, layers with each head as a formula, exact; as comments what the certificate
    claims.  What is printed is a .net file.  --html prints a page with pictures; --html --input
    shows a run on data, too: what heads see, variables after layers, the distance from the target.
    """
    from weightsmith import api
    from weightsmith.backends.storage.files import is_directory

    if (output or sources or rows) and not html:
        message = "-o, --input and --rows are for the page: write --html, too."
        raise Mistake("option", message)
    if html and (depth or result.is_json):
        raise Mistake("option", "--html is a page of its own: leave --depth and --json out.")
    given = {"--set": settings, "--gated": gated, "--fewest": fewest}
    if is_directory(network):
        _refuse(given, "a compiled network is as it was compiled.")
        found = open_network(network)
    else:
        source = read_script(network)
        if net := _net_of(source, network):
            _refuse({**given, "--depth": depth}, f"'{network}' is a network as text.")
            if sources or rows:
                message = f"--input is for scripts and directories; '{network}' is neither."
                raise Mistake("option", message)
            if html:
                from weightsmith.network_page import net_page

                _write(net_page(net), output)
                return
            _print(result, {"name": net.template.algorithm, "text": net_text(net)})
            return
        values = as_mapping(settings, "--set")
        with working(f"compiling {source.name}"):
            found = api.compile(source, settings=values, gated=gated, fewest=fewest)
    if html:
        _write_page(found, sources, rows, output)
        return
    with working("looking at the network"):
        text = found.depth() if depth else found.show()
    _print(result, {"name": found.template.algorithm, "text": text.rstrip("\n")}, found)


def _refuse(given: dict[str, object], why: str) -> None:
    """Raise Mistake if an option that is for scripts is given."""
    for option, is_given in given.items():
        if is_given:
            raise Mistake("option", f"{option} is for scripts; {why}")


def _write_page(
    network: Network, sources: tuple[str, ...], rows: bool, output: Path | None
) -> None:
    from weightsmith.cli.commands.run import per_token
    from weightsmith.cli.inputs.arrays import read_inputs

    given = read_inputs(sources, per_token(network.program), rows=rows) if sources else None
    with working("drawing the page"):
        text = network.html(given)
    _write(text, output)


def _write(text: str, output: Path | None) -> None:
    """Print a page, or write it to a file."""
    if output is None:
        click.echo(text)
        return
    from weightsmith.backends.storage.whole_file import replacing

    with replacing(output) as file:
        file.write(f"{text}\n".encode())


def _print(result: Result, told: dict[str, object], network: Network | None = None) -> None:
    """Print the text, or keep it for the document with what a compiled network is like."""
    if not result.is_json:
        click.echo(told["text"])
        return
    result.fields |= {"outcome": "shown", **told}
    if network is not None:
        report = network.report
        result.fields |= {
            "layers": report.layers,
            "layers_text": report.layers_text,
            "heads": report.heads,
            "width": report.width_text,
            "depth_lower_bound": report.depth_lower_bound,
            "missing": list(network.missing),
            "bounds": [bound_json(one) for one in network.bounds],
        }


def _net_of(source: Source, path: Path) -> Net | None:
    """A network as text; None if it is no such file.  Raises DiagnosticError."""
    from weightsmith.compiler.nets.read_net import is_net, read_net

    return read_net(source) if path.suffix == ".net" or is_net(source.text) else None


def net_text(net: Net) -> str:
    """The network written anew."""
    from weightsmith.compiler.nets.write_net import net_of

    return net_of(net).rstrip("\n")
