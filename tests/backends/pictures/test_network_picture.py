"""A network as a picture: well-formed, whole, nothing outside of it, always the same bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.compiler.compiled_examples import compiled
from tests.compiler.entry_instances import EXACT_MAKERS, TABLE_MAKERS
from tests.compiler.instances import MAKERS, SYNTHESIZED

from weightsmith.backends.pictures import network_svg
from weightsmith.backends.pictures.formulas import shortened, shown_lines
from weightsmith.backends.pictures.network_picture import MOST_LAYERS
from weightsmith.backends.pictures.units import MOST_HEADS
from weightsmith.compiler.ir.template import Block, Output, Repeat, Template, layers_of
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.dsl import Source, load_source

SVG = "{http://www.w3.org/2000/svg}"
NETWORKS = Path(__file__).parents[2] / "compiler" / "nets" / "networks"
LARGEST = 100_000
SOME = {**MAKERS, **SYNTHESIZED, **EXACT_MAKERS, **TABLE_MAKERS}
CROWD = "\n".join(
    [
        "network crowd",
        "input x: [d] per token",
        "tokens  context",
        "stream  x  d rows, starts as x",
        *(f"        b{i}  d rows, starts as 0" for i in range(60)),
        "layer   head  b0 += x·xᵀ·x",
        *(f"        head  b{i} += {i} x·xᵀ·x" for i in range(1, 20)),
        "return  output = b0 at context tokens",
    ]
)


def drawn(template: Template) -> ElementTree.Element:
    """The picture; nothing of it is outside, and it is the same each time."""
    text = network_svg(template)
    assert text == network_svg(template)
    assert len(text) <= LARGEST
    assert " id=" not in text
    root = ElementTree.fromstring(text)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for box in root.iter(f"{SVG}rect"):
        left, top, wide, tall = (float(box.attrib[key]) for key in ("x", "y", "width", "height"))
        assert 0 <= left <= left + wide <= width
        assert 0 <= top <= top + tall <= height
    for said in root.iter(f"{SVG}text"):
        assert 0 <= float(said.attrib["x"]) <= width
        assert 0 <= float(said.attrib["y"]) <= height
    return root


def titles(root: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}title")]


def from_text(text: str) -> Template:
    return read_net(Source("crowd.net", text)).template


@pytest.mark.parametrize("name", sorted(SOME))
def test_the_picture_of_every_example(name: str) -> None:
    settings, _ = SOME[name](np.random.default_rng(0))
    template = compiled(name, settings).template
    found = titles(drawn(template))
    for block in template.blocks:
        assert any(one.startswith("block ") and block.name in one for one in found)
    layers = list(layers_of(template.body))
    few = all(len(layer.heads) <= MOST_HEADS for layer in layers)
    heads = sum(one.startswith("head: ") for one in found)
    assert not few or heads == sum(len(layer.heads) for layer in layers)
    assert sum(one.startswith("return: ") for one in found) == len(template.read_out)


@pytest.mark.parametrize("path", sorted(NETWORKS.glob("*.net")), ids=lambda path: path.stem)
def test_the_picture_of_a_net_file(path: Path) -> None:
    drawn(read_net(load_source(path)).template)


def test_a_head_says_its_formula_and_taps_the_blocks_that_it_reads() -> None:
    root = drawn(read_net(load_source(NETWORKS / "giannou_4_2.net")).template)
    text = (NETWORKS / "giannou_4_2.net").read_text(encoding="utf-8")
    formulas = [line.partition("head  ")[2] for line in text.splitlines() if "head  " in line]
    assert formulas
    shown = titles(root)
    for formula in formulas:
        target = formula.partition(" += ")[0].strip()
        assert any(one.startswith(f"head: {target} += ") for one in shown)


def test_many_heads_are_one_box_and_many_blocks_one_lane() -> None:
    root = drawn(from_text(CROWD))
    heads = [one for one in titles(root) if one.startswith("head: ")]
    assert len(heads) == 1
    assert heads[0].count(" += ") == 20
    text = "".join(one.text or "" for one in root.iter(f"{SVG}text"))
    assert "20 heads" in text
    assert "13 more" in text
    assert "… and 16 more" in text


def test_a_loop_is_drawn_once_and_a_long_network_from_both_ends() -> None:
    template = from_text(CROWD)
    (layer,) = template.body
    once = len(network_svg(template))
    looped = replace(template, body=(Repeat("1000", (layer,)),))
    assert len(network_svg(looped)) < once + 1000
    assert "repeat 1000 times" in titles(drawn(looped))
    long = replace(template, body=(layer,) * 1000)
    text = network_svg(long)
    assert f"… {1000 - MOST_LAYERS} more layers …" in text
    assert text.count("head: ") == MOST_LAYERS
    assert ">layer 1<" in text
    assert ">layer 1000<" in text


def test_hostile_names_are_text() -> None:
    name = "</title><script>alert(1)</script>\x00\ud800&amp;\"'"
    block = Block(name, "d")
    output = Output(name, ((name, "1"),), "d", ("context",), False)
    template = Template(name, (), (block,), ("context",), (), (), (output,), ())
    text = network_svg(template)
    root = ElementTree.fromstring(text)
    assert "<script" not in text
    assert any("<script>alert(1)</script>\ufffd\ufffd&amp;\"'" in one for one in titles(root))


def test_a_network_without_anything_is_a_picture_too() -> None:
    ElementTree.fromstring(network_svg(Template("", (), (), (), (), (), (), ())))


def test_long_numbers_are_short_beside_a_box() -> None:
    assert shortened("1/3 x + 200374913750778137463/25000000000000000000000 y") == (
        "1/3 x + ≈0.008015 y"
    )
    assert shortened(f"{'9' * 500}/7 x").startswith("999")
    assert len(shortened(f"{'9' * 500}/7 x")) < 410


def test_formulas_that_do_not_fit_are_counted() -> None:
    formulas = [f"x{i} += y" for i in range(9)]
    assert shown_lines(formulas, 40, 3) == ["x0 += y", "x1 += y", "… and 7 more"]
    assert shown_lines(formulas[:3], 40, 3) == formulas[:3]
    (one, other) = shown_lines(["a " * 100], 40, 2)
    assert len(one) <= 40
    assert len(other) <= 40
    assert other.endswith("…")
