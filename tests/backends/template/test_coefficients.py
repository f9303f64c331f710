"""Coefficients: exact values, and one rounding to nearest, ties to even."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.backends import templates
from tests.backends.strategies import rationals, repeatable

from weightsmith.backends import (
    InstantiationError,
    dense_weights,
    exact_weights,
    missing_symbols,
    structured_weights,
    unroll,
)
from weightsmith.backends.template.coefficients import FORMATS, round_fraction
from weightsmith.compiler.ir.template import Repeat

SINGLE, DOUBLE = FORMATS["float32"], FORMATS["float64"]
TINY = Fraction(1, 2**149)


def neighbours(value: np.float32) -> list[Fraction]:
    with np.errstate(over="ignore", under="ignore"):
        near = [np.nextafter(value, np.float32(side)) for side in (-np.inf, np.inf)]
    return [Fraction(float(x)) for x in near if np.isfinite(x)]


@repeatable
@given(rationals())
def test_float64_is_that_of_python(value: Fraction) -> None:
    try:
        expected = float(value)
    except OverflowError:
        with pytest.raises(OverflowError):
            round_fraction(value, DOUBLE)
        return
    assert round_fraction(value, DOUBLE) == expected


@repeatable
@given(rationals(bits=160))
def test_float32_is_the_nearest(value: Fraction) -> None:
    try:
        rounded = np.float32(round_fraction(value, SINGLE))
    except OverflowError:
        assert abs(value) >= Fraction(2) ** 128 - Fraction(2) ** 103
        return
    error = abs(Fraction(float(rounded)) - value)
    for other in neighbours(rounded):
        assert error <= abs(other - value)


@repeatable
@given(st.integers(2**23, 2**24 - 2), st.integers(-150, 100))
def test_a_tie_goes_to_the_even_number(mantissa: int, exponent: int) -> None:
    unit = Fraction(2) ** max(exponent, -149)
    even = mantissa + mantissa % 2
    assert Fraction(round_fraction((mantissa + Fraction(1, 2)) * unit, SINGLE)) == even * unit


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (Fraction(1, 3), Fraction(11184811, 2**25)),
        (TINY / 2, Fraction(0)),  # a tie between zero and the least subnormal number
        (TINY / 2 + TINY / 2**200, TINY),
        (3 * TINY / 2, 2 * TINY),
        (-3 * TINY / 2, -2 * TINY),
        (1 + Fraction(1, 2**24) + Fraction(1, 2**60), 1 + Fraction(1, 2**23)),  # via float64: 1
        (Fraction(2) ** 128 - Fraction(2) ** 103 - 1, Fraction(2) ** 128 - Fraction(2) ** 104),
    ],
)
def test_float32_roundings_by_hand(value: Fraction, rounded: Fraction) -> None:
    assert Fraction(round_fraction(value, SINGLE)) == rounded


@pytest.mark.parametrize("value", [Fraction(2) ** 128, Fraction(2) ** 128 - Fraction(2) ** 103])
def test_float32_overflow(value: Fraction) -> None:
    with pytest.raises(OverflowError):
        round_fraction(value, SINGLE)


def test_the_emitted_third_is_the_nearest_in_each_dtype() -> None:
    template = templates.gradient_descent(eta="1/3")
    name = "layers.0.attention.0.o.weight"
    single = structured_weights(template, dtype="float32").tensors[name]
    assert single.dtype == np.float32
    assert single[1, 0] == -np.float32(11184811 / 2**25)
    assert structured_weights(template).tensors[name][1, 0] == -1 / 3
    assert exact_weights(template)[name][1, 0] == Fraction(-1, 3)


def test_terms_of_one_block_are_summed_before_they_are_rounded() -> None:
    output = structured_weights(templates.two_values()).tensors["layers.0.attention.0.o.weight"]
    assert output[4, 1] == 5 / 3


def test_tensor_names_and_shapes_are_those_of_the_document() -> None:
    weights = structured_weights(templates.newton_inverse(), {"steps": 1})
    assert {name: tensor.shape for name, tensor in weights.tensors.items()} == {
        "embed.weight": (2, 2),
        "layers.0.attention.0.q.weight": (1, 2),
        "layers.0.attention.0.k.weight": (1, 2),
        "layers.0.attention.0.v.weight": (1, 2),
        "layers.0.attention.0.o.weight": (2, 1),
        "layers.0.mlp.up.weight": (2, 2),
        "layers.0.mlp.up.bias": (2,),
        "layers.0.mlp.down.weight": (2, 2),
        "unembed.X.weight": (1, 2),
    }


def test_no_two_tensors_share_memory() -> None:
    for weights in (
        structured_weights(templates.gradient_descent()),
        dense_weights(templates.gradient_descent(), {"d": 2, "k": 1}),
    ):
        tensors = list(weights.tensors.values())
        for index, tensor in enumerate(tensors):
            assert not any(np.shares_memory(tensor, other) for other in tensors[:index])


def test_dense_tensors_are_the_coefficients_times_identities() -> None:
    template = templates.newton_inverse()
    structured, dense = structured_weights(template), dense_weights(template, {"d": 3})
    assert dense.dims == {"d": 3}
    for name, tensor in structured.tensors.items():
        factor = np.ones(3) if tensor.ndim == 1 else np.eye(3)
        np.testing.assert_array_equal(dense.tensors[name], np.kron(tensor, factor))


def test_repeats_are_unrolled_and_counts_may_be_symbols() -> None:
    template = templates.newton_inverse()
    assert len(unroll(template)) == 12
    assert len(unroll(template, {"steps": 0})) == 0
    (repeat,) = template.body
    nested = type(template)(
        **{f: getattr(template, f) for f in template.__slots__}
        | {"body": (Repeat("3", (repeat,)),)}
    )
    assert len(unroll(nested, {"steps": "2"})) == 6


@pytest.mark.parametrize(
    ("bindings", "message"),
    [
        ({"steps": Fraction(1, 2)}, "a whole number of repetitions, got 'steps' = 1/2"),
        ({"steps": -1}, "a whole number of repetitions, got 'steps' = -1"),
        ({"steps": 10**9}, "make more than 20000 layers"),
        ({"steps": 0.5}, "expected an exact number for 'steps', got 0.5"),
        ({"steps": "many"}, "expected an exact number for 'steps', got 'many'"),
        ({"L": "-1/10"}, r"'2/\(L \+ mu\)' has no value: division by zero"),
    ],
)
def test_bindings_that_give_no_network(bindings: dict[str, str], message: str) -> None:
    with pytest.raises(InstantiationError, match=message):
        structured_weights(templates.newton_inverse(), bindings)


def test_missing_symbols_are_named() -> None:
    template = templates.electric_potentials(steps="T")
    template = type(template)(
        **{f: getattr(template, f) for f in template.__slots__} | {"bindings": (("L", "2"),)}
    )
    assert missing_symbols(template) == ["T", "mu"]
    with pytest.raises(InstantiationError, match="'T', 'mu' have no value; bind each"):
        structured_weights(template)
    with pytest.raises(InstantiationError, match="'T' has no value"):
        unroll(template, {"mu": 1})


def test_a_coefficient_too_large_for_the_dtype_is_named() -> None:
    template = templates.newton_inverse()
    small = {"L": f"1/{10**39}", "mu": 0}
    with pytest.raises(
        InstantiationError, match=r"the coefficient about 2.0e39 in 'embed.weight' .*float32"
    ):
        structured_weights(template, small, dtype="float32")
    assert structured_weights(template, small).tensors["embed.weight"][1, 1] == 2e39


def test_an_unknown_dtype_is_refused() -> None:
    with pytest.raises(InstantiationError, match="'float64' or 'float32', got 'float16'"):
        structured_weights(templates.newton_inverse(), dtype="float16")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("dims", "message"),
    [
        ({}, "the dimension 'd' has no size; say it, for example --dim d=16"),
        ({"d": 3, "n": 2}, "there is no dimension 'n'; the dimensions are 'd'"),
        ({"d": 2.5}, "expected a whole number for the dimension 'd', got 2.5"),
    ],
)
def test_dense_sizes_must_be_said(dims: dict[str, int], message: str) -> None:
    with pytest.raises(InstantiationError, match=message):
        dense_weights(templates.newton_inverse(), dims)
