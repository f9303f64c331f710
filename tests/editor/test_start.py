"""The server starts with its extra alone, and without it says what to install."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HIDDEN = """
import sys
import tomllib
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pygls", "lsprotocol"):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Hidden())
from weightsmith.cli.main import commands
commands(["language-server"], prog_name="weightsmith")
"""
LOADED = """
import sys
import tomllib
from weightsmith.editor import server
print(sorted({name.partition(".")[0] for name in sys.modules}))
"""


def python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_without_pygls_it_names_the_extra() -> None:
    done = python(HIDDEN)
    assert done.returncode == 5
    assert done.stdout == ""
    assert "pip install 'weightsmith[editor]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_loads_nothing_heavy() -> None:
    done = python(LOADED)
    assert done.returncode == 0, done.stderr
    assert not {"'torch'", "'sympy'", "'networkx'", "'scipy'"} & set(
        done.stdout.strip("[]\n").split(", ")
    )


def test_only_the_server_needs_pygls() -> None:
    folder = Path(__file__).parents[2] / "compiler/weightsmith/editor"
    needing = {path.name for path in folder.glob("*.py") if "lsprotocol" in path.read_text()}
    assert needing == {"protocol.py", "server.py"}


def test_the_set_up_lines_name_the_command() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs/editor.md").read_text(encoding="utf-8")
    settings = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])
    server = settings["language-server"]["weightsmith"]
    assert [server["command"], *server["args"]] == ["weightsmith", "language-server"]
    assert 'cmd = { "weightsmith", "language-server" }' in page
    extension = (root / "editors/vscode/extension.js").read_text(encoding="utf-8")
    assert 'args: ["language-server"]' in extension


def test_garbage_is_collected_in_pauses_or_after_many_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("pygls", reason="the server needs pygls")
    from weightsmith.editor import server

    collected: list[int] = []
    monkeypatch.setattr(server.gc, "collect", lambda: collected.append(1))
    monkeypatch.setattr(server, "PAUSE", 0.01)

    async def typing() -> list[int]:
        one, seen = server.Server("0"), []
        for _ in range(server.MOST):
            seen.append(len(collected))
            one._collect_later()
        seen.append(len(collected))
        one._collect_later()
        seen.append(len(collected))
        await asyncio.sleep(0.1)
        return [*seen, len(collected)]

    assert asyncio.run(typing()) == [0] * server.MOST + [1, 1, 2]
