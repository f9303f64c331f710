"""Fewer layers for ``for`` loops and several loops: the polynomial that they return, exactly."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.compiler.polynomial_programs import polynomial_scripts
from tests.compiler.test_random_programs import compare, exact_inputs

from weightsmith import api
from weightsmith.checker.prove import prove_restructuring
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.compiler.restructure.polynomials.evaluate import chebyshev_coefficients
from weightsmith.compiler.restructure.restructure import Restructured, restructure
from weightsmith.compiler.synthesize.families.numbers import decimal_text
from weightsmith.dsl import Source, check, resolve_bindings
from weightsmith.dsl.running import interpreter

from .test_restructure import matrices, token_data

EXAMPLES = Path(__file__).parents[3] / "examples"
LOW, HIGH = 0.5, 3.0
TOKENS = """algorithm semi(x: [d] per token, y: [k] per context)
assume spectrum(x*x' over context) in [1/2, 3]
"""
SCRATCH = "algorithm several(A: symmetric[d, d])\nassume spectrum(A) in [1/2, 3]\n"
STEP = "    w = w - {}*(w*x - y)*x' over context\n"
RESULT = "return w*x on query\n"


def chebyshev_steps(count: int) -> list[str]:
    """1/root of the Chebyshev polynomial on the interval, small and large by turns."""
    half, middle = (HIGH - LOW) / 2, (HIGH + LOW) / 2
    roots = [middle + half * math.cos(math.pi * (k + 1 / 2) / count) for k in range(count)]
    turns = [roots[k // 2] if k % 2 == 0 else roots[-1 - k // 2] for k in range(count)]
    return [str(Fraction(round(1e6 / root), 10**6)) for root in turns]


def momentum_pairs(count: int) -> str:
    return ", ".join(f"({step}, {k}/{k + 9})" for k, step in enumerate(chebyshev_steps(count)))


SEMI = TOKENS + f"w = 0\nfor eta in {', '.join(chebyshev_steps(24))}:\n{STEP.format('eta')}{RESULT}"
MOMENTUM = (
    f"{TOKENS}w = 0\nv = 0\nfor eta, beta in {momentum_pairs(20)}:\n"
    f"    v = beta*v - eta*(w*x - y)*x' over context\n    w = w + v\n{RESULT}"
)
TWO = f"{TOKENS}w = 0\nrepeat 10:\n{STEP.format('1/2')}repeat 10:\n{STEP.format('3/7')}{RESULT}"
RESIDUAL = TWO.replace("return w*x on query", "return 2*(w*x - y) on context")
NEWTON = f"""{SCRATCH}X = 0
repeat 10:
    X = X - 1/2*(A*X - I)
repeat 2:
    X = 2*X - X*A*X
return X
"""
STEPS_OF_TWO = f"""{SCRATCH}X = I
for a in 1/2, 3/7, 2/5, 1/3, 2/3, 2/7:
    X = X - a*(A*X - I)
E = I - A*X
repeat 2:
    X, E = X + X*E + X*E*E, E*E*E
return X
"""
CASES = {  # script, inputs, layers as written, most layers
    "semi": (SEMI, "x y", 24, 4),
    "momentum": (MOMENTUM, "x y", 20, 4),
    "two": (TWO, "x y", 20, 4),
    "residual": (RESIDUAL, "x y", 20, 4),
    "newton": (NEWTON, "A", 12, 4),
    "inverse": (STEPS_OF_TWO, "A", 11, 4),
}
cases = pytest.mark.parametrize("name", CASES)


def small(text: str) -> Restructured:
    found = restructure(check(Source("<script>", text)), {})
    assert found.changed, found.notes
    return found


@cases
def test_few_layers_and_equal_values(name: str) -> None:
    script, inputs, written, most = CASES[name]
    network = api.compile(script, fewest="layers")
    assert network.report.layers == most
    assert network.notes == (f"restructured: {written} layers as written, {most} now",)
    known = {**matrices(), **token_data(0, 5, 2, 12)}
    data = {one: known[one] for one in inputs.split()}
    found, wanted = network.run(data, check="off"), network.interpret(data)
    for result, value in wanted.items():
        for group, one in value.items() if isinstance(value, dict) else (("", value),):
            other = found[result][group] if group else found[result]
            assert np.abs(np.asarray(other) - one).max() <= 1e-9 * np.abs(one).max()
    assert network.verify().accepted


@cases
def test_values_are_the_same_exactly(name: str) -> None:
    found = small(CASES[name][0])
    program = check(Source("<script>", CASES[name][0]))
    inputs = exact_inputs(program, 1)
    values = interpreter.run(found.program, inputs, {}, exact=True)
    for result, value in interpreter.run(program, inputs, {}, exact=True).items():
        compare(values[result], value)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(polynomial_scripts(), st.integers(0, 2**16))
def test_random_loops(script: str, seed: int) -> None:
    program = check(Source("<script>", script))
    found = restructure(program, {})
    assume(found.changed)  # else it saves no layers
    inputs = exact_inputs(program, seed)
    values = interpreter.run(found.program, inputs, {}, exact=True)
    for name, value in interpreter.run(program, inputs, {}, exact=True).items():
        compare(values[name], value)


@cases
def test_another_number_is_refused(name: str) -> None:
    """Every number of network.alg counts: each is changed in turn, at most thirty of them."""
    found = small(CASES[name][0])
    program = check(Source("<script>", CASES[name][0]))
    prove_restructuring(program, found.program, {}, found.claim)
    start = found.text.index("\n\n")
    numbers = [m for m in re.finditer(r"(?<![\w/])\d+(?=[/*])", found.text) if m.start() > start]
    assert len(numbers) >= 6
    for match in numbers[:: 1 + len(numbers) // 30]:
        text = f"{found.text[: match.start()]}{int(match[0]) + 1}{found.text[match.end() :]}"
        network = check(Source("network.alg", text))
        with pytest.raises(RefusedError, match="different values"):
            prove_restructuring(program, network, {}, found.claim)


@pytest.mark.parametrize("old", ["10:", "3/7", "1/2*(w", "- y"])
def test_another_script_is_refused(old: str) -> None:
    found = small(TWO)
    new = {"10:": "11:", "3/7": "3/8", "1/2*(w": "1/3*(w", "- y": "- 2*y"}[old]
    with pytest.raises(RefusedError, match="different values"):
        prove_restructuring(
            check(Source("<script>", TWO.replace(old, new, 1))), found.program, {}, found.claim
        )


def test_what_no_quotient_has_goes_by_its_polynomial() -> None:
    """Heavy ball with β = 1, where (β^k − 1)/(β − 1) has no value."""
    program = api.check(EXAMPLES / "heavy_ball.alg")
    chosen = {"mu": "1/2", "L": 3, "eta": 1, "beta": 1, "steps": 12}
    assert restructure(program, resolve_bindings(program, chosen)).changed


def test_nothing_need_be_assumed() -> None:
    script = TWO.replace("assume spectrum(x*x' over context) in [1/2, 3]\n", "")
    network = api.compile(script, fewest="layers")
    data = token_data(0, 5, 2, 12)
    found = network.run(data, check="off")["output"]
    wanted = network.interpret(data)["output"]
    assert np.abs(found["query"] - wanted["query"]).max() <= 1e-9 * np.abs(wanted["query"]).max()


LONG = ", ".join(f"{10**60 + k}/{3 * 10**60}" for k in range(20))
REASONS = [
    (f"{SCRATCH}X = A\nfor a in 1, 2:\n    X = X*X*X - a*X\nreturn X\n", "2 layers, and 2"),
    (SEMI.replace("w*x - y", "relu(w*x) - y"), "functions of entries"),
]


def test_numbers_of_many_digits_go_by_products_of_passes() -> None:
    """The polynomial would have coefficients of more than 1000 digits."""
    found = restructure(
        check(Source("<script>", SEMI.replace(chebyshev_steps(24)[0], LONG, 1))), {}
    )
    assert found.changed
    assert found.layers <= 6


@pytest.mark.parametrize(("script", "reason"), REASONS)
def test_reasons_to_leave_it_as_written(script: str, reason: str) -> None:
    found = restructure(check(Source("<script>", script)), {})
    assert not found.changed
    assert reason in found.notes[0]


def test_exact_decimals_of_many_digits() -> None:
    for digits in range(10, 60):
        value = Fraction(10**digits + 7, 2**10)
        assert Fraction(decimal_text(value)) == value


def test_a_polynomial_in_the_chebyshev_basis() -> None:
    """λ³ with y = 2λ − 1: ((1 + y)/2)³ = (5 + 15/2 T₁ + 3 T₂ + 1/2 T₃)/16."""
    import flint

    found = chebyshev_coefficients(flint.fmpq_poly([0, 0, 0, 1]), Fraction(2), Fraction(-1))
    assert found == [Fraction(5, 16), Fraction(15, 32), Fraction(3, 16), Fraction(1, 32)]
