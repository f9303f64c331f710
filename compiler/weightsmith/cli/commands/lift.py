"""``weightsmith lift``: weights and a layout to a network."""

from __future__ import annotations

from pathlib import Path

import click

from weightsmith.cli.inputs.mistakes import Mistake
from weightsmith.cli.inputs.options import as_mapping, return_option, set_option
from weightsmith.cli.inputs.scripts import read_script
from weightsmith.cli.outputs.progress import working

EXIT = {"equal": 0, "equal here": 0, "different": 1, "open": 3}


@click.command(short_help="Read the network out of WEIGHTS.")
@click.argument("weights", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--layout",
    "layouts",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    metavar="TOML",
    help="What the tensors are; once for each of WEIGHTS.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="SCRIPT",
    help="Compare the network with this script.",
)
@set_option
@return_option
@click.option(
    "--noise",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Trained weights: entries up to this count as zero. No claim is made.",
)
@click.option("-o", "output", type=click.Path(path_type=Path), metavar="NET", help="Write it here.")
@click.pass_context
def lift(
    ctx: click.Context,
    weights: tuple[Path, ...],
    layouts: tuple[Path, ...],
    against: Path | None,
    settings: tuple[tuple[str, str], ...],
    returns: tuple[tuple[str, str], ...],
    noise: float,
    output: Path | None,
) -> None:
    """Read the network out of WEIGHTS: safetensors, .npz, or a state_dict (.pt).

    The blocks of the stream are found from what reaches them; rows may be permuted, the stream and
    the insides of heads rotated. With WEIGHTS of two sizes the network must be one text.

    With --against: status 0 if the network is the script, 1 if it differs, 3 if that is open.
    """
    if against is None and (settings or returns):
        raise Mistake("option", "--set and --return go with --against SCRIPT.")
    from weightsmith import api
    from weightsmith.backends.storage.whole_file import replacing
    from weightsmith.dsl.text.shown import printable

    with working("lifting"):
        found = api.lift(list(weights), list(layouts), noise=noise)
    text = found.text
    if output is None:
        click.echo(text, nl=False)
    else:
        with replacing(output) as file:
            file.write(text.encode())
    for line in found.report:
        click.echo(printable(line), err=output is None)
    if against is None:
        return
    values, names = as_mapping(settings, "--set"), as_mapping(returns, "--return")
    with working("comparing"):
        compared = api.compare(text, read_script(against), settings=values, returns=names)
    if noise:
        click.echo("the nearest network, not the weights:")
    for line in compared.text.splitlines():
        click.echo(printable(line))
    ctx.exit(EXIT[compared.outcome])
