"""What a plan is made of: as few operations as a person would write, loops as loops."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.backends import templates
from tests.backends.strategies import Case, cases, repeatable

from weightsmith import api
from weightsmith.backends import structured_weights
from weightsmith.backends.plan.build import Form, Plan, plan_of
from weightsmith.backends.plan.layers.looped_numbers import Passes, numbers_of
from weightsmith.backends.plan.live import live
from weightsmith.backends.plan.operations.graph import Graph, add, single
from weightsmith.backends.plan.operations.nodes import Input, Product, Ref
from weightsmith.backends.plan.torch_text import torch_text
from weightsmith.backends.template.layout import layout
from weightsmith.backends.torch import build, run
from weightsmith.backends.torch.plans.engine import Engine
from weightsmith.backends.torch.plans.module import PlannedModule
from weightsmith.compiler.ir.template import Template

RANDOM = np.random.default_rng(5)


def planned(template: Template, sizes: dict[str, int] | None = None, form: Form = "direct") -> Plan:
    weights = structured_weights(template)
    return plan_of(template, numbers_of(template, weights), sizes or {}, form)


def text_of(script: str, form: Form = "direct", sizes: dict[str, int] | None = None) -> str:
    return torch_text(planned(api.compile(script).template, sizes, form)).source


def products(text: str) -> int:
    return len(re.findall(r"\b(?:mm|addmm)\(", text))


NEWTON = """algorithm newton(A: [d, d])
param steps = {steps}
X = 1/2*I
repeat steps:
    X = 2*X - X*A*X
