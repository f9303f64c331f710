"""Options that several commands take: ``--set steps=8``, ``--dim d=16``, ``--dtype float32``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from weightsmith.cli.inputs.mistakes import Mistake

if TYPE_CHECKING:
    from weightsmith.api import Network

Command = TypeVar("Command", bound=Callable[..., object])
MAX_SIZE = 10**9


def assignment(text: str) -> tuple[str, str]:
    """Read ``NAME=VALUE``; the value stays text and is read where its meaning is known."""
    name, equals, value = text.partition("=")
    if not (equals and name.strip() and value.strip()):
        raise click.BadParameter(f"expected NAME=VALUE, for example steps=8, got '{text}'.")
    return name.strip(), value.strip()


def size_assignment(text: str) -> tuple[str, str]:
    """Read ``NAME=SIZE`` with a whole size from 1."""
    name, size = assignment(text)
    if not (size.isascii() and size.isdigit()):
        raise click.BadParameter(f"expected a whole number from 1 for '{name}', got '{size}'.")
    if len(size) > len(str(MAX_SIZE)) or not 1 <= int(size) <= MAX_SIZE:
        raise click.BadParameter(f"expected a size from 1 to {MAX_SIZE} for '{name}', got {size}.")
    return name, size


def set_option(command: Command) -> Command:
    """``--set steps=8``, as often as there are parameters."""
    text = "Give a parameter its value, exactly: steps=8, mu=1/10, eta=2/(1 + 4)."
    option = click.option(
        "--set", "settings", type=assignment, multiple=True, metavar="NAME=VALUE", help=text
    )
    return option(command)


def return_option(command: Command) -> Command:
    """``--return r=output``, as often as there are values."""
    text = "With --against: NAME of the network is VALUE of the script."
    option = click.option(
        "--return", "returns", type=assignment, multiple=True, metavar="NAME=VALUE", help=text
    )
    return option(command)


def gated_option(command: Command) -> Command:
    """``--gated``."""
    text = "Multiply entries by gated hidden units, exactly, in place of tables of ReLUs."
    return click.option("--gated", is_flag=True, help=text)(command)


def fewest_option(command: Command) -> Command:
    """``--fewest layers``."""
    text = (
        "What to save.  layers: many steps of a loop at once (wider, more heads); "
        "operations: multiply-adds, if need be with more layers.  Without it the layers are the "
        "steps as they are written."
    )
    return click.option("--fewest", type=click.Choice(["layers", "operations"]), help=text)(command)


def dtype_option(text: str, default: str | None = None) -> Callable[[Command], Command]:
    """``--dtype float32``."""
    return click.option(
        "--dtype", type=click.Choice(["float64", "float32"]), default=default, help=text
    )


def input_option(command: Command) -> Command:
    """``--input A=a.npy``, as often as there are inputs."""
    text = "A=a.npy, x.context=x.csv, or data.npz with one array a name."
    option = click.option("--input", "sources", multiple=True, metavar="[NAME=]FILE", help=text)
    return option(command)


def rows_option(command: Command) -> Command:
    """``--rows``."""
    text = "Inputs per token have one token a row, not a column."
    return click.option("--rows", is_flag=True, help=text)(command)


def as_mapping(pairs: tuple[tuple[str, str], ...], option: str) -> dict[str, str]:
    """Return the assignments by name.  Raises UsageError if a name is given twice."""
    values: dict[str, str] = {}
    for name, text in pairs:
        if values.setdefault(name, text) != text:
            raise click.UsageError(
                f"{option} {name} is given twice, as {values[name]} and as {text}."
            )
    return values


def open_network(directory: Path) -> Network:
    """Load a compiled directory; whatever is wrong with it is said as a mistake."""
    from weightsmith import api

    try:
        return api.load(directory)
    except (KeyError, ValueError, TypeError, AttributeError) as problem:
        raise Mistake(
            "network-damaged",
            f"'{directory}' holds a damaged network ({problem}); 'weightsmith verify {directory}' "
            "says more. Compile the script again.",
        ) from problem


def json_option(command: Command) -> Command:
    """``--json``: the command's Result becomes a document on stdout, printed at the end."""

    def wanted(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
        ctx.obj.is_json |= value

    text = "Print one JSON document: docs/command_line.md."
    option = click.option("--json", is_flag=True, expose_value=False, callback=wanted, help=text)
    return option(command)
