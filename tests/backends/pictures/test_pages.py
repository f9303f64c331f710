"""Pages: valid, small, without scripts; curves, heat maps, spans of blocks, figures."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.compiler.compiled_examples import compiled
from tests.compiler.entry_instances import EXACT_MAKERS, TABLE_MAKERS
from tests.compiler.instances import MAKERS, SYNTHESIZED

from weightsmith.backends.errors import MissingPackageError
from weightsmith.backends.pictures import Curve, block_map_svg, curves_svg
from weightsmith.backends.pictures.document import Section, note, page
from weightsmith.backends.pictures.heat_maps import MOST, Panel, aggregated, heat_maps_svg
from weightsmith.backends.pictures.lifetimes import Life, lives
from weightsmith.backends.pictures.runs import attention_panels, variable_panels
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.dsl import Source
from weightsmith.network import Network

SOME = {**MAKERS, **SYNTHESIZED, **EXACT_MAKERS, **TABLE_MAKERS}
LARGEST = 300_000  # bytes
VOID = {"meta"}
REUSED = """\
network reused
input x: [d] per token
tokens  context
stream  x  d rows, starts as x
        s  d rows, starts as 0
        y  d rows, starts as 0
layer   head  s += x·xᵀ·x
        mlp   y += s
              s += (-s)
layer   head  s += y·xᵀ·x
        mlp   y += s
return  output = y at context tokens
"""


class Checked(HTMLParser):
    """Every tag is closed in its order; nothing runs and nothing is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "img", "link", "iframe")
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]
        self.seen.append(tag)
        self.open += [tag] if tag not in VOID else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check_page(text: str) -> Checked:
    parser = Checked()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    assert len(text.encode()) <= LARGEST
    for part in text.split("<svg ")[1:]:
        ElementTree.fromstring(f"<svg {part.partition('</svg>')[0]}</svg>")
    return parser


def newton() -> Network:
    return compiled("newton_inverse", {"mu": "1/2", "L": 3, "steps": 6})


DATA = {"A": np.diag([0.5, 1.0, 3.0])}


@pytest.mark.parametrize("name", sorted(SOME))
def test_the_page_of_every_example_with_data(name: str) -> None:
    settings, inputs = SOME[name](np.random.default_rng(1))
    network = compiled(name, settings)
    text = network.html(inputs)  # type: ignore[arg-type]
    found = check_page(text)
    for tag in ("header", "main", "h1", "h2", "title"):
        assert tag in found.seen
    assert text == network.html(inputs)  # type: ignore[arg-type]


def test_a_notebook_shows_the_network_in_its_own_colours() -> None:
    text = newton()._repr_html_()
    check_page(text)
    assert "X += -1/2 X·Aᵀ·X" in text
    assert "background:var(--ws-paper)" in text
    assert "data-jp-theme-light" in text


def test_hostile_text_stays_text() -> None:
    bad = "</pre></title><script>alert(1)</script>"
    section = Section(bad, bad, "", bad)
    check_page(page(bad, bad, [section]))
    check_page(note([], bad))


def test_the_scores_of_a_head_are_what_the_reference_computes() -> None:
    network = newton()
    traced = network.trace(DATA)
    panels = attention_panels(network.template, traced.blocks, traced.places)
    for layer, panel in enumerate(panels):
        keys = traced[layer - 1, "A", "d"]
        queries = traced[layer - 1, "X", "d"]
        np.testing.assert_allclose(panel.matrix, keys.T @ queries, rtol=1e-12)


def test_the_last_distance_is_that_of_the_answer_and_below_what_is_proven() -> None:
    from weightsmith.network_page import distance_curves

    network = newton()
    observed, proven = distance_curves(network, DATA, network.trace(DATA))
    answer = np.asarray(network.run(DATA)["X"])
    expected = np.linalg.norm(answer - np.linalg.inv(DATA["A"]), 2)
    assert observed.points[-1] == (6.0, pytest.approx(expected))
    assert proven.is_bound
    assert expected <= proven.points[0][1]


def test_the_certified_bound_is_what_is_certified_at_each_count() -> None:
    from weightsmith.network_page import bound_curves

    (curve,) = bound_curves(newton())
    assert [x for x, _ in curve.points] == [1, 2, 3, 4, 5, 6]
    assert [y for _, y in curve.points] == sorted((y for _, y in curve.points), reverse=True)
    value = newton().bounds[0].value
    assert value is not None
    assert float(value) <= curve.points[-1][1] <= float(value) * 1.001


def test_a_block_serves_twice_and_is_free_in_between() -> None:
    template = read_net(Source("reused.net", REUSED)).template
    spans = [one for one in lives(template) if one.block == "s"]
    assert spans == [Life("s", 1, 2), Life("s", 3, 4)]
    assert block_map_svg(template).count("<title>s: ") == 2


def test_a_large_matrix_keeps_its_largest_entries() -> None:
    matrix = np.zeros((100, 3))
    matrix[70, 1] = -5.0
    cells = aggregated(matrix)
    assert cells.shape == (MOST, 3)
    assert cells.min() == -5.0
    assert np.count_nonzero(cells) == 1
    small = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(aggregated(small), small)


def test_panels_of_nothing_and_of_what_is_not_finite_are_pictures() -> None:
    matrices = (np.zeros((0, 3)), np.full((2, 2), np.nan), np.full((2, 2), np.inf))
    ElementTree.fromstring(heat_maps_svg([Panel("a", "b", "c", m) for m in matrices], "t"))
    ElementTree.fromstring(heat_maps_svg([], "t"))


def test_a_curve_leaves_out_what_a_logarithm_does_not_have() -> None:
    text = curves_svg([Curve("e", [(0, 1.0), (1, 0.0), (2, 1e-3), (3, float("nan"))])], "t", "x")
    assert "<title>e. 0: 1, 2: 0.001</title>" in text
    assert "nothing above zero" in curves_svg([Curve("e", [(0, 0.0)])], "t", "x")


@pytest.mark.parametrize("kind", ["blocks", "bounds", "errors", "attention"])
def test_a_figure_of_each_kind(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    figure = newton().plot(kind, DATA)  # type: ignore[arg-type]
    figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5_000


def test_a_figure_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="expected a kind of plot"):
        newton().plot("pie")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="needs data"):
        newton().plot("errors")
    monkeypatch.delitem(sys.modules, "matplotlib.figure", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPackageError, match="plot"):
        newton().plot("blocks")


def test_a_map_of_few_layers_is_wide_enough_for_what_its_loop_repeats() -> None:
    text = block_map_svg(newton().template)
    assert ">↻ steps = 6 times</text>" in text
    ends = [float(one) for one in re.findall(r'<svg [^>]* width="([\d.]+)"', text)]
    assert 200 < ends[0] < 400


def test_captions_of_variables_are_not_cut() -> None:
    traced = newton().trace(DATA)
    for panel in variable_panels({(120, "X", "d"): 1e4 * traced.variables[0, "X", "d"]}):
        text = heat_maps_svg([panel], "t")
        assert f">{panel.under}</text>" in text
        assert panel.under.startswith("layer 120, max ")
