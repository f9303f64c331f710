"""Networks and data that the tests of every format share, and how results are compared."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

import weightsmith.api as ws
from weightsmith.backends.reference import run_files
from weightsmith.backends.template.layout import Answer, Inputs
from weightsmith.cli.demonstration.demo_cases import CASES, Case
from weightsmith.cli.demonstration.demo_function_cases import FUNCTION_CASES
from weightsmith.cli.inputs.examples import example

ALL = {case.name: case for case in (*CASES, *FUNCTION_CASES)}
NAMES = (
    "newton_inverse",
    "polar",
    "gradient_descent",
    "gradient_descent, fewest layers",
    "gd_plus_plus",
    "electric_potentials",
    "lasso_ista",
    "lasso_fista",
    "lista",
    "learned_preconditioners",
    "divide",
)
GATED = """algorithm gated(A: [d, d])
items = A .* (A*A + ones)
repeat 3:
    items = 1/2*items + 1/8*(items .* A)
values = 2*items
return items, values
"""
GIVEN = {"A": np.random.default_rng(0).normal(size=(4, 4))}
LOOPS = """algorithm loops(A: [d, d], y: [k] per context)
param inner = 2
param outer = 3
param scale = 3
X = 1/2*I
z = y
repeat outer:
    X = relu(X + 1/4*A)
    repeat inner:
        X = 3/2*X - 1/2*X*A*X
repeat outer:
    z = 1/scale*z
return X, z
"""  # starts from an identity, has a loop within a loop, and one count for two loops
COUNTS = [{}, {"inner": 0, "outer": 0}, {"inner": 1, "outer": 0}, {"inner": 0}, {"outer": 5}]
LATE = """algorithm late(A: [d, d], B: [d, e], y: [k] per context)
param eta = 1/2
table ramp = (-1, 1), (0, -1/2), (2, 1)

V0 = relu((relu((relu(A))*(relu(A))))) over context
V1 = relu((y)) over context
for g2 in 1:
    V0 = relu((A)) over context
    V0 = relu((relu((relu(A))*(relu(A))))) over context
    repeat 2:
        V0 = max((A), (ramp(A))) over context
return V0, (relu((relu(B))*(relu(B')))) over context
"""  # a later pass of the inner loop fills a block that the first does not
TOLERANCE = {"float64": 1e-12, "float32": 1e-4}


@lru_cache
def network_of(name: str) -> ws.Network:
    case: Case = ALL[name]
    problem = case.problem()
    return ws.compile(
        example(case.script),
        settings=case.parameters(problem, small=True),
        fewest=case.fewest,
        matrices=problem.matrices,
    )


@lru_cache
def data_of(name: str) -> Inputs:
    return network_of(name).used(ALL[name].problem().inputs)


@lru_cache
def reference_of(name: str) -> dict[str, np.ndarray]:
    return flat(reference(network_of(name), data_of(name)))


def reference(network: ws.Network, inputs: Inputs) -> Answer:
    files = network.files()
    return run_files(files["template.json"], files["model.safetensors"], inputs)


def flat(values: Mapping[str, object]) -> dict[str, np.ndarray]:
    """``{"A": …, "x_context": …}``: arrays by the names that an export gives them."""
    found: dict[str, np.ndarray] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= {f"{name}_{group}": np.asarray(piece) for group, piece in value.items()}
        else:
            found[name] = np.asarray(value)
    return found


def assert_close(
    found: Mapping[str, np.ndarray], wanted: Mapping[str, np.ndarray], tolerance: float
) -> None:
    """Each value by its largest entry."""
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert found[name].shape == value.shape
        scale = np.abs(value).max(initial=0.0)
        assert np.abs(found[name] - value).max(initial=0.0) <= tolerance * scale, name


def grouped(arrays: Mapping[str, np.ndarray]) -> dict[str, object]:
    """The inverse of ``flat``."""
    found: dict[str, object] = {}
    for name, array in arrays.items():
        base, _, group = name.partition("_")
        if group in ("context", "query"):
            found.setdefault(base, {})[group] = array  # type: ignore[index]
        else:
            found[name] = array
    return found


def assert_near(
    found: list[np.ndarray], wanted: Mapping[str, object], inputs: Mapping[str, np.ndarray]
) -> None:
    """Of random programs, which may cancel: by the largest entry of the inputs, too.

    One that leaves the range of floats is passed over: no order of products is right then.
    """
    if not all(np.isfinite(value).all() for value in flat(wanted).values()):
        return
    largest = max((np.abs(array).max(initial=1.0) for array in inputs.values()), default=1.0)
    for one, value in zip(found, flat(wanted).values(), strict=True):
        scale = max(np.abs(value).max(initial=0.0), largest)
        assert one.shape == value.shape
        assert np.abs(one - value).max(initial=0.0) <= 1e-9 * scale
