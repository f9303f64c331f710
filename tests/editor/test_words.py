"""Every word of the language is explained, and nothing that is none."""

from __future__ import annotations

import pytest

from weightsmith.dsl.meaning.entry_functions import BUILT_IN
from weightsmith.dsl.program.scope import RESERVED
from weightsmith.dsl.reading.lexer import KEYWORDS
from weightsmith.editor import words

ALL = sorted(
    {*KEYWORDS, *RESERVED, *BUILT_IN, *words.ASSUMED, *words.ORDER_WORDS, *words.OWNERS}
    | {*words.KINDS_OF_MATRICES, words.ROOT, words.ERROR}
)


@pytest.mark.parametrize("word", ALL)
def test_a_word_is_explained(word: str) -> None:
    said = words.explanation(word)
    assert said
    assert word in said or word in ("I", "ones", "error", "context", "query", "tokens")


def test_nothing_is_explained_that_is_no_word() -> None:
    assert words.explanation("X") is None
    assert {*words._KEYWORDS} == {*KEYWORDS}
    assert {*words._OTHERS} <= {*ALL}


def test_a_function_of_entries_and_of_matrices_is_both() -> None:
    assert "exp.(E) of every entry" in (words.explanation("exp") or "")
    assert "of a symmetric matrix" in (words.explanation("exp") or "")
