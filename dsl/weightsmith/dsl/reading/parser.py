"""Text to syntax tree.

The LALR tables come from ``grammar.lark``; lexer and automaton are iterative, so no input can
exhaust the stack.  ``layout`` adds indentation, ``tree`` builds the nodes, ``syntax_errors``
speaks when the parser stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.resources import files
from itertools import islice

from lark import Lark
from lark import Token as LarkToken
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer
from lark.parsers.lalr_interactive_parser import InteractiveParser

from weightsmith.dsl.reading import syntax
from weightsmith.dsl.reading.foreign import refuse_unsafe
from weightsmith.dsl.reading.layout import lay_out
from weightsmith.dsl.reading.lexer import Token, tokens_of
from weightsmith.dsl.reading.syntax_errors import explain
from weightsmith.dsl.reading.tree import TreeBuilder, reading
from weightsmith.dsl.text.diagnostics import DiagnosticError, mistake
from weightsmith.dsl.text.source import Source, Span

MAX_CHARACTERS = 1_000_000
MAX_TOKENS = 300_000  # names, numbers and signs: some seconds of parsing


def parse(source: Source) -> syntax.Script:
    """Return the tree of a script.  Raises DiagnosticError on a mistake of syntax.

    The first mistake ends the parsing: what follows it would be guesswork.
    """
    if len(source.text) > MAX_CHARACTERS:
        message = f"expected a script of at most {MAX_CHARACTERS} characters"
        raise mistake("too-large", Span(source, 0, 0), f"{message}, got {len(source.text)}")
    refuse_unsafe(source)
    grammar = _grammar()
    tokens = list(islice(lay_out(source, tokens_of(source.text)), MAX_TOKENS + 1))
    if len(tokens) > MAX_TOKENS:
        span = Span(source, tokens[-1].start, tokens[-1].end)
        message = f"this script has more than {MAX_TOKENS} names, numbers and signs"
        raise mistake("too-large", span, message, "write steps that are alike with 'repeat'")
    with reading(source):
        return _reduce(grammar, source, tokens)


def _reduce(grammar: Lark, source: Source, tokens: list[Token]) -> syntax.Script:
    """Feed the automaton by hand, so that an error knows all the tokens around it."""
    automaton = grammar.parse_interactive("")
    end = Token("$END", "", len(source.text), len(source.text))
    feed: Callable[..., object] = automaton.feed_token
    script: object = None
    for index, token in enumerate([*tokens, end]):
        try:
            script = feed(token)
        except UnexpectedToken:
            expected = _accepted(automaton)
            raise DiagnosticError([explain(source, [*tokens, end], index, expected)]) from None
    if not isinstance(script, syntax.Script):
        raise TypeError(f"expected a script, got {script!r}")
    return script


class _NoLexer(Lexer):
    """The tokens are fed by hand; Lark asks for a lexer all the same."""

    def __init__(self, conf: object) -> None:
        pass

    def lex(self, lexer_state: object, parser_state: object = None) -> Iterator[LarkToken]:
        return iter(())


def _accepted(automaton: InteractiveParser) -> frozenset[str]:
    """The kinds of token that could have followed."""
    accepts: Callable[[], set[str]] = automaton.accepts
    return frozenset(accepts())


@lru_cache(maxsize=1)
def _grammar() -> Lark:
    """Build the automaton once, when the first script is read."""
    text = files("weightsmith.dsl").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", lexer=_NoLexer, transformer=TreeBuilder())
