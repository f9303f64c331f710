"""The group of commands, and the one place where a mistake of the user's becomes a message."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn, cast

import click

from weightsmith.cli.inputs.mistakes import Explained, explained, suggestion
from weightsmith.cli.outputs.colours import CHOICES, is_wanted, painted
from weightsmith.cli.outputs.result import Result
from weightsmith.version import VERSION

INTERRUPTED, PIPE = 130, 141  # 128 and the number of the signal, as shells have it
# The commands in the order in which one meets them: in which module, and what it is called there.
COMMANDS = {
    "new": ("weightsmith.cli.commands.new", "new"),
    "examples": ("weightsmith.cli.commands.examples", "examples"),
    "check": ("weightsmith.cli.commands.check", "check"),
    "fmt": ("weightsmith.cli.commands.fmt", "fmt"),
    "explain": ("weightsmith.cli.commands.explain", "explain_code"),
    "compile": ("weightsmith.cli.commands.compile", "compile_command"),
    "synthesize": ("weightsmith.cli.commands.synthesize", "synthesize"),
    "measure": ("weightsmith.cli.commands.measure", "measure"),
    "run": ("weightsmith.cli.commands.run", "run"),
    "lift": ("weightsmith.cli.commands.lift", "lift"),
    "verify": ("weightsmith.cli.commands.verify", "verify"),
    "show": ("weightsmith.cli.commands.show", "show"),
    "export": ("weightsmith.cli.commands.export", "export"),
    "language-server": ("weightsmith.cli.commands.language_server", "language_server"),
    "demo": ("weightsmith.cli.commands.demo", "demo"),
}
JSON = ("check", "examples", "run", "show", "verify")


class Commands(click.Group):
    """A group that loads a command when it is asked for.

    A known mistake becomes one message and an exit status; a bug keeps its traceback.
    """

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: object
    ) -> NoReturn:
        """Run a command, say what is wrong if it fails, and leave with its exit status."""
        given = list(sys.argv[1:] if args is None else args)
        result = Result(color=is_wanted("auto"))
        status = 0
        try:
            status = self._run(args, prog_name, result)
        except (click.Abort, KeyboardInterrupt):
            status = INTERRUPTED
            click.echo("interrupted", err=True)
        except Exception as problem:
            found = explained(problem)
            if found is None:
                raise
            status = found.status
            result.is_json |= _is_json(given)
            _tell(found, problem, result)
        if result.is_json:
            click.echo(result.document(status))
        sys.exit(status)

    def _run(self, args: Sequence[str] | None, prog_name: str | None, result: Result) -> int:
        """Parse and run; return the exit status.  Raises what the command raises."""
        found = super().main(args, prog_name, standalone_mode=False, obj=result)
        return found if isinstance(found, int) else 0

    def invoke(self, ctx: click.Context) -> object:
        try:
            found = super().invoke(ctx)
            if not sys.stdout.closed:  # a server closes it when it stops
                sys.stdout.flush()
            return found
        except KeyboardInterrupt:
            raise click.Abort from None
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)  # what is left in the buffer goes there
            os.dup2(nowhere, sys.stdout.fileno())
            raise click.exceptions.Exit(PIPE) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; a command that there is not is told the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"No such command '{args[0]}'.{suggestion(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        return cast(click.Command, getattr(import_module(module), name))


def _is_json(arguments: Sequence[str]) -> bool:
    """Was a document asked for?  Also where the arguments could not be read."""
    command = next((one for one in arguments if one in COMMANDS), "")
    return command in JSON and "--json" in arguments


def _tell(found: Explained, problem: Exception, result: Result) -> None:
    """Print the message, or keep it for the document."""
    from weightsmith.dsl.text.shown import printable

    if result.is_json:
        if found.diagnostics:
            result.add(found.diagnostics)
        else:
            result.fail(found.code, found.message)
        return
    if isinstance(problem, click.exceptions.NoArgsIsHelpError):
        click.echo(problem.format_message(), err=True)  # all of the help: nothing is wrong
        return
    usage = getattr(problem, "ctx", None)
    if isinstance(problem, click.UsageError) and usage is not None:
        click.echo(f"{usage.get_usage()}\nTry '{usage.command_path} --help' for help.\n", err=True)
    message = "\n".join(map(printable, found.message.split("\n")))
    text = message if found.diagnostics else f"error[{found.code}]: {message}"
    click.echo(painted(text), err=True, color=result.color)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION)
@click.option(
    "--color",
    type=click.Choice(CHOICES),
    default="auto",
    show_default=True,
    help="Colour in messages; auto: on a terminal, unless NO_COLOR is set.",
)
@click.pass_context
def commands(ctx: click.Context, color: str) -> None:
    """Compile iterative algorithms to transformers with proven error bounds.

    A script of an algorithm becomes a directory that holds a transformer's weights and a
    certificate: how far its output can be from the mathematical target.  Nothing is trained.

    Exit status: 0 all is well, 1 what was looked at is wrong, 2 the command cannot be done as it
    was given, 3 open, 4 the data are refused, 5 the machine cannot, 130 interrupted.
    """
    result = ctx.find_object(Result) or Result()
    result.color = ctx.color = is_wanted(color)
    result.command = ctx.invoked_subcommand or ""
