"""Ten compiled directories by hand: each example's network, its invariants and its bounds."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import flint
from checker_intervals import chain, last_size, root_near
from checker_writing import (
    EXAMPLES,
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
TOKENS = ["context", "query"]


def script(name: str) -> str:
    return (EXAMPLES / f"{name}.alg").read_text()


def square(e: Fraction) -> Fraction:
    return e * e


def cubic(e: Fraction) -> Fraction:
    return F(3, 2) * e**2 - F(1, 2) * e**3


def operator(word: list[str], low: str, high: str, symmetric: str = "yes") -> dict[str, object]:
    return {
        "rule": "operator",
        "assumption": 0,
        "word": word,
        "symmetric": symmetric,
        "low": low,
        "high": high,
    }


def forms(**letters: list[tuple[list[str], str, list[str]]]) -> dict[str, object]:
    """``forms(X=[([], "X", [])])``: of loop 0; ``r_context`` stands for ``r#0@context``."""
    named = {}
    for key, items in letters.items():
        name, _, group = key.partition("_")
        full = f"{name}#0" + (f"@{group}" if group else "")
        named[full] = [{"left": a, "scalar": s, "right": b} for a, s, b in items]
    return {"rule": "forms", "loop": 0, "forms": named}


def recurrence(initial: dict[str, str], following: dict[str, str]) -> dict[str, object]:
    return {"rule": "recurrence", "loop": 0, "initial": initial, "next": following}


def output(left: list[str], name: str, right: list[str], **target: object) -> dict[str, object]:
    return {"rule": "output", "left": left, "scalar": name, "right": right, "target": target}


