"""Symbols that are numbers of tokens: their values come from the data, or must be those."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch
from tests.backends.heads.networks import Floats, data, exact, network

from weightsmith.backends import layout, structured_weights, template_to_json
from weightsmith.backends.errors import InstantiationError, LayoutError
from weightsmith.backends.reference import run_files
from weightsmith.backends.torch import build, run
from weightsmith.backends.torch.plans.engine import Engine
from weightsmith.compiler.ir.template import Head, Layer, Scores, Template
from weightsmith.executions import Execution, Executions

ONE = Head(
    keys=((("x", "1"),),),
    queries=((("x", "1/n"),),),
    values=((("y", "1"),),),
    outputs=(("out", 0, "n - 2*m"),),
    key_groups=("context",),
    query_groups=("context", "query"),
    scores=Scores("", "all"),
)


def averaging() -> Template:
    """out += (n − 2m)·y·xᵀ·x/n, n context tokens, m query tokens."""
    found = network(Scores())
    return replace(found, body=(Layer((ONE,), None),), sizes=(("m", "query"), ("n", "context")))


def expected(given: dict[str, dict[str, Floats]]) -> dict[str, Floats]:
    x, y = given["x"], given["y"]
    n, m = x["context"].shape[1], x["query"].shape[1]
    memory = (n - 2 * m) / n * y["context"] @ x["context"].T
    return {group: memory @ piece for group, piece in x.items()}


@pytest.mark.parametrize("tokens", [1, 5, 8])
def test_the_data_say_how_many_tokens_there_are(tokens: int) -> None:
    template, given = averaging(), data(tokens)
    executions = Executions(template, {}, lambda: True)
    answers = [run_files(template_to_json(template), None, exact(given), exact=True)]
    for execution in ("plan", "gram", "faithful"):
        answers.append(executions.run(given, None, cast(Execution, execution)))
    caller = executions.caller((), "plan", ("x", "y"))
    tensors = {n: {g: torch.from_numpy(a) for g, a in by.items()} for n, by in given.items()}
    called = cast("dict[str, torch.Tensor]", caller((), tensors))
    answers.append({"out": {g: value.numpy() for g, value in called.items()}})
    for answer in answers:
        for group, wanted in expected(given).items():
            found = cast("dict[str, Floats]", answer["out"])[group].astype(float)
            np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-15)


def test_one_network_for_several_numbers_of_tokens() -> None:
    executions = Executions(averaging(), {}, lambda: True)
    caller = executions.caller((), "plan", ("x", "y"))
    for tokens in (3, 4, 3):
        given = data(tokens)
        tensors = {n: {g: torch.from_numpy(a) for g, a in by.items()} for n, by in given.items()}
        found = cast("dict[str, torch.Tensor]", caller((), tensors))
        np.testing.assert_allclose(found["query"], expected(given)["query"], rtol=1e-12)


def test_a_network_for_one_number_of_tokens_takes_no_other() -> None:
    template = replace(averaging(), bindings=(("m", "3"), ("n", "5")))
    weights, given = structured_weights(template), data(5)
    for answer in (
        Engine(template, weights).run(given),
        run(build(template, weights), template, given),
    ):
        wanted = expected(given)["query"]
        np.testing.assert_allclose(cast("dict[str, Floats]", answer["out"])["query"], wanted)
    said = "this network is for 5 context tokens, the value of 'n', and the data have 6"
    for refused in (
        lambda: Engine(template, weights).run(data(6)),
        lambda: run(build(template, weights), template, data(6)),
        lambda: run_files(template_to_json(template), None, exact(data(6)), exact=True),
        lambda: layout(template, data(6)),
        lambda: Engine(template, weights).module({"context": 6}),
    ):
        with pytest.raises(LayoutError, match=said):
            refused()


def test_what_needs_the_number_before_the_data_says_so() -> None:
    with pytest.raises(InstantiationError, match="'m', 'n' have no value"):
        structured_weights(averaging())
    executions = Executions(averaging(), {}, lambda: True)
    with pytest.raises(
        LayoutError, match="'m' is the number of query tokens, so these take no mask"
    ):
        executions.caller((), "plan", ("x", "y"), ("query",))


def test_sizes_are_written_and_read() -> None:
    assert json.loads(template_to_json(averaging()))["sizes"] == {"m": "query", "n": "context"}
