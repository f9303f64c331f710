"""What a command loads: quick to start, no torch, and a checker that stands alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

IMPORTS = (
    "import sys, time; start = time.perf_counter(); import {modules}; "
    "print(time.perf_counter() - start, 'torch' in sys.modules)"
)
COMMAND = (
    "import json, sys\n"
    "from weightsmith.cli.main import commands\n"
    "try:\n    commands(json.loads(sys.argv[1]))\n"
    "except SystemExit as left:\n    status = left.code\n"
    "print(json.dumps([status, sorted(sys.modules)]))\n"
)


def python(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


def loaded(*arguments: str) -> set[str]:
    """Run a command in a process of its own; return the modules that it loaded."""
    status, modules = json.loads(python(COMMAND, json.dumps(arguments)).splitlines()[-1])
    assert status == 0
    return set(modules)


@pytest.mark.parametrize(
    "modules",
    ["weightsmith.dsl, weightsmith.compiler.pipeline", "weightsmith.api", "weightsmith.cli.main"],
)
def test_importing_leaves_torch_out(modules: str) -> None:
    """How long it takes is printed by benchmarks/compile_time.py."""
    assert python(IMPORTS.format(modules=modules)).split()[1] == "False"


def test_no_command_but_run_and_demo_loads_torch(
    examples: Path, network: Path, tmp_path: Path
) -> None:
    script = str(examples / "ridge.alg")
    for arguments in (
        ("check", script),
        ("compile", script, "-o", str(tmp_path / "net"), "--set", "mu=1", "--set", "L=2"),
        ("compile", script, "--emit", "schedule"),
        ("show", script),
        ("show", str(network)),
        ("verify", str(network)),
    ):
        assert not loaded(*arguments) & {"torch", "sklearn", "rich"}, arguments


def test_the_checker_stands_alone(network: Path) -> None:
    ours = {name for name in loaded("verify", str(network)) if name.startswith("weightsmith.")}
    parts = {name.split(".")[1] for name in ours}
    assert parts == {"dsl", "checker", "cli"}


def test_the_commands_run_as_a_module(network: Path) -> None:
    command = [sys.executable, "-m", "weightsmith", "verify", str(network)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.endswith("every claim holds.\n")
