"""The functions of one number that formulas are made of: one file each, read by all.

A file of ``functions`` holds one ``Elementary``, called FUNCTION: its values, its derivatives, its
enclosures.  Scripts, the interpreter, the compiler, the checker and the tests of a network on data
find it here by its name, which is that of the file.  To add a function, write its file, and drop it
from those that are lacking; one that others make up takes a formula alone.

Files are loaded when a function is first used: they need libraries that reading a script does not.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weightsmith.dsl.elementary.record import Elementary

# those that have a file, in the order of the alphabet
NAMES = tuple(sorted(one.name for one in iter_modules([f"{path}/functions" for path in __path__])))
# functions that scripts know by a formula of those
DEFINED = {
    "reciprocal": "1/t",
    "rsqrt": "1/sqrt(t)",
    "square": "t^2",
    "gelu": "t/2*(1 + erf(t/sqrt(2)))",
}
# functions of one number that the language does not have: what to write
LACKING: dict[str, str] = {
    **dict.fromkeys(("silu", "swish"), "write E .* sigmoid(E)"),
    "elu": "write relu(E) + exp.(min(E, 0)) - ones",
    **dict.fromkeys(("cbrt", "gamma"), "declare a table of its values: table f = (-1, 0), …"),
    **dict.fromkeys(("sinh", "cosh"), "declare it: function f(t) = (exp(t) + exp(-t))/2"),
    "tan": "declare it: function f(t) = sin(t)/cos(t)",
    **dict.fromkeys(("log2", "log10", "log1p"), "declare it: function f(t) = log(1 + t)"),
    "expm1": "declare it: function f(t) = exp(t) - 1",
    **dict.fromkeys(
        ("arcsin", "asin", "arccos", "acos"), "declare a table of its values: table f = …"
    ),
}


@cache
def elementary(name: str) -> Elementary:
    """Return the function of one of NAMES; raises KeyError for any other name."""
    if name not in NAMES:
        raise KeyError(name)
    found: Elementary = import_module(f"{__name__}.functions.{name}").FUNCTION
    return found
