"""The automaton of the grammar as plain tables: what Lark builds, run without Lark's own classes.

Lark's states are keyed by strings and rules that compare in Python; here a step is one look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from lark import Lark
from lark.parsers.lalr_analysis import Shift

from weightsmith.dsl.lexer import Token

Build = Callable[[list[object]], object]


class Reduction(NamedTuple):
    """Replace the last ``size`` values by what ``build`` makes of them: a ``symbol``."""

    size: int
    symbol: str
    build: Build


@dataclass(frozen=True, slots=True)
class Automaton:
    """The states by number; each knows the next one, or a reduction, for every symbol."""

    steps: dict[int, dict[str, int | Reduction]]
    start: int
    end: int

    def read(self, tokens: Iterable[Token]) -> object:
        """Return what the tokens, the last of them ``$END``, are reduced to.

        None if one of them cannot follow those before it.
        """
        states, values = [self.start], list[object]()
        for token in tokens:
            step = self._reduced(states, values, token.type)
            if step is None:
                return values[-1] if states[-1] == self.end else None
            states.append(step)
            values.append(token)
        return None

    def _reduced(self, states: list[int], values: list[object], symbol: str) -> int | None:
        """Reduce until a token can be shifted; return the state after it."""
        steps = self.steps
        while True:
            step = steps[states[-1]].get(symbol)
            if step is None or isinstance(step, int):
                return step
            size, made, build = step
            children = values[len(values) - size :]
            del states[len(states) - size :], values[len(values) - size :]
            values.append(build(children))
            states.append(_state(steps[states[-1]][made]))


def automaton_of(grammar: Lark) -> Automaton:
    """Read Lark's tables."""
    known = grammar.parse_interactive("").parser_state.parse_conf
    build: dict[object, Build] = known.callbacks
    steps: dict[int, dict[str, int | Reduction]] = {}
    for state, actions in known.states.items():
        found: dict[str, int | Reduction] = {}
        for symbol, (action, what) in actions.items():
            if action is Shift:
                found[str(symbol)] = what
            else:
                found[str(symbol)] = Reduction(
                    len(what.expansion), str(what.origin.name), build[what]
                )
        steps[state] = found
    return Automaton(steps, known.start_state, known.end_state)


def _state(step: int | Reduction) -> int:
    if not isinstance(step, int):
        raise TypeError(f"expected a state, got {step!r}")
    return step
