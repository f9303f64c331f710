"""``weightsmith demo``: every example on real data, and what came out, in two tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from weightsmith.cli.demonstration.demo_cases import Case
    from weightsmith.cli.demonstration.demo_run import Row

RESULTS = ("certified\nbound", "observed\nfloat64", "observed\nfloat32", "compile\ns", "verify\ns")
HEADERS = ("algorithm", "data", "layers", "depth\nbound", "heads", "width", *RESULTS)
FUNCTION_HEADERS = (
    "algorithm",
    "data",
    "layers",
    "heads",
    "width",
    "hidden\nunits",
    "break-\npoints",
    "error\nfrom",
    *RESULTS,
)


@click.command(short_help="Compile, verify and run every example on real data.")
@click.option("--small", is_flag=True, help="Fewer steps: what continuous integration runs.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the rows here.")
@click.pass_context
def demo(ctx: click.Context, small: bool, json_file: Path | None) -> None:
    """Compile every example, verify it and run it on real data, and print two tables.

    The first is of polynomials in the inputs and scores, the second of programs with functions,
    which the MLPs compute: "hidden units" are the most in one layer.  An error is the distance from
    the target, or from the script if it names none, with its functions exact.

    The data come with networkx and scikit-learn; nothing is downloaded.  Exits with status 1 if a
    certificate fails or an observed error is above what is certified.
    """
    for package in ("weightsmith.backends.torch", "sklearn"):
        import_module(package)  # said now if it is missing, not after half of the work

    from weightsmith.backends.storage.whole_file import replacing
    from weightsmith.cli.demonstration.demo_cases import CASES
    from weightsmith.cli.demonstration.demo_function_cases import FUNCTION_CASES
    from weightsmith.cli.demonstration.demo_run import measure, warm_up
    from weightsmith.cli.outputs.table import print_table

    rows: list[Row] = []
    warm_up(CASES[0])
    with progress((*CASES, *FUNCTION_CASES)) as cases:
        for case in cases:
            rows += measure(case, small=small)
    print_table(HEADERS, [_cells(row) for row in rows if not row.pieces])
    click.echo()
    print_table(FUNCTION_HEADERS, [_function_cells(row) for row in rows if row.pieces])
    if json_file is not None:
        text = json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False)
        with replacing(json_file) as file:
            file.write(f"{text}\n".encode())
    ctx.exit(_conclude(rows))


def _cells(row: Row) -> tuple[str, ...]:
    bound = "-" if row.depth_lower_bound is None else str(row.depth_lower_bound)
    return (row.name, row.data, str(row.layers), bound, str(row.heads), row.width, *_results(row))


def _function_cells(row: Row) -> tuple[str, ...]:
    size = (str(row.layers), str(row.heads), row.width, row.hidden, str(row.pieces))
    return (row.name, row.data, *size, row.against, *_results(row))


def _results(row: Row) -> tuple[str, ...]:
    return (
        _certified(row.certified),
        f"{row.observed_float64:.1e}",
        f"{row.observed_float32:.1e}",
        f"{row.compile_seconds:.2f}",
        f"{row.verify_seconds:.2f}",
    )


def _certified(bound: float | None) -> str:
    from weightsmith.compiler.numbers.rounded_text import above

    if bound is None:
        return "-"
    return f"{above(Fraction(bound), 2):.1e}" if bound else "exact"


def _conclude(rows: Sequence[Row]) -> int:
    """Print the last line; return the exit status."""
    click.echo()
    failures = [
        *(f"NOT VERIFIED: {row.algorithm}" for row in rows if not row.verified),
        *(f"NOT PROVEN: {row.name}" for row in rows if row.certified is None),
        *(f"ABOVE ITS CERTIFIED BOUND + 1e3·u·κ: {row.name}" for row in rows if not row.within),
    ]
    for line in dict.fromkeys(failures):
        click.echo(line)
    if not failures:
        click.echo(
            "Every certificate verified, and every observed error is at most the certified bound "
            "+ 1e3·u·κ (u the unit round-off, κ from the ends of the spectrum)."
        )
    return 1 if failures else 0


@contextmanager
def progress(cases: tuple[Case, ...]) -> Iterator[Iterable[Case]]:
    """Show how far the demo is: a bar on a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield cases
        return
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield track(cases, description="compile, verify, run", console=console, transient=True)
