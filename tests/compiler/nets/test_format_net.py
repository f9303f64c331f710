"""A network that is laid out anew is the same, and what ``show`` prints stays as it is."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from weightsmith.compiler.nets.format_net import format_net
from weightsmith.compiler.nets.net import declared_inputs
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.compiler.nets.write_net import net_text
from weightsmith.compiler.pipeline import compile_program
from weightsmith.dsl import DiagnosticError, Source, check, load_source

ROOT = Path(__file__).parents[3]
EXAMPLES = ["ridge", "lista", "halley_polar", "delta_rule", "softmax_attention", "heavy_ball"]
PAGE = (ROOT / "docs" / "net.md").read_text(encoding="utf-8")
NETS = re.findall(r"```net\n(.*?)```", PAGE, re.DOTALL)


def laid_out(text: str) -> str:
    return format_net(Source("one.net", text))


def printed(name: str) -> str:
    program = check(load_source(ROOT / "examples" / f"{name}.alg"))
    return net_text(compile_program(program, {}).template, declared_inputs(program))


def mangled(text: str, chance: random.Random) -> str:
    """Other columns, and blank lines; in loops the same indentation twice as far."""
    found = []
    for line in text.splitlines():
        code, mark, comment = line.partition("#")
        bare = code.lstrip(" ")
        indent = " " * (2 * (len(code) - len(bare)))
        parts = re.split(r"( {2,})", bare)
        wide = "".join(" " * chance.randint(1, 6) if i % 2 else p for i, p in enumerate(parts))
        found.append(indent + wide + mark + comment + " " * chance.randint(0, 2))
        found += [""] * chance.choice([0, 0, 0, 1])
    return "\n".join(found)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_show_prints_stays(name: str) -> None:
    text = printed(name)
    assert laid_out(text) == text


@pytest.mark.parametrize("text", NETS, ids=lambda text: text.splitlines()[0])
def test_the_networks_of_the_documentation_are_laid_out_once(text: str) -> None:
    result = laid_out(text)
    assert laid_out(result) == result
    assert read_net(Source("", result)).template == read_net(Source("", text)).template


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_mangled_network_is_laid_out_as_before(name: str) -> None:
    text = printed(name)
    for seed in range(4):
        result = laid_out(mangled(text, random.Random(f"{name} {seed}")))
        assert [line for line in result.splitlines() if line] == text.splitlines()
        assert laid_out(result) == result


def test_comments_stay_beside_their_lines() -> None:
    written = """\
# a network
network one   # its name
input x :[d] per token
tokens context,query

stream x d rows , starts as x
  # the second
  yy 1 rows, starts as 0
repeat 3:
  # of the layer
  layer head x+=x·xᵀ·x sum over context;at context,query  # here
     mlp  x += relu(x  -  1)
# below
return output = x at query tokens
"""
    wanted = """\
# a network
network one  # its name
input x: [d] per token
tokens  context, query

stream  x   d rows, starts as x
        # the second
        yy  1 rows, starts as 0
repeat 3:
    # of the layer
    layer   head  x += x·xᵀ·x   sum over context; at context, query  # here
            mlp   x += relu(x - 1)
# below
return  output = x at query tokens
"""
    assert laid_out(written) == wanted
    assert laid_out(wanted) == wanted
    assert laid_out(wanted.replace("\n", "\r\n")) == wanted.replace("\n", "\r\n")


def test_what_cannot_be_read_is_not_laid_out() -> None:
    with pytest.raises(DiagnosticError):
        laid_out("network one\ninput x: [d] per\n")
