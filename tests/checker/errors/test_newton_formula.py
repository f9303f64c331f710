"""The recursion of ``logistic_newton`` against docs/rules/logistic_newton.md, in in 60 digits."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from typing import Any

import pytest
from checker_networks import Bindings, Json
from claims_by_hand import root_claim
from mpmath import exp, mp, mpf, sqrt
from tests.checker.errors.test_newton import prepared

SIZES = {"n": 3, "m": 2}  # tokens, rows of x


def real(value: object) -> mpf:
    number = Fraction(str(value))
    return mpf(number.numerator) / number.denominator


def table_value(table: Json, place: mpf) -> mpf:
    knots: Any = table["knots"]
    places, values = ([real(knot[i]) for knot in knots] for i in (0, 1))
    after = min(max(bisect_right(places, place), 1), len(places) - 1)
    share = (place - places[after - 1]) / (places[after] - places[after - 1])
    return values[after - 1] + share * (values[after] - values[after - 1])


def passes(bindings: Bindings, tables: list[Json], inner: int, steps: int) -> list[list[mpf]]:
    """[e, r] before the first pass and after each, by the formulas of the document."""
    by_site = {str(table["site"]): table for table in tables}
    eps = [real(by_site[site].get("error", 0)) for site in ("2", "3", "4")]
    mu, m = real(bindings["mu"]), mpf(SIZES["m"])
    ell = min(real(bindings["ell"]), mpf(1))  # spectrum(x*x') <= n*ell, norm(x) <= 1
    column = min(mpf(1), sqrt(SIZES["n"] * ell))  # a column is no longer than the matrix
    h = mu + ell / 4
    d_g, d_h = eps[0] * sqrt(ell), eps[1] * ell + eps[2] * sqrt(m * ell)
    c = 2 / (2 * mu + real(bindings["ell"]) / 4)
    rho = (max(abs(1 - c * mu), abs(1 - c * h)) + c * d_h) ** (2**inner)
    x_bar = (1 + rho) / (mu - d_h)
    d_x = d_h / (mu * (mu - d_h)) + rho / (mu - d_h)
    e = min(sqrt(ell) / (2 * mu), sqrt(real("55693/200000") / mu))
    r = e * sqrt(h)
    found = [[e, r]]
    for _ in range(steps):
        decrement = min((h * e + d_g) ** 2 * x_bar, mpf(4))
        gammas = [table_value(by_site["6"], place) for place in (mpf(0), decrement)]
        theta_plain = rho + x_bar * (d_h + real("962251/10000000") * column * ell * e / 2)
        near = column * e
        d = (ell / 4) / (ell / 4 + mu)
        phi = (exp(near) - 1 - near) / near
        worst = (1 + d * (exp(near) - 1)) / (1 - d * (1 - exp(-near)))
        theta = d * phi * sqrt(worst) + sqrt(h / mu) * h * d_x
        plain = max((abs(1 - g) + g * theta_plain) * e + g * d_g * x_bar for g in gammas)
        metric = max((abs(1 - g) + g * theta) * r + g * d_g * x_bar * sqrt(h) for g in gammas)
        e, r = min(plain, metric / sqrt(mu)), min(metric, plain * sqrt(h))
        found.append([e, r])
    return found


@pytest.mark.parametrize(
    ("numbers", "gated"),
    [
        ({"mu": 1, "inner": 1}, False),
        ({"mu": "1/4", "inner": 4}, False),
        ({"mu": "1/4", "ell": "1/4", "inner": 2}, True),
        ({"mu": "1/3", "ell": "1/2", "inner": 0}, False),
    ],
)
def test_passes_are_those_of_the_document(numbers: dict[str, object], gated: bool) -> None:
    program, bindings, tables = prepared(gated=gated, shift=2, steps=4, **SIZES, **numbers)
    claim: Any = root_claim(program, bindings, tables, "w")
    with mp.workdps(60):
        wanted = passes(bindings, tables, int(str(numbers["inner"])), 4)
        for found, pair in zip(claim["steps"][0]["passes"], wanted, strict=True):
            for text, exact in zip(found, pair, strict=True):
                assert exact <= real(text) <= exact * (1 + mpf(10) ** -14)
