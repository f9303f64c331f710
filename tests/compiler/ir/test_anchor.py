"""Hinges open away from an anchor: the same function exactly, and small errors in float32."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import weightsmith.api as ws
from weightsmith.backends.storage.files import CERTIFICATE, TEMPLATE
from weightsmith.checker.prove import prove_exactness
from weightsmith.checker.reading.refusal import RefusedError
from weightsmith.compiler.ir.anchor import Hinge, anchored
from weightsmith.compiler.ir.piecewise import composed
from weightsmith.compiler.reports.hinge_rounding import rounding_of
from weightsmith.dsl.numbers.scalars import Number, Scalar, Symbol, evaluate
from weightsmith.dsl.program.core import PiecewiseLinear

small = st.fractions(-3, 3, max_denominator=4)
numbers = small.map(Number)
functions = st.builds(
    PiecewiseLinear,
    numbers,
    numbers,
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6).map(tuple),
)
lines = st.builds(PiecewiseLinear, numbers, numbers, st.just(()))
INTERVALS = {"1/1000": "1e-2", "1/10000": "1e-1"}
STEEP = "algorithm f(x: [1] per query)\nwithin {}\nreturn reciprocal(clip(x, {}, 5))\n"


def at(scalar: Scalar) -> Fraction:
    return evaluate(scalar, {})


def value(function: PiecewiseLinear, t: Fraction) -> Fraction:
    bent = (at(change) * max(t - at(place), Fraction(0)) for place, change in function.breakpoints)
    return at(function.constant) + at(function.slope) * t + sum(bent, Fraction(0))


def of_hinges(constant: Fraction, hinges: tuple[Hinge, ...], t: Fraction) -> Fraction:
    terms = (h.coefficient * max(h.sign * (t - h.place), Fraction(0)) for h in hinges)
    return constant + sum(terms, Fraction(0))


@settings(max_examples=150, deadline=None)
@given(functions, st.lists(st.fractions(-5, 5, max_denominator=7), min_size=1, max_size=8))
def test_an_anchored_function_is_the_same_function(
    function: PiecewiseLinear, places: list[Fraction]
) -> None:
    constant, hinges = anchored(function)
    for t in (*places, *(at(place) for place, _ in function.breakpoints)):
        assert of_hinges(constant, hinges, t) == value(function, t)
    assert len(hinges) <= len(function.breakpoints) + 1
    left = [h.place for h in hinges if h.sign < 0]
    right = [h.place for h in hinges if h.sign > 0]
    assert not left or not right or max(left) <= min(right)  # away from the anchor


@settings(max_examples=150, deadline=None)
@given(functions | lines, functions | lines, st.lists(small, min_size=1, max_size=8))
def test_a_function_of_a_function_has_its_values(
    outer: PiecewiseLinear, inner: PiecewiseLinear, places: list[Fraction]
) -> None:
    found = composed(outer, inner)
    assert found is not None
    for t in (*places, Fraction(-9), Fraction(9)):
        assert value(found, t) == value(outer, value(inner, t))


def test_of_too_many_breakpoints_or_of_symbols_there_is_none() -> None:
    breakpoints = tuple((Number(Fraction(k)), Number(Fraction((-1) ** k))) for k in range(30_000))
    wave = PiecewiseLinear(Number(Fraction(0)), Number(Fraction(0)), breakpoints)
    line = PiecewiseLinear(Number(Fraction(0)), Number(Fraction(1)), ())
    assert composed(wave, line) is None
    assert composed(PiecewiseLinear(Symbol("c"), Number(Fraction(1)), ()), line) is None


@pytest.mark.parametrize(("low", "within"), INTERVALS.items())
def test_a_steep_table_is_anchored_at_its_flat_end(low: str, within: str) -> None:
    """In float32 the error is of the order of u·f: nothing of the steep end enters the flat one."""
    network = ws.compile(STEEP.format(within, low), dtype="float32")
    assert network.verify().accepted
    least = float(Fraction(low))
    x = np.concatenate([np.geomspace(least, 5, 3000), [0, least, 5, 6]]).astype(np.float32)[None]
    found = np.asarray(network.run({"x": x}, dtype="float32")["output"]["query"], dtype=np.float64)
    exact = 1 / np.clip(x.astype(np.float64), least, 5)
    assert (np.abs(found - exact) <= 1.001 * float(within) + 64 * 2.0**-24 * exact).all()
    assert np.abs(found - exact)[x > 1].max() <= 1.001 * float(within)


SCRIPTS = {
    "reciprocal": (STEEP.format("1e-2", "1/1000"), (0.001, 5), lambda t: 1 / t),
    "rsqrt": ("rsqrt(clip(x, 1/10000, 10))", (1e-4, 10), lambda t: 1 / np.sqrt(t)),
    "exp": ("exp.(clip(x, -10, 5))", (-10, 5), np.exp),
    "square": ("square(clip(x, -30, 30))", (-30, 30), np.square),
    "log": ("log(clip(x, 1/1000, 100))", (1e-3, 100), np.log),
    "sigmoid": ("sigmoid(clip(x, -20, 20))", (-20, 20), lambda t: 1 / (1 + np.exp(-t))),
    "sqrt": ("sqrt.(clip(x, 0, 100))", (0, 100), np.sqrt),
    "nested": ("log(exp.(clip(x, -3, 3)) + 1*ones)", (-3, 3), lambda t: np.log(np.exp(t) + 1)),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_error_in_float32_is_near_the_certified_one(name: str) -> None:
    value, ends, exact = SCRIPTS[name]
    head = "algorithm f(x: [1] per query)\nwithin 1e-2\nreturn "
    network = ws.compile(value if "\n" in value else f"{head}{value}\n", dtype="float32")
    (bound,) = network.bounds
    assert bound.value is not None
    x = np.linspace(*ends, 4001).astype(np.float32)[None]
    found = np.asarray(network.run({"x": x}, dtype="float32")["output"]["query"], dtype=np.float64)
    true = exact(x.astype(np.float64))
    room = 64 * 2.0**-24 * max(1.0, np.abs(true).max())
    assert np.abs(found - true).max() <= float(bound.value) + room
    rounding = rounding_of(network.template, "float32")
    assert rounding is not None
    assert rounding.bound is not None
    if name != "nested":  # one table: what rounding adds to it is what it adds to the result
        plain = np.asarray(network.run({"x": x}, dtype="float64")["output"]["query"])
        stored = 2.0**-23 * np.abs(true).max()  # and the sum with what the stream holds
        assert np.abs(found - plain).max() <= float(rounding.bound) + stored


def test_a_product_of_zeros_is_zero_in_float32() -> None:
    script = "algorithm f(a: [1] per query, b: [1] per query)\nassume entries(a) in [-3, 3]\n"
    script += "assume entries(b) in [-3, 3]\nwithin 1e-3\nreturn a .* b\n"
    network = ws.compile(script, dtype="float32")
    zero = np.zeros((1, 1), dtype=np.float32)
    found = network.run({"a": zero, "b": zero}, dtype="float32")["output"]["query"]
    assert np.asarray(found).item() == 0


def test_a_hinge_that_opens_to_the_wrong_side_is_refused() -> None:
    network = ws.compile(STEEP.format("1e-1", "1/10"))
    files = network.files()
    document = json.loads(files[CERTIFICATE])
    template = json.loads(files[TEMPLATE])
    steps, tables = document["facts"][0]["with"]["loops"], document["tables"]
    prove_exactness(network.program, files[TEMPLATE], steps, tables)
    hidden = next(h for h in template["body"][0]["mlp"]["hidden"] if h["terms"][0][1] == "-1")
    hidden["terms"][0][1] = "1"
    hidden["bias"] = str(-Fraction(hidden["bias"]))
    with pytest.raises(RefusedError):
        prove_exactness(network.program, json.dumps(template).encode(), steps, tables)


def test_every_number_of_a_table_s_network_is_needed() -> None:
    """A bias, a slope or a knot that is off by 2^-60 of itself is another function."""
    network = ws.compile(STEEP.format("1e-1", "1/10"))
    files = network.files()
    document = json.loads(files[CERTIFICATE])
    steps, tables = document["facts"][0]["with"]["loops"], document["tables"]
    mlp = json.loads(files[TEMPLATE])["body"][0]["mlp"]
    places: list[tuple[str | int, ...]] = [("bias", 0, 1)]
    places += [("outputs", i, 2) for i in range(0, len(mlp["outputs"]), 3)]
    places += [("hidden", i, "bias") for i in range(1, len(mlp["hidden"]), 3)]
    for *path, last in places:
        template = json.loads(files[TEMPLATE])
        holder = template["body"][0]["mlp"]
        for key in path:
            holder = holder[key]
        holder[last] = nudged(holder[last])
        with pytest.raises(RefusedError):
            prove_exactness(network.program, json.dumps(template).encode(), steps, tables)
    for i in range(1, len(tables[0]["knots"]), 3):
        for j in (0, 1):
            (changed,) = json.loads(json.dumps(tables))
            changed["knots"][i][j] = nudged(changed["knots"][i][j])
            with pytest.raises(RefusedError):
                prove_exactness(network.program, files[TEMPLATE], steps, [changed])


def nudged(text: str) -> str:
    return str(Fraction(text) * (1 + Fraction(1, 2**60)))


def test_the_summary_says_what_rounding_adds() -> None:
    network = ws.compile(STEEP.format("1e-2", "1/1000"), dtype="float32")
    assert network.rounding.startswith("float32 adds at most 1.4")
    assert network.rounding.endswith("(proven)")
    assert f"round   {network.rounding}" in network.show()


def test_symbols_with_values_do_not_hinder_the_summary() -> None:
    script = (
        "algorithm f(x: [1] per query)\nparam eta = 1/3\nassume entries(x) in [0, 1]\nwithin 1e-4\n"
    )
    script += "z = 0\n"
    script += "repeat 2:\n    z = z + eta*sigmoid(9*eta*x)\nreturn z\n"
    network = ws.compile(script)
    assert network.rounding.startswith("float64 adds at most")
