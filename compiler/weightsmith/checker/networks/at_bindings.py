"""Equality at some of the numbers that a template binds: which, and how a sentence names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from weightsmith.checker.reading.refusal import quoted, require
from weightsmith.checker.reading.strict_json import as_texts
from weightsmith.checker.reading.template import Template
from weightsmith.dsl.program import core
from weightsmith.dsl.text.number_text import is_short

LONGEST = 40  # characters of a number that a sentence shows; a longer one is in the files


def read_at(value: object, program: core.Program, template: Template) -> dict[str, Fraction]:
    """The symbols that a witness names, each once and in order, with the numbers they are bound to.

    Raises RefusedError where one has none, is no parameter of the script, or counts tokens.
    """
    names = as_texts(value, "at")
    require(list(names) == sorted(set(names)), "The symbols of 'at' are not in order, each once.")
    parameters = {one.name for one in program.parameters}
    for name in names:
        known = name in parameters and name in template.bindings
        require(known, f"The symbol {quoted(name)} of 'at' is bound to no number.")
        require(name not in template.sizes, f"'{name}' is a number of tokens, which data have.")
    return {name: template.bindings[name] for name in names}


def written(numbers: Mapping[str, Fraction]) -> list[list[str]]:
    """As a fact has them."""
    return [[name, str(value)] for name, value in numbers.items()]


def with_numbers(numbers: Mapping[str, Fraction]) -> str:
    """``With eta = 1/2, steps = 4 the network``; without any ``The network``."""
    said = ", ".join(f"{name} = {_shown(value)}" for name, value in numbers.items())
    return f"With {said} the network" if numbers else "The network"


def for_every(program: core.Program, numbers: Mapping[str, Fraction], orders: Sequence[str]) -> str:
    """For which inputs, and for which values of the symbols that have none of these numbers."""
    others = any(one.name not in numbers for one in program.parameters)
    every = "for every size and every input"
    if others:
        every = (
            "for every size, every input and every value of the other symbols at which no "
            "denominator vanishes"
        )
    return f"{every}{''.join(f', and {one}' for one in orders)}"


def loops_run(passes: Sequence[int]) -> str:
    """``its loop runs exactly 4 passes``, ``its loops run exactly 4 and 2 passes``."""
    if not passes:
        return "it has no loop"
    if len(passes) == 1:
        return f"its loop runs exactly {passes[0]} pass{'es' * (passes[0] != 1)}"
    *first, last = map(str, passes)
    return f"its loops run exactly {', '.join(first)} and {last} passes"


def _shown(value: Fraction) -> str:
    return str(value) if is_short(value, LONGEST) else "the number in template.json"
