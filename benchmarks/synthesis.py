"""Synthesised networks beside written ones and beside the lower bound: layers, certified, observed.

    python benchmarks/synthesis.py [--small]

Four tables: the inverse to 1e-8 by condition number; the polar factor to 1e-6 by the smallest
singular value, in layers and in matrix products; the heat kernel to 1e-6; the other targets.
"observed" is the error of the network in float64 on a random symmetric matrix with the assumed
spectrum, against a reference in 60 digits.  Exits with status 1 if a bar is missed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import perf_counter

import numpy as np
from mpmath import mp  # type: ignore[import-untyped]
from numpy.typing import NDArray

from weightsmith import api
from weightsmith.cli.outputs.table import print_table
from weightsmith.compiler.reports.bound import upward
from weightsmith.compiler.synthesize.expand import Synthesized, expand
from weightsmith.compiler.synthesize.families.minimax import greedy
from weightsmith.compiler.synthesize.families.numbers import decimal_text
from weightsmith.compiler.synthesize.requests import lower_bound
from weightsmith.dsl import Source, check

Floats = NDArray[np.float64]
Function = Callable[[mp.mpf], mp.mpf]
UNIT = 2.0**-53
SIZE = 10
BAR_1 = {10: 4, 100: 5, 1000: 6, 10**4: 7, 10**6: 9}
ALLOWED = 1000.0  # round-off: observed ≤ certified + 1e3·u·κ

TARGET = "algorithm f(A: symmetric[d, d])\nassume {}\nreturn synthesize {} within {}\n"
NEWTON = """algorithm newton(A: symmetric[d, d])
assume spectrum(A) in [{low}, 1]
X = 2/({low} + 1)*I
repeat until error <= 1e-8:
    X = 2*X - X*A*X
return X approximates inv(A)
"""
HYPERPOWER = """algorithm hyperpower(A: symmetric[d, d])
assume spectrum(A) in [{low}, 1]
X, E = 2/({low} + 1)*I, I - 2/({low} + 1)*A
repeat until error <= 1e-8:
    X, E = X + X*E*(I + E), E*E*E
return X approximates inv(A)
"""
QUINTIC = """algorithm quintic(A: [m, n])
assume singular_values(A) in [{low}, 1]
X = A
for a, b, c in {rows}:
    X = a*X + b*X*X'*X + c*X*X'*X*X'*X
