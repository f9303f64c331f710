"""``synthesize`` within a larger program, and ``ensure`` over polynomials and counts together."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.checker.claims_by_hand import changing
from tests.compiler.instances import EXAMPLES, symmetric

import weightsmith.api as ws
from weightsmith.compiler.choosing.choices import resolve_choices
from weightsmith.compiler.costs.report import layers_as_run
from weightsmith.compiler.pipeline import compile_program
from weightsmith.dsl import DiagnosticError, Source, check

HEAD = "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [1/4, 2]\n"
WHITENED = (EXAMPLES / "whitened_regression.alg").read_text(encoding="utf-8")
STEPPED = f"""{HEAD}param steps
ensure error <= TOL
P = synthesize invsqrt(A)WITHIN
X = P*P
repeat steps:
    X = X + P*P*(I - A*X)
return X approximates inv(A)
"""
TWO_LOOPS = f"""{HEAD}param slow, fast
ensure error <= TOL
X = 4/9*I
repeat slow:
    X = X + 4/9*(I - A*X)
repeat fast:
    X = 2*X - X*A*X
return X approximates inv(A)
"""


def value(network: ws.Network) -> Fraction:
    (bound,) = network.bounds
    assert bound.value is not None
    return bound.value


def layers(network: ws.Network) -> int:
    found = network.report.layers
    assert found is not None
    return found


def layers_of(text: str, steps: int) -> int:
    """Those of the network, without its certificate."""
    bindings = {"steps": Fraction(steps)}
    chosen = resolve_choices(check(Source("<script>", text)), bindings, text)
    compiled = compile_program(chosen.program, chosen.bindings)
    found = layers_as_run(compiled.template, chosen.bindings)
    assert found is not None
    return found


# -- in a larger program ------------------------------------------------------------------------


def test_the_steps_are_an_ordinary_script_that_is_certified() -> None:
    text = HEAD + "param steps = 2\nX = A*A\nP = synthesize invsqrt(A) within 1e-2\nY = P*P\n"
    text += "repeat steps:\n    Y = 2*Y - Y*A*Y\nreturn Y approximates inv(A), X\n"
    network = ws.compile(text)
    assert "synthesize " not in network.source.text
    assert network.source.text.index("X = A*A") < network.source.text.index("repeat 1:")
    assert value(network) < Fraction(1, 10**6)  # 0.02 squared twice
    assert network.verify().accepted
    A = symmetric(np.random.default_rng(3), 5)
    found = network.run({"A": A})
    assert np.linalg.norm(found["Y"] @ A - np.eye(5), 2) < 1e-6
    np.testing.assert_allclose(found["X"], A @ A, atol=1e-13)


def test_several_stand_side_by_side_and_their_names_do_not_clash() -> None:
    text = HEAD + (
        "function h(t) = 1/(c + t^2)\nparam c = 2\nE = A/2\nT1 = E + I\nX = E*T1\n"
        "P = synthesize inv(A + I) within 1e-3\nQ = synthesize 2*spectral(h, A) within 1e-3\n"
        "return synthesize exp(-A) within 1e-3, P*Q approximates 2*inv(A + I)*spectral(h, A), X\n"
    )
    network = ws.compile(text)
    assert layers(network) <= 5
    A = symmetric(np.random.default_rng(4), 5)
    found = list(network.run({"A": A}).values())
    values, basis = np.linalg.eigh(A)
    for output, exact in zip(
        found,
        (np.exp(-values), 2 / (1 + values) / (2 + values**2), values / 2 * (values / 2 + 1)),
        strict=True,
    ):
        assert np.abs(output - (basis * exact) @ basis.T).max() < 3e-3
    assert network.verify().accepted


def test_a_loop_may_be_open_and_until_may_stand_beside() -> None:
    body = "P = synthesize inv(A) within 1e-2\nX = P\n{}:\n    X = 2*X - X*A*X\n"
    text = HEAD + "{}" + body + "return X approximates inv(A)\n"
    opened = ws.compile(text.format("param steps\n", "repeat steps"))
    assert opened.report.layers is None
    assert opened.report.layers_text == "steps + 2"
    until = ws.compile(text.format("", "repeat until error <= 1e-9"))
    assert value(until) <= Fraction(1, 10**9)
    again = ws.compile(until.source.text)
    assert again.files() == until.files()


def test_calls_and_tables_stand_beside_a_synthesis() -> None:
    text = (
        "algorithm newton(A: symmetric[d, d], S: symmetric[d, d])\nassume spectrum(A) in [mu, L]\n"
        "param steps = 2\nX = S\nrepeat steps:\n    X = 2*X - X*A*X\nreturn X\n\n"
        f"{HEAD}P = synthesize inv(A) within 1e-2\nY = newton(A, P)\nZ = relu(Y)\nreturn Y, Z\n"
    )
    network = ws.compile(text)
    A = symmetric(np.random.default_rng(5), 4)
    found = network.run({"A": A})
    np.testing.assert_allclose(found["Y"], np.linalg.inv(A), atol=1e-6)
    np.testing.assert_allclose(found["Z"], np.maximum(found["Y"], 0), atol=1e-12)


# -- ensure -------------------------------------------------------------------------------------


@pytest.mark.parametrize("tolerance", ["1e-2", "1e-5", "1e-9"])
def test_no_polynomial_and_count_have_fewer_layers(tolerance: str) -> None:
    network = ws.compile(STEPPED.replace("TOL", tolerance).replace("WITHIN", ""))
    best = layers(network)
    assert value(network) <= Fraction(tolerance)
    assert network.verify().accepted
    plain = STEPPED.replace("ensure error <= TOL\n", "")
    tried: set[int] = set()
    for exponent in range(1, 24):
        text = plain.replace("WITHIN", f" within 1/{2**exponent}")
        for steps in range(6):
            if layers_of(text, steps) >= best:
                break
            other = ws.compile(text, settings={"steps": steps})
            assert layers(other) == layers_of(text, steps)
            tried.add(layers(other))
            assert value(other) > Fraction(tolerance), (exponent, steps)
    assert tried or best <= 2


@pytest.mark.parametrize("tolerance", ["1e-2", "1e-6"])
def test_no_two_counts_have_fewer_layers(tolerance: str) -> None:
    network = ws.compile(TWO_LOOPS.replace("TOL", tolerance))
    assert value(network) <= Fraction(tolerance)
    assert network.verify().accepted
    plain = TWO_LOOPS.replace("ensure error <= TOL\n", "")
    best = layers(network)
    for slow in range(best):
        for fast in range(best - slow):
            other = ws.compile(plain, settings={"slow": slow, "fast": fast})
            assert layers(other) >= best or value(other) > Fraction(tolerance), (slow, fast)


def test_what_has_a_tolerance_keeps_it() -> None:
    text = STEPPED.replace("TOL", "1e-6").replace("WITHIN", " within 1/10")
    network = ws.compile(text)
    assert "Synthesised: invsqrt(A) within 0.1." in network.source.text
    assert network.bindings["steps"] >= 2
    free = ws.compile(text.replace(" within 1/10", ""))
    assert layers(free) <= layers(network)


def test_several_open_targets_share_the_depth() -> None:
    text = HEAD + (
        "ensure error <= 1e-4\nP = synthesize invsqrt(A)\nQ = synthesize inv(A)\n"
        "return P*P approximates inv(A), 2*Q approximates 2*inv(A), synthesize sqrt(A + I)\n"
    )
    network = ws.compile(text)
    assert all(b.value is not None and b.value <= Fraction(1, 10**4) for b in network.bounds)
    assert layers(network) <= 4
    assert network.verify().accepted
    assert network.source.text.count("# Synthesised") == 3


def test_the_example_runs_on_data_that_meets_its_assumption() -> None:
    network = ws.compile(WHITENED, settings={"mu": "1/4", "L": 2})
    (bound,) = network.bounds
    assert bound.value is not None
    assert bound.value <= Fraction(1, 10**6)
    random = np.random.default_rng(6)
    x = np.linalg.qr(random.normal(size=(9, 3)))[0].T * np.sqrt([[0.25], [1.0], [2.0]])
    y, query = random.normal(size=(2, 9)), random.normal(size=(3, 4))
    inputs = {"x": {"context": x, "query": query}, "y": {"context": y}}
    (output,) = network.run(inputs).values()
    solution = np.linalg.lstsq(x.T, y.T, rcond=None)[0].T
    error = np.linalg.norm(output["query"] - solution @ query, 2)
    assert error <= 1e-6 * np.linalg.norm(solution, 2) * np.linalg.norm(query, 2)


def test_the_middle_of_a_spectrum_is_no_exception() -> None:
    """There the series' variable is 0, and 13 points include it."""
    text = STEPPED.replace("ensure error <= TOL\n", "").replace("WITHIN", " within 1/250")
    network = ws.compile(text, settings={"steps": 0})
    assert value(network) < Fraction(1, 100)
    assert network.verify().accepted


