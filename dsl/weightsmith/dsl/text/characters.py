"""Characters that no text may hold: those that a terminal obeys, and those that nobody sees.

One rule for scripts, templates, certificates and names in files of weights.  Refused are control
characters (C0, DEL, C1), format characters (bidirectional overrides, isolates and marks, zero-width
characters, the byte order mark), line and paragraph separators, lone surrogates, private and
unassigned code points, and the few letters and marks that Unicode draws as nothing.
"""

from __future__ import annotations

from unicodedata import category

REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # Unicode's general categories
LINES = frozenset("\n\r\t")
INVISIBLE = (  # default-ignorable code points that are letters or marks
    range(0x034F, 0x0350),  # combining grapheme joiner
    range(0x115F, 0x1161),  # Hangul fillers
    range(0x17B4, 0x17B6),  # Khmer inherent vowels
    range(0x180B, 0x1810),  # Mongolian variation selectors
    range(0x3164, 0x3165),  # Hangul filler
    range(0xFE00, 0xFE10),  # variation selectors
    range(0xFFA0, 0xFFA1),  # halfwidth Hangul filler
    range(0xE0100, 0xE01F0),  # variation selectors
)


def unsafe_character(text: str, *, lines: bool) -> int | None:
    """Return the offset of the first character that is refused, or None.

    With ``lines`` the text may have several lines: line feeds, returns and tabs are allowed.

    >>> unsafe_character("a + b", lines=False) is None
    True
    >>> unsafe_character("a\\u202eb", lines=True)
    1
    """
    allowed = LINES if lines else frozenset()
    unsafe = {one for one in set(text) - allowed if is_unsafe(one)}
    if not unsafe:
        return None
    return next(offset for offset, one in enumerate(text) if one in unsafe)


def is_unsafe(character: str) -> bool:
    """Is this one character refused?"""
    if category(character) in REFUSED:
        return True
    return any(ord(character) in span for span in INVISIBLE)


def character_name(character: str) -> str:
    """A character that cannot be printed as text that can: ``U+202E``."""
    return f"U+{ord(character):04X}"
