"""What a user can do wrong, as messages: which exceptions are theirs, and what each should say.

The classes live in modules that a command may not have loaded; an exception can only be of a
class whose module is loaded, so they are looked up there and nothing is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from difflib import get_close_matches

import click

# Their text is the whole message, in the user's terms.
PLAIN = (
    ("weightsmith.dsl.text.diagnostics", "DiagnosticError"),
    ("weightsmith.dsl.running.bindings", "BindingError"),
    ("weightsmith.dsl.running.interpreter", "InputError"),
    ("weightsmith.dsl.numbers.scalars", "ScalarError"),
    ("weightsmith.backends.errors", "BackendError"),
    ("weightsmith.compiler.against.sides", "MismatchError"),
)
NO_MEMORY = "DefaultCPUAllocator: can't allocate memory"  # PyTorch raises a RuntimeError
# Packages that an install without extras does not have, and what to install.
OPTIONAL = {
    "sklearn": ("scikit-learn", "pip install 'weightsmith[demo]'"),
    "pygls": ("pygls", "pip install 'weightsmith[editor]'"),
    "lsprotocol": ("lsprotocol", "pip install 'weightsmith[editor]'"),
}


class Mistake(click.ClickException):
    """A message for the user; exit status 1.  A rendered diagnostic is shown as it is."""

    def show(self, file: object = None) -> None:
        from weightsmith.dsl.text.shown import printable

        text = "\n".join(map(printable, self.format_message().split("\n")))
        first = text.partition("\n")[0]
        is_diagnostic = ": error: " in first or ": warning: " in first
        click.echo(text if is_diagnostic else f"Error: {text}", err=True)


def explain(problem: Exception) -> str | None:
    """Return the message for a mistake of the user's, or None if it is none."""
    if isinstance(problem, click.ClickException | BrokenPipeError):
        return None
    if any(isinstance(problem, kind) for kind in _loaded(PLAIN)):
        return str(problem)
    if isinstance(problem, ModuleNotFoundError):
        return _missing_package(problem.name or "")
    if isinstance(problem, MemoryError) or NO_MEMORY in str(problem):
        return "there is not enough memory for matrices of this size; try smaller sizes."
    if isinstance(problem, OSError) and problem.strerror:
        where = f"{problem.filename}: " if problem.filename else ""
        return f"{where}{problem.strerror}."
    return None


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest known name, or nothing."""
    near = get_close_matches(name, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


def _loaded(names: Iterable[tuple[str, str]]) -> Iterable[type]:
    for module, name in names:
        if module in sys.modules:
            yield getattr(sys.modules[module], name)


def _missing_package(module: str) -> str | None:
    found = OPTIONAL.get(module.partition(".")[0])
    if found is None:
        return None
    name, command = found
    return f"this command needs {name}, which is not installed; install it with\n\n    {command}\n"
