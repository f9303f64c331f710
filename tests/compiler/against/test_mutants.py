"""Is every verdict true?  Networks with one thing changed, and inputs that nobody chose."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tests.compiler.against.net_mutants import NETWORKS, mutants

from weightsmith import api
from weightsmith.against import opened
from weightsmith.backends.reference import run_files
from weightsmith.backends.template.template_json import template_to_json
from weightsmith.dsl.program import core
from weightsmith.dsl.running.interpreter import run
from weightsmith.dsl.text.diagnostics import DiagnosticError

SEED = 14


def random_inputs(
    program: core.Program, sizes: dict[str, int], chance: random.Random
) -> dict[str, object]:
    def matrix(rows: str, columns: str, symmetric: bool) -> np.ndarray:
        shape = tuple(int(a) if a.isdigit() else sizes[a] for a in (rows, columns))
        entries = [Fraction(chance.randint(-9, 9), chance.randint(1, 5)) for _ in range(64)]
        one = np.array(entries[: shape[0] * shape[1]], dtype=object).reshape(shape)
        return np.triu(one) + np.triu(one, 1).T if symmetric else one

    found: dict[str, object] = {}
    for one in program.inputs:
        shape = one.shape
        if shape.columns == core.TOKEN:
            found[one.name] = {g: matrix(shape.rows, g, False) for g in shape.column_groups}
        else:
            found[one.name] = matrix(shape.rows, shape.columns, one.symmetric)
    return found


def agree(text: str, name: str, seed: int) -> bool:
    """Do both return the same at a random input of random sizes, in exact rationals?"""
    chance = random.Random(seed)
    program = api.check(NETWORKS / f"{name}.alg")
    template = opened(text)
    axes = {*program.dimensions, *core.GROUPS}
    sizes = {axis: chance.randint(1, 3) for axis in axes}
    inputs = random_inputs(program, sizes, chance)
    numbers = {
        one.name: Fraction(chance.randint(0, 3))
        if one.is_count
        else Fraction(chance.randint(-9, 9), 7)
        for one in program.parameters
    }
    numbers |= {symbol: Fraction(sizes[group]) for symbol, group in template.sizes}
    entries = {
        one.name: tuple(tuple(map(str, row)) for row in np.asarray(inputs[one.name]))
        for one in template.matrices
    }
    template = replace(
        template,
        bindings=tuple(sorted((name, str(value)) for name, value in numbers.items())),
        matrices=tuple(replace(one, entries=entries[one.name]) for one in template.matrices),
    )
    read = {one.of for one in template.sources if one.kind in ("input", "transposed")}
    given = {name: value for name, value in inputs.items() if name in read}
    network = run_files(template_to_json(template), None, given, exact=True)  # type: ignore[arg-type]
    script = run(program, inputs, numbers, exact=True)  # type: ignore[arg-type]
    (one,), (other,) = network.values(), script.values()
    pairs = (
        ((one[g], other[g]) for g in one) if isinstance(one, dict) else [(one, other)]  # type: ignore[index]
    )
    return all(np.array_equal(a, b) for a, b in pairs)


def judge(count: int, seed: int) -> dict[str, int]:
    """How often each verdict was given; asserts that those that can be tested are true."""
    counts: dict[str, int] = {}
    for number, (name, what, text) in enumerate(mutants(count, seed)):
        try:
            found = api.compare(text, NETWORKS / f"{name}.alg")
        except DiagnosticError:  # the line means nothing any more
            counts["mistake"] = counts.get("mistake", 0) + 1
            continue
        counts[found.outcome] = counts.get(found.outcome, 0) + 1
        if found.is_equal:
            for draw in range(3):
                assert agree(text, name, 1000 * number + draw), f"{name}, {what}: {found.text}"
        if found.outcome == "different":
            assert found.replay is not None, f"{name}, {what}: {found.text}"
            assert not np.array_equal(found.replay.network, found.replay.script)
        assert found.outcome != "open", f"{name}, {what}: {found.text}"
    return counts


def test_a_few() -> None:
    assert judge(12, SEED)["different"] >= 6


@pytest.mark.slow
def test_two_hundred() -> None:
    counts = judge(200, SEED + 1)
    assert counts["different"] >= 150


def test_the_originals_agree_on_data() -> None:
    for path in sorted(NETWORKS.glob("*.net")):
        text = path.read_text(encoding="utf-8")
        if path.stem == "fu_as_printed":
            assert not all(agree(text, path.stem, seed) for seed in range(6))
        else:
            assert all(agree(text, path.stem, seed) for seed in range(3)), path.stem
