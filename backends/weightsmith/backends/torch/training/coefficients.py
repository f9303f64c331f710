"""A network whose parameters are the numbers of its script: a step size is one 0-dim tensor.

The weights are functions of them, so that a number that stands in many entries, or in every pass
of a loop, is trained as one.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import cast

import torch
from torch import Tensor, nn

from weightsmith.backends.errors import InstantiationError, LayoutError, listed
from weightsmith.backends.template.coefficients import DType, float_format, round_fraction
from weightsmith.backends.template.instantiate import Weights
from weightsmith.backends.torch.load import DTYPES
from weightsmith.backends.torch.plans.calling import Caller, Given, Returned
from weightsmith.backends.torch.plans.engine import Engine
from weightsmith.backends.trained.live import LiveWeights, live_weights
from weightsmith.compiler.ir.template import Template
from weightsmith.dsl.numbers.scalars import Add, Multiply, Number, Power, Scalar, Symbol


class Coefficients(nn.Module):
    """The numbers by name, each a parameter without dimensions."""

    def __init__(self, values: Mapping[str, Fraction], dtype: DType) -> None:
        super().__init__()
        for name, value in values.items():
            number = round_fraction(value, float_format(dtype))
            # not register_parameter, which refuses a name that is an attribute, such as 'T'
            self._parameters[name] = nn.Parameter(torch.tensor(number, dtype=DTYPES[dtype]))

    def __getitem__(self, name: str) -> nn.Parameter:
        found = self._parameters[name]
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)


class CoefficientModule(nn.Module):
    """The network as a module that trains the numbers of its script.

    Its parameters are ``coefficients.eta`` and so on, all 0-dim.  It is called as the network is,
    and runs a plan.  ``order`` names the inputs of the script in its order.
    """

    def __init__(
        self, template: Template, order: tuple[str, ...], dtype: DType = "float64"
    ) -> None:
        super().__init__()
        self._template, self._order, self._dtype = template, order, dtype
        self._caller: Caller | None = None
        self._live: LiveWeights = live_weights(template, dtype)
        if not self._live.start:
            raise InstantiationError(
                "no parameter of the script stands in a coefficient of this network, so there is "
                "nothing to train; train 'module()', or trainable='blocks'."
            )
        self.coefficients = Coefficients(self._live.start, dtype)

    def forward(self, *args: Given, **named: Given) -> Returned | dict[str, Returned]:
        """Run the network on tensors at these numbers, as ``network(…)`` does.

        Raises LayoutError where an input is missing or unknown.
        """
        unknown = sorted(set(named) - set(self._order))
        if unknown:
            raise LayoutError(
                f"expected inputs out of {listed(self._order)}, got {listed(unknown)}; a module "
                "that is trained runs the passes that were compiled."
            )
        self._make_caller()
        return cast(Caller, self._caller)(args, named)

    @torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
    def _make_caller(self) -> None:
        if self._caller is None:
            weights = Weights(self._live.numbers, self._dtype)
            engine = Engine(self._template, weights, live=(self._live.live, self.scalars))
            self._caller = Caller(self._template, engine, self._order)

    def __getstate__(self) -> dict[str, object]:
        """A copy makes plans of its own: they ask a module for its numbers."""
        return {**self.__dict__, "_caller": None}

    def weights(self) -> dict[str, Tensor]:
        """The tensors of ``model.safetensors`` at these numbers, with their gradients.

        >>> torch.func.functional_call(network.module(), model.weights(), (features, groups, sizes))
        """
        scalars = self.scalars()
        ones = torch.ones_like(next(iter(self.coefficients.parameters())))
        values = torch.stack([*scalars, ones])  # FIXED is the last
        found = {}
        for name, numbers in self._live.numbers.items():
            places = torch.from_numpy(self._live.live[name]).to(values.device)
            factors = torch.from_numpy(numbers).to(values.device, values.dtype)
            found[name] = factors * values[places]
        return found

    def scalars(self) -> list[Tensor]:
        """What the entries are multiples of, each computed once."""
        return [value_of(scalar, self.coefficients) for scalar in self._live.scalars]


def value_of(scalar: Scalar, symbols: Coefficients) -> Tensor:
    """A scalar of the language at these numbers, with its gradient."""
    match scalar:
        case Number(value):
            like = next(symbols.parameters())
            return torch.full_like(like, float(value))
        case Symbol(name):
            return symbols[name]
        case Add(terms):
            return functools.reduce(torch.add, (value_of(term, symbols) for term in terms))
        case Multiply(factors):
            return functools.reduce(torch.mul, (value_of(one, symbols) for one in factors))
        case Power(base, Number(exponent)):
            return value_of(base, symbols) ** int(exponent)
        case _:
            raise TypeError(f"no number of a network: {scalar}")
