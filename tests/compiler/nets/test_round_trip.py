"""A template written as ``.net`` reads back to the same template: of examples, papers, at random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import weightsmith.api as ws
from weightsmith.compiler.ir.template import Template
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.compiler.nets.same import same_template
from weightsmith.compiler.nets.write_net import net_of, net_text
from weightsmith.dsl import DiagnosticError, Source, load_source
from weightsmith.dsl.elementary import NAMES

from ...backends.strategies import templates
from ..compiled_examples import compiled
from ..entry_instances import EXACT_MAKERS, TABLE_MAKERS
from ..entry_programs import entry_scripts
from ..instances import EXAMPLES, MAKERS, SYNTHESIZED
from ..programs import scripts

PAPERS = sorted((Path(__file__).parent / "networks").glob("*.net"))
SOME = {**MAKERS, **SYNTHESIZED, **EXACT_MAKERS, **TABLE_MAKERS}
SIZES = {"d": 3, "m": 2, "context": 4}
many = settings(deadline=None, suppress_health_check=list(HealthCheck))


def check(template: Template) -> str:
    """Its text; it reads back to the template, and what was read is written the same again."""
    text = net_text(template)
    net = read_net(Source("written.net", text))
    assert same_template(template, net.template) == ""
    again = net_of(net)
    assert net_of(read_net(Source("again.net", again))) == again
    return text


@pytest.mark.parametrize("name", sorted(SOME))
def test_every_example(name: str) -> None:
    values, _ = SOME[name](np.random.default_rng(0))
    check(compiled(name, values).template)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.alg")), ids=lambda path: path.stem)
def test_every_example_without_values(path: Path) -> None:
    try:
        network = ws.compile(path)
    except DiagnosticError:
        assert path.stem in {*SYNTHESIZED, *EXACT_MAKERS, *TABLE_MAKERS}
        return
    check(network.template)


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


@settings(many, max_examples=150)
@given(templates(SIZES, ("", "relu", *NAMES)))
def test_random_templates(template: Template) -> None:
    """Every kind of head, gated units, views of fixed matrices."""
    check(template)