def newton_inverse(low: str = "1/10", top: str = "2", steps: int = 6) -> Case:
    mu, high = F(low), F(top)
    sum_of_ends = mu + high
    intervals = chain([1 - 2 * mu / sum_of_ends, 1 - 2 * high / sum_of_ends], square, [F(0)], steps)
    ends = ["1 - 2*mu/(L + mu)", "1 - 2*L/(L + mu)"]
    rule = {
        "rule": "autonomous",
        "error": "X",
        "equal": [],
        "map": "e^2",
        "start": "2*lambda/(L + mu)",
        "count": "steps",
        "intervals": intervals,
        "ends": ends,
    }
    claim = truncation(
        "X",
        [
            operator(["A"], "mu", "L"),
            forms(X=[([], "X", [])]),
            recurrence({"X": "2/(L + mu)"}, {"X": "2*X - lambda*X^2"}),
            output([], "X", [], root=1, power="1/lambda"),
            rule,
        ],
        formula=f"max(abs({ends[0]}), abs({ends[1]}))^(2^(steps))",
        value=last_size(intervals),
        scale="norm(target)",
        hypotheses=["mu <= spectrum(A) <= L"],
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


def newton_inverse_general() -> Case:
    low, high, steps = F(1, 4), F(4), 7  # squares of the singular values' ends
    alpha = 2 / (low + high)
    intervals = chain([1 - alpha * low, 1 - alpha * high], square, [F(0)], steps)
    ends = [f"1 - 2*{end}^2/(smin^2 + smax^2)" for end in ("smin", "smax")]
    rule = {
        "rule": "autonomous",
        "error": "X",
        "equal": [],
        "map": "e^2",
        "start": "2*lambda/(smin^2 + smax^2)",
        "count": "steps",
        "intervals": intervals,
        "ends": ends,
    }
    claim = truncation(
        "X",
        [
            operator(["A", "A'"], "smin^2", "smax^2"),
            forms(X=[(["A'"], "X", [])]),
            recurrence({"X": "2/(smin^2 + smax^2)"}, {"X": "2*X - lambda*X^2"}),
            output(["A'"], "X", [], root=1, power="1/lambda"),
            rule,
        ],
        formula=f"max(abs({ends[0]}), abs({ends[1]}))^(2^(steps))",
        value=last_size(intervals),
        scale="norm(target)",
        hypotheses=["smin^2 <= spectrum(A*A') <= smax^2"],
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
    return Case(
        script("newton_inverse_general"), network, [exactness(invariant), weights(steps), claim]
    )


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
    ends = ["1 - eta*mu", "1 - eta*L"]
    rule = {
        "rule": "contraction",
        "error": "w",
        "multiplier": "1 - eta*lambda",
        "start": "1",
        "count": "steps",
        "auxiliary": None,
        "ends": ends,
    }
    claim = truncation(
        "output",
        [
            operator(["x@context", "x@context'"], "mu", "L"),
            forms(w=[(LEAST_SQUARES, "w", [])]),
            recurrence({"w": "0"}, {"w": "w + eta - eta*lambda*w"}),
            output(LEAST_SQUARES, "w", ["x@query"], root=1, power="1/lambda"),
            rule,
        ],
        formula=f"max(abs({ends[0]}), abs({ends[1]}))^(steps)",
        value=str(rounded_up(rate**steps)),
        scale="norm(solution)*norm(right)",
        hypotheses=["mu <= spectrum(x@context*x@context') <= L"],
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
    loop = {"symmetric": [], "invariant": LINEAR_INVARIANT}
    return Case(script("gradient_descent"), network, [exactness(loop), weights(steps), claim])


def square_root() -> Case:
    mu, high, steps = F(1, 2), F(4), 8
    starts = [4 * end / (1 + high) ** 2 for end in (mu, high)]
    intervals = chain([1 - root_near(start) for start in starts], cubic, [F(0), F(2)], steps)
    claims = []
    for name, other, power in (("Y", "Z", "lambda"), ("Z", "Y", "1/lambda")):
        rule = {
            "rule": "autonomous",
            "error": name,
            "equal": [other],
            "map": "3/2*e^2 - 1/2*e^3",
            "start": "4*lambda/(1 + L)^2",
            "count": "steps",
            "intervals": intervals,
        }
        start = {"Y": "2*lambda/(1 + L)", "Z": "2/(1 + L)"}
        after = {"Y": "3/2*Y - 1/2*Y^2*Z", "Z": "3/2*Z - 1/2*Y*Z^2"}
        steps_of_claim = [
            operator(["A"], "mu", "L"),
            forms(Y=[([], "Y", [])], Z=[([], "Z", [])]),
            recurrence(start, after),
            output([], name, [], root=2, power=power),
            rule,
        ]
        claims.append(
            truncation(
                name,
                steps_of_claim,
                formula=f"iterate(e -> {rule['map']}, steps, 1 - ({rule['start']})^(1/2))",
                value=last_size(intervals),
                scale="norm(target)",
                hypotheses=["mu <= spectrum(A) <= L"],
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
    loop = {"symmetric": ["Y#0", "Z#0"], "invariant": invariant}
    return Case(script("square_root"), network, [exactness(loop), weights(steps), *claims])


def polar() -> Case:
    smin, smax, steps = F(1, 3), F(2), 9
    intervals = chain([1 - smin / smax, F(0)], cubic, [F(0), F(2)], steps)
    rule = {
        "rule": "autonomous",
        "error": "X",
        "equal": [],
        "map": "3/2*e^2 - 1/2*e^3",
        "start": "lambda/smax^2",
        "count": "steps",
        "intervals": intervals,
    }
    claim = truncation(
        "X",
        [
            operator(["A'", "A"], "smin^2", "smax^2"),
            forms(X=[(["A"], "X", [])]),
            recurrence({"X": "1/smax"}, {"X": "3/2*X - 1/2*lambda*X^3"}),
            output(["A"], "X", [], root=2, power="1/lambda"),
            rule,
        ],
        formula=f"iterate(e -> {rule['map']}, steps, 1 - (lambda/smax^2)^(1/2))",
        value=last_size(intervals),
        scale="1",
        hypotheses=["smin^2 <= spectrum(A'*A) <= smax^2"],
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
    loop = {"symmetric": [], "invariant": {"X": {"n": [["1", ["X#0"]]]}}}
    return Case(script("polar"), network, [exactness(loop), weights(steps), claim])


def heat_kernel() -> Case:
    top = "min((s)*(L), 2)"
    with_bits = flint.ctx.prec
    flint.ctx.prec = 400
    value = arb_up(flint.arb(4) * flint.arb(-2).exp() / flint.arb(3) ** 8)
    flint.ctx.prec = with_bits
    claim = truncation(
        "E",
        [
            operator(["A"], "0", "L"),
            forms(E=[([], "E", [])]),
            recurrence({"E": "1 - s/3^k*lambda"}, {"E": "E^3"}),
            output([], "E", [], exp="-s"),
            {"rule": "power_exp", "error": "E", "power": 3, "rate": "s", "count": "k"},
        ],
        formula=f"{top}^2*exp(-{top})/3^(k)",
        value=str(value),
        scale="1",
        hypotheses=["0 <= spectrum(A) <= L"],
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
    loop = {"symmetric": ["E#0"], "invariant": {"E": {"d": [["1", ["E#0"]]]}}}
    return Case(script("heat_kernel"), network, [exactness(loop), weights(8), claim])


def heavy_ball() -> Case:
    mu, high, eta, beta, steps = F(1, 10), F(2), F(1), F(1, 3), 12
    ends = ["1 - eta*mu + beta", "1 - eta*L + beta"]
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
    rule = {
        "rule": "three_term",
        "error": "w",
        "previous": "v",
        "multiplier": "1 - eta*lambda + beta",
        "beta": "beta",
        "count": "steps",
        "ends": ends,
    }
    formula = (
        "(beta)^(steps/2)*(U(steps, t) + (beta)^(1/2)*U(steps - 1, t)) "
        f"with t = max(1, max(abs({ends[0]}), abs({ends[1]}))/(2*(beta)^(1/2)))"
    )
    claim = truncation(
        "output",
        [
            operator(["x@context", "x@context'"], "mu", "L"),
            forms(w=[(LEAST_SQUARES, "w", [])], v=[(LEAST_SQUARES, "v", [])]),
            recurrence(
                {"w": "0", "v": "0"}, {"w": "w + eta - eta*lambda*w + beta*(w - v)", "v": "w"}
            ),
            output(LEAST_SQUARES, "w", ["x@query"], root=1, power="1/lambda"),
            rule,
        ],
        formula=formula,
        value=str(value),
        scale="norm(solution)*norm(right)",
        hypotheses=["mu <= spectrum(x@context*x@context') <= L"],
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
    loop = {"symmetric": [], "invariant": {**LINEAR_INVARIANT, "p": momentum}}
    return Case(script("heavy_ball"), network, [exactness(loop), weights(steps), claim])


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
    auxiliary = {
        "name": "u",
        "root": 2,
        "power": "1/lambda",
        "start": "lambda",
        "map": "u - gamma*u^3",
        "intervals": intervals,
    }
    rule = {
        "rule": "contraction",
        "error": "r",
        "multiplier": "1 - eta*u^2",
        "start": "1",
        "count": "steps",
        "auxiliary": auxiliary,
    }
    letters = {
        f"r_{group}": [([], "-1", [f"y@{group}"]), (LEAST_SQUARES, "r", [f"x@{group}"])]
        for group in TOKENS
    } | {f"u_{group}": [([], "u", [f"x@{group}"])] for group in TOKENS}
    claim = truncation(
        "output",
        [
            operator(["x@context", "x@context'"], "mu", "L"),
            forms(**letters),
            recurrence(
                {"r": "0", "u": "1"},
                {"r": "r + eta*u^2 - eta*lambda*r*u^2", "u": "u - gamma*lambda*u^3"},
            ),
            output(LEAST_SQUARES, "r", ["x@query"], root=1, power="1/lambda"),
            rule,
        ],
        formula="product(sup(abs(1 - eta*u^2)), u -> u - gamma*u^3, steps)",
        value=str(rounded_up(value)),
        scale="norm(solution)*norm(right)",
        hypotheses=["mu <= spectrum(x@context*x@context') <= L"],
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
    loop = {"symmetric": [], "invariant": invariant}
    return Case(script("gd_plus_plus"), network, [exactness(loop), weights(steps), claim])


def electric_potentials() -> Case:
    mu, high, steps = F(1, 2), F(6), 11
    rate = (high - mu) / (high + mu)
    ends = ["1 - 2/(mu + L)*mu", "1 - 2/(mu + L)*L"]
    rule = {
        "rule": "contraction",
        "error": "phi",
        "multiplier": "1 - 2/(mu + L)*lambda",
        "start": "1",
        "count": "steps",
        "auxiliary": None,
        "ends": ends,
    }
    claim = truncation(
        "phi",
        [
            operator(["C", "B'"], "mu", "L", "assumed"),
            forms(phi=[([], "phi", ["psi"])]),
            recurrence({"phi": "0"}, {"phi": "phi + 2/(mu + L)*(1 - lambda*phi)"}),
            output([], "phi", ["psi"], root=1, power="1/lambda"),
            rule,
        ],
        formula=f"max(abs({ends[0]}), abs({ends[1]}))^(steps)",
        value=str(rounded_up(rate**steps)),
        scale="norm(target)",
        hypotheses=[
            "mu <= nonzero spectrum(C*B') <= L",
            "C*B' is symmetric",
            "the columns of psi lie in the range of C*B'",
        ],
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
    loop = {"symmetric": [], "invariant": {"phi": {"k": [["1", ["phi#0"]]]}}}
    return Case(script("electric_potentials"), network, [exactness(loop), weights(steps), claim])


def preconditioned() -> Case:
    base = gradient_descent()
    mu, high, steps = F(1, 5), F(3), 9
    eta = 2 / (mu + high)
    rate = max(abs(1 - eta * mu), abs(1 - eta * high))
    left = [*LEAST_SQUARES, "P"]
    claim = truncation(
        "output",
        [
            operator(["x@context", "x@context'", "P"], "mu", "L", "weighted"),
            forms(w=[(left, "w", [])]),
            recurrence({"w": "0"}, {"w": "w + eta - eta*lambda*w"}),
            output(left, "w", ["x@query"], root=1, power="1/lambda"),
            base.claims[2]["steps"][4],
        ],
        formula="max(abs(1 - eta*mu), abs(1 - eta*L))^(steps)",
        value=str(rounded_up(rate**steps)),
        scale="norm(solution*P^(-1/2))*norm(P^(1/2)*right)",
        hypotheses=["mu <= spectrum(x@context*x@context'*P) <= L", "P is positive definite"],
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
    loop = {"symmetric": [], "invariant": LINEAR_INVARIANT}
    text = script("preconditioned_gradient_descent")
    return Case(text, network, [exactness(loop), weights(steps + 1), claim])


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
