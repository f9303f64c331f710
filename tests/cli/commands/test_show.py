"""``weightsmith show --html``: one page, of a script or of a compiled network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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
    assert found.output.count("<svg ") == 1
    assert "repeat steps</text>" in found.output
    assert "layers 1-12" in found.output
    assert "tokens  d scratch" in found.output
