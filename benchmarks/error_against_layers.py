"""A picture: certified error of the inverse against layers, for a condition number of 100.

    python benchmarks/error_against_layers.py

The published Newton step (two layers each for a general matrix, Giannou et al. 2024, Lemma 4.1),
Newton as `examples/newton_inverse.alg` (one layer), the same algorithm with --fewest layers, the
synthesised polynomials, and what no network of linear attention can pass.  Every curve but the last
is the bound of a certificate.  Writes error_against_layers.svg beside this file.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from picture import Curve, Points, picture
from settings import EXAMPLES

from weightsmith import api
from weightsmith.compiler.synthesize.families.inverse import chebyshev_inverse
from weightsmith.compiler.synthesize.requests.lower_bound import inverse_error

LOW, HIGH = Fraction(1, 100), Fraction(1)
MOST_LAYERS, LOWEST = 16, 1e-24
PUBLISHED = Curve("published Newton, 2 layers a step", "#7f8c8d")
WRITTEN = Curve("Newton as written", "#1f5fa8")
FEWEST = Curve("Newton, --fewest layers", "#e08e2b")
SYNTHESISED = Curve("synthesised", "#c0392b")
BOUND = Curve("no network can pass this", "#2c3e50", dashed=True)
CHEBYSHEV = """algorithm inverse(A: symmetric[d, d])
assume spectrum(A) in [{low}, {high}]
X, E = {theta}*I, I - {theta}*A
for g in {factors}:
    X, E = X + g*X*E*(I + E), E + g*E*(E*E - I)
return X approximates inv(A)
"""


def main() -> None:
    target = Path(__file__).with_suffix(".svg")
    target.write_text(picture(measure(), LOWEST, 2), encoding="utf-8")
    print(f"wrote {target.name}")


def measure() -> dict[Curve, Points]:
    """Return the curves (layers, certified residual)."""
    newton = {steps: _newton(steps, None) for steps in range(1, MOST_LAYERS + 1)}
    fewest = {_newton(steps, "layers") for steps in range(1, MOST_LAYERS + 1)}
    layers = range(1, 8)
    return {
        PUBLISHED: [(2 * n, e) for n, (_, e) in newton.items() if 2 * n <= MOST_LAYERS],
        WRITTEN: list(newton.values()),
        FEWEST: sorted(_best({one for one in fewest if one[0]})),
        SYNTHESISED: [_synthesised(n) for n in layers],
        BOUND: [(n, float(inverse_error(3**n, (LOW, HIGH)))) for n in layers],
    }


def _newton(steps: int, fewest: str | None) -> tuple[int, float]:
    settings: dict[str, int | Fraction] = {"mu": LOW, "L": HIGH, "steps": steps}
    return _certified(
        api.compile(EXAMPLES / "newton_inverse.alg", settings=settings, fewest=fewest)
    )


def _synthesised(layers: int) -> tuple[int, float]:
    """The script that ``synthesize inv(A)`` makes, cut to so many layers."""
    found = chebyshev_inverse(LOW, HIGH, Fraction(1, 10**40))
    factors = ", ".join(str(factor) for factor in found.factors[:layers])
    return _certified(
        api.compile(CHEBYSHEV.format(low=LOW, high=HIGH, theta=found.theta, factors=factors))
    )


def _certified(network: api.Network) -> tuple[int, float]:
    value = network.bounds[0].value
    if value is None or network.report.layers is None:
        raise SystemExit("an inverse has no certified error")
    return network.report.layers, float(value)


def _best(points: set[tuple[int, float]]) -> list[tuple[int, float]]:
    """The least error of each number of layers."""
    return [(n, min(e for m, e in points if m == n)) for n in {n for n, _ in points}]


if __name__ == "__main__":
    main()
