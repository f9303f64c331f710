"""``repeat until error <= tol``: the fewest passes whose certified error is small enough."""

from __future__ import annotations

from fractions import Fraction

import pytest

import weightsmith.api as ws
from weightsmith.dsl import DiagnosticError

NEWTON = """algorithm inverse(A: symmetric[d, d])
assume spectrum(A) in [mu, L]
X = 2/(mu + L) * I
repeat until error <= {tolerance}:
    X = 2*X - X*A*X
return X approximates inv(A)
"""
RANGE = {"mu": "1/10", "L": 2}


@pytest.mark.parametrize("tolerance", ["1/2", "1e-6", "1e-30"])
def test_the_count_is_the_fewest(tolerance: str) -> None:
    script = NEWTON.format(tolerance=tolerance)
    network = ws.compile(script, settings=RANGE)
    passes = int(network.bindings["passes"])
    (bound,) = network.bounds
    assert bound.value is not None
    assert bound.value <= Fraction(tolerance)
    assert network.verify().accepted
    with pytest.raises(DiagnosticError, match=r"the error is at most .* here, but only .* proven"):
        ws.compile(script, settings={**RANGE, "passes": passes - 1})


def test_no_pass_may_be_enough() -> None:
    network = ws.compile(NEWTON.format(tolerance=1), settings=RANGE)
    assert network.bindings["passes"] == 0


def test_a_count_that_is_given_is_taken() -> None:
    network = ws.compile(NEWTON.format(tolerance="1e-6"), settings={**RANGE, "passes": 9})
    assert network.report.layers == 9


def test_numbers_are_needed() -> None:
    with pytest.raises(DiagnosticError, match="'mu' has no value"):
        ws.compile(NEWTON.format(tolerance="1e-6"))


def test_an_error_that_stays_is_reported_with_what_is_reached() -> None:
    script = """algorithm slow(A: symmetric[d, d])
assume spectrum(A) in [mu, L]
X = 1/L * I
repeat until error <= 1e-6:
    X = X + 0*(I - A*X)
return X approximates inv(A)
"""
    with pytest.raises(DiagnosticError, match=r"no number of passes|not proven"):
        ws.compile(script, settings=RANGE)


def test_an_error_without_proof_is_reported_with_the_reason() -> None:
    script = """algorithm unknown(A: symmetric[d, d])
X = I
repeat until error <= 1e-6:
    X = 2*X - X*A*X
return X approximates inv(A)
"""
    with pytest.raises(DiagnosticError, match="the error is not proven"):
        ws.compile(script)
