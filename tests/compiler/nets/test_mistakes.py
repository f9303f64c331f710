"""What is wrong with a ``.net`` file is said with its place, and what to write instead.

``mistakes.txt`` has them: what stands in the base text, what is written for it, then each mistake
with line and column, the text there, the message, and below it the hint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import weightsmith.api as ws
from weightsmith.compiler.nets.read_net import MOST_BYTES, MOST_MISTAKES, read_net
from weightsmith.compiler.nets.same import same_template
from weightsmith.dsl import Source
from weightsmith.dsl.text.diagnostics import DiagnosticError, position

HEAD = "(-eta/n) x·xᵀ·x   sum over context; at context, query"
MLP = "mlp   x += relu(x - 1)"
BASE = f"""network gd
input x: [d] per token
input A: [d, d]
matrix W: [k, d]
param eta, steps, n = size(context)
tokens  context, query, d scratch
stream  x  d rows, starts as x
        y  k rows, starts as 0
        E  d rows, starts as I[d]
repeat steps:
    layer   head  x += {HEAD}
            {MLP}
return  out = x at query tokens
"""
TABLE = Path(__file__).parent / "mistakes.txt"
BLOCKS = TABLE.read_text(encoding="utf-8").rstrip("\n").split("\n\n")
ESCAPES = {"\\n": "\n", "\\t": "\t", "\\u200b": "\u200b", "\\x00": "\0"}


def _plain(text: str) -> str:
    return re.sub(r"\\(n|t|u200b|x00)", lambda found: ESCAPES[found.group()], text)


def _changed(first: str) -> str:
    old, new = first.split(" =>")
    old = {"HEAD": HEAD, "MLP": MLP}.get(old, _plain(old))
    assert old in BASE
    return BASE.replace(old, _plain(new.removeprefix(" ")), 1)


def said(text: str) -> Iterator[str]:
    """Each mistake as the table has it."""
    with pytest.raises(DiagnosticError) as caught:
        read_net(Source("gd.net", text))
    for one in caught.value.diagnostics:
        line, column = position(one.span)
        place = text[one.span.start : one.span.end]
        for plain, escaped in {value: key for key, value in ESCAPES.items()}.items():
            place = place.replace(plain, escaped)
        yield f"    {line}:{column} {place!r} {one.message}"
        assert one.hint, f"{one.message}: what is to be written instead?"
        yield f"        {one.hint}"


def test_the_base_is_right_and_the_table_is_long() -> None:
    assert read_net(Source("gd.net", BASE)).template.algorithm == "gd"
    assert len(BLOCKS) == len(set(BLOCKS)) >= 150


@pytest.mark.parametrize("block", BLOCKS, ids=[block.split("\n")[0][:60] for block in BLOCKS])
def test_a_mistake_is_said_with_its_place(block: str) -> None:
    first, *wanted = block.split("\n")
    assert list(said(_changed(first))) == wanted


@pytest.mark.parametrize("text", ["", "\n \n", "# nothing else\n"])
def test_an_empty_file_says_what_a_network_needs(text: str) -> None:
    lines = list(said(text))
    assert [line.split(" ")[-1] for line in lines[::2]] == [
        "'network'",
        "'tokens'",
        "'stream'",
        "'return'",
    ]
    assert lines[1] == "        write: network gd"


def test_what_is_too_long_or_too_deep_is_said() -> None:
    assert "at most 3,900,000 bytes" in next(said("a" * (MOST_BYTES + 1)))
    deep = BASE.replace(HEAD, "(" * 5000 + "x" + ")" * 5000 + "·xᵀ·x")
    assert "too many brackets in one another" in next(said(deep))
    loops = "".join(f"{' ' * n}repeat 2:\n" for n in range(60)) + " " * 60 + "layer  mlp  x += x\n"
    text = BASE[: BASE.index("repeat")] + loops + "return  out = x at query tokens\n"
    assert "loops are nested deeper than 40" in next(said(text))
    wide = BASE.replace(HEAD, f"{'(2^999)*' * 3000}1 x·xᵀ·x")
    assert "grows too large" in next(said(wide))
    table = "table f\n above 0 to 60000 by 1: 1, 0 to 60000 by 1: 1\n"
    assert "at most 100000 hinges" in next(said(BASE.replace("return", table + "return")))


def test_a_table_is_used_no_more_often_than_is_written() -> None:
    table = "table f\n above 0 to 60000 by 1: 1\n"
    text = BASE.replace(MLP, "mlp x += f(x)\n            x += f(2 x)")
    assert "more than 100000 hinges" in next(said(text.replace("return", table + "return")))


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.net"
    script = Path(__file__).parent / "networks" / "von_oswald_gd.alg"
    for content, wanted in ((b"network \xff\n", "not UTF-8"), (b"\x00\x01", "cannot be seen")):
        path.write_bytes(content)
        with pytest.raises(DiagnosticError, match=wanted):
            ws.compare(path, script)
    with pytest.raises(DiagnosticError, match="cannot read"):
        ws.compare(tmp_path / "none.net", script)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("network", "\ufeffnetwork"),
        ("·", "*"),
        ("ᵀ", "'"),
        ("            mlp", "\t    mlp"),
        ("x += relu(x - 1)", "x += relu(-1 + 1 x)  # a comment"),
        ("(-eta/n) x", "-(eta/n) (1/2 x + (1/2) x)"),
        (" at context, query\n", " at query, context\n"),
        ("param eta, steps, n = size(context)", "param n = size(context)\nparam steps, eta"),
    ],
)
def test_what_may_be_written_in_another_way(old: str, new: str) -> None:
    text = BASE.replace(old, new)
    assert text != BASE
    first, second = (read_net(Source("gd.net", one)).template for one in (BASE, text))
    assert same_template(first, second) == ""


@pytest.mark.parametrize("line", ["layer mlp x += z\n", "layer mlp x += [\n", "nothing\n"])
def test_no_more_mistakes_are_said_than_a_person_reads(line: str) -> None:
    assert len(list(said(BASE.replace("return", line * 2000 + "return")))) == 2 * MOST_MISTAKES
