"""What a user can do wrong, as messages: which exceptions are theirs, and what each should say.

The classes live in modules that a command may not have loaded; an exception can only be of a
class whose module is loaded, so they are looked up there and nothing is imported.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from weightsmith.dsl.text.codes import Code
    from weightsmith.dsl.text.diagnostics import Diagnostic

# Their text is the whole message, in the user's terms, and their class has a code.
PLAIN = (
    ("weightsmith.dsl.running.bindings", "BindingError"),
    ("weightsmith.dsl.running.interpreter", "InputError"),
    ("weightsmith.dsl.numbers.scalars", "ScalarError"),
    ("weightsmith.backends.errors", "BackendError"),
    ("weightsmith.compiler.against.sides", "MismatchError"),
)
DIAGNOSED = (("weightsmith.dsl.text.diagnostics", "DiagnosticError"),)
NO_MEMORY = "DefaultCPUAllocator: can't allocate memory"  # PyTorch raises a RuntimeError
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
# Packages that an install without extras does not have, and what to install.
OPTIONAL = {
    "sklearn": ("scikit-learn", "pip install 'weightsmith[demo]'"),
    "pygls": ("pygls", "pip install 'weightsmith[editor]'"),
    "lsprotocol": ("lsprotocol", "pip install 'weightsmith[editor]'"),
}


class Mistake(click.ClickException):
    """A message for the user, with its code and so its exit status."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Explained:
    """A mistake of the user's: its code and message, or the diagnostics of a text."""

    code: Code
    message: str
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def status(self) -> int:
        """The exit status: that of the code; of diagnostics that differ in it, 1."""
        from weightsmith.dsl.text.codes import STATUS, WRONG

        found = {STATUS[one.code] for one in self.diagnostics if one.severity == "error"}
        found = found or {STATUS[self.code]}
        return found.pop() if len(found) == 1 else WRONG


def explain(problem: BaseException) -> str | None:
    """Return the message for a mistake of the user's, or None if it is none."""
    found = explained(problem)
    return None if found is None else found.message


def explained(problem: BaseException) -> Explained | None:
    """Return what is to be said of a mistake of the user's, or None if it is none."""
    if isinstance(problem, Mistake):
        return Explained(problem.code, problem.message)
    if isinstance(problem, click.ClickException):
        return Explained("option", problem.format_message())
    if isinstance(problem, BrokenPipeError):
        return None
    if any(isinstance(problem, kind) for kind in _loaded(DIAGNOSED)):
        diagnostics = cast("tuple[Diagnostic, ...]", vars(problem)["diagnostics"])
        return Explained(diagnostics[0].code, str(problem), diagnostics)
    if any(isinstance(problem, kind) for kind in _loaded(PLAIN)):
        return Explained(cast("Code", getattr(problem, "code", None)), str(problem))
    if isinstance(problem, ModuleNotFoundError):
        return _missing_package(problem.name or "")
    if isinstance(problem, MemoryError) or NO_MEMORY in str(problem):
        message = "there is not enough memory for matrices of this size; try smaller sizes."
        return Explained("machine", message)
    if isinstance(problem, OSError) and problem.strerror:
        where = f"{problem.filename}: " if problem.filename else ""
        code: Code = "machine" if problem.errno in FULL else "file-unreadable"
        return Explained(code, f"{where}{problem.strerror}.")
    return None


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest known name, or nothing."""
    near = get_close_matches(name, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


def _loaded(names: Iterable[tuple[str, str]]) -> Iterable[type]:
    for module, name in names:
        if module in sys.modules:
            yield getattr(sys.modules[module], name)


def _missing_package(module: str) -> Explained | None:
    found = OPTIONAL.get(module.partition(".")[0])
    if found is None:
        return None
    name, command = found
    return Explained(
        "package-missing",
        f"this command needs {name}, which is not installed; install it with\n\n    {command}\n",
    )
