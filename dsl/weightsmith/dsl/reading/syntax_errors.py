"""Mistakes of syntax, in the terms of the person who wrote the script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from weightsmith.dsl.reading.layout import BRACKETS, CLOSING
from weightsmith.dsl.reading.lexer import KEYWORDS, Token
from weightsmith.dsl.reading.other_languages import BETWEEN, STATEMENTS, function_hint
from weightsmith.dsl.reading.slips import decimal_comma, run_together
from weightsmith.dsl.text.diagnostics import Diagnostic, error, near_hint, one_of
from weightsmith.dsl.text.source import Source, Span

WORDS = {
    "USE": "'use'",
    "_FROM": "'from'",
    "ALGORITHM": "'algorithm'",
    "ASSUME": "'assume'",
    "_IN": "'in'",
    "PARAM": "'param'",
    "TABLE": "'table'",
    "FUNCTION": "'function'",
    "REPEAT": "'repeat'",
    "FOR": "'for'",
    "UNTIL": "'until'",
    "RETURN": "'return'",
    "_APPROXIMATES": "'approximates'",
    "OVER": "'over'",
    "ON": "'on'",
    "WITHIN": "'within'",
    "_PER": "'per'",
    "_OR": "'or'",
    "SYNTHESIZE": "'synthesize'",
    "ENSURE": "'ensure'",
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a file name in double quotes",
    "LPAR": "'('",
    "DOTLPAR": "'.('",
    "RPAR": "')'",
    "LSQB": "'['",
    "RSQB": "']'",
    "PLUS": "'+'",
    "MINUS": "'-'",
    "STAR": "'*'",
    "SLASH": "'/'",
    "DOTSTAR": "'.*'",
    "DOTSLASH": "'./'",
    "PRIME": "the transpose '",
    "_CARET": "'^'",
    "_COMMA": "','",
    "_COLON": "':'",
    "_EQUAL": "'='",
    "_LESS_EQUAL": "'<='",
    "_NEWLINE": "the end of the line",
    "_INDENT": "an indented block",
    "_DEDENT": "the end of the block",
    "$END": "the end of the script",
}
FORMS = {
    "USE": 'write: use NAME from "file.alg"',
    "ALGORITHM": "write: algorithm NAME(A: symmetric[d, d], B: [m, n], x: [d] per token)",
    "ASSUME": "write: assume spectrum(A) in [mu, L], or: assume norm(x) <= B",
    "PARAM": "write: param eta, steps = 12",
    "TABLE": "write: table ramp = (-1, 0), (0, 1/2), (1, 1)",
    "FUNCTION": "write: function step(t) = c/(c + sqrt(t))",
    "WITHIN": "write: within 1e-4",
    "ENSURE": "write: ensure error <= 1e-6",
    "REPEAT": "write: repeat steps: or: repeat until error <= 1e-6:",
    "FOR": "write: for g in 3/2, 2, 3: or: for a, b in (3/2, -1/2), (2, -1): to count passes: "
    "repeat steps:",
    "RETURN": "write: return X, Y approximates inv(A)",
}
STATEMENT_FORM = "a statement is NAME = EXPR, repeat COUNT: or return EXPR"
VALUE = {"NAME", "NUMBER", "LPAR", "MINUS"}
OPERATORS = {"PLUS", "MINUS", "STAR", "SLASH", "DOTSTAR", "DOTSLASH", "PRIME", "_CARET"}
CLAUSES = {"OVER", "ON", "WITHIN"}
OPERAND_ENDS = {"NAME", "NUMBER", "RPAR", "PRIME"}
HEAD_STARTS = ("ASSUME", "PARAM", "TABLE", "FUNCTION", "WITHIN", "ENSURE")
SYNTHESIZE_FORM = "write: P = synthesize inv(A) within 1e-6, or: return synthesize …"
BEGINNINGS = ("repeat", "for", "return", "assume", "param", "ensure", "within", "function", "table")
MIDDLES = ("approximates", "over", "within")
STATEMENT_STARTS = ("USE", "ALGORITHM", *HEAD_STARTS, "REPEAT", "FOR", "RETURN")


@dataclass(frozen=True, slots=True)
class _Place:
    """The token that did not fit, and what is around it."""

    source: Source
    tokens: Sequence[Token]
    index: int
    expected: frozenset[str]

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    @property
    def before(self) -> Token | None:
        return self.tokens[self.index - 1] if self.index else None

    @property
    def line(self) -> Sequence[Token]:
        """The tokens of the line, up to the one that did not fit."""
        start = self.index
        while start and self.tokens[start - 1].type not in ("_NEWLINE", "_INDENT", "_DEDENT"):
            start -= 1
        return self.tokens[start : self.index]

    def span(self) -> Span:
        start, end = self.token.start, self.token.end
        if self.token.type in ("_NEWLINE", "$END") and self.before is not None:
            start = self.before.end
            return Span(self.source, start, start)
        return Span(self.source, start, end)


def explain(
    source: Source, tokens: Sequence[Token], index: int, expected: frozenset[str]
) -> Diagnostic:
    """Return the diagnostic for ``tokens[index]``, where only ``expected`` could follow."""
    place = _Place(source, tokens, index, expected)
    rules = (
        _layout,
        _outside,
        _open_bracket,
        _function_or_until,
        _colon,
        _equal,
        _keyword_as_name,
        _operator,
    )
    for rule in rules:
        if (found := rule(place)) is not None:
            return found
    if (
        place.before is not None
        and "OVER" in place.expected
        and ((misspelt := _misspelt(place, place.before)) is not None)
    ):
        return misspelt
    message = f"expected {_one_of(expected)}, got {_got(place.token)}"
    return error("syntax", place.span(), message, _hint(place))


def _hint(place: _Place) -> str | None:
    """Recall the form of what was begun."""
    before = place.before.type if place.before is not None else ""
    if before == "_COMMA" and (hint := decimal_comma(place.source.text, place.token.start - 1)):
        return hint
    if before in ("OVER", "ON"):
        return "the tokens are context, query or tokens: over context"
    if place.token.type == "_LESS_EQUAL" and not any(t.type == "ENSURE" for t in place.line):
        return "'<=' stands in 'assume norm(x) <= B' and in 'repeat until error <= 1e-6:'"
    if place.token.type == "_OR":
        return "'or' stands between two intervals: assume spectrum(A) in [a, b] or [c, d]"
    if any(token.type == "SYNTHESIZE" for token in place.line):
        return f"{SYNTHESIZE_FORM}; one value, and the target is the value"
    if place.token.type == "SLASH" and before == "SLASH":
        return "comments begin with '#'"
    if place.token.type == "STRING":
        return "there are no texts: names, numbers and matrices only"
    first = place.line[0].type if place.line else ""
    if place.token.type == "LSQB" and first in ("NAME", "RETURN"):
        return "values are whole matrices: give the parts names of their own, X, Y = E, F"
    if place.token.type == "_COMMA" and "RPAR" in place.expected and first in ("NAME", "RETURN"):
        called = _called(place.line)
        if called is not None and (hint := function_hint(called, (), ())):
            return hint
        return "values are not put together in brackets: write X, Y = E, F or return X, Y"
    if place.token.type == "DOTLPAR":
        return "f.(E) applies a function to every entry; its name stands before the dot"
    if first == "ALGORITHM" and place.token.type == "_COLON":
        return "no ':' stands here, and the lines of an algorithm are not indented"
    return FORMS.get(first)


def _called(line: Sequence[Token]) -> str | None:
    """What was called with a tuple that is still open: np.zeros in ``W = np.zeros((2``."""
    for name, call, inner in zip(line, line[1:], line[2:], strict=False):
        if (name.type, call.type, inner.type) == ("NAME", "LPAR", "LPAR"):
            return name.text
    return None


def _layout(place: _Place) -> Diagnostic | None:
    if place.token.type == "_INDENT":
        message = "this line is indented, but no block begins here"
        return error(
            "indentation",
            place.span(),
            message,
            "only the lines below 'repeat …:' or 'for …:' are indented",
        )
    if place.expected == {"_INDENT"}:
        message = f"expected an indented block below ':', got {_got(place.token)}"
        return error(
            "indentation", place.span(), message, "indent the lines that are to be repeated"
        )
    return None


def _outside(place: _Place) -> Diagnostic | None:
    """A statement before any ``algorithm`` line, or an unknown word at the start of a line."""
    if place.line:
        return None
    if place.expected <= {"USE", "ALGORITHM", "$END"}:
        message = f"expected 'algorithm' or 'use', got {_got(place.token)}"
        return error(
            "syntax", place.span(), message, "begin with: algorithm NAME(A: symmetric[d, d])"
        )
    if place.token.type in (*HEAD_STARTS, "ALGORITHM", "USE"):
        message = f"'{place.token.text}' cannot stand inside a loop"
        return error("misplaced", place.span(), message, "write it above the first statement")
    if place.token.text in KEYWORDS:
        message = f"'{place.token.text}' is a word of the language and begins no statement"
        is_synthesis = place.token.type == "SYNTHESIZE"
        return error(
            "syntax", place.span(), message, SYNTHESIZE_FORM if is_synthesis else STATEMENT_FORM
        )
    message = f"expected a statement, got {_got(place.token)}"
    is_comment = place.token.type in ("SLASH", "MINUS", "STRING")
    return error(
        "syntax",
        place.span(),
        message,
        "comments begin with '#'" if is_comment else STATEMENT_FORM,
    )


def _open_bracket(place: _Place) -> Diagnostic | None:
    """A bracket that was left open swallows the next line; say so where it was opened."""
    opened: list[Token] = []
    for token in place.line:
        if token.type in CLOSING:
            opened.append(token)
        elif token.type in ("RPAR", "RSQB") and opened:
            opened.pop()
    if not opened or "\n" not in place.source.text[opened[-1].end : place.token.start]:
        return None
    start, end = opened[-1].start, opened[-1].end
    wanted = BRACKETS[CLOSING[opened[-1].type]]
    message = f"this '{opened[-1].text}' is never closed"
    return error("bracket", Span(place.source, start, end), message, f"add the missing '{wanted}'")


def _function_or_until(place: _Place) -> Diagnostic | None:
    """What must follow ``until error`` and ``function f(t)``."""
    words = [token.type for token in place.line]
    if words[:2] == ["REPEAT", "UNTIL"] and "_LESS_EQUAL" in place.expected:
        message = f"expected '<=' after 'until {place.line[-1].text}', got {_got(place.token)}"
        return error("syntax", place.span(), message, "write repeat until error <= 1e-6:")
    is_end = place.token.type in ("_COLON", "_NEWLINE") and "_EQUAL" in place.expected
    if words[:1] == ["FUNCTION"] and is_end:
        message = f"expected '=' after 'function …', got {_got(place.token)}"
        hint = "write function f(t) = …; steps with matrices are an algorithm of their own"
        return error("syntax", place.span(), message, hint)
    return None


def _colon(place: _Place) -> Diagnostic | None:
    words = [token.type for token in place.line]
    if words[:1] not in (["REPEAT"], ["FOR"]):
        return None
    if "_COLON" in place.expected and place.token.type == "_NEWLINE":
        what = "the count of 'repeat'" if words[0] == "REPEAT" else "the numbers of 'for'"
        message = f"expected ':' after {what}, got the end of the line"
        return error("syntax", place.span(), message, FORMS[words[0]])
    if words[-1] == "_COLON":
        message = f"expected the end of the line after ':', got {_got(place.token)}"
        if words[0] == "FOR" and place.token.type in ("NAME", "NUMBER"):
            return error("syntax", place.span(), message, FORMS["FOR"])
        return error(
            "syntax", place.span(), message, "write what is repeated on the next lines, indented"
        )
    return None


def _equal(place: _Place) -> Diagnostic | None:
    words = [token.type for token in place.line]
    first = place.line[0].text if place.line else ""
    if place.token.type == "_EQUAL" and len(words) == 1 and first in KEYWORDS:
        message = f"'{first}' is a word of the language and cannot be assigned"
        return error("reserved-word", place.span(), message, "choose another name")
    if place.token.type == "_EQUAL" and "_EQUAL" not in words and words[:1] != ["FUNCTION"]:
        if words[:1] == ["FOR"]:
            message = "expected 'in' between the name and the numbers of 'for', got '='"
            return error("syntax", place.span(), message, FORMS["FOR"])
        message = "the left of '=' is not a name"
        return error("syntax", place.span(), message, "write NAME = EXPR, or A, B = E1, E2")
    names_only = words and set(words) <= {"NAME", "_COMMA"} and words[-1] == "NAME"
    if names_only and "_EQUAL" in place.expected:
        message = f"expected '=' after '{place.line[-1].text}', got {_got(place.token)}"
        word = place.line[0]
        if word.text in STATEMENTS:
            return error("syntax", place.span(), message, STATEMENTS[word.text])
        if near := near_hint(word.text, BEGINNINGS):
            span = Span(place.source, word.start, word.end)
            return error("misspelt", span, f"expected a statement, got '{word.text}'", near)
        return error("syntax", place.span(), message, STATEMENT_FORM)
    return None


def _keyword_as_name(place: _Place) -> Diagnostic | None:
    if "NAME" not in place.expected or place.token.text not in KEYWORDS:
        return None
    message = (
        f"expected {_one_of(place.expected)}, got '{place.token.text}', a word of the language"
    )
    if place.token.type == "_PER" and place.line[:1] and place.line[0].type == "ALGORITHM":
        name = place.line[-2].text if len(place.line) > 1 else "x"
        message = f"expected how many rows '{name}' has, got 'per'"
        return error("syntax", place.span(), message, f"write {name}: [1] per …, or [d] per …")
    is_synthesis = place.token.type == "SYNTHESIZE"
    return error(
        "reserved-word",
        place.span(),
        message,
        SYNTHESIZE_FORM if is_synthesis else "choose another name",
    )


def _operator(place: _Place) -> Diagnostic | None:
    """Two operands side by side: ``2 X`` or ``A B``."""
    before, token = place.before, place.token
    if before is None or before.type not in OPERAND_ENDS or "STAR" not in place.expected:
        return None
    if token.type not in ("NAME", "NUMBER", "LPAR"):
        return None
    for word in (before, token):
        if word.text in BETWEEN:
            return error(
                "operator", place.span(), f"'{word.text}' is no operator", BETWEEN[word.text]
            )
    if (misspelt := _misspelt(place, before)) is not None:
        return misspelt
    if place.line[0].type != "FOR" and (slip := run_together(before, token)) is not None:
        span = Span(place.source, before.start, token.end)
        return error("operator", span, *slip)
    message = f"expected an operator between {_got(before)} and {_got(token)}"
    words = {before.type, token.type}
    hint = f"write the product as {before.text}*{token.text}"
    if place.line[0].type == "FOR":
        return error("operator", place.span(), message, FORMS["FOR"])
    if place.line[0].type == "ASSUME" and "_COMMA" in place.expected:
        message = f"expected ',' between {_got(before)} and {_got(token)}"
        hint = f"write [{before.text}, {token.text}]"
    return error(
        "operator", place.span(), message, hint if words <= {"NAME", "NUMBER"} else "write a '*'"
    )


def _misspelt(place: _Place, before: Token) -> Diagnostic | None:
    """``return X aproximates …``, ``return synthesise inv(A)``, ``P = synthesise inv(A)``."""
    known = (*MIDDLES, "in") if place.line[0].type == "ASSUME" else MIDDLES
    words: list[tuple[Token, tuple[str, ...]]] = [(place.token, known)]
    if len(place.line) > 1 and place.line[-2].type in ("RETURN", "_COMMA", "_EQUAL"):
        words.append((before, ("synthesize",)))
    for word, candidates in words:
        if word.type == "NAME" and (near := _near(word.text, candidates)):
            return error(
                "misspelt",
                Span(place.source, word.start, word.end),
                f"unknown word '{word.text}'",
                near,
            )
    return None


def _near(word: str, candidates: tuple[str, ...]) -> str | None:
    """The hint for a word that is misspelt, or only begun: ``approx``."""
    begun = [one for one in candidates if len(word) >= 4 and one.startswith(word)]
    return f"did you mean '{begun[0]}'?" if begun else near_hint(word, candidates)


def _one_of(expected: frozenset[str]) -> str:
    rest = set(expected)
    words: list[str] = []
    if rest >= VALUE:
        rest -= {*VALUE, "SYNTHESIZE"}
        words.append("a value")
    if rest >= OPERATORS:
        rest -= OPERATORS
        words.append("an operator")
    if rest >= set(STATEMENT_STARTS) - {"USE", "ALGORITHM"}:
        rest -= {*STATEMENT_STARTS, "NAME"}
        words.append("a statement")
    if rest >= CLAUSES:
        rest -= CLAUSES
        words.append("a clause")
    words += [WORDS[kind] for kind in WORDS if kind in rest]
    return one_of(words)


def _got(token: Token) -> str:
    if token.type in ("_NEWLINE", "_INDENT", "_DEDENT", "$END", "PRIME"):
        return WORDS[token.type]
    return f"'{token.text}'" if len(token.text) <= 40 else f"'{token.text[:40]}…'"
