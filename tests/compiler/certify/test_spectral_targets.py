"""sign, fractional powers and spectra in two intervals: certified, observed, and not if altered."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.checker.claims_by_hand import changing, claims_in, put

from weightsmith import api

Array = NDArray[Any]
MIRRORED = "[-L, -mu] or [mu, L]"
HEAD = "algorithm f(A: symmetric[d, d])\nassume {}\nparam steps = 8\n"
SIGN = """\
X = {}*A
repeat steps:
    X = 3/2*X - 1/2*X*X*X
return X approximates sign(A)
"""
INVERSE = """\
X = 2/(mu^2 + L^2)*A
repeat steps:
    X = 2*X - X*A*X
return X approximates inv(A)
"""
ROOT = """\
X = 1/L*I
repeat steps:
    X = 4/3*X - 1/3*X*X*X*X*A
return X approximates A^(-1/3)
"""
HALF = """\
X = 1/L*I
repeat steps:
    X = 3/2*X - 1/2*X*X*X*A
return X approximates A^(-1/2)
"""
# name -> script, its numbers, the intervals of its eigenvalues
CASES: dict[str, tuple[str, dict[str, str], list[tuple[float, float]]]] = {
    "sign, mirrored": (
        HEAD.format(f"spectrum(A) in {MIRRORED}") + SIGN.format("1/L"),
        {"mu": "1/5", "L": "2"}, [(-2, -0.2), (0.2, 2)],
    ),
    "sign, not mirrored": (
        HEAD.format("spectrum(A) in [-b, -a] or [c, r]") + SIGN.format("1/3"),
        {"a": "1/2", "b": "1", "c": "1/4", "r": "3"}, [(-1, -0.5), (0.25, 3)],
    ),
    "sign, by singular values": (
        HEAD.format("singular_values(A) in [mu, L]") + SIGN.format("1/L"),
        {"mu": "1/5", "L": "2"}, [(-2, -0.2), (0.2, 2)],
    ),
    "polar factor": (
        HEAD.format(f"spectrum(A) in {MIRRORED}") + SIGN.format("1/L").replace("sign", "polar"),
        {"mu": "1/5", "L": "2"}, [(-2, -0.2), (0.2, 2)],
    ),
    "inverse of an indefinite matrix": (
        HEAD.format(f"spectrum(A) in {MIRRORED}") + INVERSE,
        {"mu": "1/2", "L": "2"}, [(-2, -0.5), (0.5, 2)],
    ),
    "inverse between two intervals": (
        HEAD.format("spectrum(A) in [mu, 1] or [3/2, L]")
        + INVERSE.replace("(mu^2 + L^2)*A", "(mu + L)*I"),
        {"mu": "1/2", "L": "2"}, [(0.5, 1), (1.5, 2)],
    ),
    "inverse cube root": (
        HEAD.format("spectrum(A) in [mu, L]") + ROOT, {"mu": "1/2", "L": "2", "steps": "4"},
        [(0.5, 2)],
    ),
    "inverse square root": (
        HEAD.format("spectrum(A) in [mu, L]") + HALF, {"mu": "1/4", "L": "2"}, [(0.25, 2)],
    ),
}  # fmt: skip


def compiled(name: str) -> api.Network:
    text, settings, _ = CASES[name]
    return api.compile(text, settings=settings)


@pytest.mark.parametrize("name", CASES)
def test_the_bound_holds_and_is_tight(name: str, tmp_path: Path) -> None:
    network = compiled(name)
    (bound,) = network.bounds
    assert bound.value is not None
    network.save(str(tmp_path / "net"))
    report = api.verify(str(tmp_path / "net"))
    assert report.accepted, [one for one in report.verdicts if not one.accepted]
    worst = 0.0
    for seed, matrix in enumerate(matrices(CASES[name][2])):
        found = network.run({"A": matrix})["X"]
        wanted = network.target({"A": matrix})["X"]
        error = np.linalg.norm(found - wanted, 2)
        scale = 1 if bound.scale == "1" else np.linalg.norm(wanted, 2)
        worst = max(worst, float(error / scale))
        assert error / scale <= float(bound.value) * (1 + 1e-9) + 1e-13, seed
    assert worst >= float(bound.value) / 3 or float(bound.value) < 1e-13


def matrices(intervals: list[tuple[float, float]]) -> list[Array]:
    """Symmetric matrices with eigenvalues at the ends of the intervals, and within."""
    found = []
    for seed in range(3):
        chance = np.random.default_rng(seed)
        inner = [chance.uniform(low, high) for low, high in intervals]
        values = np.array([end for pair in intervals for end in pair] + inner)
        vectors, _ = np.linalg.qr(chance.normal(size=(len(values), len(values))))
        found.append((vectors * values) @ vectors.T)
    return found


def test_the_hypothesis_says_the_union() -> None:
    for name, text in {
        "sign, mirrored": "spectrum(A) in [-L, -mu] or [mu, L]",
        "sign, not mirrored": "spectrum(A) in [-b, -a] or [c, r]",
        "inverse between two intervals": "spectrum(A) in [mu, 1] or [3/2, L]",
    }.items():
        assert compiled(name).bounds[0].hypotheses == (text,)


def test_singular_values_may_lie_in_two_intervals(tmp_path: Path) -> None:
    text = HEAD.format("singular_values(A) in [mu, 1] or [3/2, L]") + SIGN.format("1/L")
    network = api.compile(text, settings={"mu": "1/5", "L": "2"})
    assert network.bounds[0].hypotheses == ("singular_values(A) in [mu, 1] or [3/2, L]",)
    network.save(str(tmp_path / "net"))
    assert api.verify(str(tmp_path / "net")).accepted


def truncation(network: api.Network) -> dict[str, Any]:
    (claim,) = [one for one in claims_in(network.certificate) if one["kind"] == "truncation"]
    return claim


# -- what must not be believed ------------------------------------------------------------------

ALTERED = [
    ("sign, mirrored", "of", ["A"]),
    ("sign, mirrored", "of", ["A", "A", "A"]),
    ("sign, mirrored", "number", 1),
    ("inverse between two intervals", "of", ["A", "A"]),
    ("inverse cube root", "of", ["A", "A"]),
    ("inverse cube root", "equal", ["X"]),
    ("sign, mirrored", "scale", "norm(target)"),
    ("sign, mirrored", "hypotheses", [["assumption", 1]]),
    ("sign, mirrored", "hypotheses", [["symmetric", 0]]),
]


@pytest.mark.parametrize(("name", "key", "value"), ALTERED)
def test_an_altered_claim_is_refused(name: str, key: str, value: object, tmp_path: Path) -> None:
    compiled(name).save(str(tmp_path / "net"))
    path = tmp_path / "net" / "certificate.json"
    certificate = json.loads(path.read_text(encoding="utf-8"))
    with changing(certificate) as claim:
        places = [claim, claim["steps"][0], claim["steps"][-1]]
        (place,) = [one for one in places if key in one]
        assert place[key] != value
        place[key] = value
    path.write_text(json.dumps(certificate), encoding="utf-8")
    assert not api.verify(str(tmp_path / "net")).accepted


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_bound_that_other_ends_would_give_is_refused(name: str, tmp_path: Path) -> None:
    compiled(name).save(str(tmp_path / "net"))
    path = tmp_path / "net" / "certificate.json"
    certificate = json.loads(path.read_text(encoding="utf-8"))
    with changing(certificate) as claim:
        value = Fraction(claim["bound"]["value"])
    for wrong in (value * Fraction(999, 1000), value * Fraction(1001, 1000)):
        with changing(certificate) as claim:
            claim["bound"]["value"] = str(wrong)
        path.write_text(json.dumps(certificate), encoding="utf-8")
        assert not api.verify(str(tmp_path / "net")).accepted


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sign, mirrored", "[-L, -mu] or [mu, L]", "[-L, -mu] or [-mu/2, L]"),
        ("sign, mirrored", "[-L, -mu] or [mu, L]", "[-L, -mu/2] or [mu, L]"),
        ("sign, mirrored", "[-L, -mu] or [mu, L]", "[-2*L, -mu] or [mu, L]"),
        ("inverse cube root", "A^(-1/3)", "A^(-2/3)"),
        ("inverse cube root", "A^(-1/3)", "A^(1/3)"),
        ("sign, mirrored", "sign(A)", "sign(A*A*A)"),
    ],
)
def test_another_script_is_refused(name: str, old: str, new: str, tmp_path: Path) -> None:
    """The certificate of one script beside another one, the hashes made to fit."""
    text, settings, _ = CASES[name]
    assert old in text
    compiled(name).save(str(tmp_path / "net"))
    api.compile(text.replace(old, new), settings=settings).save(str(tmp_path / "other"))
    mine, others = (
        json.loads((tmp_path / one / "certificate.json").read_text(encoding="utf-8"))
        for one in ("net", "other")
    )
    mine |= {key: others[key] for key in ("files", "program")}
    path = tmp_path / "other" / "certificate.json"
    path.write_text(json.dumps(mine), encoding="utf-8")
    kinds = {one.kind: one.accepted for one in api.verify(str(tmp_path / "other")).verdicts}
    honest = dict.fromkeys(("integrity", "script", "exactness", "weights"), True)
    assert kinds.pop("spectrum") in (True, False)
    assert kinds.pop("recurrence") in (True, False)
    assert kinds == {**honest, "truncation": False}


UNPROVEN = [
    # nothing says on which side of 0 the eigenvalues lie
    (HEAD.format("spectrum(A) in [mu, L]") + SIGN.format("1/L"), {"mu": "-1/2"},
     "the target's sign changes"),
    (HEAD.format("spectrum(A) in [mu, 1] or [3/2, L]") + SIGN.format("1/L"), {"mu": "-1/2"},
     "the target's sign changes"),
    # A is no function of the operator
    (HEAD.format("spectrum(A*A*A*A) in [mu, L]") + SIGN.format("1/L"), {},
     "sign(A - c*I) is understood of"),
    # an even power has no meaning below 0, though its square is positive there
    (HEAD.format("spectrum(A) in [-L, -mu]")
     + ROOT.replace("A^(-1/3)", "A^(-2/3)").replace("X*X*X*X*A", "X*X*X*X*A*A"), {}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "more", "reason"), UNPROVEN)
def test_what_has_no_proof_says_why(text: str, more: dict[str, str], reason: str) -> None:
    network = api.compile(text, settings={"mu": "1/2", "L": "2", **more})
    (bound,) = network.bounds
    assert bound.value is None
    assert bound.unproven
    assert reason in bound.unproven


def test_an_even_power_is_not_proven_below_zero(tmp_path: Path) -> None:
    """(θ²)^(-1/3) is not θ^(-2/3) there: the checker sees it even where the claim is written."""
    loop = "X = {}*I\nrepeat steps:\n    X = 4/3*X - 1/3*X*X*X*X*A*A\n"
    positive = HEAD.format("spectrum(A) in [mu, L]") + loop.format("1/2")
    positive += "return X approximates A^(-2/3)\n"
    settings = {"mu": "1", "L": "2"}
    network = api.compile(positive, settings=settings)
    assert network.bounds[0].value is not None
    network.save(str(tmp_path / "net"))
    assert api.verify(str(tmp_path / "net")).accepted
    negative = positive.replace("[mu, L]", "[-L, -mu]")
    assert api.compile(negative, settings=settings).bounds[0].value is None
    path = tmp_path / "net" / "certificate.json"
    text = path.read_text(encoding="utf-8")
    api.compile(negative, settings=settings).save(str(tmp_path / "net"))
    forged, others = json.loads(text), json.loads(path.read_text(encoding="utf-8"))
    forged |= {key: others[key] for key in ("files", "program")}
    claims = claims_in(forged)
    del claims[-1]["steps"][0]["ends"]  # those of the other spectrum
    put(forged, claims, api.check(negative))
    path.write_text(json.dumps(forged), encoding="utf-8")
    (verdict,) = [o for o in api.verify(str(tmp_path / "net")).verdicts if o.kind == "truncation"]
    assert not verdict.accepted
    assert "not positive on the whole spectrum" in verdict.reason


def test_a_root_of_any_degree_is_enclosed() -> None:
    from weightsmith.checker.balls.enclosures import nth_root
    from weightsmith.checker.balls.ranges import Real, at_most

    assert nth_root(Real.of(Fraction(8, 27)), 3).exact == Fraction(2, 3)
    assert nth_root(Real.of(Fraction(0)), 5).exact == 0
    found = nth_root(Real.of(Fraction(2)), 5)
    for low, high in ((11486, 11487), (114869, 114870)):
        digits = 10 ** (len(str(low)) - 1)
        assert at_most(Real.of(Fraction(low, digits)), found)
        assert at_most(found, Real.of(Fraction(high, digits)))


@pytest.mark.parametrize("target", ["inv(A)*b", "A^(-1/2)*b"])
def test_a_matrix_with_a_kernel_has_no_inverse(target: str) -> None:
    text = (
        "algorithm f(A: symmetric[d, d], b: [d, k])\nassume nonzero_spectrum(A) in [1/2, 2]\n"
        "assume b in range(A)\nX = 0*b\nrepeat 3:\n    X = X - 1/2*(A*X - b)\n"
        f"return X approximates {target}"
    )
    (bound,) = api.compile(text).bounds
    assert "eigenvalue 0" in (bound.unproven or "")


def test_tables_reach_as_far_as_both_intervals(tmp_path: Path) -> None:
    text = (
        "algorithm f(A: symmetric[d, d], x: [d] per token)\nassume norm(x) <= 1\n"
        "assume spectrum(A) in [-1, -1/2] or [1, 3]\nreturn tanh(A*x)"
    )
    network = api.compile(text)
    (table,) = network.certificate["tables"]
    assert Fraction(table["low"]) <= -3
    assert Fraction(table["high"]) >= 3
    (claim,) = [one for one in claims_in(network.certificate) if one["kind"] == "domain"]
    assert claim["hypotheses"] == [["assumption", 0], ["assumption", 1]]
    network.save(str(tmp_path / "net"))
    assert api.verify(str(tmp_path / "net")).accepted
