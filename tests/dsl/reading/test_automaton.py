"""The tables are those of the grammar, and the automaton runs them as Lark does."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from lark import Lark, Transformer
from lark.exceptions import UnexpectedToken

from weightsmith.dsl import DiagnosticError
from weightsmith.dsl.reading.automaton import END, Automaton, UnexpectedTokenError
from weightsmith.dsl.reading.layout import lay_out
from weightsmith.dsl.reading.lexer import Token, tokens_of
from weightsmith.dsl.reading.tree import TreeBuilder, reading
from weightsmith.dsl.text.source import Source

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted((ROOT / "examples").rglob("*.alg"))
SMALL = """use f from "g.alg"
algorithm all(x: [d] per query, Y: symmetric[d, 1], k: [2])
assume spectrum(Y) in [mu, 1] or [-1, -mu]
assume norm(x) <= 1
param mu = 1/2, L
table T = (0, 1), (1, 2)
function g(a, b) = a*b + mean(t: over query)
within 1e-3
ensure e <= 1e-6
a, b = x .* x ./ 2 over query k on context within 1
repeat until e <= 1:
    for s, t in (1, 2), (3, 4):
        a = synthesize -a'^-2 on query
return synthesize a, b.(x, eps=1) approximates inv(Y) over query
"""


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = spec_from_file_location("grammar_tables", ROOT / "tools" / "grammar_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def lark(tool: ModuleType) -> Lark:
    class Built(TreeBuilder, Transformer[Token, object]):
        pass

    text = tool.GRAMMAR.read_text(encoding="utf-8")
    return Lark(text, parser="lalr", lexer=tool._NoLexer, transformer=Built())


def test_the_tables_are_those_of_the_grammar(tool: ModuleType) -> None:
    """If not: python tools/grammar_tables.py."""
    made = tool.document(tool.GRAMMAR.read_text(encoding="utf-8"))
    assert made == tool.TABLES.read_text(encoding="utf-8")


def test_reading_a_script_needs_no_lark() -> None:
    for path in (ROOT / "dsl").rglob("*.py"):
        assert "import lark" not in path.read_text(encoding="utf-8"), path
        assert "from lark" not in path.read_text(encoding="utf-8"), path


def test_trees_and_what_is_accepted_are_those_of_lark(lark: Lark) -> None:
    for path in SCRIPTS:
        source = Source(str(path), path.read_text(encoding="utf-8"))
        assert same(lark, source, tokens(source)), path


def test_broken_scripts_stop_where_lark_stops(lark: Lark) -> None:
    """Tokens that are left out, written twice or swapped with any other."""
    chance, whole = random.Random(1), Source("small.alg", SMALL)
    known = tokens(whole)
    for _ in range(400):
        broken = [*known]
        for _ in range(chance.randint(1, 3)):
            place, other = chance.randrange(len(broken) - 1), chance.choice(known)
            broken[place : place + chance.randint(0, 1)] = [other] * chance.randint(0, 2)
        assert same(lark, whole, broken) in (True, None)


def tokens(source: Source) -> list[Token]:
    end = Token(END, "", len(source.text), len(source.text))
    return [*lay_out(source, tokens_of(source.text)), end]


def same(lark: Lark, source: Source, given: list[Token]) -> bool | None:
    """Do both make one tree (True), or stop with one answer (None)?"""
    theirs, ours = lark.parse_interactive(""), Automaton(TreeBuilder())
    accepted: Callable[[], set[str]] = theirs.accepts
    with reading(source):
        for number, token in enumerate(given):
            if not number % 7:
                assert ours.accepted() == accepted()
            outcomes = [*outcomes_of(theirs.feed_token, ours.feed, token)]
            assert outcomes[0] == outcomes[1]
            if outcomes[0] == "stopped":
                assert ours.accepted() == accepted()
            if isinstance(outcomes[0], str):
                return None
    return outcomes[0] is not None


def outcomes_of(*feeds_and_token: object) -> Iterator[object]:
    *feeds, token = feeds_and_token
    for feed in feeds:
        assert callable(feed)
        try:
            yield feed(token)
        except (UnexpectedToken, UnexpectedTokenError):
            yield "stopped"
        except DiagnosticError as problem:
            yield problem.diagnostics[0].message
