"""Matrices of a plan that are computed as their transposes: fewer transposes, the same values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.backends.strategies import Case, cases, repeatable

from weightsmith import api
from weightsmith.backends import structured_weights
from weightsmith.backends.plan import orientation, torch_text
from weightsmith.backends.plan.build import Plan, plan_of
from weightsmith.backends.plan.layers.looped_numbers import numbers_of
from weightsmith.backends.plan.live import live
from weightsmith.backends.plan.orientation import oriented
from weightsmith.backends.template.layout import layout
from weightsmith.backends.torch.plans.module import PlannedModule
from weightsmith.compiler.ir.template import Template

NEWTON = """algorithm f(A: symmetric[d, d])
X = 1/2*I
repeat 9:
    X = 2*X - X*A*X
return X
"""


def planned(template: Template) -> Plan:
    return plan_of(template, numbers_of(template, structured_weights(template)))


def text_of(script: str) -> str:
    return torch_text.torch_text(planned(api.compile(script).template)).source


def test_newton_transposes_only_what_it_returns() -> None:
    assert re.findall(r"\w+\.mT|\w+_T", text_of(NEWTON)) == ["v8.mT"]


def test_a_loop_within_a_loop_takes_no_transpose() -> None:
    script = (
        "algorithm f(A: [d, d], B: [d, d])\nX = I\nrepeat 5:\n    Y = I\n    repeat 3:\n"
        "        Y = 2*Y - Y*A*Y\n    X = X*B*Y\nreturn X\n"
    )
    text = text_of(script)
    assert not re.search(r"\.mT|_T\b", text[text.index("for ") : text.index("return")])


def test_a_plan_that_takes_no_transpose_is_left_alone() -> None:
    plan = planned(api.compile("algorithm f(A: [m, d], B: [d, k])\nreturn 2*(A*B)\n").template)
    assert oriented(plan) is plan


def test_shapes_and_values_fit_where_matrices_are_rectangular() -> None:
    network = api.compile(
        "algorithm f(A: [m, d], B: [m, d])\nX = A\nrepeat 4:\n"
        "    X = X - 1/8*X*B'*X\nreturn X, X'*B\n"
    )
    random = np.random.default_rng(3)
    given = {name: random.normal(size=(3, 5)) / 3 for name in "AB"}
    wanted, found = network.interpret(given), network.run(given)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, atol=1e-13)


def values(case: Case, plan: Plan) -> tuple[torch.Tensor, ...]:
    stream = layout(case.template, case.inputs)
    module = PlannedModule(plan, {**stream.dims, **dict(stream.groups)})
    arrays = [array(case, name, group) for name, group in module.inputs]
    return module(*arrays)  # type: ignore[no-any-return]


def array(case: Case, name: str, group: str | None) -> torch.Tensor:
    value = case.inputs[name]
    piece = value[group] if isinstance(value, Mapping) and group else value
    return torch.from_numpy(np.array(piece))


def random_flips(plan: Plan, random: Random) -> dict[int, bool]:
    """Any, but that what a loop carries is one way in a pass and after the last."""
    found = live(plan)
    flips = {
        number: not orientation._stays(plan.graph, number) and random.random() < 0.5
        for number in found.uses
    }
    for places in orientation._carried(plan.graph, found).values():
        for nodes in places.values():
            flips.update(dict.fromkeys(nodes, flips[nodes[0]]))
    return flips


@repeatable
@given(cases(), st.randoms(use_true_random=False))
def test_any_orientation_computes_the_same(case: Case, random: Random) -> None:
    plan = planned(case.template)
    chosen = values(case, plan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch_text, "oriented", lambda plan: plan)
        wanted = values(case, plan)
        turned = orientation._rewritten_plan(plan, random_flips(plan, random))
        found = values(case, turned)
    for one, other, third in zip(found, chosen, wanted, strict=True):
        torch.testing.assert_close(one, third, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(other, third, rtol=1e-9, atol=1e-9)
