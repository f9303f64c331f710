"""Plans for several processes: what is summed, when, and that the parts give the whole.

Threads stand in for the processes here; test_processes.py has real ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backends.strategies import Case, cases, repeatable
from torch import Tensor

from weightsmith import api
from weightsmith.backends import structured_weights
from weightsmith.backends.errors import ShardingError
from weightsmith.backends.plan.build import Form, Plan, plan_of
from weightsmith.backends.plan.layers.looped_numbers import numbers_of
from weightsmith.backends.plan.operations.nodes import AllReduced
from weightsmith.backends.plan.partial_sums import sharded_plan
from weightsmith.backends.plan.torch_text import torch_text
from weightsmith.backends.template.layout import layout
from weightsmith.backends.torch.plans.engine import Engine
from weightsmith.backends.torch.plans.module import PlannedModule
from weightsmith.compiler.ir.template import Template

CONTEXT = frozenset({"context"})
LONG = {"context": 2**20}
Sum = Callable[..., list[Tensor]]


def sharded(template: Template, form: Form = "direct", sizes: dict[str, int] | None = None) -> Plan:
    weights = structured_weights(template)
    numbers = numbers_of(template, weights)
    return sharded_plan(plan_of(template, numbers, sizes or LONG, form, CONTEXT), CONTEXT)


def text_of(script: str, form: Form = "direct") -> str:
    return torch_text(sharded(api.compile(script).template, form)).source


def together(count: int, run: Callable[[int, Sum], tuple[Tensor, ...]]) -> list[tuple[Tensor, ...]]:
    """What each of some threads computes, which add up their parts as processes do."""
    barrier = Barrier(count, timeout=20)
    parts: list[tuple[Tensor, ...]] = [()] * count

    def member(rank: int) -> tuple[Tensor, ...]:
        def all_reduce(*own: Tensor) -> list[Tensor]:
            parts[rank] = own
            barrier.wait()
            total = [torch.stack(each).sum(0) for each in zip(*parts, strict=True)]
            barrier.wait()
            return total

        return run(rank, all_reduce)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(member, range(count)))


def given_array(case: Case, name: str, group: str | None) -> Tensor:
    value = case.inputs[name]
    array = value[group] if isinstance(value, dict) else value  # type: ignore[index]
    return torch.from_numpy(np.ascontiguousarray(array))


@settings(repeatable, max_examples=40)
@given(cases(), st.sampled_from(get_args(Form)), st.lists(st.integers(0, 5), max_size=3))
def test_the_parts_give_the_whole(case: Case, form: Form, cuts: list[int]) -> None:
    """Whatever the network: values at context tokens part by part, all others the same."""
    stream = layout(case.template, case.inputs)
    sizes = {**stream.dims, **dict(stream.groups)}
    wanted = Engine(case.template, structured_weights(case.template)).run(case.inputs)
    plan, tokens = sharded(case.template, form, sizes), sizes["context"]
    edges = [0, *sorted(min(cut, tokens) for cut in cuts), tokens]

    def run(rank: int, all_reduce: Sum) -> tuple[Tensor, ...]:
        module = PlannedModule(plan, sizes, all_reduce)
        arrays = [
            array[:, edges[rank] : edges[rank + 1]] if group == "context" else array
            for name, group in module.inputs
            for array in [given_array(case, name, group)]
        ]
        return module(*arrays)

    found = together(len(edges) - 1, run)
    outputs = PlannedModule(plan, sizes, lambda *_: []).outputs
    for place, (name, group) in enumerate(outputs):
        piece = wanted[name]
        expected = piece[group] if isinstance(piece, dict) else piece
        values = [one[place] for one in found]
        rows = -2 if transposed(case.template, name) else -1
        whole = [torch.cat(values, rows)] if group == "context" else values
        scale = float(np.abs(expected).max(initial=0.0)) or 1.0
        for value in whole:
            np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-9 * scale)


def transposed(template: Template, name: str) -> bool:
    return next(output.transposed for output in template.read_out if output.name == name)


DESCENT = """algorithm f(x: [d] per token, y: [1] per context)
w = 0
repeat 6:
    w = w - 1/4*(w*x - y)*x'  over context
return w*x on query
"""


def test_one_sum_a_pass() -> None:
    text = text_of(DESCENT)
    loop = "\n".join(line for line in text.splitlines() if line.startswith("        "))
    assert loop.count("all_reduce") == 1
    assert text.count("all_reduce") == 2  # the first pass stands before the loop


def test_gram_matrices_need_one_sum_in_all() -> None:
    text = text_of(DESCENT, "gram")
    assert text.count("all_reduce") == 1
    assert text.index("all_reduce") < text.index("for ")


def test_sums_that_do_not_need_each_other_are_sent_together() -> None:
    text = text_of(
        "algorithm f(x: [d] per context, y: [d] per context)\n"
        "G = x*x'  over context\nH = G*G\nK = y*y'  over context\nreturn H, K\n"
    )
    assert text.count("all_reduce") == 1
    assert re.search(r"\[t\d+, t\d+\] = all_reduce", text)


def test_what_is_summed_never_has_the_axis() -> None:
    for form in get_args(Form):
        plan = sharded(api.compile(DESCENT).template, form)
        nodes = plan.graph.nodes
        sums = [n for n, node in enumerate(nodes) if isinstance(node, AllReduced)]
        assert sums
        assert not any("context" in plan.graph.shapes[n] for n in sums)


def test_few_tokens_choose_no_scores_between_tokens() -> None:
    """With two tokens and a hundred rows xᵀ·x would be the cheaper way."""
    template = api.compile(DESCENT).template
    few = {"context": 2, "query": 1, "d": 100}
    numbers = numbers_of(template, structured_weights(template))
    with pytest.raises(ShardingError, match="'context' × 'context'"):
        sharded_plan(plan_of(template, numbers, few), CONTEXT)
    sharded(template, sizes=few)


def test_two_parts_that_meet_are_refused() -> None:
    template = api.compile("algorithm f(A: [m, d])\nreturn A*A'\n").template
    plan = plan_of(template, numbers_of(template, structured_weights(template)))
    with pytest.raises(ShardingError, match="'m' × 'm'"):
        sharded_plan(plan, {"m"})
    assert len(sharded_plan(plan, {"d"}).graph.nodes) > len(plan.graph.nodes)
