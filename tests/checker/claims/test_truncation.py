"""Bounds against the worst error over the spectrum, and claims that must not be believed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import pytest
from checker_cases import CASES, electric_potentials, newton_inverse
from checker_intervals import chain, last_size
from checker_steps import script
from checker_token_cases import gradient_descent
from checker_writing import EXAMPLES, Case
from claims_by_hand import check_truncation

from weightsmith.checker.reading.refusal import Budget, RefusedError
from weightsmith.checker.spectra.following import Truncation
from weightsmith.dsl import Source, check, load_source

F = Fraction
Scalars = dict[str, flint.arb]


def prove(text: str, claim: dict[str, Any], bindings: dict[str, str]) -> Truncation:
    program = check(Source(str(EXAMPLES / "script.alg"), text), read=load_source)
    numbers = {name: Fraction(value) for name, value in bindings.items()}
    numbered = [{"step": place, **step} for place, step in enumerate(claim["steps"], 1)]
    return check_truncation(program, numbers, {**claim, "steps": numbered}, Budget())


def prove_case(case: Case, place: int = 2) -> Truncation:
    return prove(case.script, case.claims[place], case.template["bindings"])


def arb(value: Fraction) -> flint.arb:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


# name -> spectrum of T, f₀ and f ← next, f*, and whether the error is relative
RUNS: dict[str, tuple[str, str, Callable[..., Scalars], Callable[..., Scalars], Any]] = {
    "newton_inverse": (
        "1/10", "2",
        lambda x: {"f": 2 / arb(F(21, 10)) + 0 * x},
        lambda s, x: {"f": 2 * s["f"] - x * s["f"] ** 2},
        lambda x: 1 / x,
    ),
    "newton_inverse_general": (
        "1/4", "4",
        lambda x: {"f": 2 / arb(F(17, 4)) + 0 * x},
        lambda s, x: {"f": 2 * s["f"] - x * s["f"] ** 2},
        lambda x: 1 / x,
    ),
    "gradient_descent": (
        "1/5", "3",
        lambda x: {"f": 0 * x},
        lambda s, x: {"f": s["f"] + arb(F(5, 8)) * (1 - x * s["f"])},
        lambda x: 1 / x,
    ),
    "square_root": (
        "1/2", "4",
        lambda x: {"f": arb(F(2, 5)) * x, "g": arb(F(2, 5)) + 0 * x},
        lambda s, x: {
            "f": s["f"] * (3 - s["g"] * s["f"]) / 2, "g": (3 - s["g"] * s["f"]) * s["g"] / 2
        },
        lambda x: x.sqrt(),
    ),
    "polar": (
        "1/9", "4",
        lambda x: {"f": arb(F(1, 2)) + 0 * x},
        lambda s, x: {"f": (3 * s["f"] - x * s["f"] ** 3) / 2},
        lambda x: 1 / x.sqrt(),
    ),
    "heavy_ball": (
        "1/10", "2",
        lambda x: {"f": 0 * x, "g": 0 * x},
        lambda s, x: {
            "f": s["f"] + 1 - x * s["f"] + arb(F(1, 3)) * (s["f"] - s["g"]), "g": s["f"]
        },
        lambda x: 1 / x,
    ),
    "gd_plus_plus": (
        "1/2", "2",
        lambda x: {"f": 0 * x, "g": 1 + 0 * x},
        lambda s, x: {
            "f": s["f"] + s["g"] ** 2 * (1 - x * s["f"]) / 2, "g": s["g"] - x * s["g"] ** 3 / 6
        },
        lambda x: 1 / x,
    ),
    "electric_potentials": (
        "1/2", "6",
        lambda x: {"f": 0 * x},
        lambda s, x: {"f": s["f"] + arb(F(4, 13)) * (1 - x * s["f"])},
        lambda x: 1 / x,
    ),
    "heat_kernel": (
        "0", "5",
        lambda x: {"f": 1 - arb(F(3, 2)) * x / 3**8},
        lambda s, x: {"f": s["f"] ** 3},
        lambda x: (-arb(F(3, 2)) * x).exp(),
    ),
}  # fmt: skip
TIGHT = {"newton_inverse", "newton_inverse_general", "gradient_descent", "electric_potentials"}


@pytest.mark.parametrize("name", RUNS)
def test_the_bound_holds_over_the_spectrum_and_is_tight(name: str) -> None:
    case = CASES[name]()
    proven = prove_case(case)
    low, high, start, step, exact = RUNS[name]
    count = int(case.template["bindings"].get("steps", "8"))
    assert proven.value is not None
    before, flint.ctx.prec = flint.ctx.prec, 400
    try:
        worst = flint.arb(0)
        for place in range(201):
            x = arb(F(low) + (F(high) - F(low)) * F(place, 200))
            scalars = start(x)
            for _ in range(count):
                scalars = step(scalars, x)
            gap = scalars["f"] - exact(x)
            error = abs(gap if name == "heat_kernel" else gap / exact(x))
            assert error <= arb(proven.value * (1 + F(1, 2**200)))
            worst = worst.max(error)
        ratio = float((arb(proven.value) / worst).mid())
    finally:
        flint.ctx.prec = before
    assert 0.999999999 <= ratio <= (1.000001 if name in TIGHT else 3), ratio


@pytest.mark.parametrize(("low", "steps"), [("1/1000000", 25), ("1/3", 20), ("2", 3)])
def test_newton_over_many_scales(low: str, steps: int) -> None:
    assert prove_case(newton_inverse(low, "2", steps)).value is not None


@pytest.mark.parametrize("steps", [0, 1, 500])
def test_gradient_descent_over_many_counts(steps: int) -> None:
    assert prove_case(gradient_descent(steps=steps)).value is not None


def test_ridge_after_inlining() -> None:
    mu, high, lam, steps = F(1, 5), F(3), F(1, 10), 9
    middle = mu + high + 2 * lam
    ends = [1 - 2 * (end + lam) / middle for end in (mu, high)]
    intervals = chain(ends, lambda e: e * e, [F(0)], steps)
    claim = copy.deepcopy(newton_inverse().claims[2])
    letter = "newton_inverse.X#0"
    claim["output"] = "output"
    claim["steps"][0]["of"] = ["x@context", "x@context'"]
    claim["steps"][1]["forms"] = {letter: [{"left": [], "scalar": "X", "right": []}]}
    claim["steps"][1] |= {
        "start": {"X": "2/(L + 2*lam + mu)"},
        "pass": {"X": "-X^2*lam - X^2*lambda + 2*X"},
    }
    texts = ["(L - mu)/(L + 2*lam + mu)", "(-L + mu)/(L + 2*lam + mu)"]
    claim["bound"] = {
        "formula": f"max(abs({texts[0]}), abs({texts[1]}))^(2^(steps))",
        "value": last_size(intervals),
    }
    claim["scale"] = "norm(solution)*norm(right)"
    claim["hypotheses"] = [["assumption", 0]]
    bindings = {"mu": "1/5", "L": "3", "lam": "1/10", "steps": "9"}
    assert prove(script("ridge"), claim, bindings).value == F(last_size(intervals))


def refused(case: Case, match: str) -> None:
    with pytest.raises(RefusedError, match=match):
        prove_case(case)


def changed(case: Case, old: str, new: str) -> Case:
    assert old in case.script
    case.script = case.script.replace(old, new)
    return case


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("2*X - X*A*X", "2*X - 1/2*X*A*X", "'loops' is"),
        ("2/(mu + L) * I", "1/(mu + L) * I", "'loops' is"),
        ("approximates inv(A)", "approximates sqrt(A)", "stands in a denominator"),
        ("approximates inv(A)", "approximates inv(2*A)", "bound's value|formula"),
        ("approximates inv(A)", "approximates 2*inv(A)", "not one iterate"),
        ("approximates inv(A)", "approximates inv(A)*A", "depends on more than the error|pole"),
        ("approximates inv(A)", "approximates inv(A) + inv(A)", "one function"),
        ("approximates inv(A)", "approximates inv(A)*(I + A)", "polynomial of the operator"),
        ("approximates inv(A)", "approximates inv(A)*(A - A*A)", "polynomial of the operator"),
        ("approximates inv(A)", "approximates exp(A)*A", "no rule for such a function times"),
        ("approximates inv(A)", "approximates sign(A)*A", "no rule for such a function times"),
        ("return X", "return 2*X", "not one iterate"),
        ("return X", "return X*X", "not one iterate"),
        ("spectrum(A)", "spectrum(2*A)", "single product"),
        ("spectrum(A)", "spectrum(A*A)", "assumption is of"),
        ("spectrum(A)", "nonzero_spectrum(A)", "eigenvalue 0"),
        ("    X = 2*X - X*A*X", "    Z = X*A*X\n    X = 2*X - Z", "accepted"),
        ("    X = 2*X - X*A*X", "    repeat 1:\n        X = 2*X - X*A*X", "no form"),
        ("repeat steps", "X = 2*X\nrepeat steps", "'loops' is"),
        ("return X", "repeat 2:\n    X = 2*X - X*A*X\nreturn X", "no form"),
        ("return X", "repeat 0:\n    X = X*A\nreturn X", "no form"),
        (
            "X = 2/(mu + L) * I",
            "X = 2/(mu + L) * I\nrepeat 1:\n    X = X*A*X",
            "no form|start",
        ),
    ],
)
def test_another_script_is_not_what_newton_s_claim_proves(old: str, new: str, match: str) -> None:
    case = changed(newton_inverse(), old, new)
    if new.startswith("return"):
        case.claims[2]["output"] = check(Source("script.alg", case.script)).returns[0].name
    if "Z = X*A*X" in new:
        assert prove_case(case).value is not None
        return
    refused(case, match)


@pytest.mark.parametrize(
    ("bindings", "match"),
    [
        ({"mu": "3"}, "empty"),
        ({"mu": "0"}, "a pole or a zero"),
        ({"mu": "-1/10"}, "a pole or a zero"),
        ({"L": "-1/10"}, "vanish|value"),
        ({"steps": "1/2"}, "whole"),
        ({"steps": "-1"}, "whole"),
    ],
)
def test_numbers_that_break_the_rule(bindings: dict[str, str], match: str) -> None:
    case = newton_inverse()
    case.template["bindings"].update(bindings)
    refused(case, match)


def test_a_negative_start_of_a_root_is_refused() -> None:
    case = changed(CASES["square_root"](), "c = 2/(1 + L)", "c = -2/(1 + L)")
    for place, name in enumerate("YZ", 2):
        first = {"Y": "-2*lambda/(L + 1)", "Z": "-2/(L + 1)"}
        case.claims[place]["steps"][1]["start"] = first
        with pytest.raises(RefusedError, match="negative"):
            prove_case(case, place)
        assert case.claims[place]["output"] == name


@pytest.mark.parametrize("low", ["-1/2", "0", "-1/1000000"])
def test_a_square_root_needs_a_positive_spectrum(low: str) -> None:
    for place in (2, 3):
        case = CASES["square_root"]()
        case.template["bindings"]["mu"] = low
        with pytest.raises(RefusedError, match="not positive on the whole spectrum"):
            prove_case(case, place)


def test_a_scalar_that_starts_at_zero_has_no_ratio_to_another() -> None:
    case = changed(CASES["square_root"](), "c*A, c*I", "c*A, 0*I")
    case.claims[2]["steps"][1]["start"]["Z"] = "0"
    refused(case, "'Z' starts at zero")


@pytest.mark.parametrize("polynomials", [[], "e", None, [["X", "e"]]])
def test_polynomials_in_the_error_are_given_by_name(polynomials: object) -> None:
    case = newton_inverse()
    case.claims[2]["steps"][2]["polynomials"] = {}
    assert prove_case(case).value is not None
    case.claims[2]["steps"][2]["polynomials"] = polynomials
    refused(case, "'polynomials' is not an object")


def muon(value: str) -> Case:
    """X <- 3*X - 2*X*X'*X with a bound: (1 - e)*(1 + 4*e - 2*e^2) in place of 1 - e."""
    case = changed(CASES["polar"](), "3/2*X - 1/2*X*X'*X", "3*X - 2*X*X'*X")
    claim = case.claims[2]
    claim["steps"][1]["pass"] = {"X": "-2*X^3*lambda + 3*X"}
    formula = claim["bound"]["formula"]
    mapped = "e -> -2*e^3 + 6*e^2 - 3*e"
    claim["bound"]["formula"] = formula.replace("e -> -1/2*e^3 + 3/2*e^2", mapped)
    claim["bound"]["value"] = value
    return case


