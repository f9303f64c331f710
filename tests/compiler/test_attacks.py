"""Attacks that once succeeded: each must be refused, or claimed no more than is true."""

from __future__ import annotations

import copy
import hashlib
import json
import math
from fractions import Fraction
from pathlib import Path

import pytest
from tests.checker.claims_by_hand import claims_in, put

import weightsmith.api as ws
from weightsmith.dsl import DiagnosticError

TWO_FORMS = """algorithm evil(A: symmetric[d, d], B: symmetric[d, d])
assume spectrum(A) in [mu, L]
param steps = 6
X, Y, Z = 2/(mu + L)*(I + B), 2/(mu + L)*B, 2/(mu + L)*I
repeat steps:
    X, Y, Z = X + Y - B*Z*A*Z, 2*Y - B*Z*A*Z, 2*Z - Z*A*Z
W = X - Y
return W approximates inv(A), Z approximates inv(A)
"""


def test_two_forms_may_not_share_a_scalar(tmp_path: Path) -> None:
    """W never changes; a claim that borrows Z's recurrence for both parts of X must fall."""
    network = ws.compile(TWO_FORMS, settings={"mu": "1/10", "L": 2})
    document = json.loads(network.files()["certificate.json"])
    claims = claims_in(document)
    index = next(i for i, c in enumerate(claims) if c.get("output") == "W")
    honest = next(c for c in claims if c.get("output") == "Z")
    forged = {**copy.deepcopy(honest), "output": "W"}
    step = next(s for s in forged["steps"] if s["rule"] == "loop")
    step["forms"]["Y#0"] = [{"left": ["B"], "scalar": "Z", "right": []}]
    step["forms"]["X#0"] = [
        {"left": [], "scalar": "Z", "right": []},
        {"left": ["B"], "scalar": "Z", "right": []},
    ]
    claims[index] = forged
    put(document, claims)
    for name, data in network.files().items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "certificate.json").write_text(json.dumps(document))
    refused = [v for v in ws.verify(tmp_path).verdicts if not v.accepted]
    assert [v.kind for v in refused] == ["recurrence", "truncation"]
    assert "own" in refused[0].reason


@pytest.mark.parametrize("target", ["pinv(A)*A", "inv(A)*A", "pinv(A*A)*A*A"])
def test_a_pole_that_cancels_is_still_a_pole(target: str) -> None:
    """At the eigenvalue 0 pinv(A)·A is 0, not 1."""
    script = f"""algorithm projector(A: symmetric[d, d])
assume spectrum(A) in [low, L]
param steps = 5
X = I - 1/4*A
repeat steps:
    X = 2*X - X*X
return X approximates {target}
"""
    singular = ws.compile(script, settings={"low": 0, "L": 2})
    assert singular.bounds[0].value is None
    regular = ws.compile(script, settings={"low": "1/2", "L": 2})
    assert regular.bounds[0].value is not None
    assert singular.verify().accepted
    assert regular.verify().accepted


def test_a_formula_without_numbers_names_its_conditions() -> None:
    script = """algorithm heat(A: symmetric[d, d])
assume spectrum(A) in [-10, 1]
param s = 1, k
E = I - s/3^k * A
repeat k:
    E = E*E*E
return E approximates exp(-s*A)
"""
    open_ended = ws.compile(script)
    assert open_ended.verify().accepted
    assert "the side conditions of the rule power_exp hold" in open_ended.bounds[0].hypotheses
    outside = ws.compile(script, settings={"k": 5})
    (bound,) = outside.bounds
    assert bound.formula.startswith("chebyshev(")
    assert bound.value is not None
    assert abs((1 + Fraction(10, 243)) ** 243 - Fraction(math.exp(10))) <= bound.value
    assert outside.verify().accepted


def test_a_scalar_that_divides_by_zero_is_an_error_even_where_it_cancels() -> None:
    script = """algorithm cancelled(A: symmetric[d, d])
assume spectrum(A) in [mu, L]
X = 2/(mu + L)*I
repeat 3:
    X = 2*X - X*A*X
return 1/(mu - 1)*(mu - 1)*X approximates inv(A)
"""
    with pytest.raises(DiagnosticError, match="mu = 1"):
        ws.compile(script, settings={"mu": 1, "L": 2})


@pytest.mark.parametrize(
    ("body", "settings"),
    [
        ("X = I - 2*A\nrepeat 4:\n    X = X + 2*(I - A*X)", {"mu": "1/2", "L": 3}),
        ("X = I - 2*A*A\nrepeat 4:\n    X = X + 1/2*(I - A*X)", {"mu": "1/2", "L": 3}),
    ],
)
def test_starts_of_any_degree_verify(body: str, settings: dict[str, object]) -> None:
    script = f"""algorithm start(A: symmetric[d, d])
assume spectrum(A) in [mu, L]
{body}
return X approximates inv(A)
"""
    network = ws.compile(script, settings=settings)
    assert network.bounds[0].value is not None
    assert network.verify().accepted


@pytest.mark.parametrize(("eta", "steps"), [("2", 1), ("5", 6), ("1/8", 30)])
def test_momentum_with_a_square_beta_verifies(eta: str, steps: int) -> None:
    path = Path(__file__).resolve().parents[2] / "examples" / "heavy_ball.alg"
    settings = {"mu": "1/4", "L": 4, "eta": eta, "beta": 9, "steps": steps}
    assert ws.compile(path, settings=settings).verify().accepted


