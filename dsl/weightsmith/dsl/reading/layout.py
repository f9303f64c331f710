"""Lines and blocks: turns the flat tokens of a script into tokens with indentation.

A newline within brackets does not end a line.  A line that is indented more than the one before
opens a block (``_INDENT``); a line that returns to an outer indentation closes blocks
(``_DEDENT``).  Tabs may indent as long as they are used consistently: the indentation of a block
must begin with that of the block around it.
"""

from __future__ import annotations

from collections.abc import Iterator

from weightsmith.dsl.reading.foreign import explain_foreign
from weightsmith.dsl.reading.lexer import Token
from weightsmith.dsl.text.diagnostics import DiagnosticError, mistake
from weightsmith.dsl.text.source import Source, Span

CLOSING = {"LPAR": "RPAR", "DOTLPAR": "RPAR", "LSQB": "RSQB"}
BRACKETS = {"LPAR": "(", "LSQB": "[", "RPAR": ")", "RSQB": "]"}
LINE_STARTS = {"USE", "ALGORITHM", "ASSUME", "PARAM", "TABLE", "FUNCTION", "REPEAT", "RETURN"}
LINE_STARTS |= {"ENSURE"}


def lay_out(source: Source, tokens: Iterator[Token]) -> Iterator[Token]:
    """Yield the tokens with layout.  Raises DiagnosticError on a mistake of layout."""
    return _Layout(source).run(tokens)


class _Layout:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.open: list[Token] = []
        self.indents = [""]
        self.line_has_tokens = False

    def run(self, tokens: Iterator[Token]) -> Iterator[Token]:
        for token in tokens:
            if token.type == "_NEWLINE":
                yield from self._end_line(token)
                continue
            if token.type == "FOREIGN":
                raise DiagnosticError([explain_foreign(self.source, self._span(token))])
            if not self.line_has_tokens:
                yield from self._indentation(token)
                self.line_has_tokens = True
            self._brackets(token)
            yield token
        if self.open:
            raise self._unclosed()
        end = Token("_NEWLINE", "", len(self.source.text), len(self.source.text))
        yield from self._end_line(end)
        for _ in self.indents[1:]:
            yield Token("_DEDENT", "", end.start, end.end)

    def _end_line(self, token: Token) -> Iterator[Token]:
        if self.line_has_tokens and not self.open:
            self.line_has_tokens = False
            yield token

    def _brackets(self, token: Token) -> None:
        if token.type in CLOSING:
            self.open.append(token)
        elif token.type in ("RPAR", "RSQB"):
            self._close(token)
        elif token.type in LINE_STARTS and self.open:
            raise self._unclosed()

    def _close(self, token: Token) -> None:
        if not self.open:
            message = f"this '{token.text}' closes nothing"
            raise mistake("bracket", self._span(token), message, f"remove the '{token.text}'")
        opened = self.open.pop()
        if CLOSING[opened.type] != token.type:
            wanted = BRACKETS[CLOSING[opened.type]]
            message = f"expected '{wanted}' to close '{opened.text}', got '{token.text}'"
            raise mistake("bracket", self._span(token), message, f"write '{wanted}' here")

    def _unclosed(self) -> DiagnosticError:
        opened = self.open[-1]
        wanted = BRACKETS[CLOSING[opened.type]]
        message = f"this '{opened.text}' is never closed"
        return mistake("bracket", self._span(opened), message, f"add the missing '{wanted}'")

    def _indentation(self, token: Token) -> Iterator[Token]:
        place = token.start
        start = place
        while start > 0 and self.source.text[start - 1] in " \t":
            start -= 1
        indent = self.source.text[start:place]
        if indent == self.indents[-1]:
            return
        if len(indent) > len(self.indents[-1]) and indent.startswith(self.indents[-1]):
            self.indents.append(indent)
            yield Token("_INDENT", indent, start, place)
            return
        if indent not in self.indents:
            raise self._inconsistent(start, place, indent)
        while self.indents[-1] != indent:
            self.indents.pop()
            yield Token("_DEDENT", "", place, place)

    def _inconsistent(self, start: int, place: int, indent: str) -> DiagnosticError:
        span = Span(self.source, start, max(place, start + 1))
        around = self.indents[-1]
        if "\t" in indent + around and " " in indent + around:
            message = "the indentation mixes tabs and spaces"
            return mistake("indentation", span, message, "indent with spaces only")
        message = (
            f"this line is indented by {len(indent)}, which is neither the {len(around)} "
            "of the block above nor that of a block around it"
        )
        return mistake("indentation", span, message, "line it up with the block it belongs to")

    def _span(self, token: Token) -> Span:
        return Span(self.source, token.start, token.end)
