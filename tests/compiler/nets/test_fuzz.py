"""Networks with random damage: a diagnostic with its place, or a network that reads back."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from weightsmith.compiler.nets.read_net import read_net
from weightsmith.compiler.nets.same import same_template
from weightsmith.compiler.nets.tokens import Token, tokens_of
from weightsmith.compiler.nets.write_net import net_of
from weightsmith.dsl import Source
from weightsmith.dsl.text.diagnostics import DiagnosticError

EVERYTHING = """network everything
input x: [d] per token
input y: [1] per context
input A: symmetric[d, d]
matrix W: [k, d]
matrix V: [2, 2] = [[1, 2], [-1/3, 0]]
param eta, n = size(context), c = 3/2, steps
tokens  context, query, d scratch
stream  x        d rows, starts as x
        [y|out]  1 rows, starts as 2 y - ones[query]
        X        d rows, starts as A' + 2/(c + eta) I[d]
        z        k rows, starts as 0
        two      2 rows, starts as 0
layer   head  z += (W x)·softmax(xᵀ·x + (2 x)ᵀ·x)   sum over context before; at context
        head  [y|out] += -eta/n [y|out]·xᵀ·(x - eta x)   sum over context; at query
              x += x·xᵀ·(x - eta x)   sum over context; at query
repeat steps:
    for g, h in (1, 2), (3/2, -eta):
        layer   head  X += g X·Aᵀ·X
                head  x += h x·normalised(relu(xᵀ·(W' z)))
                mlp   x += (c - 1) relu(x + 1/2)
                      x += f1(2 x + 1)
                      [y|out] += relu[d](x)
                      z += (z + 1) .* (c z - eta)
                      two += V two + (V' two - 2 two)
                      x += -2
    layer   (nothing)
return  out = [y|out] - 2 [y|out] at query tokens
return  Xᵀ = X at d tokens
table   f1
        above -1: 1/8, -1/2 to 1/2 by 1/4: 3/4
        below 2: -1
""".replace("X·Aᵀ·X", "X·Xᵀ·X")
TEXTS = [
    EVERYTHING,
    *(
        path.read_text(encoding="utf-8")
        for path in sorted((Path(__file__).parent / "networks").glob("*.net"))
    ),
]
PIECES = (
    *("(", ")", "[", "]", "·", "ᵀ", "'", "+=", "+", "-", "*", "/", "^", ".*", ",", ";", ":", "="),
    *("0", "1/0", "-1", "1e9", "99999999999999999999", "x", "relu(", "softmax(", "f1(", "[", '["'),
    *("sum over", "at", "head", "mlp", "layer", "repeat", "for", "in", "table", "above", "below"),
    *("network", "input", "matrix", "param", "tokens", "stream", "return", "size(context)", "to"),
    *("\n", "\t", " ", "\0", "\u202e", "\ud800", "\ufeff", "é", "#", "by", "ones", "I[d]", "I["),
)


def damaged(chance: random.Random) -> str:
    text = chance.choice(TEXTS)
    for _ in range(chance.choice((1, 1, 1, 3))):
        text = _damage(text, chance)
    return text


def _damage(text: str, chance: random.Random) -> str:
    """Something is lost, doubled, exchanged, put in or replaced: a token, a line, a character."""
    kind = chance.randrange(10)
    lines = text.splitlines() or [""]
    at = chance.randrange(len(lines))
    if kind == 0:
        return "\n".join(lines[:at] + lines[at + 1 :])
    if kind == 1:
        return "\n".join(lines[:at] + [lines[at]] * 2 + lines[at + 1 :])
    if kind == 2:
        other = chance.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
        return "\n".join(lines)
    if kind == 3:
        place = chance.randrange(len(text) + 1)
        return text[:place] + chr(chance.randrange(1, 400)) + text[place + chance.randrange(2) :]
    if kind == 4:
        return text[: chance.randrange(len(text) + 1)]
    words = [lines[at][one.start : one.end] for one in _tokens(lines[at])]
    if not words:
        return text
    place = chance.randrange(len(words))
    if kind == 5:
        words[place] = chance.choice(PIECES)
    elif kind == 6:
        words.insert(place, chance.choice((*words, *PIECES)))
    elif kind == 7:
        del words[place]
    else:  # another of its kind: a number for a number, a block for a block
        every = [line[one.start : one.end] for line in lines for one in _tokens(line)]
        words[place] = chance.choice(
            [one for one in every if one[0].isalpha() == words[place][0].isalpha()]
        )
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines[at] = indent + " ".join(words)
    return "\n".join(lines)


def _tokens(line: str) -> list[Token]:
    try:
        return tokens_of(Source("line", line), 0, len(line))
    except DiagnosticError:
        return []


def check(seed: int, count: int) -> tuple[int, int]:
    """How many of these texts are networks, and how many are refused."""
    chance = random.Random(seed)
    read = refused = 0
    for _ in range(count):
        text = damaged(chance)
        try:
            net = read_net(Source("damaged.net", text))
        except DiagnosticError as found:
            refused += 1
            for one in found.diagnostics:
                assert one.message
                assert one.hint, (one.message, text)
                assert 0 <= one.span.start <= one.span.end <= len(text), text
            continue
        read += 1
        again = read_net(Source("again.net", net_of(net)))
        assert same_template(net.template, again.template) == "", text
        assert again.inputs == net.inputs, text
    return read, refused


def test_the_whole_of_it_is_a_network() -> None:
    net = read_net(Source("everything.net", EVERYTHING))
    again = read_net(Source("again.net", net_of(net)))
    assert same_template(net.template, again.template) == ""
    assert again.inputs == net.inputs


@pytest.mark.parametrize("seed", range(4))
def test_damage_is_said_or_harmless(seed: int) -> None:
    read, refused = check(seed, 150)
    assert read > 5
    assert refused > 50


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 30))
def test_more_damage_is_said_or_harmless(seed: int) -> None:
    read, refused = check(seed, 1500)
    assert min(read, refused) > 100
