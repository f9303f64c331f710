"""Plans whose coefficients are tensors: the outputs and gradients of the structured module."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.compiler import entry_instances, instances
from tests.compiler.compiled_examples import compiled
from torch import Tensor, nn

from weightsmith import api
from weightsmith.backends.template.layout import Inputs, layout
from weightsmith.backends.torch import Transformer
from weightsmith.backends.torch.run import planes_of, sizes_of
from weightsmith.network import Network

MAKERS = {**instances.MAKERS, **entry_instances.EXACT_MAKERS, **entry_instances.TABLE_MAKERS}
NOTHING = {  # has no parameter
    *("approximate_function", "divide", "normalise", "power_iteration"),
    "learned_preconditioners",
}
SLOW = {
    *("logistic_newton", "softmax_regression", "box_least_squares", "lasso_fista"),
    *("electric_flows", "newton_inverse_general", "polar_quintic", "square_root"),
    *("poisson_regression", "muon"),
}
EXAMPLES = sorted(MAKERS.keys() - NOTHING - instances.SYNTHESIZED.keys())


class Reader(nn.Module):
    """The structured module on the planes of a problem."""

    def __init__(self, module: Transformer, network: Network, inputs: Inputs) -> None:
        super().__init__()
        self.module = module
        stream = layout(network.template, inputs)
        self.planes = planes_of(stream, network.template, torch.device("cpu"))
        self.sizes = sizes_of(stream)

    def forward(self) -> list[Tensor]:
        read = self.module.read(self.planes, self.sizes)
        return [piece for by_group in read.values() for piece in by_group.values()]


def tensors(value: object) -> object:
    if isinstance(value, dict):
        return {name: tensors(one) for name, one in value.items()}
    return torch.from_numpy(np.asarray(value, dtype=np.float64))


def values(found: object) -> list[Tensor]:
    if isinstance(found, dict):
        return [piece for one in found.values() for piece in values(one)]
    assert isinstance(found, Tensor)
    return [found]


@pytest.mark.parametrize("seed", [7, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in EXAMPLES]
)
def test_outputs_and_gradients_are_those_of_the_structured_module(name: str, seed: int) -> None:
    settings, inputs = MAKERS[name](np.random.default_rng(seed))
    compare(compiled(name, settings), inputs)


def test_entrywise_products_of_gated_units() -> None:
    settings, inputs = MAKERS["two_layer_network"](np.random.default_rng(7))
    script = instances.EXAMPLES / "two_layer_network.alg"
    compare(api.compile(script, settings=settings, gated=True), inputs)  # type: ignore[arg-type]


def compare(network: Network, inputs: dict[str, object]) -> None:
    used = network.used(inputs)  # type: ignore[arg-type]
    model = network.module(trainable="coefficients")
    fast = values(model(**{given: tensors(value) for given, value in used.items()}))  # type: ignore[arg-type]
    reader = Reader(network.module(), network, used)
    state = {f"module.{name}": weight for name, weight in model.weights().items()}
    slow: list[Tensor] = torch.func.functional_call(reader, state, ())
    for one, other in zip(
        sorted(float(v.detach().square().sum()) for v in fast),
        sorted(float(v.detach().square().sum()) for v in slow),
        strict=True,
    ):
        assert one == pytest.approx(other, rel=1e-12)
    numbers = list(model.parameters())
    pairs = zip(gradients(fast, numbers), gradients(slow, numbers), strict=True)
    for found, wanted in pairs:
        assert found == pytest.approx(wanted, rel=1e-8, abs=1e-11)


def gradients(found: list[Tensor], numbers: list[nn.Parameter]) -> list[float]:
    total = torch.stack([value.square().sum() for value in found]).sum()
    if not total.requires_grad:
        return [0.0] * len(numbers)
    grads = torch.autograd.grad(total, numbers, allow_unused=True)
    return [0.0 if one is None else one.item() for one in grads]
