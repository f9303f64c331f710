"""So many passes of the best polynomials: as near as the certificate says, and as none nearer."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from weightsmith import api
from weightsmith.compiler.synthesize.families.minimax import greedy, schedule
from weightsmith.compiler.synthesize.written import script_for
from weightsmith.dsl import DiagnosticError

F = Fraction
OF = "G: [m, n]"
ASSUME = ["singular_values(G) in [1/1000, 1]"]


def test_cubics_are_those_that_a_tolerance_takes() -> None:
    start = F(1, 100), F(1)
    wanted = greedy(start, F(1, 1000))
    assert schedule(start, len(wanted.steps), terms=2) == wanted


@pytest.mark.parametrize("degree", [3, 5])
@pytest.mark.parametrize("passes", [1, 2, 6])
def test_every_singular_value_comes_as_near_as_certified(degree: int, passes: int) -> None:
    """In exact rationals, at the ends, at places between them and near the worst."""
    network = api.synthesize("polar(G)", of=OF, assume=ASSUME, passes=passes, degree=degree)
    assert network.verify().accepted
    assert network.report.layers == passes * (degree - 1) // 2
    found = schedule((F(1, 1000), F(1)), passes, terms=(degree + 1) // 2)
    bound = network.bounds[0].value
    worst = F(0)
    for k in range(201):
        t = F(1, 1000) + F(999, 1000) * F(k, 200) ** 3
        for step in found.steps:
            t = sum((c * t ** (2 * j + 1) for j, c in enumerate(step)), F(0)).limit_denominator(
                10**40
            )
        worst = max(worst, abs(1 - t))
    assert worst <= bound + F(1, 10**30)
    assert bound <= found.error * (1 + F(1, 10**6))
    assert worst > bound * F(9, 10)  # it is reached, at the smallest singular value


@pytest.mark.parametrize("passes", [2, 4])
def test_no_other_quintics_are_nearer(passes: int) -> None:
    """Coefficients a little aside of the best ones of the first pass are worse after the last."""
    start = F(1, 1000), F(1)
    best = schedule(start, passes, terms=3)
    grid = np.concatenate([np.geomspace(1e-3, 1, 4001), np.linspace(1e-3, 1, 4001)])

    def error(first: tuple[float, ...]) -> float:
        t = first[0] * grid + first[1] * grid**3 + first[2] * grid**5
        ends = F(float(t.min())), F(float(t.max()))
        if ends[0] <= 0:
            return 1.0
        return float(schedule(ends, passes - 1, terms=3).error)

    given = tuple(float(c) for c in best.steps[0])
    least = error(given)
    for place in range(3):
        for factor in (0.99, 1.01):
            moved = tuple(c * (factor if k == place else 1) for k, c in enumerate(given))
            assert error(moved) > least * (1 - 1e-9)


def test_a_sign_and_its_data() -> None:
    assume = ["spectrum(A) in [-1, -1/10] or [1/10, 1]"]
    network = api.synthesize("sign(A)", assume=assume, passes=3, degree=5)
    values = np.array([-1.0, -0.4, -0.1, 0.1, 0.7, 1.0])
    got = next(iter(network.run({"A": np.diag(values)}).values()))
    assert np.abs(got - np.diag(np.sign(values))).max() <= float(network.bounds[0].value) + 1e-12
    assert network.source.text.startswith("# Synthesised: sign(A) in 3 passes.\n")


def test_a_tall_and_a_wide_matrix() -> None:
    network = api.synthesize("polar(G)", of=OF, assume=ASSUME, passes=6, degree=5)
    for shape in ((3, 8), (8, 3)):
        u, _, v = np.linalg.svd(np.random.default_rng(1).normal(size=shape), full_matrices=False)
        got = network.run({"G": u @ np.diag([1.0, 0.03, 0.001]) @ v})["X"]
        error = np.linalg.norm(got - u @ v, 2)
        assert error <= float(network.bounds[0].value) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("within", "passes", "degree", "message"),
    [
        (None, None, 3, "either how near"),
        ("1e-3", 4, 3, "either how near"),
        ("1e-3", None, 5, "together with the number"),
        (None, 0, 3, "expected 1 to 60 passes, got 0"),
        (None, 61, 3, "expected 1 to 60 passes, got 61"),
        (None, 4, 7, "degree 3 or 5, got 7"),
        (None, 4, 4, "degree 3 or 5, got 4"),
    ],
)
def test_a_wrong_option(within: str | None, passes: int | None, degree: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        script_for("polar(A)", "A: [m, n]", (), within, passes, degree, "f")


@pytest.mark.parametrize("target", ["inv(A)", "sqrt(A)", "exp(A)", "A^(-1/3)"])
def test_other_targets_have_no_number_of_passes(target: str) -> None:
    with pytest.raises(DiagnosticError, match="chosen for polar factors and signs, not for"):
        api.synthesize(target, assume=["spectrum(A) in [1/10, 1]"], passes=3)
