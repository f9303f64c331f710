"""``weightsmith verify``: the independent checker on a compiled directory.

It loads the checker and the language; the compiler and the back ends stay out, and a test says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from weightsmith.cli.mistakes import Mistake

if TYPE_CHECKING:
    from weightsmith.checker import Verdict


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.pass_context
def verify(ctx: click.Context, directory: Path) -> None:
    """Re-derive every claim of the certificate in DIRECTORY, and print each with its verdict.

    Exits with status 1 if a claim fails.
    """
    from weightsmith.checker import verify_directory
    from weightsmith.checker.directory import is_directory

    if not is_directory(directory):
        raise Mistake(
            f"'{directory}' is not a directory; pass the one that 'weightsmith compile -o' wrote."
        )
    report = verify_directory(directory)
    for verdict in report.verdicts:
        click.echo(_shown(verdict))
    refused = sum(not verdict.accepted for verdict in report.verdicts)
    click.echo(f"{directory}: " + (f"{refused} refused." if refused else "every claim holds."))
    ctx.exit(0 if report.accepted else 1)


def _shown(verdict: Verdict) -> str:
    mark = "holds" if verdict.proven else "open"
    mark = mark if verdict.accepted else "REFUSED"
    name = f"{verdict.kind} (claim {verdict.claim})" if verdict.claim else verdict.kind
    lines = [f"{mark:8}{name}, {verdict.seconds:.3f} s"]
    lines += [f"        {text}" for text in (verdict.statement, verdict.reason) if text]
    return "\n".join(lines)
