"""Text to syntax tree.

The LALR tables come from ``grammar.lark`` (see ``automaton``); lexer and automaton are iterative,
so no input can exhaust the stack.  ``layout`` adds indentation, ``tree`` builds the nodes,
``syntax_errors`` speaks when the parser stops.
"""

from __future__ import annotations

from itertools import islice

from weightsmith.dsl.reading import syntax
from weightsmith.dsl.reading.automaton import END, Automaton, UnexpectedTokenError
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
    tokens = list(islice(lay_out(source, tokens_of(source.text)), MAX_TOKENS + 1))
    if len(tokens) > MAX_TOKENS:
        span = Span(source, tokens[-1].start, tokens[-1].end)
        message = f"this script has more than {MAX_TOKENS} names, numbers and signs"
        raise mistake("too-large", span, message, "write steps that are alike with 'repeat'")
    with reading(source):
        return _reduce(source, tokens)


def _reduce(source: Source, tokens: list[Token]) -> syntax.Script:
    """Feed the automaton; an error knows all the tokens around it."""
    automaton = Automaton(TreeBuilder())
    end = Token(END, "", len(source.text), len(source.text))
    script: object = None
    for index, token in enumerate([*tokens, end]):
        try:
            script = automaton.feed(token)
        except UnexpectedTokenError:
            expected = automaton.accepted()
            raise DiagnosticError([explain(source, [*tokens, end], index, expected)]) from None
    if not isinstance(script, syntax.Script):
        raise TypeError(f"expected a script, got {script!r}")
    return script
