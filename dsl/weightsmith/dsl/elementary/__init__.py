"""The functions of one number that formulas are made of: one file each, read by all.

A file holds one ``Elementary``, called FUNCTION: its values, its derivatives, its enclosures.
Scripts, the interpreter, the compiler, the checker and the tests of a network on data find it here
by its name.  To add a function, write its file and add the name below.

Files are loaded when a function is first used: they need libraries that reading a script does not.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weightsmith.dsl.elementary.record import Elementary

NAMES = ("exp", "log", "sqrt", "sin", "cos", "tanh", "atan", "sigmoid", "softplus", "abs")


@cache
def elementary(name: str) -> Elementary:
    """Return the function of one of NAMES; raises KeyError for any other name."""
    if name not in NAMES:
        raise KeyError(name)
    found: Elementary = import_module(f"{__name__}.{name}").FUNCTION
    return found