def test_what_holds_after_no_pass_need_not_hold_after_many() -> None:
    """The cubic pass never leaves its first interval; that of 3*X - 2*X*X'*X does."""
    case = CASES["polar"]()
    case.template["bindings"]["steps"] = "0"
    start = chain([F(5, 6), F(0)], lambda e: e, [], 0)
    case.claims[2]["bound"]["value"] = last_size(start)
    assert prove_case(case).value == F(last_size(start))
    steps = chain([F(5, 6), F(0)], lambda e: 6 * e**2 - 3 * e - 2 * e**3, [], 0)
    assert steps == start
    refused(muon(last_size(start)), "below the true value")


def test_a_kernel_must_be_absorbed_by_a_frame() -> None:
    """A: [m, n] with m < n has n − m more eigenvalues 0 of A'A than singular values."""
    text = """algorithm gram(A: [m, n])
assume singular_values(A) in [smin, smax]
param steps = 6

X = 2/(smin^2 + smax^2) * I
repeat steps:
    X = 2*X - X*A'*A*X
return X approximates inv(A'*A)
"""
    case = CASES["newton_inverse_general"]()
    case.script = text
    claim = case.claims[2]
    claim["steps"][0]["of"] = ["A'", "A"]
    claim["steps"][1]["forms"]["X#0"][0]["left"] = []
    claim["hypotheses"] = [["assumption", 0]]
    case.template["bindings"]["steps"] = "5"
    refused(case, "kernel")
    square = case.copy()
    square.script = text.replace("[m, n]", "[n, n]")
    assert prove_case(square).value is not None