def test_a_smaller_bound_or_other_steps_are_refused(tmp_path: Path) -> None:
    network = ws.compile(WHITENED, settings={"mu": "1/4", "L": 2})
    network.save(tmp_path / "net")
    assert ws.verify(tmp_path / "net").accepted
    certificate = json.loads((tmp_path / "net" / "certificate.json").read_text())
    script = (tmp_path / "net" / "script.alg").read_text(encoding="utf-8")
    with changing(certificate) as claim:
        claim["bound"]["value"] = str(Fraction(claim["bound"]["value"]) * 99 / 100)
    (tmp_path / "net" / "certificate.json").write_text(json.dumps(certificate))
    assert not ws.verify(tmp_path / "net").accepted
    network.save(tmp_path / "other")
    changed = script.replace("w = w + (y - w*z)*z'", "w = w + 2*(y - w*z)*z'")
    assert changed != script
    certificate = json.loads((tmp_path / "other" / "certificate.json").read_text())
    certificate["files"]["script.alg"] = hashlib.sha256(changed.encode()).hexdigest()
    (tmp_path / "other" / "script.alg").write_text(changed, encoding="utf-8")
    (tmp_path / "other" / "certificate.json").write_text(json.dumps(certificate))
    assert not ws.verify(tmp_path / "other").accepted


