"""Fewer layers for any affine loop, whatever matrices it is made of and whatever stands around."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from tests.compiler.block_examples import (
    ALTERNATING,
    AROUND,
    BILINEAR,
    CYCLES,
    DEEP,
    FEATURES,
    FUNCTIONS,
    HYPERPOWER,
    INEXACT,
    NESTED,
    NEWTON,
    RESIDUAL,
    RESTARTED,
    ROUNDS,
    SADDLE,
    SCHEDULED,
    SEVERAL,
    SIBLINGS,
    SQUARES,
    STEIN,
    STEPS,
    SWEEP,
    SYLVESTER,
    TARGET,
    TURNED,
    TWO_MATRICES,
    WITHIN,
)
from tests.compiler.block_programs import block_scripts, nested_scripts
from tests.compiler.test_random_programs import compare, exact_inputs

from weightsmith import api
from weightsmith.checker.prove import prove_restructuring
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.compiler.restructure.restructure import restructure
from weightsmith.dsl import Source, check
from weightsmith.dsl.running import interpreter
from weightsmith.dsl.text.diagnostics import DiagnosticError

LAYERS = [  # as written: 30 or 31, 30, 20, 20, 21, 32, 55, 401, 27, 17, 24, 21, 34, 84, 90, 120
    (TWO_MATRICES, 6),
    (STEIN, 5),
    (SADDLE, 3),
    (ALTERNATING, 4),
    (FEATURES, 5),
    (FUNCTIONS, 6),
    (NESTED, 20),
    (SEVERAL, 11),
    (SYLVESTER, 4),
    (NEWTON, 13),
    (HYPERPOWER, 17),
    (SQUARES, 14),
    (TARGET, 7),
    (AROUND, 7),
    (ROUNDS, 9),
    (BILINEAR, 8),
    (INEXACT, 6),  # as written: 180, 240, 200, 200, 72, 40, 8, 44, 44
    (SIBLINGS, 7),
    (DEEP, 6),
    (TURNED, 6),
    (WITHIN, 8),
    (RESTARTED, 7),
    (SCHEDULED, 2),
    (CYCLES, 5),
    (STEPS, 6),
    (SWEEP, 7),
    (RESIDUAL, 6),
]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(block_scripts(), st.integers(0, 2**16))
def test_the_values_are_the_same(script: str, seed: int) -> None:
    """In exact arithmetic on random matrices; the checker has followed both scripts."""
    same_values(script, seed)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(nested_scripts(), st.integers(0, 2**16))
def test_the_values_of_loops_within_loops_are_the_same(script: str, seed: int) -> None:
    same_values(script, seed)


def same_values(script: str, seed: int) -> None:
    try:
        program = check(Source("<script>", script))
    except DiagnosticError:  # an input's size, or that of a value, may be unknown
        event("no script")
        return
    found = restructure(program, {})
    event("restructured" if found.changed else found.notes[0][:60])
    if not found.changed:
        return
    inputs = exact_inputs(program, seed)
    values = interpreter.run(found.program, inputs, {}, exact=True)
    for name, value in interpreter.run(program, inputs, {}, exact=True).items():
        compare(values[name], value)


@pytest.mark.parametrize(("script", "most"), LAYERS)
def test_few_layers(script: str, most: int, tmp_path: Path) -> None:
    network = api.compile(script, fewest="layers")
    assert network.report.layers is not None
    assert network.report.layers <= most
    network.save(tmp_path / "network")
    report = api.verify(tmp_path / "network")
    assert report.accepted, str(report)


def test_layers_do_not_grow_with_the_passes() -> None:
    """A million passes take thirteen blocks of the powers, and one of what stands before."""
    script = TWO_MATRICES.replace("repeat 30", "repeat 1000000")
    found = restructure(check(Source("<script>", script)), {})
    assert found.changed
    assert found.layers <= 15


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("A*X*Q + Q*X*A", "a pass is not A*s + s*B + c"),
        ("A*X + Q*X*X", "not a function of one operator"),
        ("A*X + X'", "not symmetric"),
    ],
)
def test_reasons_to_leave_it_as_written(step: str, reason: str) -> None:
    script = "algorithm stays(A: [d, d], Q: symmetric[d, d])\nX = A\n"
    script += f"repeat 30:\n    X = 1/4*({step})\nreturn X\n"
    found = restructure(check(Source("<script>", script)), {})
    assert not found.changed
    assert reason in found.notes[0]


def test_a_sylvester_equation_does_not_cancel() -> None:
    """Its powers are those of 1/2 - eta*A: the network is as accurate as the steps."""
    network = api.compile(SYLVESTER, fewest="layers")
    random = np.random.default_rng(0)
    left, right = (np.linalg.qr(random.normal(size=(n, n)))[0] for n in (6, 4))
    inputs = {
        "A": left @ np.diag(np.linspace(0.1, 2, 6)) @ left.T,
        "B": right @ np.diag(np.linspace(0.1, 2, 4)) @ right.T,
        "C": random.normal(size=(6, 4)),
    }
    found = network.run(inputs, check="off")["X"]
    wanted = network.interpret(inputs)["X"]
    assert np.abs(found - wanted).max() <= 1e-13 * np.abs(wanted).max()


def test_functions_keep_their_tables(tmp_path: Path) -> None:
    """The bound is about the user's script, with the tables that its intervals ask for."""
    script = """algorithm squashed(x: [d] per token, y: [k] per context)
assume norm(x) <= 1
assume norm(y) <= 1
assume size(context) <= 4
w = 0
repeat 30:
    w = w - 1/8*(w*x - y)*x' over context
return sigmoid(w*x) on query within 1/100
"""
    written, network = api.compile(script), api.compile(script, fewest="layers")
    assert network.report.layers == 5
    assert network.certificate["tables"] == written.certificate["tables"]
    network.save(tmp_path / "network")
    assert api.verify(tmp_path / "network").accepted