def test_the_pseudo_inverse_needs_its_range() -> None:
    case = changed(electric_potentials(), "assume psi in range(C*B')\n", "")
    refused(case, "range of the operator")
    case = changed(electric_potentials(), "psi in range(C*B')", "psi in range(B*C')")
    refused(case, "range of the operator")


def test_transposes_need_a_symmetric_operator() -> None:
    case = changed(
        CASES["preconditioned"](), "return w*x on query", "return (w*w')'*w*w'*w*x on query"
    )
    refused(case, "transposed|meet|not")


def test_heavy_ball_with_other_momentum_is_refused() -> None:
    case = changed(CASES["heavy_ball"](), "beta * (w - v), w", "beta * (w - v), v")
    refused(case, "'loops' is")
    case.claims[2]["steps"][1]["pass"]["v"] = "v"
    refused(case, "'v' is not the previous value of 'w'")
    case = CASES["heavy_ball"]()
    case.template["bindings"]["beta"] = "0"
    refused(case, "momentum of 'w' is not positive")


def test_heat_kernel_outside_its_range_is_refused() -> None:
    case = CASES["heat_kernel"]()
    case.template["bindings"]["L"] = "10000"
    refused(case, "larger than power")
    case = CASES["heat_kernel"]()
    case.template["bindings"]["s"] = "-1"
    refused(case, "negative")


