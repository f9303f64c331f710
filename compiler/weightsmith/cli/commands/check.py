"""``weightsmith check``: say what is wrong with scripts, and what heads a sound one needs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from weightsmith.cli.inputs.mistakes import explained
from weightsmith.cli.inputs.options import json_option
from weightsmith.cli.inputs.scripts import STDIN, STDIN_NAME, read_script, with_directories
from weightsmith.cli.outputs.colours import painted
from weightsmith.cli.outputs.progress import working
from weightsmith.cli.outputs.result import FAILED, Result

if TYPE_CHECKING:
    from weightsmith.compiler.ir.template import Template
    from weightsmith.dsl import Source
    from weightsmith.dsl.program import core
    from weightsmith.dsl.text.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found of one file; ``needs``: parameters that its tables or synthesis miss."""

    file: str
    outcome: str
    name: str | None = None
    needs: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    part: str = field(default="", repr=False)


@click.command(short_help="Say what is wrong with scripts and networks.")
@click.argument("scripts", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
@click.pass_obj
@click.pass_context
def check(ctx: click.Context, result: Result, scripts: tuple[Path, ...]) -> None:
    """Diagnose SCRIPTS: names, shapes, assumptions, and whether a network can hold the values.

    Of a directory every .alg and .net file is looked at; - is a script on stdin.  Says which heads
    the network needs, and how their cost grows, where some are not linear.

    Exits with status 1 if one has an error, 2 if one cannot be read.
    """
    statuses, files = set(), []
    for script in with_directories(scripts):
        looked, diagnostics, status = _looked(script)
        statuses.add(status)
        files.append(looked)
        result.add(diagnostics)
        if not result.is_json:
            _print(looked, diagnostics)
    status = 1 if 1 in statuses else max(statuses)
    kept = [{key: one for key, one in asdict(file).items() if key != "part"} for file in files]
    result.fields |= {"outcome": FAILED.get(status, "sound"), "files": kept}
    ctx.exit(status)


def _print(looked: Looked, diagnostics: tuple[Diagnostic, ...]) -> None:
    from weightsmith.dsl.text.shown import printable

    for diagnostic in diagnostics:
        click.echo(painted(diagnostic.render()) + "\n", err=True)
    if looked.outcome != "sound":
        return
    wanted = f"; {looked.part} values of {', '.join(looked.needs)}" if looked.needs else ""
    click.echo(f"{printable(looked.file)}: '{looked.name}' is sound{wanted}.")
    for line in looked.heads:
        click.echo(f"  {line}")


def _looked(script: Path) -> tuple[Looked, tuple[Diagnostic, ...], int]:
    """What was found, what there is to say, and the exit status."""
    from weightsmith.dsl import DiagnosticError, diagnose
    from weightsmith.dsl.text.shown import printable

    name = STDIN_NAME if str(script) == STDIN else str(script)
    found: tuple[Diagnostic, ...] = ()
    try:
        source = read_script(script)
        if (net := _net(source, script)) is not None:
            return Looked(name, "sound", net), (), 0
        with working(f"checking {printable(name)}"):
            checked = diagnose(source)
        found = checked.diagnostics
        if checked.program is None:
            raise DiagnosticError(found)
        with working(f"compiling {printable(name)}"):
            missing, kinds = _compile(checked.program)
    except DiagnosticError as problem:
        told = tuple(dict.fromkeys((*found, *problem.diagnostics)))
        mistake = explained(problem)
        return Looked(name, "wrong"), told, 1 if mistake is None else mistake.status
    part = "its tables need" if _has_tables(checked.program) else "its synthesis needs"
    return Looked(name, "sound", checked.program.name, missing, kinds, part), found, 0


def _net(source: Source, path: Path) -> str | None:
    """The name of a network as text; None of a script.  Raises DiagnosticError."""
    if path.suffix != ".net" and not (str(path) == STDIN and "network" in source.text):
        return None
    from weightsmith.compiler.nets.read_net import is_net, read_net

    if path.suffix != ".net" and not is_net(source.text):
        return None
    return read_net(source).template.algorithm


def _compile(program: core.Program) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Raise DiagnosticError if no network can hold the values of the program.

    Tables and synthesised steps are made of numbers: without them the parameters that miss one are
    returned.  Besides the kinds of heads, where some are not linear.
    """
    from weightsmith.compiler.pipeline import compile_program

    if not (_has_tables(program) or program.synthesized):
        return (), _kinds(compile_program(program, {}).template)

    from weightsmith.compiler.choosing.choices import resolve_choices
    from weightsmith.compiler.choosing.ensure import open_parameters
    from weightsmith.dsl import resolve_bindings

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
