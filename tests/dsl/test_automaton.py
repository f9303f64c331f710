"""The automaton run by hand does what Lark's own does, token by token."""

from __future__ import annotations

from pathlib import Path

import pytest

from weightsmith.dsl import Source, load_source
from weightsmith.dsl.automaton import automaton_of
from weightsmith.dsl.layout import lay_out
from weightsmith.dsl.lexer import Token, tokens_of
from weightsmith.dsl.parser import _accepted, _grammar
from weightsmith.dsl.tree import reading

SCRIPTS = sorted((Path(__file__).parents[2] / "examples").glob("*.alg"))


def tokens(source: Source) -> list[Token]:
    end = len(source.text)
    return [*lay_out(source, tokens_of(source.text)), Token("$END", "", end, end)]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_both_build_the_same_tree(path: Path) -> None:
    source = load_source(path)
    theirs = _grammar().parse_interactive("")
    with reading(source):
        *_, wanted = [theirs.feed_token(token) for token in tokens(source)]
        assert automaton_of(_grammar()).read(tokens(source)) == wanted


@pytest.mark.parametrize("path", SCRIPTS[::6], ids=lambda path: path.stem)
def test_it_stops_where_a_token_cannot_follow(path: Path) -> None:
    source, ours = load_source(path), automaton_of(_grammar())
    theirs = _grammar().parse_interactive("")
    with reading(source):
        given = tokens(source)
        for at, token in enumerate(given[:40]):
            kinds = {"NAME", "STAR", "RPAR", "_NEWLINE", "_DEDENT", "OVER"} - _accepted(theirs)
            for kind in kinds:
                assert ours.read([*given[:at], token._replace(type=kind)]) is None
            theirs.feed_token(token)
        assert ours.read(given[:-1]) is None