Json = dict[str, object]


def proofs(steps: object) -> Iterator[Json]:
    """Every step of a claim, those of segments included."""
    if isinstance(steps, list):
        for step in steps:
            yield step
            yield from proofs(step.get("steps"))


def held(steps: list[Json]) -> Json:
    """What one of the blocks holds."""
    return next(
        one
        for step in proofs(steps)
        if isinstance(step.get("values"), dict)
        for one in step["values"].values()
    )


def named(steps: list[Json], key: str, what: object) -> Json:
    """The first that is held of some variable, loop or pass."""
    values = [step["values"] for step in proofs(steps) if isinstance(step.get("values"), dict)]
    every = [one for each in values for one in each.values()]
    return next(one for one in every if what in (one.get(key), *one["of"]))


def segment(steps: list[Json]) -> Json:
    return next(step for step in proofs(steps) if step["rule"] == "segment")


CORRUPTIONS: list[tuple[str, Callable[[list[Json]], object]]] = [
    (SADDLE, lambda s: held(s).update(counts=[1, 1])),
    (SADDLE, lambda s: held(s).update(counts=[1, 1, 2])),
    (SADDLE, lambda s: held(s).update(counts=[])),
    (SADDLE, lambda s: held(s).update(counts=[1, 1, -1])),
    (SADDLE, lambda s: held(s).update(kind="sum", of=["X"])),
    (SADDLE, lambda s: held(s).update(of=["X", "Z"])),
    (SADDLE, lambda s: held(s).update(turned=not held(s)["turned"])),
    (SADDLE, lambda s: s[0].update(turned=["X", "Y"])),
    (SADDLE, lambda s: s[1].update(loop=1)),
    (SADDLE, lambda s: s.pop(1)),
    (SADDLE, lambda s: s.pop()),
    (ALTERNATING, lambda s: s[0].update(turned=["X"])),
    (STEIN, lambda s: held(s).update(kind="right", of=[])),
    (SYLVESTER, lambda s: s[0].update(kind="one_side")),
    (SYLVESTER, lambda s: held(s).update(counts=[1, 2])),
    (NEWTON, lambda s: s[0].update(exponent=3)),
    (NEWTON, lambda s: s[0].update(exponent=1)),
    (NEWTON, lambda s: s[0].update(kind="one_side")),
    (NEWTON, lambda s: s[-1].update(counts=[65535])),
    (SQUARES, lambda s: s[0].update(exponent=4)),
    (BILINEAR, lambda s: s[-1].update(counts=[60])),
    (BILINEAR, lambda s: s[-1].update(counts=[1, 59])),
    (BILINEAR, lambda s: s[-2]["values"]["X"].update(counts=[15, 14])),
    (BILINEAR, lambda s: s[-2]["values"].pop("Xt")),
    (AROUND, lambda s: held(s).update(loop=0)),
    (AROUND, lambda s: held(s).update(loop=2)),
    (AROUND, lambda s: held(s).pop("loop")),
    (AROUND, lambda s: s[0].update(turned=["X"])),
    (AROUND, lambda s: s[0].update(turned=["1.X"])),
    (AROUND, lambda s: s[0].update(turned=["2.Z"])),
    (AROUND, lambda s: s[-1].update(counts=[7])),
    (SYLVESTER, lambda s: held(s).update(kind="value", of=["X"])),
    (INEXACT, lambda s: named(s, "of", "0.X").update(of=["Y", "Y"])),
    (INEXACT, lambda s: named(s, "of", "0.X").update(of=["Y", "X"])),
    (INEXACT, lambda s: named(s, "of", "0.X").update(of=["Y", "1.X"])),
    (INEXACT, lambda s: named(s, "of", "0.X").pop("loop")),
    (INEXACT, lambda s: named(s, "of", "0.X").update(first=1, loop=0)),
    (SWEEP, lambda s: s[0].update(split=False)),
    (SWEEP, lambda s: s[0].pop("split")),
    (RESIDUAL, lambda s: s[0].update(recomputed=["w"])),
    (RESIDUAL, lambda s: s[0].update(recomputed=["r", "m"])),
    (RESIDUAL, lambda s: s[0].update(recomputed=["x"])),
    (RESIDUAL, lambda s: s[0].update(recomputed=["nothing"])),
    (RESIDUAL, lambda s: s[0].pop("recomputed")),
    (SWEEP, lambda s: named(s, "loop", 1).update(counts=[0, 0])),
    (SWEEP, lambda s: named(s, "loop", 1).update(counts=[1, 1])),
    (SWEEP, lambda s: named(s, "loop", 1).update(loop=2)),
    (TURNED, lambda s: s[0].update(split=True)),
    (TURNED, lambda s: s[0].update(turned=[])),
    (TURNED, lambda s: s[0].update(turned=["1.Y"])),
    (TURNED, lambda s: s[0].update(turned=["1.0.X"])),
    (SIBLINGS, lambda s: named(s, "loop", 1).update(loop=2)),
    (SCHEDULED, lambda s: named(s, "first", 2).pop("first")),
    (SCHEDULED, lambda s: named(s, "first", 2).update(first=3)),
    (SCHEDULED, lambda s: named(s, "first", 2).update(first=-1)),
    (SCHEDULED, lambda s: named(s, "first", 2).update(first=6)),
    (SCHEDULED, lambda s: named(s, "first", 2).update(counts=[1, 1])),
    (SCHEDULED, lambda s: s[-1].update(counts=[7, 1])),
    (SCHEDULED, lambda s: s[-1].update(counts=[9])),
    (SYLVESTER, lambda s: s[-1].update(counts=[26])),
    (FUNCTIONS, lambda s: s.clear()),
    (FUNCTIONS, lambda s: segment(s).update(script=[0, 3])),
    (FUNCTIONS, lambda s: segment(s).update(network=[2, 3])),
    (FUNCTIONS, lambda s: segment(s).update(returns=True)),
    (FUNCTIONS, lambda s: segment(s).update(rule="inside")),
    (FUNCTIONS, lambda s: segment(s).update(steps=[])),
    (FUNCTIONS, lambda s: s.append(copy.deepcopy(segment(s)))),
    (NESTED, lambda s: s[0].update(rule="segment")),
    (NESTED, lambda s: s[0].update(steps=[])),
    (NESTED, lambda s: segment(s).update(network=[0, 1])),
]


