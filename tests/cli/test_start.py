"""What a command loads: quick to start, no torch, and a checker that stands alone."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
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


HEAVY = {"torch", "sympy", "networkx", "sklearn", "scipy"}
LOADED = "import json, sys; {code}; print(json.dumps(sorted(sys.modules)))"


@pytest.mark.parametrize("code", ["import weightsmith.api", "from weightsmith.api import Network"])
def test_importing_the_api_loads_no_heavy_package(code: str) -> None:
    """How long it takes is printed by benchmarks/import_time.py."""
    assert not HEAVY & set(json.loads(python(LOADED.format(code=code))))


def test_importing_the_api_alone_leaves_numpy_the_language_and_the_checker_out() -> None:
    modules = set(json.loads(python(LOADED.format(code="import weightsmith.api"))))
    assert not modules & {"numpy", "lark", "flint", "weightsmith.dsl", "weightsmith.checker"}


def test_a_script_is_read_without_what_its_functions_are_computed_by() -> None:
    script = "algorithm f(x: [d] per query)\\nreturn erf(x) - sigmoid(x)"
    code = f"from weightsmith.dsl import Source, check; check(Source('s', '{script}'))"
    modules = set(json.loads(python(LOADED.format(code=code))))
    assert "weightsmith.dsl.elementary" in modules
    assert not modules & {"numpy", "flint", "weightsmith.dsl.elementary.record"}


def test_a_network_is_loaded_and_data_are_checked_without_the_compiler(network: Path) -> None:
    code = (
        f"import weightsmith.api as ws; network = ws.load({str(network)!r}); "
        "network.bounds; network.intact; network.check({'A': [[1.0]]})"
    )
    modules = set(json.loads(python(LOADED.format(code=code))))
    assert not modules & (HEAVY | {"weightsmith.compiler.pipeline", "weightsmith.checker.verify"})


def test_the_version_is_told_without_a_heavy_package() -> None:
    assert not loaded("--version") & (HEAVY | {"numpy", "weightsmith.dsl", "weightsmith.api"})


def test_the_version_that_is_told_is_that_of_the_package() -> None:
    from weightsmith.version import VERSION

    assert version("weightsmith") == VERSION
    assert python(
        "import runpy, sys; sys.argv = ['', '--version']; "
        "runpy.run_module('weightsmith', run_name='__main__')"
    ).endswith(f"{VERSION}\n")


def test_every_name_of_the_api_is_there_and_no_other() -> None:
    from weightsmith import api, checker

    for name in api.__all__:
        assert getattr(api, name) is getattr(api, name)
        assert name in dir(api)
    assert checker.verify_directory.__module__ == "weightsmith.checker.verify"
    for module in (api, checker):
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            _ = module.nothing  # type: ignore[attr-defined]


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


def test_a_small_script_is_checked_without_what_it_does_not_need(examples: Path) -> None:
    """How long it takes, less than half a second, is printed by benchmarks/import_time.py."""
    modules = loaded("check", str(examples / "newton_inverse.alg"))
    unneeded = {"weightsmith.compiler.choosing.choices", "weightsmith.checker.prove"}
    unneeded |= {"weightsmith.compiler.approximate.fitting.fit", "weightsmith.messages.registry"}
    assert not modules & (unneeded | HEAVY | {"numpy", "rich", "lark"})


def test_the_checker_stands_alone(network: Path) -> None:
    ours = {name for name in loaded("verify", str(network)) if name.startswith("weightsmith.")}
    parts = {name.split(".")[1] for name in ours}
    assert parts == {"dsl", "checker", "cli", "version"}


def test_the_commands_run_as_a_module(network: Path) -> None:
    command = [sys.executable, "-m", "weightsmith", "verify", str(network)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.endswith("every claim holds.\n")
