"""Compute the parser's tables from the grammar, with Lark.

    python tools/grammar_tables.py

reads ``dsl/weightsmith/dsl/grammar.lark`` and writes ``grammar_tables.json`` beside it.  The file
says of each rule how it reduces, and of each state what it does on a symbol; ``automaton.py``
describes both.  A test computes it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

from lark import Lark
from lark.grammar import Rule, Symbol, Terminal
from lark.lexer import Lexer
from lark.lexer import Token as LarkToken
from lark.parsers.lalr_analysis import Shift

FOLDER = Path(__file__).parents[1] / "dsl" / "weightsmith" / "dsl"
GRAMMAR, TABLES = FOLDER / "grammar.lark", FOLDER / "grammar_tables.json"


class _NoLexer(Lexer):
    """Tokens come from elsewhere; Lark asks for a lexer all the same."""

    def __init__(self, conf: object) -> None:
        pass

    def lex(self, lexer_state: object, parser_state: object = None) -> Iterator[LarkToken]:
        return iter(())


def document(grammar: str) -> str:
    """The tables of a grammar as JSON, a rule and a state on each line."""
    lark = Lark(grammar, parser="lalr", lexer=_NoLexer)
    table = lark.parser.parser._parse_table
    order = _reached(table.states, table.start_states["start"])
    numbers = {state: number for number, state in enumerate(order)}
    rules = {rule: number for number, rule in enumerate(lark.rules)}
    states = [
        {
            symbol: numbers[what] if action is Shift else -1 - rules[what]
            for symbol, (action, what) in sorted(table.states[state].items(), key=itemgetter(0))
        }
        for state in order
    ]
    lines = [
        "{",
        f'"first": {numbers[table.start_states["start"]]},',
        f'"last": {numbers[table.end_states["start"]]},',
        '"rules": [',
        ",\n".join(json.dumps(_rule(rule)) for rule in rules),
        "],",
        '"states": [',
        ",\n".join(map(json.dumps, states)),
        "]",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _reached(states: dict[int, dict[str, tuple[object, int]]], first: int) -> list[int]:
    """The states in the order in which they are reached; Lark numbers them anew each time."""
    found = [first]
    for state in found:
        for _, (action, what) in sorted(states[state].items(), key=itemgetter(0)):
            if action is Shift and what not in found:
                found.append(what)
    return found


def _rule(rule: Rule) -> list[object]:
    """Name, method, size, kept places, and whether one child stands for itself."""
    name: str = rule.origin.name
    single = bool(rule.options.expand1) and not rule.alias
    kept = [*_kept(rule)]
    passes_on = single and [is_spliced for _, is_spliced in kept] == [False]
    build = None if passes_on or _is_spliced(rule.origin) else rule.alias or name
    return [name, build, len(rule.expansion), kept, single]


def _kept(rule: Rule) -> Iterator[tuple[int, bool]]:
    """The places of the symbols that stay; -1 where an optional part is absent."""
    place = -1
    for is_absent in rule.options.empty_indices or (False,) * len(rule.expansion):
        if is_absent:
            yield -1, False
            continue
        place += 1
        symbol = rule.expansion[place]
        if not (isinstance(symbol, Terminal) and symbol.filter_out):
            yield place, _is_spliced(symbol)


def _is_spliced(symbol: Symbol) -> bool:
    """Lark's own rules for what is repeated; their children are those of the rule around."""
    return not symbol.is_term and symbol.name.startswith("_")


if __name__ == "__main__":
    TABLES.write_text(document(GRAMMAR.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{TABLES.name}: {TABLES.stat().st_size:,} bytes")
