"""Run the fenced blocks of a page, in their order, in a folder of their own.

    ```alg, ```net    written to NAME.alg or NAME.net, after their first word, and checked
    ```python         run; with >>> what is printed must be what stands below it
    ```console        every line after `$ ` is run, and must print what follows; `...` is anything

`<!-- file: NAME -->` before a block says where it is written instead; a script with
`<!-- refused -->` or `<!-- refused: NAME -->` must not check; a block with
`<!-- not run: WHY -->` is left alone.  All blocks of a page share one namespace and one folder,
with the examples of the repository.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from weightsmith.cli.main import commands
from weightsmith.compiler.nets.read_net import read_net
from weightsmith.dsl import Source, diagnose

FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[a-z ]+)(?:: (?P<told>[^\n]*?))? -->\n)?"
    r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
OPTIONS = doctest.ELLIPSIS
RUN = ("alg", "net", "python", "console")
SECONDS = 300


@dataclass(frozen=True)
class Snippet:
    kind: str
    text: str
    line: int
    mark: str
    told: str


def snippets(page: str) -> Iterator[Snippet]:
    for one in FENCE.finditer(page):
        line = page.count("\n", 0, one.start("kind")) + 1
        yield Snippet(one["kind"], one["text"], line, one["mark"] or "", one["told"] or "")


class Page:
    """The state in which the blocks of a page run: the folder is the current one."""

    def __init__(self) -> None:
        self.names: dict[str, object] = {"__name__": "__main__"}

    def run(self, one: Snippet) -> None:
        """Raises AssertionError with what was printed where that is not what stands there."""
        if one.mark == "not run":
            assert len(one.told) > 8, "say why it is not run"
            return
        if one.mark == "file" or (one.mark == "refused" and one.told):
            path = Path(one.told)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(one.text, encoding="utf-8")
            if one.kind == "python":
                compile(one.text, one.told, "exec")
            if one.kind in ("alg", "net"):
                self.check(one, path)
        elif one.kind in ("alg", "net"):
            name = one.text.partition("algorithm " if one.kind == "alg" else "network ")[2]
            path = Path(f"{re.match(r'[A-Za-z_0-9]+', name)[0]}.{one.kind}")  # type: ignore[index]
            path.write_text(one.text, encoding="utf-8")
            self.check(one, path)
        elif one.kind == "python":
            self.python(one)
        elif one.kind == "console":
            self.console(one.text)
        else:
            raise AssertionError(f"nothing runs a block of {one.kind}: mark it as not run, or file")

    def check(self, one: Snippet, path: Path) -> None:
        if one.kind == "net":
            read_net(Source(path.name, one.text))
            return
        checked = diagnose(Source(path.name, one.text))
        found = [found.render() for found in checked.diagnostics]
        assert bool(found) == (one.mark == "refused"), found

    def python(self, one: Snippet) -> None:
        if ">>>" not in one.text:
            exec(compile(one.text, f"line {one.line}", "exec"), self.names)
            return
        test = doctest.DocTestParser().get_doctest(one.text, self.names, "page", None, one.line)
        test.globs = self.names
        said: list[str] = []
        doctest.DocTestRunner(optionflags=OPTIONS, verbose=False).run(
            test, out=said.append, clear_globs=False
        )
        assert not said, "".join(said)

    def console(self, text: str) -> None:
        assert text.startswith("$ "), "a console block begins with a command"
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, wanted = part.partition("\n")
            while command.endswith("\\"):
                more, _, wanted = wanted.partition("\n")
                command = command[:-1] + more.strip()
            printed = tidy(self.command(command))
            same = doctest.OutputChecker().check_output(tidy(wanted), printed, OPTIONS)
            assert same, f"$ {command}\nprinted\n{printed}"

    def command(self, command: str) -> str:
        words = shlex.split(command)
        if words[0] == "weightsmith":
            return CliRunner().invoke(commands, words[1:], prog_name="weightsmith").output
        if words[0] == "cat":
            return Path(words[1]).read_text(encoding="utf-8")
        heads = {"python": [sys.executable], "pytest": [sys.executable, "-m", "pytest"]}
        assert words[0] in heads, f"no command of these pages: {words[0]}"
        found = subprocess.run(
            [*heads[words[0]], *words[1:]],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, "PYTEST_ADDOPTS": "-p no:cacheprovider", "COLUMNS": "100"},
        )
        return found.stdout


def tidy(text: str) -> str:
    """Without spaces at the ends of lines and empty lines at the ends of the text."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"
