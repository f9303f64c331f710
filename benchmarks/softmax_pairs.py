"""Softmax pairs for debiased gradient descent on the diabetes data, at omega = 1/10, 1/100, 1/1000.

    python benchmarks/softmax_pairs.py [--small]

``observed`` is the largest distance, at any query, of the network of softmax pairs in float64 from
the network of centred heads in float64; ``this input`` the proven bound of the distance of those
same numbers from the centred network in exact arithmetic (Frobenius norm, all queries together),
in float64 and in float32; ``every input`` the certificate's bound, at any query, before round-off.
``ratio`` is the observed distance in the row above over that of the row: 100, but where omega is so
large that the next term, of omega^4, is seen.  Features and target are centred on the context, so
that the centred network is the script's.  Exits with status 1 if a bound is below what was
observed, or if the last ratio is not 100 within five per cent.
"""

from __future__ import annotations

import sys

import numpy as np
from sklearn.datasets import load_diabetes

from weightsmith import api
from weightsmith.backends.data.arrays import Array
from weightsmith.backends.reference import run_weights
from weightsmith.backends.template.instantiate import structured_weights
from weightsmith.backends.template.token_counts import counted
from weightsmith.cli.outputs.table import print_table
from weightsmith.compiler.reports.bound import upward
from weightsmith.network import Network
from weightsmith.softmax_pairs import centred_template

SCRIPT = """\
algorithm gradient_descent(x: [d] per token, y: [1] per context)
assume norm(x) <= B
assume entries(y) in [-c, c]
assume size(context) <= n
assume spectrum(x*x' over context) in [mu, L]
param B, c, n, mu, L, eta, steps

w = 0
repeat steps:
    w = w - eta/n * (w*x - y) * x'  over context
return w*x on query
"""
OMEGAS = ("1/10", "1/100", "1/1000")
Data = dict[str, dict[str, Array]]


def main() -> int:
    small = "--small" in sys.argv[1:]
    rows: list[tuple[str, ...]] = []
    good = True
    for features, eta in (("variance 1", "1/4"), ("norm at most 1", "4")):
        data = diabetes(60 if small else 400, features == "norm at most 1")
        before = 0.0
        for omega in OMEGAS:
            row, observed, bounds = measured(data, omega, eta, "2" if small else "4")
            ratio = before / observed
            rows.append((features, omega, *row, f"{ratio:.1f}" if before else ""))
            good &= all(bound >= observed for bound in bounds)
            good &= omega != OMEGAS[-1] or 95 < ratio < 105
            before = observed
    head = ("features", "omega", "observed", "this input", "float32", "every input", "ratio")
    print_table(head, rows)
    return 0 if good else 1


def measured(
    data: Data, omega: str, eta: str, steps: str
) -> tuple[tuple[str, ...], float, tuple[float, ...]]:
    """The numbers of a row as text; what was observed, and the bounds in float64 of it."""
    count = data["x"]["context"].shape[1]
    settings = api.measure(SCRIPT, data, settings={"eta": eta, "steps": steps, "n": count})
    network = api.compile(SCRIPT, settings=settings, softmax_pairs=omega)
    answer = network.run(data, check="off")
    found = answer["output"]
    if not isinstance(found, dict):
        raise TypeError("the output comes by token group")
    observed = float(np.abs(found["query"] - centred(network, data)).max())
    double = bound(network, data, "float64")
    single = bound(network, data, "float32")
    (every,) = (one.value for one in network.bounds)
    if every is None:
        raise ValueError("every symbol has a value")
    texts = (f"{observed:.2e}", f"{double:.2e}", f"{single:.2e}", upward(every))
    return texts, observed, (double, float(every))


def bound(network: Network, data: Data, dtype: str) -> float:
    answer = network.run(data, dtype, check="off")
    (value,) = api.enclose_pairs(network, data, answer).values
    if value.bound is None:
        raise ValueError(value.reason)
    return value.bound


def centred(network: Network, data: Data) -> Array:
    """What the centred network returns at the queries, in float64."""
    groups = {name: piece.shape[1] for name, piece in data["x"].items()}
    template = counted(centred_template(network), groups)
    answer = run_weights(template, structured_weights(template), data)["output"]
    if not isinstance(answer, dict):
        raise TypeError("the output comes by token group")
    return answer["query"]


def diabetes(context: int, unit: bool) -> Data:
    """Ten features, centred on the context, of variance 1 or of a norm of at most 1; the next 42
    patients are the queries."""
    features, target = load_diabetes(return_X_y=True)
    x, y = features.T[:, : context + 42], target[None, :context]
    x = x - x[:, :context].mean(axis=1, keepdims=True)
    x = x / x[:, :context].std(axis=1, keepdims=True)
    if unit:
        x = x / np.linalg.norm(x, axis=0).max()
    y = (y - y.mean()) / y.std()
    return {"x": {"context": x[:, :context], "query": x[:, context:]}, "y": {"context": y}}


if __name__ == "__main__":
    sys.exit(main())
