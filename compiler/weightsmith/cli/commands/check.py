"""``weightsmith check``: say what is wrong with scripts, and what heads a sound one needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from weightsmith.compiler.ir.template import Template
    from weightsmith.dsl.program import core


@click.command()
@click.argument("scripts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def check(ctx: click.Context, scripts: tuple[Path, ...]) -> None:
    """Diagnose SCRIPTS: names, shapes, assumptions, and whether a network can hold the values.

    Says which heads the network needs, and how their cost grows, where some are not linear.

    Exits with status 1 if a script has an error.
    """
    sound = [_is_sound(script) for script in scripts]
    ctx.exit(0 if all(sound) else 1)


def _is_sound(script: Path) -> bool:
    from weightsmith.dsl import DiagnosticError, diagnose, load_source
    from weightsmith.dsl.text.shown import printable

    try:
        checked = diagnose(load_source(script))
        for diagnostic in checked.diagnostics:
            click.echo(diagnostic.render() + "\n", err=True)
        if checked.program is None:
            return False
        missing, kinds = _compile(checked.program)
    except DiagnosticError as problem:
        click.echo(f"{problem}\n", err=True)
        return False
    part = "its tables need" if _has_tables(checked.program) else "its synthesis needs"
    wanted = f"; {part} values of {', '.join(missing)}" if missing else ""
    click.echo(f"{printable(str(script))}: '{checked.program.name}' is sound{wanted}.")
    for line in kinds:
        click.echo(f"  {line}")
    return True


def _compile(program: core.Program) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Raise DiagnosticError if no network can hold the values of the program.

    Tables and synthesised steps are made of numbers: without them the parameters that miss one are
    returned.  Besides the kinds of heads, where some are not linear.
    """
    from weightsmith.compiler.choosing.choices import resolve_choices
    from weightsmith.compiler.choosing.ensure import open_parameters
    from weightsmith.compiler.pipeline import compile_program
    from weightsmith.dsl import resolve_bindings

    if not (_has_tables(program) or program.synthesized):
        return (), _kinds(compile_program(program, {}).template)
    bindings = resolve_bindings(program, {})
    found = {*bindings, *(until.parameter for until in program.untils)}
    if program.ensure is not None:  # then the compiler chooses these
        found.update(*open_parameters(program, found))
    missing = tuple(one.name for one in program.parameters if one.name not in found)
    if not missing:
        chosen = resolve_choices(program, bindings)
        return (), _kinds(compile_program(chosen.program, chosen.bindings).template)
    return missing, ()


def _kinds(template: Template) -> tuple[str, ...]:
    from weightsmith.compiler.costs.head_kinds import head_kinds
    from weightsmith.compiler.ir.template import layers_of

    heads = (head for layer in layers_of(template.body) for head in layer.heads)
    return () if all(head.scores.is_linear for head in heads) else head_kinds(template)


def _has_tables(program: core.Program) -> bool:
    from weightsmith.compiler.approximate.choose_tables import sites_of
    from weightsmith.dsl.program.core import Approximated, Hadamard

    return any(
        isinstance(site, Hadamard) or isinstance(site.function, Approximated)
        for site in sites_of(program)
    )
