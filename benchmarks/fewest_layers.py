"""Layers as written and restructured, beside the lower bound by degree, on random data.

python benchmarks/fewest_layers.py
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from settings import EXAMPLES

from weightsmith import api
from weightsmith.cli.outputs.table import print_table

ENDS = {"mu": "1/2", "L": "3"}
SINGULAR = {"smin": "1/2", "smax": "3"}
Settings = Mapping[str, str]
Data = dict[str, Any]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """An example, or a ``text`` that has its steps in it."""

    script: str
    steps: int
    inputs: str
    settings: Settings
    text: str = ""

    @property
    def chosen(self) -> dict[str, str]:
        return {} if self.text else {**self.settings, "steps": str(self.steps)}


def least_squares(name: str, loops: str) -> str:
    """Least squares in context; STEP in the loops is a step of size eta."""
    step = "w - eta*(w*x - y)*x'"
    return f"""algorithm {name}(x: [d] per token, y: [k] per context)
assume spectrum(x*x' over context) in [1/2, 3]
w, v = 0*y*x', 0*y*x' over context
{loops.replace("STEP", step)}return w*x on query over context
"""


def chebyshev_steps(count: int) -> list[str]:
    """1/root of the Chebyshev polynomial on [1/2, 3], small and large by turns."""
    roots = [7 / 4 + 5 / 4 * math.cos(math.pi * (k + 1 / 2) / count) for k in range(count)]
    turns = [roots[k // 2] if k % 2 == 0 else roots[-1 - k // 2] for k in range(count)]
    return [f"{1 / root:.6f}" for root in turns]


def semi_iteration(count: int) -> Case:
    loop = f"for eta in {', '.join(chebyshev_steps(count))}:\n    w = STEP over context\n"
    return Case("Chebyshev semi-iteration", count, "x y", {}, least_squares("semi", loop))


def momentum(count: int) -> Case:
    pairs = ", ".join(f"({one}, {k}/{k + 9})" for k, one in enumerate(chebyshev_steps(count)))
    loop = f"for eta, b in {pairs}:\n    w, v = STEP + b*(w - v), w over context\n"
    return Case("scheduled momentum", count, "x y", {}, least_squares("momentum", loop))


def two_loops(count: int) -> Case:
    half = count // 2
    loops = "".join(
        f"repeat {half}:\n    w = {text} over context\n"
        for text in ("w - 1/2*(w*x - y)*x'", "w - 3/7*(w*x - y)*x'")
    )
    return Case("two step sizes", count, "x y", {}, least_squares("two", loops))


NEWTON = """algorithm newton_after_descent(A: symmetric[d, d])
assume spectrum(A) in [1/2, 3]
X = 0
repeat 10:
    X = X - 1/2*(A*X - I)
repeat 2:
    X = 2*X - X*A*X
return X
"""

TWO_MATRICES = """algorithm tikhonov(x: [d] per token, y: [k] per context, A: symmetric[d, d])
w = 0
repeat 100:
    w = w - 1/4*((w*x - y)*x' + w*A) over context
return w*x on query
"""
SADDLE = """algorithm uzawa(A: symmetric[d, d], B: [d, d], psi: [d, k])
X, Y = 0, 0
repeat 80:
    X, Y = X - 1/4*(A*X + B'*Y - psi), Y + 1/4*(B*X)
return X, Y
"""
STEIN = """algorithm stein(P: [d, d], A: symmetric[d, d])
X = 0
repeat 60:
    X = 1/4*P*X*P' + A
return X
"""
FUNCTIONS = """algorithm huber_like(x: [d] per token, y: [k] per context)
z = clip(y, -1, 1)
w = 0
repeat 100:
    w = w - 1/4*(w*x - z)*x' over context
return relu(w*x) on query
"""
INNER = """algorithm splitting(A: symmetric[d, d], P: [d, d], psi: [d, k])
X = 0
repeat 20:
    Y, M = X, 0
    repeat 10:
        M = 1/5*M + A*Y + 1/4*P*X - psi
        Y = Y - 1/2*M
    X = Y
return X
"""


def restarted(rounds: int, count: int) -> Case:
    text = f"""algorithm restarted(A: symmetric[d, d], psi: [d, k])
X = 0
repeat {rounds}:
    for eta in {", ".join(chebyshev_steps(count))}:
        X = X - eta*(A*X - psi)
return X
"""
    return Case("restarted Chebyshev", rounds * count, "A psi", {}, text)


def scheduled_matrices(count: int) -> Case:
    text = f"""algorithm scheduled(x: [d] per token, y: [k] per context, A: symmetric[d, d])
w = 0
for eta in {", ".join(f"1/{5 + k % 4}" for k in range(count))}:
    w = w - eta*((w*x - y)*x' + w*A) over context
return w*x on query
"""
    return Case("schedule, two matrices", count, "x y A", {}, text)


def coupled(values: int, count: int) -> Case:
    """A ring of averaged gradient steps."""
    names = [f"X{k}" for k in range(values)]
    terms = [f"3/4*{n} + 1/4*{names[k - 1]} - 1/4*(A*{n} - psi)" for k, n in enumerate(names)]
    left, right = ", ".join(names), ", ".join(terms)
    text = f"""algorithm ring(A: symmetric[d, d], psi: [d, k])
{left} = {", ".join(["psi", *["0"] * (values - 1)])}
repeat {count}:
    {left} = {right}
return X0
"""
    return Case(f"{values} coupled values", count, "A psi", {}, text)


SWEEP = """algorithm sweep(A: symmetric[d, d], P: [d, d], psi: [d, k])
X = 0
repeat 27:
    X = X - 1/2*(A*X - psi)
    X = X - 1/5*(P*X - psi)
    X = X - 1/4*(A*P*X - psi)
    X = X - 1/3*(A*X - psi)
    X = X - 1/2*(P*X - psi)
    X = X - 1/6*(P*A*X - psi)
    X = X - 1/5*(A*X - psi)
    X = X - 1/3*(P*X - psi)
return X
"""
MOMENTUM = {**ENDS, "eta": "1/2", "beta": "1/5"}
CASES = (
    *(Case("gradient_descent", steps, "x y", ENDS) for steps in (10, 30, 100, 300, 1000, 3000)),
    *(Case("heavy_ball", steps, "x y", MOMENTUM) for steps in (24, 100, 300)),
    Case("preconditioned_gradient_descent", 100, "x y P", ENDS),
    Case("electric_potentials", 320, "B C psi", ENDS),
    Case("electric_flows", 160, "B C psi", ENDS),
    Case("newton_inverse", 12, "A", ENDS),
    Case("newton_inverse_general", 12, "A", SINGULAR),
    Case("ridge", 9, "x y", ENDS),
    *(semi_iteration(steps) for steps in (8, 24, 60)),
    momentum(24),
    *(two_loops(steps) for steps in (20, 200)),
    Case("descent, then Newton", 12, "A", {}, NEWTON),
    Case("muon", 5, "G", SINGULAR),
    Case("polar_quintic", 10, "A", SINGULAR),
    Case("Tikhonov, two matrices", 100, "x y A", {}, TWO_MATRICES),
    Case("Uzawa, saddle point", 80, "A B psi", {}, SADDLE),
    Case("Stein equation", 60, "P A", {}, STEIN),
    Case("functions of entries around", 100, "x y", {}, FUNCTIONS),
    Case("momentum within a splitting", 200, "A P psi", {}, INNER),
    restarted(10, 8),
    Case("sweep of eight", 27, "A P psi", {}, SWEEP),
    scheduled_matrices(26),
    *(coupled(values, 100) for values in (4, 8)),
)


def random_data(d: int = 5, k: int = 2, tokens: int = 12) -> Data:
    """Inputs of the examples, their spectra within [1/2, 3]."""
    random = np.random.default_rng(0)

    def orthogonal(rows: int) -> Matrix:
        return np.linalg.qr(random.normal(size=(rows, d)))[0]

    values = np.linspace(0.51, 2.99, d)
    left = orthogonal(d)
    root = left @ np.diag(np.sqrt(values))
    symmetric = root @ root.T
    return {
        "x": {"context": root @ orthogonal(tokens).T, "query": random.normal(size=(d, 3))},
        "y": {"context": random.normal(size=(k, tokens))},
        "P": np.eye(d),
        "G": root,
        "A": (symmetric + symmetric.T) / 2,
        "B": root,
        "C": root,
        "psi": random.normal(size=(d, k)),
    }


def row(case: Case, data: Data) -> tuple[str, ...]:
    script = case.text or EXAMPLES / f"{case.script}.alg"
    begin = time.perf_counter()
    network = api.compile(script, settings=case.chosen, fewest="layers")
    compiled = time.perf_counter() - begin
    begin = time.perf_counter()
    accepted = network.verify().accepted
    verified = time.perf_counter() - begin
    written = api.compile(script, settings=case.chosen).report
    report = network.report
    inputs = {name: data[name] for name in case.inputs.split()}
    return (
        case.script,
        str(case.steps),
        str(written.layers),
        str(report.layers),
        str(report.depth_lower_bound),
        f"{written.heads} -> {report.heads}",
        f"{written.total_heads} -> {report.total_heads}",
        f"{written.width_text} -> {report.width_text}",
        f"{difference(network, inputs):.1e}",
        f"{compiled:.2f}",
        f"{verified:.2f}" + ("" if accepted else " REFUSED"),
    )


def difference(network: api.Network, inputs: Data) -> float:
    """The largest entry of network − script, relative to the largest of the script."""
    found, wanted = network.run(inputs, check="off"), network.interpret(inputs)
    worst = 0.0
    for name, value in wanted.items():
        for group, one in value.items() if isinstance(value, dict) else (("", value),):
            here, one = cast(Any, found[name]), cast(Any, one)
            other = here[group] if isinstance(here, dict) else here
            worst = max(worst, float(np.abs(other - one).max() / np.abs(one).max()))
    return worst


def main() -> None:
    data = random_data()
    network = api.compile(EXAMPLES / "gradient_descent.alg", settings={**ENDS, "steps": "2"})
    network.run({"x": data["x"], "y": data["y"]}, check="off")  # loads the libraries
    headers = (
        "algorithm",
        "steps",
        "as written",
        "layers",
        "bound",
        "heads a layer",
        "heads",
        "width",
        "difference",
        "compile s",
        "verify s",
    )
    print_table(headers, [row(case, data) for case in CASES])


if __name__ == "__main__":
    main()
