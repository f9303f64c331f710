"""Hover, completion and definition in ``.net`` files; whatever is written, there is an answer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from weightsmith.dsl import Source
from weightsmith.editor.analysis import Analysis, analysed
from weightsmith.editor.net_outline import NetKind
from weightsmith.editor.net_words import net_completions, net_hover

NETWORKS = sorted((Path(__file__).parents[1] / "compiler/nets/networks").glob("*.net"))
TEXT = """\
network one
input x: [d] per token
input A: symmetric[d, d]
matrix W: [k, d]
param c, n = size(context), steps = 3
tokens  context, query, d scratch
stream  x      d rows, starts as x
        [a b]  k rows, starts as 0
        X      d rows, starts as A + I[d]
layer   head  x += c x·xᵀ·x   sum over context upto; at context
              [a b] += (W x)·xᵀ·x   sum over context upto; at context
        mlp   x += bend(x)
repeat steps:
    for g in 1, 2:
        layer   mlp   x += g relu(x)
return  out = x at query tokens
table   bend
        above -1: 1/8
"""


def look(text: str = TEXT) -> Analysis:
    return analysed(Source("one.net", text))


def at(part: str, skip: int = 0, text: str = TEXT) -> int:
    return text.index(part) + skip


def said(part: str, skip: int = 0) -> str:
    found = net_hover(look().net, at(part, skip))
    return "" if found is None else found[0]


def labels(text: str) -> list[str]:
    """What is offered at the mark ``|``."""
    net = look(text.replace("|", "")).net
    return [one.label for one in net_completions(net, text.index("|"))]


def test_the_text_is_sound() -> None:
    assert look().diagnostics == ()


@pytest.mark.parametrize(
    ("part", "skip", "wanted"),
    [
        ("x += c", 0, "x d rows, starts as x  # block"),
        ("x += c", 0, "Written in lines 10, 12 and 15."),
        ("x += c", 0, "Read in lines 10, 11, 12, 15 and 16."),
        ("as x\n", 3, "input x: [d] per token  # input"),
        ("x: [d]", 0, "# input"),
        ("[a b] +=", 2, "[a b] k rows, starts as 0  # block"),
        ("[a b] +=", 2, "Written in line 11.\n\nRead by no layer."),
        ("(W x)", 1, "Its numbers are open"),
        ("c x·", 0, "param c, n = size(context), steps = 3  # parameter"),
        ("g relu", 0, "# number for each pass"),
        ("bend(x)", 0, "table bend  # table"),
        ("over context", 6, "the tokens for which the answer is known"),
        ("d scratch", 0, "Scratch tokens"),
        ("upto", 0, "each token sees those of its group up to itself"),
        ("relu", 0, "max(t, 0)"),
        ("layer", 0, "heads, which read the stream before it"),
        ("sum over", 0, "the tokens that a head reads"),
        ("out =", 0, "# returned value"),
    ],
)
def test_a_word_is_explained(part: str, skip: int, wanted: str) -> None:
    assert wanted in said(part, skip)


def test_nothing_is_said_of_signs_comments_and_spaces() -> None:
    assert said("+= c") == ""
    assert said("    ", 1) == ""
    assert net_hover(look(TEXT + "# head\n").net, len(TEXT) + 3) is None


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("|", {"network", "input", "tokens"}, {"layer"}),
        ("network f\ninput x: |", {"symmetric"}, {"layer"}),
        ("network f\ninput x: [d] per |", {"token", "context", "query"}, {"per"}),
        ("network f\nparam n = |", {"size"}, {"per"}),
        ("network f\ntokens  |", {"context", "query", "scratch"}, {"head"}),
        (TEXT[: at("starts as x")] + "|", {"rows", "starts"}, {"x"}),
        (TEXT[: at("starts as x", 10)] + "|", {"x", "A", "I", "ones"}, {"W"}),
        (TEXT[: at("layer")] + "|", {"layer", "repeat", "return"}, {"network"}),
        (TEXT[: at("layer", 8)] + "|", {"head", "mlp"}, {"x"}),
        (TEXT[: at("head  x", 6)] + "|", {"x", "X", "[a b]"}, {"W", "relu"}),
        (TEXT[: at("c x·")] + "|", {"x", "W", "c", "softmax", "relu", "sum"}, {"bend", "upto"}),
        (TEXT[: at("over context", 5)] + "|", {"context", "query", "d"}, {"x"}),
        (TEXT[: at("upto")] + "|", {"upto", "before", "at"}, {"layer"}),
        (TEXT[: at("at context", 3)] + "|", {"context", "query"}, {"x"}),
        (TEXT.replace("g relu", "|g relu"), {"g", "relu", "bend", "x"}, {"softmax", "sum"}),
        (TEXT.replace("out = x", "out = |x"), {"x", "X"}, {"layer"}),
        (TEXT + "        |", {"above", "below"}, {"layer"}),
        ("network f  # n|", set(), {"network"}),
        ("network f\nparam c = 1|", set(), {"size"}),
    ],
)
def test_completion(text: str, wanted: set[str], unwanted: set[str]) -> None:
    found = labels(text)
    assert wanted <= set(found)
    assert not unwanted & set(found)
    assert len(found) == len(set(found))


def test_names_are_where_they_are_declared() -> None:
    net = look().net
    assert [one.name for one in net.of_kind(NetKind.PARAMETER)] == ["c", "n", "steps"]
    assert [one.name for one in net.of_kind(NetKind.BLOCK)] == ["x", "a b", "X"]
    assert [one.name for one in net.of_kind(NetKind.GROUP)] == ["context", "query", "d"]
    token = net.token_at(at("x·xᵀ"))
    assert token is not None
    found = net.meaning(token)
    assert found is not None
    assert (found.kind, found.line.number) == (NetKind.BLOCK, 7)


def test_a_byte_order_mark_and_other_line_ends_change_no_name() -> None:
    for text in ("\ufeff" + TEXT, TEXT.replace("\n", "\r\n"), TEXT.replace("\n", "\r")):
        names = [(one.kind, one.name, one.line.number) for one in look(text).net.names]
        assert names == [(one.kind, one.name, one.line.number) for one in look().net.names]


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_a_damaged_network_has_answers(path: Path) -> None:
    chance = random.Random(path.stem)
    text = path.read_text(encoding="utf-8")
    for _ in range(12):
        first, last = sorted(chance.choices(range(len(text)), k=2))
        piece = chance.choice(["", "[", "]", "(", "\n", "starts as ", "🚀", "``` ", "at ", "#"])
        broken = text[:first] + piece + text[min(last, first + 9) :]
        net = look(broken).net
        for offset in [0, len(broken), *chance.choices(range(len(broken)), k=20)]:
            found = net_hover(net, offset)
            if found is not None:
                assert found[1].start <= offset <= found[1].end
                assert found[0].count("\n```") == 1
            assert all(one.label for one in net_completions(net, offset))
