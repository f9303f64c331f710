"""``weightsmith demo``: every example on real data, and one table of what came out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from weightsmith.cli.demo_cases import Case
    from weightsmith.cli.demo_run import Row

HEADERS = (
    "algorithm",
    "data",
    "layers",
    "depth\nbound",
    "heads",
    "width",
    "certified\nbound",
    "observed\nfloat64",
    "observed\nfloat32",
    "compile\ns",
    "verify\ns",
)


@click.command()
@click.option("--small", is_flag=True, help="Fewer steps: what continuous integration runs.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the rows here.")
@click.pass_context
def demo(ctx: click.Context, small: bool, json_file: Path | None) -> None:
    """Compile every example, verify it and run it on real data, and print one table.

    The data come with networkx and scikit-learn; nothing is downloaded.  Exits with status 1 if a
    certificate fails or an observed error is above what is certified.
    """
    for package in ("torch", "sklearn"):
        import_module(package)  # said now if it is missing, not after half of the work

    from weightsmith.cli.demo_cases import CASES
    from weightsmith.cli.demo_run import measure, warm_up
    from weightsmith.cli.table import print_table

    rows: list[Row] = []
    warm_up(CASES[0])
    with progress(CASES) as cases:
        for case in cases:
            rows += measure(case, small=small)
    print_table(HEADERS, [_cells(row) for row in rows])
    if json_file is not None:
        text = json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False)
        json_file.write_text(text + "\n", encoding="utf-8")
    ctx.exit(_conclude(rows))


def _cells(row: Row) -> tuple[str, ...]:
    certified = "-" if row.certified is None else f"{row.certified:.1e}"
    bound = "-" if row.depth_lower_bound is None else str(row.depth_lower_bound)
    return (
        row.name,
        row.data,
        str(row.layers),
        bound,
        str(row.heads),
        row.width,
        certified,
        f"{row.observed_float64:.1e}",
        f"{row.observed_float32:.1e}",
        f"{row.compile_seconds:.2f}",
        f"{row.verify_seconds:.2f}",
    )


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
