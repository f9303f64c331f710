"""The language server through its protocol, as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.editor.conversation import Client, conversation

from weightsmith.version import VERSION

pytest.importorskip("pygls", reason="the server needs pygls: pip install 'weightsmith[editor]'")

TEXT = """\
# Newton's iteration.
algorithm newton(A: symmetric[d, d], x: [d] per token)
assume spectrum(A) in [mu, L]
param steps = 12

X = 2/(mu + L) * I
repeat steps:
    X = 2*X - X*A*X
w = x on context
return X*x on query  approximates inv(A)*x
"""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with conversation() as one:
        yield one


def place(text: str, part: str, skip: int = 0) -> tuple[int, int]:
    """Line and character of the first place of a part, behind so many characters."""
    before = text[: text.index(part) + skip]
    line = before.count("\n")
    return line, len(before) - before.rfind("\n") - 1


def spot(found: dict[str, Any]) -> tuple[int, int, int, int]:
    start, end = found["start"], found["end"]
    return start["line"], start["character"], end["line"], end["character"]


def test_it_says_what_it_can(client: Client) -> None:
    assert client.greeting["serverInfo"] == {"name": "weightsmith", "version": VERSION}
    known = client.greeting["capabilities"]
    for one in ("hover", "completion", "definition", "documentSymbol", "documentFormatting"):
        assert known[f"{one}Provider"]


def test_a_sound_script_has_no_mistakes(client: Client) -> None:
    assert [one["message"] for one in client.open("file:///tmp/sound.alg", TEXT)] == []


def test_a_mistake_stands_where_it_is_in_utf16(client: Client) -> None:
    text = "algorithm f(A: [d, d])\nX = A\t* (A  # 🚀 é\n  + 🚀)\nreturn X\n"
    (found,) = client.open("file:///tmp/wide.alg", text)
    assert spot(found["range"]) == (2, 4, 2, 6)
    text = "algorithm f(A: [d, d]) # 🚀🚀\rX = A\r\nY = A*A\nreturn B + X\n"
    found = client.open("file:///tmp/breaks.alg", text)[0]
    assert spot(found["range"]) == (3, 7, 3, 8)
    assert found["severity"] == 1
    assert found["source"] == "weightsmith"
    assert "unknown name 'B'" in found["message"]
    assert "\nhelp: " in found["message"]


@pytest.mark.parametrize(
    ("encoding", "columns"), [("utf-8", (20, 24)), ("utf-16", (17, 21)), ("utf-32", (16, 20))]
)
def test_columns_count_what_the_client_counts(encoding: str, columns: tuple[int, int]) -> None:
    """Behind é, of two bytes, and a character beyond the basic plane, of four bytes and two."""
    text = '# 🚀\nuse f from "é🚀" more\n'
    with conversation({"general": {"positionEncodings": [encoding]}}) as client:
        assert client.greeting["capabilities"]["positionEncoding"] == encoding
        (found,) = client.open("file:///tmp/f.alg", text)
        assert spot(found["range"]) == (1, columns[0], 1, columns[1])


def test_a_warning_is_a_warning(client: Client) -> None:
    (found,) = client.open("file:///tmp/unused.alg", "algorithm f(A: [d, d], B: [d, d])\nreturn A")
    assert found["severity"] == 2
    assert spot(found["range"]) == (0, 23, 0, 32)


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing", "\ufeff", "\x00", "algorithm"])
def test_nothing_much_has_one_mistake(client: Client, text: str) -> None:
    uri = "file:///tmp/nothing.alg"
    assert len(client.open(uri, text)) == 1
    client.at("hover", uri, 0, 0)
    client.at("completion", uri, 0, 0)
    assert client.at("definition", uri, 3, 70) is None
    client.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert client.diagnostics(uri) == []


def test_hover(client: Client) -> None:
    uri = "file:///tmp/hover.alg"
    client.open(uri, TEXT)

    def said(part: str, skip: int = 0) -> str:
        found = client.at("hover", uri, *place(TEXT, part, skip))
        return str(found["contents"]["value"])

    assert (
        said("A*X")
        == "```alg\nA: symmetric[d, d]  # input\n```\n\nSymmetric.\n\nDeclared in line 2."
    )
    variable = said("X - X*A")
    assert variable.startswith("```alg\nX: symmetric[d, d]  # variable\n```")
    assert variable.endswith("Assigned in lines 6 and 8.")
    assert "Lives on the tokens of context and query." in said("x on context")
    assert "w: [d] per context" in said("w = x")
    assert "Lives on the tokens of context." in said("w = x")
    assert "Counts repetitions." in said("steps:")
    assert "param steps = 12" in said("steps:")
    assert "Has no default" in said("mu + L")
    assert "dimension" in said("d, d")
    assert "Newton's iteration." in said("newton")
    assert "the identity" in said("I\nrepeat")
    assert "what the result is meant to be" in said("approximates")
    assert "the inverse" in said("inv(A)")
    assert client.at("hover", uri, *place(TEXT, "2*X")) is None
    assert client.at("hover", uri, 0, 4) is None  # a comment
    found = client.at("hover", uri, *place(TEXT, "steps:", 2))
    assert spot(found["range"]) == (6, 7, 6, 12)


def test_hover_beside_a_mistake(client: Client) -> None:
    uri = "file:///tmp/beside.alg"
    text = TEXT.replace("w = x on", "w = unknown*x on")
    client.open(uri, text)
    found = client.at("hover", uri, *place(text, "X - X*A"))
    assert "X: symmetric[d, d]" in found["contents"]["value"]
    broken = TEXT.replace("w = x on", "w = (x on")
    client.change(uri, broken, 2)
    (found,) = client.diagnostics(uri)
    assert found["message"].startswith("this '(' is never closed")
    found = client.at("hover", uri, *place(broken, "X - X*A"))
    assert "X: symmetric[d, d]" in found["contents"]["value"]


def labels(client: Client, uri: str, line: int, character: int) -> list[str]:
    found = client.at("completion", uri, line, character)
    return [one["label"] for one in found["items"]]


def test_completion(client: Client) -> None:
    uri = "file:///tmp/completion.alg"
    lines = TEXT.splitlines()
    client.open(uri, TEXT)
    version = 1

    def after(start: str, line: int = 8) -> list[str]:
        nonlocal version
        version += 1
        changed = [*lines[:line], start, *lines[line + 1 :]]
        client.change(uri, "\n".join(changed), version)
        found = labels(client, uri, line, len(start))
        assert len(set(found)) == len(found)
        return found

    names = after("w = ")
    assert {"A", "x", "mu", "L", "steps", "X", "I", "ones", "relu", "softmax"} <= set(names)
    assert not {"inv", "context", "assume"} & set(names)
    assert {"x", "X"} <= set(after("w = (X + "))
    assert {"repeat", "return", "X"} <= set(after(""))
    assert after("w = x over ") == ["context", "query", "tokens"]
    assert after("w = x over con") == ["context", "query", "tokens"]
    assert after("w = x over context ")[:2] == ["after", "before"]
    assert "approximates" in after("return X ", 9)
    assert {"inv", "polar", "root"} <= set(after("return X approximates ", 9))
    assert "spectrum" in after("assume ", 2)
    assert after("algorithm newton(A: sym", 1) == ["symmetric", "fixed"]
    assert after("algorithm newton(A: [d] per ", 1) == ["token", "context", "query"]
    assert after("# w = ") == []
    assert after("w = 12") == []
    details = client.at("completion", uri, 8, 6)["items"]
    assert details == []


def test_completion_knows_shapes_and_other_algorithms(client: Client) -> None:
    uri = "file:///tmp/two.alg"
    text = TEXT + "\nalgorithm two(B: symmetric[d, d])\nfunction bend(t) = relu(t)\nY = "
    client.open(uri, text)
    found = client.at("completion", uri, *place(text, "Y = ", 4))["items"]
    by_label = {one["label"]: one for one in found}
    assert {"newton", "B", "bend"} <= by_label.keys()
    assert not {"A", "X", "t", "two"} & by_label.keys()
    client.change(uri, text + "B\nreturn Y", 2)
    client.diagnostics(uri)
    found = client.at("completion", uri, *place(text, "Y = ", 4))["items"]
    by_label = {one["label"]: one for one in found}
    assert by_label["B"]["detail"] == "input symmetric[d, d]"


def test_definition(client: Client, tmp_path: Path) -> None:
    uri = "file:///tmp/definition.alg"
    client.open(uri, TEXT)

    def goes(part: str, skip: int = 0) -> tuple[int, int, int, int]:
        found = client.at("definition", uri, *place(TEXT, part, skip))
        assert found["uri"] == uri
        return spot(found["range"])

    assert goes("A*X") == (1, 17, 1, 18)
    assert goes("steps:") == (3, 6, 3, 11)
    assert goes("mu + L") == (2, 23, 2, 25)
    assert goes("X - X*A") == (5, 0, 5, 1)
    assert goes("X*x") == (7, 4, 7, 5)
    assert client.at("definition", uri, *place(TEXT, "inv(A)")) is None


def test_definition_in_another_file(client: Client, tmp_path: Path) -> None:
    used = tmp_path / "inner.alg"
    used.write_text("# é\nalgorithm inner(A: [d, d])\nparam steps = 2\nreturn A\n")
    uri = (tmp_path / "outer.alg").as_uri()
    text = 'use inner from "inner.alg"\nalgorithm outer(A: [d, d])\nX = inner(A)\nreturn X\n'
    assert [one["severity"] for one in client.open(uri, text)] in ([], [2])
    found = client.at("definition", uri, *place(text, "inner(A)"))
    assert (found["uri"], spot(found["range"])) == (used.as_uri(), (1, 10, 1, 15))


def test_a_used_script_that_changes_is_read_as_it_is_open(client: Client, tmp_path: Path) -> None:
    used = tmp_path / "inner.alg"
    used.write_text("algorithm inner(A: [d, d])\nreturn A\n")
    inner, outer = used.as_uri(), (tmp_path / "outer.alg").as_uri()
    text = 'use inner from "inner.alg"\nalgorithm outer(A: [d, d])\nreturn inner(A)\n'
    assert client.open(outer, text) == []
    assert client.open(inner, used.read_text()) == []
    assert client.diagnostics(outer) == []
    client.change(inner, "algorithm inner(A: [d, d])\nreturn B\n", 2)
    assert len(client.diagnostics(inner)) == 2
    _, found = client.diagnostics(outer)
    assert found["message"].startswith("inner.alg:2:8: unknown name 'B'")
    assert spot(found["range"]) == (0, 15, 0, 26)


def test_symbols(client: Client) -> None:
    uri = "file:///tmp/symbols.alg"
    client.open(uri, TEXT)
    params = {"textDocument": {"uri": uri}}
    (found,) = client.ask("textDocument/documentSymbol", params)
    assert found["name"] == "newton"
    assert spot(found["range"]) == (1, 0, 9, 42)
    names = [one["name"] for one in found["children"]]
    assert names == ["A", "x", "mu", "L", "steps", "X", "w"]


def apply(text: str, edits: list[dict[str, Any]]) -> str:
    """Make the edits, from the last to the first; of ASCII text."""
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:index])) for index in range(len(lines) + 1)]
    for edit in reversed(edits):
        first, column, last, end = spot(edit["range"])
        text = text[: starts[first] + column] + edit["newText"] + text[starts[last] + end :]
    return text


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_formatting(client: Client, ending: str) -> None:
    uri = "file:///tmp/ugly.alg"
    neat = TEXT.replace("\n", ending)
    ugly = neat.replace("2*X - X*A", "2 *X-X*  A").replace("= 12", "=12") + ending * 3
    params = {"textDocument": {"uri": uri}, "options": {"tabSize": 2, "insertSpaces": True}}
    client.open(uri, ugly)
    edits = client.ask("textDocument/formatting", params)
    assert apply(ugly, edits) == neat
    assert len(edits) == 3
    client.change(uri, neat, 2)
    assert client.ask("textDocument/formatting", params) == []
    client.change(uri, "X = (", 3)
    assert client.ask("textDocument/formatting", params) is None


def test_a_quick_fix(client: Client) -> None:
    uri = "file:///tmp/fix.alg"
    text = "algorithm f(A: [d, d], value: [d, d])\nreturn A*valeu + value\n"
    (found,) = client.open(uri, text)
    params = {
        "textDocument": {"uri": uri},
        "range": found["range"],
        "context": {"diagnostics": [found]},
    }
    (fix,) = client.ask("textDocument/codeAction", params)
    assert fix["title"] == "Write 'value'"
    assert apply(text, fix["edit"]["changes"][uri]) == text.replace("valeu", "value")
    text = "algorithm f(A: [d, d])\nreturn A×A\n"
    client.change(uri, text, 2)
    (found,) = client.diagnostics(uri)
    (fix,) = client.ask("textDocument/codeAction", {**params, "range": found["range"]})
    assert apply(text, fix["edit"]["changes"][uri]) == text.replace("×", "*")


def test_typing_is_answered_once(client: Client) -> None:
    """Of many changes in a row the last is looked at."""
    uri = "file:///tmp/typing.alg"
    client.open(uri, "")
    for length in range(1, len(TEXT) + 1):
        client.change(uri, TEXT[:length], length + 1)
    seen = []
    while True:
        found = client.said("textDocument/publishDiagnostics")
        if found["uri"] == uri:
            seen.append(found["version"])
            if found["version"] == len(TEXT) + 1:
                assert found["diagnostics"] == []
                break
    assert len(seen) < len(TEXT) / 4


def test_every_prefix_of_a_script_is_answered(client: Client) -> None:
    uri = "file:///tmp/prefix.alg"
    client.open(uri, "")
    for length in range(1, len(TEXT), 7):
        text = TEXT[:length]
        client.change(uri, text, length + 1)
        line, column = text.count("\n"), len(text) - text.rfind("\n") - 1
        client.at("completion", uri, line, column)
        client.at("hover", uri, line, max(column - 1, 0))
        client.at("definition", uri, line, max(column - 1, 0))
        client.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri}})


def test_a_network_has_diagnostics(client: Client) -> None:
    uri = "file:///tmp/one.net"
    text = (
        "network one\ninput x: [d] per token\ntokens  context\nstream  x  d rows, starts as x\n"
        "layer   head  x += x·xᵀ·y\nreturn  output = x at context tokens\n"
    )
    (found,) = client.open(uri, text)
    assert spot(found["range"]) == (4, 24, 4, 25)
    client.change(uri, text.replace("ᵀ·y", "ᵀ·x"), 2)
    assert client.diagnostics(uri) == []
    assert client.at("hover", uri, 4, 17) is None
    params = {"textDocument": {"uri": uri}, "options": {"tabSize": 2, "insertSpaces": True}}
    assert client.ask("textDocument/formatting", params) == []
    client.change(uri, text.replace("ᵀ·y", "ᵀ·x").replace("layer   ", "layer "), 3)
    assert len(client.ask("textDocument/formatting", params)) == 1


def test_a_network_has_hover_completion_and_definitions(client: Client) -> None:
    uri = "file:///tmp/two.net"
    text = (
        "network two\ninput x: [d] per token\ntokens  context\nstream  x  d rows, starts as x\n"
        "layer   head  x += x·xᵀ·x\nreturn  output = x at context tokens\n"
    )
    assert client.open(uri, text) == []
    found = client.at("hover", uri, 4, 14)
    assert spot(found["range"]) == (4, 14, 4, 15)
    assert found["contents"]["value"].startswith("```net\nx d rows, starts as x  # block\n```")
    assert {"x", "softmax"} <= set(labels(client, uri, 4, 19))
    where = client.at("definition", uri, 4, 19)
    assert (where["uri"], spot(where["range"])) == (uri, (3, 8, 3, 9))
    assert client.at("definition", uri, 4, 16) is None
