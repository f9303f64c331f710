"""Compiled directories by hand: each example's network, its invariants and its bounds."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import flint
from checker_intervals import chain, last_size, root_near
from checker_steps import (
    assumption,
    cubic,
    forms,
    loop,
    script,
    square,
)
from checker_token_cases import gd_plus_plus, gradient_descent, heavy_ball, preconditioned
from checker_writing import (
    Case,
    arb_up,
    exactness,
    gain,
    head,
    layer,
    mlp,
    read_out,
    rounded_up,
    source,
    template,
    terms,
    truncation,
    weights,
)

F = Fraction
CUBIC = "e -> -1/2*e^3 + 3/2*e^2"


def newton_inverse(low: str = "1/10", top: str = "2", steps: int = 5) -> Case:
    mu, high = F(low), F(top)
    sum_of_ends = mu + high
    intervals = chain([1 - 2 * mu / sum_of_ends, 1 - 2 * high / sum_of_ends], square, [F(0)], steps)
    ends = ["(L - mu)/(L + mu)", "(-L + mu)/(L + mu)"]
    claim = truncation(
        "X",
        [
            assumption("A"),
            loop(forms(X=[([], "X", [])]), {"X": "2/(L + mu)"}, {"X": "-X^2*lambda + 2*X"}),
            {"rule": "autonomous", "equal": []},
        ],
        formula=f"max(abs({ends[0]}), abs({ends[1]}))^(2^(steps))",
        value=last_size(intervals),
        scale="norm(target)",
        hypotheses=[["assumption", 0]],
    )
    step = head(
        terms("X"), terms("A"), terms("X"), [("X", "-1/2")], key_groups=["d"], query_groups=["d"]
    )
    network = template(
        "newton_inverse",
        groups=["d"],
        sources=[source("A", "input", "A", "d", "d"), source("I[d]", "identity", "d", "d", "d")],
        blocks={"A": "d", "X": "d"},
        read_in={"A": terms("A"), "X": terms(("I[d]", "2/(L + mu)"))},
        body=[
            {"repeat": "steps", "body": [layer(step, mlp=mlp(gain("d", terms("X"), [("X", "1")])))]}
        ],
        read_out=[read_out("X", terms("X"), "d", "d")],
        bindings={"mu": str(mu), "L": str(high), "steps": str(steps)},
    )
    invariant = {"symmetric": [], "invariant": {"X": {"d": [["1", ["X#0"]]]}}}
    return Case(script("newton_inverse"), network, [exactness(invariant), weights(steps), claim])


NEWTON_GENERAL = """algorithm newton_inverse_general(A: [d, d])
assume singular_values(A) in [smin, smax]
param steps = 16

X = 2/(smin^2 + smax^2) * A'
repeat steps:
    X = 2*X - X*A*X
return X approximates inv(A)
"""
HEAT_KERNEL = """algorithm heat_kernel(A: symmetric[d, d])
assume spectrum(A) in [0, L]
param s = 1, k = 12

E = I - s/3^k * A
repeat k:
    E = E*E*E
