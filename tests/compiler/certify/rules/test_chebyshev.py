"""The rule chebyshev: scripts that no other rule bounds, against 120-digit arithmetic."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.compiler.chebyshev_runs import RUNS, Ball, F, Run, after, arb, header, worst

import weightsmith.api as ws


def bound_of(run: Run, path: Path) -> Fraction:
    """Compile, verify, and return the certified bound."""
    script = path / "script.alg"
    script.write_text(run.script)
    network = ws.compile(script, settings=run.settings)
    (bound,) = network.bounds
    assert bound.value is not None, bound.unproven
    assert bound.formula.startswith("chebyshev(")
    report = network.verify()
    assert report.accepted, [v.reason for v in report.verdicts if not v.accepted]
    return bound.value


@pytest.mark.parametrize("name", RUNS)
def test_the_bound_is_tight(name: str, tmp_path: Path) -> None:
    certified = bound_of(RUNS[name], tmp_path)
    with flint.ctx.workprec(400):
        true = worst(RUNS[name])
        assert arb(certified) >= true * (1 - Ball(2) ** -200)
        assert arb(certified) <= true * arb("1.05")


NUMBERS = st.sampled_from(["-1", "-1/2", "-1/3", "1/4", "1/2", "1", "3/2"])


@settings(max_examples=25, deadline=None)
@given(
    numbers=st.lists(NUMBERS, min_size=8, max_size=8), counts=st.tuples(*[st.integers(0, 3)] * 2)
)
def test_any_two_loops_are_bounded(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[str], counts: tuple[int, int]
) -> None:
    """Random maps, mostly far from the target: the bound is that of their values."""
    a, b, c, d, e, f, g, h = numbers
    script = (
        header("spectrum(A) in [1/2, 2]")
        + f"""X = {a}*I + {b}*A
Y = {c}*A
repeat {counts[0]}:
    X, Y = {d}*X + {e}*Y*A, {f}*X*Y + 1/2*I
Z = X
repeat {counts[1]}:
    Z = {g}*Z + {h}*X*A*Z
return Z + Y approximates inv(A)
"""
    )
    a, b, c, d, e, f, g, h = (arb(number) for number in numbers)

    def result(x: Ball) -> Ball:
        one, two = after(counts[0], lambda x, X, Y: (d * X + e * Y * x, f * X * Y + arb("1/2")))(
            x, a + b * x, c * x
        )
        return after(counts[1], lambda x, Z: (g * Z + h * one * x * Z,))(x, one)[0] + two

    run = Run(script, {}, "1/2", "2", result, lambda x: 1 / x)
    path = tmp_path_factory.mktemp("loops") / "script.alg"
    path.write_text(script)
    network = ws.compile(path)
    value = network.bounds[0].value
    assert value is not None
    assert network.verify().accepted
    with flint.ctx.workprec(400):
        true = worst(run)
        assert arb(value) >= true * (1 - Ball(2) ** -200)
        assert arb(value) <= true * arb("1.05")


def test_many_loops_with_numbers_of_their_own(tmp_path: Path) -> None:
    """Nineteen loops, ten of them with two numbers a pass: 19 scalars and 20 symbols."""
    body = "X = 1/3*A\n"
    for k in range(10):
        body += f"for a{k}, b{k} in (5/4, -1/4), (1, 0):\n    X = a{k}*X + b{k}/3*X\n"
        body += "repeat 1:\n    X = 9/8*X - 1/8*X\n" if k else ""
    path = tmp_path / "script.alg"
    path.write_text(header("spectrum(A) in [1/2, 1]") + body + "return X approximates inv(A)\n")
    network = ws.compile(path)
    value = network.bounds[0].value
    exact = 1 - F(7, 6) ** 10 / 12  # X = (7/6)^10·A/3, at the low end
    assert value is not None
    assert exact <= value <= exact * F(21, 20)
    assert network.verify().accepted


@pytest.mark.parametrize(
    ("low", "high", "body", "exact"),
    [
        ("2", "2", "X = 3/4*I - 1/8*A", F(0)),
        ("2", "2", "X = A", F(3)),
        ("1", "2", "param c = 0\nX = c*A", F(1)),
        ("1", "3", "X = A\nrepeat 0:\n    X = 2*X", F(8)),
    ],
)
def test_corner_cases(low: str, high: str, body: str, exact: Fraction, tmp_path: Path) -> None:
    """One eigenvalue, a result that is zero, a loop without passes, an error that is zero."""
    path = tmp_path / "script.alg"
    path.write_text(
        header(f"spectrum(A) in [{low}, {high}]") + body + "\nreturn X approximates inv(A)\n"
    )
    network = ws.compile(path)
    value = network.bounds[0].value
    assert value is not None
    assert exact <= value <= exact * F(21, 20) + F(1, 2**1000)
    assert network.verify().accepted


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (header("spectrum(A) in [0, 1]") + "return I - A approximates inv(A)\n", "pole"),
        (header("spectrum(A) in [0, 1]") + "return I - A approximates sqrt(A)\n", "zero"),
        (
            header("spectrum(A) in [1/1000000000000, 1]")
            + "X = A*A\nreturn X approximates inv(A + I)*A\n",
            "singularity",
        ),
        (
            header("spectrum(A) in [1/2, 1]")
            + "X = I\nrepeat 2:\n    repeat 2:\n        X = 2*X - X*A*X\n"
            "return X approximates inv(A)\n",
            "begin it anew",
        ),
        (
            header("spectrum(A) in [1/2, 1]")
            + "X = I\nrepeat 40:\n    X = 3*X - X*A*X\nY = X*A\nreturn Y approximates inv(A)\n",
            "degree",
        ),
        (header() + "return I - A approximates inv(A)\n", "--set mu"),
        (
            "algorithm a(A: [m, n])\nassume singular_values(A) in [1/2, 1]\n"
            "X = A'*A\nreturn 2*X - X*X approximates exp(-A'*A)\n",
            "eigenvalues 0",
        ),
        (
            "algorithm a(B: [d, e], C: symmetric[e, e], psi: [d, 1])\n"
            "assume nonzero_spectrum(B*C*B') in [1/2, 1]\nassume psi in range(B*C*B')\n"
            "function f(t) = 1/t\n"
            "return psi + B*C*B'*psi approximates spectral(f, B*C*B')*psi\n",
            "eigenvalue 0",
        ),
        (
            "algorithm a(A: symmetric[d, d], u: [d, 1], v: [d, 1])\n"
            "assume spectrum(A) in [1/2, 1]\nX = u + v\n"
            "repeat 2:\n    X = 2*X - A*X\nrepeat 1:\n    X = X + A*X\n"
            "return X approximates inv(A)*u\n",
            "different forms",
        ),
        (
            header("spectrum(A) in [-1, 1]")
            + "function f(t) = abs(t)\nreturn A*A approximates spectral(f, A)\n",
            "singularity",
        ),
    ],
)
def test_what_is_not_bounded_says_why(script: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "script.alg"
    path.write_text(script)
    network = ws.compile(path)
    (bound,) = network.bounds
    assert bound.value is None
    assert reason in (bound.unproven or "")
    assert network.verify().accepted
