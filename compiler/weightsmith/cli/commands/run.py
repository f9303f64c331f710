"""``weightsmith run``: a compiled network on data from files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from weightsmith.cli.inputs.mistakes import Mistake
from weightsmith.cli.inputs.options import (
    dtype_option,
    input_option,
    json_option,
    open_network,
    rows_option,
)
from weightsmith.cli.outputs.progress import working
from weightsmith.cli.outputs.result import Result

if TYPE_CHECKING:
    from weightsmith.api import DataReport, Network
    from weightsmith.backends.enclose import Enclosed
    from weightsmith.backends.template.layout import Answer, Inputs
    from weightsmith.dsl.program.core import Program

HINT = (
    "'weightsmith measure SCRIPT --input …' prints parameters that fit the data; --unchecked runs "
    "all the same, without a certificate."
)


@click.command(short_help="Run the network in DIRECTORY on data in files.")
@click.argument("directory", type=click.Path(path_type=Path))
@input_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A .npz, .npy or .csv file.")
@rows_option
@dtype_option("The number format to compute in.  [default: that of the saved weights]")
@click.option("--unchecked", is_flag=True, help="Run whatever the data are, without a certificate.")
@click.option(
    "--certify", is_flag=True, help="Bound the distance of this result from its target, proven."
)
@json_option
@click.pass_obj
def run(
    result: Result,
    directory: Path,
    sources: tuple[str, ...],
    output: Path | None,
    rows: bool,
    dtype: str | None,
    unchecked: bool,
    certify: bool,
) -> None:
    """Run the network in DIRECTORY on arrays from .npy, .npz and .csv files.

    A matrix input is named as in the script, an input per token with its group: x.context,
    x.query.  Tokens are columns.  Without -o the returned values are printed.

    The data are measured first: a table says which assumptions hold, and data that break one are
    refused.  The certificate is verified before a word of it is said.

    --certify needs no certificate: it encloses the target for these very numbers, whatever they
    are, and says how far the result is from it at most, in the Frobenius norm.
    """
    from weightsmith.cli.inputs.arrays import as_lists, check_output, read_inputs, write_outputs

    if output is not None:
        check_output(output)
    network = open_network(directory)
    inputs = read_inputs(sources, per_token(network.program), rows=rows)
    report = None if unchecked else _measured(result, network, inputs)
    with working("running"):
        answer = network.run(inputs, dtype, check="off")
    if not is_finite(answer):
        message = "not finite: the numbers left the range of the dtype; nothing is written."
        raise Mistake("not-finite", message)
    if output is not None or not result.is_json:
        write_outputs(answer, output)
    with working("certifying"):
        is_told = report is not None and report.intact
        certified = list(_certified(network, inputs, report)) if report and is_told else []
        enclosed = list(_enclosed(network, inputs, answer)) if certify else []
    if result.is_json:
        values = as_lists(answer) if output is None else None
        result.fields |= {"outcome": "ran", "output": output and str(output), "values": values}
        result.fields |= {"certified": certified, "enclosed": [str(one) for one in enclosed]}
        return
    for line in certified:
        click.echo(line, err=True)
    for value in enclosed:
        click.echo(f"for this input: {value}", err=True)


def _enclosed(network: Network, inputs: Inputs, answer: Answer) -> Iterator[Enclosed]:
    """What is proven of this answer; of softmax pairs also how far it is from centred heads."""
    from weightsmith import api

    yield from network.enclose(inputs, answer).values
    if any(one.kind == "pairs" for one in network.facts):
        yield from api.enclose_pairs(network, inputs, answer).values


def _certified(network: Network, inputs: Inputs, report: DataReport) -> Iterator[str]:
    """What the certificate says of the result, if the checker accepts it."""
    from weightsmith.cli.outputs.certified import certified_lines

    if network.verify().accepted:
        yield from certified_lines(network, inputs, report)
    else:
        yield "nothing is certified: 'weightsmith verify' refuses the certificate, and says why"


def _measured(result: Result, network: Network, inputs: Inputs) -> DataReport:
    """Tell the table of the hypotheses.  Raises Mistake on data that break one."""
    with working("measuring the data"):
        report = network.check(inputs)
    if result.is_json:
        keys = ("hypothesis", "measured", "holds")
        rows = [dict(zip(keys, row.cells, strict=True)) for row in report.rows]
        result.fields |= {"hypotheses": rows, "intact": report.intact}
    else:
        click.echo(str(report), err=True)
    if report.broken:
        sentences = "\n".join(f"{row.sentence}." for row in report.broken)
        raise Mistake("data-assumption", f"{sentences}\n{HINT}")
    return report


def is_finite(answer: Mapping[str, object]) -> bool:
    """Is every number of the answer finite?"""
    import numpy as np

    for value in answer.values():
        for piece in value.values() if isinstance(value, dict) else (value,):
            if not np.isfinite(np.asarray(piece, dtype=np.float64)).all():
                return False
    return True


def per_token(program: Program) -> frozenset[str]:
    """The names of the inputs that are given by token group."""
    from weightsmith.dsl.program.core import TOKEN

    return frozenset(one.name for one in program.inputs if one.shape.columns == TOKEN)
