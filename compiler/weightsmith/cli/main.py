"""The group of commands, and the one place where a mistake of the user's becomes a message."""

from __future__ import annotations

import click

from weightsmith.cli.check import check
from weightsmith.cli.compile import compile_command
from weightsmith.cli.demo import demo
from weightsmith.cli.export import export
from weightsmith.cli.measure import measure
from weightsmith.cli.mistakes import Mistake, explain
from weightsmith.cli.run import run
from weightsmith.cli.show import show
from weightsmith.cli.synthesize import synthesize
from weightsmith.cli.verify import verify


class Commands(click.Group):
    """A group that shows a known mistake as one message; a bug keeps its traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except Exception as problem:
            message = explain(problem)
            if message is None:
                raise
            raise Mistake(message) from problem

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which one meets them."""
        return list(self.commands)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="weightsmith")
def commands() -> None:
    """Compile iterative algorithms to transformers with proven error bounds.

    A script of an algorithm becomes a directory that holds a transformer's weights and a
    certificate: how far its output can be from the mathematical target.  Nothing is trained.
    """


for command in (check, compile_command, synthesize, measure, run, verify, show, export, demo):
    commands.add_command(command)
