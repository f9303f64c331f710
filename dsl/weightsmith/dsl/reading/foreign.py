"""What to write instead of a character that has no meaning in a script."""

from __future__ import annotations

import unicodedata

from weightsmith.dsl.reading.other_languages import STATEMENTS
from weightsmith.dsl.text.characters import character_name, is_unsafe, unsafe_character
from weightsmith.dsl.text.diagnostics import Diagnostic, error, mistake
from weightsmith.dsl.text.source import Source, Span

INSTEAD = {
    "==": "one '=' assigns: X = 2*X",
    ">=": "write 'assume spectrum(A) in [mu, L]', or 'assume norm(x) <= B'",
    ".^": "write square(E), or declare 'function cube(t) = t^3' and write cube(E)",
    ".'": "write the transpose as x'",
    ".": "write f.(E) for a function of every entry, E .* F for their product, repeat 3: to count",
    "!=": "there are no comparisons; 'repeat' takes a number of steps",
    "<": "write '<=': 'assume norm(x) <= B', 'ensure error <= 1e-6'; of spectra "
    "'assume spectrum(A) in [mu, L]'",
    ">": "write 'assume spectrum(A) in [mu, L]', or 'assume norm(x) <= B'",
    "+=": "write X = X + …",
    "-=": "write X = X - …",
    "*=": "write X = X*…",
    "/=": "write X = X/…",
    ":=": "write '='",
    "@": "write the product of matrices with '*'",
    ";": "write each statement on a line of its own",
    "{": "use round brackets",
    "}": "use round brackets",
    "%": "comments begin with '#'; there are no remainders",
    "!": "there are no conditions: every input takes the same steps",
    "?": "there are no conditions: every input takes the same steps",
    "&": "there are no conditions: every input takes the same steps",
    "|": "write assume norm(x) <= B for a norm, abs(E) for absolute values",
    "~": "there are no conditions: every input takes the same steps",
    "$": "formulas are written as 2*X - X*A*X",
    "\\": "a line continues while a bracket is open; for A\\b write the iteration: "
    "return X approximates inv(A)*b",
    '"': "a file name stands between two double quotes on one line",
    "≤": "write '<='",
    "⊙": "write the product entry by entry as E .* F",
    "∘": "write the product entry by entry as E .* F",
    "×": "write '*'",
    "·": "write '*'",
    "−": "write '-'",
    "–": "write '-'",
    "÷": "write '/'",
    "²": "write '^2'",
    "³": "write '^3'",
    "’": "write the transpose with a straight quote: x'",
    "′": "write the transpose with a straight quote: x'",
    "ᵀ": "write the transpose as x'",
    "“": 'write straight quotes: "file.alg"',
    "”": 'write straight quotes: "file.alg"',
    "√": "write sqrt(A), after 'approximates'",
    "\u00a0": "replace the non-breaking space by an ordinary space",
}


COMPARISONS = {"<", ">", ">=", "==", "!="}
BYTE_ORDER_MARK = "\ufeff"


def refuse_unsafe(source: Source) -> None:
    """Raise DiagnosticError if a character may not stand in a script, not even in a comment.

    Those are the characters that a terminal obeys and those that nobody sees; a byte order mark at
    the start is passed over.
    """
    text = source.text
    if text.startswith(BYTE_ORDER_MARK):
        text = " " + text[1:]
    offset = unsafe_character(text, lines=True)
    if offset is None:
        return
    span = Span(source, offset, offset + 1)
    message = f"unexpected {_show(text[offset])}: it could make the script look like another one"
    raise mistake("character", span, message, _instead_of(text[offset]))


def _instead_of(character: str) -> str:
    if character == "\f":
        return "write an empty line instead of a form feed"
    if character in "\x0b\x85\u2028\u2029":
        return "end the line with an ordinary line break"
    if "\ud800" <= character <= "\udfff":
        return "half of a character: save the script as UTF-8, and decode it as such"
    if character == "\x00":
        return "save the script as UTF-8 text, without zero bytes"
    return "remove it; comments hold text that can be seen"


def explain_foreign(source: Source, span: Span) -> Diagnostic:
    """Return the diagnostic for the character (or pair of them) at ``span``."""
    text = source.text[span.start : span.end]
    if (instead := STATEMENTS.get(_first_word(source, span))) and text in COMPARISONS:
        return error("character", span, f"unexpected {_show(text)}", instead)
    if text == "<" and source.text[span.end : span.end + 1] == "-" and _assigns(source, span):
        return error("character", span, "unexpected '<-'", INSTEAD[":="])
    if text in INSTEAD:
        return error("character", span, f"unexpected {_show(text)}", INSTEAD[text])
    if text.isalpha():
        return error(
            "character", span, f"unexpected {_show(text)}: {_names_rule()}", _spelt_out(text)
        )
    return error("character", span, f"unexpected {_show(text)}", "remove it")


def _assigns(source: Source, span: Span) -> bool:
    """True where one name alone stands before the place, in its line."""
    return _before(source, span).strip().isidentifier()


def _first_word(source: Source, span: Span) -> str:
    """The word that begins the line of a place."""
    words = _before(source, span).split()
    return words[0] if words else ""


def _before(source: Source, span: Span) -> str:
    """What stands before a place in its line, of the last 200 characters."""
    before = source.text[max(0, span.start - 200) : span.start].replace("\r", "\n")
    return before.rpartition("\n")[2]


def _names_rule() -> str:
    return "names are written with the letters A-Z and a-z, digits and '_'"


def _show(text: str) -> str:
    if text.isprintable() and not any(map(is_unsafe, text)):
        return f"'{text}'"
    name = unicodedata.name(text, "") if len(text) == 1 else ""
    return f"character {character_name(text[0])}" + (f" ({name.lower()})" if name else "")


def _spelt_out(letter: str) -> str:
    """Suggest ``eta`` for the Greek letter."""
    words = unicodedata.name(letter[0], "").split()
    if words[:1] == ["GREEK"] and len(words) == 4 and words[2] == "LETTER":
        return f"write {words[3].lower()}"
    return "spell it with those letters"
