"""Every kind of head in every execution against the NumPy reference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import cast

import numpy as np
import pytest
import torch
from tests.backends.heads.networks import TOKENS, Floats, data, exact, network, with_views

from weightsmith.backends import dense_weights, layout, structured_weights, template_to_json
from weightsmith.backends.errors import InstantiationError, PlanError, ShardingError
from weightsmith.backends.plan.build import plan_of
from weightsmith.backends.plan.layers.looped_numbers import numbers_of
from weightsmith.backends.plan.operations.functions import SPELLINGS
from weightsmith.backends.plan.operations.nodes import Running
from weightsmith.backends.plan.partial_sums import sharded_plan
from weightsmith.backends.reference import run_files, run_weights
from weightsmith.backends.storage.safetensors_file import weights_to_bytes
from weightsmith.backends.template.layout import Answer
from weightsmith.backends.torch import build, run
from weightsmith.backends.torch.plans.calling import Caller
from weightsmith.backends.torch.plans.engine import GRAM, Engine
from weightsmith.backends.torch.plans.module import PlannedModule
from weightsmith.backends.torch.plans.running import running
from weightsmith.checker.reading.read_template import read_template
from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.reading.tensors import read_tensors
from weightsmith.checker.rules.network.rounding import check_weights
from weightsmith.compiler.ir.template import Scores, Template
from weightsmith.dsl.elementary import NAMES
from weightsmith.dsl.heads import ALL, MASKS, NORMALISATIONS

Given = dict[str, dict[str, Floats]]
FUNCTIONS = ("", "relu", *NAMES)
DIVIDED = ("", *NORMALISATIONS)
CAUSAL = [name for name, mask in MASKS.items() if mask.diagonal is not None]


def kinds(function: str) -> Iterator[tuple[Scores, tuple[str, ...]]]:
    for mask in (ALL, *MASKS):
        for normalised in DIVIDED:
            choices = (TOKENS, ("context",), ("query",)) if mask == ALL else (("context",),)
            for groups in choices:
                yield Scores(function, mask, normalised), groups


def executions(template: Template, given: Given) -> dict[str, Answer]:
    weights = structured_weights(template)
    dense = dense_weights(template, layout(template, given).dims)
    return {
        "dense file": run_weights(template, dense, given),
        "structured": run(build(template, weights), template, given),
        "dense": run(build(template, dense), template, given),
        "plan": Engine(template, weights, None, ("direct",)).run(given),
        "plan of images": Engine(template, weights, None, ("images",)).run(given),
        "tokens with masks": _padded(template, given),
    }


def _padded(template: Template, given: Given) -> Answer:
    """The plan for tokens that only fill up the groups: one at the front, two at the end."""
    engine = Engine(template, structured_weights(template), masked=TOKENS)
    tensors, masks = {}, {}
    for name, by in given.items():
        tensors[name] = {g: torch.from_numpy(np.pad(a, ((0, 0), (1, 2)))) for g, a in by.items()}
        masks = {
            g: torch.tensor([False, *[True] * a.shape[1], False, False]) for g, a in by.items()
        }
    found = Caller(template, engine, ("x", "y"))((), tensors, masks)
    answer = cast("dict[str, dict[str, torch.Tensor]]", found)
    answer = answer if "out" in answer else {"out": cast("dict[str, torch.Tensor]", found)}
    cut = {n: {g: v[:, 1:-2].numpy() for g, v in by.items()} for n, by in answer.items()}
    outside = [v[:, [0, -1]] for by in answer.values() for v in by.values()]
    assert all(not bool(part.any()) for part in outside)
    return cast("Answer", cut)


def assert_agree(template: Template, given: Given) -> None:
    wanted = run_weights(template, structured_weights(template), given)
    for execution, answer in executions(template, given).items():
        for name, pieces in wanted.items():
            for group, expected in cast("dict[str, Floats]", pieces).items():
                scale = float(np.abs(expected).max(initial=0))
                found = cast("dict[str, Floats]", answer[name])[group]
                np.testing.assert_allclose(
                    found, expected, rtol=1e-12, atol=1e-12 * scale, err_msg=execution
                )


def test_every_function_has_its_spellings() -> None:
    assert SPELLINGS.keys() == {"relu", *NAMES}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("queries", [0, 1, 3])
def test_every_head_in_every_execution(function: str, queries: int) -> None:
    for scores, groups in kinds(function):
        assert_agree(network(scores, groups), data(queries=queries))


@pytest.mark.parametrize("function", ["", "exp", "relu"])
def test_fixed_matrices_in_every_execution(function: str) -> None:
    for scores, groups in kinds(function):
        template = with_views(network(scores, groups))
        if len(groups) == 1 or scores.mask == ALL:
            _without_bias_at_padding(template, data())


def _without_bias_at_padding(template: Template, given: Given) -> None:
    wanted = run_weights(template, structured_weights(template), given)
    assert set(wanted) == {"out", "mixed"}
    assert_agree(template, given)


@pytest.mark.parametrize("mask", [ALL, *MASKS])
def test_relu_and_masks_are_exact_in_fractions(mask: str) -> None:
    groups = TOKENS if mask == ALL else ("context",)
    for normalised in DIVIDED:
        template = network(Scores("relu", mask, normalised), groups, passes=1)
        text = template_to_json(template)
        given = data()
        answer = run_files(text, None, exact(given), exact=True)
        floats = run_weights(template, structured_weights(template), given)
        value = cast("dict[str, Floats]", answer["out"])["context"]
        assert isinstance(value[0, 1], Fraction)
        expected = cast("dict[str, Floats]", floats["out"])["context"]
        np.testing.assert_allclose(value.astype(float), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "scores", [Scores("", "before"), Scores("exp", "before", "normalised")], ids=str
)
def test_one_token_before_which_there_is_none(scores: Scores) -> None:
    template, given = network(scores, ("context",)), data(tokens=1)
    for answer in executions(template, given).values():
        np.testing.assert_array_equal(cast("dict[str, Floats]", answer["out"])["context"], 0)


def test_large_scores_do_not_overflow() -> None:
    given = {name: {g: 300 * a for g, a in by.items()} for name, by in data().items()}
    for mask in (ALL, *MASKS):
        groups = TOKENS if mask == ALL else ("context",)
        template = network(Scores("exp", mask, "normalised"), groups)
        weights = structured_weights(template)
        answer = cast("dict[str, Floats]", run_weights(template, weights, given)["out"])
        assert all(np.isfinite(piece).all() for piece in answer.values())
        assert_agree(template, given)


@pytest.mark.parametrize(
    "scores",
    [s for s, g in kinds("exp") if s.mask in CAUSAL]
    + [Scores("", "upto"), Scores("", "before"), Scores("relu", "upto")],
    ids=str,
)
def test_a_later_token_changes_no_earlier_output(scores: Scores) -> None:
    template, first = network(scores, ("context",)), data(tokens=70)
    second = {n: {g: a.copy() for g, a in by.items()} for n, by in first.items()}
    for by in second.values():
        by["context"][:, 40] += 1
    weights = structured_weights(template)
    for form in ("structured", "plan", "by chunks"):
        answers = []
        for given in (first, second):
            if form == "structured":
                answer = run(build(template, weights), template, given)
            elif form == "plan":
                answer = Engine(template, weights).run(given)
            else:
                answer = {"out": by_chunks(template, given)[1]}
            answers.append(cast("dict[str, Floats]", answer["out"])["context"])
        np.testing.assert_array_equal(answers[0][:, :40], answers[1][:, :40])
        assert not np.array_equal(answers[0][:, 40:], answers[1][:, 40:])


def by_chunks(template: Template, given: Given) -> tuple[PlannedModule, dict[str, Floats]]:
    """By the plan for a hundred thousand tokens."""
    sizes = {"context": 1 << 17, "query": 4, "d": 3}
    plan = plan_of(template, numbers_of(template, structured_weights(template)), sizes)
    module = PlannedModule(plan, {"d": 3})
    values = module(*(torch.from_numpy(given[n][cast(str, g)]) for n, g in module.inputs))
    found = zip(module.outputs, values, strict=True)
    return module, {group: value.numpy() for (name, group), value in found if name == "out"}


@pytest.mark.parametrize("mask", ["upto", "before"])
def test_linear_heads_with_masks_by_chunks(mask: str) -> None:
    """Of every number of tokens around the ends of chunks; a batch is done one by one."""
    template = network(Scores("", mask), ("context",))
    for tokens in (1, 31, 32, 33, 64, 1023, 1024, 1025, 2100):
        given = data(tokens)
        module, found = by_chunks(template, given)
        assert "running(" in module.source
        wanted = run_weights(template, structured_weights(template), given)["out"]
        for group, expected in cast("dict[str, Floats]", wanted).items():
            scale = float(np.abs(expected).max())
            np.testing.assert_allclose(found[group], expected, rtol=1e-12, atol=1e-12 * scale)
    arrays = [torch.from_numpy(given[n][cast(str, g)]) for n, g in module.inputs]
    batch = module(*(torch.stack([array, array / 2]) for array in arrays))
    for (_, group), value in zip(module.outputs, batch, strict=True):
        np.testing.assert_allclose(value[0], found[group], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rows", [3, 40])
def test_running_sums_of_narrow_and_wide_rows(rows: int) -> None:
    random = torch.Generator().manual_seed(0)
    for tokens in (0, 1, 65, 300):
        v, k, q = (torch.randn(rows, tokens, generator=random, dtype=torch.float64) for _ in "vkq")
        for diagonal in (0, 1):
            wanted = v @ (k.mT @ q).triu(diagonal)
            for lead in ((), (1,), (1, 1)):
                sides = (one.expand(*lead, *one.shape) for one in (v, k, q))
                found = running(*sides, diagonal, 64)
                torch.testing.assert_close(found.reshape(wanted.shape), wanted, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "scores",
    [
        Scores("exp", "before", "normalised"),
        Scores("sqrt", "upto"),
        Scores("log", "before"),
        Scores("", "upto"),
        Scores("exp"),
    ],
    ids=str,
)
def test_gradients_flow_and_are_finite(scores: Scores) -> None:
    groups = TOKENS if scores.mask == ALL else ("context",)
    template, given = with_views(network(scores, groups, passes=1)), data()
    weights = structured_weights(template)
    engine = Engine(template, weights)
    tensors = {
        n: {g: torch.from_numpy(a).requires_grad_() for g, a in by.items()}
        for n, by in given.items()
    }
    found = Caller(template, engine, ("x", "y"))((), tensors)
    out = cast("dict[str, dict[str, torch.Tensor]]", found)["out"]["context"]
    out.square().sum().backward()
    slope = tensors["y"]["context"].grad
    assert slope is not None
    assert bool(slope.isfinite().all())
    assert bool(slope.any())
    step = 1e-6
    moved = {n: {g: a.copy() for g, a in by.items()} for n, by in given.items()}
    moved["y"]["context"][1, 1] += step
    after = cast("dict[str, Floats]", engine.run(moved)["out"])["context"]
    quotient = float((after**2).sum() - out.detach().square().sum()) / step
    np.testing.assert_allclose(float(slope[1, 1]), quotient, rtol=1e-3, atol=1e-7)
    module = build(template, weights)
    values = run_with_gradients(module, template, given)
    values.square().sum().backward()
    trained = dict(module.named_parameters())
    for name in ("matrices.W.weight", "layers.0.attention.0.k.weight"):
        gradient = trained[name].grad
        assert gradient is not None
        assert bool(gradient.isfinite().all())
        assert bool(gradient.any())
    np.testing.assert_allclose(values.detach()[0].mT, out.detach(), rtol=1e-12, atol=1e-14)


def run_with_gradients(module: object, template: Template, given: Given) -> torch.Tensor:
    from weightsmith.backends.torch.run import planes_of, sizes_of

    stream = layout(template, given)
    planes = planes_of(stream, template, torch.device("cpu"))
    readings = module.read(planes, sizes_of(stream))  # type: ignore[attr-defined]
    return cast(torch.Tensor, readings["out"]["context"])


def test_gram_matrices_stand_for_no_such_head() -> None:
    template = network(Scores("exp", "upto", "normalised"), ("context",))
    engine = Engine(template, structured_weights(template), None, GRAM)
    with pytest.raises(PlanError, match="head 0 of layer 0 has exp of its scores and has a mask"):
        engine.run(data())
    linear = network(Scores())
    weights = structured_weights(linear)
    found = Engine(linear, weights, None, GRAM).run(data())["out"]
    wanted = run_weights(linear, weights, data())["out"]
    for group, expected in cast("dict[str, Floats]", wanted).items():
        np.testing.assert_allclose(cast("dict[str, Floats]", found)[group], expected, rtol=1e-11)


@pytest.mark.parametrize(
    "scores",
    [Scores("exp", "all", "normalised"), Scores("", "upto"), Scores("exp", "upto")],
    ids=str,
)
def test_sums_over_part_of_the_tokens_are_refused(scores: Scores) -> None:
    template = network(scores, ("context",))
    numbers = numbers_of(template, structured_weights(template))
    with pytest.raises(ShardingError):
        sharded_plan(plan_of(template, numbers, {"context": 1 << 17}), {"context"})


def test_the_longest_context_is_run_by_chunks() -> None:
    template = network(Scores("", "upto"), ("context",))
    numbers = numbers_of(template, structured_weights(template))
    plan = plan_of(template, numbers, {"context": 1 << 17})
    assert any(isinstance(node, Running) for node in plan.graph.nodes)
    few = plan_of(template, numbers, {"context": 4})
    assert not any(isinstance(node, Running) for node in few.graph.nodes)


def test_the_checker_reads_fixed_matrices_in_full_ones() -> None:
    template = with_views(network(Scores("exp", "upto", "normalised"), ("context",), passes=1))
    read = read_template(json.loads(template_to_json(template)))
    for dtype in ("float64", "float32"):
        dense = dense_weights(template, {"d": 3}, dtype=dtype)
        assert dense.dims == {"d": 3, "k": 2}
        file = read_tensors(weights_to_bytes(dense))
        assert check_weights(read, file, Budget()) == (dtype, 1)
        check_weights(read, read_tensors(weights_to_bytes(structured_weights(template))), Budget())
    for name in ("layers.0.attention.0.q.weight", "layers.0.mlp.up.weight", "unembed.mixed.weight"):
        changed = dense_weights(template, {"d": 3})
        last = tuple(extent - 1 for extent in changed.tensors[name].shape)
        changed.tensors[name][last] += 2.0**-40
        with pytest.raises(RefusedError, match="differs from its coefficient"):
            check_weights(read, read_tensors(weights_to_bytes(changed)), Budget())


def test_a_full_matrix_of_another_size_is_refused() -> None:
    template = with_views(network(Scores()))
    with pytest.raises(InstantiationError, match="the dimension 'd' is 3 in a fixed matrix, not 4"):
        dense_weights(template, {"d": 4})
