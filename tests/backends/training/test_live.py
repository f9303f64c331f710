"""Which numbers of a script can be trained, and how entries are made of them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from tests.backends import templates

from weightsmith import api
from weightsmith.backends.template.instantiate import Named, exact_weights, named_tensors
from weightsmith.backends.torch.training.coefficients import Coefficients, value_of
from weightsmith.backends.trained.live import FIXED, entry_scalar, live_weights, trainable_symbols
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl.numbers.scalars import Number, evaluate

SYMBOLS = {"a": Fraction(3, 2), "b": Fraction(-1, 4)}


def test_what_decides_the_architecture_is_not_trained() -> None:
    script = """algorithm f(A: [d, d])
param a = 1/2, k = 2, steps = 3
X = a*A
repeat steps:
    X = 3^k*X*A + a*X
return X
"""
    assert trainable_symbols(api.compile(script).template) == {"a": Fraction(1, 2)}


@pytest.mark.parametrize(
    "texts", [("2*a",), ("a", "a"), ("a", "-a"), ("2/(a + b)",), ("-3*a*b^2", "1/7"), ("a^0",), ()]
)
def test_an_entry_has_its_exact_value(texts: tuple[str, ...]) -> None:
    scalar = entry_scalar(Named(texts), {})
    coefficients = Coefficients(SYMBOLS, "float64")
    wanted = sum((evaluate(entry_scalar(Named((one,)), {}), SYMBOLS) for one in texts), Fraction(0))
    assert evaluate(scalar, SYMBOLS) == wanted
    assert value_of(scalar, coefficients).item() == pytest.approx(float(wanted), rel=1e-15)
    assert entry_scalar(Named(texts), SYMBOLS) == Number(wanted)


def test_numbers_are_taken_out_of_scalars() -> None:
    script = "algorithm f(A: [d, d])\nparam a = 1/2\nreturn 3*a*A - 5*a*A*A + 1/7*A'\n"
    live = live_weights(api.compile(script).template)
    assert len(live.scalars) == 1
    numbers = {
        number
        for name, places in live.live.items()
        for number in live.numbers[name][places != FIXED].tolist()
    }
    assert numbers == {3.0, -5.0}


def descent() -> Template:
    template = templates.gradient_descent(eta="eta")
    return replace(template, bindings=(*template.bindings, ("eta", "1/7")))


def twice() -> Template:
    """Gradient descent whose weights start at eta times a block that is named twice."""
    template = descent()
    (block, terms), *others = template.read_in
    terms = tuple((name, "eta") for name, _ in terms)
    return replace(template, read_in=((block, terms * 2), *others))


@pytest.mark.parametrize("template", [descent(), twice()])
def test_a_block_that_is_named_twice_counts_with_the_sum(template: Template) -> None:
    exact = exact_weights(template)
    live = live_weights(template)
    assert live.start == {"eta": Fraction(1, 7)}
    values = [float(evaluate(scalar, live.start)) for scalar in live.scalars]
    factors = np.array([*values, 1.0])
    for name, tensor in named_tensors(template).items():
        found = live.numbers[name] * factors[live.live[name]]
        np.testing.assert_allclose(found, exact[name].astype(np.float64), rtol=1e-15)
        assert tensor.shape == found.shape


def test_a_scalar_has_its_gradient() -> None:
    coefficients = Coefficients(SYMBOLS, "float64")
    value = value_of(entry_scalar(Named(("2/(a + b)",)), {}), coefficients)
    (found,) = torch.autograd.grad(value, [coefficients["a"]])
    assert found.item() == pytest.approx(-2 / (1.5 - 0.25) ** 2)
