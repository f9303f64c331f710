"""``weightsmith show --html``: one page, of a script or of a compiled network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from click.testing import Result

Call = Callable[..., Result]


def test_a_page_of_html(call: Call, examples: Path, tmp_path: Path) -> None:
    script, numbers = examples / "newton_inverse.alg", ("--set", "mu=1/10", "--set", "L=2")
    assert call("compile", script, *numbers, "-o", tmp_path / "net").exit_code == 0
    found = call("show", "--html", tmp_path / "net")
    assert found.exit_code == 0
    assert found.output == call("show", "--html", script, *numbers).output
    assert found.output.startswith("<!doctype html>\n")
    assert found.output.rstrip().endswith("</html>")
    assert found.output.count("<svg ") == 4  # network, bound, blocks, graph
    assert "repeat steps</text>" in found.output
    assert "layers 1-12" in found.output
    assert "tokens  d scratch" in found.output


def test_a_page_of_a_run(call: Call, network: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.diag([0.5, 1.0, 3.0]))
    given = ("--input", f"A={tmp_path / 'a.npy'}")
    page = tmp_path / "page.html"
    assert call("show", "--html", network, *given, "-o", page).output == ""
    text = page.read_text(encoding="utf-8")
    for heading in ("What the heads see", "The variables", "Distance from the target"):
        assert f"<h2>{heading}</h2>" in text
    found = call("show", network, *given)
    assert found.exit_code != 0
    assert "write --html" in found.output


NET = """\
network loop
input x: [d] per token
matrix W: [d, d]
param c, s = 3
tokens  context
stream  x  d rows, starts as x
        y  d rows, starts as 0
repeat s:
    layer   head  y += c (W x)·xᵀ·x
            mlp   x += relu(x - 1/2)
return  output = y at context tokens
"""


def test_a_page_of_a_network_as_text(call: Call, tmp_path: Path) -> None:
    (tmp_path / "loop.net").write_text(NET, encoding="utf-8")
    found = call("show", "--html", tmp_path / "loop.net")
    assert found.exit_code == 0
    assert found.output.startswith("<!doctype html>\n")
    assert "<p>loop: 3 layers, 1 head a layer, width 2*d, d hidden units</p>" in found.output
    assert found.output.count("<svg ") == 2  # network, blocks
    assert "<title>head: y += c (W x)·xᵀ·x" in found.output
    assert "layer   head  y += c (W x)·xᵀ·x" in found.output
    page = tmp_path / "page.html"
    assert call("show", "--html", tmp_path / "loop.net", "-o", page).output == ""
    assert page.read_text(encoding="utf-8") == found.output
    refused = call("show", "--html", tmp_path / "loop.net", "--input", "x=1")
    assert refused.exit_code == 2
    assert "--input is for scripts and directories" in refused.output
