"""The functions of entries that the language knows, and what to write for those it lacks."""

from __future__ import annotations

from collections.abc import Mapping

from weightsmith.dsl import elementary
from weightsmith.dsl.meaning.positions import POSITIONS
from weightsmith.dsl.meaning.sums import SUMS
from weightsmith.dsl.numbers.formulas import Apply, Formula, Variable, parse_formula
from weightsmith.dsl.program.piecewise import EXACT
from weightsmith.dsl.program.scope import MATRIX_FUNCTIONS
from weightsmith.dsl.reading.other_languages import function_hint

APPROXIMATED: dict[str, Formula] = {
    **{name: Apply(name, Variable()) for name in elementary.NAMES if name not in EXACT},
    **{name: parse_formula(text) for name, text in elementary.DEFINED.items()},
}
BUILT_IN = (*EXACT, *APPROXIMATED, *SUMS, *POSITIONS)

_CONTINUOUS = "and a ReLU network is continuous"
_JUMPS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("sign", "sgn"), ("at 0", "write clip(c*E, -1, 1) with a large number c")),
    **dict.fromkeys(("step", "heaviside"), ("at 0", "write clip(c*E, 0, 1) with a large number c")),
    **dict.fromkeys(
        ("floor", "ceil", "round", "trunc", "mod"),
        ("at whole numbers", "write a table with steep pieces: table f = (0, 0), (0.9, 0), (1, 1)"),
    ),
}
_OTHERS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        ("normalize", "normalise", "normalized"),
        ("columns of scores are divided by their sums with 'normalised'", "write normalised(E)"),
    ),
    "argmax": (f"'argmax' is discontinuous, {_CONTINUOUS}", "write exp.(c*E) ./ sum(exp.(c*E))"),
    "logistic": ("unknown function 'logistic'", "write sigmoid(E)"),
    "ReLU": ("unknown function 'ReLU'", "write relu(E)"),
    "mean": ("'mean' needs a size, which stays symbolic", "write sum(E)/n with param n"),
    "pow": ("unknown function 'pow'", "write square(E), or declare: function f(t) = t^3"),
}


def advice(name: str) -> tuple[str, str] | None:
    """Return a message and a hint for a function that is not available under this name."""
    last = name.rpartition(".")[2]
    if last in _JUMPS and not (last != name and last in MATRIX_FUNCTIONS):
        where, hint = _JUMPS[last]
        return f"'{name}' is discontinuous {where}, {_CONTINUOUS}", hint
    if last in _OTHERS:
        return _OTHERS[last]
    if name in BUILT_IN or name in MATRIX_FUNCTIONS:
        return None
    instead = function_hint(name, BUILT_IN, MATRIX_FUNCTIONS)
    return None if instead is None else (f"unknown function '{name}'", instead)


def written_call(name: str) -> str:
    """Return how the function is called in a statement: ``relu(E)``, but ``exp.(E)``."""
    if name in SUMS:
        return SUMS[name].written
    dot = "." if name in BUILT_IN and name in MATRIX_FUNCTIONS else ""
    return f"{name}{dot}(E)"


def known_names(declared: Mapping[str, object]) -> tuple[str, ...]:
    return (*declared, *BUILT_IN)