return X approximates polar(A)
"""


@dataclass
class Bars:
    """What was missed."""

    missed: list[str]

    def require(self, holds: bool, what: str) -> None:
        if not holds:
            self.missed.append(what)


def main() -> int:
    is_small = "--small" in sys.argv[1:]
    mp.dps = 60
    bars = Bars([])
    inverse_table(list(BAR_1)[:3] if is_small else list(BAR_1), bars)
    polar_table(["1/10", "1/1000"] if is_small else ["1/10", "1/100", "1/1000", "1/100000"], bars)
    heat_table([10, 100] if is_small else [10, 100, 1000], bars)
    other_table(OTHERS[:5] if is_small else OTHERS, bars)
    met = "every figure is within its bar, observed errors with 1e3·u·κ of round-off allowed"
    print("missed: " + "; ".join(bars.missed) if bars.missed else met)
    return 1 if bars.missed else 0


# -- the inverse --------------------------------------------------------------------------------


def inverse_table(conditions: Sequence[int], bars: Bars) -> None:
    rows, strict = [], []
    for kappa in conditions:
        low = f"1/{kappa}"
        found, network, _ = synthesised(f"spectrum(A) in [{low}, 1]", "inv(A)", "1e-8")
        written = [api.compile(text.format(low=low)) for text in (NEWTON, HYPERPOWER)]
        networks = [network, *written]
        values = np.geomspace(1 / kappa, 1, SIZE)
        errors = [observed(one, values, lambda z: 1 / z) for one in networks]
        layers = [layers_of(one) for one in networks]
        certified = [certified_error(one) for one in networks]
        cells = [
            f"{count}: {upward(bound)}, {error:.1e}"
            for count, bound, error in zip(layers, certified, errors, strict=True)
        ]
        least = found.lower_bound_layers
        rows.append((f"{kappa:.0e}", str(least), *cells, str(2 * layers[1])))
        bars.require(layers[0] == BAR_1[kappa] == least, f"layers at condition {kappa}")
        bars.require(certified[0] <= Fraction(1, 10**8), f"1e-8 at condition {kappa}")
        for bound, error in zip(certified, errors, strict=True):
            bars.require(error <= float(bound) + ALLOWED * UNIT * kappa, f"observed, {kappa}")
            if float(bound) > ALLOWED * UNIT * kappa:
                printed = upward(bound)  # four digits, rounded up: a bound that leaves room
                holds = error <= float(printed)
                bars.require(holds, f"observed without allowance, {kappa}")
                verdict = f"observed {error:.9e}, {'holds' if holds else 'FAILS'}"
                strict.append(f"condition {kappa}, certified {printed}: {verdict}")
    heads = (
        "condition",
        "lower bound",
        "synthesised",
        "Newton, a layer a step",
        "cubic hyperpower",
        "Newton, two layers a step",
    )
    print("Inverse to 1e-8 on [1/condition, 1]: layers: certified, observed error, relative")
    print_table(heads, rows)
    print("Observed <= certified as printed, where certified > 1e3·u·κ, with no allowance:")
    print("\n".join(f"    {line}" for line in strict))
    print()


# -- the polar factor ---------------------------------------------------------------------------


def polar_table(smallest: Sequence[str], bars: Bars) -> None:
    rows = []
    for low in smallest:
        text = "algorithm f(A: [m, n])\nassume singular_values(A) in [{}, 1]\n"
        text = text.format(low) + "return synthesize polar(A) within 1e-6\n"
        found = expand(check(Source("polar.alg", text)), {})
        network = api.compile(text)
        quintics = greedy((Fraction(low), Fraction(1)), Fraction(1, 10**6), terms=3)
        steps = ", ".join(
            f"({', '.join(decimal_text(c) for c in step)})" for step in quintics.steps
        )
        other = api.compile(QUINTIC.format(low=low, rows=steps))
        ours, theirs = layers_of(network), layers_of(other)
        restructured = api.compile(QUINTIC.format(low=low, rows=steps), fewest="layers")
        narrow = api.compile(text, fewest="operations")  # by cubics
        same = 3 * len(quintics.steps) // 2  # cubic steps in as many products
        cubics = greedy((Fraction(low), Fraction(1)), Fraction(0)).errors
        rows.append(
            (
                low,
                str(found.lower_bound_layers),
                f"{ours}: {upward(certified_error(network))}",
                network.report.width_text,
                str(2 * (network.report.total_heads or 0)),
                f"{layers_of(narrow)}: {upward(certified_error(narrow))}",
                str(2 * (narrow.report.total_heads or 0)),
                f"{theirs}: {upward(certified_error(other))}",
                str(3 * len(quintics.steps)),
                str(layers_of(restructured)),
                f"{same}: {upward(cubics[min(same, len(cubics) - 1)])}",
            )
        )
        bars.require(ours <= theirs, f"layers of polar at {low}")
        bars.require(layers_of(narrow) <= theirs, f"layers of polar by cubics at {low}")
        bars.require(certified_error(network) <= Fraction(1, 10**6), f"1e-6 of polar at {low}")
        bars.require(ours <= found.lower_bound_layers + 1, f"polar at {low} near its lower bound")
    heads = (
        "smallest",
        "lower bound",
        "synthesised: certified",
        "width",
        "products",
        "fewest operations",
        "products",
        "Polar Express: certified",
        "products",
        "fewest layers",
        "cubics in as many products",
    )
    print("Polar factor to 1e-6, singular values in [smallest, 1]: layers, matrix products")
    print_table(heads, rows)
    print()


# -- the heat kernel ----------------------------------------------------------------------------


def heat_table(lengths: Sequence[int], bars: Bars) -> None:
    rows = []
    for length in lengths:
        interval = (Fraction(0), Fraction(length))
        degree = lower_bound.least_degree(
            lambda n, interval=interval: lower_bound.function_error(  # type: ignore[misc]
                lambda z: (-z).exp(), n, interval, relative=False
            ),
            Fraction(1, 10**6),
        )
        found, network, seconds = synthesised(f"spectrum(A) in [0, {length}]", "exp(-A)", "1e-6")
        error = observed(network, np.linspace(0, length, SIZE), lambda z: mp.exp(-z))
        certified = certified_error(network)
        rows.append(
            (
                str(length),
                str(degree),
                found.notes[0].partition(":")[0].rpartition(" ")[2],
                str(found.lower_bound_layers),
                str(layers_of(network)),
                str(network.report.heads),
                network.report.width_text,
                upward(certified),
                f"{error:.1e}",
                f"{seconds:.1f}",
            )
        )
        bars.require(layers_of(network) == found.lower_bound_layers, f"heat kernel at {length}")
        bars.require(certified <= Fraction(1, 10**6), f"1e-6 of the heat kernel at {length}")
        bars.require(error <= float(certified) + ALLOWED * UNIT, f"observed, heat at {length}")
    heads = (
        "s*lambda",
        "best degree ≥",
        "degree",
        "lower bound",
        "layers",
        "heads",
        "width",
        "certified",
        "observed",
        "s",
    )
    print("exp(-s*A) to 1e-6, absolutely")
    print_table(heads, rows)
    print()


# -- the others ---------------------------------------------------------------------------------

OTHERS = [
    ("spectrum(A) in [1/100, 1]", "sqrt(A)", lambda z: mp.sqrt(z)),
    ("spectrum(A) in [1/100, 1]", "invsqrt(A)", lambda z: 1 / mp.sqrt(z)),
    ("spectrum(A) in [1/100, 1]", "A^(-1/3)", lambda z: z ** (-mp.mpf(1) / 3)),
    ("spectrum(A) in [-1, -1/100] or [1/100, 1]", "sign(A)", mp.sign),
    ("spectrum(A) in [-1, -1/10] or [1/20, 2]", "inv(A)", lambda z: 1 / z),
    ("spectrum(A) in [1/10000, 1]", "sqrt(A)", lambda z: mp.sqrt(z)),
    ("spectrum(A) in [1/10000, 1]", "A^(-1/8)", lambda z: z ** (-mp.mpf(1) / 8)),
    ("spectrum(A) in [1/100, 1]", "A^(2/3)", lambda z: z ** (mp.mpf(2) / 3)),
    ("spectrum(A) in [0, 1]", "inv(A + 1/100*I)", lambda z: 1 / (z + mp.mpf(1) / 100)),
]


def other_table(cases: Sequence[tuple[str, str, Function]], bars: Bars) -> None:
    rows = []
    for spectrum, target, function in cases:
        found, network, seconds = synthesised(spectrum, target, "1e-6")
        error = observed(network, eigenvalues(spectrum), function)
        start = perf_counter()
        accepted = network.verify().accepted
        checked = perf_counter() - start
        bars.require(accepted, f"certificate of {target}")
        bars.require(layers_of(network) == found.lower_bound_layers, f"layers of {target}")
        bars.require(certified_error(network) <= Fraction(1, 10**6), f"1e-6 of {target}")
        rows.append(
            (
                target,
                spectrum.partition(" in ")[2],
                found.notes[0].partition(":")[0],
                str(found.lower_bound_layers),
                str(layers_of(network)),
                network.report.width_text,
                upward(certified_error(network)),
                f"{error:.1e}",
                f"{seconds:.1f}",
                f"{checked:.1f}",
            )
        )
    heads = (
        "target",
        "spectrum",
        "by",
        "lower bound",
        "layers",
        "width",
        "certified",
        "observed",
        "compile s",
        "verify s",
    )
    print("Other targets to 1e-6, relatively")
    print_table(heads, rows)
    print()


def eigenvalues(spectrum: str) -> Floats:
    intervals = [part.strip(" []") for part in spectrum.partition(" in ")[2].split(" or ")]
    ends = [[float(Fraction(end)) for end in one.split(",")] for one in intervals]
    return np.concatenate([np.linspace(low, high, SIZE // len(ends)) for low, high in ends])


# -- common -------------------------------------------------------------------------------------


def synthesised(
    spectrum: str, target: str, tolerance: str
) -> tuple[Synthesized, api.Network, float]:
    text = TARGET.format(spectrum, target, tolerance)
    found = expand(check(Source("target.alg", text)), {})
    start = perf_counter()
    network = api.compile(text)
    return found, network, perf_counter() - start


def layers_of(network: api.Network) -> int:
    layers = network.report.layers
    if layers is None:
        raise ValueError(network.report.layers_text)
    return int(layers)


def certified_error(network: api.Network) -> Fraction:
    (bound,) = network.bounds
    if bound.value is None:
        raise ValueError(bound.unproven)
    return Fraction(bound.value)


def observed(network: api.Network, values: Floats, function: Function) -> float:
    """‖returned − f(A)‖ in the 2-norm, divided by ‖f(A)‖ where the certificate is relative."""
    rng = np.random.default_rng(7)
    turned, _ = np.linalg.qr(rng.normal(size=(len(values), len(values))))
    A = turned @ np.diag(values) @ turned.T
    A = (A + A.T) / 2
    (found,) = network.run({"A": A}).values()
    places, vectors = mp.eigsy(mp.matrix(A.tolist()))
    exact = vectors * mp.diag([function(place) for place in places]) * vectors.T
    difference = np.array((mp.matrix(np.asarray(found).tolist()) - exact).tolist(), dtype=float)
    size = 1.0
    if found_relative(network):
        size = float(np.linalg.norm(np.array(exact.tolist(), dtype=float), 2))
    return float(np.linalg.norm(difference, 2)) / size


def found_relative(network: api.Network) -> bool:
    """Is the error of the target measured against its size?"""
    return bool(network.bounds[0].scale == "norm(target)")


if __name__ == "__main__":
    sys.exit(main())
