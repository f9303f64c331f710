"""``weightsmith measure``: the parameters under which data meet the assumptions of a script."""

from __future__ import annotations

from pathlib import Path

import click

from weightsmith.cli.inputs.options import as_mapping, input_option, rows_option, set_option
from weightsmith.cli.inputs.scripts import read_script
from weightsmith.cli.outputs.progress import working


@click.command(short_help="Measure data, and print parameters that fit them.")
@click.argument("script", type=click.Path(path_type=Path))
@input_option
@rows_option
@set_option
def measure(
    script: Path, sources: tuple[str, ...], rows: bool, settings: tuple[tuple[str, str], ...]
) -> None:
    """Measure data, and print parameters of SCRIPT under which they meet its assumptions.

    They are printed as options for 'weightsmith compile': --set mu=0.00856 --set L=4.025, rounded
    outward.  What --set gives here keeps its value.  SCRIPT may be -, which is stdin.
    """
    from weightsmith import api
    from weightsmith.cli.commands.run import per_token
    from weightsmith.cli.inputs.arrays import read_inputs

    source = read_script(script)
    inputs = read_inputs(sources, per_token(api.check(source)), rows=rows)
    with working("measuring"):
        found = api.measure(source, inputs, settings=as_mapping(settings, "--set"))
    if not found:
        click.echo("no assumption of the script has a parameter to set.", err=True)
        return
    click.echo(" ".join(f"--set {name}={text}" for name, text in found.items()))