def test_the_ends_of_the_spectrum_tell_nothing_of_a_map_of_two_powers() -> None:
    """X <- 3*X - X*X - I towards I: e <- e + e^2, which does not end at the larger |e|."""
    case = changed(newton_inverse(steps=1), "2/(mu + L) * I", "2/(mu + L) * A")
    case = changed(case, "2*X - X*A*X", "3*X - X*X - I")
    case = changed(case, "approximates inv(A)", "approximates A*inv(A)")
    claim = case.claims[2]
    claim["steps"][1] |= {
        "start": {"X": "2*lambda/(L + mu)"},
        "pass": {"X": "-X^2 + 3*X - 1"},
    }
    refused(case, "it must be 'iterate")
    end = F(19, 21)
    claim["bound"] = {
        "formula": "iterate(e -> e^2 + e, steps, 1 - (2*lambda/(L + mu))^(1/1))",
        "value": last_size(chain([-end, end], lambda e: e + e * e, [F(-1, 2)], 1)),
    }
    found = prove_case(case).value
    assert found is not None
    assert end + end**2 <= found <= (end + end**2) * (1 + F(1, 2**60))


@pytest.mark.parametrize("forms", [[], [["X#0", []]], "X#0", None])
def test_forms_are_an_object(forms: object) -> None:
    case = newton_inverse()
    case.claims[2]["steps"][1]["forms"] = forms
    refused(case, "'forms' is not an object")


def test_names_may_not_collide() -> None:
    case = newton_inverse()
    claim = case.claims[2]
    for name in ("mu", "lambda", "e"):
        changed_claim: dict[str, Any] = copy.deepcopy(claim)
        changed_claim["steps"][1]["forms"]["X#0"][0]["scalar"] = name
        case.claims[2] = changed_claim
        refused(case, "two different symbols|not")