return X
"""


def test_newton_is_what_one_writes_by_hand() -> None:
    text = text_of(NEWTON.format(steps=9))
    assert products(text) == 2
    assert "for _ in range(8):" in text
    assert "beta=2, alpha=-1" in text


def test_the_length_of_a_plan_does_not_depend_on_the_passes() -> None:
    lengths = {len(text_of(NEWTON.format(steps=steps))) for steps in (13, 40, 99)}
    assert len(lengths) == 1


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("form", get_args(Form))
def test_any_number_of_passes(steps: int, form: Form) -> None:
    template = templates.gradient_descent(steps=str(steps))
    inputs = {
        "x": {"context": RANDOM.normal(size=(3, 5)), "query": RANDOM.normal(size=(3, 2))},
        "y": {"context": RANDOM.normal(size=(2, 5))},
    }
    weights = structured_weights(template)
    wanted = run(build(template, weights), template, inputs)["prediction"]
    found = Engine(template, weights, None, (form,)).run(inputs)["prediction"]
    assert isinstance(wanted, dict)
    assert isinstance(found, dict)
    np.testing.assert_allclose(found["query"], wanted["query"], atol=1e-13)


def test_what_does_not_change_leaves_its_loop() -> None:
    text = text_of(
        "algorithm f(A: [d, d], B: [d, d])\nX = A\nrepeat 5:\n    X = X*(A*B)\nreturn X\n"
    )
    inside = text[text.index("for ") :]
    assert "mm(A" not in inside


def test_a_product_and_its_transpose_are_one() -> None:
    text = text_of("algorithm f(A: [m, d], B: [m, d])\nreturn A'*B + (B'*A)\n")
    assert products(text) == 1


def test_a_product_with_its_own_transpose_is_symmetric() -> None:
    text = text_of("algorithm f(A: [d, d])\nreturn A*A' + (A*A')' + 2*A*A'*A\n")
    gram = re.search(r"(t\d+) = mm\(A, A\.mT\)", text)
    assert gram is not None
    assert f"{gram[1]}.mT" not in text
    assert f"{gram[1]}_T" not in text
    assert products(text) == 2


def test_the_order_of_products_follows_the_sizes() -> None:
    script = "algorithm f(x: [d] per query, A: [d, m])\nreturn A*(A'*x)\n"
    few = text_of(script, sizes={"d": 100, "m": 100, "query": 1})
    many = text_of(script, sizes={"d": 2, "m": 100, "query": 10_000})
    assert few != many


def test_gram_matrices_leave_no_product_over_tokens_in_the_loop() -> None:
    script = (
        "algorithm f(x: [d] per token, y: [1] per context)\nw = 0\nrepeat 6:\n"
        "    w = w - 1/4*(w*x - y)*x'  over context\nreturn w*x on query\n"
    )
    text = text_of(script, "gram")
    inside = text[text.index("for ") : text.index("return")]
    loop = "\n".join(line for line in inside.splitlines() if line.startswith("        "))
    assert "x_context" not in loop
    assert products(text) == 4


def test_two_values_that_stay_equal_are_carried_once() -> None:
    script = (
        "algorithm f(A: [d, d])\nX = A\nY = A\nrepeat 4:\n    X = X*A*X\n    Y = Y*A*Y\n"
        "return X, Y\n"
    )
    assert products(text_of(script)) == 2


@cache
def descent() -> Template:
    return templates.gradient_descent(steps="4")


def test_passes_that_were_edited_are_layers_of_their_own() -> None:
    template = descent()
    weights = structured_weights(template)
    assert any(isinstance(p, Passes) for p in numbers_of(template, weights).parts)
    tensors = {name: tensor.copy() for name, tensor in weights.tensors.items()}
    tensors["layers.2.attention.0.o.weight"] *= 1.5
    edited = replace(weights, tensors=tensors)
    assert not any(isinstance(p, Passes) for p in numbers_of(template, edited).parts)
    inputs = {
        "x": {"context": RANDOM.normal(size=(3, 5)), "query": RANDOM.normal(size=(3, 2))},
        "y": {"context": RANDOM.normal(size=(2, 5))},
    }
    wanted = run(build(template, edited), template, inputs)["prediction"]["query"]  # type: ignore[index]
    found = Engine(template, edited).run(inputs)["prediction"]["query"]  # type: ignore[index]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


@repeatable
@given(cases(), st.integers(0, 2))
def test_a_plan_made_for_other_sizes_computes_the_same(case: Case, seed: int) -> None:
    """Sizes choose the order of products only; batches are done one by one."""
    weights = structured_weights(case.template)
    stream = layout(case.template, case.inputs)
    sizes = {**stream.dims, **dict(stream.groups)}
    wanted = Engine(case.template, weights).run(case.inputs)
    random = np.random.default_rng(seed)
    other = {axis: int(random.integers(1, 3000)) for axis in sizes}
    plan = plan_of(case.template, numbers_of(case.template, weights), other)
    module = PlannedModule(plan, sizes)
    arrays = [_given(case, name, group) for name, group in module.inputs]
    batch = [torch.stack([array, 2 * array]) for array in arrays]
    values = module(*arrays)
    for value, pair in zip(values, module(*batch), strict=True):
        np.testing.assert_allclose(pair[0], value, rtol=1e-9, atol=1e-9 * _largest(values))
    for (name, group), value in zip(module.outputs, values, strict=True):
        piece = wanted[name]
        expected = piece[group] if isinstance(piece, dict) else piece
        np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-9 * _largest(values))


def _given(case: Case, name: str, group: str | None) -> torch.Tensor:
    value = case.inputs[name]
    return torch.from_numpy(
        np.ascontiguousarray(value[group] if isinstance(value, dict) else value)
    )  # type: ignore[index]


def _largest(values: tuple[torch.Tensor, ...]) -> float:
    return max((float(v.abs().max()) for v in values if v.numel()), default=0.0) or 1.0


def test_products_that_one_sum_uses_are_part_of_it() -> None:
    plan = planned(templates.newton_inverse())
    found = live(plan)
    alone = [n for n in found.uses if isinstance(plan.graph.nodes[n], Product)]
    assert len(alone) == 2
    assert torch_text(plan).source.count(" mm(") == 1


def test_the_text_is_the_same_each_time() -> None:
    first, second = (torch_text(planned(templates.two_values())) for _ in range(2))
    assert first == second


def test_numbers_that_cancel_but_for_round_off_leave_nothing() -> None:
    node = Ref(0)
    sum_of_three = add(single(node, ("d", "d"), 0.1), single(node, ("d", "d"), 0.2))
    assert add(sum_of_three, single(node, ("d", "d"), -0.3)).terms == ()
    assert add(sum_of_three, single(node, ("d", "d"), -0.3 * (1 - 1e-13))).terms != ()


def test_any_name_of_an_input_is_a_name_of_an_argument() -> None:
    names = ["t1", "v2", "c0", "eye0", "A", "A_T", "mm", "torch", "like", "class", "t1_"]
    inputs = ", ".join(f"{name}: [d, d]" for name in names)
    script = f"algorithm f({inputs})\nreturn {'*'.join(names)} + A'*A\n"
    network = api.compile(script)
    given = {name: np.eye(2) * (place + 1) for place, name in enumerate(names)}
    wanted = network.interpret(given)["output"]
    np.testing.assert_allclose(network.run(given)["output"], wanted, rtol=1e-12)  # type: ignore[arg-type]


def test_one_row_in_the_rows_of_two_dimensions_is_two_matrices() -> None:
    graph = Graph()
    row = single(graph.node(Input("y", "context"), ("1", "context")), ("1", "context"))
    first, second = (graph.matrix(graph.repeat(row, rows)) for rows in ("d", "m"))
    assert graph.shape(first) == ("d", "context")
    assert graph.shape(second) == ("m", "context")
