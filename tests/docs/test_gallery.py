"""docs/gallery/: enough pages, whole, true to their sources, and the same bytes each time."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from weightsmith import api
from weightsmith.backends.data.given import FloatInputs
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.dsl import Source
from weightsmith.network import Network

ROOT = Path(__file__).parents[2]
DOCS, PAGES = ROOT / "docs", ROOT / "docs" / "gallery"
FEWEST, LONGEST = 24, 100
NAMES = sorted(path.stem for path in (DOCS / "gallery_source" / "entries").glob("*/*.toml"))
SAMPLE = ("debiased_softmax", "halley_polar", "lista", "newton_inverse", "sherman_morrison")
FENCED = re.compile(r"```(?:net|alg)\n.*?```", re.DOTALL)


@pytest.fixture(scope="module")
def gallery() -> Iterator[ModuleType]:
    """docs/gallery.py, a script beside the folder that it writes."""
    before = list(sys.path)
    spec = importlib.util.spec_from_file_location("gallery_script", DOCS / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path[:] = before


def made(gallery: ModuleType, *names: str) -> dict[str, str]:
    texts: dict[str, str] = gallery.made(gallery.named(names), whole=False)
    return texts


def test_there_are_enough_pages() -> None:
    assert len(NAMES) >= FEWEST
    wanted = {f"{name}.{suffix}" for name in NAMES for suffix in ("md", "net", "network.svg")}
    there = {path.name for path in PAGES.iterdir()}
    assert wanted | {"index.md"} <= there
    more = {f"{name}.{kind}.svg" for name in NAMES for kind in ("plot", "paper1", "paper2")}
    assert there - wanted - {"index.md"} <= more


def test_every_page_has_a_plot() -> None:
    assert {f"{name}.plot.svg" for name in NAMES} <= {path.name for path in PAGES.iterdir()}


def test_the_index_lists_every_page() -> None:
    text = (PAGES / "index.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\((\w+)\.md\)", text)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_whole(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    heads = ["The script", "The network", "Bound and error"]
    assert [one for one in re.findall(r"^## (.*)$", text, re.MULTILINE) if one in heads] == heads
    assert f"python docs/gallery.py {name}" in text
    assert "every claim holds" in text
    assert re.search(r"^```alg\nalgorithm |^```alg\n#", text, re.MULTILINE)
    for line in FENCED.sub("", text).splitlines():
        assert len(line) <= LONGEST or line.startswith(("|", "![")), line


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_in_fences_is_read(name: str) -> None:
    """The scripts check, and the networks are networks."""
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    for script in re.findall(r"```alg\n(.*?)```", text, re.DOTALL):
        if "\nuse " not in f"\n{script}":  # another file is looked for beside the script
            api.check(script)
    for network in re.findall(r"```net\n(.*?)```", text, re.DOTALL):
        if not network.rstrip().endswith("# …"):
            read_net(Source("page", network))
    read_net(Source("file", (PAGES / f"{name}.net").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", SAMPLE)
def test_a_page_is_not_stale(gallery: ModuleType, name: str) -> None:
    texts = made(gallery, name)
    assert gallery.stale(texts, whole=False) == [], f"run python docs/gallery.py {name}"
    assert {f"{name}.md", f"{name}.net", f"{name}.network.svg", f"{name}.plot.svg"} <= set(texts)


@pytest.mark.slow
def test_no_page_is_stale(gallery: ModuleType) -> None:
    texts = gallery.made(gallery.named([]), whole=True)
    assert gallery.stale(texts, whole=True) == [], "run python docs/gallery.py"


def test_a_changed_page_is_stale(gallery: ModuleType) -> None:
    page = (PAGES / "lista.md").read_text(encoding="utf-8")
    assert gallery.stale({"lista.md": page}, whole=False) == []
    assert gallery.stale({"lista.md": page + " "}, whole=False) == ["lista.md"]
    assert "muon.md" in gallery.stale({"lista.md": page}, whole=True)


def test_another_order_of_summation_gives_the_same_bytes(
    gallery: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script in NumPy, in place of the network: errors differ in their last digits only."""

    def by_script(network: Network, inputs: FloatInputs, dtype: str = "float64") -> object:
        return network.interpret(inputs, tables=True)

    monkeypatch.setattr(Network, "run", by_script)
    assert gallery.stale(made(gallery, *SAMPLE), whole=False) == []


def test_a_verdict_is_computed(gallery: ModuleType, tmp_path: Path) -> None:
    from gallery_source.entry import Printed
    from gallery_source.measure import compared

    path = ROOT / "tests" / "compiler" / "nets" / "networks" / "von_oswald_gd.net"
    wrong = tmp_path / "wrong.net"
    wrong.write_text(path.read_text(encoding="utf-8").replace("(eta/N)", "(2*eta/N)"))
    assert compared(Printed(path, path.with_suffix(".alg"))).verdict.startswith("EQUAL")
    assert compared(Printed(wrong, path.with_suffix(".alg"))).verdict.startswith("NOT EQUAL")


def test_the_sign_slip_is_shown() -> None:
    text = (PAGES / "relu_newton.md").read_text(encoding="utf-8")
    first, second = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    assert "\nNOT EQUAL" in first
    assert "smallest input found" in first
    assert "\nEQUAL" in second
    assert "## What was found in print" in text


def test_more_layers_than_the_paper_are_said(gallery: ModuleType) -> None:
    from gallery_source.page import compared_words

    assert compared_words("Ours", 7, 5) == (
        "Ours the network has **2 layers more than the paper's**."
    )
    assert compared_words("Ours", 5, 6) == "Ours the network has 1 layer fewer than the paper's."
    text = (PAGES / "preconditioned_gradient_descent.md").read_text(encoding="utf-8")
    assert "**1 layer more than the paper's**" in " ".join(text.split())


def test_an_unknown_page_is_named(gallery: ModuleType) -> None:
    with pytest.raises(SystemExit, match="there is no page 'lasso_istaa'"):
        gallery.named(["lasso_istaa"])


def test_an_entry_with_a_mistake_names_its_file(gallery: ModuleType, tmp_path: Path) -> None:
    from gallery_source.entry import entries, read_entry

    (path,) = (DOCS / "gallery_source" / "entries").glob("*/lista.toml")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(path.read_text(encoding="utf-8").replace("[paper]", "[papers]"))
    with pytest.raises(ValueError, match=r"wrong\.toml"):
        read_entry(wrong)
    assert len(entries()) == len(NAMES)


def test_a_plot_without_errors_is_none(gallery: ModuleType) -> None:
    from gallery_source.plot import LOWEST, Curve, plot

    curve = Curve("observed", "seen", [(1.0, LOWEST / 2)])
    with pytest.raises(ValueError, match="every error is below"):
        plot("title", [curve], "layers")
    shown = plot("title", [replace(curve, points=[(1.0, 0.5), (2.0, LOWEST / 2)])], "layers")
    assert shown.count("<circle") == 1
