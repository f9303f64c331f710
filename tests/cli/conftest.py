"""What the tests of the command line share: a way to call it, and a compiled network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from weightsmith.cli.main import commands

EXAMPLES = Path(__file__).parents[2] / "examples"
Call = Callable[..., Result]


@pytest.fixture(scope="session")
def examples() -> Path:
    """The directory of the example scripts."""
    return EXAMPLES


@pytest.fixture
def call() -> Call:
    """Call a command; an exception that is no exit is a failure of the test."""

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(commands, [str(one) for one in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Newton's inverse, compiled with numbers."""
    directory = tmp_path_factory.mktemp("networks") / "newton"
    arguments = ["compile", EXAMPLES / "newton_inverse.alg", "-o", directory]
    arguments += ["--set", "mu=1/2", "--set", "L=3", "--set", "steps=8"]
    result = CliRunner().invoke(commands, [str(one) for one in arguments])
    assert result.exit_code == 0, result.output
    return directory


@pytest.fixture(scope="session")
def regression(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gradient descent in context, compiled with numbers."""
    directory = tmp_path_factory.mktemp("networks") / "descent"
    arguments = ["compile", EXAMPLES / "gradient_descent.alg", "-o", directory]
    arguments += ["--set", "mu=1/2", "--set", "L=3"]
    result = CliRunner().invoke(commands, [str(one) for one in arguments])
    assert result.exit_code == 0, result.output
    return directory
