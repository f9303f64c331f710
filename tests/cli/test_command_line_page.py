"""What docs/command_line.md says: statuses, JSON, stdin, directories, colour, Ctrl-C, pipes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from weightsmith.cli.main import COMMANDS, commands
from weightsmith.cli.outputs.colours import painted

Call = Callable[..., Result]
ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "backends" / "lift" / "sample"
PAGE = (ROOT / "docs" / "command_line.md").read_text(encoding="utf-8")
WRONG = "algorithm f(A: symmetric[d, d])\nreturn B*A\n"
SOUND = "algorithm f(A: symmetric[d, d])\nreturn A*A\n"
ESCAPE = "\x1b["


def given(text: str, *arguments: str) -> Result:
    """Run a command with a text on stdin."""
    return CliRunner().invoke(commands, arguments, input=text)


def document(result: Result) -> dict[str, object]:
    """The one document on stdout, whose status is that of the command."""
    found: dict[str, object] = json.loads(result.stdout)
    assert found["status"] == result.exit_code
    assert list(found)[:4] == ["schema", "command", "status", "outcome"]
    assert list(found)[-1] == "diagnostics"
    return found


def test_every_command_is_on_the_page() -> None:
    table = PAGE.partition("## Exit status")[0]
    assert re.findall(r"^\| `([\w-]+)[^`]*` \|", table, re.MULTILINE) == list(COMMANDS)


def test_the_document_on_the_page_is_what_check_prints(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.alg").write_text(WRONG)
    result = call("check", "f.alg", "--json")
    shown = PAGE.partition("<!-- json: check -->\n```json\n")[2].partition("```")[0]
    assert result.stdout == shown
    assert result.stderr == ""


def test_a_document_of_each_command(call: Call, network: Path, examples: Path) -> None:
    claims = document(call("verify", network, "--json", "--explain"))
    assert claims["outcome"] == "proven"
    assert {one["verdict"] for one in claims["claims"]} == {"holds"}  # type: ignore[attr-defined]
    script = examples / "newton_inverse.alg"
    same = ("--set", "mu=1/2", "--set", "L=3", "--set", "steps=8")
    assert document(call("verify", network, "--json", "--against", script, *same))["report"]
    shown = document(call("show", network, "--json"))
    assert str(shown["text"]) in call("show", network).stdout
    assert shown["layers"] == 8
    assert document(call("show", script, "--json"))["missing"] == ["mu", "L"]


def test_a_run_as_a_document(call: Call, network: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,0\n0,1\n")
    (tmp_path / "large.csv").write_text("9,0\n0,9\n")
    ran = document(call("run", network, "--input", f"A={tmp_path}/a.csv", "--json", "--certify"))
    assert ran["outcome"] == "ran"
    assert len(ran["values"]["X"]) == 2  # type: ignore[index]
    assert ran["certified"]
    assert ran["enclosed"]
    refused = document(call("run", network, "--input", f"A={tmp_path}/large.csv", "--json"))
    assert (refused["status"], refused["outcome"]) == (4, "data")
    hypotheses = refused["hypotheses"]
    assert [one["holds"] for one in hypotheses] == ["yes", "no", "yes"]  # type: ignore[attr-defined]
    assert refused["diagnostics"][0]["code"] == "data-assumption"  # type: ignore[index]


@pytest.mark.parametrize("command", ["check", "run", "show", "verify"])
def test_wrong_use_is_a_document_too(call: Call, command: str, tmp_path: Path) -> None:
    for arguments in (("--nothing",), (tmp_path / "absent",)):
        found = document(call(command, *arguments, "--json"))
        assert (found["status"], found["outcome"]) == (2, "usage")
        assert found["diagnostics"]


def test_a_script_on_stdin(tmp_path: Path) -> None:
    assert given(SOUND, "check", "-").stdout == "<stdin>: 'f' is sound.\n"
    assert "<stdin>:2:8: error[unknown-name]" in given(WRONG, "check", "-").stderr
    assert "network f" in given(SOUND, "show", "-").stdout
    assert given(SOUND, "compile", "-", "-o", str(tmp_path / "net")).exit_code == 0
    net = given(SOUND, "show", "-").stdout
    assert given(net, "check", "-").stdout == "<stdin>: 'f' is sound.\n"
    assert given(net, "show", "-").exit_code == 0
    assert CliRunner().invoke(commands, ["check", "-"], input=b"\xff\xfe").exit_code == 2


def test_a_directory_is_looked_at_whole_and_sorted(call: Call, tmp_path: Path) -> None:
    for name, text in (("b.alg", SOUND), ("a/c.alg", SOUND), ("a/.old.alg", WRONG), ("n.txt", "")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    lines = call("check", tmp_path).stdout.splitlines()
    assert [Path(line.partition(":")[0]).name for line in lines] == ["c.alg", "b.alg"]
    (tmp_path / "z.net").write_text("network")
    assert call("check", tmp_path).exit_code == 1


def test_statuses_of_several_files(call: Call, tmp_path: Path) -> None:
    (tmp_path / "f.alg").write_text(SOUND)
    (tmp_path / "w.alg").write_text(WRONG)
    assert call("check", tmp_path / "f.alg", tmp_path / "absent.alg").exit_code == 2
    assert call("check", tmp_path / "w.alg", tmp_path / "absent.alg").exit_code == 1


@pytest.mark.parametrize(
    ("environment", "option", "coloured"),
    [
        ({}, "auto", False),
        ({"FORCE_COLOR": "1"}, "auto", True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, "auto", False),
        ({"NO_COLOR": "1"}, "always", True),
        ({"FORCE_COLOR": "1"}, "never", False),
    ],
)
def test_colour(environment: dict[str, str], option: str, coloured: bool, tmp_path: Path) -> None:
    (tmp_path / "f.alg").write_text(WRONG)
    for arguments in (["check", str(tmp_path / "f.alg")], ["show", str(tmp_path / "absent")]):
        env = {"NO_COLOR": None, "FORCE_COLOR": None, "TERM": "xterm", **environment}
        result = CliRunner().invoke(commands, ["--color", option, *arguments], env=env)
        assert (ESCAPE in result.stderr) == coloured
        assert "error[" in re.sub(r"\x1b\[[0-9;]*m", "", result.stderr)


def test_a_terminal_is_told_in_colour(tmp_path: Path) -> None:
    import pty

    (tmp_path / "f.alg").write_text(WRONG)
    unset = {"NO_COLOR", "FORCE_COLOR"}
    environment = {name: text for name, text in os.environ.items() if name not in unset}
    code = "from weightsmith.__main__ import main\nmain()"
    for more, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        master, slave = pty.openpty()
        command = [sys.executable, "-c", code, "check", str(tmp_path / "f.alg")]
        env = {**environment, "TERM": "xterm", **more}
        subprocess.run(command, stderr=slave, env=env, check=False, timeout=60)
        os.close(slave)
        told = os.read(master, 10_000).decode()
        os.close(master)
        assert "unknown name 'B'" in told
        assert (f"{ESCAPE}31m" in told) == coloured


def test_what_is_coloured_is_the_same_text() -> None:
    text = "f.alg:1:2: error[syntax]: m\n    abc\n     ^~\nhelp: write\nnote: n"
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted(text)) == text
    assert painted(text).count("\x1b[31m") == 2


def process(*arguments: str, code: str = "") -> subprocess.Popen[str]:
    """A command in a process of its own; ``code`` runs before it."""
    start = f"{code}\nfrom weightsmith.__main__ import main\nmain()"
    command = [sys.executable, "-c", start, *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, **pipes)  # type: ignore[call-overload,no-any-return]


SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
from weightsmith.backends.storage import workshop
def slow(descriptor):
    print("writing", flush=True)
    time.sleep(60)
import os
os.fsync = slow
"""


