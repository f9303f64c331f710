"""Numbers for parameters."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from weightsmith.dsl import BindingError, Source, check, resolve_bindings
from weightsmith.dsl.running.bindings import open_orders

PROGRAM = check(
    Source(
        "s.alg",
        "algorithm f(A: symmetric[d, d])\nassume spectrum(A) in [mu, L]\n"
        "param eta = 2/(mu + L), steps = 2*half, half = 3, s\n"
        "X = eta*A\nrepeat steps:\n    X = s*X*A\nrepeat half - 1:\n    X = X*A\nreturn X\n",
    )
)


def test_defaults_follow_what_is_given_in_the_order_of_need() -> None:
    values = resolve_bindings(PROGRAM, {"mu": 1, "L": 3})
    assert values == {"mu": 1, "L": 3, "eta": Fraction(1, 2), "steps": 6, "half": 3}
    assert list(values) == ["mu", "L", "eta", "steps", "half"]


def test_what_has_no_value_is_absent() -> None:
    assert resolve_bindings(PROGRAM, {"mu": 1}) == {"mu": 1, "half": 3, "steps": 6}


def test_what_is_given_replaces_a_default() -> None:
    assert resolve_bindings(PROGRAM, {"steps": 9})["steps"] == 9


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("0.1", Fraction(1, 10)),
        (0.1, Fraction(0.1)),
        ("1/3", Fraction(1, 3)),
        ("-2e-3", Fraction(-2, 1000)),
        (Fraction(2, 7), Fraction(2, 7)),
        (5, Fraction(5)),
        (np.float32(0.1), Fraction(float(np.float32(0.1)))),
        (np.array(7), Fraction(7)),
        (torch.nn.Parameter(torch.tensor(0.1, dtype=torch.float64)), Fraction(0.1)),
    ],
)
def test_numbers_are_exact(given: str | float | Fraction, value: Fraction) -> None:
    assert resolve_bindings(PROGRAM, {"s": given})["s"] == value


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"stps": 3}, "'f' has no parameter 'stps': did you mean 'steps'?"),
        ({"q": 3}, "'f' has no parameter 'q': it has mu, L, eta, steps, half, s."),
        ({"steps": Fraction(1, 2)}, "Parameter 'steps' counts repetitions"),
        ({"steps": -1}, "must be whole and not negative, got -1"),
        ({"half": 0}, "'repeat half + -1' counts repetitions"),
        ({"s": math.nan}, "must be a finite number, got nan"),
        ({"s": -math.inf}, "must be a finite number, got -inf"),
        ({"s": "nan"}, "must be a number, got 'nan'"),
        ({"s": "1/0"}, "division by zero"),
        ({"s": "9" * 5000}, "digits"),
        ({"s": "1e999999"}, "digits"),
        ({"s": "x" * 99}, "must be a number"),
        ({"s": True}, "must be a number, got True"),
        ({"s": None}, "must be a number, got None"),
        ({"s": np.ones(1)}, "must be a number, got array"),
        ({"s": np.array(True)}, "must be a number, got True"),
        ({"mu": 1, "L": -1}, "The default eta"),
        ({"mu": 3, "L": 2}, "the low end is above the high end"),
    ],
)
def test_what_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(BindingError) as found:
        resolve_bindings(PROGRAM, given)  # type: ignore[arg-type]
    assert message in str(found.value)


BOUNDED = check(
    Source(
        "b.alg",
        "algorithm f(A: [d, d])\nassume norm(A) <= B\nassume entries(A) in [low, high]\n"
        "assume size(d) <= n\nparam tau, s\nX = soft(A, tau)\n"
        "repeat until error <= 1/10:\n    X = clip(X, -s, 2*s)\nreturn B*n*low*high*X\n",
    )
)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"B": -1}, "The norm of 'A' is assumed to be at most -1"),
        ({"n": 0}, "The size of 'd' is assumed to be at most 0"),
        ({"low": 2, "high": 1}, "The entries of 'A' are assumed to lie in [2, 1]"),
        (
            {"low": 2, "high": 1},
            "above the high end ('entries(A) in [low, high]' at low = 2, high = 1)",
        ),
        ({"B": -1}, "it is never below 0 ('norm(A) <= B' at B = -1)"),
        ({"n": "-1e300"}, "it is never below 1 ('size(d) <= n' at n = about -1.0e300)"),
        ({"tau": -2}, "The threshold of soft is never below 0, got -2"),
        ({"s": -1}, "The low end 1 of clip is above its high end -2"),
        ({"passes": "1/2"}, "Parameter 'passes' counts repetitions"),
    ],
)
def test_bounds_that_cannot_be(given: dict[str, int | str], message: str) -> None:
    with pytest.raises(BindingError) as found:
        resolve_bindings(BOUNDED, given)
    assert message in str(found.value)


def test_a_count_that_the_compiler_chooses_needs_no_value() -> None:
    assert resolve_bindings(BOUNDED, {"B": 1, "n": 3}) == {"B": 1, "n": 3}
    assert resolve_bindings(BOUNDED, {"passes": 4}) == {"passes": 4}


def test_orders_of_limits_that_no_number_settles() -> None:
    text = "algorithm f(x: [d] per token)\nparam a, b = 2, t\n"
    text += "return clip(x, a, b) + clip(x, -1, 1) + soft(x, t) + clip(x, -t, t)\n"
    program = check(Source("s.alg", text))
    assert open_orders(program, {}) == ("a <= b", "0 <= t", "-t <= t")
    assert open_orders(program, {"a": Fraction(1), "b": Fraction(2)}) == ("0 <= t", "-t <= t")


@pytest.mark.parametrize(
    ("assumption", "start"),
    [
        ("spectrum(A*A') in [low, high]", "The spectrum of 'A*A'' is assumed to lie in [5, 1], "),
        ("singular_values(A) in [low, high]", "The singular values of 'A' are assumed to lie in "),
        ("spectrum(A*A') in [0, low] or [high, 9]", "The spectrum of 'A*A'' is assumed to lie in "),
    ],
)
def test_a_spectrum_that_cannot_be_is_named_with_its_values(assumption: str, start: str) -> None:
    text = f"algorithm f(A: [d, d])\nparam low, high\nassume {assumption}\nreturn low*high*A\n"
    with pytest.raises(BindingError) as found:
        resolve_bindings(check(Source("s.alg", text)), {"low": 5, "high": 1})
    assert str(found.value).startswith(start)
    assert f"('{assumption}' at low = 5, high = 1)" in str(found.value)