REFUSED = [
    (STEPPED.replace("TOL", "1e-15"), "float64 does not carry an error", "can be met"),
    (
        f"{HEAD}ensure error <= 1e-6\nP = synthesize invsqrt(A)\n"
        "Q = synthesize sqrt(A) within 1/10\nreturn P*P*P*Q approximates inv(A)\n",
        "the least found is",
        "",
    ),
    (STEPPED.replace("TOL", "1e-6").replace(" approximates inv(A)", ""), "no error to bound", ""),
    (
        STEPPED.replace("TOL", "1e-6").replace("invsqrt(A)", "inv(invsqrt(A))"),
        "a function of invsqrt(A), which is a function of a matrix itself",
        "write one function",
    ),
    (
        STEPPED.replace("TOL", "1e-6").replace("invsqrt(A)", "invsqrt(A + A*A)"),
        "no assumption bounds the spectrum of A + A*A",
        "assume spectrum(A + A*A)",
    ),
    (
        STEPPED.replace("TOL", "1e-6").replace("invsqrt(A)", "invsqrt(A - I)"),
        "a root needs a positive spectrum",
        "mu > 0",
    ),
    (
        STEPPED.replace("ensure error <= TOL\n", ""),
        "nothing says how near",
        "ensure error <= 1e-6",
    ),
    (
        STEPPED.replace("TOL", "1e-6").replace("[1/4, 2]", "[mu, 2]"),
        "'mu' has none",
        "--set mu=",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("script", "message", "hint"), REFUSED)
def test_what_cannot_be_is_refused_with_its_place(script: str, message: str, hint: str) -> None:
    with pytest.raises(DiagnosticError) as refusal:
        ws.compile(script.replace("WITHIN", ""))
    (found,) = refusal.value.diagnostics
    assert message in found.message
    assert hint in found.render()
    assert found.underlined.startswith(("ensure error", "P = synthesize"))
