"""The automaton of the grammar: its tables, and one run of it over the tokens of a script.

``tools/grammar_tables.py`` computes the tables from ``grammar.lark`` with Lark (LALR(1)) and
writes them as ``grammar_tables.json``: reading a script then needs neither Lark nor a tenth of a
second.  The tests compute them again.  A run keeps its own stacks: no input exhausts Python's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Protocol

FILE = "grammar_tables.json"
END = "$END"
Build = Callable[[list[object]], object]


class Typed(Protocol):
    """A token, as far as the automaton looks at it."""

    @property
    def type(self) -> str: ...


class UnexpectedTokenError(Exception):
    """No rule goes on with this token."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one rule reduces.

    ``kept`` are the places of its symbols that stay in the tree, each with a mark where a list
    is spliced in; the place -1 is an optional part that is absent.  Without ``build`` the list of
    children is the value; ``single``: one child alone stands for itself.
    """

    name: str
    build: str | None
    size: int
    kept: tuple[tuple[int, bool], ...]
    single: bool

    @property
    def passes_on(self) -> bool:
        """Is the value that of its one symbol?"""
        return self.single and self.size == 1 and self.kept == ((0, False),)

    def children(self, values: list[object]) -> list[object]:
        found: list[object] = []
        for place, spliced in self.kept:
            value = None if place < 0 else values[place]
            if not (spliced and isinstance(value, list)):
                found.append(value)
            elif found:
                found += value
            else:  # the list that grows: a copy each time would take its length squared
                found = value
        return found


@dataclass(frozen=True, slots=True)
class Tables:
    """``states``: of each state the action on a symbol.

    An action n >= 0 goes to state n, n < 0 reduces by rule -n - 1.  The run is over in ``last``.
    """

    rules: tuple[Rule, ...]
    states: tuple[Mapping[str, int], ...]
    first: int
    last: int


@lru_cache(maxsize=1)
def tables() -> Tables:
    """The tables of the grammar, read once."""
    text = files("weightsmith.dsl").joinpath(FILE).read_text(encoding="utf-8")
    found = json.loads(text)
    rules = tuple(
        Rule(name, build, size, tuple((place, spliced) for place, spliced in kept), single)
        for name, build, size, kept, single in found["rules"]
    )
    return Tables(rules, tuple(found["states"]), found["first"], found["last"])


class Automaton:
    """One run: tokens go in one by one; the last one makes the tree."""

    def __init__(self, builder: object) -> None:
        """``builder`` has a method for each rule that builds."""
        self._tables = tables()
        self._builds: list[Build | None] = [
            None if rule.build is None else getattr(builder, rule.build)
            for rule in self._tables.rules
        ]
        self._passing = [rule.passes_on for rule in self._tables.rules]
        self._states, self._values = [self._tables.first], list[object]()

    def feed(self, token: Typed) -> object:
        """Take a token; the tree, if it was the last one.

        Raises UnexpectedTokenError, and what the builder raises.
        """
        rules, actions = self._tables.rules, self._tables.states
        states, values, passing = self._states, self._values, self._passing
        kind = token.type
        while True:
            action = actions[states[-1]].get(kind)
            if action is None:
                raise UnexpectedTokenError(kind)
            if action >= 0:
                states.append(action)
                values.append(token)
                return None
            number = -1 - action
            rule = rules[number]
            if passing[number]:
                states[-1] = actions[states[-2]][rule.name]
                continue
            cut = len(values) - rule.size
            children, build = rule.children(values[cut:]), self._builds[number]
            del states[cut + 1 :], values[cut:]
            if rule.single and len(children) == 1:
                value = children[0]
            else:
                value = children if build is None else build(children)
            states.append(actions[states[-1]][rule.name])
            values.append(value)
            if kind == END and states[-1] == self._tables.last:
                return value

    def accepted(self) -> frozenset[str]:
        """The kinds of token that could come now."""
        here = self._tables.states[self._states[-1]]
        return frozenset(kind for kind in here if kind.isupper() and self._accepts(kind))

    def _accepts(self, kind: str) -> bool:
        """Do the reductions that a token asks for end where it fits?"""
        states = [*self._states]
        while True:
            action = self._tables.states[states[-1]].get(kind)
            if action is None:
                return False
            if action >= 0:
                return True
            rule = self._tables.rules[-1 - action]
            del states[len(states) - rule.size :]
            states.append(self._tables.states[states[-1]][rule.name])
            if kind == END and states[-1] == self._tables.last:
                return True