def weights_of_a_step(path: Path) -> None:
    """One layer of linear attention, the tensors that the sample's layout names."""
    last = np.diag([0.0] * 5 + [1.0])
    keys = np.eye(6)[:, :5]
    np.savez(path, key=keys, value=-last, proj=0.37 / 13 * last, out=-last[5:])


@pytest.mark.parametrize("command", ["compile", "synthesize", "run", "export", "lift", "demo"])
def test_an_interrupt_leaves_nothing_behind(
    command: str, network: Path, examples: Path, tmp_path: Path
) -> None:
    """A real signal, while the file or the directory is being written."""
    place = tmp_path / "work"
    place.mkdir()
    (tmp_path / "a.csv").write_text("1,0\n0,1\n")
    arguments = {
        "compile": [str(examples / "polar.alg"), "-o", str(place / "net")],
        "synthesize": [
            *("inv(A)", "--assume", "spectrum(A) in [1/2, 1]"),
            *("--within", "1e-3", "-o", str(place / "net")),
        ],
        "lift": [
            *(str(tmp_path / "step.npz"), "--layout", str(SAMPLE / "layout.toml")),
            *("-o", str(place / "net.net")),
        ],
        "demo": ["--small", "--json", str(place / "rows.json")],
        "run": [str(network), "--input", f"A={tmp_path}/a.csv", "-o", str(place / "x.npy")],
        "export": [str(network), "-o", str(place / "net.npz")],
    }[command]
    weights_of_a_step(tmp_path / "step.npz")
    temporary = f"import tempfile\ntempfile.tempdir = {str(place)!r}\n"  # the demo saves there
    started = process(command, *arguments, code=temporary + SLOW)
    assert started.stdout is not None
    assert started.stdout.readline() == "writing\n"
    os.kill(started.pid, signal.SIGINT)
    _, errors = started.communicate(timeout=60)
    assert started.returncode == 130, errors
    assert errors.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors
    assert list(place.iterdir()) == []


