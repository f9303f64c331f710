"""The words that may stand at a place: names that are known there, and words of the language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from weightsmith.dsl.reading.lexer import Token, pieces_of
from weightsmith.editor import words
from weightsmith.editor.analysis import Analysis
from weightsmith.editor.outline import LOCAL, Declared, Kind

OPERANDS = {"NAME", "NUMBER", "PRIME", "RPAR", "RSQB"}
CALLABLE = (Kind.ALGORITHM, Kind.USED, Kind.TABLE, Kind.FUNCTION)
# what stands after a word: the words that go on
NEXT: dict[str, tuple[str, ...]] = {
    "OVER": words.GROUPS[:3],
    "ON": words.GROUPS[:3],
    "_PER": words.OWNERS,
    "ASSUME": words.ASSUMED,
    "ENSURE": (words.ERROR,),
    "UNTIL": (words.ERROR,),
}


class Sort(Enum):
    """How an editor marks an item."""

    KEYWORD = "keyword"
    NAME = "name"
    PARAMETER = "parameter"
    FUNCTION = "function"
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True)
class Item:
    """A word that may stand at the place; ``detail`` is short, ``said`` is what it means."""

    label: str
    sort: Sort
    detail: str = ""
    said: str = ""


def completions(analysis: Analysis, offset: int) -> list[Item]:
    """What may stand at an offset, in place of the word that ends there; each label once."""
    text = analysis.source.text
    begun = offset
    while begun > 0 and (text[begun - 1].isidentifier() or text[begun - 1].isdigit()):
        begun -= 1
    if _is_within_text(text, offset) or text[begun:offset][:1].isdigit():
        return []
    found: dict[str, Item] = {}
    for item in _items(analysis, begun):
        found.setdefault(item.label, item)
    return list(found.values())


def _is_within_text(text: str, offset: int) -> bool:
    """Is the place in a comment or a file name?"""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    pieces = list(pieces_of(text[start:offset]))
    return bool(pieces) and pieces[-1].text.startswith(("#", '"'))


def _items(analysis: Analysis, offset: int) -> Iterator[Item]:
    outline = analysis.outline
    line = [one for one in outline.line_of(max(offset - 1, 0)) if one.end <= offset]
    if not line or _is_new_line(analysis, line[-1].end, offset):
        yield from _beginning(analysis, offset)
        return
    last, before = line[-1], line[-2] if len(line) > 1 else None
    if last.type in NEXT:
        yield from _words(NEXT[last.type])
    elif last.type == "_COLON" and line[0].type == "ALGORITHM":
        yield from _words(words.KINDS_OF_MATRICES)
    elif last.type in OPERANDS:
        yield from _behind_value(line, last, before)
    elif line[0].type not in ("ALGORITHM", "USE", "PARAM") or last.type == "_EQUAL":
        yield from _values(analysis, line, offset)


def _is_new_line(analysis: Analysis, end: int, offset: int) -> bool:
    """Has a new statement begun between the two?"""
    outline, between = analysis.outline, analysis.source.text[end:offset]
    depth = sum(
        (one.type in ("LPAR", "DOTLPAR", "LSQB")) - (one.type in ("RPAR", "RSQB"))
        for one in outline.line_of(max(end - 1, 0))
        if one.end <= end
    )
    return depth <= 0 and ("\n" in between or "\r" in between)


def _beginning(analysis: Analysis, offset: int) -> Iterator[Item]:
    section = analysis.outline.section_at(offset)
    if not section.name:
        yield from _words(words.OUTERMOST)
        return
    yield from _words((*words.HEAD, *words.STATEMENTS))
    yield from (one for one in _names(analysis, offset) if one.sort is Sort.NAME)
    yield from _words(words.OUTERMOST)


def _behind_value(line: list[Token], last: Token, before: Token | None) -> Iterator[Item]:
    if last.text in words.GROUPS and before is not None and before.type == "OVER":
        yield from _words(words.ORDER_WORDS)
    first = line[0].type
    if first == "ALGORITHM":
        yield from _words(("per",) if last.type == "RSQB" else ())
    elif first == "ASSUME":
        yield from _words(("in", "over", "or"))
    elif first == "FOR":
        yield from _words(("in",))
    elif first == "USE":
        yield from _words(("from",))
    else:
        yield from _words(words.CLAUSES)
        yield from _words(("approximates",) if first == "RETURN" else ())


def _values(analysis: Analysis, line: list[Token], offset: int) -> Iterator[Item]:
    """What an expression is made of."""
    types = {one.type for one in line}
    is_target = bool(types & {"_APPROXIMATES", "SYNTHESIZE"})
    yield from _names(analysis, offset)
    yield from _words(words.CONSTANTS, Sort.CONSTANT)
    if line[-1].type == "RETURN" or (line[-1].type == "_EQUAL" and line[0].type == "NAME"):
        yield from _words(("synthesize",))
    if line[-1].type == "REPEAT":
        yield from _words(("until",))
    if line[-1].type == "_IN" and line[0].type == "ASSUME":
        yield from _words(("range",), Sort.FUNCTION)
    functions = words.FUNCTIONS if is_target else words.OF_ENTRIES
    yield from _words(functions, Sort.FUNCTION)
    if is_target:
        yield from _words((words.ROOT,), Sort.FUNCTION)


def _names(analysis: Analysis, offset: int) -> Iterator[Item]:
    """The names that are known at an offset, the nearest first."""
    outline = analysis.outline
    section = outline.section_at(offset)
    known = [one for one in section.declared if one.seen[0] <= offset <= one.seen[1]]
    own = [one for one in known if one.kind not in (Kind.ALGORITHM, Kind.DIMENSION)]
    own = [one for one in own if one.kind in LOCAL or not one.line[0] <= offset <= one.line[1]]
    for one in sorted(own, key=lambda one: one.kind is Kind.VARIABLE and one.start > offset):
        yield _name(analysis, one, offset)
    for other in outline.sections:
        if other.start < section.start or not other.name:
            kinds = (Kind.ALGORITHM, Kind.USED)
            yield from (_name(analysis, one, offset) for one in other.declared if one.kind in kinds)


def _name(analysis: Analysis, one: Declared, offset: int) -> Item:
    sort = Sort.NAME
    if one.kind in CALLABLE:
        sort = Sort.FUNCTION
    elif one.kind in (Kind.PARAMETER, Kind.END, Kind.SCHEDULED, Kind.ARGUMENT):
        sort = Sort.PARAMETER
    value = analysis.value(one.name, offset) if one.kind in (Kind.INPUT, Kind.VARIABLE) else None
    detail = f"{one.kind.value}" if value is None else f"{one.kind.value} {value.written}"
    return Item(one.name, sort, detail)


def _words(labels: Iterable[str], sort: Sort = Sort.KEYWORD) -> Iterator[Item]:
    for label in labels:
        yield Item(label, sort, "", words.explanation(label) or "")
