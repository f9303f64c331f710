"""Random networks with heads of every kind and fixed matrices: all executions agree."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from tests.backends.strategies import Case, cases, repeatable
from tests.backends.test_semantics import flat, magnitude

from weightsmith.backends import (
    dense_weights,
    layout,
    structured_weights,
    template_from_json,
    template_to_json,
    weights_to_bytes,
)
from weightsmith.backends.reference import run_files, run_weights
from weightsmith.backends.storage.safetensors_file import weights_from_bytes
from weightsmith.backends.template.layout import Answer
from weightsmith.backends.torch import build, run
from weightsmith.backends.torch.plans.engine import Engine

EXACT = ("", "relu", "abs")
LARGE = 1e3  # beyond it exp makes much of round-off


def executions(case: Case) -> dict[str, Answer]:
    template, inputs = case.template, case.inputs
    structured = structured_weights(template)
    dense = dense_weights(template, layout(template, inputs).dims)
    return {
        "reference": run_weights(template, structured, inputs),
        "dense file": run_weights(template, weights_from_bytes(weights_to_bytes(dense)), inputs),
        "structured": run(build(template, structured), template, inputs),
        "dense": run(build(template, dense), template, inputs),
        "plan": Engine(template, structured, None, ("direct",)).run(inputs),
        "images": Engine(template, structured, None, ("images",)).run(inputs),
    }


@repeatable
@given(cases(EXACT))
def test_relu_abs_and_masks_agree_with_fractions(case: Case) -> None:
    exact = run_files(template_to_json(case.template), None, case.inputs, exact=True)
    tolerance = 1e-13 * magnitude(case.template, case.inputs)
    for name, answer in executions(case).items():
        np.testing.assert_allclose(flat(answer), flat(exact), rtol=0, atol=tolerance, err_msg=name)


@repeatable
@given(cases(("exp",)))
def test_softmax_agrees_with_the_reference(case: Case) -> None:
    size = magnitude(case.template, case.inputs)
    if size > LARGE:
        return
    found = executions(case)
    wanted = flat(found.pop("reference"))
    for name, answer in found.items():
        tolerance = 1e-12 * (1 + size) ** 2
        np.testing.assert_allclose(flat(answer), wanted, rtol=0, atol=tolerance, err_msg=name)


@repeatable
@given(cases(EXACT))
def test_the_text_is_read_as_it_was(case: Case) -> None:
    assert template_from_json(template_to_json(case.template)) == case.template
