"""What is said of the word under the cursor, as Markdown."""

from __future__ import annotations

from weightsmith.dsl.reading.lexer import KEYWORDS, Token
from weightsmith.dsl.text.shown import printable
from weightsmith.editor.analysis import Analysis
from weightsmith.editor.outline import Declared, Kind
from weightsmith.editor.words import explanation

PARAMETERS = (Kind.PARAMETER, Kind.END)
MOST = 400  # characters of a declaration that is shown


def hover(analysis: Analysis, offset: int) -> tuple[str, Token] | None:
    """The text for an offset, and the token that it is about."""
    outline = analysis.outline
    token = outline.token_at(offset)
    if token is None or not token.text[0].isidentifier():
        return None
    found = outline.meanings(token)
    if found:
        return _of_name(analysis, token, found), token
    said = explanation(token.text)
    if said is None:
        return None
    kind = "keyword" if token.text in KEYWORDS else "of the language"
    return _joined(f"{token.text}  # {kind}", *said.split("\n")), token


def _of_name(analysis: Analysis, token: Token, found: list[Declared]) -> str:
    first = found[0]
    if first.kind in (Kind.INPUT, Kind.VARIABLE, Kind.UNKNOWN):
        return _of_value(analysis, token, found)
    if first.kind is Kind.DIMENSION:
        return _joined(f"{token.text}  # dimension", "A size that stays symbolic.")
    if first.kind in PARAMETERS:
        return _of_parameter(analysis, first)
    if first.kind in (Kind.ARGUMENT, Kind.SCHEDULED):
        return _joined(f"{token.text}  # {first.kind.value}", f"`{_line(analysis, first)}`")
    above = _comment_above(analysis, first) if first.kind is Kind.ALGORITHM else ""
    return _joined(_line(analysis, first), above, _calls(first))


def _of_value(analysis: Analysis, token: Token, found: list[Declared]) -> str:
    kind, is_input = found[0].kind.value, found[0].kind is Kind.INPUT
    value = analysis.value(token.text, found[0].start if is_input else token.start)
    if value is None:
        scalar = _line(analysis, found[0]) if found[0].kind is Kind.VARIABLE else token.text
        return _joined(f"{scalar}  # {kind}", _places(analysis, found))
    facts = [f"{token.text}: {value.written}  # {kind}"]
    if value.tokens:
        facts.append(f"Lives on the tokens of {value.tokens}.")
    if value.symmetric:
        facts.append("Symmetric.")
    return _joined(*facts, _places(analysis, found))


def _of_parameter(analysis: Analysis, one: Declared) -> str:
    values = analysis.known.get(analysis.outline.section_at(one.start).name)
    text = f"param {one.name}" if one.kind is Kind.END else _line(analysis, one)
    facts = [f"{text}  # parameter"]
    for parameter in () if values is None else values.draft.parameters:
        if parameter.name != one.name:
            continue
        if parameter.is_count:
            facts.append("Counts repetitions.")
        if parameter.default is None and values and one.name not in dict(values.draft.sizes):
            facts.append("Has no default: it is given, or the compiler chooses it.")
    return _joined(*facts, _places(analysis, [one]))


def _calls(one: Declared) -> str:
    return f"In `{one.path}`." if one.path else ""


def _places(analysis: Analysis, found: list[Declared]) -> str:
    """``Assigned in lines 6 and 8.``"""
    numbers = sorted({str(_line_number(analysis, one.start)) for one in found}, key=int)
    verb = "Assigned" if found[0].kind is Kind.VARIABLE else "Declared"
    if len(numbers) == 1:
        return f"{verb} in line {numbers[0]}."
    return f"{verb} in lines {', '.join(numbers[:-1])} and {numbers[-1]}."


def _line_number(analysis: Analysis, offset: int) -> int:
    text = analysis.source.text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return text.count("\n") + 1


def _line(analysis: Analysis, one: Declared) -> str:
    """The statement that declares a name, in one line."""
    return " ".join(analysis.source.text[slice(*one.line)].split())[:MOST]


def _comment_above(analysis: Analysis, one: Declared) -> str:
    """The comment lines directly above an algorithm."""
    above = analysis.source.text[: one.line[0]].replace("\r\n", "\n").replace("\r", "\n")
    lines: list[str] = []
    for line in reversed(above.split("\n")[:-1]):
        if not line.lstrip().startswith("#"):
            break
        lines.insert(0, line.lstrip(" \t#"))
    return " ".join(lines)[:MOST]


def _joined(code: str, *facts: str) -> str:
    """Code on top, and below it a paragraph for each fact."""
    shown = "\n\n".join(printable(one) for one in facts if one)
    return f"```alg\n{printable(code)}\n```\n\n{shown}".rstrip()
