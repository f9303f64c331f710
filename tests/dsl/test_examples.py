"""Every example is a script; some of them in detail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from weightsmith.dsl import Source, bundle, check, diagnose, load_source, program_text
from weightsmith.dsl.numbers import scalars
from weightsmith.dsl.numbers.scalar_printer import scalar_text
from weightsmith.dsl.program import core

NAMES = [path.stem for path in sorted((Path(__file__).parents[2] / "examples").glob("*.alg"))]


def test_there_are_examples() -> None:
    assert len(NAMES) >= 14


PRESUMING = {"electric_flows", "electric_potentials", "preconditioned_gradient_descent"}


@pytest.mark.parametrize("name", NAMES)
def test_an_example_checks_without_a_word(name: str, examples: dict[str, Path]) -> None:
    """But for what the assumptions presume, of three examples whose form does not show it."""
    checked = diagnose(load_source(examples[name]))
    said = [one.message for one in checked.diagnostics]
    assert [text for text in said if not text.startswith("this presumes that ")] == []
    assert bool(said) == (name in PRESUMING)
    assert checked.program is not None


@pytest.mark.parametrize("name", NAMES)
def test_an_example_prints_as_a_script_that_checks_to_the_same(
    name: str, examples: dict[str, Path]
) -> None:
    text = program_text(check(load_source(examples[name])))
    assert program_text(check(Source("printed", text))) == text


@pytest.mark.parametrize("name", NAMES)
def test_the_bundle_of_an_example_is_the_same_program(name: str, examples: dict[str, Path]) -> None:
    source = load_source(examples[name])
    bundled = bundle(source)
    assert "\nuse " not in bundled
    program = check(Source("elsewhere/script.alg", bundled))
    assert program_text(program) == program_text(check(source))


def test_gradient_descent_in_detail(examples: dict[str, Path]) -> None:
    program = check(load_source(examples["gradient_descent"]))
    assert program.dimensions == ("d", "k")
    assert [one.name for one in program.parameters] == ["mu", "L", "eta", "steps"]
    assert [one.is_count for one in program.parameters] == [False, False, False, True]
    first, repeat = program.body
    assert isinstance(first, core.Assign)
    assert first.values[0].shape == core.Shape("k", "d")
    assert isinstance(repeat, core.Repeat)
    assert repeat.count == scalars.Symbol("steps")
    (returned,) = program.returns
    assert returned.name == "output"
    assert returned.groups == (core.QUERY,)
    assert returned.value.shape == core.Shape("k", core.TOKEN, (), core.GROUPS)


def test_ridge_gets_the_spectrum_of_the_regularised_gram_matrix(examples: dict[str, Path]) -> None:
    program = check(load_source(examples["ridge"]))
    start = program.body[1]
    assert isinstance(start, core.Assign)
    assert start.names == ("newton_inverse.X",)
    value = start.values[0]
    assert isinstance(value, core.Combination)
    assert scalar_text(value.terms[0][0]) == "2/(mu + lam + L + lam)"


def test_electric_flows_inherit_the_assumption_on_the_laplacian(examples: dict[str, Path]) -> None:
    program = check(load_source(examples["electric_flows"]))
    assert [one.name for one in program.parameters] == ["mu", "L", "steps"]
    assert "2/(mu + L)*(psi - C*B'*electric_potentials.phi)" in program_text(program)


def test_importing_the_language_loads_no_numerics() -> None:
    code = (
        "import sys, weightsmith.dsl; "
        "print(*(name for name in ('numpy', 'sympy', 'torch') if name in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
