"""Compiled directories by hand: the gradient methods, whose values are per token."""

from __future__ import annotations

from fractions import Fraction

import flint
from checker_intervals import chain, root_near
from checker_steps import (
    TOKENS,
    assumption,
    forms,
    loop,
    script,
)
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


LEAST_SQUARES = ["y@context", "x@context'"]
LINEAR_INVARIANT = {
    "r": {
        "context": [["1", ["w#0", "x@context"]], ["-1", ["y@context"]]],
        "query": [["1", ["w#0", "x@query"]]],
    }
}


def least_squares_sources() -> list[dict[str, object]]:
    return [source("x", "input", "x", "d", *TOKENS), source("y", "input", "y", "k", "context")]


def gradient_descent(
    low: str = "1/5", top: str = "3", steps: int = 9, eta: Fraction | None = None
) -> Case:
    mu, high = F(low), F(top)
    eta = 2 / (mu + high) if eta is None else eta
    rate = max(abs(1 - eta * mu), abs(1 - eta * high))
    ends = ["-eta*mu + 1", "-L*eta + 1"]
    claim = truncation(
        "output",
        [
            assumption("x@context", "x@context'"),
            loop(forms(w=[(LEAST_SQUARES, "w", [])]), {"w": "0"}, {"w": "-eta*lambda*w + eta + w"}),
            {"rule": "contraction"},
        ],
        formula=f"max(abs({ends[0]}), abs({ends[1]}))^(steps)",
        value=str(rounded_up(rate**steps)),
        scale="norm(solution)*norm(right)",
        hypotheses=[["assumption", 0]],
    )
    step = head(
        terms("r"),
        terms("x"),
        terms("x"),
        [("r", "-eta")],
        key_groups=["context"],
        query_groups=TOKENS,
    )
    network = template(
        "gradient_descent",
        groups=TOKENS,
        sources=least_squares_sources(),
        blocks={"x": "d", "r": "k"},
        read_in={"x": terms("x"), "r": terms(("y", "-1"))},
        body=[{"repeat": "steps", "body": [layer(step)]}],
        read_out=[read_out("output", terms("r"), "k", "query")],
        bindings={"mu": str(mu), "L": str(high), "eta": str(eta), "steps": str(steps)},
    )
    invariants = {"symmetric": [], "invariant": LINEAR_INVARIANT}
    return Case(script("gradient_descent"), network, [exactness(invariants), weights(steps), claim])


def heavy_ball() -> Case:
    mu, high, eta, beta, steps = F(1, 10), F(2), F(1), F(1, 3), 6
    ends = ["beta - eta*mu + 1", "-L*eta + beta + 1"]
    size = max(abs(1 - eta * mu + beta), abs(1 - eta * high + beta))
    before = flint.ctx.prec
    flint.ctx.prec = 400
    root = flint.arb(flint.fmpq(1, 3)).sqrt()
    t = flint.arb(flint.fmpq(size.numerator, size.denominator)) / (2 * root)
    u = [flint.arb(1), 2 * t]
    while len(u) <= steps:
        u.append(2 * t * u[-1] - u[-2])
    value = arb_up(root**steps * (u[steps] + root * u[steps - 1]))
    flint.ctx.prec = before
    formula = (
        "(beta)^((steps)/2)*(U(steps, t) + (beta)^(1/2)*U((steps) - 1, t)) "
        f"with t = max(1, max(abs({ends[0]}), abs({ends[1]}))/(2*(beta)^(1/2)))"
    )
    claim = truncation(
        "output",
        [
            assumption("x@context", "x@context'"),
            loop(
                forms(w=[(LEAST_SQUARES, "w", [])], v=[(LEAST_SQUARES, "v", [])]),
                {"w": "0", "v": "0"},
                {"w": "-beta*v + beta*w - eta*lambda*w + eta + w", "v": "w"},
            ),
            {"rule": "three_term"},
        ],
        formula=formula,
        value=str(value),
        scale="norm(solution)*norm(right)",
        hypotheses=[["assumption", 0]],
    )
    step = head(
        terms("r"),
        terms("x"),
        terms("x"),
        [("p", "-eta/beta")],
        key_groups=["context"],
        query_groups=TOKENS,
    )
    units = mlp(gain("k", terms("p"), [("p", "beta - 1"), ("r", "beta")]))
    network = template(
        "heavy_ball",
        groups=TOKENS,
        sources=least_squares_sources(),
        blocks={"x": "d", "r": "k", "p": "k"},
        read_in={"x": terms("x"), "r": terms(("y", "-1"))},
        body=[{"repeat": "steps", "body": [layer(step, mlp=units)]}],
        read_out=[read_out("output", terms("r"), "k", "query")],
        bindings={
            "mu": str(mu),
            "L": str(high),
            "eta": str(eta),
            "beta": str(beta),
            "steps": str(steps),
        },
    )
    momentum = {
        group: [["-1", ["v#0", f"x@{group}"]], ["1", ["w#0", f"x@{group}"]]] for group in TOKENS
    }
    invariants = {"symmetric": [], "invariant": {**LINEAR_INVARIANT, "p": momentum}}
    return Case(script("heavy_ball"), network, [exactness(invariants), weights(steps), claim])


