#!/bin/sh
# pygls 2.1.1: an incremental change lands in another line if a line above it holds U+2028 (or
# another separator that Python's str.splitlines knows).  The Language Server Protocol ends lines at
# \n, \r\n and \r only, so that the editor means the line "X = 1", and the server changes the
# comment.  Exits with 0 while that is so.  Full synchronisation is not concerned.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet pygls==2.1.1
"$place/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

from lsprotocol.types import Position, Range, TextDocumentContentChangePartial
from pygls.workspace import TextDocument

print("pygls", version("pygls"))
for name, separator in (("U+2028", "\u2028"), ("U+0085", "\x85"), ("none", " ")):
    document = TextDocument("file:///a.txt", f"# a{separator}b\nX = 1\n")
    place = Range(Position(1, 4), Position(1, 5))  # the 1 of the line "X = 1"; is changed by the call
    document.apply_change(TextDocumentContentChangePartial(range=place, text="9"))
    print(name, "above:", repr(document.source))
    is_right = document.source.endswith("X = 9\n")
    assert is_right == (name == "none"), "this has changed"
PYTHON