@pytest.mark.parametrize(("script", "change"), CORRUPTIONS)
def test_corrupted_proofs_are_refused(script: str, change: Callable[[list[Json]], object]) -> None:
    program = check(Source("<script>", script))
    found = restructure(program, {})
    assert found.claim is not None
    prove_restructuring(program, found.program, {}, found.claim)
    claim = copy.deepcopy(found.claim)
    change(claim["steps"])  # type: ignore[arg-type]
    with pytest.raises(RefusedError):
        prove_restructuring(program, found.program, {}, claim)


OTHER_SCRIPTS = [
    (RESIDUAL, "r, w, m = y", "r, w, m = 2*y"),
    (RESIDUAL, "= y, 0, 0", "= y, y*x', 0 over context"),
    (RESIDUAL, "    r = y - w*x", "    r = y - w*x\n    w = 2*w"),
    (RESIDUAL, "    r = y - w*x", "    w, r = w - r*x', y - w*x over context"),
    (RESIDUAL, "    r = y - w*x", "    r = y - w*x - r"),
    (RESIDUAL, "    r = y - w*x", "    r = y - w*x\n    repeat 1:\n        r = y - w*x"),
    (RESIDUAL, "return w*x", "w = 1/2*w\nreturn w*x"),
    (STEIN, "repeat 30", "repeat 31"),
    (STEIN, "+ Q", "+ 2*Q"),
    (STEIN, "A*X*A'", "A'*X*A"),
    (STEIN, "X = Q", "X = 2*Q"),
    (SYLVESTER, "A*X - X*B", "A*X - 2*X*B"),
    (SYLVESTER, "repeat 27", "repeat 26"),
    (NEWTON, "2*X - X*A*X", "2*X - 2*X*A*X"),
    (NEWTON, "2*X - X*A*X", "3*X - X*A*X"),
    (NEWTON, "X = X0", "X = 2*X0"),
    (NEWTON, "repeat 16", "repeat 15"),
    (HYPERPOWER, "E*E*X +", "2*E*E*X +"),
    (SQUARES, "X = X*X", "X = X*X*X"),
    (BILINEAR, "repeat 60", "repeat 61"),
    (BILINEAR, "A*X*B - C", "A*X*B - 2*C"),
    (BILINEAR, "X = 0", "X = C"),
    (ROUNDS, "repeat 90", "repeat 89"),
    (AROUND, "repeat 6", "repeat 7"),
    (AROUND, "repeat 10", "repeat 11"),
    (AROUND, "repeat 3", "repeat 2"),
    (AROUND, "Z = X", "Z = 2*X"),
    (AROUND, "1/2*B*Z", "1/2*A*Z"),
    (AROUND, "B*Z - I", "B*X - I"),
    (AROUND, "1/2*B*Z", "1/2*X*Z"),
    (SQUARES, "1/2*A*B", "1/2*B*A"),
    (SYLVESTER, "X = C", "X = 2*C"),
    (SADDLE, "1/4*(B*X)", "1/5*(B*X)"),
    (SADDLE, "X, Y = 0, 0", "X, Y = F, 0"),
    (SADDLE, "return X, Y", "return X, 2*Y"),
    (FUNCTIONS, "z = relu(y)", "z = relu(2*y)"),
    (FUNCTIONS, "relu(w) + w", "relu(w) + 2*w"),
    (FUNCTIONS, "repeat 30", "repeat 29"),
    (FUNCTIONS, "w = 0", "w = z*x' over context"),
    (NESTED, "repeat 5", "repeat 4"),
    (NESTED, "repeat 10", "repeat 11"),
    (NESTED, "relu(X)", "relu(2*X)"),
    (NESTED, "X = 0", "X = I"),
    (NESTED, "1/4*(A*X - I)", "1/4*(A*X - 2*I)"),
]


@pytest.mark.parametrize(("script", "old", "new"), OTHER_SCRIPTS)
def test_other_scripts_are_refused(script: str, old: str, new: str) -> None:
    found = restructure(check(Source("<script>", script)), {})
    assert found.claim is not None
    assert old in script
    other = check(Source("<script>", script.replace(old, new, 1)))
    with pytest.raises(RefusedError):
        prove_restructuring(other, found.program, {}, found.claim)


def test_another_number_of_rounds_is_refused() -> None:
    program = check(Source("<script>", BILINEAR))
    found = restructure(program, {})
    assert found.claim is not None
    assert "repeat 3:" in found.text
    for number in (1, 2, 4):
        network = check(Source("network.alg", found.text.replace("repeat 3:", f"repeat {number}:")))
        with pytest.raises(RefusedError):
            prove_restructuring(program, network, {}, found.claim)


def test_bindings_matter() -> None:
    script = SEVERAL.replace("repeat 200", "repeat n", 1).replace("param eta", "param eta, n")
    program = check(Source("<script>", script))
    found = restructure(program, {"n": Fraction(50)})
    assert found.claim is not None
    with pytest.raises(RefusedError):
        prove_restructuring(program, found.program, {"n": Fraction(51)}, found.claim)