def gd_plus_plus() -> Case:
    mu, high, steps = F(1, 2), F(2), 4
    eta, gamma = F(1, 2), F(1, 6)
    intervals = chain(
        [root_near(mu), root_near(high)],
        lambda u: u - gamma * u**3,
        [-root_near(1 / (3 * gamma)), root_near(1 / (3 * gamma))],
        steps - 1,
    )
    value = F(1)
    for low, top in ([F(end) for end in interval] for interval in intervals[:steps]):
        value *= max(abs(1 - eta * low**2), abs(1 - eta * top**2))
    letters = {
        f"r_{group}": [([], "-1", [f"y@{group}"]), (LEAST_SQUARES, "r", [f"x@{group}"])]
        for group in TOKENS
    } | {f"u_{group}": [([], "u", [f"x@{group}"])] for group in TOKENS}
    claim = truncation(
        "output",
        [
            assumption("x@context", "x@context'"),
            loop(
                forms(**letters),
                {"r": "0", "u": "1"},
                {"r": "-eta*lambda*r*u^2 + eta*u^2 + r", "u": "-gamma*lambda*u^3 + u"},
            ),
            {"rule": "contraction"},
        ],
        formula="product(sup(abs(-eta*u^2 + 1)), u -> -gamma*u^3 + u, steps)",
        value=str(rounded_up(value)),
        scale="norm(solution)*norm(right)",
        hypotheses=[["assumption", 0]],
    )
    heads = [
        head(
            terms(block),
            terms("u"),
            terms("u"),
            [(block, c)],
            key_groups=["context"],
            query_groups=TOKENS,
        )
        for block, c in (("r", "-eta"), ("u", "-gamma"))
    ]
    network = template(
        "gd_plus_plus",
        groups=TOKENS,
        sources=[source("x", "input", "x", "d", *TOKENS), source("y", "input", "y", "k", *TOKENS)],
        blocks={"u": "d", "r": "k", "y": "k"},
        read_in={"u": terms("x"), "r": terms(("y", "-1")), "y": terms("y")},
        body=[{"repeat": "steps", "body": [layer(*heads)]}],
        read_out=[read_out("output", terms("r", "y"), "k", "query")],
        bindings={
            "mu": str(mu),
            "L": str(high),
            "eta": str(eta),
            "gamma": str(gamma),
            "steps": str(steps),
        },
    )
    invariant = {
        name: {group: [["1", [f"{name}#0@{group}"]]] for group in TOKENS} for name in ("r", "u")
    }
    invariants = {"symmetric": [], "invariant": invariant}
    return Case(script("gd_plus_plus"), network, [exactness(invariants), weights(steps), claim])


def preconditioned() -> Case:
    base = gradient_descent()
    mu, high, steps = F(1, 5), F(3), 9
    eta = 2 / (mu + high)
    rate = max(abs(1 - eta * mu), abs(1 - eta * high))
    left = [*LEAST_SQUARES, "P"]
    claim = truncation(
        "output",
        [
            assumption("x@context", "x@context'", "P"),
            loop(forms(w=[(left, "w", [])]), {"w": "0"}, {"w": "-eta*lambda*w + eta + w"}),
            {"rule": "contraction"},
        ],
        formula="max(abs(-eta*mu + 1), abs(-L*eta + 1))^(steps)",
        value=str(rounded_up(rate**steps)),
        scale="norm(solution*P^(-1/2))*norm(P^(1/2)*right)",
        hypotheses=[["assumption", 0], ["definite", "P"]],
    )
    spread = head(
        terms("P"), terms("I"), terms("x"), [("z", "1")], key_groups=["d"], query_groups=TOKENS
    )
    step = head(
        terms("r"),
        terms("x"),
        terms("z"),
        [("r", "-eta")],
        key_groups=["context"],
        query_groups=TOKENS,
    )
    network = template(
        "preconditioned_gradient_descent",
        groups=["d", *TOKENS],
        sources=[
            *least_squares_sources(),
            source("P", "input", "P", "d", "d"),
            source("I[d]", "identity", "d", "d", "d"),
        ],
        blocks={"x": "d", "P": "d", "I": "d", "z": "d", "r": "k"},
        read_in={"x": terms("x"), "P": terms("P"), "I": terms("I[d]"), "r": terms(("y", "-1"))},
        body=[layer(spread), {"repeat": "steps", "body": [layer(step)]}],
        read_out=[read_out("output", terms("r"), "k", "query")],
        bindings=base.template["bindings"],
    )
    invariants = {"symmetric": [], "invariant": LINEAR_INVARIANT}
    text = script("preconditioned_gradient_descent")
    return Case(text, network, [exactness(invariants), weights(steps + 1), claim])
