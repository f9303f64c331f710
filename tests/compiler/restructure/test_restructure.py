"""Same algorithm, fewer layers: equal values, the figures of the bars, and reasons in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests.compiler.affine_programs import affine_scripts
from tests.compiler.test_random_programs import compare, exact_inputs

from weightsmith import api
from weightsmith.checker.prove import prove_restructuring
from weightsmith.compiler.certify.spectra.spectral import NoProofError
from weightsmith.compiler.pipeline import front
from weightsmith.compiler.restructure.attempt import new_text
from weightsmith.compiler.restructure.recurrences.counts import Chain
from weightsmith.compiler.restructure.recurrences.rewrite import rewrite
from weightsmith.compiler.restructure.recurrences.task import Task, claim_of
from weightsmith.compiler.restructure.restructure import restructure
from weightsmith.compiler.restructure.strategies import BY_NAME, STRATEGIES
from weightsmith.dsl import Source, check, resolve_bindings
from weightsmith.dsl.running import interpreter

EXAMPLES = Path(__file__).parents[3] / "examples"
ENDS = {"mu": "1/2", "L": 3}


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(affine_scripts(), st.integers(0, 2**16))
def test_the_values_are_the_same(script: str, seed: int) -> None:
    """In exact arithmetic on random matrices; and the checker follows both scripts."""
    program = check(Source("<script>", script))
    try:
        rewritten = rewrite(Task(program, front(program, {}).normal, {}))
    except NoProofError as reason:
        if str(reason) == "a returned value is zero":
            return
        raise
    new = check(Source("network.alg", new_text(program, rewritten)))
    event(f"{len(new.body)} statements")
    inputs = exact_inputs(program, seed)
    found = interpreter.run(new, inputs, {}, exact=True)
    for name, value in interpreter.run(program, inputs, {}, exact=True).items():
        compare(found[name], value)
    steps = rewritten.steps(front(new, {}).normal)
    prove_restructuring(program, new, {}, claim_of(steps))


FOUND_BY = [  # a script's loop, and the strategy of which the network is
    ("gradient_descent", {"steps": 30}, "functions of an operator"),
    ("muon", {"smin": "1/2", "smax": 3, "steps": 5}, "passes as one"),
]


@pytest.mark.parametrize(("name", "chosen", "strategy"), FOUND_BY)
def test_strategies_are_found_by_name(name: str, chosen: dict[str, object], strategy: str) -> None:
    """The claim begins with the rule that the strategy names."""
    assert len(BY_NAME) == len(STRATEGIES) + 1
    program = api.check(EXAMPLES / f"{name}.alg")
    bindings = resolve_bindings(program, chosen)
    normal = front(program, bindings).normal
    made = BY_NAME[strategy].make(Task(program, normal, bindings))
    new = check(Source("network.alg", new_text(program, made)))
    first, *_ = made.steps(front(new, bindings).normal)
    assert first["rule"] == BY_NAME[strategy].rule
    found = restructure(program, bindings)
    assert found.text == new_text(program, made)


def token_data(seed: int, d: int, k: int, n: int) -> dict[str, dict[str, np.ndarray]]:
    """Random data whose Gram matrix has its spectrum in [1/2, 3]."""
    random = np.random.default_rng(seed)
    left = np.linalg.qr(random.normal(size=(d, d)))[0]
    right = np.linalg.qr(random.normal(size=(n, d)))[0]
    x = left @ np.diag(np.sqrt(np.linspace(0.51, 2.99, d))) @ right.T
    query = random.normal(size=(d, 3))
    return {"x": {"context": x, "query": query}, "y": {"context": random.normal(size=(k, n))}}


BARS = [  # script, settings, most layers
    ("gradient_descent", {**ENDS, "steps": 100}, 5),
    ("gradient_descent", {**ENDS, "steps": 1000}, 7),
    ("heavy_ball", {**ENDS, "eta": "1/2", "beta": "1/5", "steps": 24}, 4),
    ("heavy_ball", {**ENDS, "eta": "1/2", "beta": "1/5", "steps": 100}, 5),
]


@pytest.mark.parametrize(("name", "chosen", "most"), BARS)
def test_descent_in_few_layers(name: str, chosen: dict[str, object], most: int) -> None:
    network = api.compile(EXAMPLES / f"{name}.alg", settings=chosen, fewest="layers")
    assert network.report.layers == most == network.report.depth_lower_bound
    data = token_data(0, 5, 2, 12)
    wanted = network.interpret(data)["output"]["query"]
    found = network.run(data)["output"]["query"]
    assert np.abs(found - wanted).max() <= 1e-9 * np.abs(wanted).max()
    assert network.verify().accepted
    assert network.bounds[0].value is not None  # of the user's script


def matrices() -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    basis = np.linalg.qr(random.normal(size=(5, 5)))[0]
    symmetric = basis @ np.diag(np.linspace(0.51, 2.99, 5)) @ basis.T
    return {
        "A": (symmetric + symmetric.T) / 2,
        "B": basis @ np.diag(np.sqrt(np.linspace(0.51, 2.99, 5))),
        "C": basis @ np.diag(np.sqrt(np.linspace(0.51, 2.99, 5))),
        "psi": random.normal(size=(5, 2)),
        "P": np.eye(5),
    }


OTHERS = [  # script, settings, inputs, layers
    ("electric_potentials", {**ENDS, "steps": 320}, "B C psi", 6),
    ("electric_flows", {**ENDS, "steps": 160}, "B C psi", 7),
    ("newton_inverse", {**ENDS, "steps": 12}, "A", 8),
    ("newton_inverse_general", {"smin": "1/2", "smax": 3, "steps": 10}, "A", 7),
    ("preconditioned_gradient_descent", {**ENDS, "steps": 50}, "x y P", 6),
    ("ridge", ENDS, "x y", 7),
]


@pytest.mark.parametrize(("name", "chosen", "inputs", "most"), OTHERS)
def test_other_loops_in_few_layers(
    name: str, chosen: dict[str, object], inputs: str, most: int
) -> None:
    network = api.compile(EXAMPLES / f"{name}.alg", settings=chosen, fewest="layers")
    assert network.report.layers is not None
    assert network.report.layers == most
    known = {**matrices(), **token_data(0, 5, 2, 12)}
    data = {name: known[name] for name in inputs.split()}
    found, wanted = network.run(data, check="off"), network.interpret(data)
    for result, value in wanted.items():
        one, other = found[result], value
        if isinstance(other, dict):
            one, other = one["query"], other["query"]
        assert np.abs(np.asarray(one) - other).max() <= 1e-9 * np.abs(other).max()
    assert network.verify().accepted


def test_a_step_size_may_stay_a_symbol() -> None:
    network = api.compile(
        EXAMPLES / "gradient_descent.alg", settings={"steps": 30}, fewest="layers"
    )
    assert network.report.layers == 4
    assert network.missing == ("mu", "L")
    assert network.verify().accepted


REASONS = [
    ("lasso_ista", {}, "the program has functions of entries"),
    ("square_root", ENDS, "the step is not affine in the values that the loop carries"),
    ("gd_plus_plus", ENDS, "the step is not affine in the values that the loop carries"),
    ("heat_kernel", {"L": 2, "k": 9}, "9 layers, and 10 restructured"),
    ("polar", {"smin": "1/100", "smax": 1}, "3^16, which is too large"),
]


@pytest.mark.parametrize(("name", "chosen", "reason"), REASONS)
def test_other_programs_stay_as_they_are_written(
    name: str, chosen: dict[str, object], reason: str
) -> None:
    program = api.check(EXAMPLES / f"{name}.alg")
    found = restructure(program, resolve_bindings(program, chosen))
    assert not found.changed
    assert found.program is program
    assert reason in found.notes[0]


def test_the_number_of_passes_must_be_known() -> None:
    text = "algorithm a(A: symmetric[d, d])\nparam n\nX = I\nrepeat n:\n    X = X - A*X\nreturn X\n"
    found = restructure(check(Source("<script>", text)), {})
    assert found.notes == ("as written: the number of passes has no value",)


def test_one_pass_is_left_alone() -> None:
    program = api.check(EXAMPLES / "gradient_descent.alg")
    for steps in (0, 1):
        found = restructure(program, resolve_bindings(program, {**ENDS, "steps": steps}))
        assert not found.changed


def test_the_objective_has_two_values() -> None:
    with pytest.raises(ValueError, match="layers or operations"):
        api.compile(EXAMPLES / "gradient_descent.alg", fewest="heads")


@pytest.mark.parametrize("plus", [True, False])
@pytest.mark.parametrize("sums", [True, False])
@pytest.mark.parametrize("held", [True, False])
def test_chains_are_as_short_as_degree_allows(plus: bool, sums: bool, held: bool) -> None:
    chain = Chain(plus, sums, held)
    for count in (*range(1, 60, 7), 99, 100, 364, 1000):
        steps = chain.steps(count)
        fewest = next(n for n in range(1, 20) if chain.value_reach(n) >= count)
        assert len(steps) <= fewest + (not plus and sums and not held)
        powers, values = set(chain.free), {0} if sums else set[int]()
        values |= {chain.start} if held else set()
        for step in steps:
            for power, split in step.powers.items():
                assert {split.a, split.b, split.c} <= powers
                assert split.a + split.b + split.c + split.extra == power
            for value, split in step.values.items():
                if value == chain.start and not held:
                    continue
                needed = {split.a, split.b, split.c} if sums else {split.c}
                assert needed <= values
                assert {split.a, split.b} <= powers
                assert split.a + split.b + split.c + split.extra == value
            powers = {*step.powers, *chain.free}
            values = {*step.values, *({0} if sums else ()), *({chain.start} if held else ())}
        assert count in values


def test_a_start_that_is_no_constant_takes_one_more_layer() -> None:
    step = "X = X - 1/3*S*X + I"
    text = f"algorithm a(S: symmetric[d, d])\nX = 1/2*I\nrepeat 20:\n    {step}\nreturn X\n"
    network = api.compile(text, fewest="layers")
    matrix = np.array([[0.5, 1.0], [1.0, 2.0]])
    assert network.report.layers == 4
    wanted = network.interpret({"S": matrix})["X"]
    assert np.allclose(network.run({"S": matrix})["X"], wanted, rtol=1e-12)
    assert network.verify().accepted
