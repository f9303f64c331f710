"""Damped Newton for logistic regression: what a tolerance costs, beside the paper's counts.

    python benchmarks/logistic_newton.py [--small]

examples/logistic_newton.alg on scikit-learn's breast cancer data (five standardised features,
‖x_i‖ ≤ 1, mu = 1/10), with ``within`` replaced.  w* is the minimiser that scipy.optimize finds.
The counts of Giannou et al. 2024 (arXiv 2403.03183, Theorems 5.1 and 5.2), for error epsilon:
11 + 2k layers a Newton step, 2/epsilon ReLUs for p, 4/epsilon for p(1 - p), 2/epsilon for the step.
Exits with status 1 if a certificate fails, or a figure is above its bar.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from scipy.optimize import minimize, root
from scipy.special import expit
from settings import EXAMPLES

from weightsmith import api
from weightsmith.cli.demonstration.demo_data import Array, Problem
from weightsmith.cli.demonstration.demo_function_data import CELLS, measured_tumours
from weightsmith.cli.outputs.scale import matrix_of
from weightsmith.cli.outputs.table import print_table

MU = Fraction(1, 10)
# tolerance of every table: Newton steps and inversion steps with which the bound is at its floor
STEPS = {"1e-2": (6, 2), "1e-4": (5, 2), "1e-6": (5, 2)}
TABLES = ("p", "p(1-p)", "product", "step size")  # in the order of the script's functions
PAPER = {"p": 2, "p(1-p)": 4, "step size": 2}  # ReLUs times epsilon
PAPER_FIXED, PAPER_INVERSION = 11, 2  # layers a Newton step: 11 + 2k
MOST_STEPS, LAYERS_FIXED, MOST_RATIO = 8, 6, 100  # the bars; at most 6 + k layers a step
WANTED, WANTED_AT = 1e-4, Fraction("1e-4")  # observed error, for tolerances from here down


@dataclass(frozen=True)
class Result:
    """One tolerance: the size of the network, what is proven, what is seen."""

    tolerance: str
    steps: int
    inner: int
    network: api.Network
    is_verified: bool
    certified: float
    observed: float
    compile_seconds: float
    verify_seconds: float

    @property
    def layers(self) -> int:
        return self.network.report.layers or 0

    @property
    def layers_a_step(self) -> int:
        """Layers of one pass of the outer loop."""
        return self.layers // self.steps

    @property
    def pieces(self) -> dict[str, int]:
        """Linear pieces between the ends of each table."""
        tables: Any = self.network.certificate["tables"]
        counts = [len(table["knots"]) - 1 for table in tables]
        return dict(zip(TABLES, counts, strict=True))

    @property
    def ratio(self) -> float:
        return self.certified / self.observed

    def failures(self) -> list[str]:
        """What is above its bar."""
        checks = {
            "a claim is refused": not self.is_verified,
            "nothing is proven": not self.certified < float("inf"),
            "the certificate is violated": self.observed > self.certified,
            f"certified/observed is above {MOST_RATIO}": self.ratio > MOST_RATIO,
            f"more than {MOST_STEPS} Newton steps": self.steps > MOST_STEPS,
            "more than 6 + k layers a step": self.layers_a_step > LAYERS_FIXED + self.inner,
            f"observed above {WANTED:g}": Fraction(self.tolerance) <= WANTED_AT
            and self.observed > WANTED,
        }
        return [f"{self.tolerance}: {what}" for what, is_so in checks.items() if is_so]


def main() -> int:
    tolerances = ("1e-2",) if "--small" in sys.argv[1:] else tuple(STEPS)
    problem = measured_tumours()
    wanted = minimiser(problem)
    results = [measure(tolerance, problem, wanted) for tolerance in tolerances]
    ends = f"n = {problem.sizes['n']}, d = {CELLS}, ell = {problem.ends[1]}, mu = {MU}"
    print(f"breast cancer, {ends}\n")
    print_sizes(results)
    print("\npieces of each table, and ReLUs of the paper's for the same epsilon")
    print_pieces(results)
    failed = [failure for result in results for failure in result.failures()]
    print("\n" + ("\n".join(failed) if failed else "every certificate holds, and every bar"))
    return 1 if failed else 0


def print_sizes(results: list[Result]) -> None:
    headers = (
        "epsilon",
        "Newton\nsteps",
        "k",
        "layers",
        "paper's\nlayers",
        "layers\na step",
        "paper's\na step",
        "width",
        "hidden\nunits",
        "certified",
        "observed",
        "ratio",
        "compile\ns",
        "verify\ns",
    )
    rows = []
    for result in results:
        report, paper = result.network.report, PAPER_FIXED + PAPER_INVERSION * result.inner
        figures = (result.layers, paper * result.steps, result.layers_a_step, paper)
        rows.append(
            (
                result.tolerance,
                str(result.steps),
                str(result.inner),
                *map(str, figures),
                report.width_text,
                report.hidden_text,
                f"{result.certified:.2e}",
                f"{result.observed:.2e}",
                f"{result.ratio:.1f}",
                f"{result.compile_seconds:.1f}",
                f"{result.verify_seconds:.1f}",
            )
        )
    print_table(headers, rows)


def print_pieces(results: list[Result]) -> None:
    headers = ["epsilon"]
    for name in TABLES:
        headers += [name, f"{name},\npaper"] if name in PAPER else [name]
    rows = []
    for result in results:
        cells = [result.tolerance]
        for name, pieces in result.pieces.items():
            cells.append(str(pieces))
            if name in PAPER:
                cells.append(str(int(PAPER[name] / Fraction(result.tolerance))))
        rows.append(cells)
    print_table(headers, rows)


def measure(tolerance: str, problem: Problem, wanted: Array) -> Result:
    """Compile, verify and run the script with this tolerance of all tables."""
    steps, inner = STEPS[tolerance]
    settings = {**problem.settings, "mu": MU, "steps": steps, "inner": inner}
    start = perf_counter()
    network = api.compile(script(tolerance), settings=settings)
    compiled = perf_counter()
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / "network"
        network.save(directory)
        is_verified = api.verify(directory).accepted
    verified = perf_counter()
    found = matrix_of(network.run(problem.inputs)["w"])
    (bound,) = network.bounds
    certified = float("inf") if bound.value is None else float(api.upward(bound.value))
    observed = float(np.linalg.norm(found - wanted))
    seconds = compiled - start, verified - compiled
    return Result(tolerance, steps, inner, network, is_verified, certified, observed, *seconds)


def script(tolerance: str) -> str:
    """The example with another tolerance."""
    text = (EXAMPLES / "logistic_newton.alg").read_text(encoding="utf-8")
    replaced, count = re.subn(r"^within .*$", f"within {tolerance}", text, flags=re.MULTILINE)
    if count != 1:
        raise ValueError("expected one line 'within …' in logistic_newton.alg")
    return replaced


def minimiser(problem: Problem) -> Array:
    """w* by scipy: a minimum of the loss, then the root of its gradient near it."""
    x, y = (np.asarray(problem.inputs[name]["context"]) for name in ("x", "y"))  # type: ignore[index,call-overload]
    signs, n, mu = 2 * y[0] - 1, x.shape[1], float(MU)

    def loss(w: Array) -> float:
        return float(np.logaddexp(0, -signs * (w @ x)).mean() + mu / 2 * w @ w)

    def gradient(w: Array) -> Array:
        result: Array = x @ (expit(w @ x) - y[0]) / n + mu * w
        return result

    def hessian(w: Array) -> Array:
        p = expit(w @ x)
        result: Array = (x * (p * (1 - p))) @ x.T / n + mu * np.eye(len(x))
        return result

    near = minimize(loss, np.zeros(len(x)), jac=gradient, hess=hessian, method="trust-exact").x
    w: Array = np.asarray(root(gradient, near, jac=hessian, tol=1e-15).x)
    if np.linalg.norm(gradient(w)) > 1e-12:
        raise ArithmeticError(f"scipy stopped at a gradient of {np.linalg.norm(gradient(w)):.1e}")
    return w[np.newaxis]


if __name__ == "__main__":
    sys.exit(main())
