"""Several passes of an odd polynomial as one, where the degree allows fewer layers."""

from __future__ import annotations

import copy
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.compiler.test_random_programs import compare, exact_inputs

from weightsmith import api
from weightsmith.checker.prove import prove_restructuring
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.compiler.restructure.restructure import restructure
from weightsmith.dsl import Source, check, resolve_bindings
from weightsmith.dsl.running import interpreter

EXAMPLES = Path(__file__).parents[3] / "examples"
EXPRESS = """algorithm express(A: [d, e])
X = A
for a, b, c in (2, -1, 1/3), (3/2, -1/2, 1/5), (15/8, -5/4, 3/8), (1, 1/2, 1/7), (3/2, -1/2, 0):
    S = X*X'
    X = a*X + (b*S + c*S*S)*X
return X
"""
REPEATED = """algorithm repeated(A: [d, e])
X = 1/2*A
repeat 3:
    X = 2*X - 3/2*X*X'*X + 1/3*X*X'*X*X'*X
return X
"""
SEVENTH = """algorithm seventh(A: symmetric[d, d])
X = A
repeat 2:
    X = X - X*X*X*X*X*X*X
return X
"""


@pytest.mark.parametrize(
    ("name", "steps", "before", "after"),
    [("muon", 5, 10, 8), ("muon", 6, 12, 9), ("polar_quintic", 10, 20, 15)],
)
def test_examples_reach_the_bound_by_degree(
    name: str, steps: int, before: int, after: int, tmp_path: Path
) -> None:
    chosen = {"smin": "1/10", "smax": 1, "steps": steps}
    script = EXAMPLES / f"{name}.alg"
    assert api.compile(script, settings=chosen).report.layers == before
    network = api.compile(script, settings=chosen, fewest="layers")
    assert network.report.layers == after == network.report.depth_lower_bound
    network.save(tmp_path / "network")
    assert api.verify(tmp_path / "network").accepted
    random = np.random.default_rng(0)
    left, right = (np.linalg.qr(random.normal(size=(n, 4)))[0] for n in (6, 5))
    matrix = left @ np.diag([0.1, 0.3, 0.7, 1]) @ right.T
    inputs = {"G" if name == "muon" else "A": matrix}
    found = network.run(inputs, check="off")["X"]
    wanted = network.interpret(inputs)["X"]
    assert np.abs(found - wanted).max() <= 1e-9


@pytest.mark.parametrize(("script", "most"), [(EXPRESS, 7), (REPEATED, 5)])
def test_few_layers(script: str, most: int) -> None:
    found = restructure(check(Source("<script>", script)), {})
    assert found.changed
    assert found.layers <= most


NUMBERS = st.sampled_from(["1/2", "-1/3", "2", "-1", "3/4"])


@st.composite
def scripts(draw: st.DrawFn) -> str:
    degrees = draw(st.sampled_from([(1, 5), (1, 3, 5), (3, 5), (1, 7), (5,), (1, 3, 9)]))
    words = {n: "*".join("X" if at % 2 == 0 else "X'" for at in range(n)) for n in degrees}
    step = " + ".join(f"({draw(NUMBERS)})*{words[n]}" for n in degrees)
    start = draw(st.sampled_from(["A", "1/2*A", "A*B'*A"]))
    result = draw(st.sampled_from(["X", "X*B'", "2*X - A"]))
    head = f"algorithm random(A: [d, e], B: [d, e])\nX = {start}\nrepeat {draw(st.integers(1, 4))}:"
    return f"{head}\n    X = {step}\nreturn {result}\n"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(scripts(), st.integers(0, 2**16))
def test_the_values_are_the_same(script: str, seed: int) -> None:
    program = check(Source("<script>", script))
    found = restructure(program, {})
    if not found.changed:
        return
    inputs = exact_inputs(program, seed)
    values = interpreter.run(found.program, inputs, {}, exact=True)
    for name, value in interpreter.run(program, inputs, {}, exact=True).items():
        compare(values[name], value)


@pytest.mark.parametrize(
    "step",
    [
        {"passes": [2]},
        {"passes": [1, 2]},
        {"passes": [3]},
        {"passes": [2, 1, 1]},
        {"passes": [2, 0]},
        {"passes": []},
        {"rule": "powers"},
    ],
)
def test_other_steps_are_refused(step: dict[str, object]) -> None:
    program = check(Source("<script>", REPEATED))
    found = restructure(program, {})
    assert found.claim is not None
    prove_restructuring(program, found.program, {}, found.claim)
    claim = copy.deepcopy(found.claim)
    claim["steps"][0].update(step)  # type: ignore[index]
    with pytest.raises(RefusedError):
        prove_restructuring(program, found.program, {}, claim)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("repeat 3", "repeat 2"),
        ("repeat 3", "repeat 5"),
        ("1/2*A", "1/3*A"),
        ("2*X -", "3*X -"),
        ("3/2*X", "4/3*X"),
        ("return X", "return 2*X"),
    ],
)
def test_other_scripts_are_refused(old: str, new: str) -> None:
    found = restructure(check(Source("<script>", REPEATED)), {})
    assert found.claim is not None
    other = check(Source("<script>", REPEATED.replace(old, new)))
    with pytest.raises(RefusedError):
        prove_restructuring(other, found.program, {}, found.claim)


@pytest.mark.parametrize(
    ("old", "new"),
    [("(15/8", "(2"), ("(2, -1, 1/3), ", ""), ("(1, 1/2, 1/7), ", "(1, 1/2, 1/7), " * 2)],
)
def test_other_schedules_are_refused(old: str, new: str) -> None:
    found = restructure(check(Source("<script>", EXPRESS)), {})
    assert found.claim is not None
    assert old in EXPRESS
    with pytest.raises(RefusedError):
        prove_restructuring(
            check(Source("<script>", EXPRESS.replace(old, new))), found.program, {}, found.claim
        )


def test_the_order_of_passes_matters() -> None:
    found = restructure(check(Source("<script>", EXPRESS)), {})
    assert found.claim is not None
    pairs = "(2, -1, 1/3), (3/2, -1/2, 1/5)"
    turned = EXPRESS.replace(pairs, "(3/2, -1/2, 1/5), (2, -1, 1/3)")
    assert turned != EXPRESS
    with pytest.raises(RefusedError):
        prove_restructuring(check(Source("<script>", turned)), found.program, {}, found.claim)


def test_reasons_to_leave_it_as_written() -> None:
    """Cubics lose nothing; degree 7 twice is 49, as many layers as two times two."""
    polar = api.check(EXAMPLES / "polar.alg")
    bindings = resolve_bindings(polar, {"smin": "1/10", "smax": 1, "steps": 4})
    assert not restructure(polar, bindings).changed
    found = restructure(check(Source("<script>", SEVENTH)), {})
    assert not found.changed or found.layers <= 4
    steps = {"steps": Fraction(0)}
    assert not restructure(api.check(EXAMPLES / "muon.alg"), bindings | steps).changed
