"""``weightsmith check``: say what is wrong with scripts, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from weightsmith.dsl.check import Checked


@click.command()
@click.argument("scripts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def check(ctx: click.Context, scripts: tuple[Path, ...]) -> None:
    """Diagnose SCRIPTS: names, shapes, assumptions, and whether a network can hold the values.

    Exits with status 1 if a script has an error.
    """
    sound = [_is_sound(script) for script in scripts]
    ctx.exit(0 if all(sound) else 1)


def _is_sound(script: Path) -> bool:
    from weightsmith.dsl import DiagnosticError, diagnose, load_source

    try:
        checked = diagnose(load_source(script))
        for diagnostic in checked.diagnostics:
            click.echo(diagnostic.render() + "\n", err=True)
        if checked.program is None:
            return False
        _compile(checked)
    except DiagnosticError as problem:
        click.echo(f"{problem}\n", err=True)
        return False
    click.echo(f"{script}: '{checked.program.name}' is sound.")
    return True


def _compile(checked: Checked) -> None:
    """Raise DiagnosticError if no network can hold the values of the program."""
    from weightsmith.compiler.pipeline import compile_program

    if checked.program is not None:
        compile_program(checked.program, {})
