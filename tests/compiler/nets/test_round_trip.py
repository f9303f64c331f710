"""A template written as ``.net`` reads back as the same: of examples, of papers, at random."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import weightsmith.api as ws
from weightsmith.backends.errors import ExportError
from weightsmith.compiler.ir.template import Template
from weightsmith.compiler.nets.net import declared_inputs
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.compiler.nets.same import same_template
from weightsmith.compiler.nets.write_net import net_of, net_text, shown_net
from weightsmith.dsl import DiagnosticError, Source, load_source
from weightsmith.network import Network

from ..compiled_examples import compiled
from ..entry_instances import EXACT_MAKERS, TABLE_MAKERS
from ..entry_programs import entry_scripts
from ..instances import EXAMPLES, MAKERS, SYNTHESIZED
from ..programs import scripts
from .strategies import networks

PAPERS = sorted((Path(__file__).parent / "networks").glob("*.net"))
SOME = {**MAKERS, **SYNTHESIZED, **EXACT_MAKERS, **TABLE_MAKERS}
many = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)


def check(template: Template) -> str:
    """Its text; it reads back to the template, and what was read is written the same again."""
    text = net_text(template)
    net = read_net(Source("written.net", text))
    assert same_template(template, net.template) == ""
    again = net_of(net)
    assert net_of(read_net(Source("again.net", again))) == again
    return text


def check_shown(network: Network) -> None:
    """All that ``show`` prints is the network: what is proven stands in comments."""
    check(network.template)
    net = read_net(Source("shown.net", network.show()))
    assert same_template(network.template, net.template) == ""
    assert net.inputs == declared_inputs(network.program)


@pytest.mark.parametrize("name", sorted(SOME))
def test_every_example(name: str) -> None:
    values, _ = SOME[name](np.random.default_rng(0))
    check_shown(compiled(name, values))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.alg")), ids=lambda path: path.stem)
def test_every_example_without_values(path: Path) -> None:
    try:
        network = ws.compile(path)
    except DiagnosticError:
        assert path.stem in {*SYNTHESIZED, *EXACT_MAKERS, *TABLE_MAKERS}
        return
    check_shown(network)


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.stem)
def test_every_construction_of_a_paper(path: Path) -> None:
    net = read_net(load_source(path))
    again = read_net(Source("again.net", net_of(net)))
    assert same_template(net.template, again.template) == ""
    assert again.inputs == net.inputs
    check(net.template)


@settings(many, max_examples=60)
@given(scripts() | entry_scripts())
def test_random_scripts(script: str) -> None:
    try:
        network = ws.compile(script)
    except DiagnosticError:
        return
    check(network.template)


@settings(many, max_examples=80)
@given(networks())
def test_random_templates(template: Template) -> None:
    """Every kind of head, gated units, views, loops in loops, schedules, odd names."""
    check(template)


@pytest.mark.slow
@settings(many, max_examples=800)
@given(networks())
def test_more_random_templates(template: Template) -> None:
    check(template)


def test_a_file_that_was_exported_is_the_network_and_needs_no_values(tmp_path: Path) -> None:
    network = ws.compile(EXAMPLES / "gradient_descent.alg")
    assert network.missing
    network.export(tmp_path / "gd.net")
    text = (tmp_path / "gd.net").read_text(encoding="utf-8")
    net = read_net(Source("gd.net", text))
    assert same_template(network.template, net.template) == ""
    assert text.startswith("# What its certificate says:\n")
    assert ws.compare(tmp_path / "gd.net", EXAMPLES / "gradient_descent.alg").is_equal


def test_weights_that_were_changed_are_not_exported_as_text(tmp_path: Path) -> None:
    values, _ = SOME["newton_inverse"](np.random.default_rng(0))
    files = dict(compiled("newton_inverse", values).files())
    content = bytearray(files["model.safetensors"])
    content[-1] ^= 1
    files["model.safetensors"] = bytes(content)
    with pytest.raises(ExportError, match="the files were changed"):
        Network(files).export(tmp_path / "changed.net")


def test_a_name_that_has_no_text_is_said(tmp_path: Path) -> None:
    """A directory made by hand may call its inputs anything."""
    values, _ = SOME["newton_inverse"](np.random.default_rng(0))
    template = compiled("newton_inverse", values).template
    sources = tuple(replace(one, of="A b" if one.of == "A" else one.of) for one in template.sources)
    odd = replace(template, sources=sources)
    with pytest.raises(ValueError, match="'A b' is no name that"):
        net_text(odd)
    assert shown_net(odd) == [
        "# this network has no text: 'A b' is no name that a .net file can declare"
    ]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("1676734722584633357309263/200000000000000000000000", "8.383673612923166786546315"),
        ("-7815/10000000000000000000000", "-0.0000000000000000007815"),
        ("7/2", "7/2"),
        ("1/30000000000000000000000", "1/30000000000000000000000"),
    ],
)
def test_long_numbers_of_passes_are_decimals(number: str, shown: str) -> None:
    text = f"""network f
input A: [d, d]
tokens  d scratch
stream  A  d rows, starts as A
for g in {number}, 2:
    layer   mlp   A += g A
return  A = A at d tokens
"""
    template = read_net(Source("f.net", text)).template
    written = net_text(template)
    assert f"for g in {shown}, 2:" in written
    assert same_template(read_net(Source("f.net", written)).template, template) == ""
