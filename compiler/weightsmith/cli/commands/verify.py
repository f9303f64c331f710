"""``weightsmith verify``: the independent checker on a compiled directory.

It loads the checker and the language; the compiler and the back ends stay out, and a test says so.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from weightsmith.cli.inputs.mistakes import Mistake
from weightsmith.cli.inputs.options import as_mapping, json_option, return_option, set_option
from weightsmith.cli.inputs.scripts import read_script
from weightsmith.cli.outputs.progress import working
from weightsmith.cli.outputs.result import Result

if TYPE_CHECKING:
    from weightsmith.checker import Report, Verdict

LOADED = "were loaded to check this:"
EXIT = {
    **{"proven": 0, "equal": 0, "equal here": 0},
    **{"refused": 1, "different": 1, "open": 3},
}


@click.command(short_help="Check every claim of the certificate in DIR.")
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR|NET")
@click.option("--explain", is_flag=True, help="Print what is derived on the way to every claim.")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="SCRIPT",
    help="Compare the network with this script; a network in a .net file needs no certificate.",
)
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="If they are equal: write the network to DIR, with a certificate that says so.",
)
@set_option
@return_option
@json_option
@click.pass_obj
@click.pass_context
def verify(
    ctx: click.Context,
    result: Result,
    directory: Path,
    explain: bool,
    against: Path | None,
    save: Path | None,
    settings: tuple[tuple[str, str], ...],
    returns: tuple[tuple[str, str], ...],
) -> None:
    """Re-derive every claim of the certificate in DIR, and print each with its verdict.

    Exits with status 0 if all that the certificate owes is proven, 1 if a claim is refused, 3 if
    none is refused and some are open: owed, and not proven.

    With --against SCRIPT: does the network in DIR, or in the file NET, compute what SCRIPT says?
    Status 0 if they are equal, 1 if they differ, 3 if that is open.  With --save DIR what was found
    equal is written as a directory that verify, run, show and export read.
    """
    if against is not None:
        ctx.exit(_compare(result, directory, against, settings, returns, explain, save))
    if settings or returns or save is not None:
        raise Mistake("option", "--set, --return and --save go with --against SCRIPT.")
    from weightsmith.checker import verify_directory
    from weightsmith.checker.reading.directory import is_directory
    from weightsmith.dsl.text.shown import printable

    if not is_directory(directory):
        raise Mistake(
            "no-network-there",
            f"'{directory}' is not a directory; pass the one that 'weightsmith compile -o' wrote, "
            "or compare a .net file with a script: --against SCRIPT.",
        )
    with working(f"verifying {printable(str(directory))}"):
        report = verify_directory(directory)
    if result.is_json:
        claims = [_as_json(one, explain) for one in report.verdicts]
        result.fields |= {"outcome": report.outcome, "network": str(directory), "claims": claims}
        ctx.exit(EXIT[report.outcome])
    for verdict in report.verdicts:
        click.echo(_shown(verdict))
        for number, fact in enumerate(verdict.way if explain else (), 1):
            click.echo(f"        {number:3}. {printable(fact)}")
    if explain:
        for line in kernel_files(directory):
            click.echo(line)
    click.echo(f"{printable(str(directory))}: {_end(report)}")
    ctx.exit(EXIT[report.outcome])


def _as_json(verdict: Verdict, explain: bool) -> dict[str, object]:
    told: dict[str, object] = {
        "kind": verdict.kind,
        "claim": verdict.claim or None,
        "verdict": _mark(verdict).lower(),
        "statement": verdict.statement or None,
        "reason": verdict.reason or None,
        "seconds": round(verdict.seconds, 3),
    }
    return {**told, "facts": list(verdict.way)} if explain else told


def _compare(
    result: Result,
    network: Path,
    script: Path,
    settings: tuple[tuple[str, str], ...],
    returns: tuple[tuple[str, str], ...],
    explain: bool,
    save: Path | None,
) -> int:
    """Compare, say what was found, save it, and return the exit status."""
    from weightsmith import api
    from weightsmith.dsl.text.shown import printable

    values, names = as_mapping(settings, "--set"), as_mapping(returns, "--return")
    with working(f"comparing {printable(str(network))} with {printable(str(script))}"):
        found = api.compare(network, read_script(script), settings=values, returns=names)
        saved = found.network() if save is not None and found.is_equal else None
        if saved is not None and save is not None:
            saved.save(save)
    if result.is_json:
        report = [printable(line) for line in found.text.splitlines()]
        way = {"facts": list(found.way)} if explain else {}
        result.fields |= {"outcome": found.outcome, "network": str(network)}
        result.fields |= {"script": str(script), "report": report, **way}
        if save is not None:
            result.fields |= {"saved": None if saved is None else str(save)}
        return EXIT[found.outcome]
    for line in found.text.splitlines():
        click.echo(printable(line))
    for number, fact in enumerate(found.way if explain else (), 1):
        click.echo(f"{number:5}. {printable(fact)}")
    if saved is not None and save is not None:
        from weightsmith.cli.commands.compile import summary

        click.echo(summary(saved, save, {}))
    elif save is not None:
        click.echo("Nothing is saved: they are not shown to be equal.")
    return EXIT[found.outcome]


def kernel_files(directory: Path) -> list[str]:
    """What the kernel loads to check the claims, with line counts, in a process of its own."""
    command = [sys.executable, "-m", "weightsmith.checker", "--kernel", "--explain", str(directory)]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    lines = found.splitlines()
    start = next((at for at, line in enumerate(lines) if line.endswith(LOADED)), len(lines))
    return lines[start:]


def _end(report: Report) -> str:
    """The last line, which no other line of the output looks like."""
    if report.outcome == "proven":
        return "every claim holds."
    found = [one for one in report.verdicts if not one.accepted] or report.open
    names = ", ".join(_name(one) for one in found)
    count = f"{len(found)} {'claim is' if len(found) == 1 else 'claims are'}"
    return f"{count} {'open' if report.accepted else 'refused'}: {names}."


def _name(verdict: Verdict) -> str:
    return f"{verdict.kind} (claim {verdict.claim})" if verdict.claim else verdict.kind


def _mark(verdict: Verdict) -> str:
    if not verdict.accepted:
        return "REFUSED"
    return "holds" if verdict.proven else "open"


def _shown(verdict: Verdict) -> str:
    lines = [f"{_mark(verdict):8}{_name(verdict)}, {verdict.seconds:.3f} s"]
    lines += [f"        {text}" for text in (verdict.statement, verdict.reason) if text]
    return "\n".join(lines)
