"""The tokens of one line of a ``.net`` file.

A name is a word, or anything in brackets: ``[argument of soft[1]]``; a word may end with brackets
of its own: ``I[d]``.  What the brackets hold is balanced, or a JSON string.  ``'`` and ``*`` are
ASCII for ``ᵀ`` and ``·``; a comment begins with ``#``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from weightsmith.dsl.text.diagnostics import mistake
from weightsmith.dsl.text.source import Source, Span

_WORD = re.compile(r"[^\W\dᵀ][^\Wᵀ]*(?:\.[^\W\dᵀ][^\Wᵀ]*)*")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_MARK = re.compile(r"\+=|\.\*|[·*ᵀ'+\-/^(),:;=]")
_SPACE = re.compile(r"[ \t]+|#.*")
SAME = {"·": "*", "ᵀ": "'"}
OTHERWISE = {"@": "write the product as A*B or A·B", "×": "write '*' or '·'", "−": "write '-'"}
MOST_OPEN = 40  # round brackets in one another
MOST_TOKENS = 100_000  # of a line


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is name, word, number or mark; ``text`` of a name is without brackets around it."""

    kind: str
    text: str
    start: int
    end: int


def tokens_of(source: Source, start: int, end: int) -> list[Token]:
    """The tokens of a line of the source.  Raises DiagnosticError on what is none."""
    return list(each_token(source, start, end))


def each_token(source: Source, start: int, end: int) -> Iterator[Token]:
    """One by one, up to what is none."""
    text, place = source.text, start
    depth = count = 0
    while place < end:
        space = _SPACE.match(text, place, end)
        if space:
            place = space.end()
            continue
        found = _token(source, place, end)
        depth += (found.text == "(") - (found.text == ")") if found.kind == "mark" else 0
        count += 1
        if depth > MOST_OPEN or count > MOST_TOKENS:
            what = "has too many brackets in one another" if depth > MOST_OPEN else "is too long"
            span = Span(source, found.start, found.end)
            raise mistake("too-large", span, f"this line {what}", "write it as several")
        yield found
        place = found.end


def _token(source: Source, place: int, end: int) -> Token:
    text = source.text
    if text[place] == "[":
        stop = _closing(source, place, end)
        inside = text[place + 1 : stop - 1]
        return Token("name", _unquoted(inside), place, stop)
    word = _WORD.match(text, place, end)
    if word:
        stop = word.end()
        if stop < end and text[stop] == "[":
            stop = _closing(source, stop, end)
        return Token("word", text[place:stop], place, stop)
    number = _NUMBER.match(text, place, end)
    if number:
        return Token("number", number.group(), place, number.end())
    mark = _MARK.match(text, place, end)
    if mark:
        found = mark.group()
        return Token("mark", SAME.get(found, found), place, mark.end())
    span = Span(source, place, place + 1)
    message = f"'{text[place]}' means nothing in a network"
    hint = OTHERWISE.get(text[place], "a name of such characters is [in brackets]")
    raise mistake("character", span, message, hint)


def _closing(source: Source, place: int, end: int) -> int:
    """The place after the bracket that closes the one here."""
    text = source.text
    if text[place + 1 : place + 2] == '"':
        try:
            _, stop = json.decoder.scanstring(text, place + 2)  # type: ignore[attr-defined]
        except ValueError:
            stop = end
        if stop < end and text[stop] == "]":
            return int(stop) + 1
    depth = 0
    for at in range(place, end):
        depth += (text[at] == "[") - (text[at] == "]")
        if depth == 0:
            return at + 1
    span = Span(source, place, place + 1)
    raise mistake("bracket", span, "this bracket is not closed", "a name is [in brackets]")


def _unquoted(inside: str) -> str:
    if not inside.startswith('"'):
        return inside
    try:
        found = json.loads(inside)
    except ValueError:
        return inside
    return found if isinstance(found, str) else inside


def quoted_name(name: str, taken: Collection[str] = ()) -> str:
    """A name as a ``.net`` file has it: as it is if it is a word that is not taken, else in
    brackets."""
    if _is_word(name) and name.partition("[")[0] not in taken:
        return name
    plain = _is_balanced(name) and not name.startswith('"') and name.strip() == name != ""
    if plain and name.isprintable():
        return f"[{name}]"
    return f"[{json.dumps(name, ensure_ascii=not name.isprintable())}]"


def _is_word(name: str) -> bool:
    word = _WORD.match(name)
    if word is None:
        return False
    rest = name[word.end() :]
    return not rest or (rest[0] == "[" and _is_balanced(rest) and _first_closing(rest) == len(rest))


def _is_balanced(name: str) -> bool:
    depth = 0
    for character in name:
        depth += (character == "[") - (character == "]")
        if depth < 0:
            return False
    return depth == 0 and "\n" not in name and "\r" not in name


def _first_closing(rest: str) -> int:
    depth = 0
    for at, character in enumerate(rest):
        depth += (character == "[") - (character == "]")
        if depth == 0:
            return at + 1
    return 0