@pytest.mark.parametrize(
    ("assumption", "body", "target"),
    [
        ("singular_values(A) in [0, q]", "X = I + A*X", "inv(I - A)"),
        ("singular_values(A) in [q, 2]", "X = A*X", "A"),
        ("spectrum(I - A) in [0, q]", "X = X + (I - A*X)", "inv(A)"),
    ],
)
def test_what_no_rule_covers_is_unproven_with_a_reason(
    assumption: str, body: str, target: str
) -> None:
    kind = "symmetric[d, d]" if assumption.startswith("spectrum") else "[d, d]"
    script = f"""algorithm uncovered(A: {kind})
assume {assumption}
X = I
repeat 5:
    {body}
return X approximates {target}
"""
    network = ws.compile(script, settings={"q": "1/2"})
    assert network.bounds[0].unproven
    assert "nothing about a spectrum" not in network.bounds[0].unproven
    assert network.verify().accepted


def test_errors_of_the_compiler_point_into_the_users_file(tmp_path: Path) -> None:
    (tmp_path / "helper.alg").write_text(
        "algorithm helper(A: [d, d])\nX = A*A\nX = X*X\nreturn X\n"
    )
    path = tmp_path / "main.alg"
    path.write_text(
        'use helper from "helper.alg"\nalgorithm main(A: [d, d])\nreturn helper(A), 0*A\n'
    )
    with pytest.raises(DiagnosticError) as found:
        ws.compile(path)
    (diagnostic,) = found.value.diagnostics
    assert diagnostic.span.source.name.endswith("main.alg")
    assert diagnostic.line == 3


def test_a_layer_that_moves_nothing_is_not_there() -> None:
    script = """algorithm twice(A: symmetric[d, d], b: [d, k])
x = 0
repeat 3:
    x = x + 1/2*(b - A*x)
repeat 4:
    x = x + 1/3*(b - A*x)
return x
"""
    network = ws.compile(script)
    assert network.verify().accepted
    assert len(network.module().stack()) == network.report.layers == 7


def test_a_matrix_that_is_not_symmetric_is_refused() -> None:
    network = ws.compile(
        Path(__file__).resolve().parents[2] / "examples" / "newton_inverse.alg",
        settings={"mu": 1, "L": 2},
    )
    with pytest.raises(Exception, match="A is not symmetric"):
        network.run({"A": [[1.0, 2.0], [0.0, 1.0]]})


def test_numbers_of_numpy_are_numbers() -> None:
    import numpy as np

    path = Path(__file__).resolve().parents[2] / "examples" / "newton_inverse.alg"
    network = ws.compile(path, settings={"mu": np.float32(0.5), "L": np.int64(2)})
    assert network.missing == ()


@pytest.mark.parametrize(("rows", "columns"), [(7, 4), (4, 7), (5, 5)])
@pytest.mark.parametrize(
    ("inputs", "start", "body", "target"),
    [
        ("A: [m, n]", "2/(s^2 + u^2)*A'", "2*X - X*A*X", "pinv(A)"),
        ("A: [m, n], b: [m, k]", "0", "X + 2/(s^2 + u^2)*A'*(b - A*X)", "pinv(A)*b"),
    ],
)
def test_pseudo_inverses_of_any_shape(
    rows: int, columns: int, inputs: str, start: str, body: str, target: str
) -> None:
    import numpy as np

    from .instances import HIGH, LOW, with_singular_values

    script = f"""algorithm pseudo({inputs})
assume singular_values(A) in [s, u]
X = {start}
repeat 6:
    X = {body}
return X approximates {target}
"""
    network = ws.compile(script, settings={"s": str(LOW), "u": str(HIGH)})
    assert network.verify().accepted
    bound = network.bounds[0].value
    assert bound is not None
    random = np.random.default_rng(rows)
    data = {"A": with_singular_values(random, rows, columns)}
    if "b" in inputs:
        data["b"] = random.normal(size=(rows, 3))
    found, wanted = network.run(data)["X"], np.linalg.pinv(data["A"]) @ data.get("b", np.eye(rows))
    error = np.linalg.norm(found - wanted, 2) / np.linalg.norm(wanted, 2)
    assert error <= float(bound) + 1e-12


@pytest.mark.parametrize(
    ("value", "good", "bad"),
    [("clip(x, a, b)", {"a": "-1", "b": "1"}, {"a": "1", "b": "-1"}),
     ("soft(x, b)", {"a": "0", "b": "1"}, {"a": "0", "b": "-1"})],
)  # fmt: skip
def test_limits_out_of_order_are_another_function(
    value: str, good: dict[str, str], bad: dict[str, str], tmp_path: Path
) -> None:
    """The formula of clip is no clip where its low end is above its high end."""
    script = f"algorithm f(x: [d] per query)\nparam a, b\nreturn {value} + a*x\n"
    network = ws.compile(script, settings=good)
    files = {n: json.loads(network.files()[n]) for n in ("template.json", "certificate.json")}
    for document in files.values():
        document["bindings"] = bad
    claims = claims_in(files["certificate.json"])
    put(files["certificate.json"], [c for c in claims if c["kind"] != "weights"])
    texts = {n: json.dumps(d, indent=2, sort_keys=True) + "\n" for n, d in files.items()}
    hashes = files["certificate.json"]["files"]
    hashes["model.safetensors"] = None
    hashes["template.json"] = hashlib.sha256(texts["template.json"].encode()).hexdigest()
    texts["certificate.json"] = json.dumps(files["certificate.json"], indent=2, sort_keys=True)
    for name, text in {"script.alg": script, **texts}.items():
        (tmp_path / name).write_text(text)
    (refused,) = [v for v in ws.verify(tmp_path).verdicts if not v.accepted]
    assert refused.kind == "exactness"
    assert "bindings" in refused.reason