return E approximates exp(-s*A)
"""


def newton_inverse_general() -> Case:
    low, high, steps = F(1, 4), F(4), 5  # squares of the singular values' ends
    alpha = 2 / (low + high)
    intervals = chain([1 - alpha * low, 1 - alpha * high], square, [F(0)], steps)
    ends = ["(smax^2 - smin^2)/(smax^2 + smin^2)", "(-smax^2 + smin^2)/(smax^2 + smin^2)"]
    claim = truncation(
        "X",
        [
            assumption("A", "A'"),
            loop(
                forms(X=[(["A'"], "X", [])]),
                {"X": "2/(smax^2 + smin^2)"},
                {"X": "-X^2*lambda + 2*X"},
            ),
            {"rule": "autonomous", "equal": []},
        ],
        formula=f"max(abs({ends[0]}), abs({ends[1]}))^(2^(steps))",
        value=last_size(intervals),
        scale="norm(target)",
        hypotheses=[["assumption", 0]],
    )
    step = head(
        terms("X"), terms("At"), terms("X"), [("X", "-1/2")], key_groups=["d"], query_groups=["d"]
    )
    network = template(
        "newton_inverse_general",
        groups=["d"],
        sources=[source("A'", "transposed", "A", "d", "d")],
        blocks={"At": "d", "X": "d"},
        read_in={"At": terms("A'"), "X": terms(("A'", "2/(smin^2 + smax^2)"))},
        body=[
            {"repeat": "steps", "body": [layer(step, mlp=mlp(gain("d", terms("X"), [("X", "1")])))]}
        ],
        read_out=[read_out("X", terms("X"), "d", "d")],
        bindings={"smin": "1/2", "smax": "2", "steps": str(steps)},
    )
    invariant = {"symmetric": [], "invariant": {"X": {"d": [["1", ["X#0"]]]}}}
    return Case(NEWTON_GENERAL, network, [exactness(invariant), weights(steps), claim])


def square_root() -> Case:
    mu, high, steps = F(1, 2), F(4), 4
    starts = [4 * end / (1 + high) ** 2 for end in (mu, high)]
    intervals = chain([1 - root_near(start) for start in starts], cubic, [F(0), F(2)], steps)
    claims = []
    start = {"Y": "2*lambda/(L + 1)", "Z": "2/(L + 1)"}
    after = {"Y": "-1/2*Y^2*Z + 3/2*Y", "Z": "-1/2*Y*Z^2 + 3/2*Z"}
    for name, other in (("Y", "Z"), ("Z", "Y")):
        steps_of_claim = [
            assumption("A"),
            loop(forms(Y=[([], "Y", [])], Z=[([], "Z", [])]), start, after),
            {"rule": "autonomous", "equal": [other]},
        ]
        claims.append(
            truncation(
                name,
                steps_of_claim,
                formula=f"iterate({CUBIC}, steps, 1 - (4*lambda/(L^2 + 2*L + 1))^(1/2))",
                value=last_size(intervals),
                scale="norm(target)",
                hypotheses=[["assumption", 0]],
            )
        )
    heads = [
        head(terms(a), terms(b), terms(a), [(a, "-1/3")], key_groups=["d"], query_groups=["d"])
        for a, b in (("Y", "Z"), ("Z", "Y"))
    ]
    units = mlp(
        gain("d", terms("Y"), [("Y", "1/2")]),
        gain("d", terms("Z"), [("Z", "1/2")]),
    )
    network = template(
        "square_root",
        groups=["d"],
        sources=[source("A", "input", "A", "d", "d"), source("I[d]", "identity", "d", "d", "d")],
        blocks={"Y": "d", "Z": "d"},
        read_in={"Y": terms(("A", "2/(1 + L)")), "Z": terms(("I[d]", "2/(1 + L)"))},
        body=[{"repeat": "steps", "body": [layer(*heads, mlp=units)]}],
        read_out=[read_out(name, terms(name), "d", "d") for name in ("Y", "Z")],
        bindings={"mu": str(mu), "L": str(high), "steps": str(steps)},
    )
    invariant = {"Y": {"d": [["1", ["Y#0"]]]}, "Z": {"d": [["1", ["Z#0"]]]}}
    invariants = {"symmetric": ["Y#0", "Z#0"], "invariant": invariant}
    return Case(script("square_root"), network, [exactness(invariants), weights(steps), *claims])


def polar() -> Case:
    smin, smax, steps = F(1, 3), F(2), 5
    intervals = chain([1 - smin / smax, F(0)], cubic, [F(0), F(2)], steps)
    claim = truncation(
        "X",
        [
            assumption("A'", "A"),
            loop(
                forms(X=[(["A"], "X", [])]),
                {"X": "1/smax"},
                {"X": "-1/2*X^3*lambda + 3/2*X"},
            ),
            {"rule": "autonomous", "equal": []},
        ],
        formula=f"iterate({CUBIC}, steps, 1 - (lambda/smax^2)^(1/2))",
        value=last_size(intervals),
        scale="1",
        hypotheses=[["assumption", 0]],
    )
    step = head(
        terms("X"), terms("X"), terms("X"), [("X", "-1/3")], key_groups=["n"], query_groups=["n"]
    )
    units = mlp(gain("m", terms("X"), [("X", "1/2")]))
    network = template(
        "polar_cubic",
        groups=["n"],
        sources=[source("A", "input", "A", "m", "n")],
        blocks={"X": "m"},
        read_in={"X": terms(("A", "1/smax"))},
        body=[{"repeat": "steps", "body": [layer(step, mlp=units)]}],
        read_out=[read_out("X", terms("X"), "m", "n")],
        bindings={"smin": str(smin), "smax": str(smax), "steps": str(steps)},
    )
    invariants = {"symmetric": [], "invariant": {"X": {"n": [["1", ["X#0"]]]}}}
    return Case(script("polar"), network, [exactness(invariants), weights(steps), claim])


def heat_kernel() -> Case:
    top = "min((s)*(L), 2)"
    with_bits = flint.ctx.prec
    flint.ctx.prec = 400
    value = arb_up(flint.arb(4) * flint.arb(-2).exp() / flint.arb(3) ** 8)
    flint.ctx.prec = with_bits
    claim = truncation(
        "E",
        [
            assumption("A"),
            loop(
                forms(E=[([], "E", [])]),
                {"E": "((3^k) - lambda*s)/(3^k)"},
                {"E": "E^3"},
            ),
            {"rule": "power_exp"},
        ],
        formula=f"{top}^2*exp(-{top})/3^(k)",
        value=str(value),
        scale="1",
        hypotheses=[["assumption", 0]],
    )
    cube = head(
        terms("E"), terms("E"), terms("E"), [("E", "1")], key_groups=["d"], query_groups=["d"]
    )
    erase = head(
        terms("E"), terms("I"), terms("I"), [("E", "-1")], key_groups=["d"], query_groups=["d"]
    )
    network = template(
        "heat_kernel",
        groups=["d"],
        sources=[source("A", "input", "A", "d", "d"), source("I[d]", "identity", "d", "d", "d")],
        blocks={"E": "d", "I": "d"},
        read_in={"E": terms("I[d]", ("A", "-s/3^k")), "I": terms("I[d]")},
        body=[{"repeat": "k", "body": [layer(cube, erase)]}],
        read_out=[read_out("E", terms("E"), "d", "d")],
        bindings={"L": "5", "s": "3/2", "k": "8"},
    )
    invariants = {"symmetric": ["E#0"], "invariant": {"E": {"d": [["1", ["E#0"]]]}}}
    return Case(HEAT_KERNEL, network, [exactness(invariants), weights(8), claim])


def electric_potentials() -> Case:
    mu, high, steps = F(1, 2), F(6), 5
    rate = (high - mu) / (high + mu)
    ends = ["(L - mu)/(L + mu)", "(-L + mu)/(L + mu)"]
    claim = truncation(
        "phi",
        [
            assumption("C", "B'"),
            loop(
                forms(phi=[([], "phi", ["psi"])]),
                {"phi": "0"},
                {"phi": "(L*phi - 2*lambda*phi + mu*phi + 2)/(L + mu)"},
            ),
            {"rule": "contraction"},
        ],
        formula=f"max(abs({ends[0]}), abs({ends[1]}))^(steps)",
        value=str(rounded_up(rate**steps)),
        scale="norm(target)",
        hypotheses=[["assumption", 0], ["symmetric", 0], ["assumption", 1]],
    )
    step = head(
        terms("C"),
        terms("B"),
        terms("phi"),
        [("phi", "-2/(mu + L)")],
        key_groups=["e"],
        query_groups=["k"],
    )
    network = template(
        "electric_potentials",
        groups=["e", "k"],
        sources=[
            source("B", "input", "B", "v", "e"),
            source("C", "input", "C", "v", "e"),
            source("psi", "input", "psi", "v", "k"),
        ],
        blocks={"B": "v", "C": "v", "psi": "v", "phi": "v"},
        read_in={"B": terms("B"), "C": terms("C"), "psi": terms("psi")},
        body=[
            {
                "repeat": "steps",
                "body": [layer(step, mlp=mlp(gain("v", terms("psi"), [("phi", "2/(mu + L)")])))],
            }
        ],
        read_out=[read_out("phi", terms("phi"), "v", "k")],
        bindings={"mu": str(mu), "L": str(high), "steps": str(steps)},
    )
    invariants = {"symmetric": [], "invariant": {"phi": {"k": [["1", ["phi#0"]]]}}}
    return Case(
        script("electric_potentials"), network, [exactness(invariants), weights(steps), claim]
    )


CASES: dict[str, Callable[[], Case]] = {
    "newton_inverse": newton_inverse,
    "newton_inverse_general": newton_inverse_general,
    "gradient_descent": gradient_descent,
    "square_root": square_root,
    "polar": polar,
    "heat_kernel": heat_kernel,
    "heavy_ball": heavy_ball,
    "gd_plus_plus": gd_plus_plus,
    "electric_potentials": electric_potentials,
    "preconditioned": preconditioned,
}
