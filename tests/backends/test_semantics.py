"""One network, eight evaluations: they must agree."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from numpy.typing import NDArray
from tests.backends import templates
from tests.backends.strategies import Case, cases, repeatable

from weightsmith.backends import (
    dense_weights,
    layout,
    network_shape,
    run_files,
    structured_weights,
    template_from_json,
    template_to_json,
    weights_to_bytes,
)
from weightsmith.backends.plan.build import Form
from weightsmith.backends.reference import full_matrices, interpret
from weightsmith.backends.template.layout import Answer, Inputs
from weightsmith.backends.torch import build, module_from_template, run
from weightsmith.backends.torch.plans.engine import Engine
from weightsmith.compiler.ir.template import Layer, Template

RANDOM = np.random.default_rng(7)


def flat(answer: Answer) -> NDArray[np.float64]:
    """Every number of an answer in one row, in order of the names."""
    parts: list[NDArray[np.float64]] = []
    for name in sorted(answer):
        value = answer[name]
        pieces = [value[g] for g in sorted(value)] if isinstance(value, dict) else [value]
        parts += [np.asarray(piece, dtype=np.float64).ravel() for piece in pieces]
    return np.concatenate(parts)


def magnitude(template: Template, inputs: Inputs) -> float:
    """A bound on every number met: the network of the absolute values, on those of the data."""
    shape, stream = network_shape(template), layout(template, inputs)
    matrices = full_matrices(shape, structured_weights(template).tensors, stream)
    absolute = {name: np.abs(matrix) for name, matrix in matrices.items()}
    planes = {place: np.abs(plane) for place, plane in stream.planes.items()}
    positive = type(stream)(planes, stream.sources, stream.groups, stream.dims, None, stream.dtype)
    readings = interpret(shape, absolute, positive)
    return max((p.max() for r in readings.values() for p in r.values() if p.size), default=0.0)


def evaluations(template: Template, inputs: Inputs) -> dict[str, Answer]:
    text = template_to_json(template)
    structured = structured_weights(template)
    dense = dense_weights(template, layout(template, inputs).dims)
    return {
        "reference": run_files(text, weights_to_bytes(structured), inputs),
        "reference, dense file": run_files(text, weights_to_bytes(dense), inputs),
        "torch structured": run(build(template, structured), template, inputs),
        "torch dense": run(build(template, dense), template, inputs),
        **{
            f"plan, {form}": Engine(template, structured, None, (form,)).run(inputs)
            for form in get_args(Form)
        },
    }


@repeatable
@given(cases())
def test_every_evaluation_agrees_with_the_exact_one(case: Case) -> None:
    exact = run_files(template_to_json(case.template), None, case.inputs, exact=True)
    tolerance = 1e-13 * magnitude(case.template, case.inputs)
    for name, answer in evaluations(case.template, case.inputs).items():
        np.testing.assert_allclose(flat(answer), flat(exact), rtol=0, atol=tolerance, err_msg=name)


@repeatable
@given(cases())
def test_gradients_on_changes_no_value(case: Case) -> None:
    module = build(case.template, structured_weights(case.template))
    stream = layout(case.template, case.inputs)
    expected = flat(run(module, case.template, case.inputs))
    features = torch.from_numpy(stream.raw.T.copy()).unsqueeze(0)
    groups = torch.tensor([i for i, (_, size) in enumerate(stream.groups) for _ in range(size)])
    values = module(features, groups, stream.dims)
    numbers = {name: index for index, (name, _) in enumerate(stream.groups)}
    answer: Answer = {}
    for output in case.template.read_out:
        piece = values[output.name].detach().numpy()[0].T
        answer[output.name] = {
            group: piece[:, groups.numpy() == numbers[group]] for group in output.groups
        }
        if output.transposed:
            answer[output.name] = {g: p.T for g, p in answer[output.name].items()}
    tolerance = 1e-13 * magnitude(case.template, case.inputs)
    np.testing.assert_allclose(flat(answer), expected, rtol=0, atol=tolerance)


def spd(size: int) -> NDArray[np.float64]:
    basis = np.linalg.qr(RANDOM.normal(size=(size, size)))[0]
    return (basis * np.linspace(0.1, 2, size)) @ basis.T


def only(value: object) -> object:
    """A matrix, or that of the only group of tokens that the value is read at."""
    if not isinstance(value, dict):
        return value
    (piece,) = value.values()
    return piece


def close(template: Template, inputs: Inputs, expected: dict[str, NDArray[np.float64]]) -> None:
    for name, answer in evaluations(template, inputs).items():
        assert set(answer) == set(expected)
        for value, wanted in expected.items():
            np.testing.assert_allclose(
                only(answer[value]), wanted, rtol=1e-12, atol=1e-13, err_msg=name
            )


def test_newton_example() -> None:
    A = spd(6)
    X = 2 / 2.1 * np.eye(6)
    for _ in range(12):
        X = X - X @ A @ X / 2
        X = 2 * X
    close(templates.newton_inverse(), {"A": A}, {"X": X})
    np.testing.assert_allclose(X @ A, np.eye(6), atol=1e-10)


@pytest.mark.parametrize(("d", "n", "m"), [(2, 9, 3), (9, 3, 2), (3, 4, 0), (1, 1, 1)])
def test_gradient_descent(d: int, n: int, m: int) -> None:
    x, query, y = (RANDOM.normal(size=size) for size in ((d, n), (d, m), (2, n)))
    w = np.zeros((2, d))
    for _ in range(3):
        w = w - (w @ x - y) @ x.T / 7
    inputs: Inputs = {"x": {"context": x, "query": query}, "y": {"context": y}}
    close(templates.gradient_descent(), inputs, {"prediction": w @ query})


def test_heads_of_a_layer_read_the_stream_before_it() -> None:
    x, query, y = (RANDOM.normal(size=size) for size in ((3, 6), (3, 2), (2, 6)))
    inputs: Inputs = {"x": {"context": x, "query": query}, "y": {"context": y}}
    r, answer = -y, np.zeros((2, 2))
    for _ in range(3):
        answer = answer - r @ x.T @ query / 7
        r, x, query = r - r @ x.T @ x / 7, x - x @ x.T @ x / 9, query - x @ x.T @ query / 9
    close(templates.gd_plus_plus(), inputs, {"prediction": answer})


def test_masks_of_the_reference() -> None:
    template = templates.gradient_descent(steps="1")
    head = template.body[0].body[0].heads[0]  # type: ignore[union-attr]
    x, query, y = (RANDOM.normal(size=size) for size in ((3, 6), (3, 2), (2, 6)))
    inputs: Inputs = {"x": {"context": x, "query": query}, "y": {"context": y}}
    for groups in (("context",), ("query",)):
        layer = Layer((replace(head, query_groups=groups),), None)
        expected = y @ x.T @ query / 7 if groups == ("query",) else np.zeros((2, 2))
        close(replace(template, body=(layer,)), inputs, {"prediction": expected})


def test_a_head_with_two_values() -> None:
    x, y = RANDOM.normal(size=(3, 8)), RANDOM.normal(size=(2, 8))
    expected = {"G": x @ x.T, "W": (5 / 3 * y @ x.T).T}
    close(templates.two_values(), {"x": x, "y": {"context": y}}, expected)


def test_mlp_with_bias_on_blocks_that_start_at_zero() -> None:
    z, q = RANDOM.normal(size=(3, 5)), RANDOM.normal(size=(3, 2))
    inputs: Inputs = {"z": {"context": z, "query": q}}
    for answer in evaluations(templates.soft_threshold(), inputs).values():
        for group, data in (("context", z), ("query", q)):
            shrunk = np.sign(data) * np.maximum(np.abs(data) - 0.25, 0)
            np.testing.assert_allclose(answer["z"][group], shrunk, atol=1e-15)
        np.testing.assert_array_equal(only(answer["c"]), np.full((2, 2), 0.5))


def test_an_axis_that_is_a_number_is_its_own_size() -> None:
    text = template_to_json(templates.newton_inverse()).replace('"d"', '"6"')
    template = template_from_json(text.replace("I[d]", "I[6]"))
    A = spd(6)
    expected = run(
        module_from_template(templates.newton_inverse()), templates.newton_inverse(), {"A": A}
    )
    close(template, {"A": A}, {"X": flat(expected).reshape(6, 6)})


def test_a_transposed_source_and_answer() -> None:
    A = RANDOM.normal(size=(4, 3))
    close(templates.transposing(), {"A": A}, {"A": A, "P": 3 * A.T @ A @ A.T})


def test_exact_answers_are_fractions() -> None:
    inputs: Inputs = {"A": [[Fraction(1, 3)]]}
    answer = run_files(template_to_json(templates.transposing()), None, inputs, exact=True)
    value = answer["P"]
    assert not isinstance(value, dict)
    assert value[0, 0] == Fraction(1, 9)
    assert isinstance(value[0, 0], Fraction)


def test_float32_is_computed_in_float32() -> None:
    template = templates.newton_inverse()
    weights = structured_weights(template, dtype="float32")
    inputs: Inputs = {"A": spd(4)}
    answers = [
        run_files(template_to_json(template), weights_to_bytes(weights), inputs),
        run(build(template, weights), template, inputs, torch.float32),
    ]
    for answer in answers:
        value = answer["X"]
        assert not isinstance(value, dict)
        assert value.dtype == np.float32
    np.testing.assert_allclose(flat(answers[0]), flat(answers[1]), rtol=1e-3)
