"""The TextMate grammar of scripts, for VS Code and others: made of the language's own tables.

    python -m weightsmith.editor.textmate editors/vscode/syntaxes

writes it anew; a test compares.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from weightsmith.dsl.heads import WORDS as OF_SCORES
from weightsmith.dsl.reading.lexer import KEYWORDS, MARKS
from weightsmith.editor import words
from weightsmith.editor.pygments_lexers import DECLARING, PUNCTUATION

Rule = dict[str, object]
SCOPE = "source.alg"
FILE = "alg.tmLanguage.json"
NAME = r"[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)*"
NUMBER = r"(?:[0-9]+(?:\.(?!/|\*(?!\*))[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
CLAUSES = {"over", "on", "within", "per", "approximates", "in", "or"}


def grammar() -> dict[str, object]:
    """The grammar, as the JSON that editors read."""
    control = set(KEYWORDS) - DECLARING - CLAUSES
    groups = {*words.GROUPS, *words.OWNERS}
    functions = {*words.FUNCTIONS, *words.ASSUMED, words.ROOT} - {*OF_SCORES}
    signs = [mark for mark, kind in MARKS.items() if kind not in PUNCTUATION and mark != ".("]
    patterns: list[Rule] = [
        {"name": "comment.line.number-sign.alg", "match": "#.*$"},
        {"name": "string.quoted.double.alg", "match": r'"[^"\n\r]*"'},
        _declaration(),
        _words("keyword.control.alg", control),
        _words("storage.type.alg", DECLARING),
        _words("keyword.other.clause.alg", CLAUSES),
        _words("storage.modifier.alg", words.KINDS_OF_MATRICES),
        _words("constant.language.alg", words.CONSTANTS),
        _words("variable.language.alg", groups),
        {"name": "variable.language.alg", "match": _behind(words.GROUPS[:3])},
        _words("support.function.alg", functions),
        {"name": "entity.name.function.call.alg", "match": rf"{NAME}(?=\s*\.?\()"},
        {"name": "variable.other.alg", "match": NAME},
        {"name": "keyword.operator.alg", "match": _one_of(signs)},
        {"name": "constant.numeric.alg", "match": NUMBER},
        {"name": "punctuation.alg", "match": r"\.\(|[\[\](),:]"},
    ]
    return {
        "name": "Weightsmith script",
        "scopeName": SCOPE,
        "fileTypes": ["alg"],
        "patterns": patterns,
    }


def _declaration() -> Rule:
    """``algorithm NAME``: the word, and the name behind it."""
    return {
        "match": rf"\b(algorithm|function|table|use)\s+({NAME})",
        "captures": {
            "1": {"name": "storage.type.alg"},
            "2": {"name": "entity.name.function.alg"},
        },
    }


def _words(scope: str, some: Iterable[str]) -> Rule:
    """Whole words; no part of a name with dots is one."""
    return {"name": scope, "match": rf"(?<![\w.])(?:{'|'.join(sorted(some))})(?!\w|\.[A-Za-z_])"}


def _behind(some: Iterable[str]) -> str:
    """The word behind one of these and a space: a mask.  Kinds of heads come and go."""
    places = "|".join(rf"(?<=\b{word} )" for word in sorted(some))
    return rf"(?:{places})(?:{NAME})"


def _one_of(signs: Iterable[str]) -> str:
    return "|".join(re.escape(one) for one in sorted(signs, key=lambda one: (-len(one), one)))


def text() -> str:
    return json.dumps(grammar(), indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1], FILE).write_text(text(), encoding="utf-8")