def test_a_bug_is_told_apart() -> None:
    code = "import weightsmith.cli.inputs.scripts as s\ndef bug(paths): raise KeyError('x')\n"
    code += "s.with_directories = bug"
    found = process("check", "f.alg", code=code)
    _, errors = found.communicate(timeout=60)
    assert found.returncode == 70
    assert "Traceback" in errors
    assert "bug in Weightsmith" in errors


def test_a_reader_that_has_gone(examples: Path) -> None:
    found = process("show", str(examples / "heat_kernel.alg"), code="import time; time.sleep(0.5)")
    assert found.stdout is not None
    found.stdout.close()
    found.stdout = None
    _, errors = found.communicate(timeout=60)
    assert found.returncode == 141
    assert errors == ""


def test_progress_is_for_terminals_and_gone_at_the_end() -> None:
    import pty

    master, slave = pty.openpty()
    code = (
        "import time\nfrom weightsmith.cli.outputs.progress import working\n"
        "with working('counting'):\n    time.sleep(1.6)"
    )
    subprocess.run([sys.executable, "-c", code], stderr=slave, check=True, timeout=60)
    os.close(slave)
    time.sleep(0.1)
    shown = os.read(master, 10_000).decode()
    os.close(master)
    assert "counting … 1 s" in shown
    assert shown.endswith("\r\x1b[K")
    quiet = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert quiet.stderr == b""


def completed(shell: str, words: str, at: str) -> list[str]:
    """What a shell is told to offer for the last word."""
    given = {"_WEIGHTSMITH_COMPLETE": shell, "COMP_WORDS": f"weightsmith {words}"}
    code = "from weightsmith.__main__ import main\nmain()"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **given, "COMP_CWORD": at},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return found.stdout.split()


@pytest.mark.parametrize(
    ("words", "at", "offered"),
    [
        ("c", "1", ["plain,check", "plain,compile"]),
        ("compile --fe", "2", ["plain,--fewest"]),
        ("explain unknown-n", "2", ["plain,unknown-name"]),
        ("examples copy heavy", "3", ["plain,heavy_ball"]),
    ],
)
def test_completion_knows_commands_options_codes_and_examples(
    words: str, at: str, offered: list[str]
) -> None:
    assert completed("bash_complete", words, at) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_for_each_shell_prints_what_it_needs(shell: str) -> None:
    (line,) = re.findall(rf"^ +(.*_WEIGHTSMITH_COMPLETE={shell}_source.*)$", PAGE, re.MULTILINE)
    script = completed(f"{shell}_source", "", "0")
    assert "_WEIGHTSMITH_COMPLETE" in " ".join(script)
    if shell != "bash" or shutil.which("bash") is None:
        return
    command = f'weightsmith() {{ {sys.executable} -m weightsmith "$@"; }}; {line}\n'
    told = subprocess.run(
        ["bash", "-c", f"{command}complete -p weightsmith"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "_weightsmith_completion weightsmith" in told.stdout


def test_a_slow_check_says_so_on_a_terminal(tmp_path: Path) -> None:
    import pty

    (tmp_path / "f.alg").write_text(SOUND)
    code = (
        "import time, weightsmith.dsl.front_end as front\nown = front._diagnosed\n"
        "def slow(*given):\n    time.sleep(1.5)\n    return own(*given)\nfront._diagnosed = slow\n"
        "from weightsmith.__main__ import main\nmain()"
    )
    master, slave = pty.openpty()
    command = [sys.executable, "-c", code, "check", str(tmp_path / "f.alg")]
    subprocess.run(command, stderr=slave, stdout=subprocess.PIPE, check=True, timeout=60)
    os.close(slave)
    shown = os.read(master, 10_000).decode()
    os.close(master)
    assert "checking " in shown
    assert shown.endswith("\r\x1b[K")
