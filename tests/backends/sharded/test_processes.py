"""Networks run by several processes of one gloo group, beside the same in one process."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from tests.backends.sharded import tasks
from tests.backends.sharded.crew import crew, results
from tests.backends.sharded.tasks import Inputs, Problem, Run, pieces
from torch import Tensor

from weightsmith import api
from weightsmith.backends.errors import ShardingError
from weightsmith.cli.demonstration.demo_cases import CASES, Case
from weightsmith.cli.demonstration.demo_function_cases import FUNCTION_CASES
from weightsmith.network import Network

EXAMPLES = Path(__file__).parents[3] / "examples"
IN_CONTEXT = [
    case
    for case in (*CASES, *FUNCTION_CASES)
    if "per context" in (text := (EXAMPLES / f"{case.script}.alg").read_text())
    or "per token" in text
]
LINEAR = ("gradient_descent", "heavy_ball", "gd_plus_plus", "ridge", "lasso_ista")  # at tokens
QUICK = (*LINEAR, "logistic_gradient_descent")


@cache
def quick() -> list[Problem]:
    cases = [case for case in IN_CONTEXT if case.script in QUICK and case.fewest is None]
    assert len(cases) == len(QUICK)
    return [one for case in cases for one in both(example(case))]


def example(case: Case) -> Problem:
    """A case of the demo, as tensors."""
    data = case.problem()
    network = api.compile(
        EXAMPLES / f"{case.script}.alg",
        settings=case.parameters(data, small=True),
        fewest=case.fewest,  # type: ignore[arg-type]
        matrices=data.matrices,
    )
    return Problem(network, tensors(network.used(data.inputs)))


def tensors(inputs: Mapping[str, object]) -> Inputs:
    return {
        name: {g: torch.tensor(np.asarray(a)) for g, a in value.items()}
        if isinstance(value, Mapping)
        else torch.tensor(np.asarray(value))
        for name, value in inputs.items()
    }


def descent() -> Network:
    settings = {"mu": "1/10", "L": 2, "steps": 5}
    return api.compile(EXAMPLES / "gradient_descent.alg", settings=settings)


def data(tokens: int = 11, *batch: int) -> Inputs:
    random = torch.Generator().manual_seed(tokens)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*batch, *shape, generator=random, dtype=torch.float64)

    x = {"context": draw(3, tokens) / tokens**0.5, "query": draw(3, 2)}
    return {"x": x, "y": {"context": draw(2, tokens)}}


def check(problem: Problem, runs: list[Run], tolerance: float = 1e-12) -> None:
    """Every process got its part of the value, or the whole."""
    wanted = pieces(
        problem.network(**problem.inputs, execution=problem.execution, **problem.settings)  # type: ignore[arg-type]
    )
    for name, whole in wanted.items():
        parts = [pieces(run.values)[name] for run in runs]
        if "context" in name or problem.over != "context":
            axis = -1 if problem.over == "context" else -2
            parts = [torch.cat(parts, axis)]
        scale = float(whole.abs().max())
        for found in parts:
            assert found.dtype == whole.dtype
            torch.testing.assert_close(found, whole, rtol=0, atol=tolerance * scale)


def both(problem: Problem) -> list[Problem]:
    return [problem, replace(problem, execution="gram")]


def run(count: int, problems: list[Problem]) -> list[list[Run]]:
    """Of each problem the runs of all processes."""
    found = results(count, tasks.run_all, problems)
    return [list(runs) for runs in zip(*cast("list[list[Run]]", found), strict=True)]


def check_traffic(problem: Problem, runs: list[Run]) -> None:
    """One sum a layer as run at most, the same in all processes, none of it over tokens."""
    layers = len(problem.network.layer_places())
    for one in runs:
        assert one.sent == runs[0].sent
        assert one.told == (len(one.sent), sum(one.sent))
        assert 1 <= len(one.sent) <= layers


@pytest.mark.parametrize("count", [2, 4])
def test_examples(count: int) -> None:
    problems = quick()
    for problem, runs in zip(problems, run(count, problems), strict=True):
        check(problem, runs)
        check_traffic(problem, runs)
        if problem.execution == "gram" and problem.network.template.algorithm in LINEAR:
            assert len(runs[0].sent) == 1


@pytest.mark.slow
def test_all_examples() -> None:
    assert len(IN_CONTEXT) == 19
    problems = [one for case in IN_CONTEXT for one in both(example(case))]
    for problem, runs in zip(problems, run(2, problems), strict=True):
        check(problem, runs)
        check_traffic(problem, runs)


def test_few_tokens_batches_dtypes_and_what_is_sent() -> None:
    """Of 4 processes with 3 tokens some have one, some none; bytes do not depend on tokens."""
    network = descent()
    single = {name: {g: a.float() for g, a in v.items()} for name, v in data().items()}  # type: ignore[union-attr]
    problems = [
        *both(Problem(network, data(3))),
        *both(Problem(network, data(400))),
        *both(Problem(network, data(9, 2, 2), settings={"steps": 3})),
        Problem(network, single),
    ]
    found = run(4, problems)
    for problem, runs, tolerance in zip(problems, found, [1e-12] * 6 + [1e-6], strict=True):
        check(problem, runs, tolerance)
    plan, gram, longer, longer_gram, *_ = (runs[0] for runs in found)
    assert plan.sent == longer.sent == (8 * 2 * 3,) * 5  # k × d in float64, one sum a pass
    assert gram.sent == longer_gram.sent == (8 * (2 * 3 + 3 * 3),)  # y·xᵀ and x·xᵀ, in one
    assert found[-1][0].sent == (4 * 2 * 3,) * 5


def test_rows_of_a_matrix() -> None:
    """Any axis of an input can be shared: here the rows of a tall matrix."""
    script = "algorithm f(A: [m, d])\nX = A\nrepeat 3:\n    X = 3/2*X - 1/2*X*X'*X\nreturn X\n"
    random = torch.Generator().manual_seed(0)
    tall = torch.randn(17, 3, generator=random, dtype=torch.float64) / 8
    problem = Problem(api.compile(script), {"A": tall}, over="m")
    (runs,) = run(2, [problem])
    check(problem, runs)
    assert runs[0].sent == (8 * 3 * 3,) * 3


def test_gradients_are_those_of_the_sum_of_all_losses() -> None:
    settings = {"lam": "1/20", "eta": "1/2", "steps": 3}
    network = api.compile(EXAMPLES / "lasso_ista.alg", settings=settings)
    inputs = cast("dict[str, dict[str, Tensor]]", data())
    inputs["y"]["context"] = inputs["y"]["context"][:1]  # the script has one label a token
    count = 2
    found = results(count, tasks.gradients, Problem(network, inputs))
    leaves = {(n, g): a.clone().requires_grad_() for n, v in inputs.items() for g, a in v.items()}
    value = network(**{n: {g: leaves[n, g] for g in v} for n, v in inputs.items()})
    # every process has the whole value, and takes its own loss of it
    loss = count * sum(piece.square().sum() for piece in pieces(value).values())
    loss.backward()  # type: ignore[union-attr]
    own = [key for key in leaves if key[1] == "context"]
    for place, key in enumerate(own):
        whole = torch.cat([context[place] for context, _ in found], -1)  # type: ignore[misc]
        torch.testing.assert_close(whole, leaves[key].grad, rtol=1e-12, atol=1e-12)
    shared = [key for key in leaves if key[1] != "context"]
    for place, key in enumerate(shared):
        added = sum(more[place] for _, more in found)  # type: ignore[misc]
        torch.testing.assert_close(added, leaves[key].grad, rtol=1e-12, atol=1e-12)


def test_processes_that_differ_are_told_so() -> None:
    first, *others = results(3, tasks.disagree, Problem(descent(), data()))
    sizes, network, dtype, tokens, mixed, missing = cast("list[str]", first)
    assert "LayoutError: all processes must have the same for the size 'query'" in sizes
    assert "rank 0 has 2, rank 2 has 1." in sizes
    assert "LayoutError: all processes must have the same for the network" in network
    assert "the dtype: rank 0 has float64, rank 2 has float32." in dtype
    assert "LayoutError: rank 2 of 3: expected 10 for the size 'context'" in tokens
    assert "'y' on context tokens" in tokens
    assert "rank 2 of 3: expected float64 for the dtype" in mixed
    assert "rank 2 of 3: expected {'context': tensor, 'query': tensor}" in missing
    assert others == [first, first]


def test_a_process_that_is_no_member() -> None:
    member, other = results(2, tasks.outside, Problem(descent(), data()))
    assert str(member).startswith("tensor(")
    assert "ShardingError: expected a process group that this process is a member of" in str(other)


@pytest.mark.parametrize("how", ["dies", "hangs"])
def test_a_process_that_is_lost(how: str) -> None:
    """The others end, with an error that says so; the one that hangs would do so for hours."""
    timeout = 2 if how == "hangs" else 20
    ended = crew(4, tasks.one_is_lost, (Problem(descent(), data()), how, timeout), wait_for=3)
    told = []
    for rank, one in enumerate(ended[:3]):
        assert one.code == 0, one
        first, again = cast("list[str]", one.result)
        assert first.startswith(f"CommunicationError: rank {rank} of 4: another process ")
        assert "one has ended, hangs or does something else" in first
        assert again == first
        told.append("did not answer within the timeout of 2 s" in first)
    assert any(told) == (how == "hangs")  # the first to give up; then the others lose it
    assert ended[3].code == -signal.SIGKILL


def test_the_timeout_is_that_of_the_group_unless_told() -> None:
    argument = (Problem(descent(), data()), "hangs", None)
    ended = crew(2, tasks.one_is_lost, argument, seconds=2, wait_for=1)
    assert ended[0].code == 0
    assert "CommunicationError: rank 0 of 2" in cast("list[str]", ended[0].result)[0]


def test_without_a_group() -> None:
    with pytest.raises(ShardingError, match="init_process_group"):
        descent().sharded()
    with pytest.raises(ShardingError, match="out of 'context', 'd', 'k', 'query'"):
        descent().sharded(over="tokens")
    inverse = api.compile("algorithm f(A: [d, d])\nreturn A*A\n")
    with pytest.raises(ShardingError, match="no input of the network has the axis 'context'"):
        inverse.sharded()
