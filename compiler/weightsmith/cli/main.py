"""The group of commands, and the one place where a mistake of the user's becomes a message."""

from __future__ import annotations

from importlib import import_module
from typing import cast

import click

from weightsmith.cli.inputs.mistakes import Mistake, explain
from weightsmith.version import VERSION

# The commands in the order in which one meets them: in which module, and what it is called there.
COMMANDS = {
    "check": ("weightsmith.cli.commands.check", "check"),
    "fmt": ("weightsmith.cli.commands.fmt", "fmt"),
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


class Commands(click.Group):
    """A group that loads a command when it is asked for.

    It shows a known mistake as one message; a bug keeps its traceback.
    """

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except Exception as problem:
            message = explain(problem)
            if message is None:
                raise
            raise Mistake(message) from problem

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        return cast(click.Command, getattr(import_module(module), name))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION)
def commands() -> None:
    """Compile iterative algorithms to transformers with proven error bounds.

    A script of an algorithm becomes a directory that holds a transformer's weights and a
    certificate: how far its output can be from the mathematical target.  Nothing is trained.
    """
