"""The plugin in runs of pytest of its own: messages, fixtures, docs/testing.md, the entry point."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
SAMPLE = ROOT / "tests" / "backends" / "lift" / "sample"
BLOCK = re.compile(r"<!-- (file|output): (\S+) -->\n```\w*\n(.*?)```\n", re.DOTALL)
BLOCKS = {(kind, name): text for kind, name, text in BLOCK.findall(PAGE)}
PLUGIN = "weightsmith.pytest_plugin"


@pytest.fixture
def paper(pytester: pytest.Pytester) -> pytest.Pytester:
    """The repository of the page, with the weights of the sample."""
    for (kind, name), text in BLOCKS.items():
        if kind == "file":
            path = pytester.path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    folder = pytester.path / "paper"
    gd = (folder / "gd.alg").read_text(encoding="utf-8")
    (folder / "half.alg").write_text(gd.replace("eta/N", "eta/(2*N)"), encoding="utf-8")
    shutil.copy(SAMPLE / "layout.toml", folder)
    key, value, proj = np.zeros((6, 5)), np.zeros((6, 6)), np.zeros((6, 6))
    key[:5] = np.eye(5)
    value[5, 5], proj[5, 5] = -1, 0.37 / 13
    np.savez(folder / "gd.npz", key=key, value=value, proj=proj, out=-np.eye(6)[5:])
    return pytester


def pytest_in(folder: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return folder.runpytest_inprocess("-p", PLUGIN, "-p", "no:cacheprovider", *arguments)


def test_the_page_has_a_test_in_ten_lines() -> None:
    assert len(BLOCKS) == 6
    assert len(BLOCKS["file", "tests/test_paper.py"].splitlines()) <= 10


@pytest.mark.parametrize("name", ["tests/test_paper.py", "tests/test_weights.py"])
def test_the_tests_of_the_page_pass(paper: pytest.Pytester, name: str) -> None:
    pytest_in(paper, name).assert_outcomes(passed=1)


def test_the_message_of_the_page_is_what_pytest_prints(paper: pytest.Pytester) -> None:
    name = "tests/test_half.py"
    result = pytest_in(paper, name)
    result.assert_outcomes(failed=1)
    shown = [line[1:] for line in result.outlines if line.startswith("E ")]
    assert [line.strip() for line in shown] == [
        line.strip() for line in BLOCKS["output", name].splitlines()
    ]


def test_a_failure_shows_the_line_of_the_test_and_nothing_of_ours(paper: pytest.Pytester) -> None:
    paper.makepyfile(
        test_more="""
        from weightsmith.testing import assert_implements

        def test_absent():
            assert_implements("paper/absent.net", "paper/gd.alg")

        def test_half(implements):
            implements("paper/gd.net", "paper/half.alg")

        def test_layout(lift):
            lift("paper/gd.npz", "paper/absent.toml")
        """
    )
    result = pytest_in(paper, "test_more.py")
    result.assert_outcomes(failed=3)
    text = result.stdout.str()
    assert "testing.py" not in text
    assert "Traceback" not in text
    result.stdout.fnmatch_lines(
        [
            '>       assert_implements("paper/absent.net", "paper/gd.alg")',
            "E       AssertionError: *paper/absent.net:1:1: error?file-unreadable?: cannot read*",
            "test_more.py:4: AssertionError",
            '>       implements("paper/gd.net", "paper/half.alg")',
            "E       AssertionError: NOT EQUAL after 1 pass, output at query:*",
            '>       lift("paper/gd.npz", "paper/absent.toml")',
            "E       AssertionError: cannot read '*paper/absent.toml': No such file or directory.",
        ]
    )


def test_a_fixture_of_the_suite_with_the_same_name_wins(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def lift():
            return "mine"

        def test_it(lift):
            assert lift == "mine"
        """
    )
    pytest_in(pytester).assert_outcomes(passed=1)


def test_starting_pytest_loads_the_plugin_and_nothing_else(tmp_path: Path) -> None:
    code = (
        f"import sys, pytest; pytest.main(['-q', '-p', '{PLUGIN}', '-p', 'no:cacheprovider', "
        "'.']); print(*sorted(sys.modules))"
    )
    (tmp_path / "test_one.py").write_text("def test_one(): pass\n", encoding="utf-8")
    done = run_in(tmp_path, "-c", code)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert {name for name in loaded if name.startswith("weightsmith.")} == {PLUGIN}
    assert not {"torch", "sympy", "flint", "lark", "click"} & loaded


@pytest.mark.parametrize("option", [[], ["-p", PLUGIN]])
def test_the_entry_point_of_the_package_registers_it_once(
    tmp_path: Path, option: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry points of pyproject.toml, as an installed package has them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [f"{name} = {to}" for name, to in project["entry-points"]["pytest11"].items()]
    info = tmp_path / "site" / "sample-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sample\nVersion: 0\n")
    (info / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines, ""]))
    (tmp_path / "test_one.py").write_text("def test_one(implements, lift): pass\n")
    monkeypatch.setenv("PYTHONPATH", str(info.parent), prepend=":")
    done = run_in(tmp_path, "-m", "pytest", "-p", "no:cacheprovider", *option)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def run_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
